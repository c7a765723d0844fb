/* Shared by the codecs: one function for each format, and the arithmetic of pixels that the formats have in common. */
#ifndef HN_CODECS_CODEC_H
#define HN_CODECS_CODEC_H

#include "abi/image_codec.h"

hn_image_result hn_image_jpeg(hn_image_job *job);
hn_image_result hn_image_jpeg2000(hn_image_job *job);
hn_image_result hn_image_png(hn_image_job *job);
hn_image_result hn_image_tiff(hn_image_job *job);
hn_image_result hn_image_webp(hn_image_job *job);

/* Writes the job's text (printf) and gives `result`. */
hn_image_result hn_image_say(hn_image_job *job, hn_image_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* n pixels to red, green, blue. CMYK: 0 is no ink; YCbCr: full range, Rec. 601. */
void hn_image_from_cmyk(const uint8_t *cmyk, size_t n, uint8_t *rgb);
void hn_image_from_ycc(const uint8_t *ycc, size_t n, uint8_t *rgb);

#endif
