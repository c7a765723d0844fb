/* The public value: a dense tensor that owns its memory or borrows the caller's, or a list of values. */
#ifndef HN_ABI_VALUE_H
#define HN_ABI_VALUE_H

#include "abi/object.h"

struct hone_value {
    hone_kind kind;
    hn_tensor tensor; /* of tensors */
    size_t bytes;
    size_t owned_bytes; /* 0: borrowed */
    int64_t n;          /* of the others: items */
    hone_value **item;
    const hone_allocator *allocator;
};

/* An object of type `type` with the items of `value`, whose tensors are borrowed: made in `arena`.
 * HONE_INVALID_ARGUMENT when they do not fit the type or are not set. */
HONE_MUST_USE hone_status hn_value_to_object(const hone_value *value, const hn_type *type, hn_arena *arena,
                                             hn_tensor *out);
/* A view of `t` as a value, made in `arena`; it lives as long as the arena and the tensor and is not destroyed. */
HONE_MUST_USE hone_status hn_value_show(const hn_tensor *t, hn_arena *arena, hone_value *out);

/* A copy that owns everything, to be destroyed. */
HONE_MUST_USE hone_status hn_value_copy(const hn_tensor *t, hone_value **out);

#endif
