/* Conversions that turn attributes into inputs, or give defaults that changed. */
#include "frontend/onnx/onnx_convert.h"

#include <string.h>

hone_status hn_onnx_ints_to_input(hn_onnx_node *node, const char *name, size_t i) {
    const hn_attr *attr = hn_onnx_take_attr(node, name);
    hn_value *value;
    if (!attr) return HONE_OK;
    HN_TRY(hn_onnx_ints(node, name, attr->ints, (int)attr->n, &value));
    return hn_onnx_set_in(node, i, value);
}

/* The float attribute `name` as a scalar of the type of input 0. */
static hone_status float_to_input(hn_onnx_node *node, const char *name, size_t i) {
    const hn_attr *attr = hn_onnx_take_attr(node, name);
    hn_value *value;
    if (!attr) return HONE_OK;
    HN_TRY(hn_onnx_scalar_like(node, name, hn_onnx_in(node, 0), attr->f, &value));
    return hn_onnx_set_in(node, i, value);
}

hone_status hn_onnx_one_input(const hn_onnx_node *node) {
    if (node->in.n == 1) return HONE_OK;
    HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL,
            "%s has %zu inputs; in opset %lld it takes 1, the rest are attributes", node->type, node->in.n,
            (long long)node->opset);
}

/* Squeeze, Unsqueeze, Reduce*: axes */
hone_status hn_onnx_axes_to_input(hn_onnx_node *node) {
    HN_TRY(hn_onnx_one_input(node));
    return hn_onnx_ints_to_input(node, "axes", 1);
}

hone_status hn_onnx_clip_limits(hn_onnx_node *node) {
    HN_TRY(hn_onnx_one_input(node));
    HN_TRY(float_to_input(node, "min", 1));
    return float_to_input(node, "max", 2);
}

hone_status hn_onnx_pad_inputs(hn_onnx_node *node) {
    HN_TRY(hn_onnx_one_input(node));
    HN_TRY(hn_onnx_ints_to_input(node, "pads", 1));
    return float_to_input(node, "value", 2);
}

hone_status hn_onnx_slice_inputs(hn_onnx_node *node) {
    HN_TRY(hn_onnx_one_input(node));
    HN_TRY(hn_onnx_ints_to_input(node, "starts", 1));
    HN_TRY(hn_onnx_ints_to_input(node, "ends", 2));
    return hn_onnx_ints_to_input(node, "axes", 3);
}

/* Without sizes Split makes equal parts, which the newest form wants to be counted. */
hone_status hn_onnx_split_evenly(hn_onnx_node *node) {
    if (hn_onnx_in(node, 1)) return HONE_OK;
    return hn_onnx_set_attr(node, hn_attr_of_int("num_outputs", node->n_out));
}

hone_status hn_onnx_split_input(hn_onnx_node *node) {
    HN_TRY(hn_onnx_one_input(node));
    HN_TRY(hn_onnx_ints_to_input(node, "split", 1));
    return hn_onnx_split_evenly(node);
}

hone_status hn_onnx_top_k_input(hn_onnx_node *node) {
    HN_TRY(hn_onnx_one_input(node));
    const hn_attr *attr = hn_onnx_take_attr(node, "k");
    hn_value *value;
    if (!attr) return HONE_OK;
    HN_TRY(hn_onnx_ints(node, "k", &attr->i, 1, &value));
    return hn_onnx_set_in(node, 1, value);
}

hone_status hn_onnx_dropout_ratio(hn_onnx_node *node) {
    HN_TRY(hn_onnx_one_input(node));
    const hn_attr *attr = hn_onnx_take_attr(node, "ratio");
    hn_value *value;
    if (!attr) return HONE_OK;
    const float ratio = attr->f;
    HN_TRY(hn_onnx_floats(node, "ratio", &ratio, -1, &value));
    return hn_onnx_set_in(node, 1, value);
}

/* Up to opset 9 the mask had the type of the data. */
hone_status hn_onnx_dropout_mask(hn_onnx_node *node) {
    HN_TRY(hn_onnx_dropout_ratio(node));
    return hn_onnx_dropout_typed_mask(node);
}

hone_status hn_onnx_dropout_typed_mask(hn_onnx_node *node) {
    if (node->n_out < 2) return HONE_OK;
    HN_TRY(hn_onnx_emit_self(node));
    hn_value *in[2] = {node->result[1], hn_onnx_in(node, 0)};
    return hn_onnx_emit(node, "mask", HN_OP_cast_like, NULL, 0, 2, in, &node->result[1]);
}

/* The branches in the order then, else, whatever order the file has. */
hone_status hn_onnx_branches_in_order(hn_onnx_node *node) {
    hn_attr *yes = (hn_attr *)(uintptr_t)hn_onnx_get_attr(node, "then_branch");
    hn_attr *no = (hn_attr *)(uintptr_t)hn_onnx_get_attr(node, "else_branch");
    if (!yes || !no || yes->i < no->i) return HONE_OK;
    hn_graph *first = node->bodies.at[no->i];
    node->bodies.at[no->i] = node->bodies.at[yes->i];
    node->bodies.at[yes->i] = first;
    const int64_t swapped = yes->i;
    yes->i = no->i;
    no->i = swapped;
    return HONE_OK;
}
