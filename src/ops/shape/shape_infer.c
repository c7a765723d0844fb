/* Shapes of operators that turn shapes into values (Shape, Size) or values into tensors (ConstantOfShape, Range,
 * EyeLike). */
#include <math.h>
#include "base/dtype.h"
#include "ops/checks.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

#define FILL_TYPES (HN_TYPES_FLOAT | HN_TYPES_SIGNED | HN_TYPES_UNSIGNED | HN_TYPE(BOOL))

static int clamp_axis(int64_t axis, int rank) {
    if (axis < 0) axis += rank;
    return axis < 0 ? 0 : axis > rank ? rank : (int)axis;
}

void hn_shape_window(hn_attrs attrs, int rank, int *first, int *last) {
    *first = clamp_axis(hn_attrs_int(attrs, "start", 0), rank);
    *last = clamp_axis(hn_attrs_int(attrs, "end", rank), rank);
    if (*last < *first) *last = *first;
}

hone_status hn_ops_infer_shape(hn_infer *infer) {
    hn_shape out = {.rank = 1, .dim = {HN_UNKNOWN_DIM}};
    int rank = hn_infer_rank(infer, 0);
    if (rank >= 0) {
        int first, last;
        hn_shape_window(infer->attrs, rank, &first, &last);
        out.dim[0] = hn_dim_const(last - first);
    }
    hn_infer_set(infer, 0, HONE_INT64, &out);
    return HONE_OK;
}

hone_status hn_ops_infer_size(hn_infer *infer) {
    hn_shape out = {.rank = 0};
    hn_infer_set(infer, 0, HONE_INT64, &out);
    return HONE_OK;
}

hone_status hn_ops_infer_constant_of_shape(hn_infer *infer) {
    hn_shape out;
    const hn_attr *value = hn_attrs_find(infer->attrs, "value");
    hone_dtype dtype = HONE_FLOAT32;
    if (value) {
        if (value->kind != HN_ATTR_TENSOR || hn_tensor_count(value->tensor) != 1)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute value is not a tensor of one element");
        dtype = value->tensor->dtype;
        if (hone_dtype_bits(dtype) < 8)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute value is %s; types of whole bytes are allowed",
                    hone_dtype_name(dtype));
    }
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(INT64)));
    HN_TRY(hn_shape_from_input(infer, 0, &out));
    HN_TRY(hn_shape_check_sizes(infer, &out));
    hn_infer_set(infer, 0, dtype, &out);
    return HONE_OK;
}

/* ---- Range ---- */

/* How many steps of an integer range, when the step is known. */
static hn_dim integer_steps(hn_expr_pool *exprs, hn_dim start, hn_dim limit, hn_dim delta) {
    if (!hn_dim_is_const(delta) || delta.value == INT64_MIN) return HN_UNKNOWN_DIM;
    hn_dim way = delta.value > 0 ? hn_dim_sub(exprs, limit, start) : hn_dim_sub(exprs, start, limit);
    hn_dim steps = hn_dim_ceil_div(exprs, way, hn_dim_const(delta.value > 0 ? delta.value : -delta.value));
    return hn_dim_max(exprs, steps, hn_dim_const(0));
}

static hone_status integer_range(const hn_infer *infer, hn_dim *out) {
    hn_dim operand[3];
    for (int i = 0; i < 3; i++) {
        int n;
        HN_TRY(hn_infer_elements(infer, i, 1, &operand[i], &n));
        if (n == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d is empty where one number is needed", i);
        if (n != 1) operand[i] = HN_UNKNOWN_DIM;
    }
    if (hn_dim_is(operand[2], 0)) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the step is 0");
    *out = integer_steps(infer->exprs, operand[0], operand[1], operand[2]);
    return HONE_OK;
}

static hone_status float_range(const hn_infer *infer, hn_dim *out) {
    double operand[3];
    for (int i = 0; i < 3; i++) {
        if (!infer->in[i].data) return HONE_OK;
        if (hn_tensor_count(infer->in[i].data) != 1)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d is not one number", i);
        operand[i] = hn_tensor_real(infer->in[i].data, 0);
    }
    double way = operand[1] - operand[0];
    if (hn_infer_dtype(infer, 0) != HONE_FLOAT64) way = (float)way;
    double steps = ceil(way / operand[2]);
    if (operand[2] == 0 || isnan(steps) || steps >= 0x1p62)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "a range from %g to %g in steps of %g has no end", operand[0],
                operand[1], operand[2]);
    *out = hn_dim_const(steps > 0 ? (int64_t)steps : 0);
    return HONE_OK;
}

hone_status hn_ops_infer_range(hn_infer *infer) {
    hn_shape out = {.rank = 1, .dim = {HN_UNKNOWN_DIM}};
    hone_dtype dtype = hn_infer_dtype(infer, 0);
    for (int i = 0; i < 3; i++) {
        HN_TRY(hn_ops_check_type(infer, i, HN_TYPES_FLOAT | HN_TYPE(INT16) | HN_TYPE(INT32) | HN_TYPE(INT64)));
        HN_TRY(hn_ops_check_same_type(infer, 0, i));
    }
    if (hn_dtype_is_int(dtype)) HN_TRY(integer_range(infer, &out.dim[0]));
    else if (dtype != HONE_NO_DTYPE) HN_TRY(float_range(infer, &out.dim[0]));
    hn_infer_set(infer, 0, dtype, &out);
    return HONE_OK;
}

/* ---- EyeLike ---- */

hone_status hn_ops_infer_eye_like(hn_infer *infer) {
    hn_shape out = {.rank = 2, .dim = {HN_UNKNOWN_DIM, HN_UNKNOWN_DIM}};
    const int64_t asked = hn_attrs_int(infer->attrs, "dtype", HONE_NO_DTYPE);
    HN_TRY(hn_ops_check_type(infer, 0, FILL_TYPES));
    HN_TRY(hn_ops_check_rank(infer, 0, 2));
    if (asked < 0 || asked > 31 || (asked && !(FILL_TYPES >> asked & 1)))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute dtype %lld is no integer, float or bool type",
                (long long)asked);
    if (hn_infer_rank(infer, 0) == 2) out = infer->in[0].shape;
    hn_infer_set(infer, 0, asked ? (hone_dtype)asked : hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}
