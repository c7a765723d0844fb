/* Objects: values that are no tensors. A sequence, optional or map is carried by a scalar tensor of HN_DTYPE_OBJECT,
 * whose one element refers to a list of items. So whatever moves elements moves objects, and memory plans know nothing
 * of them.
 *
 * Objects and the text of strings never change once made, are shared freely, and live in the arena of who runs the
 * operators: the context's until its next run, the model's when constants fold. */
#ifndef HN_ABI_OBJECT_H
#define HN_ABI_OBJECT_H

#include "abi/tensor.h"
#include "base/dtype.h"

typedef struct hn_object {
    const hn_type *type;
    int64_t n;       /* sequence: elements; optional: 0 or 1; map: 2, the keys and the values */
    hn_tensor *item; /* dense; objects again where the element type says so */
} hn_object;

/* An element of HN_DTYPE_OBJECT. */
typedef struct hn_object_ref {
    const hn_object *object;
    void *unused;
} hn_object_ref;
_Static_assert(sizeof(hn_object_ref) == HN_DTYPE_WIDE_BYTES, "an object takes the place of a wide element");

/* The object that a tensor of HN_DTYPE_OBJECT holds. */
static inline const hn_object *hn_object_in(const hn_tensor *t) { return ((const hn_object_ref *)t->data)->object; }
static inline void hn_object_put(hn_tensor *t, const hn_object *object) {
    *(hn_object_ref *)t->data = (hn_object_ref){object, NULL};
}

/* A list of `n` items that the caller fills; NULL: out of memory. `type` is not copied. */
hn_object *hn_object_new(hn_arena *arena, const hn_type *type, int64_t n);
/* Makes *item a lasting copy of the dense tensor `from`: elements are copied, text and objects shared. */
HONE_MUST_USE hone_status hn_object_keep(hn_arena *arena, hn_tensor *item, const hn_tensor *from);
/* A scalar that holds `object`; false: out of memory. */
HONE_MUST_USE bool hn_object_wrap(hn_arena *arena, hn_tensor *out, const hn_object *object);
/* Copies what elements of `t` refer to, text and objects with all their items, into `arena`. */
HONE_MUST_USE hone_status hn_object_own(hn_arena *arena, hn_tensor *t);
/* The keys or values of a map. */
static inline const hn_tensor *hn_object_keys(const hn_object *map) { return &map->item[0]; }
static inline const hn_tensor *hn_object_values(const hn_object *map) { return &map->item[1]; }

#endif
