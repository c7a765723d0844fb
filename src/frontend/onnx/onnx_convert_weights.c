/* Operators of com.microsoft whose weights are stored in few bits: the weights become real numbers, which constants do
 * when the plan is built. */
#include "frontend/onnx/onnx_expand.h"

/* ---- DynamicQuantizeLSTM ---- */

/* [directions, columns, gates] in 8 bits to [directions, gates, columns]; one scale a direction or one a gate. */
static hn_value *gate_weights(hn_onnx_expansion *e, hn_value *w, hn_value *scale, hn_value *zero) {
    static const int64_t column[3] = {-1, 1, 1}, perm[3] = {0, 2, 1};
    hn_value *parameter[2] = {scale, zero ? hn_expand(e, HN_OP_cast_like, zero, scale) : NULL};
    for (int i = 0; i < 2; i++) {
        if (!parameter[i]) continue;
        if (hn_onnx_rank(parameter[i]) == 2)
            parameter[i] = hn_expand(e, HN_OP_unsqueeze, parameter[i], hn_expand_int(e, 1));
        else parameter[i] = hn_expand(e, HN_OP_reshape, parameter[i], hn_expand_ints(e, column, 3));
    }
    hn_value *real = hn_expand(e, HN_OP_cast_like, w, scale);
    if (parameter[1]) real = hn_expand(e, HN_OP_sub, real, parameter[1]);
    return hn_expand_transpose(e, hn_expand(e, HN_OP_mul, real, parameter[0]), perm, 3);
}

/* Without the rounding of inputs and states to 8 bits, which ONNX Runtime does for speed. */
hone_status hn_onnx_dynamic_quantize_lstm(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 3, 12));
    for (size_t i = 8; i < 12; i += 2)
        if (!hn_onnx_in(node, i))
            HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "input %zu of %s is required", i, node->type);
    hn_value *in[8];
    for (size_t i = 0; i < 8; i++) in[i] = hn_onnx_in(node, i);
    for (size_t i = 1; i < 3; i++) in[i] = gate_weights(&e, in[i], node->in.at[6 + 2 * i], hn_onnx_in(node, 7 + 2 * i));
    hn_expand_many(&e, HN_OP_lstm, node->attrs.at, (uint32_t)node->attrs.n, 8, in, node->n_out < 3 ? node->n_out : 3,
                   node->result);
    return e.status;
}

/* ---- MatMulNBits ---- */

static hn_value *byte_like(hn_onnx_expansion *e, int64_t value, hn_value *like) {
    return hn_expand(e, HN_OP_cast_like, hn_expand_ints(e, &value, -1), like);
}

/* Two numbers of 4 bits in each byte, the low one first, as a new last axis. */
static hn_value *nibbles(hn_onnx_expansion *e, hn_value *bytes) {
    hn_value *axis = hn_expand_int(e, -1);
    hn_value *low = hn_expand(e, HN_OP_bitwise_and, bytes, byte_like(e, 15, bytes));
    hn_value *high =
        hn_expand_with(e, HN_OP_bit_shift, hn_onnx_text_attr("direction", "RIGHT"), bytes, byte_like(e, 4, bytes));
    low = hn_expand(e, HN_OP_unsqueeze, low, axis);
    high = hn_expand(e, HN_OP_unsqueeze, high, axis);
    return hn_expand_with(e, HN_OP_concat, hn_attr_of_int("axis", -1), low, high);
}

static hone_dtype dtype_of(const hn_value *value) {
    const hn_type *type = value ? value->info.type : NULL;
    return type && type->kind == HN_KIND_TENSOR ? type->dtype : HONE_NO_DTYPE;
}

typedef struct packed {
    int64_t n, k, bits, block, blocks;
} packed;

/* [n, blocks, 1] of the type of A: packed like the weights, or real numbers, or half of the range. */
static hn_value *zero_points(hn_onnx_expansion *e, const packed *p, hn_value *zero, hn_value *a) {
    const int64_t rows[2] = {p->n, -1}, shape[3] = {p->n, p->blocks, 1};
    if (!zero) return hn_expand_number(e, p->bits == 4 ? 8 : 128, a);
    if (p->bits == 4 && dtype_of(zero) == HONE_UINT8) {
        zero = hn_expand(e, HN_OP_reshape, zero, hn_expand_ints(e, rows, 2));
        zero = hn_expand(e, HN_OP_reshape, nibbles(e, zero), hn_expand_ints(e, rows, 2));
        zero = hn_expand_slice(e, zero, 0, p->blocks, 1);
    }
    zero = hn_expand(e, HN_OP_reshape, zero, hn_expand_ints(e, shape, 3));
    return hn_expand(e, HN_OP_cast_like, zero, a);
}

static hone_status read_packed(const hn_onnx_node *node, packed *p) {
    hn_diag *diag = node->scope->import->diag;
    p->n = hn_expand_int_attr(node, "N", 0);
    p->k = hn_expand_int_attr(node, "K", 0);
    p->bits = hn_expand_int_attr(node, "bits", 4);
    p->block = hn_expand_int_attr(node, "block_size", 0);
    if (p->n < 1 || p->k < 1 || p->n > INT32_MAX || p->k > INT32_MAX || p->block < 2 || p->block > INT32_MAX)
        HN_FAIL(diag, HONE_INVALID_MODEL, "N, K and block_size are %lld, %lld and %lld", (long long)p->n,
                (long long)p->k, (long long)p->block);
    if (p->bits != 4 && p->bits != 8)
        HN_FAIL(diag, HONE_UNSUPPORTED, "weights of %lld bits; 4 and 8 are available", (long long)p->bits);
    if (hn_onnx_in(node, 4)) HN_FAIL(diag, HONE_UNSUPPORTED, "%s with g_idx is not available", node->type);
    if (hn_expand_int_attr(node, "weight_prepacked", 0))
        HN_FAIL(diag, HONE_UNSUPPORTED, "%s with prepacked weights is not available", node->type);
    p->blocks = (p->k + p->block - 1) / p->block;
    return HONE_OK;
}

hone_status hn_onnx_matmul_nbits(hn_onnx_node *node) {
    static const int64_t perm[2] = {1, 0};
    hn_onnx_expansion e = {.node = node};
    packed p = {0};
    HN_TRY(hn_expand_check(node, 3, 6));
    HN_TRY(read_packed(node, &p));
    const int64_t blocks[3] = {p.n, p.blocks, p.block}, scales[3] = {p.n, p.blocks, 1}, rows[2] = {p.n, -1};
    hn_value *a = node->in.at[0], *b = node->in.at[1];
    b = hn_expand(&e, HN_OP_reshape, p.bits == 4 ? nibbles(&e, b) : b, hn_expand_ints(&e, blocks, 3));
    b = hn_expand(&e, HN_OP_sub, hn_expand(&e, HN_OP_cast_like, b, a), zero_points(&e, &p, hn_onnx_in(node, 3), a));
    b = hn_expand(&e, HN_OP_mul, b, hn_expand(&e, HN_OP_reshape, node->in.at[2], hn_expand_ints(&e, scales, 3)));
    b = hn_expand_slice(&e, hn_expand(&e, HN_OP_reshape, b, hn_expand_ints(&e, rows, 2)), 0, p.k, 1);
    hn_value *y = hn_expand(&e, HN_OP_matmul, a, hn_expand_transpose(&e, b, perm, 2));
    if (hn_onnx_in(node, 5)) y = hn_expand(&e, HN_OP_add, y, node->in.at[5]);
    return hn_expand_end(&e, 0, y);
}
