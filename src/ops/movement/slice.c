/* Slice: where each axis begins and ends, in expressions and in numbers, and the copy. */
#include "ops/checks.h"
#include "ops/movement/movement.h"
#include "ops/registry.h"

/* Exporters write the end of an axis as the greatest number of either index type. Walking backwards the same numbers
 * mean its front, as in ONNX Runtime. */
static bool is_open(hn_dim end) { return hn_dim_is(end, INT32_MAX) || hn_dim_is(end, INT64_MAX); }

/* Numbers that are beyond either end of an axis whose size is not known. */
static bool is_past(hn_dim d, hn_dim size) {
    return hn_dim_is_const(d) && !hn_dim_is_const(size) && d.value >= INT32_MAX;
}
static bool is_before(hn_dim d, hn_dim size) {
    return hn_dim_is_const(d) && !hn_dim_is_const(size) && d.value <= -INT32_MAX;
}

/* No size comes near 2^61, and sums of three such numbers do not overflow. */
static hn_dim bounded(hn_dim d) {
    const int64_t most = INT64_C(1) << 61;
    if (!hn_dim_is_const(d)) return d;
    return hn_dim_const(d.value > most ? most : d.value < -most ? -most : d.value);
}

/* Negative indices count from the end. */
static hn_dim from_front(hn_expr_pool *exprs, hn_dim index, hn_dim size) {
    int64_t low = index.value, high = index.value;
    if (hn_dim_has_unknown(index)) return HN_UNKNOWN_DIM;
    if (!hn_dim_is_const(index)) hn_dim_range(exprs, index, &low, &high);
    if (low >= 0) return index;
    hn_dim counted = hn_dim_add(exprs, index, size);
    if (high < 0) return counted;
    return hn_dim_select(exprs, hn_dim_less(exprs, index, hn_dim_const(0)), counted, index);
}

/* As ONNX says: start in [0, size], end in [0, size]. An end before the start leaves nothing, so that clamping one side
 * of each is enough, which keeps the expressions short. */
static hn_slice_range resolve_forward(hn_expr_pool *exprs, hn_dim size, hn_dim start, hn_dim end, bool open) {
    const hn_dim zero = hn_dim_const(0), counted = from_front(exprs, start, size);
    const hn_dim first = hn_dim_max(exprs, hn_dim_min(exprs, counted, size), zero);
    const bool to_end = open || is_past(end, size);
    if (to_end && hn_dim_is_const(start) && start.value < 0)
        return (hn_slice_range){first, hn_dim_min(exprs, size, hn_dim_const(-start.value))};
    const hn_dim stop = to_end ? size : hn_dim_min(exprs, from_front(exprs, end, size), size);
    const hn_dim from = hn_dim_max(exprs, counted, zero);
    if (hn_dim_is(from, 0) && hn_dim_same(stop, size)) return (hn_slice_range){first, size};
    hn_dim span = hn_dim_sub(exprs, stop, from);
    return (hn_slice_range){first, hn_dim_max(exprs, span, zero)};
}

/* As ONNX says: start in [0, size - 1], end in [-1, size - 1]; an empty axis has nothing to begin with. */
static hn_slice_range resolve_backward(hn_expr_pool *exprs, hn_dim size, hn_dim start, hn_dim end, bool open) {
    const hn_dim zero = hn_dim_const(0), front = hn_dim_const(-1), last = hn_dim_sub(exprs, size, hn_dim_const(1));
    const bool at_end = is_past(start, size) || hn_dim_is(start, -1), to_front = open || is_before(end, size);
    hn_dim first = at_end ? last : hn_dim_min(exprs, from_front(exprs, start, size), last);
    if (!at_end) first = hn_dim_max(exprs, first, zero);
    const hn_dim stop = to_front ? front : hn_dim_max(exprs, from_front(exprs, end, size), front);
    hn_dim span = hn_dim_max(exprs, hn_dim_sub(exprs, first, stop), zero);
    return (hn_slice_range){first, hn_dim_min(exprs, span, size)};
}

hn_slice_range hn_slice_resolve(hn_expr_pool *exprs, hn_dim size, hn_dim start, hn_dim end, int64_t step) {
    const bool open = is_open(end);
    start = bounded(start);
    end = bounded(end);
    hn_slice_range range =
        step > 0 ? resolve_forward(exprs, size, start, end, open) : resolve_backward(exprs, size, start, end, open);
    /* The longest step that can be negated takes one element, as one longer by 1 would. */
    range.count = hn_dim_ceil_div(exprs, range.count,
                                  hn_dim_const(step > 0            ? step
                                               : step == INT64_MIN ? INT64_MAX
                                                                   : -step));
    return range;
}

/* Starts, ends, axes and steps as far as they are known. */
typedef struct slice_list {
    int n, n_axes; /* entries; -1 when unknown */
    hn_dim start[HONE_MAX_RANK], end[HONE_MAX_RANK], axis[HONE_MAX_RANK], step[HONE_MAX_RANK];
} slice_list;

/* One list of the node; entries that are not known, or not there, are unknown. */
static hone_status read_list(const hn_infer *infer, int i, hn_dim *out, int *n) {
    HN_TRY(hn_ops_check_type(infer, i, HN_TYPE(INT32) | HN_TYPE(INT64)));
    for (int k = 0; k < HONE_MAX_RANK; k++) out[k] = HN_UNKNOWN_DIM;
    HN_TRY(hn_infer_elements(infer, i, HONE_MAX_RANK, out, n));
    const hn_shape *shape = &infer->in[i].shape;
    if (*n < 0 && shape->rank == 1 && hn_dim_is_const(shape->dim[0])) *n = (int)shape->dim[0].value;
    return HONE_OK;
}

static hone_status read_lists(const hn_infer *infer, int rank, slice_list *list) {
    int n_end, n_step;
    HN_TRY(read_list(infer, 1, list->start, &list->n));
    HN_TRY(read_list(infer, 2, list->end, &n_end));
    if (list->n < 0) list->n = n_end;
    list->n_axes = list->n;
    for (int k = 0; k < HONE_MAX_RANK; k++) list->axis[k] = hn_dim_const(k);
    if (hn_infer_has(infer, 3)) HN_TRY(read_list(infer, 3, list->axis, &list->n_axes));
    n_step = list->n;
    for (int k = 0; k < HONE_MAX_RANK; k++) list->step[k] = hn_dim_const(1);
    if (hn_infer_has(infer, 4)) HN_TRY(read_list(infer, 4, list->step, &n_step));
    bool differ = (n_end >= 0 && n_end != list->n) || (list->n >= 0 && list->n_axes >= 0 && list->n_axes != list->n) ||
                  (list->n >= 0 && n_step >= 0 && n_step != list->n);
    if (differ || list->n > rank)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "starts, ends, axes and steps list %d, %d, %d, %d numbers for rank %d",
                list->n, n_end, list->n_axes, n_step, rank);
    if (n_end < 0 || n_step < 0) list->n = -1;
    return HONE_OK;
}

static bool knows_axes(const slice_list *list) {
    for (int k = 0; k < list->n; k++)
        if (!hn_dim_is_const(list->axis[k])) return false;
    return list->n >= 0 && list->n_axes >= 0;
}

static hone_status slice_axes(const hn_infer *infer, const slice_list *list, hn_shape *out) {
    uint32_t seen = 0;
    for (int k = 0; k < list->n; k++) {
        int axis;
        HN_TRY(hn_infer_axis(infer, list->axis[k].value, out->rank, &axis));
        if (seen >> axis & 1) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %d is sliced twice", axis);
        seen |= 1u << axis;
        if (hn_dim_is(list->step[k], 0)) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the step of axis %d is 0", axis);
        out->dim[axis] =
            !hn_dim_is_const(list->step[k])
                ? HN_UNKNOWN_DIM
                : hn_slice_resolve(infer->exprs, out->dim[axis], list->start[k], list->end[k], list->step[k].value)
                      .count;
    }
    return HONE_OK;
}

hone_status hn_ops_infer_slice(hn_infer *infer) {
    hn_shape out = infer->in[0].shape;
    slice_list list;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_WHOLE_BYTES));
    if (out.rank == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "a scalar cannot be sliced");
    if (out.rank > 0) {
        HN_TRY(read_lists(infer, out.rank, &list));
        if (knows_axes(&list)) HN_TRY(slice_axes(infer, &list, &out));
        else
            for (int i = 0; i < out.rank; i++) out.dim[i] = HN_UNKNOWN_DIM;
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

hone_status hn_ops_ref_slice(hn_call *call) {
    hn_tensor from = *call->in[0];
    const hn_tensor *axes = call->n_in > 3 ? call->in[3] : NULL, *steps = call->n_in > 4 ? call->in[4] : NULL;
    const size_t size = hn_element_size(from.dtype);
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    for (int64_t k = 0; k < hn_tensor_count(call->in[1]); k++) {
        int64_t axis = axes ? hn_tensor_int(axes, k) : k, step = steps ? hn_tensor_int(steps, k) : 1;
        if (axis < 0) axis += from.rank;
        if (axis < 0 || axis >= from.rank)
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "there is no axis %lld", (long long)axis);
        hn_dim start = hn_dim_const(hn_tensor_int(call->in[1], k)), end = hn_dim_const(hn_tensor_int(call->in[2], k));
        hn_slice_range range = hn_slice_resolve(NULL, hn_dim_const(from.dim[axis]), start, end, step);
        if (range.count.value != call->out[0]->dim[axis])
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "the slice of axis %lld has %lld elements, not %lld",
                    (long long)axis, (long long)range.count.value, (long long)call->out[0]->dim[axis]);
        from.data = (char *)from.data + range.first.value * from.stride[axis] * (int64_t)size;
        from.dim[axis] = range.count.value;
        /* The stride of an axis walked backwards is negative, which the copy does not mind. One element has none. */
        from.stride[axis] = range.count.value > 1 ? from.stride[axis] * step : 0;
    }
    hn_tensor_copy(call->out[0], &from);
    return HONE_OK;
}
