/* Conversions of normalisations: the 2-D softmax of before opset 13, per-group scales, training outputs. */
#include "frontend/onnx/onnx_convert.h"

/* Softmax, LogSoftmax and Hardmax up to opset 12 flatten their input to two dimensions at `axis` and work on the
 * second. */
static hone_status through_2d(hn_onnx_node *node, int64_t axis) {
    hn_value *x = hn_onnx_in(node, 0), *flat, *flat_y, *shape;
    const hn_attr at = hn_attr_of_int("axis", axis), last = hn_attr_of_int("axis", -1),
                  exact = hn_attr_of_int("allowzero", 1);
    HN_TRY(hn_onnx_emit(node, "flat", HN_OP_flatten, &at, 1, 1, &x, &flat));
    HN_TRY(hn_onnx_emit(node, "2d", node->op->id, &last, 1, 1, &flat, &flat_y));
    HN_TRY(hn_onnx_emit(node, "shape", HN_OP_shape, NULL, 0, 1, &x, &shape));
    hn_value *in[2] = {flat_y, shape};
    return hn_onnx_emit(node, "unflat", HN_OP_reshape, &exact, 1, 2, in, &node->result[0]);
}

hone_status hn_onnx_coerced_to_2d(hn_onnx_node *node) {
    const hn_attr *attr = hn_onnx_get_attr(node, "axis");
    const int64_t axis = attr ? attr->i : 1;
    const int rank = hn_onnx_rank(hn_onnx_in(node, 0));
    const bool is_last = axis == -1 || (rank >= 0 && axis == rank - 1);
    if (is_last) return hn_onnx_set_attr(node, hn_attr_of_int("axis", -1));
    if (node->in.n != 1 || !node->in.at[0] || node->n_out != 1) return HONE_OK; /* the count check will say so */
    return through_2d(node, axis);
}

/* Scale or bias of GroupNormalization in opset 18: one number a group becomes one a channel. */
static hone_status repeat_per_group(hn_onnx_node *node, size_t i, hn_value *target) {
    static const int64_t one = 1, flat = -1;
    hn_value *in[2] = {hn_onnx_in(node, i), NULL}, *out;
    HN_TRY(hn_onnx_ints(node, "axis", &one, 1, &in[1]));
    HN_TRY(hn_onnx_emit(node, "column", HN_OP_unsqueeze, NULL, 0, 2, in, &in[0]));
    in[1] = target;
    HN_TRY(hn_onnx_emit(node, "repeat", HN_OP_expand, NULL, 0, 2, in, &in[0]));
    HN_TRY(hn_onnx_ints(node, "flat", &flat, 1, &in[1]));
    HN_TRY(hn_onnx_emit(node, "channels", HN_OP_reshape, NULL, 0, 2, in, &out));
    return hn_onnx_set_in(node, i, out);
}

hone_status hn_onnx_group_scale(hn_onnx_node *node) {
    const hn_attr *groups = hn_onnx_get_attr(node, "num_groups");
    const hn_attr range[2] = {hn_attr_of_int("start", 1), hn_attr_of_int("end", 2)}, axis = hn_attr_of_int("axis", 0);
    static const int64_t one = 1;
    hn_value *in[2], *x = hn_onnx_in(node, 0);
    if (!groups || node->in.n != 3 || !x || !node->in.at[1] || !node->in.at[2]) return HONE_OK;
    HN_TRY(hn_onnx_emit(node, "channel_count", HN_OP_shape, range, 2, 1, &x, &in[0]));
    HN_TRY(hn_onnx_ints(node, "group_count", &groups->i, 1, &in[1]));
    HN_TRY(hn_onnx_emit(node, "per_group", HN_OP_div, NULL, 0, 2, in, &in[1]));
    HN_TRY(hn_onnx_ints(node, "one", &one, 1, &in[0]));
    HN_TRY(hn_onnx_emit(node, "target", HN_OP_concat, &axis, 1, 2, in, &in[0]));
    HN_TRY(repeat_per_group(node, 1, in[0]));
    return repeat_per_group(node, 2, in[0]);
}

/* Up to opset 13 more than one output meant training, with saved_mean and saved_var as outputs 3 and 4. */
hone_status hn_onnx_batch_norm_9(hn_onnx_node *node) {
    hn_diag *diag = node->scope->import->diag;
    int wanted = 0;
    for (size_t i = 1; i < node->proto.output.n; i++)
        if (node->proto.output.at[i].n) wanted = (int)i + 1;
    if (wanted > 3)
        HN_FAIL(diag, HONE_UNSUPPORTED,
                "BatchNormalization gives out its training statistics (%d outputs), which are not supported", wanted);
    if (node->n_out > 3) node->n_out = 3;
    if (!wanted) return HONE_OK;
    return hn_onnx_set_attr(node, hn_attr_of_int("training_mode", 1));
}

hone_status hn_onnx_batch_norm_7(hn_onnx_node *node) {
    const hn_attr *spatial = hn_onnx_take_attr(node, "spatial");
    if (spatial && spatial->i == 0)
        HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED,
                "BatchNormalization with spatial = 0 was given up in opset 9");
    return hn_onnx_batch_norm_9(node);
}
