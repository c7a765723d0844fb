/* Operators of com.microsoft that join standard ones: products with transpositions and activations, Gelu with its bias,
 * normalizations of sums. */
#include <string.h>
#include "frontend/onnx/onnx_expand.h"

/* ---- activations ---- */

typedef struct activation {
    const char *name;
    hn_op_id op;
    const char *param[2]; /* attributes, in the order of activation_params */
    float otherwise[2];
} activation;

static const activation activations[] = {
    {"Relu", HN_OP_relu, {NULL}, {0}},
    {"Tanh", HN_OP_tanh, {NULL}, {0}},
    {"Sigmoid", HN_OP_sigmoid, {NULL}, {0}},
    {"Softplus", HN_OP_softplus, {NULL}, {0}},
    {"Softsign", HN_OP_softsign, {NULL}, {0}},
    {"LeakyRelu", HN_OP_leaky_relu, {"alpha", NULL}, {0.01f}},
    {"ThresholdedRelu", HN_OP_thresholded_relu, {"alpha", NULL}, {1}},
    {"Elu", HN_OP_elu, {"alpha", NULL}, {1}},
    {"HardSigmoid", HN_OP_hard_sigmoid, {"alpha", "beta"}, {0.2f, 0.5f}},
};

/* `params` NULL: the defaults. */
static hn_value *activate(hn_onnx_expansion *e, hn_bytes name, const float *params, hn_value *x) {
    if (hn_onnx_text_is(name, "", 0)) return x;
    if (hn_onnx_text_is(name, "Clip", 4) && params)
        return hn_expand(e, HN_OP_clip, x, hn_expand_number(e, params[0], x), hn_expand_number(e, params[1], x));
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        const activation *a = &activations[i];
        hn_attr attr[2];
        uint32_t n = 0;
        if (!hn_onnx_text_is(name, a->name, strlen(a->name))) continue;
        for (; n < 2 && a->param[n]; n++) attr[n] = hn_attr_of_float(a->param[n], params ? params[n] : a->otherwise[n]);
        return hn_expand_op(e, a->op, attr, n, 1, &x);
    }
    return hn_expand_refuse(e, "the activation '%.*s' is not available", name.n < 64 ? (int)name.n : 64, name.data);
}

/* The activation of FusedGemm and FusedMatMulActivation, whose parameters have attributes of their own. */
static hn_value *activate_named(hn_onnx_expansion *e, hn_value *x) {
    const hn_attr *name = hn_onnx_get_attr(e->node, "activation"),
                  *alpha = hn_onnx_get_attr(e->node, "activation_alpha");
    const float params[2] = {alpha ? alpha->f : 0, hn_expand_float_attr(e->node, "activation_beta", 0.5f)};
    return name ? activate(e, name->s, alpha ? params : NULL, x) : x;
}

/* ---- products ---- */

/* The operand with its last two axes exchanged (`swap`) and, with `batch`, its first axis moved behind the other batch
 * axes. */
static hn_value *transposed(hn_onnx_expansion *e, hn_value *x, bool swap, bool batch) {
    static const char flip[] = "...ij->...ji";
    const int rank = hn_onnx_rank(x);
    int64_t perm[HONE_MAX_RANK];
    if (!swap && !batch) return x;
    if (rank < 2 && !batch && rank != 1) return hn_expand_with(e, HN_OP_einsum, hn_onnx_text_attr("equation", flip), x);
    if (rank < 2) return hn_expand_refuse(e, "an operand of unknown rank or of rank 1 cannot be transposed");
    for (int i = 0; i < rank; i++) perm[i] = i;
    for (int i = 0; batch && i < rank - 2; i++) perm[i] = i + 1;
    if (batch) perm[rank - 2] = 0;
    if (swap) {
        const int64_t kept = perm[rank - 2];
        perm[rank - 2] = perm[rank - 1];
        perm[rank - 1] = kept;
    }
    return hn_expand_transpose(e, x, perm, rank);
}

static hn_value *fused_product(hn_onnx_expansion *e) {
    const hn_onnx_node *node = e->node;
    const float alpha = hn_expand_float_attr(node, "alpha", 1);
    hn_value *a = transposed(e, node->in.at[0], hn_expand_int_attr(node, "transA", 0) != 0,
                             hn_expand_int_attr(node, "transBatchA", 0) != 0);
    hn_value *b = transposed(e, node->in.at[1], hn_expand_int_attr(node, "transB", 0) != 0,
                             hn_expand_int_attr(node, "transBatchB", 0) != 0);
    hn_value *y = hn_expand(e, HN_OP_matmul, a, b);
    return alpha == 1 ? y : hn_expand(e, HN_OP_mul, y, hn_expand_number(e, alpha, y));
}

hone_status hn_onnx_fused_matmul(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 2, 2));
    return hn_expand_end(&e, 0, activate_named(&e, fused_product(&e)));
}

/* The attributes that the plain operator knows, in `out`. */
static uint32_t kept_attrs(const hn_onnx_node *node, const char *const *names, hn_attr *out) {
    uint32_t n = 0;
    for (; *names; names++) {
        const hn_attr *attr = hn_onnx_get_attr(node, *names);
        if (attr) out[n++] = *attr;
    }
    return n;
}

hone_status hn_onnx_fused_gemm(hn_onnx_node *node) {
    static const char *const names[] = {"alpha", "beta", "transA", "transB", NULL};
    hn_onnx_expansion e = {.node = node};
    hn_attr attr[4];
    HN_TRY(hn_expand_check(node, 2, 3));
    const uint32_t n = kept_attrs(node, names, attr);
    hn_value *y = hn_expand_op(&e, HN_OP_gemm, attr, n, (int)node->in.n, node->in.at);
    return hn_expand_end(&e, 0, activate_named(&e, y));
}

/* Conv of x and w, the bias in input 2, a sum and an activation behind it; `last`: x, the sum and the result have their
 * channels last. */
static hone_status fused_conv(hn_onnx_expansion *e, hn_value *x, hn_value *w, bool last) {
    static const char *const names[] = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", NULL};
    const hn_onnx_node *node = e->node;
    hn_attr attr[6];
    const hn_attr *name = hn_onnx_get_attr(node, "activation"), *params = hn_onnx_get_attr(node, "activation_params");
    const uint32_t n = kept_attrs(node, names, attr);
    const float *given = params && params->kind == HN_ATTR_FLOATS && params->n >= 1 ? params->floats : NULL;
    const float pair[2] = {given ? given[0] : 0, given && params->n > 1 ? given[1] : 0.5f};
    const int rank = hn_onnx_rank(node->in.at[1]);
    hn_value *in[3] = {last ? hn_expand_channels(e, x, rank, false) : x, w, hn_onnx_in(node, 2)};
    hn_value *y = hn_expand_op(e, HN_OP_conv, attr, n, in[2] ? 3 : 2, in);
    if (last) y = hn_expand_channels(e, y, rank, true);
    if (hn_onnx_in(node, 3)) y = hn_expand(e, HN_OP_add, y, node->in.at[3]);
    return hn_expand_end(e, 0, name ? activate(e, name->s, given ? pair : NULL, y) : y);
}

hone_status hn_onnx_fused_conv(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 2, 4));
    return fused_conv(&e, node->in.at[0], node->in.at[1], false);
}

/* Channels last, but for the weights. */
hone_status hn_onnx_nhwc_fused_conv(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 2, 4));
    return fused_conv(&e, node->in.at[0], node->in.at[1], true);
}

/* Channels last, those of the weights [filters, ..., channels / group], too. */
hone_status hn_onnx_nhwc_conv(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 2, 3));
    hn_value *w = hn_expand_channels(&e, node->in.at[1], hn_onnx_rank(node->in.at[1]), false);
    return fused_conv(&e, node->in.at[0], w, true);
}

/* ---- Gelu ---- */

hone_status hn_onnx_bias_gelu(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 2, 2));
    hn_value *sum = hn_expand(&e, HN_OP_add, node->in.at[0], node->in.at[1]);
    return hn_expand_end(&e, 0, hn_expand(&e, HN_OP_gelu, sum));
}

hone_status hn_onnx_fast_gelu(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 1, 2));
    hn_value *x = node->in.at[0];
    if (node->in.n > 1) x = hn_expand(&e, HN_OP_add, x, node->in.at[1]);
    return hn_expand_end(&e, 0, hn_expand_with(&e, HN_OP_gelu, hn_onnx_text_attr("approximate", "tanh"), x));
}

/* The alpha of QuickGelu has another default than that of Swish. */
hone_status hn_onnx_quick_gelu(hn_onnx_node *node) {
    return hn_onnx_set_attr(node, hn_attr_of_float("alpha", hn_expand_float_attr(node, "alpha", 1.702f)));
}

/* The first half of x + bias times the Gelu of the second. */
hone_status hn_onnx_bias_split_gelu(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    const hn_attr split[2] = {hn_attr_of_int("axis", -1), hn_attr_of_int("num_outputs", 2)};
    hn_value *half[2];
    HN_TRY(hn_expand_check(node, 2, 2));
    hn_value *sum = hn_expand(&e, HN_OP_add, node->in.at[0], node->in.at[1]);
    hn_expand_many(&e, HN_OP_split, split, 2, 1, &sum, 2, half);
    return hn_expand_end(&e, 0, hn_expand(&e, HN_OP_mul, half[0], hn_expand(&e, HN_OP_gelu, half[1])));
}

hone_status hn_onnx_bias_add(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 3, 3));
    hn_value *sum = hn_expand(&e, HN_OP_add, node->in.at[0], node->in.at[1]);
    return hn_expand_end(&e, 0, hn_expand(&e, HN_OP_add, sum, node->in.at[2]));
}

/* ---- normalizations ---- */

/* Output 3 is the sum that is normalized; 1 and 2 are for training. */
static hone_status skip_norm(hn_onnx_node *node, hn_op_id op, size_t bias) {
    hn_onnx_expansion e = {.node = node};
    const float epsilon = hn_expand_float_attr(node, "epsilon", 1e-12f);
    HN_TRY(hn_expand_check(node, 3, bias + 1));
    const hn_attr attr[2] = {hn_attr_of_int("axis", -1), hn_attr_of_float("epsilon", epsilon)};
    hn_value *sum = hn_expand(&e, HN_OP_add, node->in.at[0], node->in.at[1]);
    if (hn_onnx_in(node, bias)) sum = hn_expand(&e, HN_OP_add, sum, node->in.at[bias]);
    hn_value *in[3] = {sum, node->in.at[2], op == HN_OP_layer_normalization ? hn_onnx_in(node, 3) : NULL};
    HN_TRY(hn_expand_end(&e, 3, sum));
    return hn_expand_end(&e, 0, hn_expand_op(&e, op, attr, 2, in[2] ? 3 : 2, in));
}

hone_status hn_onnx_skip_layer_norm(hn_onnx_node *node) { return skip_norm(node, HN_OP_layer_normalization, 4); }

hone_status hn_onnx_skip_rms_norm(hn_onnx_node *node) { return skip_norm(node, HN_OP_rms_normalization, 3); }

/* Its second output is for training. */
hone_status hn_onnx_simplified_layer_norm(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 2, 2));
    return hn_expand_end(
        &e, 0, hn_expand_op(&e, HN_OP_rms_normalization, node->attrs.at, (uint32_t)node->attrs.n, 2, node->in.at));
}

/* GroupNorm, and SkipGroupNorm with what is added before: the channels may come last, and a Swish may follow. */
static hone_status group_norm(hn_onnx_expansion *e, hn_value *x) {
    static const int64_t to_first[4] = {0, 3, 1, 2}, to_last[4] = {0, 2, 3, 1};
    const hn_onnx_node *node = e->node;
    const bool last = hn_expand_int_attr(node, "channels_last", 1) != 0;
    const hn_attr attr[2] = {hn_attr_of_float("epsilon", hn_expand_float_attr(node, "epsilon", 1e-5f)),
                             hn_attr_of_int("num_groups", hn_expand_int_attr(node, "groups", 1))};
    hn_value *in[3] = {last ? hn_expand_transpose(e, x, to_first, 4) : x, node->in.at[1], node->in.at[2]};
    for (int i = 1; i < 3; i++) in[i] = hn_expand(e, HN_OP_cast_like, in[i], x);
    hn_value *y = hn_expand_op(e, HN_OP_group_normalization, attr, 2, 3, in);
    if (last) y = hn_expand_transpose(e, y, to_last, 4);
    if (hn_expand_int_attr(node, "activation", 0)) y = hn_expand(e, HN_OP_swish, y);
    return hn_expand_end(e, 0, y);
}

hone_status hn_onnx_ms_group_norm(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 3, 3));
    return group_norm(&e, node->in.at[0]);
}

hone_status hn_onnx_skip_group_norm(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    static const int64_t middle[2] = {1, 2};
    HN_TRY(hn_expand_check(node, 4, 5));
    hn_value *skip = node->in.at[3];
    if (hn_onnx_rank(skip) == 2) skip = hn_expand(&e, HN_OP_unsqueeze, skip, hn_expand_ints(&e, middle, 2));
    hn_value *sum = hn_expand(&e, HN_OP_add, node->in.at[0], skip);
    if (hn_onnx_in(node, 4)) sum = hn_expand(&e, HN_OP_add, sum, node->in.at[4]);
    HN_TRY(hn_expand_end(&e, 1, sum));
    return group_norm(&e, sum);
}
