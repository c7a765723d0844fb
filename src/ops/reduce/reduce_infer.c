/* Shapes of reductions, cumulative sums and the softmax kind; reductions of shape arithmetic. */
#include "ops/checks.h"
#include "ops/reduce/reduce.h"
#include "ops/registry.h"

#define SUM_TYPES   (HN_TYPES_FLOAT | HN_TYPE(INT32) | HN_TYPE(INT64) | HN_TYPE(UINT32) | HN_TYPE(UINT64))
#define ORDER_TYPES (SUM_TYPES | HN_TYPE(INT8) | HN_TYPE(UINT8) | HN_TYPE(BOOL))

hone_status hn_reduce_mask(hn_attrs attrs, const int64_t *axes, int n, int rank, unsigned *mask, hone_status code,
                           hn_diag *diag) {
    *mask = 0;
    if (n == 0 && !hn_attrs_int(attrs, "noop_with_empty_axes", 0)) *mask = (1u << rank) - 1;
    for (int i = 0; i < n; i++) {
        if (axes[i] < -rank || axes[i] >= rank)
            HN_FAIL(diag, code, "axis %lld is not in [%d, %d) of a tensor of rank %d", (long long)axes[i], -rank, rank,
                    rank);
        *mask |= 1u << (axes[i] < 0 ? axes[i] + rank : axes[i]);
    }
    return HONE_OK;
}

hone_status hn_reduce_infer_mask(const hn_infer *infer, unsigned *mask, bool *known) {
    hn_dim element[HONE_MAX_RANK];
    int64_t axes[HONE_MAX_RANK];
    int n = 0, rank = hn_infer_rank(infer, 0);
    if (hn_infer_has(infer, 1)) HN_TRY(hn_infer_elements(infer, 1, HONE_MAX_RANK, element, &n));
    *known = rank >= 0 && n >= 0;
    for (int i = 0; i < n && *known; i++) {
        *known = hn_dim_is_const(element[i]);
        axes[i] = element[i].value;
    }
    if (!*known) return HONE_OK;
    return hn_reduce_mask(infer->attrs, axes, n, rank, mask, HONE_INVALID_MODEL, infer->diag);
}

/* What can be said without the axes: the rank, if it is kept or their number is known. */
static hn_shape shape_without_axes(const hn_infer *infer, bool keep) {
    hn_shape out = hn_shape_unknown();
    int rank = hn_infer_rank(infer, 0);
    if (rank < 0) return out;
    const hn_shape *axes = &infer->in[1].shape;
    if (keep) out.rank = rank;
    else if (axes->rank == 1 && hn_dim_is_const(axes->dim[0]) && axes->dim[0].value > 0 && axes->dim[0].value <= rank)
        out.rank = rank - (int)axes->dim[0].value;
    for (int i = 0; i < out.rank; i++) out.dim[i] = HN_UNKNOWN_DIM;
    return out;
}

static hone_status infer_reduce(hn_infer *infer, uint32_t types) {
    unsigned mask;
    bool known, keep = hn_attrs_int(infer->attrs, "keepdims", 1) != 0;
    HN_TRY(hn_ops_check_type(infer, 0, types));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    HN_TRY(hn_reduce_infer_mask(infer, &mask, &known));
    hn_shape out = {.rank = 0};
    if (!known) out = shape_without_axes(infer, keep);
    for (int i = 0; known && i < infer->in[0].shape.rank; i++) {
        if (!(mask >> i & 1)) out.dim[out.rank++] = infer->in[0].shape.dim[i];
        else if (keep) out.dim[out.rank++] = hn_dim_const(1);
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

hone_status hn_ops_infer_reduce(hn_infer *infer) { return infer_reduce(infer, SUM_TYPES); }

hone_status hn_ops_infer_reduce_order(hn_infer *infer) { return infer_reduce(infer, ORDER_TYPES); }

hone_status hn_ops_infer_cumulative(hn_infer *infer) {
    hn_dim axis;
    int n, at;
    HN_TRY(hn_ops_check_type(infer, 0, SUM_TYPES));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT32) | HN_TYPE(INT64)));
    HN_TRY(hn_infer_elements(infer, 1, 1, &axis, &n));
    if (n == 1 && hn_dim_is_const(axis) && hn_infer_rank(infer, 0) >= 0)
        HN_TRY(hn_infer_axis(infer, axis.value, hn_infer_rank(infer, 0), &at));
    return hn_infer_like(infer, 0);
}

hone_status hn_ops_infer_softmax(hn_infer *infer) {
    int at, rank = hn_infer_rank(infer, 0);
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    if (rank >= 0) HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", -1), rank, &at));
    return hn_infer_like(infer, 0);
}

static hn_dim combine(hn_expr_pool *pool, hn_op_id op, hn_dim a, hn_dim b) {
    switch (op) {
    case HN_OP_reduce_sum:
        return hn_dim_add(pool, a, b);
    case HN_OP_reduce_prod:
        return hn_dim_mul(pool, a, b);
    case HN_OP_reduce_min:
        return hn_dim_min(pool, a, b);
    case HN_OP_reduce_max:
        return hn_dim_max(pool, a, b);
    default:
        return HN_UNKNOWN_DIM;
    }
}

bool hn_ops_element_reduce(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    unsigned mask;
    bool known, order = infer->op->id == HN_OP_reduce_min || infer->op->id == HN_OP_reduce_max;
    if (!in[0] || !out[0] || hn_reduce_infer_mask(infer, &mask, &known) != HONE_OK || !known) return false;
    const hn_dim *from = in[0]->data;
    hn_dim *to = out[0]->data;
    int64_t n_in = hn_tensor_count(in[0]), n_out = hn_tensor_count(out[0]);
    if (order && n_in < n_out) return false;
    bool first[64] = {false};
    if (n_out > 64) return false;
    for (int64_t i = 0; i < n_out; i++) to[i] = hn_dim_const(infer->op->id == HN_OP_reduce_prod);
    for (int64_t i = 0; i < n_in; i++) {
        int64_t rest = i, at = 0, step = 1;
        for (int axis = in[0]->rank - 1; axis >= 0; axis--) {
            if (!(mask >> axis & 1)) at += rest % in[0]->dim[axis] * step;
            if (!(mask >> axis & 1)) step *= in[0]->dim[axis];
            rest /= in[0]->dim[axis];
        }
        to[at] = order && !first[at] ? from[i] : combine(infer->exprs, infer->op->id, to[at], from[i]);
        first[at] = true;
    }
    return true;
}

bool hn_ops_element_cum_sum(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    if (!in[0] || !out[0] || in[0]->rank != 1) return false;
    const hn_dim *from = in[0]->data;
    hn_dim *to = out[0]->data, sum = hn_dim_const(0);
    bool exclusive = hn_attrs_int(infer->attrs, "exclusive", 0), reverse = hn_attrs_int(infer->attrs, "reverse", 0);
    for (int64_t i = 0, n = in[0]->dim[0]; i < n; i++) {
        int64_t at = reverse ? n - 1 - i : i;
        hn_dim next = hn_dim_add(infer->exprs, sum, from[at]);
        to[at] = exclusive ? sum : next;
        sum = next;
    }
    return true;
}
