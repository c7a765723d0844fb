/* Shapes of the Gather and Scatter operators. */
#include "ops/index/index.h"
#include <string.h>
#include "ops/registry.h"
#include "ops/shape/shape.h"

static hone_status check_data(const hn_infer *infer, uint32_t index_types) {
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_WHOLE_BYTES));
    HN_TRY(hn_ops_check_type(infer, 1, index_types));
    if (hn_infer_rank(infer, 0) == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "a scalar cannot be indexed");
    return HONE_OK;
}

hone_status hn_ops_infer_gather(hn_infer *infer) {
    const hn_shape *data = &infer->in[0].shape, *indices = &infer->in[1].shape;
    hn_shape out = hn_shape_unknown();
    int axis;
    HN_TRY(check_data(infer, HN_TYPES_INDEX));
    if (data->rank >= 0) HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", 0), data->rank, &axis));
    if (data->rank >= 0 && indices->rank >= 0) {
        HN_TRY(hn_shape_check_rank(infer, data->rank - 1 + indices->rank));
        out.rank = 0;
        for (int i = 0; i < axis; i++) out.dim[out.rank++] = data->dim[i];
        for (int i = 0; i < indices->rank; i++) out.dim[out.rank++] = indices->dim[i];
        for (int i = axis + 1; i < data->rank; i++) out.dim[out.rank++] = data->dim[i];
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

/* Indices have the rank of data, and along other axes at most its sizes. */
static hone_status check_elements(const hn_infer *infer, const hn_shape *indices) {
    const hn_shape *data = &infer->in[0].shape;
    int axis;
    if (data->rank < 0) return HONE_OK;
    HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", 0), data->rank, &axis));
    if (indices->rank < 0) return HONE_OK;
    if (indices->rank != data->rank)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "indices have rank %d, data %d", indices->rank, data->rank);
    for (int i = 0; i < data->rank; i++)
        if (i != axis && hn_dim_is_const(data->dim[i]) && hn_dim_is_const(indices->dim[i]) &&
            indices->dim[i].value > data->dim[i].value)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "indices %s reach beyond data %s on axis %d",
                    hn_infer_shape_text(infer, indices), hn_infer_shape_text(infer, data), i);
    return HONE_OK;
}

hone_status hn_ops_infer_gather_elements(hn_infer *infer) {
    hn_shape out = infer->in[1].shape;
    HN_TRY(check_data(infer, HN_TYPES_INDEX));
    HN_TRY(check_elements(infer, &out));
    if (out.rank < 0 && infer->in[0].shape.rank >= 0) {
        out.rank = infer->in[0].shape.rank;
        for (int i = 0; i < out.rank; i++) out.dim[i] = HN_UNKNOWN_DIM;
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

/* The slices of data that tuples of indices name, one after the other: the output of GatherND, the updates of
 * ScatterND. Unknown rank when the length of a tuple is not known. */
static hone_status tuple_slices(const hn_infer *infer, int64_t batch_dims, hn_shape *out) {
    const hn_shape *data = &infer->in[0].shape, *indices = &infer->in[1].shape;
    *out = hn_shape_unknown();
    if (indices->rank == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "indices are a scalar; tuples are needed");
    if (batch_dims < 0 || (data->rank >= 0 && batch_dims >= data->rank) ||
        (indices->rank >= 0 && batch_dims >= indices->rank))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "batch_dims %lld is too much for data of rank %d, indices of rank %d",
                (long long)batch_dims, data->rank, indices->rank);
    if (data->rank < 0 || indices->rank < 0 || !hn_dim_is_const(indices->dim[indices->rank - 1])) return HONE_OK;
    const int64_t length = indices->dim[indices->rank - 1].value;
    if (length < 1 || length > data->rank - batch_dims)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "tuples of %lld indices do not point into data of rank %d",
                (long long)length, data->rank);
    const int first = (int)(batch_dims + length);
    HN_TRY(hn_shape_check_rank(infer, indices->rank - 1 + data->rank - first));
    out->rank = 0;
    for (int i = 0; i < indices->rank - 1; i++) {
        out->dim[out->rank] = indices->dim[i];
        if (i < batch_dims) HN_TRY(hn_infer_unify(infer, data->dim[i], indices->dim[i], "batch", &out->dim[out->rank]));
        out->rank++;
    }
    for (int i = first; i < data->rank; i++) out->dim[out->rank++] = data->dim[i];
    return HONE_OK;
}

hone_status hn_ops_infer_gather_nd(hn_infer *infer) {
    hn_shape out;
    HN_TRY(check_data(infer, HN_TYPE(INT64)));
    HN_TRY(tuple_slices(infer, hn_attrs_int(infer->attrs, "batch_dims", 0), &out));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

static hone_status check_reduction(const hn_infer *infer) {
    int reduction;
    HN_TRY(hn_ops_check_same_type(infer, 0, 2));
    HN_TRY(hn_ops_word(infer->attrs, "reduction", hn_index_reductions, &reduction, infer->diag));
    const uint32_t ordered = HN_TYPES_REAL | HN_TYPE(BOOL), complex = HN_TYPE(COMPLEX64) | HN_TYPE(COMPLEX128);
    if (!reduction) return HONE_OK;
    const char *name = hn_index_reductions[reduction];
    const bool arithmetic = strcmp(name, "add") == 0 || strcmp(name, "mul") == 0;
    return hn_ops_check_type(infer, 0, arithmetic ? ordered | complex : ordered);
}

static hone_status check_updates(const hn_infer *infer, const hn_shape *wanted) {
    const hn_shape *updates = &infer->in[2].shape;
    bool differ = updates->rank >= 0 && wanted->rank >= 0 && updates->rank != wanted->rank;
    for (int i = 0; i < updates->rank && i < wanted->rank; i++)
        differ |= hn_dim_is_const(updates->dim[i]) && hn_dim_is_const(wanted->dim[i]) &&
                  updates->dim[i].value != wanted->dim[i].value;
    if (differ)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "updates have shape %s where %s is needed",
                hn_infer_shape_text(infer, updates), hn_infer_shape_text(infer, wanted));
    return HONE_OK;
}

hone_status hn_ops_infer_scatter_elements(hn_infer *infer) {
    HN_TRY(check_data(infer, HN_TYPES_INDEX));
    HN_TRY(check_reduction(infer));
    HN_TRY(check_elements(infer, &infer->in[1].shape));
    HN_TRY(check_updates(infer, &infer->in[1].shape));
    return hn_infer_like(infer, 0);
}

hone_status hn_ops_infer_scatter_nd(hn_infer *infer) {
    hn_shape slices;
    HN_TRY(check_data(infer, HN_TYPE(INT64)));
    HN_TRY(check_reduction(infer));
    HN_TRY(tuple_slices(infer, 0, &slices));
    HN_TRY(check_updates(infer, &slices));
    return hn_infer_like(infer, 0);
}

/* The update has the shape of the cache, but at most its size along the axis. */
static hone_status check_update(const hn_infer *infer, int axis) {
    const hn_shape *past = &infer->in[0].shape, *update = &infer->in[1].shape;
    hn_dim same;
    for (int i = 0; i < past->rank && update->rank >= 0; i++) {
        if (i != axis) HN_TRY(hn_infer_unify(infer, past->dim[i], update->dim[i], "size of cache and update", &same));
        else if (hn_dim_is_const(past->dim[i]) && hn_dim_is_const(update->dim[i]) &&
                 update->dim[i].value > past->dim[i].value)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the update has %lld rows, the cache only %lld",
                    (long long)update->dim[i].value, (long long)past->dim[i].value);
    }
    return HONE_OK;
}

hone_status hn_ops_infer_tensor_scatter(hn_infer *infer) {
    static const char *const modes[] = {"linear", "circular", NULL};
    const int rank = hn_infer_rank(infer, 0);
    int mode, axis;
    HN_TRY(hn_ops_word(infer->attrs, "mode", modes, &mode, infer->diag));
    HN_TRY(hn_ops_check_same_type(infer, 0, 1));
    HN_TRY(hn_ops_check_type(infer, 2, HN_TYPE(INT64)));
    if (rank >= 0) {
        HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", -2), rank, &axis));
        if (axis == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute axis is that of the batch");
        HN_TRY(hn_ops_check_rank(infer, 1, rank));
        HN_TRY(check_update(infer, axis));
        HN_TRY(hn_ops_check_vector(infer, 2, infer->in[0].shape.dim[0]));
    }
    return hn_infer_like(infer, 0);
}
