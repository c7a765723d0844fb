/* Operators of com.microsoft whose weights are stored in few bits: the weights become real numbers, which constants do
 * when the plan is built. */
#include "base/dtype.h"
#include "frontend/onnx/onnx_expand.h"

/* ---- numbers of few bits in bytes ---- */

static hn_value *byte_like(hn_onnx_expansion *e, int64_t value, hn_value *like) {
    return hn_expand(e, HN_OP_cast_like, hn_expand_ints(e, &value, -1), like);
}

/* The numbers of `bits` in each byte, the lowest first, as a new last axis. */
static hn_value *unpacked(hn_onnx_expansion *e, hn_value *bytes, int64_t bits) {
    hn_value *axis = hn_expand_int(e, -1), *part[4];
    const int count = (int)(8 / bits);
    for (int i = 0; i < count; i++) {
        part[i] = bytes;
        if (i)
            part[i] = hn_expand_with(e, HN_OP_bit_shift, hn_onnx_text_attr("direction", "RIGHT"), bytes,
                                     byte_like(e, i * bits, bytes));
        part[i] = hn_expand(e, HN_OP_bitwise_and, part[i], byte_like(e, (1 << bits) - 1, bytes));
        part[i] = hn_expand(e, HN_OP_unsqueeze, part[i], axis);
    }
    const hn_attr last = hn_attr_of_int("axis", -1);
    return hn_expand_op(e, HN_OP_concat, &last, 1, count, part);
}

/* The same along the last axis, which becomes that much longer. */
static hn_value *unpacked_along(hn_onnx_expansion *e, hn_value *bytes, int64_t bits) {
    static const int64_t rest = -1;
    if (bits == 8 || e->status != HONE_OK) return bytes;
    const int rank = hn_onnx_rank(bytes);
    hn_value *all = unpacked(e, bytes, bits);
    hn_value *shape = hn_expand(e, HN_OP_shape, bytes), *axis = hn_expand_int(e, 0);
    hn_value *leading = hn_expand(e, HN_OP_slice, shape, axis, hn_expand_int(e, rank - 1));
    shape = hn_expand_with(e, HN_OP_concat, hn_attr_of_int("axis", 0), leading, hn_expand_ints(e, &rest, 1));
    return hn_expand(e, HN_OP_reshape, all, shape);
}

static hone_dtype dtype_of(const hn_value *value) {
    const hn_type *type = value ? value->info.type : NULL;
    return type && type->kind == HN_KIND_TENSOR ? type->dtype : HONE_NO_DTYPE;
}

/* ---- MatMulNBits ---- */

typedef struct packed {
    int64_t n, k, bits, block, blocks;
} packed;

/* [n, blocks, 1] of the type of A: packed like the weights, or real numbers, or half of the range. */
static hn_value *zero_points(hn_onnx_expansion *e, const packed *p, hn_value *zero, hn_value *a) {
    const int64_t rows[2] = {p->n, -1}, shape[3] = {p->n, p->blocks, 1};
    if (!zero) return hn_expand_number(e, (float)(1 << (p->bits - 1)), a);
    if (p->bits < 8 && dtype_of(zero) == HONE_UINT8)
        zero = hn_expand_slice(e, unpacked_along(e, hn_expand_reshape(e, zero, rows, 2), p->bits), 0, p->blocks, 1);
    return hn_expand(e, HN_OP_cast_like, hn_expand_reshape(e, zero, shape, 3), a);
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
    if (p->bits != 2 && p->bits != 4 && p->bits != 8)
        HN_FAIL(diag, HONE_UNSUPPORTED, "weights of %lld bits; 2, 4 and 8 are available", (long long)p->bits);
    if (hn_expand_int_attr(node, "weight_prepacked", 0))
        HN_FAIL(diag, HONE_UNSUPPORTED, "%s with weights packed for one kind of GPU is not available", node->type);
    p->blocks = (p->k + p->block - 1) / p->block;
    return HONE_OK;
}

/* `x` [n, blocks, 1] for each column: that of its block, or of the block that g_idx names. */
static hn_value *for_columns(hn_onnx_expansion *e, const packed *p, hn_value *x, hn_value *groups) {
    const int64_t rows[2] = {p->n, -1};
    if (!groups || hn_onnx_rank(x) == 0) return x;
    hn_value *of = hn_expand_slice(e, groups, 0, p->k, 0);
    return hn_expand_with(e, HN_OP_gather, hn_attr_of_int("axis", 1), hn_expand_reshape(e, x, rows, 2), of);
}

/* Weights [n, k] as real numbers. */
static hn_value *real_weights(hn_onnx_expansion *e, const packed *p, hn_value *a) {
    const hn_onnx_node *node = e->node;
    const int64_t blocks[3] = {p->n, p->blocks, p->block}, scales[3] = {p->n, p->blocks, 1}, rows[2] = {p->n, -1};
    hn_value *groups = hn_onnx_in(node, 4), *zero = zero_points(e, p, hn_onnx_in(node, 3), a);
    hn_value *scale = hn_expand_reshape(e, node->in.at[2], scales, 3);
    hn_value *b = p->bits < 8 ? unpacked(e, node->in.at[1], p->bits) : node->in.at[1];
    b = hn_expand_reshape(e, b, groups ? rows : blocks, groups ? 2 : 3);
    if (groups) b = hn_expand_slice(e, b, 0, p->k, 1);
    b = hn_expand(e, HN_OP_sub, hn_expand(e, HN_OP_cast_like, b, a), for_columns(e, p, zero, groups));
    b = hn_expand(e, HN_OP_mul, b, for_columns(e, p, scale, groups));
    return groups ? b : hn_expand_slice(e, hn_expand_reshape(e, b, rows, 2), 0, p->k, 1);
}

hone_status hn_onnx_matmul_nbits(hn_onnx_node *node) {
    static const int64_t perm[2] = {1, 0};
    hn_onnx_expansion e = {.node = node};
    packed p = {0};
    HN_TRY(hn_expand_check(node, 3, 6));
    HN_TRY(read_packed(node, &p));
    hn_value *a = node->in.at[0], *b = real_weights(&e, &p, a);
    hn_value *y = hn_expand(&e, HN_OP_matmul, a, hn_expand_transpose(&e, b, perm, 2));
    if (hn_onnx_in(node, 5)) y = hn_expand(&e, HN_OP_add, y, node->in.at[5]);
    return hn_expand_end(&e, 0, y);
}

/* ---- GatherBlockQuantized ---- */

typedef struct table {
    hn_value *data, *scales, *zeros;
    int64_t bits, block, gather, quantize; /* axes, not negative */
    bool whole;                            /* made real before rows are gathered */
} table;

static hone_status read_table(const hn_onnx_node *node, table *t) {
    hn_diag *diag = node->scope->import->diag;
    const int64_t rank = hn_onnx_rank(node->in.at[0]);
    const hone_dtype dtype = dtype_of(node->in.at[0]);
    *t = (table){.data = node->in.at[0],
                 .scales = node->in.at[2],
                 .zeros = hn_onnx_in(node, 3),
                 .bits = hn_expand_int_attr(node, "bits", 4),
                 .block = hn_expand_int_attr(node, "block_size", 128),
                 .gather = hn_expand_int_attr(node, "gather_axis", 0),
                 .quantize = hn_expand_int_attr(node, "quantize_axis", 1)};
    if (dtype != HONE_UINT8) t->bits = 8; /* one element, one number */
    if (rank < 1) HN_FAIL(diag, HONE_UNSUPPORTED, "%s needs data of known rank", node->type);
    if (t->gather < 0) t->gather += rank;
    if (t->quantize < 0) t->quantize += rank;
    t->whole = t->gather == t->quantize || hn_dtype_is_float(dtype);
    if (t->gather < 0 || t->gather >= rank || t->quantize < 0 || t->quantize >= rank)
        HN_FAIL(diag, HONE_INVALID_MODEL, "gather_axis or quantize_axis is not among the %lld axes of the data",
                (long long)rank);
    if (t->bits != 2 && t->bits != 4 && t->bits != 8)
        HN_FAIL(diag, HONE_INVALID_MODEL, "data of %lld bits; allowed: 2, 4 and 8", (long long)t->bits);
    if (t->block < 1 || t->block > INT32_MAX)
        HN_FAIL(diag, HONE_UNSUPPORTED, "block_size is %lld; allowed: 1 and more", (long long)t->block);
    if (t->bits < 8 && t->gather == rank - 1)
        HN_FAIL(diag, HONE_INVALID_MODEL, "numbers are packed along axis %lld, from which nothing can be gathered",
                (long long)t->gather);
    return HONE_OK;
}

/* Parts of `x` along the gathered axis. Numbers of 4 bits, which Gather does not know, are widened. */
static hn_value *pick(hn_onnx_expansion *e, const table *t, hn_value *x, hn_value *indices) {
    const hone_dtype dtype = dtype_of(x);
    if (dtype == HONE_INT4 || dtype == HONE_UINT4)
        x = hn_expand_cast(e, x, dtype == HONE_INT4 ? HONE_INT8 : HONE_UINT8);
    return x ? hn_expand_with(e, HN_OP_gather, hn_attr_of_int("axis", t->gather), x, indices) : NULL;
}

/* Real numbers; `axis` is quantized in blocks. Bytes have their zero in the middle when no other is given. */
static hn_value *real(hn_onnx_expansion *e, const table *t, hn_value *x, hn_value *scales, hn_value *zeros,
                      int64_t axis) {
    const hn_attr attr[2] = {hn_attr_of_int("axis", axis), hn_attr_of_int("block_size", t->block)};
    const bool bytes = dtype_of(t->data) == HONE_UINT8;
    x = unpacked_along(e, x, t->bits);
    if (zeros && t->bits < 8) { /* the last byte may be filled in part */
        const int64_t last = hn_onnx_rank(scales) - 1;
        hn_value *first = hn_expand_int(e, 0), *count = hn_expand_size(e, scales, last);
        zeros = hn_expand(e, HN_OP_slice, unpacked_along(e, zeros, t->bits), first, count, hn_expand_int(e, last));
    }
    if (bytes && !zeros) {
        hn_value *middle = byte_like(e, 1 << (t->bits - 1), x);
        zeros = hn_expand(e, HN_OP_expand, middle, hn_expand(e, HN_OP_shape, scales));
    }
    hn_value *in[3] = {x, scales, zeros};
    return hn_expand_op(e, HN_OP_dequantize_linear, attr, 2, zeros ? 3 : 2, in);
}

/* `indices` that lie inside, others as 0; *inside tells them apart in the shape of the result. */
static hn_value *safe_indices(hn_onnx_expansion *e, const table *t, hn_value *indices, hn_value **inside) {
    static const int64_t axes[HONE_MAX_RANK] = {-1, -2, -3, -4, -5, -6, -7, -8}, none = 0;
    const int behind = hn_onnx_rank(t->data) - 1 - (int)t->gather;
    hn_value *zero = hn_expand_ints(e, &none, -1);
    hn_value *size = hn_expand(e, HN_OP_squeeze, hn_expand_size(e, t->data, t->gather), hn_expand_int(e, 0));
    indices = hn_expand_cast(e, indices, HONE_INT64);
    hn_value *from_end = hn_expand(e, HN_OP_add, indices, size);
    indices = hn_expand(e, HN_OP_where, hn_expand(e, HN_OP_less, indices, zero), from_end, indices);
    *inside = hn_expand(e, HN_OP_and_, hn_expand(e, HN_OP_less, indices, size),
                        hn_expand(e, HN_OP_greater_or_equal, indices, zero));
    hn_value *safe = hn_expand(e, HN_OP_where, *inside, indices, zero);
    if (behind > 0) *inside = hn_expand_unsqueeze(e, *inside, axes, behind);
    return safe;
}

/* What lies outside gives 0. */
hone_status hn_onnx_gather_block_quantized(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    table t;
    hn_value *inside, *y;
    HN_TRY(hn_expand_check(node, 3, 4));
    HN_TRY(read_table(node, &t));
    const int rank = hn_onnx_rank(node->in.at[1]);
    if (rank < 0) HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED, "%s needs indices of known rank", node->type);
    hn_value *safe = safe_indices(&e, &t, node->in.at[1], &inside);
    if (t.whole) {
        y = pick(&e, &t, real(&e, &t, t.data, t.scales, t.zeros, t.quantize), safe);
    } else {
        const int64_t axis = t.quantize > t.gather ? t.quantize + rank - 1 : t.quantize;
        y = real(&e, &t, pick(&e, &t, t.data, safe), pick(&e, &t, t.scales, safe), pick(&e, &t, t.zeros, safe), axis);
    }
    return hn_expand_end(&e, 0, hn_expand(&e, HN_OP_where, inside, y, hn_expand_number(&e, 0, t.scales)));
}
