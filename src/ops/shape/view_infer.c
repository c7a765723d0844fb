/* Shapes of operators whose output is the input's bytes under another shape. */
#include "ops/checks.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

hone_status hn_shape_from_input(const hn_infer *infer, int i, hn_shape *out) {
    int n;
    *out = hn_shape_unknown();
    if (!hn_infer_has(infer, i)) return HONE_OK;
    HN_TRY(hn_infer_elements(infer, i, HONE_MAX_RANK, out->dim, &n));
    if (n >= 0) {
        out->rank = n;
        return HONE_OK;
    }
    const hn_shape *list = &infer->in[i].shape;
    if (list->rank != 1 || !hn_dim_is_const(list->dim[0])) return HONE_OK;
    out->rank = (int32_t)list->dim[0].value;
    for (int k = 0; k < out->rank; k++) out->dim[k] = HN_UNKNOWN_DIM;
    return HONE_OK;
}

hone_status hn_shape_check_sizes(const hn_infer *infer, const hn_shape *shape) {
    for (int i = 0; i < shape->rank; i++)
        if (hn_dim_is_const(shape->dim[i]) && shape->dim[i].value < 0)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "size %lld of axis %d is negative", (long long)shape->dim[i].value,
                    i);
    return HONE_OK;
}

hone_status hn_shape_check_rank(const hn_infer *infer, int rank) {
    if (rank <= HONE_MAX_RANK) return HONE_OK;
    HN_FAIL(infer->diag, HONE_UNSUPPORTED, "the result has rank %d; %d is the most", rank, HONE_MAX_RANK);
}

hn_dim hn_shape_product(hn_expr_pool *exprs, const hn_dim *dim, int n) {
    hn_dim product = hn_dim_const(1);
    for (int i = 0; i < n; i++)
        if (hn_dim_is(dim[i], 0)) return dim[i];
    for (int i = 0; i < n; i++) product = hn_dim_mul(exprs, product, dim[i]);
    return product;
}

hone_status hn_ops_infer_same(hn_infer *infer) { return hn_infer_like(infer, 0); }

/* ---- Reshape ---- */

typedef struct reshape {
    const hn_shape *in;
    hn_shape out;
    int wildcard; /* axis of -1, or -1 */
    int unknown;  /* an axis of unknown size, or -1 */
    int n_unknown;
    bool keeps_zero; /* allowzero */
    bool has_zero;   /* an axis is 0 because the shape says 0 */
} reshape;

static hone_status read_constant(const hn_infer *infer, reshape *r, int axis) {
    const int64_t value = r->out.dim[axis].value;
    if (value < -1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "size %lld of axis %d is negative", (long long)value, axis);
    if (value == -1) {
        if (r->wildcard >= 0)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axes %d and %d of the shape are both -1", r->wildcard, axis);
        r->wildcard = axis;
    } else if (value == 0 && r->keeps_zero) {
        r->has_zero = true;
    } else if (value == 0) {
        if (r->in->rank >= 0 && axis >= r->in->rank)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %d of the shape is 0, but the input has rank %d", axis,
                    r->in->rank);
        r->out.dim[axis] = r->in->rank < 0 ? HN_UNKNOWN_DIM : r->in->dim[axis];
    }
    return HONE_OK;
}

static hone_status read_target(const hn_infer *infer, reshape *r) {
    for (int axis = 0; axis < r->out.rank; axis++) {
        if (hn_dim_is_const(r->out.dim[axis])) HN_TRY(read_constant(infer, r, axis));
        if (!hn_dim_has_unknown(r->out.dim[axis])) continue;
        r->unknown = axis;
        r->n_unknown++;
    }
    if (r->has_zero && r->wildcard >= 0)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "allowzero forbids a shape with both 0 and -1");
    return HONE_OK;
}

/* What is left of the input's and the output's dims (without axis `skip`) when equal ones are crossed out. Crossing out
 * is sound even for sizes that may be 0: a shape with -1 beside a 0 means nothing. */
static void cross_out(const reshape *r, int skip, hn_shape *total, hn_shape *known) {
    *total = *r->in;
    known->rank = 0;
    for (int i = 0; i < r->out.rank; i++) {
        if (i == skip) continue;
        int same = 0;
        while (same < total->rank && !hn_dim_same(total->dim[same], r->out.dim[i])) same++;
        if (same == total->rank) known->dim[known->rank++] = r->out.dim[i];
        else total->dim[same] = total->dim[--total->rank];
    }
}

/* The size of the axis that the others leave open. */
static hone_status resolve(const hn_infer *infer, reshape *r, int axis) {
    hn_shape total, known;
    cross_out(r, axis, &total, &known);
    hn_dim all = hn_shape_product(infer->exprs, total.dim, total.rank);
    hn_dim rest = hn_shape_product(infer->exprs, known.dim, known.rank);
    if (hn_dim_is(rest, 0) || (hn_dim_is_const(all) && hn_dim_is_const(rest) && all.value % rest.value != 0)) {
        if (r->wildcard < 0) return HONE_OK;
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "no size of axis %d turns shape %s into %s", axis,
                hn_infer_shape_text(infer, r->in), hn_infer_shape_text(infer, &r->out));
    }
    r->out.dim[axis] = hn_dim_floor_div(infer->exprs, all, rest);
    return HONE_OK;
}

static hone_status check_count(const hn_infer *infer, const reshape *r) {
    hn_dim before = hn_shape_product(infer->exprs, r->in->dim, r->in->rank);
    hn_dim after = hn_shape_product(infer->exprs, r->out.dim, r->out.rank);
    if (hn_dim_is_const(before) && hn_shape_is_static(&r->out) && !hn_dim_is_const(after))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "shape %s is too large", hn_infer_shape_text(infer, &r->out));
    if (!hn_dim_is_const(before) || !hn_dim_is_const(after) || before.value == after.value) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "shape %s has %lld elements, %s has %lld",
            hn_infer_shape_text(infer, r->in), (long long)before.value, hn_infer_shape_text(infer, &r->out),
            (long long)after.value);
}

hone_status hn_ops_infer_reshape(hn_infer *infer) {
    reshape r = {.in = &infer->in[0].shape, .wildcard = -1, .unknown = -1};
    r.keeps_zero = hn_attrs_int(infer->attrs, "allowzero", 0) != 0;
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    HN_TRY(hn_shape_from_input(infer, 1, &r.out));
    HN_TRY(read_target(infer, &r));
    if (r.wildcard >= 0) r.out.dim[r.wildcard] = HN_UNKNOWN_DIM;
    if (r.in->rank >= 0 && r.out.rank >= 0) {
        if (r.wildcard >= 0 && r.n_unknown == 0) HN_TRY(resolve(infer, &r, r.wildcard));
        else if (r.wildcard < 0 && r.n_unknown == 1) HN_TRY(resolve(infer, &r, r.unknown));
        HN_TRY(check_count(infer, &r));
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &r.out);
    return HONE_OK;
}

/* ---- Flatten, Squeeze, Unsqueeze ---- */

hone_status hn_ops_infer_flatten(hn_infer *infer) {
    const hn_shape *in = &infer->in[0].shape;
    const int64_t axis = hn_attrs_int(infer->attrs, "axis", 1);
    hn_shape out = {.rank = 2, .dim = {HN_UNKNOWN_DIM, HN_UNKNOWN_DIM}};
    if (in->rank >= 0) {
        if (axis < -in->rank || axis > in->rank)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %lld is not in [%d, %d] of a tensor of rank %d",
                    (long long)axis, -in->rank, in->rank, in->rank);
        int split = (int)(axis < 0 ? axis + in->rank : axis);
        out.dim[0] = hn_shape_product(infer->exprs, in->dim, split);
        out.dim[1] = hn_shape_product(infer->exprs, in->dim + split, in->rank - split);
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

/* The axes of a tensor of `rank` that a list names, one bit each in `mask`; *known is false when the list is not known.
 */
static hone_status read_axes(const hn_infer *infer, const hn_shape *list, int rank, bool unique, uint32_t *mask,
                             bool *known) {
    *mask = 0;
    *known = hn_shape_is_static(list);
    if (!*known) return HONE_OK;
    for (int i = 0; i < list->rank; i++) {
        int axis;
        HN_TRY(hn_infer_axis(infer, list->dim[i].value, rank, &axis));
        if (unique && *mask >> axis & 1) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %d is named twice", axis);
        *mask |= 1u << axis;
    }
    return HONE_OK;
}

static bool never_one(const hn_infer *infer, hn_dim d) {
    int64_t low, high;
    if (hn_dim_is_const(d)) return d.value != 1;
    hn_dim_range(infer->exprs, d, &low, &high);
    return low > 1;
}

/* Axes of size 1; false when a size that is not known may be 1. */
static bool find_ones(const hn_infer *infer, const hn_shape *in, uint32_t *mask) {
    *mask = 0;
    for (int i = 0; i < in->rank; i++) {
        if (hn_dim_is(in->dim[i], 1)) *mask |= 1u << i;
        else if (!never_one(infer, in->dim[i])) return false;
    }
    return true;
}

static hone_status drop_axes(const hn_infer *infer, const hn_shape *in, uint32_t mask, hn_shape *out) {
    out->rank = 0;
    for (int i = 0; i < in->rank; i++) {
        if (!(mask >> i & 1)) out->dim[out->rank++] = in->dim[i];
        else if (never_one(infer, in->dim[i]))
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %d of shape %s is not 1", i, hn_infer_shape_text(infer, in));
    }
    return HONE_OK;
}

hone_status hn_ops_infer_squeeze(hn_infer *infer) {
    const hn_shape *in = &infer->in[0].shape;
    hn_shape list, out = hn_shape_unknown();
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    if (in->rank >= 0) {
        uint32_t mask;
        bool known;
        HN_TRY(hn_shape_from_input(infer, 1, &list));
        HN_TRY(read_axes(infer, &list, in->rank, false, &mask, &known));
        /* An empty list means what no list means, as in ONNX Runtime. */
        if (!hn_infer_has(infer, 1) || list.rank == 0) known = find_ones(infer, in, &mask);
        if (known) HN_TRY(drop_axes(infer, in, mask, &out));
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

hone_status hn_ops_infer_unsqueeze(hn_infer *infer) {
    const hn_shape *in = &infer->in[0].shape;
    hn_shape list, out = hn_shape_unknown();
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    HN_TRY(hn_shape_from_input(infer, 1, &list));
    if (in->rank >= 0 && list.rank >= 0) {
        uint32_t mask;
        bool known;
        HN_TRY(hn_shape_check_rank(infer, in->rank + list.rank));
        out.rank = in->rank + list.rank;
        HN_TRY(read_axes(infer, &list, out.rank, true, &mask, &known));
        for (int i = 0, from = 0; i < out.rank; i++)
            out.dim[i] = !known ? HN_UNKNOWN_DIM : mask >> i & 1 ? hn_dim_const(1) : in->dim[from++];
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}
