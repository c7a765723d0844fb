/* What the operator ImageDecoder and the module libhone_images.so say to each other. The module is built apart and
 * loaded when an image needs it, so that the libraries themselves link no image library. */
#ifndef HN_ABI_IMAGE_CODEC_H
#define HN_ABI_IMAGE_CODEC_H

#include <stddef.h>
#include <stdint.h>

#define HN_IMAGE_ABI    1 /* raised with every change below */
#define HN_IMAGE_MODULE "libhone_images.so"
#define HN_IMAGE_GET    "hone_images_get" /* the one symbol, of type hn_image_get_fn */

enum { HN_IMAGE_TEXT = 256 };

typedef enum hn_image_result {
    HN_IMAGE_DECODED,
    HN_IMAGE_DAMAGED,     /* `text` says how */
    HN_IMAGE_UNSUPPORTED, /* a correct file, maybe, of a kind that is not read; `text` names it */
    HN_IMAGE_NO_MEMORY,
    HN_IMAGE_STOPPED /* `start` gave NULL; its owner knows why */
} hn_image_result;

/* One image. The host fills everything but `text`. */
typedef struct hn_image_job {
    const uint8_t *file;
    size_t size;
    /* Called once, before anything of the image's size is allocated: memory for height * width pixels of red, green and
     * blue, rows from the top, which the codec fills; NULL when the host refuses the size. */
    uint8_t *(*start)(struct hn_image_job *job, int64_t height, int64_t width);
    void *(*memory)(struct hn_image_job *job, size_t n); /* lives as long as the job; NULL: out of memory */
    void *owner;
    char text[HN_IMAGE_TEXT];
} hn_image_job;

typedef struct hn_image_codec {
    const char *format; /* "PNG" */
    hn_image_result (*decode)(hn_image_job *job);
} hn_image_codec;

typedef struct hn_image_codecs {
    int abi, n;
    const hn_image_codec *codec;
} hn_image_codecs;

/* The codecs, or NULL when the module does not speak version `abi`. */
typedef const hn_image_codecs *hn_image_get_fn(int abi);

#endif
