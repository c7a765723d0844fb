/* Operators that are written out in others: normalization, gates, losses, seeds of random numbers. */
#include "base/map.h"
#include "frontend/onnx/onnx_convert.h"

#include <string.h>

/* Makes `node` an operator `op` with these inputs and without attributes. */
static hone_status become(hn_onnx_node *node, hn_op_id op, int n_in, hn_value *const *in) {
    node->op = hn_op_at(op);
    node->attrs.n = 0;
    node->in.n = 0;
    for (int i = 0; i < n_in; i++) HN_TRY(hn_onnx_set_in(node, (size_t)i, in[i]));
    return HONE_OK;
}

static bool has_inputs(const hn_onnx_node *node, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!hn_onnx_in(node, i)) return false;
    return true;
}

/* (x - mean) / (sqrt(mean of squares) + 1e-9) */
hone_status hn_onnx_mean_variance(hn_onnx_node *node) {
    static const int64_t usual[3] = {0, 2, 3};
    const hn_attr *axes = hn_onnx_take_attr(node, "axes"), keep = hn_attr_of_int("keepdims", 1);
    hn_value *in[2], *centered, *part;
    if (!has_inputs(node, 1) || node->in.n != 1) return become(node, HN_OP_div, (int)node->in.n, node->in.at);
    in[0] = hn_onnx_in(node, 0);
    HN_TRY(hn_onnx_ints(node, "axes", axes ? axes->ints : usual, axes ? (int)axes->n : 3, &in[1]));
    HN_TRY(hn_onnx_emit(node, "mean", HN_OP_reduce_mean, &keep, 1, 2, in, &part));
    HN_TRY(hn_onnx_emit(node, "centered", HN_OP_sub, NULL, 0, 2, (hn_value *[]){in[0], part}, &centered));
    HN_TRY(hn_onnx_emit(node, "squares", HN_OP_mul, NULL, 0, 2, (hn_value *[]){centered, centered}, &part));
    HN_TRY(hn_onnx_emit(node, "variance", HN_OP_reduce_mean, &keep, 1, 2, (hn_value *[]){part, in[1]}, &part));
    HN_TRY(hn_onnx_emit(node, "deviation", HN_OP_sqrt, NULL, 0, 1, &part, &part));
    HN_TRY(hn_onnx_scalar_like(node, "epsilon", in[0], 1e-9f, &in[1]));
    HN_TRY(hn_onnx_emit(node, "divisor", HN_OP_add, NULL, 0, 2, (hn_value *[]){part, in[1]}, &part));
    return become(node, HN_OP_div, 2, (hn_value *[]){centered, part});
}

/* swish(a) * b */
hone_status hn_onnx_swiglu(hn_onnx_node *node) {
    const hn_attr *alpha = hn_onnx_get_attr(node, "alpha");
    hn_value *in[2] = {hn_onnx_in(node, 0), hn_onnx_in(node, 1)};
    if (!has_inputs(node, 2) || node->in.n != 2) return HONE_OK;
    HN_TRY(hn_onnx_emit(node, "gate", HN_OP_swish, alpha, alpha ? 1 : 0, 1, in, &in[0]));
    return become(node, HN_OP_mul, 2, in);
}

/* The logarithms of the probabilities are the second output. */
hone_status hn_onnx_cross_entropy(hn_onnx_node *node) {
    const hn_attr axis = hn_attr_of_int("axis", 1);
    hn_value *in[1] = {hn_onnx_in(node, 0)}, *scores;
    const int wanted = node->n_out;
    if (!has_inputs(node, 2) || node->in.n > 3 || wanted < 1 || wanted > 2) return HONE_OK;
    HN_TRY(hn_onnx_emit(node, "log_prob", HN_OP_log_softmax, &axis, 1, 1, in, &scores));
    HN_TRY(hn_onnx_set_in(node, 0, scores));
    node->n_out = 1;
    HN_TRY(hn_onnx_emit_self(node));
    node->n_out = wanted;
    if (wanted > 1) node->result[1] = scores;
    return HONE_OK;
}

/* Up to opset 19 the axis was an attribute. */
hone_status hn_onnx_dft_axis(hn_onnx_node *node) {
    const hn_attr *attr = hn_onnx_take_attr(node, "axis");
    const int64_t axis = attr ? attr->i : 1;
    hn_value *value;
    if (node->in.n > 2)
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "DFT has %zu inputs; in opset %lld it takes 2",
                node->in.n, (long long)node->opset);
    HN_TRY(hn_onnx_ints(node, "axis", &axis, -1, &value));
    return hn_onnx_set_in(node, 2, value);
}

/* ai.onnx.ml up to opset 1: the classes are the keys, their numbers the values, or the other way round by the type of
 * the input. That is a CategoryMapper. */
hone_status hn_onnx_label_encoder_1(hn_onnx_node *node) {
    const hn_attr *classes = hn_onnx_get_attr(node, "classes_strings");
    hn_attr texts, numbers = {.name = "cats_int64s", .kind = HN_ATTR_INTS};
    if (!classes) return HONE_OK; /* the inference will say so */
    int64_t *number = HN_NEW_ARRAY(&node->scope->import->model->arena, int64_t, classes->n);
    HN_TRY_ALLOC(number);
    for (uint32_t i = 0; i < classes->n; i++) number[i] = i;
    texts = *classes;
    texts.name = "cats_strings";
    numbers.n = classes->n;
    numbers.ints = number;
    hn_onnx_take_attr(node, "classes_strings");
    HN_TRY(hn_onnx_set_attr(node, texts));
    return hn_onnx_set_attr(node, numbers);
}

/* ---- seeds ---- */

/* A node without a seed draws from a stream of its own, which its name tells: runs repeat. */
uint64_t hn_onnx_stream_of(const char *name) { return hn_hash(name, strlen(name), 0) & 0xffffff; }

hone_status hn_onnx_random_seed(hn_onnx_node *node) {
    if (hn_onnx_get_attr(node, "seed")) return HONE_OK;
    return hn_onnx_set_attr(node, hn_attr_of_float("seed", (float)hn_onnx_stream_of(node->name)));
}

/* Only training draws numbers. */
hone_status hn_onnx_dropout_seed(hn_onnx_node *node) {
    if (!hn_onnx_in(node, 2) || hn_onnx_get_attr(node, "seed")) return HONE_OK;
    return hn_onnx_set_attr(node, hn_attr_of_int("seed", (int64_t)hn_onnx_stream_of(node->name)));
}
