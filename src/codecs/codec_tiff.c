/* TIFF by libtiff: the first image of the file, all its compressions, strips and tiles; grey, palette, RGB and CMYK
 * samples are converted here, other colour spaces by libtiff. The orientation that the file names is applied. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <tiffio.h>

#include "codecs/codec.h"

enum { MOST_SAMPLES = 8, MOST_ALLOCATION = 1 << 30 };

/* What the file says of its pixels. */
typedef struct pixels {
    uint32_t height, width;
    uint16_t bits, samples, photometric, planar, format, orientation, compression;
    bool premultiplied, tiled;
    const uint16_t *palette[3];
} pixels;

/* Where pixel (y, x) of the file lies in the result: to + y * row + x * step. */
typedef struct target {
    uint8_t *to;
    int64_t row, step;
} target;

/* Strips are blocks as wide as the image. */
typedef struct block {
    uint32_t height, width;
    size_t row, size; /* bytes of one plane */
    int planes;
    uint8_t *data; /* the planes one after another */
} block;

typedef struct reader {
    hn_image_job *job;
    uint64_t at;
    TIFF *lib;
    pixels is;
    target out;
} reader;

static tmsize_t read_bytes(thandle_t user, void *to, tmsize_t n) {
    reader *r = user;
    if (n < 0 || r->at >= r->job->size) return 0;
    if ((uint64_t)n > r->job->size - r->at) n = (tmsize_t)(r->job->size - r->at);
    memcpy(to, r->job->file + r->at, (size_t)n);
    r->at += (uint64_t)n;
    return n;
}

static tmsize_t write_nothing(thandle_t user, void *from, tmsize_t n) {
    (void)user;
    (void)from;
    (void)n;
    return -1;
}

static toff_t seek(thandle_t user, toff_t offset, int from) {
    reader *r = user;
    r->at = from == SEEK_SET ? offset : from == SEEK_CUR ? r->at + offset : r->job->size + offset;
    return r->at;
}

static int close_nothing(thandle_t user) {
    (void)user;
    return 0;
}

static toff_t size_of(thandle_t user) {
    const reader *r = user;
    return r->job->size;
}

/* The first text is the cause, those behind it its consequences. 1: the library's own handler is not called. */
__attribute__((format(printf, 4, 0))) static int note(TIFF *lib, void *user, const char *where, const char *format,
                                                      va_list list) {
    hn_image_job *job = user;
    (void)lib;
    (void)where;
    if (!job->text[0]) vsnprintf(job->text, sizeof job->text, format, list);
    return 1;
}

__attribute__((format(printf, 4, 0))) static int keep_quiet(TIFF *lib, void *user, const char *where,
                                                            const char *format, va_list list) {
    (void)lib;
    (void)user;
    (void)where;
    (void)format;
    (void)list;
    return 1;
}

static hn_image_result damaged(hn_image_job *job) {
    if (!job->text[0]) hn_image_say(job, HN_IMAGE_DAMAGED, "libtiff cannot read it");
    return HN_IMAGE_DAMAGED;
}

static bool open_file(reader *r) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return false;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, MOST_ALLOCATION);
    TIFFOpenOptionsSetErrorHandlerExtR(options, note, r->job);
    TIFFOpenOptionsSetWarningHandlerExtR(options, keep_quiet, NULL);
    r->lib = TIFFClientOpenExt("image", "rm", r, read_bytes, write_nothing, seek, close_nothing, size_of, NULL, NULL,
                               options);
    TIFFOpenOptionsFree(options);
    return r->lib != NULL;
}

static bool read_header(reader *r) {
    pixels *is = &r->is;
    uint16_t extra = 0, *kind = NULL;
    if (!TIFFGetField(r->lib, TIFFTAG_IMAGEWIDTH, &is->width) ||
        !TIFFGetField(r->lib, TIFFTAG_IMAGELENGTH, &is->height) ||
        !TIFFGetField(r->lib, TIFFTAG_PHOTOMETRIC, &is->photometric))
        return false;
    TIFFGetFieldDefaulted(r->lib, TIFFTAG_BITSPERSAMPLE, &is->bits);
    TIFFGetFieldDefaulted(r->lib, TIFFTAG_SAMPLESPERPIXEL, &is->samples);
    TIFFGetFieldDefaulted(r->lib, TIFFTAG_PLANARCONFIG, &is->planar);
    TIFFGetFieldDefaulted(r->lib, TIFFTAG_SAMPLEFORMAT, &is->format);
    TIFFGetFieldDefaulted(r->lib, TIFFTAG_ORIENTATION, &is->orientation);
    TIFFGetFieldDefaulted(r->lib, TIFFTAG_COMPRESSION, &is->compression);
    TIFFGetFieldDefaulted(r->lib, TIFFTAG_EXTRASAMPLES, &extra, &kind);
    is->premultiplied = extra > 0 && kind && kind[0] == EXTRASAMPLE_ASSOCALPHA;
    is->tiled = TIFFIsTiled(r->lib);
    return is->width > 0 && is->height > 0;
}

/* Asks for memory and turns the orientation into steps. */
static bool begin(reader *r) {
    const int64_t height = r->is.height, width = r->is.width;
    const int way = r->is.orientation >= 1 && r->is.orientation <= 8 ? r->is.orientation : 1;
    const bool turned = way >= 5, from_right = way & 2, from_bottom = (way - 1) & 2;
    const int64_t out_height = turned ? width : height, out_width = turned ? height : width;
    uint8_t *rgb = r->job->start(r->job, out_height, out_width);
    if (!rgb) return false;
    const int64_t across = from_right ? -3 : 3, down = from_bottom ? -3 * out_width : 3 * out_width;
    r->out.to = rgb + (from_right ? 3 * (out_width - 1) : 0) + (from_bottom ? 3 * out_width * (out_height - 1) : 0);
    r->out.step = turned ? down : across;
    r->out.row = turned ? across : down;
    return true;
}

static void place(const reader *r, uint32_t y, uint32_t x, const uint8_t rgb[3]) {
    memcpy(r->out.to + y * r->out.row + x * r->out.step, rgb, 3);
}

/* ---- samples that are converted here ---- */

static int sample_at(const pixels *is, const uint8_t *row, size_t i) {
    if (is->bits == 8) return row[i];
    if (is->bits == 16) {
        uint16_t value;
        memcpy(&value, row + 2 * i, 2);
        return value;
    }
    const size_t bit = i * is->bits;
    return row[bit / 8] >> (8 - is->bits - bit % 8) & ((1 << is->bits) - 1);
}

static uint8_t to_8_bits(const pixels *is, int value) {
    return (uint8_t)(is->bits == 16 ? value >> 8 : value * 255 / ((1 << is->bits) - 1));
}

static void without_alpha(uint8_t *rgb, int alpha) {
    for (int i = 0; i < 3; i++) {
        const int value = alpha ? rgb[i] * 255 / alpha : 0;
        rgb[i] = (uint8_t)(value > 255 ? 255 : value);
    }
}

static void convert(const pixels *is, const int *value, uint8_t *rgb) {
    uint8_t eight[4];
    const int colours = is->samples < 3 ? 1 : 3;
    if (is->photometric == PHOTOMETRIC_PALETTE) {
        for (int i = 0; i < 3; i++) rgb[i] = (uint8_t)(is->palette[i][value[0]] >> 8);
        return;
    }
    for (int i = 0; i < 4; i++) eight[i] = i < is->samples ? to_8_bits(is, value[i]) : 0;
    if (is->photometric == PHOTOMETRIC_SEPARATED) hn_image_from_cmyk(eight, 1, rgb);
    else if (is->photometric == PHOTOMETRIC_MINISWHITE) memset(rgb, 255 - eight[0], 3);
    else if (is->photometric == PHOTOMETRIC_MINISBLACK) memset(rgb, eight[0], 3);
    else memcpy(rgb, eight, 3);
    if (is->premultiplied && is->samples == colours + 1) without_alpha(rgb, eight[colours]);
}

/* The pixels of a block whose corner is at (top, left), without those beyond the edges. */
static void write_block(const reader *r, const block *b, uint32_t top, uint32_t left) {
    const pixels *is = &r->is;
    const int each = is->samples / b->planes;
    for (uint32_t y = 0; y < b->height && y < is->height - top; y++)
        for (uint32_t x = 0; x < b->width && x < is->width - left; x++) {
            int value[MOST_SAMPLES];
            uint8_t rgb[3];
            for (int s = 0; s < is->samples; s++)
                value[s] = sample_at(is, b->data + (size_t)(s / each) * b->size + y * b->row,
                                     (size_t)x * (size_t)each + (size_t)(s % each));
            convert(is, value, rgb);
            place(r, top + y, left + x, rgb);
        }
}

static bool read_block(const reader *r, const block *b, uint32_t top, uint32_t left) {
    for (uint16_t plane = 0; plane < b->planes; plane++) {
        uint8_t *to = b->data + plane * b->size;
        const tmsize_t size = (tmsize_t)b->size;
        const tmsize_t n = r->is.tiled
                               ? TIFFReadEncodedTile(r->lib, TIFFComputeTile(r->lib, left, top, 0, plane), to, size)
                               : TIFFReadEncodedStrip(r->lib, TIFFComputeStrip(r->lib, top, plane), to, size);
        if (n < 0) return false;
    }
    return true;
}

static bool lay_out(const reader *r, block *b) {
    tmsize_t row, size;
    *b = (block){.width = r->is.width, .planes = r->is.planar == PLANARCONFIG_SEPARATE ? r->is.samples : 1};
    if (r->is.tiled) {
        TIFFGetField(r->lib, TIFFTAG_TILEWIDTH, &b->width);
        TIFFGetField(r->lib, TIFFTAG_TILELENGTH, &b->height);
        row = TIFFTileRowSize(r->lib);
        size = TIFFTileSize(r->lib);
    } else {
        TIFFGetFieldDefaulted(r->lib, TIFFTAG_ROWSPERSTRIP, &b->height);
        if (b->height > r->is.height) b->height = r->is.height;
        row = TIFFScanlineSize(r->lib);
        size = TIFFStripSize(r->lib);
    }
    b->row = (size_t)row;
    b->size = (size_t)size;
    const uint64_t bits = (uint64_t)b->width * r->is.bits * (r->is.samples / (unsigned)b->planes);
    return b->height > 0 && b->width > 0 && row > 0 && size > 0 && size <= MOST_ALLOCATION &&
           (bits + 7) / 8 <= b->row && b->size / b->row >= b->height;
}

static hn_image_result read_blocks(reader *r) {
    block b;
    if (!lay_out(r, &b)) return damaged(r->job);
    if (!begin(r)) return HN_IMAGE_STOPPED;
    b.data = r->job->memory(r->job, b.size * (size_t)b.planes);
    if (!b.data) return HN_IMAGE_NO_MEMORY;
    memset(b.data, 0, b.size * (size_t)b.planes);
    for (uint32_t top = 0; top < r->is.height;) {
        for (uint32_t left = 0; left < r->is.width;) {
            if (!read_block(r, &b, top, left)) return damaged(r->job);
            write_block(r, &b, top, left);
            if (b.width >= r->is.width - left) break;
            left += b.width;
        }
        if (b.height >= r->is.height - top) break;
        top += b.height;
    }
    return HN_IMAGE_DECODED;
}

/* ---- samples that libtiff converts ---- */

static hn_image_result read_converted(reader *r) {
    TIFFRGBAImage image;
    char text[1024] = "";
    if (!TIFFRGBAImageBegin(&image, r->lib, 1, text)) return hn_image_say(r->job, HN_IMAGE_UNSUPPORTED, "%.200s", text);
    hn_image_result result = HN_IMAGE_STOPPED;
    if (begin(r)) {
        const size_t n = (size_t)r->is.height * r->is.width;
        uint32_t *raster = r->job->memory(r->job, n * sizeof *raster);
        image.req_orientation = image.orientation; /* rows as they lie in the file */
        if (!raster) result = HN_IMAGE_NO_MEMORY;
        else if (!TIFFRGBAImageGet(&image, raster, r->is.width, r->is.height)) result = damaged(r->job);
        else result = HN_IMAGE_DECODED;
        for (size_t i = 0; result == HN_IMAGE_DECODED && i < n; i++) {
            const uint8_t rgb[] = {TIFFGetR(raster[i]), TIFFGetG(raster[i]), TIFFGetB(raster[i])};
            place(r, (uint32_t)(i / r->is.width), (uint32_t)(i % r->is.width), rgb);
        }
    }
    TIFFRGBAImageEnd(&image);
    return result;
}

static int least_samples(const pixels *is) {
    switch (is->photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_PALETTE:
        return 1;
    case PHOTOMETRIC_RGB:
        return 3;
    case PHOTOMETRIC_SEPARATED:
        return 4;
    default:
        return 0; /* left to libtiff */
    }
}

static hn_image_result read_all(reader *r) {
    pixels *is = &r->is;
    if (!open_file(r) || !read_header(r)) return damaged(r->job);
    if (is->format != SAMPLEFORMAT_UINT && is->format != SAMPLEFORMAT_VOID)
        return hn_image_say(r->job, HN_IMAGE_UNSUPPORTED, "samples that are not unsigned integers");
    if (is->photometric == PHOTOMETRIC_YCBCR && is->compression == COMPRESSION_JPEG &&
        is->planar == PLANARCONFIG_CONTIG) {
        TIFFSetField(r->lib, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        is->photometric = PHOTOMETRIC_RGB;
    }
    const int least = least_samples(is);
    if (least == 0) return read_converted(r);
    const bool known_bits = is->bits == 1 || is->bits == 2 || is->bits == 4 || is->bits == 8 || is->bits == 16;
    if (!known_bits || is->samples < least || is->samples > MOST_SAMPLES)
        return hn_image_say(r->job, HN_IMAGE_UNSUPPORTED, "%u samples of %u bits", is->samples, is->bits);
    if (is->photometric == PHOTOMETRIC_PALETTE &&
        !TIFFGetField(r->lib, TIFFTAG_COLORMAP, &is->palette[0], &is->palette[1], &is->palette[2]))
        return hn_image_say(r->job, HN_IMAGE_DAMAGED, "there is no palette");
    return read_blocks(r);
}

hn_image_result hn_image_tiff(hn_image_job *job) {
    reader r = {.job = job};
    const hn_image_result result = read_all(&r);
    if (r.lib) TIFFClose(r.lib);
    return result;
}
