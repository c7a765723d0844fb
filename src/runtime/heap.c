/* High-water block reuse. */
#include "runtime/heap.h"

enum { ALIGNMENT = 64, SLACK = 64, WASTE = 4 };

void hn_heap_init(hn_heap *heap, const hone_allocator *allocator) { *heap = (hn_heap){.allocator = allocator}; }

static hn_heap_block *new_block(hn_heap *heap, size_t size) {
    hn_heap_block *block = hn_alloc(heap->allocator, sizeof *block, 16);
    void *data = block ? hn_alloc(heap->allocator, size, ALIGNMENT) : NULL;
    if (!data) {
        if (block) hn_release(heap->allocator, block, sizeof *block);
        return NULL;
    }
    *block = (hn_heap_block){heap->blocks, data, size, true};
    heap->blocks = block;
    heap->total += size;
    return block;
}

hn_heap_block *hn_heap_take(hn_heap *heap, size_t size) {
    if (size > SIZE_MAX / 4) return NULL;
    size = (size + SLACK + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    hn_heap_block *best = NULL;
    for (hn_heap_block *b = heap->blocks; b; b = b->next)
        if (!b->used && b->size >= size && b->size / WASTE <= size && (!best || b->size < best->size)) best = b;
    if (!best) return new_block(heap, size);
    best->used = true;
    return best;
}

void hn_heap_give(hn_heap_block *block) {
    if (block) block->used = false;
}

void hn_heap_give_all(hn_heap *heap) {
    for (hn_heap_block *b = heap->blocks; b; b = b->next) b->used = false;
}

void hn_heap_free(hn_heap *heap) {
    while (heap->blocks) {
        hn_heap_block *b = heap->blocks;
        heap->blocks = b->next;
        hn_release(heap->allocator, b->data, b->size);
        hn_release(heap->allocator, b, sizeof *b);
    }
    heap->total = 0;
}
