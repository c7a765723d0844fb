/* Shapes of pooling. */
#include "ops/checks.h"
#include "ops/conv/window.h"
#include "ops/registry.h"

/* Rank of the input, or what kernel_shape says of it; -1 when neither is known. */
static int pooled_rank(const hn_infer *infer) {
    int n, rank = hn_infer_rank(infer, 0);
    if (rank >= 0) return rank;
    return hn_attrs_ints(infer->attrs, "kernel_shape", &n) ? n + 2 : -1;
}

static hone_status pooled_shape(const hn_infer *infer, hn_shape *out) {
    const hn_shape *x = &infer->in[0].shape;
    bool known = hn_infer_rank(infer, 0) >= 0;
    *out = hn_shape_unknown();
    if (!hn_attrs_find(infer->attrs, "kernel_shape"))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute kernel_shape is missing");
    int rank = pooled_rank(infer);
    if (rank < 0) return HONE_OK;
    hn_window w;
    HN_TRY(hn_window_read(infer->attrs, rank - 2, &w, infer->diag));
    out->rank = rank;
    for (int i = 0; i < 2; i++) out->dim[i] = known ? x->dim[i] : HN_UNKNOWN_DIM;
    for (int i = 0; i < w.n; i++) {
        hn_dim size = known ? x->dim[i + 2] : HN_UNKNOWN_DIM;
        HN_TRY(hn_window_out(infer, &w, i, size, hn_dim_const(w.kernel[i]), &out->dim[i + 2]));
    }
    return HONE_OK;
}

/* Types, and the order of the norm where there is one. */
static hone_status check_real_pool(const hn_infer *infer) {
    if (hn_attrs_int(infer->attrs, "p", 2) < 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute p is %lld; it must be positive",
                (long long)hn_attrs_int(infer->attrs, "p", 2));
    return hn_ops_check_type(infer, 0, HN_TYPES_FLOAT);
}

hone_status hn_ops_infer_pool(hn_infer *infer) {
    hn_shape out;
    HN_TRY(check_real_pool(infer));
    HN_TRY(pooled_shape(infer, &out));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

hone_status hn_ops_infer_max_pool(hn_infer *infer) {
    hn_shape out;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT | HN_TYPE(INT8) | HN_TYPE(UINT8)));
    HN_TRY(pooled_shape(infer, &out));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    hn_infer_set(infer, 1, HONE_INT64, &out);
    return HONE_OK;
}

hone_status hn_ops_infer_global_pool(hn_infer *infer) {
    HN_TRY(check_real_pool(infer));
    hn_infer_like(infer, 0);
    int rank = hn_infer_rank(infer, 0);
    if (rank >= 0 && rank < 2)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input of rank %d; allowed: 2 to %d", rank, HONE_MAX_RANK);
    for (int i = 2; i < rank; i++) infer->out[0].shape.dim[i] = hn_dim_const(1);
    return HONE_OK;
}
