/* ImageDecoder: which format the bytes are in, and pixels into the tensor. */
#include <string.h>
#include "ops/checks.h"
#include "ops/registry.h"
#include "ops/vision/image.h"

enum { RGB, BGR, GRAYSCALE };
static const char *const formats[] = {"RGB", "BGR", "Grayscale", NULL};

/* First bytes of each format. */
static const struct {
    const char *format;
    int at, n;
    const char *bytes;
} signatures[] = {
    {"BMP", 0, 2, "BM"},
    {"PNM", 0, 2, "P5"},
    {"PNM", 0, 2, "P6"},
    {"JPEG", 0, 3, "\xFF\xD8\xFF"},
    {"PNG", 0, 8, "\x89PNG\r\n\x1A\n"},
    {"WebP", 8, 4, "WEBP"},
    {"TIFF", 0, 4, "II*\0"},
    {"TIFF", 0, 4, "MM\0*"},
    {"TIFF", 0, 4, "II+\0"},
    {"TIFF", 0, 4, "MM\0+"},
    {"JPEG 2000", 0, 12, "\0\0\0\x0CjP  \r\n\x87\n"},
    {"JPEG 2000", 0, 4, "\xFF\x4F\xFF\x51"},
};

const char *hn_image_format(const uint8_t *file, int64_t n) {
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (signatures[i].at + signatures[i].n <= n &&
            memcmp(file + signatures[i].at, signatures[i].bytes, (size_t)signatures[i].n) == 0)
            return signatures[i].format;
    return NULL;
}

bool hn_image_fits(int64_t height, int64_t width) {
    return height > 0 && width > 0 && height <= HN_IMAGE_MOST_SIDE && width <= HN_IMAGE_MOST_SIDE &&
           height * width <= HN_IMAGE_MOST_PIXELS;
}

hone_status hn_ops_infer_image_decoder(hn_infer *infer) {
    hn_shape out = {.rank = 3, .dim = {HN_UNKNOWN_DIM, HN_UNKNOWN_DIM}};
    int format;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(UINT8)));
    HN_TRY(hn_ops_check_rank(infer, 0, 1));
    HN_TRY(hn_ops_word(infer->attrs, "pixel_format", formats, &format, infer->diag));
    out.dim[2] = hn_dim_const(format == GRAYSCALE ? 1 : 3);
    hn_infer_set(infer, 0, HONE_UINT8, &out);
    return HONE_OK;
}

static hone_status read_image(hn_call *call, hn_image *out) {
    const uint8_t *file = call->in[0]->data;
    const int64_t n = hn_tensor_count(call->in[0]);
    const char *format = hn_image_format(file, n);
    if (!format)
        HN_FAIL(call->diag, HONE_UNSUPPORTED,
                "the %lld bytes are no image of a known format: BMP, JPEG, JPEG 2000, PNG, PNM, TIFF or WebP",
                (long long)n);
    if (format[0] != 'B' && strcmp(format, "PNM") != 0) return hn_image_read_module(call, format, out);
    if (hn_image_read_plain(file, n, out)) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "the %s image is cut off, or of a kind that is not read", format);
}

static void write_pixel(const hn_image *from, const uint8_t *at, int format, uint8_t *to) {
    const uint32_t red = at[from->red], green = at[from->green], blue = at[from->blue];
    if (format == GRAYSCALE) { /* Rec. 601 in 16 bits */
        to[0] = (uint8_t)((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16);
        return;
    }
    to[0] = (uint8_t)(format == RGB ? red : blue);
    to[1] = (uint8_t)green;
    to[2] = (uint8_t)(format == RGB ? blue : red);
}

hone_status hn_ops_ref_image_decoder(hn_call *call) {
    hn_image from = {0};
    int format;
    if (!call->out[0]) return HONE_OK;
    HN_TRY(hn_ops_word(call->attrs, "pixel_format", formats, &format, call->diag));
    HN_TRY(read_image(call, &from));
    const int channels = format == GRAYSCALE ? 1 : 3;
    HN_TRY(call->resize(call, 0, 3, (const int64_t[]){from.height, from.width, channels}));
    uint8_t *to = call->out[0]->data;
    for (int64_t y = 0; y < from.height; y++)
        for (int64_t x = 0; x < from.width; x++, to += channels)
            write_pixel(&from, from.top + y * from.row + x * from.step, format, to);
    return HONE_OK;
}
