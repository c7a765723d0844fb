/* Checked allocation through the caller's hooks. */
#ifndef HN_BASE_ALLOC_H
#define HN_BASE_ALLOC_H

#include "hone/types.h"

/* The allocator used when a caller gives none: aligned malloc and free. */
const hone_allocator *hn_alloc_default(void);

/* `size` bytes (uninitialised) aligned to `alignment`, or NULL. size 0 gives a unique non-NULL pointer.
 * `allocator` NULL means the default one. */
void *hn_alloc(const hone_allocator *allocator, size_t size, size_t alignment);
void hn_release(const hone_allocator *allocator, void *memory, size_t size);

#endif
