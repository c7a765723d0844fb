/* Shapes of operators that choose elements by their value. */
#include "ops/index/index.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

/* ---- OneHot ---- */

/* The depth may be a float; what lies behind the point does not count. */
static hone_status read_depth(const hn_infer *infer, hn_dim *depth) {
    const hn_info *info = &infer->in[1];
    int n;
    HN_TRY(hn_infer_elements(infer, 1, 1, depth, &n));
    if (n == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "depth has no element");
    if (n == 1) return HONE_OK;
    *depth = HN_UNKNOWN_DIM;
    if (!info->data) return HONE_OK;
    if (hn_tensor_count(info->data) != 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "depth has %lld elements", (long long)hn_tensor_count(info->data));
    const double value = hn_tensor_real(info->data, 0);
    if (!(value >= -1 && value < 0x1p62)) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "depth %g is no size", value);
    *depth = hn_dim_const((int64_t)value);
    return HONE_OK;
}

hone_status hn_ops_infer_one_hot(hn_infer *infer) {
    const hn_shape *indices = &infer->in[0].shape;
    hn_shape out = hn_shape_unknown();
    hn_dim depth;
    int axis;
    for (int i = 0; i < 2; i++) HN_TRY(hn_ops_check_type(infer, i, HN_TYPES_REAL & ~HN_TYPE(BFLOAT16)));
    HN_TRY(hn_ops_check_type(infer, 2, HN_TYPES_WHOLE_BYTES));
    HN_TRY(hn_ops_check_vector(infer, 2, hn_dim_const(2)));
    HN_TRY(read_depth(infer, &depth));
    if (hn_dim_is_const(depth) && depth.value < 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "depth %lld is no size", (long long)depth.value);
    if (indices->rank >= 0) {
        HN_TRY(hn_shape_check_rank(infer, indices->rank + 1));
        HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", -1), indices->rank + 1, &axis));
        out.rank = indices->rank + 1;
        for (int i = 0; i < out.rank; i++) out.dim[i] = i == axis ? depth : indices->dim[i < axis ? i : i - 1];
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 2), &out);
    return HONE_OK;
}

/* ---- Compress, NonZero ---- */

/* Elements that a known condition keeps of a row. */
static hn_dim count_kept(const hn_infer *infer, hn_dim row) {
    const hn_tensor *condition = infer->in[1].data;
    if (!condition || !hn_dim_is_const(row)) return HN_UNKNOWN_DIM;
    return hn_dim_const(hn_index_count_set(condition, row.value));
}

hone_status hn_ops_infer_compress(hn_infer *infer) {
    hn_shape out = infer->in[0].shape;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_WHOLE_BYTES));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(BOOL)));
    HN_TRY(hn_ops_check_rank(infer, 1, 1));
    if (hn_infer_rank(infer, 0) == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "a scalar cannot be compressed");
    if (!hn_attrs_find(infer->attrs, "axis")) {
        hn_dim whole = out.rank < 0 ? HN_UNKNOWN_DIM : hn_shape_product(infer->exprs, out.dim, out.rank);
        out = (hn_shape){.rank = 1, .dim = {count_kept(infer, whole)}};
    } else if (out.rank >= 0) {
        int axis;
        HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", 0), out.rank, &axis));
        out.dim[axis] = count_kept(infer, out.dim[axis]);
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

hone_status hn_ops_infer_non_zero(hn_infer *infer) {
    const hn_info *in = &infer->in[0];
    hn_shape out = {.rank = 2, .dim = {HN_UNKNOWN_DIM, HN_UNKNOWN_DIM}};
    const uint32_t others = HN_TYPE(BOOL) | HN_TYPE(STRING) | HN_TYPE(COMPLEX64) | HN_TYPE(COMPLEX128);
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_REAL | others));
    if (in->shape.rank >= 0) out.dim[0] = hn_dim_const(in->shape.rank ? in->shape.rank : 1);
    if (in->data) out.dim[1] = hn_dim_const(hn_index_count_set(in->data, hn_tensor_count(in->data)));
    hn_infer_set(infer, 0, HONE_INT64, &out);
    return HONE_OK;
}

/* ---- TopK, ArgMax, ArgMin ---- */

hone_status hn_ops_infer_top_k(hn_infer *infer) {
    hn_shape out = infer->in[0].shape;
    hn_dim k;
    int n, axis;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_REAL));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    HN_TRY(hn_infer_elements(infer, 1, 1, &k, &n));
    if (n == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "K has no element");
    if (n < 0) k = HN_UNKNOWN_DIM;
    if (out.rank >= 0) {
        HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", -1), out.rank, &axis));
        const hn_dim size = out.dim[axis];
        if (hn_dim_is_const(k) && (k.value < 0 || (hn_dim_is_const(size) && k.value > size.value)))
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "K is %lld; axis %d of the input %s cannot give that",
                    (long long)k.value, axis, hn_infer_shape_text(infer, &out));
        out.dim[axis] = k;
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    hn_infer_set(infer, 1, HONE_INT64, &out);
    return HONE_OK;
}

hone_status hn_ops_infer_arg(hn_infer *infer) {
    hn_shape out = infer->in[0].shape;
    int axis;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_REAL));
    if (out.rank >= 0) {
        HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", 0), out.rank ? out.rank : 1, &axis));
        if (out.rank == 0) axis = -1;
        else if (hn_dim_is(out.dim[axis], 0) && !hn_dim_is(hn_shape_product(infer->exprs, out.dim, axis), 0))
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %d is empty", axis);
        if (axis >= 0 && hn_attrs_int(infer->attrs, "keepdims", 1)) out.dim[axis] = hn_dim_const(1);
        else if (axis >= 0) {
            for (int i = axis; i < out.rank - 1; i++) out.dim[i] = out.dim[i + 1];
            out.rank--;
        }
    }
    hn_infer_set(infer, 0, HONE_INT64, &out);
    return HONE_OK;
}

/* ---- NonMaxSuppression ---- */

/* Threshold inputs hold one number. */
static hone_status check_single(const hn_infer *infer, int i) {
    if (!hn_infer_has(infer, i)) return HONE_OK;
    const hn_shape *shape = &infer->in[i].shape;
    if (shape->rank <= 0 || !hn_shape_is_static(shape)) return HONE_OK;
    if (hn_dim_is(hn_shape_product(NULL, shape->dim, shape->rank), 1)) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d has shape %s; one number is needed", i,
            hn_infer_shape_text(infer, shape));
}

hone_status hn_ops_infer_non_max_suppression(hn_infer *infer) {
    const hn_shape *boxes = &infer->in[0].shape, *scores = &infer->in[1].shape;
    hn_shape out = {.rank = 2, .dim = {HN_UNKNOWN_DIM, hn_dim_const(3)}};
    hn_dim ignored;
    const int64_t center = hn_attrs_int(infer->attrs, "center_point_box", 0);
    for (int i = 0; i < 5; i++) HN_TRY(hn_ops_check_type(infer, i, i == 2 ? HN_TYPE(INT64) : HN_TYPE(FLOAT32)));
    for (int i = 0; i < 2; i++) HN_TRY(hn_ops_check_rank(infer, i, 3));
    for (int i = 2; i < 5; i++) HN_TRY(check_single(infer, i));
    if (center != 0 && center != 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute center_point_box is %lld, not 0 or 1", (long long)center);
    if (boxes->rank == 3) HN_TRY(hn_infer_unify(infer, boxes->dim[2], hn_dim_const(4), "last axis of boxes", &ignored));
    if (boxes->rank == 3 && scores->rank == 3) {
        HN_TRY(hn_infer_unify(infer, boxes->dim[0], scores->dim[0], "batch", &ignored));
        HN_TRY(hn_infer_unify(infer, boxes->dim[1], scores->dim[2], "number of boxes", &ignored));
    }
    hn_infer_set(infer, 0, HONE_INT64, &out);
    return HONE_OK;
}

/* ---- Unique ---- */

hone_status hn_ops_infer_unique(hn_infer *infer) {
    const hn_shape *x = &infer->in[0].shape;
    hn_shape out = {.rank = 1, .dim = {HN_UNKNOWN_DIM}}, list = out, inverse = out;
    int axis;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_WHOLE_BYTES));
    if (x->rank >= 0 && !hn_attrs_find(infer->attrs, "axis"))
        inverse.dim[0] = hn_shape_product(infer->exprs, x->dim, x->rank);
    if (hn_attrs_find(infer->attrs, "axis")) {
        out = *x;
        if (x->rank >= 0) {
            HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", 0), x->rank, &axis));
            inverse.dim[0] = x->dim[axis];
            out.dim[axis] = HN_UNKNOWN_DIM;
        }
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    for (int i = 1; i < 4; i++) hn_infer_set(infer, i, HONE_INT64, i == 2 ? &inverse : &list);
    return HONE_OK;
}
