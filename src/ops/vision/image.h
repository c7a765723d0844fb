/* Images on their way into a tensor: built-in formats, and those that the module libhone_images.so decodes. */
#ifndef HN_OPS_VISION_IMAGE_H
#define HN_OPS_VISION_IMAGE_H

#include "abi/operator.h"

/* Images of more pixels are refused before memory is asked for: a file of a few bytes can claim any size. */
enum { HN_IMAGE_MOST_SIDE = 1 << 20, HN_IMAGE_MOST_PIXELS = 1 << 28 };

/* Where the pixels lie: the first of the top row, bytes to the row below and to the next pixel, places of its colours.
 */
typedef struct hn_image {
    int64_t height, width, row, step;
    const uint8_t *top;
    int red, green, blue;
} hn_image;

bool hn_image_fits(int64_t height, int64_t width);

/* The format that the first bytes show, NULL for an unknown one. */
const char *hn_image_format(const uint8_t *file, int64_t n);

/* Input 0, a BMP or PNM whose pixels lie uncompressed in the file. False when it is cut off or of another kind. */
bool hn_image_read_plain(const uint8_t *file, int64_t n, hn_image *out);

/* Input 0 by the module. The pixels lie in the scratch memory of the call. */
hone_status hn_image_read_module(hn_call *call, const char *format, hn_image *out);

#endif
