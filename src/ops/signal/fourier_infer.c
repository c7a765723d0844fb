/* Shapes of DFT and STFT. */
#include "ops/checks.h"
#include "ops/registry.h"

static const uint32_t index_types = HN_TYPE(INT32) | HN_TYPE(INT64);

/* The one number that input i holds; unknown when it is absent or nothing is known of it. */
static hone_status read_scalar(const hn_infer *infer, int i, hn_dim *out) {
    int n;
    hn_dim element[1];
    *out = HN_UNKNOWN_DIM;
    HN_TRY(hn_ops_check_type(infer, i, index_types));
    HN_TRY(hn_infer_elements(infer, i, 1, element, &n));
    if (n == 1) *out = element[0];
    if (n == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d is empty where one number is needed", i);
    return HONE_OK;
}

static hone_status check_positive(const hn_infer *infer, hn_dim d, const char *what) {
    if (!hn_dim_is_const(d) || d.value > 0) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%s is %lld; it must be positive", what, (long long)d.value);
}

/* The last dim of the signal: 1 (real) or 2 (complex), only `allowed` when that is not 0. */
static hone_status check_parts(const hn_infer *infer, hn_dim parts, int64_t allowed) {
    if (!hn_dim_is_const(parts)) return HONE_OK;
    if (parts.value != 1 && parts.value != 2)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the last dim is %lld; allowed: 1 (real), 2 (complex)",
                (long long)parts.value);
    if (!allowed || parts.value == allowed) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "onesided needs a %s input", allowed == 1 ? "real" : "complex");
}

/* How many of `length` frequencies are there when the others follow from them. */
static hn_dim half_of(const hn_infer *infer, hn_dim length) {
    return hn_dim_add(infer->exprs, hn_dim_floor_div(infer->exprs, length, hn_dim_const(2)), hn_dim_const(1));
}

/* ---- DFT ---- */

/* *axis -1: not known. */
static hone_status read_axis(const hn_infer *infer, int rank, int *axis) {
    hn_dim given = hn_dim_const(-2);
    *axis = -1;
    if (hn_infer_has(infer, 2)) HN_TRY(read_scalar(infer, 2, &given));
    if (rank < 0 || !hn_dim_is_const(given)) return HONE_OK;
    HN_TRY(hn_infer_axis(infer, given.value, rank, axis));
    if (*axis < rank - 1) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %lld is that of real and imaginary parts", (long long)given.value);
}

static hone_status transformed_length(const hn_infer *infer, hn_dim have, bool inverse, bool onesided, hn_dim *out) {
    hn_dim length = have;
    if (hn_infer_has(infer, 1)) HN_TRY(read_scalar(infer, 1, &length));
    else if (inverse && onesided)
        length = hn_dim_mul(infer->exprs, hn_dim_sub(infer->exprs, have, hn_dim_const(1)), hn_dim_const(2));
    HN_TRY(check_positive(infer, length, "the length of the transform"));
    *out = onesided && !inverse ? half_of(infer, length) : length;
    return HONE_OK;
}

hone_status hn_ops_infer_dft(hn_infer *infer) {
    const bool inverse = hn_attrs_int(infer->attrs, "inverse", 0) != 0;
    const bool onesided = hn_attrs_int(infer->attrs, "onesided", 0) != 0;
    const int rank = hn_infer_rank(infer, 0);
    int axis;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), NULL);
    if (rank < 0) return HONE_OK;
    if (rank < 2) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input of rank %d; at least 2 is needed", rank);
    HN_TRY(read_axis(infer, rank, &axis));
    hn_shape out = infer->in[0].shape;
    HN_TRY(check_parts(infer, out.dim[rank - 1], onesided ? (inverse ? 2 : 1) : 0));
    if (axis >= 0) HN_TRY(transformed_length(infer, out.dim[axis], inverse, onesided, &out.dim[axis]));
    for (int i = 0; axis < 0 && i < rank - 1; i++) out.dim[i] = HN_UNKNOWN_DIM;
    out.dim[rank - 1] = hn_dim_const(inverse && onesided ? 1 : 2);
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

/* ---- STFT ---- */

static hone_status frame_length(const hn_infer *infer, hn_dim signal, hn_dim *out) {
    const bool windowed = hn_infer_has(infer, 2), listed = hn_infer_has(infer, 3);
    hn_dim window = windowed && hn_infer_rank(infer, 2) == 1 ? infer->in[2].shape.dim[0] : HN_UNKNOWN_DIM;
    hn_dim given = HN_UNKNOWN_DIM;
    if (listed) HN_TRY(read_scalar(infer, 3, &given));
    *out = signal;
    if (windowed || listed) HN_TRY(hn_infer_unify(infer, given, window, "frame_length and the window", out));
    return check_positive(infer, *out, "the length of a frame");
}

hone_status hn_ops_infer_stft(hn_infer *infer) {
    hn_expr_pool *exprs = infer->exprs;
    const bool onesided = hn_attrs_int(infer->attrs, "onesided", 1) != 0;
    hn_shape out = {.rank = 4, .dim = {HN_UNKNOWN_DIM, HN_UNKNOWN_DIM, HN_UNKNOWN_DIM, hn_dim_const(2)}};
    hn_dim step, length, signal = HN_UNKNOWN_DIM;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    HN_TRY(hn_ops_check_same_type(infer, 0, 2));
    HN_TRY(hn_ops_check_rank(infer, 0, 3));
    HN_TRY(hn_ops_check_rank(infer, 2, 1));
    if (hn_infer_rank(infer, 0) == 3) {
        out.dim[0] = infer->in[0].shape.dim[0];
        signal = infer->in[0].shape.dim[1];
        HN_TRY(check_parts(infer, infer->in[0].shape.dim[2], onesided ? 1 : 0));
    }
    HN_TRY(read_scalar(infer, 1, &step));
    HN_TRY(check_positive(infer, step, "frame_step"));
    HN_TRY(frame_length(infer, signal, &length));
    if (hn_dim_is_const(step)) {
        const hn_dim more = hn_dim_floor_div(exprs, hn_dim_sub(exprs, signal, length), step);
        out.dim[1] = hn_dim_max(exprs, hn_dim_add(exprs, more, hn_dim_const(1)), hn_dim_const(0));
    }
    out.dim[2] = onesided ? half_of(infer, length) : length;
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}
