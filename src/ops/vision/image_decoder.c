/* ImageDecoder: images whose pixels lie uncompressed in the file (BMP, binary PNM). */
#include <string.h>
#include "ops/checks.h"
#include "ops/registry.h"

enum { MAX_SIDE = 1 << 20 };
enum { RGB, BGR, GRAYSCALE };
static const char *const formats[] = {"RGB", "BGR", "Grayscale", NULL};

/* Where the pixels lie: the first of the top row, bytes to the row below and to the next pixel, places of its colours.
 */
typedef struct image {
    int64_t height, width, row, step;
    const uint8_t *top;
    int red, green, blue;
} image;

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

static uint32_t little(const uint8_t *at, int bytes) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint32_t)at[i] << 8 * i;
    return value;
}

static bool fits(int64_t height, int64_t width) {
    return height > 0 && width > 0 && height <= MAX_SIDE && width <= MAX_SIDE;
}

/* 24 or 32 bits a pixel, rows from the bottom upwards unless the height is negative, each padded to 4 bytes. */
static bool read_bmp(const uint8_t *file, int64_t n, image *out) {
    if (n < 54 || little(file + 14, 4) < 40 || little(file + 30, 4) != 0) return false;
    const int64_t at = little(file + 10, 4), height = (int32_t)little(file + 22, 4), bits = little(file + 28, 2);
    *out =
        (image){.height = height < 0 ? -height : height, .width = (int32_t)little(file + 18, 4), .red = 2, .green = 1};
    if ((bits != 24 && bits != 32) || !fits(out->height, out->width)) return false;
    out->step = bits / 8;
    out->row = (out->width * out->step + 3) / 4 * 4;
    if (at > n || out->row * out->height > n - at) return false;
    out->top = height < 0 ? file + at : file + at + (out->height - 1) * out->row;
    if (height > 0) out->row = -out->row;
    return true;
}

/* The next number of a text header, with blanks and comments before it; -1 when there is none. */
static int64_t header_number(const uint8_t *file, int64_t n, int64_t *at) {
    int64_t value = -1;
    for (bool comment = false; *at < n; ++*at) {
        const uint8_t c = file[*at];
        if (comment || c == '#') comment = c != '\n';
        else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') break;
    }
    for (; *at < n && file[*at] >= '0' && file[*at] <= '9' && value <= MAX_SIDE; ++*at)
        value = (value < 0 ? 0 : value) * 10 + file[*at] - '0';
    return value;
}

/* P5 (grey) and P6 (colours) of at most 255. */
static bool read_pnm(const uint8_t *file, int64_t n, image *out) {
    int64_t at = 2;
    const int channels = file[1] == '5' ? 1 : 3;
    *out = (image){.step = channels, .green = channels / 2, .blue = channels - 1};
    out->width = header_number(file, n, &at);
    out->height = header_number(file, n, &at);
    if (header_number(file, n, &at) != 255 || !fits(out->height, out->width)) return false;
    at++; /* one blank ends the header */
    out->row = out->width * channels;
    if (at > n || out->row * out->height > n - at) return false;
    out->top = file + at;
    return true;
}

static hone_status read_image(hn_call *call, image *out) {
    const uint8_t *file = call->in[0]->data;
    const int64_t n = hn_tensor_count(call->in[0]);
    const bool bmp = n > 2 && file[0] == 'B' && file[1] == 'M',
               pnm = n > 2 && file[0] == 'P' && (file[1] == '5' || file[1] == '6');
    if (bmp ? read_bmp(file, n, out) : pnm && read_pnm(file, n, out)) return HONE_OK;
    if (bmp || pnm)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "the %s image is cut off, or of a kind that is not read",
                bmp ? "BMP" : "PNM");
    HN_FAIL(call->diag, HONE_UNSUPPORTED,
            "the image is neither an uncompressed BMP nor a binary PNM, the formats that Hone decodes");
}

static void write_pixel(const image *from, const uint8_t *at, int format, uint8_t *to) {
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
    image from = {0};
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
