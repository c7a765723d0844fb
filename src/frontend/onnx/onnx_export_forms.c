/* Operators that had another name or meaning in older opsets. */
#include <string.h>
#include "frontend/onnx/onnx_write.h"

static bool text_is(const hn_onnx_export *e, const char *name, const char *otherwise, const char *text) {
    const hn_attr *attr = hn_onnx_export_get(e, name);
    if (!attr) return strcmp(otherwise, text) == 0;
    return attr->kind == HN_ATTR_STRING && attr->s.n == strlen(text) && memcmp(attr->s.data, text, attr->s.n) == 0;
}

/* The old softmax works on everything from its axis on: the same when that is the last one, or only ones follow. */
hone_status hn_onnx_old_softmax(hn_onnx_export *e) {
    const hn_attr *attr = hn_onnx_export_get(e, "axis");
    const hn_value *x = hn_onnx_export_value(e, 0);
    const int rank = x ? x->info.shape.rank : -1;
    int64_t axis = attr ? attr->i : -1;
    if (rank < 0 && axis == -1) return hn_onnx_export_set(e, hn_attr_of_int("axis", -1));
    axis += axis < 0 ? rank : 0;
    for (int64_t i = axis + 1; i < rank; i++)
        if (!hn_dim_is(x->info.shape.dim[i], 1)) return hn_onnx_cannot_export(e, "its axis is not the last one");
    if (axis < 0 || axis >= rank) return hn_onnx_cannot_export(e, "its axis is not known");
    return hn_onnx_export_set(e, hn_attr_of_int("axis", axis));
}

hone_status hn_onnx_cast_to_type(hn_onnx_export *e) {
    const hn_type *type = e->node->out[0] ? e->node->out[0]->info.type : NULL;
    if (!type || type->kind != HN_KIND_TENSOR) return hn_onnx_cannot_export(e, "the type of its output is not known");
    e->type = "Cast";
    e->in.n = 1;
    return hn_onnx_export_set(e, hn_attr_of_int("to", type->dtype));
}

hone_status hn_onnx_to_scatter(hn_onnx_export *e) {
    e->type = "Scatter";
    return HONE_OK;
}

/* Where a chain like the one that the import makes repeats numbers of groups for their channels: those numbers. */
static const hn_value *before_repetition(const hn_value *value) {
    static const hn_op_id chain[] = {HN_OP_reshape, HN_OP_expand, HN_OP_unsqueeze};
    for (size_t i = 0; i < sizeof chain / sizeof *chain; i++) {
        const hn_node *node = value ? value->producer : NULL;
        if (!node || node->op->id != chain[i]) return NULL;
        value = node->in[0];
    }
    return value;
}

/* Scale and bias of GroupNormalization up to opset 20: one number a group. */
static hone_status one_per_group(hn_onnx_export *e, size_t i, int64_t groups, const char *suffix) {
    const hn_value *few_values = before_repetition(hn_onnx_export_value(e, i));
    if (few_values && few_values->info.shape.rank == 1 && hn_dim_is(few_values->info.shape.dim[0], groups)) {
        e->in.at[i] = (hn_onnx_operand){.value = few_values};
        return HONE_OK;
    }
    const hn_tensor *t = hn_onnx_export_constant(e, i);
    const int64_t n = t ? hn_tensor_count(t) : 0;
    const size_t size = t ? hn_element_size(t->dtype) : 0;
    if (!t || t->rank != 1 || groups < 1 || n % groups)
        return hn_onnx_cannot_export(e, "its scale and bias must be constant there");
    const int64_t each = n / groups;
    char *few = hn_arena_alloc(&e->out->scratch, (size_t)groups * size);
    HN_TRY_ALLOC(few);
    for (int64_t k = 0; k < n; k++) {
        const char *own = (const char *)t->data + (size_t)k * size,
                   *first = (const char *)t->data + (size_t)(k / each * each) * size;
        if (memcmp(own, first, size) != 0) return hn_onnx_cannot_export(e, "its scale or bias differs inside a group");
        memcpy(few + (size_t)(k / each) * size, own, size);
    }
    return hn_onnx_export_make(e, i, suffix, t->dtype, 1, &groups, few);
}

hone_status hn_onnx_scale_of_groups(hn_onnx_export *e) {
    const hn_attr *groups = hn_onnx_export_get(e, "num_groups");
    if (!groups) return hn_onnx_cannot_export(e, "it has no num_groups");
    HN_TRY(one_per_group(e, 1, groups->i, "scale"));
    return one_per_group(e, 2, groups->i, "bias");
}

/* ---- names and places ---- */

static hone_status rename_mode(hn_onnx_export *e, const char *from, const char *to) {
    if (!hn_onnx_export_get(e, "mode") || !text_is(e, "mode", "", from)) return HONE_OK;
    return hn_onnx_export_set(e, (hn_attr){.name = "mode", .kind = HN_ATTR_STRING, .s = {to, strlen(to)}});
}

hone_status hn_onnx_old_grid_modes(hn_onnx_export *e) {
    HN_TRY(rename_mode(e, "linear", "bilinear"));
    return rename_mode(e, "cubic", "bicubic");
}

hone_status hn_onnx_old_roi_place(hn_onnx_export *e) {
    if (!text_is(e, "coordinate_transformation_mode", "half_pixel", "output_half_pixel"))
        return hn_onnx_cannot_export(e, "it places its pixels otherwise");
    hn_onnx_export_drop(e, "coordinate_transformation_mode");
    return HONE_OK;
}

hone_status hn_onnx_no_batch_scan(hn_onnx_export *e) {
    return hn_onnx_cannot_export(e, "there it has a batch axis of its own");
}

/* What the import of SequenceMap makes for its operands. */
hone_status hn_onnx_element_or_tensor(hn_onnx_export *e) {
    const hn_value *from = hn_onnx_export_value(e, 0);
    if (!from || !from->info.type) return hn_onnx_cannot_export(e, "the type of its input is not known");
    const bool tensor = from->info.type->kind == HN_KIND_TENSOR;
    e->type = tensor ? "Identity" : "SequenceAt";
    if (tensor) e->in.n = 1;
    return HONE_OK;
}

/* ---- Resize ---- */

/* Up to opset 10 output pixel i lies at i / scale, and the nearest pixel is the one before where an axis grows, the one
 * behind where it shrinks. */
static hone_status old_resize(hn_onnx_export *e, const char *type, bool may_shrink) {
    const hn_tensor *scales = hn_onnx_export_constant(e, 2);
    const bool nearest = text_is(e, "mode", "nearest", "nearest");
    bool shrinks = false, grows = false;
    for (int64_t i = 0; scales && i < hn_tensor_count(scales); i++) {
        shrinks = shrinks || hn_tensor_real(scales, i) < 1;
        grows = grows || hn_tensor_real(scales, i) > 1;
    }
    if (hn_onnx_export_has(e, 1) || hn_onnx_export_has(e, 3) || !hn_onnx_export_has(e, 2))
        return hn_onnx_cannot_export(e, "it takes scales only there");
    if (!text_is(e, "coordinate_transformation_mode", "half_pixel", "asymmetric"))
        return hn_onnx_cannot_export(e, "it places its pixels otherwise");
    const bool floor = text_is(e, "nearest_mode", "round_prefer_floor", "floor") && !(shrinks && may_shrink);
    const bool ceil = text_is(e, "nearest_mode", "round_prefer_floor", "ceil") && shrinks && !grows && may_shrink;
    if (nearest && !floor && !ceil) return hn_onnx_cannot_export(e, "it rounds otherwise");
    hn_onnx_export_drop(e, "coordinate_transformation_mode");
    hn_onnx_export_drop(e, "nearest_mode");
    e->type = type;
    e->in.at[1] = e->in.at[2];
    e->in.n = 2;
    return HONE_OK;
}

hone_status hn_onnx_to_resize_10(hn_onnx_export *e) { return old_resize(e, "Resize", true); }

hone_status hn_onnx_to_upsample_9(hn_onnx_export *e) { return old_resize(e, "Upsample", false); }

hone_status hn_onnx_to_upsample_7(hn_onnx_export *e) {
    HN_TRY(old_resize(e, "Upsample", false));
    const hn_tensor *scales = hn_onnx_export_constant(e, 1);
    const int64_t n = scales ? hn_tensor_count(scales) : 0;
    if (!scales || scales->dtype != HONE_FLOAT32) return hn_onnx_cannot_export(e, "its scales must be constant there");
    e->in.n = 1;
    return hn_onnx_export_set(
        e, (hn_attr){.name = "scales", .kind = HN_ATTR_FLOATS, .n = (uint32_t)n, .floats = scales->data});
}

/* Opsets 11 and 12 want the region and the scales to be there, if only as empty tensors. */
hone_status hn_onnx_to_resize_11(hn_onnx_export *e) {
    static const int64_t none = 0;
    if (!hn_onnx_export_has(e, 1)) HN_TRY(hn_onnx_export_make(e, 1, "roi", HONE_FLOAT32, 1, &none, ""));
    if (!hn_onnx_export_has(e, 2)) HN_TRY(hn_onnx_export_make(e, 2, "scales", HONE_FLOAT32, 1, &none, ""));
    return HONE_OK;
}
