/* The default allocator, and the two calls through which every allocation of the library goes. */
#include "base/alloc.h"

#include <stdlib.h>

#define HN_ALLOC_MAX_ALIGNMENT 4096

static void *default_allocate(void *user, size_t size, size_t alignment) {
    (void)user;
    void *memory = NULL;
    if (alignment < sizeof(void *)) alignment = sizeof(void *);
    return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static void default_release(void *user, void *memory, size_t size) {
    (void)user;
    (void)size;
    free(memory);
}

const hone_allocator *hn_alloc_default(void) {
    static const hone_allocator allocator = {default_allocate, default_release, NULL};
    return &allocator;
}

void *hn_alloc(const hone_allocator *allocator, size_t size, size_t alignment) {
    if (!allocator) allocator = hn_alloc_default();
    if (alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > HN_ALLOC_MAX_ALIGNMENT) return NULL;
    if (size > PTRDIFF_MAX - HN_ALLOC_MAX_ALIGNMENT) return NULL;
    return allocator->allocate(allocator->user, size ? size : 1, alignment);
}

void hn_release(const hone_allocator *allocator, void *memory, size_t size) {
    if (!memory) return;
    if (!allocator) allocator = hn_alloc_default();
    allocator->release(allocator->user, memory, size ? size : 1);
}
