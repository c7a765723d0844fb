/* Shapes of normalization: the output is like the input; parameters must fit. */
#include "ops/checks.h"
#include "ops/registry.h"

static hone_status check_least_rank(const hn_infer *infer, int least) {
    int rank = hn_infer_rank(infer, 0);
    if (rank < 0 || rank >= least) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input of rank %d; allowed: %d to %d", rank, least, HONE_MAX_RANK);
}

/* Inputs [1, n) are vectors with one element a channel, floats of any width, all of input 0's type when `same`. */
static hone_status check_channel_vectors(const hn_infer *infer, int n, bool same, hn_dim channels) {
    for (int i = 0; i < n; i++) {
        HN_TRY(hn_ops_check_type(infer, i, HN_TYPES_FLOAT));
        if (same) HN_TRY(hn_ops_check_same_type(infer, 0, i));
        if (i > 0) HN_TRY(hn_ops_check_vector(infer, i, channels));
    }
    return HONE_OK;
}

/* Dim 1 of the input; 1 for a vector. */
static hn_dim channels_of(const hn_infer *infer) {
    int rank = hn_infer_rank(infer, 0);
    return rank < 0 ? HN_UNKNOWN_DIM : rank < 2 ? hn_dim_const(1) : infer->in[0].shape.dim[1];
}

hone_status hn_ops_infer_batch_normalization(hn_infer *infer) {
    hn_shape vector = {.rank = 1, .dim = {channels_of(infer)}};
    HN_TRY(check_least_rank(infer, 1));
    HN_TRY(check_channel_vectors(infer, 5, false, vector.dim[0]));
    HN_TRY(hn_ops_check_same_type(infer, 1, 2));
    HN_TRY(hn_ops_check_same_type(infer, 3, 4));
    for (int i = 1; i < 3; i++) hn_infer_set(infer, i, hn_infer_dtype(infer, i + 2), &vector);
    return hn_infer_like(infer, 0);
}

hone_status hn_ops_infer_instance_normalization(hn_infer *infer) {
    HN_TRY(check_least_rank(infer, 2));
    HN_TRY(check_channel_vectors(infer, 3, true, channels_of(infer)));
    return hn_infer_like(infer, 0);
}

hone_status hn_ops_infer_group_normalization(hn_infer *infer) {
    int64_t groups = hn_attrs_int(infer->attrs, "num_groups", 0);
    hn_dim channels = channels_of(infer);
    HN_TRY(check_least_rank(infer, 2));
    HN_TRY(check_channel_vectors(infer, 3, true, channels));
    if (groups < 1 || (hn_dim_is_const(channels) && channels.value % groups))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute num_groups is %lld; it must divide the number of channels",
                (long long)groups);
    return hn_infer_like(infer, 0);
}

/* Checks axis and stash_type; *axis is meaningful when the rank is known. */
static hone_status check_trailing(const hn_infer *infer, int *axis) {
    int64_t stash = hn_attrs_int(infer->attrs, "stash_type", HONE_FLOAT32);
    if (stash != HONE_FLOAT32 && stash != HONE_FLOAT16 && stash != HONE_BFLOAT16 && stash != HONE_FLOAT64)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute stash_type is %lld; it must name a float type",
                (long long)stash);
    int rank = hn_infer_rank(infer, 0);
    *axis = 0;
    return rank < 0 ? HONE_OK : hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", -1), rank, axis);
}

hone_status hn_ops_infer_layer_normalization(hn_infer *infer) {
    int axis;
    HN_TRY(check_trailing(infer, &axis));
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    for (int i = 1; i < 3; i++) {
        HN_TRY(hn_ops_check_same_type(infer, 0, i));
        if (hn_infer_has(infer, 0)) HN_TRY(hn_ops_check_fits(infer, i, &infer->in[0].shape));
    }
    hn_shape statistics = hn_infer_has(infer, 0) ? infer->in[0].shape : hn_shape_unknown();
    for (int i = axis; i < statistics.rank; i++) statistics.dim[i] = hn_dim_const(1);
    hone_dtype stash = (hone_dtype)hn_attrs_int(infer->attrs, "stash_type", HONE_FLOAT32);
    for (int i = 1; i < 3; i++) hn_infer_set(infer, i, stash, &statistics);
    return hn_infer_like(infer, 0);
}

hone_status hn_ops_infer_rms_normalization(hn_infer *infer) {
    int axis;
    HN_TRY(check_trailing(infer, &axis));
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPES_FLOAT));
    const hn_shape *x = hn_infer_has(infer, 0) ? &infer->in[0].shape : NULL;
    if (x) HN_TRY(hn_ops_check_fits(infer, 1, x));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 1), x);
    return HONE_OK;
}

hone_status hn_ops_infer_lrn(hn_infer *infer) {
    int64_t size = hn_attrs_int(infer->attrs, "size", 0);
    HN_TRY(check_least_rank(infer, 2));
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    if (size < 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute size is %lld; it must be positive", (long long)size);
    return hn_infer_like(infer, 0);
}

hone_status hn_ops_infer_lp_normalization(hn_infer *infer) {
    int at, rank = hn_infer_rank(infer, 0);
    int64_t p = hn_attrs_int(infer->attrs, "p", 2);
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    if (p != 1 && p != 2) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute p is %lld; allowed: 1, 2", (long long)p);
    if (rank >= 0) HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", -1), rank, &at));
    return hn_infer_like(infer, 0);
}
