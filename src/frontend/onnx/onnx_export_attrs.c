/* Inputs that were attributes in older opsets, and attributes that did not exist. */
#include "frontend/onnx/onnx_convert.h"
#include "frontend/onnx/onnx_write.h"

/* The operand, which must be an integer constant, as a list; absent: n = -1. */
static hone_status read_ints(hn_onnx_export *e, size_t i, const char *name, const int64_t **list, int *n) {
    hn_arena *arena = &e->out->scratch;
    const hn_tensor *t = hn_onnx_export_constant(e, i);
    *n = -1;
    if (!hn_onnx_export_has(e, i)) return HONE_OK;
    if (!t || (t->dtype != HONE_INT64 && t->dtype != HONE_INT32)) {
        const char *why = hn_arena_format(arena, "its '%s' must be constant there", name);
        return why ? hn_onnx_cannot_export(e, why) : HONE_OUT_OF_MEMORY;
    }
    *n = (int)hn_tensor_count(t);
    int64_t *own = HN_NEW_ARRAY(arena, int64_t, *n);
    HN_TRY_ALLOC(own);
    for (int k = 0; k < *n; k++) own[k] = hn_tensor_int(t, k);
    *list = own;
    return HONE_OK;
}

static hone_status ints_to_attr(hn_onnx_export *e, size_t i, const char *name, bool keep_empty) {
    const int64_t *list;
    int n;
    HN_TRY(read_ints(e, i, name, &list, &n));
    return n > 0 || (n == 0 && keep_empty) ? hn_onnx_export_set(e, hn_attr_of_ints(name, list, n)) : HONE_OK;
}

static hone_status float_to_attr(hn_onnx_export *e, size_t i, const char *name) {
    const hn_tensor *t = hn_onnx_export_constant(e, i);
    if (!hn_onnx_export_has(e, i)) return HONE_OK;
    if (!t || hn_tensor_count(t) != 1) {
        const char *why = hn_arena_format(&e->out->scratch, "its '%s' must be a constant number there", name);
        return why ? hn_onnx_cannot_export(e, why) : HONE_OUT_OF_MEMORY;
    }
    return hn_onnx_export_set(e, hn_attr_of_float(name, (float)hn_tensor_real(t, 0)));
}

static void keep_inputs(hn_onnx_export *e, size_t n) {
    if (e->in.n > n) e->in.n = n;
}

/* Squeeze, Unsqueeze, Reduce*: no axes means all of them, unless the node says that it then does nothing. */
hone_status hn_onnx_axes_to_attr(hn_onnx_export *e) {
    const hn_attr *noop = hn_onnx_export_get(e, "noop_with_empty_axes");
    HN_TRY(ints_to_attr(e, 1, "axes", false));
    if (noop && noop->i && !hn_onnx_export_get(e, "axes"))
        return hn_onnx_cannot_export(e, "without axes it would reduce all of them there");
    hn_onnx_export_drop(e, "noop_with_empty_axes");
    keep_inputs(e, 1);
    return HONE_OK;
}

hone_status hn_onnx_limits_to_attr(hn_onnx_export *e) {
    HN_TRY(float_to_attr(e, 1, "min"));
    HN_TRY(float_to_attr(e, 2, "max"));
    keep_inputs(e, 1);
    return HONE_OK;
}

/* Before opset 18 Pad takes a number for every axis. */
hone_status hn_onnx_pads_of_all_axes(hn_onnx_export *e) {
    const hn_value *x = hn_onnx_export_value(e, 0);
    const int rank = x ? x->info.shape.rank : -1;
    const int64_t *pads, *axes;
    int64_t all[2 * HONE_MAX_RANK] = {0};
    int n_pads, n_axes;
    if (!hn_onnx_export_has(e, 3)) return HONE_OK;
    HN_TRY(read_ints(e, 1, "pads", &pads, &n_pads));
    HN_TRY(read_ints(e, 3, "axes", &axes, &n_axes));
    if (rank < 0 || n_pads != 2 * n_axes) return hn_onnx_cannot_export(e, "the rank of its input is not known");
    for (int i = 0; i < n_axes; i++) {
        const int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (axis < 0 || axis >= rank) return hn_onnx_cannot_export(e, "an axis lies outside of its input");
        all[axis] = pads[i];
        all[rank + axis] = pads[n_axes + i];
    }
    const int64_t n = 2 * rank;
    HN_TRY(hn_onnx_export_make(e, 1, "pads", HONE_INT64, 1, &n, all));
    keep_inputs(e, 3);
    return HONE_OK;
}

hone_status hn_onnx_pads_to_attr(hn_onnx_export *e) {
    HN_TRY(hn_onnx_pads_of_all_axes(e));
    HN_TRY(ints_to_attr(e, 1, "pads", true));
    HN_TRY(float_to_attr(e, 2, "value"));
    keep_inputs(e, 1);
    return HONE_OK;
}

hone_status hn_onnx_slice_to_attr(hn_onnx_export *e) {
    const int64_t *steps;
    int n;
    HN_TRY(read_ints(e, 4, "steps", &steps, &n));
    for (int i = 0; i < n; i++)
        if (steps[i] != 1) return hn_onnx_cannot_export(e, "it has steps other than 1");
    HN_TRY(ints_to_attr(e, 1, "starts", true));
    HN_TRY(ints_to_attr(e, 2, "ends", true));
    HN_TRY(ints_to_attr(e, 3, "axes", true));
    keep_inputs(e, 1);
    return HONE_OK;
}

/* Without sizes the parts are equal; opset 18 counts them besides, and lets the last be smaller. */
hone_status hn_onnx_split_uncounted(hn_onnx_export *e) {
    const hn_attr *parts = hn_onnx_export_get(e, "num_outputs"), *along = hn_onnx_export_get(e, "axis");
    const hn_value *x = hn_onnx_export_value(e, 0);
    if (!parts) return HONE_OK;
    const int rank = x ? x->info.shape.rank : -1;
    int64_t axis = along ? along->i : 0;
    axis += axis < 0 && rank >= 0 ? rank : 0;
    if (axis >= 0 && axis < rank && hn_dim_is_const(x->info.shape.dim[axis]) &&
        x->info.shape.dim[axis].value % e->node->n_out)
        return hn_onnx_cannot_export(e, "its parts are not equal");
    hn_onnx_export_drop(e, "num_outputs");
    return HONE_OK;
}

hone_status hn_onnx_split_to_attr(hn_onnx_export *e) {
    HN_TRY(hn_onnx_split_uncounted(e));
    HN_TRY(ints_to_attr(e, 1, "split", true));
    keep_inputs(e, 1);
    return HONE_OK;
}

hone_status hn_onnx_k_to_attr(hn_onnx_export *e) {
    const int64_t *k;
    int n;
    HN_TRY(read_ints(e, 1, "k", &k, &n));
    if (n != 1) return hn_onnx_cannot_export(e, "it has no k");
    keep_inputs(e, 1);
    return hn_onnx_export_set(e, hn_attr_of_int("k", k[0]));
}

/* The axis was not counted from the end, and the signal's length stays an input. */
hone_status hn_onnx_dft_axis_to_attr(hn_onnx_export *e) {
    const int64_t *axis;
    int n;
    HN_TRY(read_ints(e, 2, "axis", &axis, &n));
    const hn_value *x = hn_onnx_export_value(e, 0);
    const int64_t given = n == 1 ? axis[0] : -2;
    const int rank = x ? x->info.shape.rank : -1;
    if (n > 1 || (given < 0 && rank < 0)) return hn_onnx_cannot_export(e, "its axis is not known");
    keep_inputs(e, 2);
    return hn_onnx_export_set(e, hn_attr_of_int("axis", given < 0 ? given + rank : given));
}

/* A seed that the import made up does not go back: the node draws anew in each run. */
hone_status hn_onnx_own_seed_only(hn_onnx_export *e) {
    const hn_attr *seed = hn_onnx_export_get(e, "seed");
    const uint64_t made_up = hn_onnx_stream_of(e->node->name);
    if (!seed) return HONE_OK;
    const bool same = seed->kind == HN_ATTR_FLOAT ? seed->f == (float)made_up : seed->i == (int64_t)made_up;
    if (same) hn_onnx_export_drop(e, "seed");
    return HONE_OK;
}

hone_status hn_onnx_ratio_to_attr(hn_onnx_export *e) {
    const hn_tensor *training = hn_onnx_export_constant(e, 2);
    if (hn_onnx_export_has(e, 2) && (!training || hn_tensor_count(training) != 1 || hn_tensor_int(training, 0)))
        return hn_onnx_cannot_export(e, "it is used for training");
    HN_TRY(float_to_attr(e, 1, "ratio"));
    keep_inputs(e, 1);
    return HONE_OK;
}

hone_status hn_onnx_inference_only(hn_onnx_export *e) {
    const hn_attr *mode = hn_onnx_export_get(e, "training_mode");
    if (mode && mode->i) return hn_onnx_cannot_export(e, "it is used for training");
    hn_onnx_export_drop(e, "training_mode");
    return HONE_OK;
}

/* C was required; a zero adds nothing. */
hone_status hn_onnx_gemm_with_c(hn_onnx_export *e) {
    static const uint64_t zero = 0;
    static const int64_t one = 1;
    const hn_value *a = hn_onnx_export_value(e, 0);
    if (hn_onnx_export_has(e, 2)) return HONE_OK;
    if (!a || !a->info.type) return hn_onnx_cannot_export(e, "the type of its input is not known");
    return hn_onnx_export_make(e, 2, "zero", a->info.type->dtype, 1, &one, &zero);
}

/* A target of 0 meant "as in the input", always; only tensors without elements could tell the difference. */
hone_status hn_onnx_targets_without_zero(hn_onnx_export *e) {
    const hn_tensor *target = hn_onnx_export_constant(e, 1);
    const hn_attr *exact = hn_onnx_export_get(e, "allowzero");
    const int64_t n = target ? hn_tensor_count(target) : 0;
    for (int64_t i = 0; exact && exact->i && i < n; i++)
        if (hn_tensor_int(target, i) == 0) return hn_onnx_cannot_export(e, "its target has a dimension of size 0");
    hn_onnx_export_drop(e, "allowzero");
    return HONE_OK;
}
