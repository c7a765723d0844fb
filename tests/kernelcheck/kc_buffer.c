/* Buffers that end at a page which faults, and begin behind bytes that are watched. Unwritten memory reads as NaN. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "kernelcheck.h"

#define PAGE  4096
#define WATCH 256 /* bytes before the buffer */
#define FILL  0xFF

kc_buffer kc_buffer_create(size_t bytes, bool aligned) {
    size_t used = aligned ? (bytes + 63) / 64 * 64 : bytes;
    kc_buffer b = {.bytes = bytes, .map_bytes = (used + WATCH + PAGE - 1) / PAGE * PAGE + PAGE};
    b.map = mmap(NULL, b.map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b.map == MAP_FAILED) abort();
    memset(b.map, FILL, b.map_bytes - PAGE);
    if (mprotect(b.map + b.map_bytes - PAGE, PAGE, PROT_NONE) != 0) abort();
    b.data = b.map + b.map_bytes - PAGE - used;
    return b;
}

static bool is_filled(const char *from, const char *to) {
    for (; from < to; from++)
        if ((unsigned char)*from != FILL) return false;
    return true;
}

bool kc_buffer_intact(const kc_buffer *b) {
    return is_filled(b->data - WATCH, b->data) && is_filled(b->data + b->bytes, b->map + b->map_bytes - PAGE);
}

void kc_buffer_destroy(kc_buffer *b) {
    if (b->map) munmap(b->map, b->map_bytes);
    *b = (kc_buffer){0};
}
