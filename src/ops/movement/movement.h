/* What references of data movement share: the permutation of Transpose, slices, pads, moving elements by number. */
#ifndef HN_OPS_MOVEMENT_H
#define HN_OPS_MOVEMENT_H

#include "ops/checks.h"

/* Types of at least one whole byte: what movement other than Transpose and Pad is defined for. */
#define HN_TYPES_WHOLE_BYTES                                                                                           \
    (HN_TYPES_FLOAT | HN_TYPES_SIGNED | HN_TYPES_UNSIGNED | HN_TYPE(BOOL) | HN_TYPE(STRING) | HN_TYPE(COMPLEX64) |     \
     HN_TYPE(COMPLEX128))

/* One axis of Slice: where it begins and how many elements it takes. `step` is not 0. */
typedef struct hn_slice_range {
    hn_dim first, count;
} hn_slice_range;
hn_slice_range hn_slice_resolve(hn_expr_pool *exprs, hn_dim size, hn_dim start, hn_dim end, int64_t step);

/* Copies n elements: to[i] = from[index[i]]. */
void hn_move_pick(void *to, const void *from, const int64_t *index, int64_t n, size_t size);

/* A reference that only handles whole bytes, run over tensors of 2- or 4-bit elements: inputs are unpacked to one byte
 * an element, the output is packed. Other types go straight to `run`. Output 0 only. */
hone_status hn_move_unpacked(hn_call *call, hn_ref_fn *run);

#endif
