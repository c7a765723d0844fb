/* Growth of arrays in an arena: in place while the array is the arena's newest allocation, else by doubling copies. */
#include "base/growable.h"

#include <string.h>

bool hn_vec_grow(hn_arena *arena, void **at, size_t n, size_t *capacity, size_t element_size) {
    size_t wanted, bytes, old_bytes = *capacity * element_size;
    if (__builtin_mul_overflow(*capacity, (size_t)2, &wanted)) return false;
    if (wanted < 8) wanted = 8;
    if (__builtin_mul_overflow(wanted, element_size, &bytes)) return false;
    void *old; /* read and written as bytes: the caller's pointer has another type */
    memcpy(&old, at, sizeof old);
    if (!hn_arena_extend(arena, old, old_bytes, bytes)) {
        void *grown = hn_arena_alloc_aligned(arena, bytes, 16);
        if (!grown) return false;
        if (n) memcpy(grown, old, n * element_size);
        memcpy(at, &grown, sizeof grown);
    }
    *capacity = wanted;
    return true;
}
