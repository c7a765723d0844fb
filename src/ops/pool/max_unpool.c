/* MaxUnpool: values go back to the places that MaxPool's indices name, in a plane of the size before pooling. */
#include <string.h>
#include "ops/checks.h"
#include "ops/conv/window.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

/* (size - 1) * stride + kernel - padding */
static hn_dim unpooled_size(hn_expr_pool *pool, const hn_window *w, int i, hn_dim size) {
    hn_dim steps = hn_dim_mul(pool, hn_dim_sub(pool, size, hn_dim_const(1)), hn_dim_const(w->stride[i]));
    return hn_dim_add(pool, steps, hn_dim_const(w->kernel[i] - w->begin[i] - w->end[i]));
}

/* The shape that the indices count in. */
static hone_status unpooled_shape(const hn_infer *infer, hn_shape *out) {
    hn_window w;
    HN_TRY(hn_window_read(infer->attrs, out->rank - 2, &w, infer->diag));
    for (int i = 0; i < w.n; i++) {
        hn_dim *dim = &out->dim[i + 2];
        *dim = unpooled_size(infer->exprs, &w, i, *dim);
        if (hn_dim_is_const(*dim) && dim->value < 0)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "padding leaves %lld elements on spatial axis %d",
                    (long long)dim->value, i);
    }
    return HONE_OK;
}

static hone_status check_indices(const hn_infer *infer) {
    const hn_shape *x = &infer->in[0].shape, *indices = &infer->in[1].shape;
    hn_dim same;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    HN_TRY(hn_ops_check_type(infer, 2, HN_TYPE(INT64)));
    if (x->rank < 0 || indices->rank < 0) return HONE_OK;
    HN_TRY(hn_ops_check_rank(infer, 1, x->rank));
    for (int i = 0; i < x->rank; i++)
        HN_TRY(hn_infer_unify(infer, x->dim[i], indices->dim[i], "size of values and indices", &same));
    return HONE_OK;
}

hone_status hn_ops_infer_max_unpool(hn_infer *infer) {
    hn_shape out = infer->in[0].shape;
    HN_TRY(check_indices(infer));
    if (!hn_attrs_find(infer->attrs, "kernel_shape"))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute kernel_shape is missing");
    if (out.rank >= 0) HN_TRY(unpooled_shape(infer, &out));
    if (hn_infer_has(infer, 2)) {
        const int rank = out.rank;
        HN_TRY(hn_shape_from_input(infer, 2, &out));
        HN_TRY(hn_shape_check_sizes(infer, &out));
        if (rank >= 0 && out.rank >= 0 && rank != out.rank)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "output_shape has %d sizes for an input of rank %d", out.rank,
                    rank);
        for (int i = 0; i < rank && out.rank < 0; i++) out.dim[i] = HN_UNKNOWN_DIM;
        if (out.rank < 0) out.rank = rank;
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

/* Element number `index` of a tensor of shape `dim` as one of `out`; false when it lies outside of either. */
static bool place_of(int64_t index, int64_t count, const int64_t *dim, const hn_tensor *out, int64_t *place) {
    if (index < 0 || index >= count) return false;
    *place = 0;
    for (int d = out->rank - 1; d >= 0; d--) {
        const int64_t at = index % dim[d];
        if (at >= out->dim[d]) return false;
        *place += at * out->stride[d];
        index /= dim[d];
    }
    return true;
}

hone_status hn_ops_ref_max_unpool(hn_call *call) {
    const hn_tensor *x = call->in[0], *indices = call->in[1];
    hn_tensor *out = call->out[0];
    hn_window w;
    int64_t dim[HONE_MAX_RANK];
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    HN_TRY(hn_window_read(call->attrs, x->rank - 2, &w, call->diag));
    for (int i = 0; i < x->rank; i++)
        dim[i] = i < 2 ? x->dim[i] : unpooled_size(NULL, &w, i - 2, hn_dim_const(x->dim[i])).value;
    const int64_t count = hn_panel_count(x->rank, dim), values = hn_tensor_count(x);
    const size_t size = hn_element_size(x->dtype);
    memset(out->data, 0, hn_tensor_bytes(out));
    for (int64_t i = 0; i < values; i++) {
        int64_t place;
        if (!place_of(hn_tensor_int(indices, i), count, dim, out, &place))
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "index %lld lies outside of the output",
                    (long long)hn_tensor_int(indices, i));
        memcpy((char *)out->data + (size_t)place * size, (const char *)x->data + (size_t)i * size, size);
    }
    return HONE_OK;
}
