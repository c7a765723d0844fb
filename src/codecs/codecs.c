/* The module's one symbol, and what all codecs use. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "codecs/codec.h"

static const hn_image_codec codecs[] = {
#ifdef HONE_HAS_JPEG
    {"JPEG", hn_image_jpeg},
#endif
#ifdef HONE_HAS_JPEG2000
    {"JPEG 2000", hn_image_jpeg2000},
#endif
#ifdef HONE_HAS_PNG
    {"PNG", hn_image_png},
#endif
#ifdef HONE_HAS_TIFF
    {"TIFF", hn_image_tiff},
#endif
#ifdef HONE_HAS_WEBP
    {"WebP", hn_image_webp},
#endif
};

__attribute__((visibility("default"))) hn_image_get_fn hone_images_get;

const hn_image_codecs *hone_images_get(int abi) {
    static const hn_image_codecs all = {HN_IMAGE_ABI, sizeof codecs / sizeof *codecs, codecs};
    return abi == HN_IMAGE_ABI ? &all : NULL;
}

hn_image_result hn_image_say(hn_image_job *job, hn_image_result result, const char *format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(job->text, sizeof job->text, format, list);
    va_end(list);
    return result;
}

/* a * b / 255, rounded. */
static int scaled(int a, int b) {
    const int product = a * b + 128;
    return ((product >> 8) + product) >> 8;
}

void hn_image_from_cmyk(const uint8_t *cmyk, size_t n, uint8_t *rgb) {
    for (; n--; cmyk += 4, rgb += 3) {
        const int light = 255 - cmyk[3];
        for (int i = 0; i < 3; i++) rgb[i] = (uint8_t)(light - scaled(cmyk[i], light));
    }
}

static uint8_t clipped(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

void hn_image_from_ycc(const uint8_t *ycc, size_t n, uint8_t *rgb) {
    for (; n--; ycc += 3, rgb += 3) { /* 6 bits behind the point, each factor rounded on its own */
        const double blue = 64.0 * (ycc[1] - 128), red = 64.0 * (ycc[2] - 128);
        const int to_red = (int)lround(1.402 * red), to_blue = (int)lround(1.772 * blue),
                  to_green = (int)lround(-0.34414 * blue) + (int)lround(-0.71414 * red);
        rgb[0] = clipped(ycc[0] + (to_red >> 6));
        rgb[1] = clipped(ycc[0] + (to_green >> 6));
        rgb[2] = clipped(ycc[0] + (to_blue >> 6));
    }
}
