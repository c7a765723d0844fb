/* JPEG 2000, files (JP2) and bare codestreams, by OpenJPEG. Transparency is left out. */
#include <openjpeg.h>
#include <stdbool.h>
#include <string.h>
#include "codecs/codec.h"

enum { MOST_COMPONENTS = 4 };

typedef struct reader {
    hn_image_job *job;
    size_t at;
    opj_codec_t *codec;
    opj_stream_t *stream;
    opj_image_t *image;
} reader;

static OPJ_SIZE_T read_bytes(void *to, OPJ_SIZE_T n, void *user) {
    reader *r = user;
    const size_t left = r->job->size - r->at;
    if (left == 0) return (OPJ_SIZE_T)-1;
    if (n > left) n = left;
    memcpy(to, r->job->file + r->at, n);
    r->at += n;
    return n;
}

static OPJ_BOOL seek(OPJ_OFF_T at, void *user) {
    reader *r = user;
    if (at < 0 || (uint64_t)at > r->job->size) return OPJ_FALSE;
    r->at = (size_t)at;
    return OPJ_TRUE;
}

static OPJ_OFF_T skip(OPJ_OFF_T n, void *user) {
    reader *r = user;
    if (n < 0 || (uint64_t)n > r->job->size - r->at) return -1;
    r->at += (size_t)n;
    return n;
}

/* The library's texts end in a line break. The first one is the cause, those behind it its consequences. */
static void note(const char *text, void *user) {
    hn_image_job *job = user;
    if (!job->text[0]) hn_image_say(job, HN_IMAGE_DAMAGED, "%.*s", (int)strcspn(text, "\n"), text);
}

static void keep_quiet(const char *text, void *user) {
    (void)text;
    (void)user;
}

static bool prepare(reader *r) {
    opj_dparameters_t parameters;
    const bool boxed = r->job->size > 4 && r->job->file[0] == 0;
    opj_set_default_decoder_parameters(&parameters);
    r->codec = opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
    r->stream = opj_stream_default_create(OPJ_TRUE);
    if (!r->codec || !r->stream) return false;
    opj_set_error_handler(r->codec, note, r->job);
    opj_set_warning_handler(r->codec, keep_quiet, NULL);
    opj_set_info_handler(r->codec, keep_quiet, NULL);
    opj_stream_set_read_function(r->stream, read_bytes);
    opj_stream_set_seek_function(r->stream, seek);
    opj_stream_set_skip_function(r->stream, skip);
    opj_stream_set_user_data(r->stream, r, NULL);
    opj_stream_set_user_data_length(r->stream, r->job->size);
    return opj_setup_decoder(r->codec, &parameters) && opj_decoder_set_strict_mode(r->codec, OPJ_TRUE);
}

/* A component's value in 8 bits at column x, row y of the image; smaller components are repeated. */
static uint8_t sample(const opj_image_t *image, int component, uint32_t x, uint32_t y) {
    const opj_image_comp_t *c = &image->comps[component];
    const int64_t top = c->sgnd ? (int64_t)1 << (c->prec - 1) : 0;
    int64_t value = c->data[(size_t)(y / c->dy) * c->w + x / c->dx] + top;
    value = c->prec > 8 ? value >> (c->prec - 8) : value << (8 - c->prec);
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* All components reach over the whole image, so that `sample` stays inside. */
static bool components_fit(const opj_image_t *image, uint32_t height, uint32_t width) {
    for (uint32_t i = 0; i < image->numcomps; i++) {
        const opj_image_comp_t *c = &image->comps[i];
        if (!c->data || c->dx < 1 || c->dy < 1 || c->prec < 1 || c->prec > 31 || (width - 1) / c->dx >= c->w ||
            (height - 1) / c->dy >= c->h)
            return false;
    }
    return true;
}

static void write_pixels(const opj_image_t *image, uint32_t height, uint32_t width, uint8_t *rgb) {
    const bool inks = image->color_space == OPJ_CLRSPC_CMYK && image->numcomps == 4,
               ycc = image->color_space == OPJ_CLRSPC_SYCC && image->numcomps >= 3;
    const int step = image->numcomps < 3 ? 0 : 1; /* grey: the first component three times */
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++, rgb += 3) {
            uint8_t value[4] = {0};
            for (int i = 0; i < 3; i++) value[i] = sample(image, i * step, x, y);
            if (inks) value[3] = sample(image, 3, x, y);
            if (inks) hn_image_from_cmyk(value, 1, rgb);
            else if (ycc) hn_image_from_ycc(value, 1, rgb);
            else memcpy(rgb, value, 3);
        }
}

static hn_image_result failed(const reader *r) {
    if (!r->job->text[0]) hn_image_say(r->job, HN_IMAGE_DAMAGED, "OpenJPEG cannot read it");
    return HN_IMAGE_DAMAGED;
}

static hn_image_result read_all(reader *r) {
    if (!prepare(r)) return HN_IMAGE_NO_MEMORY;
    if (!opj_read_header(r->stream, r->codec, &r->image)) return failed(r);
    const uint32_t components = r->image->numcomps;
    if (r->image->x1 <= r->image->x0 || r->image->y1 <= r->image->y0) return failed(r);
    if (components < 1 || components > MOST_COMPONENTS)
        return hn_image_say(r->job, HN_IMAGE_UNSUPPORTED, "%u components", components);
    const uint32_t height = r->image->y1 - r->image->y0, width = r->image->x1 - r->image->x0;
    uint8_t *rgb = r->job->start(r->job, height, width);
    if (!rgb) return HN_IMAGE_STOPPED;
    if (!opj_decode(r->codec, r->stream, r->image) || !opj_end_decompress(r->codec, r->stream)) return failed(r);
    if (!components_fit(r->image, height, width))
        return hn_image_say(r->job, HN_IMAGE_UNSUPPORTED, "components that do not cover the image");
    write_pixels(r->image, height, width, rgb);
    return HN_IMAGE_DECODED;
}

hn_image_result hn_image_jpeg2000(hn_image_job *job) {
    reader r = {.job = job};
    const hn_image_result result = read_all(&r);
    if (r.image) opj_image_destroy(r.image);
    if (r.stream) opj_stream_destroy(r.stream);
    if (r.codec) opj_destroy_codec(r.codec);
    return result;
}
