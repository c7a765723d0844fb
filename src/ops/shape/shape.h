/* What the shape family shares with other families that take a shape as an input. */
#ifndef HN_OPS_SHAPE_H
#define HN_OPS_SHAPE_H

#include "abi/operator.h"

/* The shape that integer input i spells out. Dims that are not known stay unknown; rank -1 when not even the length of
 * the list is known. Values are not judged: Reshape gives meaning to -1 and 0. Fails on a list longer than
 * HONE_MAX_RANK. */
hone_status hn_shape_from_input(const hn_infer *infer, int i, hn_shape *out);
/* Fails when a dim of the shape is known to be negative. */
hone_status hn_shape_check_sizes(const hn_infer *infer, const hn_shape *shape);
/* Fails when a result would have more dims than Hone handles. */
hone_status hn_shape_check_rank(const hn_infer *infer, int rank);
/* Product of n dims. */
hn_dim hn_shape_product(hn_expr_pool *exprs, const hn_dim *dim, int n);
/* The axes [*first, *last) of a tensor of `rank` that the attributes of a Shape node name. */
void hn_shape_window(hn_attrs attrs, int rank, int *first, int *last);

/* The one number that input i of a call holds, `otherwise` when the input is absent. HONE_INVALID_ARGUMENT when the
 * input does not have exactly one element. */
hone_status hn_call_int(hn_call *call, int i, int64_t otherwise, int64_t *out);
hone_status hn_call_real(hn_call *call, int i, double otherwise, double *out);

#endif
