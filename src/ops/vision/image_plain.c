/* Images whose pixels lie uncompressed in the file: BMP and binary PNM. */
#include "ops/vision/image.h"

static uint32_t little(const uint8_t *at, int bytes) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint32_t)at[i] << 8 * i;
    return value;
}

/* 24 or 32 bits a pixel, rows from the bottom upwards unless the height is negative, each padded to 4 bytes. */
static bool read_bmp(const uint8_t *file, int64_t n, hn_image *out) {
    if (n < 54 || little(file + 14, 4) < 40 || little(file + 30, 4) != 0) return false;
    const int64_t at = little(file + 10, 4), height = (int32_t)little(file + 22, 4), bits = little(file + 28, 2);
    *out = (hn_image){
        .height = height < 0 ? -height : height, .width = (int32_t)little(file + 18, 4), .red = 2, .green = 1};
    if ((bits != 24 && bits != 32) || !hn_image_fits(out->height, out->width)) return false;
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
    for (; *at < n && file[*at] >= '0' && file[*at] <= '9' && value <= HN_IMAGE_MOST_SIDE; ++*at)
        value = (value < 0 ? 0 : value) * 10 + file[*at] - '0';
    return value;
}

/* P5 (grey) and P6 (colours) of at most 255. */
static bool read_pnm(const uint8_t *file, int64_t n, hn_image *out) {
    int64_t at = 2;
    const int channels = file[1] == '5' ? 1 : 3;
    *out = (hn_image){.step = channels, .green = channels / 2, .blue = channels - 1};
    out->width = header_number(file, n, &at);
    out->height = header_number(file, n, &at);
    if (header_number(file, n, &at) != 255 || !hn_image_fits(out->height, out->width)) return false;
    at++; /* one blank ends the header */
    out->row = out->width * channels;
    if (at > n || out->row * out->height > n - at) return false;
    out->top = file + at;
    return true;
}

bool hn_image_read_plain(const uint8_t *file, int64_t n, hn_image *out) {
    return file[0] == 'B' ? read_bmp(file, n, out) : read_pnm(file, n, out);
}
