/* Region memory in a chain of growing blocks; the newest block is filled, older ones only wait for the end. */
#include "base/arena.h"

#include <stdio.h>
#include <string.h>

#define FIRST_BLOCK  ((size_t)4096)
#define LARGEST_STEP ((size_t)4 << 20) /* blocks double up to this size, so that little stays unused in big arenas */
#define BLOCK_HEADER ((size_t)64)      /* keeps the first byte of a block on a cache line */
#define BLOCK_ALIGN  ((size_t)64)

struct hn_arena_block {
    hn_arena_block *older;
    size_t size; /* with the header */
    size_t used; /* with the header */
};

void hn_arena_init(hn_arena *arena, const hone_allocator *allocator) { *arena = (hn_arena){.allocator = allocator}; }

static hn_arena_block *new_block(hn_arena *arena, size_t size) {
    hn_arena_block *block = hn_alloc(arena->allocator, size, BLOCK_ALIGN);
    if (!block) return NULL;
    *block = (hn_arena_block){.size = size, .used = BLOCK_HEADER};
    arena->total += size;
    return block;
}

static void free_block(hn_arena *arena, hn_arena_block *block) {
    arena->total -= block->size;
    hn_release(arena->allocator, block, block->size);
}

/* Takes `size` bytes from the block's free end, or NULL. */
static void *take(hn_arena_block *block, size_t size, size_t alignment) {
    uintptr_t base = (uintptr_t)block;
    uintptr_t start = (base + block->used + alignment - 1) & ~(uintptr_t)(alignment - 1);
    size_t offset = (size_t)(start - base);
    if (offset > block->size || size > block->size - offset) return NULL;
    block->used = offset + size;
    return (char *)block + offset;
}

static bool add_block(hn_arena *arena, size_t size, size_t alignment) {
    size_t needed, step = arena->total < FIRST_BLOCK ? FIRST_BLOCK : arena->total;
    if (__builtin_add_overflow(size, BLOCK_HEADER + alignment, &needed)) return false;
    if (step > LARGEST_STEP) step = LARGEST_STEP;
    hn_arena_block *block = new_block(arena, needed > step ? needed : step);
    if (!block && needed < step) block = new_block(arena, needed);
    if (!block) return false;
    block->older = arena->head;
    arena->head = block;
    return true;
}

void *hn_arena_alloc_aligned(hn_arena *arena, size_t size, size_t alignment) {
    if (alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > 4096) return NULL;
    void *memory = arena->head ? take(arena->head, size, alignment) : NULL;
    if (memory) return memory;
    return add_block(arena, size, alignment) ? take(arena->head, size, alignment) : NULL;
}

void *hn_arena_alloc(hn_arena *arena, size_t size) {
    void *memory = hn_arena_alloc_aligned(arena, size, 16);
    return memory ? memset(memory, 0, size) : NULL;
}

void *hn_arena_alloc_array(hn_arena *arena, size_t count, size_t size) {
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : hn_arena_alloc(arena, bytes);
}

bool hn_arena_extend(hn_arena *arena, const void *memory, size_t old_size, size_t new_size) {
    hn_arena_block *block = arena->head;
    if (!block || !memory || new_size < old_size) return false;
    if ((const char *)memory + old_size != (const char *)block + block->used) return false;
    if (new_size - old_size > block->size - block->used) return false;
    block->used += new_size - old_size;
    return true;
}

void *hn_arena_copy(hn_arena *arena, const void *bytes, size_t size) {
    void *copy = hn_arena_alloc_aligned(arena, size, 16);
    return copy && size ? memcpy(copy, bytes, size) : copy;
}

char *hn_arena_string(hn_arena *arena, const char *text, size_t size) {
    if (size == SIZE_MAX) return NULL;
    char *copy = hn_arena_alloc_aligned(arena, size + 1, 1);
    if (!copy) return NULL;
    if (size) memcpy(copy, text, size);
    copy[size] = 0;
    return copy;
}

char *hn_arena_format_v(hn_arena *arena, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *text = n < 0 ? NULL : hn_arena_alloc_aligned(arena, (size_t)n + 1, 1);
    if (text) vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

char *hn_arena_format(hn_arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = hn_arena_format_v(arena, format, args);
    va_end(args);
    return text;
}

static void free_chain(hn_arena *arena, hn_arena_block *block) {
    while (block) {
        hn_arena_block *older = block->older;
        free_block(arena, block);
        block = older;
    }
}

/* Without memory for a merged block the newest, which is the largest or close to it, is kept. */
void hn_arena_reset(hn_arena *arena) {
    hn_arena_block *keep = arena->head;
    if (!keep) return;
    if (keep->older) {
        hn_arena_block *old = keep, *merged = new_block(arena, arena->total);
        if (merged) keep = merged;
        else old = keep->older;
        free_chain(arena, old);
    }
    keep->older = NULL;
    keep->used = BLOCK_HEADER;
    arena->head = keep;
}

void hn_arena_free(hn_arena *arena) {
    free_chain(arena, arena->head);
    arena->head = NULL;
    arena->total = 0;
}
