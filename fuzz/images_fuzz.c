/* libFuzzer: any bytes as an image of the format that its first bytes show. */
#include <stdlib.h>
#include <string.h>

#include "abi/image_codec.h"
#include "ops/vision/image.h"

enum { MOST_PIXELS = 1 << 20, MOST_BLOCKS = 16 };

typedef struct memory {
    void *block[MOST_BLOCKS];
    int n;
} memory;

hn_image_get_fn hone_images_get;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *take(hn_image_job *job, size_t n) {
    memory *m = job->owner;
    if (m->n == MOST_BLOCKS || n > 16 * (size_t)MOST_PIXELS) return NULL;
    return m->block[m->n++] = malloc(n ? n : 1);
}

static uint8_t *start(hn_image_job *job, int64_t height, int64_t width) {
    return hn_image_fits(height, width) && height * width <= MOST_PIXELS ? take(job, (size_t)(height * width * 3))
                                                                         : NULL;
}

static void decode(const uint8_t *data, size_t size, const char *format) {
    const hn_image_codecs *codecs = hone_images_get(HN_IMAGE_ABI);
    memory m = {.n = 0};
    hn_image_job job = {.file = data, .size = size, .start = start, .memory = take, .owner = &m};
    for (int i = 0; i < codecs->n; i++)
        if (strcmp(codecs->codec[i].format, format) == 0) {
            const hn_image_result result = codecs->codec[i].decode(&job);
            const bool told = result == HN_IMAGE_DAMAGED || result == HN_IMAGE_UNSUPPORTED;
            if (told && !job.text[0]) abort();
        }
    while (m.n) free(m.block[--m.n]);
}

/* The pixels that a plain image names lie inside the file. */
static void read_corners(const uint8_t *data, size_t size) {
    hn_image image;
    if (!hn_image_read_plain(data, (int64_t)size, &image)) return;
    for (int corner = 0; corner < 4; corner++) {
        const int64_t y = corner & 1 ? image.height - 1 : 0, x = corner & 2 ? image.width - 1 : 0;
        const uint8_t *at = image.top + y * image.row + x * image.step;
        if (at < data || at + image.step > data + size) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *format = hn_image_format(data, (int64_t)size);
    if (!format) return 0;
    if (strcmp(format, "BMP") == 0 || strcmp(format, "PNM") == 0) read_corners(data, size);
    else decode(data, size, format);
    return 0;
}
