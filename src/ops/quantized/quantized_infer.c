/* Shapes of quantized products: those of the plain operators, and what scales and zero points may be. */
#include "ops/checks.h"
#include "ops/registry.h"

#define BYTE_TYPES  (HN_TYPE(INT8) | HN_TYPE(UINT8))
#define SCALE_TYPES (HN_TYPE(FLOAT32) | HN_TYPE(FLOAT16) | HN_TYPE(BFLOAT16))

/* `axis` -1: the parameter of tensor `of` is one number. Otherwise it may also be a vector along that axis, or (`nd`)
 * a tensor that broadcasts. */
static hone_status check_parameter(const hn_infer *infer, int i, int of, int axis, bool nd) {
    if (!hn_infer_has(infer, i)) return HONE_OK;
    const hn_shape *s = &infer->in[i].shape, *x = &infer->in[of].shape;
    if (s->rank <= 0 || (s->rank == 1 && hn_dim_is(s->dim[0], 1))) return HONE_OK;
    if (s->rank == 1 && axis >= 0 && x->rank > axis) {
        hn_dim same;
        return hn_infer_unify(infer, s->dim[0], x->dim[axis], "length of a scale or zero point", &same);
    }
    if (s->rank > 1 && nd) return hn_ops_check_fits(infer, i, x);
    if (s->rank == 1 && (x->rank < 0 || !hn_dim_is_const(s->dim[0]))) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d of shape %s is no scale or zero point for input %d of shape %s",
            i, hn_infer_shape_text(infer, s), of, hn_infer_shape_text(infer, x));
}

/* The axis behind which k others lie, -1 when the rank does not reach so far or is not known. */
static int axis_from_end(const hn_infer *infer, int i, int k) {
    const int rank = hn_infer_rank(infer, i);
    return rank > 1 ? rank - 1 - k : -1;
}

hone_status hn_ops_infer_matmul_integer(hn_infer *infer) {
    hn_shape out;
    for (int i = 0; i < 2; i++) {
        HN_TRY(hn_ops_check_type(infer, i, BYTE_TYPES));
        HN_TRY(hn_ops_check_same_type(infer, i, i + 2));
        HN_TRY(check_parameter(infer, i + 2, i, axis_from_end(infer, i, 1 - i), true));
    }
    HN_TRY(hn_ops_infer_through(infer, hn_ops_infer_matmul, HONE_FLOAT64, (const int[]){0, 1}, 2, &out));
    hn_infer_set(infer, 0, HONE_INT32, &out);
    return HONE_OK;
}

/* The parameters of operand `x`, which follow it as scale and zero point. */
static hone_status check_operand(const hn_infer *infer, int x, uint32_t types, uint32_t scales, int axis, bool nd) {
    HN_TRY(hn_ops_check_type(infer, x, types));
    HN_TRY(hn_ops_check_type(infer, x + 1, scales));
    HN_TRY(hn_ops_check_same_type(infer, x, x + 2));
    HN_TRY(check_parameter(infer, x + 1, x, axis, nd));
    return check_parameter(infer, x + 2, x, axis, nd);
}

static hone_status check_result(const hn_infer *infer, uint32_t types, uint32_t scales) {
    HN_TRY(hn_ops_check_type(infer, 6, scales));
    HN_TRY(hn_ops_check_type(infer, 7, types));
    HN_TRY(check_parameter(infer, 6, 0, -1, false));
    return check_parameter(infer, 7, 0, -1, false);
}

hone_status hn_ops_infer_qlinear_matmul(hn_infer *infer) {
    const uint32_t types = BYTE_TYPES | HN_TYPES_FLOAT8;
    hn_shape out;
    for (int i = 0; i < 2; i++)
        HN_TRY(check_operand(infer, 3 * i, types, SCALE_TYPES, axis_from_end(infer, 3 * i, 1 - i), true));
    HN_TRY(check_result(infer, types, SCALE_TYPES));
    HN_TRY(hn_ops_infer_through(infer, hn_ops_infer_matmul, HONE_FLOAT64, (const int[]){0, 3}, 2, &out));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 7), &out);
    return HONE_OK;
}

/* Filters: as many dimensions as the image, `bias` for each. */
static hone_status check_filters(const hn_infer *infer, int weight, int bias) {
    const int rank = hn_infer_rank(infer, 0);
    if (rank >= 0) HN_TRY(hn_ops_check_rank(infer, weight, rank));
    const hn_shape *w = &infer->in[weight].shape;
    return w->rank > 0 ? hn_ops_check_vector(infer, bias, w->dim[0]) : HONE_OK;
}

hone_status hn_ops_infer_conv_integer(hn_infer *infer) {
    hn_shape out;
    for (int i = 0; i < 2; i++) {
        HN_TRY(hn_ops_check_type(infer, i, BYTE_TYPES));
        HN_TRY(hn_ops_check_same_type(infer, i, i + 2));
        HN_TRY(check_parameter(infer, i + 2, i, i - 1, false));
    }
    HN_TRY(check_filters(infer, 1, -1));
    HN_TRY(hn_ops_infer_through(infer, hn_ops_infer_conv, HONE_FLOAT64, (const int[]){0, 1}, 2, &out));
    hn_infer_set(infer, 0, HONE_INT32, &out);
    return HONE_OK;
}

hone_status hn_ops_infer_qlinear_conv(hn_infer *infer) {
    hn_shape out;
    for (int i = 0; i < 2; i++) HN_TRY(check_operand(infer, 3 * i, BYTE_TYPES, HN_TYPE(FLOAT32), i - 1, false));
    HN_TRY(check_result(infer, BYTE_TYPES, HN_TYPE(FLOAT32)));
    HN_TRY(hn_ops_check_type(infer, 8, HN_TYPE(INT32)));
    HN_TRY(check_filters(infer, 3, 8));
    HN_TRY(hn_ops_infer_through(infer, hn_ops_infer_conv, HONE_FLOAT64, (const int[]){0, 3, 8}, 3, &out));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 7), &out);
    return HONE_OK;
}
