/* Shapes of Concat and Split. */
#include "ops/checks.h"
#include "ops/movement/movement.h"
#include "ops/registry.h"

/* ---- Concat ---- */

static hone_status concat_rank(const hn_infer *infer, int *rank) {
    *rank = -1;
    for (int i = 0; i < infer->n_in; i++) {
        int here = hn_infer_rank(infer, i);
        HN_TRY(hn_ops_check_type(infer, i, HN_TYPES_WHOLE_BYTES));
        HN_TRY(hn_ops_check_same_type(infer, 0, i));
        if (here < 0) continue;
        if (*rank >= 0 && here != *rank)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d has rank %d, others have %d", i, here, *rank);
        *rank = here;
    }
    return HONE_OK;
}

/* Takes one input of known rank into the shape of the result. */
static hone_status join(const hn_infer *infer, int i, int axis, hn_shape *out) {
    const hn_shape *in = &infer->in[i].shape;
    for (int d = 0; d < out->rank; d++) {
        hn_dim *to = &out->dim[d];
        if (d == axis) {
            *to = hn_dim_add(infer->exprs, *to, in->dim[d]);
        } else if (hn_dim_is_const(*to) && hn_dim_is_const(in->dim[d]) && to->value != in->dim[d].value) {
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %d of input %d is %lld, of others %lld", d, i,
                    (long long)in->dim[d].value, (long long)to->value);
        } else {
            HN_TRY(hn_infer_unify(infer, *to, in->dim[d], "axis", to));
        }
    }
    return HONE_OK;
}

hone_status hn_ops_infer_concat(hn_infer *infer) {
    hn_shape out = {.rank = -1};
    int rank, axis;
    if (!hn_attrs_find(infer->attrs, "axis")) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute axis is missing");
    HN_TRY(concat_rank(infer, &rank));
    if (rank == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "scalars cannot be concatenated");
    if (rank > 0) {
        HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", 0), rank, &axis));
        out.rank = rank;
        for (int d = 0; d < rank; d++) out.dim[d] = HN_UNKNOWN_DIM;
        out.dim[axis] = hn_dim_const(0);
        for (int i = 0; i < infer->n_in; i++) {
            if (hn_infer_rank(infer, i) == rank) HN_TRY(join(infer, i, axis, &out));
            else out.dim[axis] = HN_UNKNOWN_DIM;
        }
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

/* ---- Split ---- */

/* Size k of input 1, whose length may exceed any fixed buffer. */
static hn_dim split_size(const hn_infer *infer, int k) {
    const hn_info *sizes = &infer->in[1];
    if (sizes->data) return hn_dim_const(hn_tensor_int(sizes->data, k));
    return sizes->element ? sizes->element[k] : HN_UNKNOWN_DIM;
}

static hone_status given_sizes(hn_infer *infer, hn_shape *part, int axis, hn_dim whole) {
    hn_dim sum = hn_dim_const(0);
    HN_TRY(hn_ops_check_vector(infer, 1, hn_dim_const(infer->n_out)));
    for (int k = 0; k < infer->n_out; k++) {
        hn_dim size = hn_infer_rank(infer, 1) == 1 ? split_size(infer, k) : HN_UNKNOWN_DIM;
        if (hn_dim_is_const(size) && size.value < 0)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "part %d has the negative size %lld", k, (long long)size.value);
        sum = hn_dim_add(infer->exprs, sum, size);
        part->dim[axis] = size;
        hn_infer_set(infer, k, hn_infer_dtype(infer, 0), part);
    }
    if (hn_dim_is_const(sum) && hn_dim_is_const(whole) && sum.value != whole.value)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the parts have %lld elements on axis %d, the input has %lld",
                (long long)sum.value, axis, (long long)whole.value);
    return HONE_OK;
}

static hone_status equal_sizes(hn_infer *infer, hn_shape *part, int axis, hn_dim whole) {
    const int64_t n = infer->n_out, asked = hn_attrs_int(infer->attrs, "num_outputs", n);
    if (n < 1 || asked != n)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "num_outputs is %lld, but the node has %lld outputs", (long long)asked,
                (long long)n);
    hn_dim size = hn_dim_ceil_div(infer->exprs, whole, hn_dim_const(n));
    hn_dim last = hn_dim_sub(infer->exprs, whole, hn_dim_mul(infer->exprs, size, hn_dim_const(n - 1)));
    if (hn_dim_is_const(last) && last.value < 0)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%lld elements on axis %d do not make %lld parts",
                (long long)whole.value, axis, (long long)n);
    for (int k = 0; k < n; k++) {
        part->dim[axis] = k == n - 1 ? last : size;
        hn_infer_set(infer, k, hn_infer_dtype(infer, 0), part);
    }
    return HONE_OK;
}

hone_status hn_ops_infer_split(hn_infer *infer) {
    hn_shape part = infer->in[0].shape;
    int axis;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_WHOLE_BYTES));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    if (part.rank < 0) {
        for (int k = 0; k < infer->n_out; k++) hn_infer_set(infer, k, hn_infer_dtype(infer, 0), NULL);
        return HONE_OK;
    }
    HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", 0), part.rank, &axis));
    const hn_dim whole = part.dim[axis];
    return hn_infer_has(infer, 1) ? given_sizes(infer, &part, axis, whole) : equal_sizes(infer, &part, axis, whole);
}
