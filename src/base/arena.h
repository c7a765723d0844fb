/* Region memory: many small allocations that end together.
 *
 *   block 0 (grows x2)      block 1                 ...
 *   [used ....... | free]   [used .... | free]
 */
#ifndef HN_BASE_ARENA_H
#define HN_BASE_ARENA_H

#include <stdarg.h>
#include "base/alloc.h"

typedef struct hn_arena_block hn_arena_block;
typedef struct hn_arena {
    const hone_allocator *allocator; /* NULL: default */
    hn_arena_block *head;            /* block being filled */
    size_t total;                    /* bytes obtained from the allocator */
} hn_arena;

void hn_arena_init(hn_arena *arena, const hone_allocator *allocator);
/* Zeroed memory aligned to 16 bytes; NULL when out of memory. Never returns NULL for size 0. */
void *hn_arena_alloc(hn_arena *arena, size_t size);
/* As hn_arena_alloc, aligned to `alignment` (power of two <= 4096), not zeroed. */
void *hn_arena_alloc_aligned(hn_arena *arena, size_t size, size_t alignment);
/* count * size with overflow check. */
void *hn_arena_alloc_array(hn_arena *arena, size_t count, size_t size);
/* Grows the newest allocation in place: false (and nothing changes) when `memory` is not the newest or the block is
 * full. The added bytes are not zeroed. */
bool hn_arena_extend(hn_arena *arena, const void *memory, size_t old_size, size_t new_size);
void *hn_arena_copy(hn_arena *arena, const void *bytes, size_t size);
/* A NUL-terminated copy of `size` characters. */
char *hn_arena_string(hn_arena *arena, const char *text, size_t size);
char *hn_arena_format(hn_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *hn_arena_format_v(hn_arena *arena, const char *format, va_list args);
/* Forgets all content; keeps memory (merged into one block of the high-water size when it can) for the next round. */
void hn_arena_reset(hn_arena *arena);
void hn_arena_free(hn_arena *arena);

#define HN_NEW(arena, type)          ((type *)hn_arena_alloc((arena), sizeof(type)))
#define HN_NEW_ARRAY(arena, type, n) ((type *)hn_arena_alloc_array((arena), (size_t)(n), sizeof(type)))

#endif
