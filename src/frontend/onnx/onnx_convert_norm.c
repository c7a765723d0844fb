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

/* ---- BatchNormalization ---- */

/* Mean and variance over all axes but that of the channels, as the outputs 3 and 4. */
static hone_status saved_statistics(hn_onnx_node *node) {
    const hn_attr keep = hn_attr_of_int("keepdims", 1), drop = hn_attr_of_int("keepdims", 0);
    hn_value *in[2] = {hn_onnx_in(node, 0), NULL}, *part;
    int64_t axes[HONE_MAX_RANK];
    HN_TRY(hn_onnx_infer_now(node));
    const int rank = hn_onnx_rank(in[0]);
    if (rank < 2)
        HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED,
                "BatchNormalization gives out its training statistics, but the rank of its input is not known");
    for (int i = 1; i < rank; i++) axes[i - 1] = i == 1 ? 0 : i;
    HN_TRY(hn_onnx_ints(node, "axes", axes, rank - 1, &in[1]));
    HN_TRY(hn_onnx_emit(node, "saved_mean", HN_OP_reduce_mean, &drop, 1, 2, in, &node->result[3]));
    if (node->n_out < 5) return HONE_OK;
    HN_TRY(hn_onnx_emit(node, "mean", HN_OP_reduce_mean, &keep, 1, 2, in, &part));
    HN_TRY(hn_onnx_emit(node, "centered", HN_OP_sub, NULL, 0, 2, (hn_value *[]){in[0], part}, &part));
    HN_TRY(hn_onnx_emit(node, "squares", HN_OP_mul, NULL, 0, 2, (hn_value *[]){part, part}, &part));
    in[0] = part;
    return hn_onnx_emit(node, "saved_var", HN_OP_reduce_mean, &drop, 1, 2, in, &node->result[4]);
}

/* Up to opset 13 more than one output meant training, with saved_mean and saved_var as outputs 3 and 4. */
hone_status hn_onnx_batch_norm_9(hn_onnx_node *node) {
    const int wanted = node->n_out;
    if (wanted < 2) return HONE_OK;
    HN_TRY(hn_onnx_set_attr(node, hn_attr_of_int("training_mode", 1)));
    if (wanted < 4 || wanted > 5 || node->in.n != 5) return HONE_OK;
    node->n_out = 3;
    HN_TRY(hn_onnx_emit_self(node));
    node->n_out = wanted;
    return saved_statistics(node);
}

/* spatial = 0: statistics and scales for each element of an image, not for each channel. */
static hone_status normalize_elements(hn_onnx_node *node) {
    enum { X, SCALE, BIAS, MEAN, VARIANCE };
    const hn_attr *attr = hn_onnx_get_attr(node, "epsilon");
    hn_value *const *in = node->in.at, *part, *divisor;
    bool complete = node->in.n == 5 && node->n_out == 1;
    for (int i = 0; complete && i < 5; i++) complete = in[i] != NULL;
    if (!complete)
        HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED,
                "BatchNormalization with spatial = 0 takes 5 inputs and gives 1 output; training is not supported");
    HN_TRY(hn_onnx_scalar_like(node, "epsilon", in[VARIANCE], attr ? attr->f : 1e-5f, &part));
    HN_TRY(hn_onnx_emit(node, "shifted", HN_OP_add, NULL, 0, 2, (hn_value *[]){in[VARIANCE], part}, &part));
    HN_TRY(hn_onnx_emit(node, "divisor", HN_OP_sqrt, NULL, 0, 1, &part, &divisor));
    HN_TRY(hn_onnx_emit(node, "centered", HN_OP_sub, NULL, 0, 2, (hn_value *[]){in[X], in[MEAN]}, &part));
    HN_TRY(hn_onnx_emit(node, "normal", HN_OP_div, NULL, 0, 2, (hn_value *[]){part, divisor}, &part));
    HN_TRY(hn_onnx_emit(node, "scaled", HN_OP_mul, NULL, 0, 2, (hn_value *[]){part, in[SCALE]}, &part));
    return hn_onnx_emit(node, "biased", HN_OP_add, NULL, 0, 2, (hn_value *[]){part, in[BIAS]}, &node->result[0]);
}

hone_status hn_onnx_batch_norm_7(hn_onnx_node *node) {
    const hn_attr *spatial = hn_onnx_take_attr(node, "spatial");
    if (spatial && spatial->i == 0) return normalize_elements(node);
    return hn_onnx_batch_norm_9(node);
}
