/* Memory for values whose size only running tells: blocks that are given back and used again, never returned to the
 * allocator before the context ends. The same sequence of requests finds the same blocks, so repeated shapes allocate
 * nothing. */
#ifndef HN_RUNTIME_HEAP_H
#define HN_RUNTIME_HEAP_H

#include "base/alloc.h"

typedef struct hn_heap_block {
    struct hn_heap_block *next; /* all blocks of the heap */
    void *data;                 /* 64-byte aligned, `size` bytes */
    size_t size;
    bool used;
} hn_heap_block;

typedef struct hn_heap {
    const hone_allocator *allocator;
    hn_heap_block *blocks;
    uint64_t total; /* bytes of all blocks */
} hn_heap;

void hn_heap_init(hn_heap *heap, const hone_allocator *allocator);
/* The smallest free block of at least `size` bytes (and not more than four times as many), or a new one; NULL: no
 * memory. */
hn_heap_block *hn_heap_take(hn_heap *heap, size_t size);
void hn_heap_give(hn_heap_block *block);
void hn_heap_give_all(hn_heap *heap);
void hn_heap_free(hn_heap *heap);

#endif
