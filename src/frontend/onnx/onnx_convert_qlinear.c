/* Quantized operators of com.microsoft: the standard ones between DequantizeLinear and QuantizeLinear, products by
 * MatMulInteger. */
#include "frontend/onnx/onnx_expand.h"

/* ---- between DequantizeLinear and QuantizeLinear ---- */

/* The real numbers of inputs x, x + 1 (scale) and x + 2 (zero point, may be absent). */
static hn_value *real(hn_onnx_expansion *e, size_t x) {
    hn_value *in[3] = {hn_onnx_in(e->node, x), hn_onnx_in(e->node, x + 1), hn_onnx_in(e->node, x + 2)};
    return hn_expand_op(e, HN_OP_dequantize_linear, NULL, 0, in[2] ? 3 : 2, in);
}

/* Output 0 is y with the scale in input `scale` and the zero point behind it; without one its type is that of x. */
static hone_status quantized(hn_onnx_expansion *e, hn_value *y, size_t scale, hn_value *x) {
    hn_value *zero = hn_onnx_in(e->node, scale + 1);
    if (!zero) zero = hn_expand_number(e, 0, x);
    return hn_expand_end(e, 0, hn_expand(e, HN_OP_quantize_linear, y, hn_onnx_in(e->node, scale), zero));
}

static hone_status binary(hn_onnx_node *node, hn_op_id op) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 2, 8));
    if (!hn_onnx_in(node, 3) || !hn_onnx_in(node, 6))
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "%s lacks its second operand or a scale", node->type);
    hn_value *a = real(&e, 0), *b = real(&e, 3);
    return quantized(&e, hn_expand(&e, op, a, b), 6, node->in.at[0]);
}

hone_status hn_onnx_qlinear_add(hn_onnx_node *node) { return binary(node, HN_OP_add); }
hone_status hn_onnx_qlinear_mul(hn_onnx_node *node) { return binary(node, HN_OP_mul); }

/* X, its scale and zero point, Y's scale and zero point. */
static hone_status check_unary(hn_onnx_node *node) {
    HN_TRY(hn_expand_check(node, 2, 5));
    if (hn_onnx_in(node, 3)) return HONE_OK;
    HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "%s lacks the scale of its output", node->type);
}

static hone_status unary(hn_onnx_node *node, hn_op_id op, const hn_attr *attrs, uint32_t n_attrs) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(check_unary(node));
    hn_value *x = real(&e, 0);
    return quantized(&e, hn_expand_op(&e, op, attrs, n_attrs, 1, &x), 3, node->in.at[0]);
}

hone_status hn_onnx_qlinear_sigmoid(hn_onnx_node *node) { return unary(node, HN_OP_sigmoid, NULL, 0); }

hone_status hn_onnx_qlinear_leaky_relu(hn_onnx_node *node) {
    const hn_attr alpha = hn_attr_of_float("alpha", hn_expand_float_attr(node, "alpha", 0.01f));
    return unary(node, HN_OP_leaky_relu, &alpha, 1);
}

/* Of a Softmax before opset 13, which flattened its input to two dimensions at the axis. */
hone_status hn_onnx_qlinear_softmax(hn_onnx_node *node) {
    const hn_attr axis = hn_attr_of_int("axis", hn_expand_int_attr(node, "axis", -1)),
                  last = hn_attr_of_int("axis", -1);
    const bool flattens = hn_expand_int_attr(node, "opset", 13) < 13 && axis.i != -1;
    hn_onnx_expansion e = {.node = node};
    if (!flattens) return unary(node, HN_OP_softmax, &axis, 1);
    HN_TRY(check_unary(node));
    hn_value *x = real(&e, 0), *shape = hn_expand(&e, HN_OP_shape, x);
    hn_value *y = hn_expand_with(&e, HN_OP_softmax, last, hn_expand_with(&e, HN_OP_flatten, axis, x));
    y = hn_expand_with(&e, HN_OP_reshape, hn_attr_of_int("allowzero", 1), y, shape);
    return quantized(&e, y, 3, node->in.at[0]);
}

hone_status hn_onnx_qlinear_reduce_mean(hn_onnx_node *node) {
    const hn_attr *axes = hn_onnx_get_attr(node, "axes");
    const hn_attr keep = hn_attr_of_int("keepdims", hn_expand_int_attr(node, "keepdims", 1));
    hn_onnx_expansion e = {.node = node};
    HN_TRY(check_unary(node));
    hn_value *in[2] = {real(&e, 0), axes ? hn_expand_ints(&e, axes->ints, (int)axes->n) : NULL};
    return quantized(&e, hn_expand_op(&e, HN_OP_reduce_mean, &keep, 1, axes ? 2 : 1, in), 3, node->in.at[0]);
}

hone_status hn_onnx_qlinear_where(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 9, 9));
    hn_value *x = real(&e, 1), *y = real(&e, 4);
    return quantized(&e, hn_expand(&e, HN_OP_where, node->in.at[0], x, y), 7, node->in.at[1]);
}

/* Scale and zero point of the output come first, then each part with its own. */
hone_status hn_onnx_qlinear_concat(hn_onnx_node *node) {
    const hn_attr axis = hn_attr_of_int("axis", hn_expand_int_attr(node, "axis", 0));
    hn_onnx_expansion e = {.node = node};
    const size_t parts = node->in.n < 2 ? 0 : (node->in.n - 2) / 3;
    if (parts == 0 || node->in.n != 3 * parts + 2)
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "%s has %zu inputs; allowed: 2, and 3 for each part",
                node->type, node->in.n);
    HN_TRY(hn_expand_check(node, 3 * parts + 2, 3 * parts + 2));
    hn_value **part = HN_NEW_ARRAY(&node->scope->import->scratch, hn_value *, parts);
    HN_TRY_ALLOC(part);
    for (size_t i = 0; i < parts; i++) part[i] = real(&e, 2 + 3 * i);
    hn_value *all = hn_expand_op(&e, HN_OP_concat, &axis, 1, (int)parts, part);
    return quantized(&e, all, 0, node->in.at[2]);
}

/* ---- pooling and convolution with channels last ---- */

static hone_status pool(hn_onnx_node *node, hn_op_id op, int rank, const hn_attr *attrs, uint32_t n) {
    const bool last = hn_expand_int_attr(node, "channels_last", 0) != 0;
    hn_onnx_expansion e = {.node = node};
    HN_TRY(check_unary(node));
    hn_value *x = real(&e, 0);
    if (last) x = hn_expand_channels(&e, x, rank, false);
    hn_value *y = hn_expand_op(&e, op, attrs, n, 1, &x);
    if (last) y = hn_expand_channels(&e, y, rank, true);
    return quantized(&e, y, 3, node->in.at[0]);
}

hone_status hn_onnx_qlinear_average_pool(hn_onnx_node *node) {
    static const char *const names[] = {"auto_pad",     "ceil_mode", "count_include_pad",
                                        "kernel_shape", "pads",      "strides"};
    hn_attr attr[6];
    uint32_t n = 0;
    for (size_t i = 0; i < 6; i++) {
        const hn_attr *given = hn_onnx_get_attr(node, names[i]);
        if (given) attr[n++] = *given;
    }
    const hn_attr *kernel = hn_onnx_get_attr(node, "kernel_shape");
    return pool(node, HN_OP_average_pool, kernel ? (int)kernel->n + 2 : -1, attr, n);
}

hone_status hn_onnx_qlinear_global_average_pool(hn_onnx_node *node) {
    return pool(node, HN_OP_global_average_pool, hn_onnx_rank(hn_onnx_in(node, 0)), NULL, 0);
}

/* MaxPool with channels last, of any type. */
hone_status hn_onnx_nhwc_max_pool(hn_onnx_node *node) {
    const hn_attr *kernel = hn_onnx_get_attr(node, "kernel_shape");
    const int rank = kernel ? (int)kernel->n + 2 : -1;
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 1, 1));
    hn_value *x = hn_expand_channels(&e, node->in.at[0], rank, false);
    hn_value *y = hn_expand_op(&e, HN_OP_max_pool, node->attrs.at, (uint32_t)node->attrs.n, 1, &x);
    return hn_expand_end(&e, 0, hn_expand_channels(&e, y, rank, true));
}

/* QLinearConv of com.microsoft differs by channels_last only. */
hone_status hn_onnx_ms_qlinear_conv(hn_onnx_node *node) {
    const hn_attr *taken = hn_onnx_take_attr(node, "channels_last");
    hn_onnx_expansion e = {.node = node};
    if (!taken || taken->i == 0) return HONE_OK;
    HN_TRY(hn_expand_check(node, 8, 9));
    const int rank = hn_onnx_rank(node->in.at[3]);
    HN_TRY(hn_onnx_set_in(node, 0, hn_expand_channels(&e, node->in.at[0], rank, false)));
    if (e.status != HONE_OK) return e.status;
    hn_value *y =
        hn_expand_op(&e, HN_OP_qlinear_conv, node->attrs.at, (uint32_t)node->attrs.n, (int)node->in.n, node->in.at);
    return hn_expand_end(&e, 0, hn_expand_channels(&e, y, rank, true));
}

/* ---- products ---- */

static hn_value *integer_product(hn_onnx_expansion *e, hn_value *a, hn_value *b, hn_value *a_zero, hn_value *b_zero) {
    hn_value *in[4] = {a, b, a_zero, b_zero};
    return hn_expand_op(e, HN_OP_matmul_integer, NULL, 0, b_zero ? 4 : a_zero ? 3 : 2, in);
}

/* Sums times both scales, plus the bias (may be absent). */
static hn_value *scaled(hn_onnx_expansion *e, hn_value *sums, hn_value *a_scale, hn_value *b_scale, hn_value *bias) {
    hn_value *scale = hn_expand(e, HN_OP_mul, a_scale, b_scale);
    hn_value *y = hn_expand(e, HN_OP_mul, hn_expand(e, HN_OP_cast_like, sums, scale), scale);
    return bias ? hn_expand(e, HN_OP_add, y, bias) : y;
}

hone_status hn_onnx_matmul_integer_to_float(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 4, 7));
    hn_value *sums = integer_product(&e, node->in.at[0], node->in.at[1], hn_onnx_in(node, 4), hn_onnx_in(node, 5));
    return hn_expand_end(&e, 0, scaled(&e, sums, node->in.at[2], node->in.at[3], hn_onnx_in(node, 6)));
}

hone_status hn_onnx_dynamic_quantize_matmul(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    hn_value *a[3];
    HN_TRY(hn_expand_check(node, 3, 5));
    hn_expand_many(&e, HN_OP_dynamic_quantize_linear, NULL, 0, 1, node->in.at, 3, a);
    hn_value *sums = integer_product(&e, a[0], node->in.at[1], a[2], hn_onnx_in(node, 3));
    return hn_expand_end(&e, 0, scaled(&e, sums, a[1], node->in.at[2], hn_onnx_in(node, 4)));
}

/* A, its scale and zero point, B likewise, C in the scale of the product, then what the output has. */
hone_status hn_onnx_qgemm(hn_onnx_node *node) {
    static const int64_t perm[2] = {1, 0};
    const float alpha = hn_expand_float_attr(node, "alpha", 1);
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 6, 9));
    hn_value *a = node->in.at[0], *b = node->in.at[3], *a_scale = node->in.at[1];
    if (hn_expand_int_attr(node, "transA", 0)) a = hn_expand_transpose(&e, a, perm, 2);
    if (hn_expand_int_attr(node, "transB", 0)) b = hn_expand_transpose(&e, b, perm, 2);
    hn_value *sums = integer_product(&e, a, b, node->in.at[2], node->in.at[5]);
    if (hn_onnx_in(node, 6)) sums = hn_expand(&e, HN_OP_add, sums, node->in.at[6]);
    if (alpha != 1) a_scale = hn_expand(&e, HN_OP_mul, a_scale, hn_expand_number(&e, alpha, a_scale));
    hn_value *y = scaled(&e, sums, a_scale, node->in.at[4], NULL);
    return hn_onnx_in(node, 7) ? quantized(&e, y, 7, node->in.at[0]) : hn_expand_end(&e, 0, y);
}

/* ---- transformers ---- */

hone_status hn_onnx_qattention(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 5, 9));
    hn_value *sums = integer_product(&e, node->in.at[0], node->in.at[1], hn_onnx_in(node, 6), hn_onnx_in(node, 7));
    hn_value *projected = scaled(&e, sums, node->in.at[3], node->in.at[4], node->in.at[2]);
    const hn_expand_heads given = {.mask = hn_onnx_in(node, 5), .past_key = hn_onnx_in(node, 8)};
    return hn_expand_self_attention(&e, projected, &given);
}

/* Input i with the scale and the zero point that lie 8 and 13 (or so) behind. */
static hn_value *table(hn_onnx_expansion *e, size_t i, size_t scale) {
    hn_value *in[3] = {hn_onnx_in(e->node, i), hn_onnx_in(e->node, scale), hn_onnx_in(e->node, scale + 5)};
    return in[0] ? hn_expand_op(e, HN_OP_dequantize_linear, NULL, 0, in[2] ? 3 : 2, in) : NULL;
}

hone_status hn_onnx_qembed_layer_norm(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 1, 18));
    for (size_t i = 2; i < 13; i++)
        if (i != 4 && i != 7 && i != 10 && !hn_onnx_in(node, i))
            HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "input %zu of %s is required", i, node->type);
    if (!hn_onnx_in(node, 1) != !hn_onnx_in(node, 4) || !hn_onnx_in(node, 1) != !hn_onnx_in(node, 10))
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "%s lacks a part of its segments", node->type);
    const hn_expand_embedding in = {.ids = node->in.at[0],
                                    .segments = hn_onnx_in(node, 1),
                                    .words = table(&e, 2, 8),
                                    .positions = table(&e, 3, 9),
                                    .segment_words = table(&e, 4, 10),
                                    .gamma = table(&e, 5, 11),
                                    .beta = table(&e, 6, 12),
                                    .mask = hn_onnx_in(node, 7)};
    return hn_expand_embed(&e, &in);
}
