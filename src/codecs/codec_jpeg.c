/* JPEG, baseline and progressive, by libjpeg-turbo with its defaults: exact integer transform, smooth upsampling. */
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdnoreturn.h>
#include <string.h>
#include "codecs/codec.h"

enum { MOST_SCANS = 500 }; /* each scan of a few bytes costs a walk over the whole image */

typedef struct reader {
    struct jpeg_decompress_struct lib;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    hn_image_job *job;
    hn_image_result result;
} reader;

static noreturn void give_up(j_common_ptr lib) {
    reader *r = lib->client_data;
    char text[JMSG_LENGTH_MAX];
    lib->err->format_message(lib, text);
    const hn_image_result result = lib->err->msg_code == JERR_OUT_OF_MEMORY ? HN_IMAGE_NO_MEMORY : HN_IMAGE_DAMAGED;
    r->result = hn_image_say(r->job, result, "%s", text);
    longjmp(r->back, 1);
}

static noreturn void stop(reader *r, hn_image_result result) {
    r->result = result;
    longjmp(r->back, 1);
}

/* Doubtful data is decoded as well as can be, without a word. */
static void keep_quiet(j_common_ptr lib, int level) {
    (void)lib;
    (void)level;
}

static void nothing_to_do(j_decompress_ptr lib) { (void)lib; }

static boolean need_more(j_decompress_ptr lib) {
    ERREXIT(lib, JERR_INPUT_EOF);
    return FALSE;
}

static void skip(j_decompress_ptr lib, long n) {
    if (n <= 0) return;
    if ((unsigned long)n > lib->src->bytes_in_buffer) ERREXIT(lib, JERR_INPUT_EOF);
    lib->src->next_input_byte += n;
    lib->src->bytes_in_buffer -= (size_t)n;
}

static void count_scans(j_common_ptr lib) {
    reader *r = lib->client_data;
    if (r->lib.input_scan_number > MOST_SCANS)
        stop(r, hn_image_say(r->job, HN_IMAGE_UNSUPPORTED, "more than %d scans", MOST_SCANS));
}

static void read_cmyk(reader *r, uint8_t *rgb) {
    const size_t width = r->lib.output_width;
    uint8_t *row = r->job->memory(r->job, 4 * width);
    if (!row) stop(r, HN_IMAGE_NO_MEMORY);
    for (; r->lib.output_scanline < r->lib.output_height; rgb += 3 * width) {
        jpeg_read_scanlines(&r->lib, &row, 1);
        for (size_t i = 0; i < 4 * width; i++) row[i] = (uint8_t)(255 - row[i]); /* Adobe's: 0 is full ink */
        hn_image_from_cmyk(row, width, rgb);
    }
}

static void read_all(reader *r) {
    jpeg_read_header(&r->lib, TRUE);
    const bool inks = r->lib.jpeg_color_space == JCS_CMYK || r->lib.jpeg_color_space == JCS_YCCK;
    uint8_t *rgb = r->job->start(r->job, r->lib.image_height, r->lib.image_width);
    if (!rgb) stop(r, HN_IMAGE_STOPPED);
    r->lib.out_color_space = inks ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&r->lib);
    if (inks) {
        read_cmyk(r, rgb);
        return;
    }
    for (; r->lib.output_scanline < r->lib.output_height; rgb += 3 * (size_t)r->lib.output_width)
        jpeg_read_scanlines(&r->lib, &rgb, 1);
}

/* The only frame that a failure comes back to; what it changes lives in the caller's. */
static void read_guarded(reader *r) {
    if (setjmp(r->back)) return;
    jpeg_create_decompress(&r->lib);
    r->lib.src = &r->source;
    r->lib.progress = &r->progress;
    read_all(r);
}

hn_image_result hn_image_jpeg(hn_image_job *job) {
    reader r = {.job = job, .result = HN_IMAGE_DECODED, .progress.progress_monitor = count_scans};
    r.source = (struct jpeg_source_mgr){.next_input_byte = job->file,
                                        .bytes_in_buffer = job->size,
                                        .init_source = nothing_to_do,
                                        .fill_input_buffer = need_more,
                                        .skip_input_data = skip,
                                        .resync_to_restart = jpeg_resync_to_restart,
                                        .term_source = nothing_to_do};
    r.lib.err = jpeg_std_error(&r.errors);
    r.lib.client_data = &r;
    r.errors.error_exit = give_up;
    r.errors.emit_message = keep_quiet;
    read_guarded(&r);
    jpeg_destroy_decompress(&r.lib);
    return r.result;
}
