/* PNG of all kinds, interlaced too, by libpng: 8 bits of each colour, no gamma; transparency is left out. */
#include <png.h>
#include <stdnoreturn.h>
#include <string.h>
#include "codecs/codec.h"

enum { MOST_SIDE = 1 << 24, MOST_CHUNKS = 1000, MOST_CHUNK_BYTES = 8 << 20 };

typedef struct reader {
    png_structp lib;
    png_infop info;
    hn_image_job *job;
    size_t at;
    hn_image_result result;
} reader;

static noreturn void give_up(png_structp lib, png_const_charp text) {
    reader *r = png_get_error_ptr(lib);
    r->result = hn_image_say(r->job, HN_IMAGE_DAMAGED, "%s", text);
    png_longjmp(lib, 1);
}

static void keep_quiet(png_structp lib, png_const_charp text) {
    (void)lib;
    (void)text;
}

static noreturn void stop(reader *r, hn_image_result result) {
    r->result = result;
    png_longjmp(r->lib, 1);
}

static void read_bytes(png_structp lib, png_bytep to, size_t n) {
    reader *r = png_get_io_ptr(lib);
    if (n > r->job->size - r->at) png_error(lib, "the file ends too early");
    memcpy(to, r->job->file + r->at, n);
    r->at += n;
}

static void to_rgb(png_structp lib) {
    png_set_palette_to_rgb(lib);
    png_set_expand_gray_1_2_4_to_8(lib);
    png_set_strip_16(lib);
    png_set_strip_alpha(lib);
    png_set_gray_to_rgb(lib);
    png_set_interlace_handling(lib);
}

static void read_all(reader *r) {
    png_set_user_limits(r->lib, MOST_SIDE, MOST_SIDE);
    png_set_chunk_cache_max(r->lib, MOST_CHUNKS);
    png_set_chunk_malloc_max(r->lib, MOST_CHUNK_BYTES);
    png_set_read_fn(r->lib, r, read_bytes);
    png_read_info(r->lib, r->info);
    const size_t height = png_get_image_height(r->lib, r->info), width = png_get_image_width(r->lib, r->info);
    uint8_t *rgb = r->job->start(r->job, (int64_t)height, (int64_t)width);
    if (!rgb) stop(r, HN_IMAGE_STOPPED);
    to_rgb(r->lib);
    png_read_update_info(r->lib, r->info);
    if (png_get_rowbytes(r->lib, r->info) != 3 * width) png_error(r->lib, "rows of an unexpected size");
    png_bytep *row = r->job->memory(r->job, height * sizeof *row);
    if (!row) stop(r, HN_IMAGE_NO_MEMORY);
    for (size_t y = 0; y < height; y++) row[y] = rgb + y * 3 * width;
    png_read_image(r->lib, row);
    png_read_end(r->lib, NULL);
}

/* The only frame that a failure comes back to; what it changes lives in the caller's. */
static void read_guarded(reader *r) {
    if (setjmp(png_jmpbuf(r->lib))) return;
    read_all(r);
    r->result = HN_IMAGE_DECODED;
}

hn_image_result hn_image_png(hn_image_job *job) {
    reader r = {.job = job, .result = HN_IMAGE_NO_MEMORY};
    r.lib = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, give_up, keep_quiet);
    if (!r.lib) return r.result;
    r.info = png_create_info_struct(r.lib);
    if (r.info) read_guarded(&r);
    png_destroy_read_struct(&r.lib, &r.info, NULL);
    return r.result;
}
