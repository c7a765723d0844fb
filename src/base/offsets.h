/* Memory planning: buffers with lifetimes in, offsets out. Knows nothing of operators. */
#ifndef HN_BASE_OFFSETS_H
#define HN_BASE_OFFSETS_H

#include "base/arena.h"

typedef struct hn_buffer {
    uint64_t size;       /* bytes */
    int32_t first, last; /* steps between which it is live, both included */
    uint64_t offset;     /* result */
} hn_buffer;

/* Gives every buffer an offset (multiple of `alignment`) so that buffers live at the same step never overlap; `total`
 * gets the arena's size. Greedy by size with best fit, then improved by trying other orders (by last use, by
 * size*length); the best is kept. `lower_bound` (may be NULL) gets the largest sum of live sizes. Scratch memory comes
 * from `scratch`. */
HONE_MUST_USE hone_status hn_offsets_assign(hn_buffer *buffer, size_t n, size_t alignment, hn_arena *scratch,
                                            uint64_t *total, uint64_t *lower_bound);

#endif
