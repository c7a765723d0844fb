/* Growable array in an arena: `hn_vec(int) v = {0}; if (!hn_vec_push(arena, &v, 3)) out of memory;` */
#ifndef HN_BASE_GROWABLE_H
#define HN_BASE_GROWABLE_H

#include "base/arena.h"

#define hn_vec(type)                                                                                                   \
    struct {                                                                                                           \
        type *at;                                                                                                      \
        size_t n, capacity;                                                                                            \
    }

/* Makes room for one more element; false when out of memory. */
bool hn_vec_grow(hn_arena *arena, void **at, size_t n, size_t *capacity, size_t element_size);

#define hn_vec_push(arena, v, item)                                                                                    \
    (((v)->n < (v)->capacity || hn_vec_grow((arena), (void **)&(v)->at, (v)->n, &(v)->capacity, sizeof *(v)->at))      \
         ? ((v)->at[(v)->n++] = (item), true)                                                                          \
         : false)

#endif
