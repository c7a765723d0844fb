/* Pad in all four modes. Negative pads crop first; what is left is then extended. */
#include <string.h>
#include "ops/checks.h"
#include "ops/movement/movement.h"
#include "ops/registry.h"

enum { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP };
static const char *const modes[] = {"constant", "reflect", "edge", "wrap", NULL};

#define PAD_TYPES                                                                                                      \
    (HN_TYPES_WHOLE_BYTES | HN_TYPE(UINT4) | HN_TYPE(INT4) | HN_TYPE(FLOAT4E2M1) | HN_TYPE(UINT2) | HN_TYPE(INT2) |    \
     HN_TYPE(FLOAT8E4M3FN) | HN_TYPE(FLOAT8E4M3FNUZ) | HN_TYPE(FLOAT8E5M2) | HN_TYPE(FLOAT8E5M2FNUZ) |                 \
     HN_TYPE(FLOAT8E8M0))

/* ---- shape ---- */

typedef struct pad_list {
    int n_axes; /* -1: unknown */
    hn_dim axis[HONE_MAX_RANK];
    int n_pads; /* -1: unknown */
    hn_dim pad[2 * HONE_MAX_RANK];
} pad_list;

static hone_status read_pads(const hn_infer *infer, int rank, pad_list *list) {
    list->n_axes = rank;
    for (int k = 0; k < rank; k++) list->axis[k] = hn_dim_const(k);
    if (hn_infer_has(infer, 3)) HN_TRY(hn_infer_elements(infer, 3, HONE_MAX_RANK, list->axis, &list->n_axes));
    HN_TRY(hn_infer_elements(infer, 1, 2 * HONE_MAX_RANK, list->pad, &list->n_pads));
    if (list->n_pads >= 0 && list->n_axes >= 0 && list->n_pads != 2 * list->n_axes)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%d pads are given for %d axes", list->n_pads, list->n_axes);
    return HONE_OK;
}

static hone_status pad_axis(const hn_infer *infer, int axis, hn_dim before, hn_dim after, bool constant, hn_dim *size) {
    const hn_dim old = *size;
    *size = hn_dim_add(infer->exprs, hn_dim_add(infer->exprs, old, before), after);
    const bool known = hn_dim_is_const(old) && hn_dim_is_const(before) && hn_dim_is_const(after);
    if (known && !hn_dim_is_const(*size))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "pads %lld and %lld of axis %d are too large", (long long)before.value,
                (long long)after.value, axis);
    if (hn_dim_is_const(*size) && size->value < 0)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "pads %lld and %lld leave %lld elements of axis %d",
                (long long)before.value, (long long)after.value, (long long)size->value, axis);
    if (!constant && hn_dim_is(old, 0) && hn_dim_is_const(*size) && size->value > 0)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %d is empty: there is nothing to pad it with", axis);
    return HONE_OK;
}

static hone_status pad_shape(const hn_infer *infer, const pad_list *list, bool constant, hn_shape *out) {
    uint32_t seen = 0;
    for (int k = 0; k < list->n_axes; k++) {
        const hn_dim unknown = HN_UNKNOWN_DIM;
        int axis;
        if (!hn_dim_is_const(list->axis[k])) {
            for (int i = 0; i < out->rank; i++) out->dim[i] = HN_UNKNOWN_DIM;
            return HONE_OK;
        }
        HN_TRY(hn_infer_axis(infer, list->axis[k].value, out->rank, &axis));
        if (seen >> axis & 1) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %d is padded twice", axis);
        seen |= 1u << axis;
        bool known = list->n_pads >= 0;
        HN_TRY(pad_axis(infer, axis, known ? list->pad[k] : unknown, known ? list->pad[k + list->n_axes] : unknown,
                        constant, &out->dim[axis]));
    }
    if (list->n_axes < 0)
        for (int i = 0; i < out->rank; i++) out->dim[i] = HN_UNKNOWN_DIM;
    return HONE_OK;
}

hone_status hn_ops_infer_pad(hn_infer *infer) {
    hn_shape out = infer->in[0].shape;
    int mode;
    HN_TRY(hn_ops_check_type(infer, 0, PAD_TYPES));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    HN_TRY(hn_ops_check_same_type(infer, 0, 2));
    HN_TRY(hn_ops_check_type(infer, 3, HN_TYPE(INT32) | HN_TYPE(INT64)));
    HN_TRY(hn_ops_word(infer->attrs, "mode", modes, &mode, infer->diag));
    if (out.rank >= 0) {
        pad_list list;
        HN_TRY(read_pads(infer, out.rank, &list));
        HN_TRY(pad_shape(infer, &list, mode == PAD_CONSTANT, &out));
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

/* ---- reference ---- */

/* One axis: elements [crop, crop + kept) of the input begin at place `before` of the output. */
typedef struct pad_range {
    int64_t crop, kept, before;
} pad_range;

static hone_status read_axis(hn_call *call, int64_t k, int64_t n_axes, int64_t axis, pad_range *range) {
    const int64_t size = call->in[0]->dim[axis];
    const int64_t before = hn_tensor_int(call->in[1], k), after = hn_tensor_int(call->in[1], k + n_axes);
    int64_t whole;
    if (__builtin_add_overflow(before, after, &whole) || __builtin_add_overflow(whole, size, &whole) ||
        whole != call->out[0]->dim[axis])
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "pads %lld and %lld do not turn axis %lld of %lld into %lld",
                (long long)before, (long long)after, (long long)axis, (long long)size,
                (long long)call->out[0]->dim[axis]);
    int64_t first = before < -size ? size : before < 0 ? -before : 0;
    int64_t last = after < -size ? 0 : after < 0 ? size + after : size;
    *range = (pad_range){first, last > first ? last - first : 0, before > 0 ? before : 0};
    return HONE_OK;
}

static hone_status read_ranges(hn_call *call, pad_range *range) {
    const hn_tensor *in = call->in[0], *axes = call->n_in > 3 ? call->in[3] : NULL;
    const int64_t n = axes ? hn_tensor_count(axes) : in->rank;
    for (int i = 0; i < in->rank; i++) range[i] = (pad_range){0, in->dim[i], 0};
    for (int64_t k = 0; k < n; k++) {
        int64_t axis = axes ? hn_tensor_int(axes, k) : k;
        if (axis < 0) axis += in->rank;
        if (axis < 0 || axis >= in->rank || hn_tensor_count(call->in[1]) != 2 * n)
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "axis %lld cannot be padded", (long long)axis);
        HN_TRY(read_axis(call, k, n, axis, &range[axis]));
    }
    return HONE_OK;
}

static void fill(hn_tensor *out, const hn_tensor *value) {
    const size_t size = hn_element_size(out->dtype);
    const int64_t count = hn_tensor_count(out);
    if (!value) memset(out->data, 0, (size_t)count * size);
    for (int64_t i = 0; value && i < count; i++) memcpy((char *)out->data + (size_t)i * size, value->data, size);
}

static hone_status pad_with_value(hn_call *call, const pad_range *range) {
    hn_tensor *out = call->out[0], to = *out, from = *call->in[0];
    const int64_t size = (int64_t)hn_element_size(out->dtype);
    const hn_tensor *value = call->n_in > 2 ? call->in[2] : NULL;
    if (value && hn_tensor_count(value) != 1)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "the value is not one element");
    fill(out, value);
    for (int i = 0; i < out->rank; i++)
        if (range[i].kept == 0) return HONE_OK;
    for (int i = 0; i < out->rank; i++) {
        to.data = (char *)to.data + range[i].before * to.stride[i] * size;
        from.data = (char *)from.data + range[i].crop * from.stride[i] * size;
        to.dim[i] = from.dim[i] = range[i].kept;
    }
    hn_tensor_copy(&to, &from);
    return HONE_OK;
}

/* Which of n kept elements stands at place i, counted from the first of them. */
static int64_t extended(int mode, int64_t i, int64_t n) {
    if (mode == PAD_EDGE) return i < 0 ? 0 : i >= n ? n - 1 : i;
    const int64_t period = mode == PAD_WRAP ? n : n > 1 ? 2 * (n - 1) : 1;
    i %= period;
    if (i < 0) i += period;
    return i < n ? i : period - i;
}

/* For each place of an axis the offset of its element in the input. */
static hone_status map_axis(hn_call *call, int mode, int axis, const pad_range *range, int64_t **map) {
    const int64_t n = call->out[0]->dim[axis], stride = call->in[0]->stride[axis];
    *map = HN_NEW_ARRAY(call->scratch, int64_t, n);
    HN_TRY_ALLOC(*map);
    if (range->kept == 0)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "axis %d is empty: there is nothing to pad it with", axis);
    for (int64_t i = 0; i < n; i++) (*map)[i] = (range->crop + extended(mode, i - range->before, range->kept)) * stride;
    return HONE_OK;
}

static hone_status pad_with_elements(hn_call *call, int mode, const pad_range *range) {
    hn_tensor *out = call->out[0];
    int64_t *map[HONE_MAX_RANK], index[HONE_MAX_RANK] = {0};
    const int last = out->rank - 1;
    const size_t size = hn_element_size(out->dtype);
    char *to = out->data;
    for (int i = 0; i <= last; i++) HN_TRY(map_axis(call, mode, i, &range[i], &map[i]));
    for (int i = last; i >= 0;) {
        int64_t base = 0;
        for (int d = 0; d < last; d++) base += map[d][index[d]];
        hn_move_pick(to, (const char *)call->in[0]->data + (size_t)base * size, map[last], out->dim[last], size);
        to += (size_t)out->dim[last] * size;
        for (i = last - 1; i >= 0 && ++index[i] == out->dim[i]; i--) index[i] = 0;
    }
    return HONE_OK;
}

static hone_status pad_bytes(hn_call *call) {
    pad_range range[HONE_MAX_RANK];
    int mode;
    HN_TRY(hn_ops_word(call->attrs, "mode", modes, &mode, call->diag));
    HN_TRY(read_ranges(call, range));
    if (hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    if (call->out[0]->rank == 0 || mode == PAD_CONSTANT) return pad_with_value(call, range);
    return pad_with_elements(call, mode, range);
}

hone_status hn_ops_ref_pad(hn_call *call) { return call->out[0] ? hn_move_unpacked(call, pad_bytes) : HONE_OK; }
