/* Attention of com.microsoft: projections, embeddings and masks around the standard operator. */
#include "frontend/onnx/onnx_expand.h"

/* ---- masks ---- */

/* 1 minus the mask, times what masked scores get: to be added to the scores. */
static hn_value *as_addend(hn_onnx_expansion *e, hn_value *mask, hn_value *like) {
    const float filter = hn_expand_float_attr(e->node, "mask_filter_value", -10000.0f);
    hn_value *open = hn_expand(e, HN_OP_cast_like, mask, like);
    hn_value *closed = hn_expand(e, HN_OP_sub, hn_expand_number(e, 1, like), open);
    return hn_expand(e, HN_OP_mul, closed, hn_expand_number(e, filter, like));
}

/* Number of dim `axis` as a scalar. */
static hn_value *size_of(hn_onnx_expansion *e, hn_value *x, int64_t axis) {
    const hn_attr range[2] = {hn_attr_of_int("end", axis + 1), hn_attr_of_int("start", axis)};
    return hn_expand(e, HN_OP_squeeze, hn_expand_op(e, HN_OP_shape, range, 2, 1, &x), hn_expand_int(e, 0));
}

/* 0, 1, ... for each key, past ones included. */
static hn_value *key_numbers(hn_onnx_expansion *e, const hn_expand_heads *h) {
    static const int64_t zero = 0, one = 1;
    hn_value *count = size_of(e, h->k, hn_onnx_rank(h->k) == 4 ? 2 : 1);
    if (h->past_key) count = hn_expand(e, HN_OP_add, count, size_of(e, h->past_key, 2));
    return hn_expand(e, HN_OP_range, hn_expand_ints(e, &zero, -1), count, hn_expand_ints(e, &one, -1));
}

static bool lists_starts(const hn_value *mask, const hn_value *q) {
    const hn_shape *m = &mask->info.shape, *x = &q->info.shape;
    return m->rank == 1 && x->rank > 0 && hn_dim_is_const(m->dim[0]) && hn_dim_is_const(x->dim[0]) &&
           x->dim[0].value > 0 && x->dim[0].value <= INT32_MAX && m->dim[0].value == 2 * x->dim[0].value;
}

/* [batch] numbers of keys that count, or [2 * batch]: ends, then starts. As 0 and 1 of [batch, keys]. */
static hn_value *from_lengths(hn_onnx_expansion *e, const hn_expand_heads *h) {
    hn_value *keys = key_numbers(e, h), *ends = hn_expand_cast(e, h->mask, HONE_INT64);
    if (!lists_starts(h->mask, h->q))
        return hn_expand(e, HN_OP_less, keys, hn_expand(e, HN_OP_unsqueeze, ends, hn_expand_int(e, 1)));
    const int64_t batch = h->q->info.shape.dim[0].value;
    hn_value *starts = hn_expand_slice(e, ends, batch, 2 * batch, 0);
    ends = hn_expand_slice(e, ends, 0, batch, 0);
    hn_value *below = hn_expand(e, HN_OP_less, keys, hn_expand(e, HN_OP_unsqueeze, ends, hn_expand_int(e, 1)));
    hn_value *above =
        hn_expand(e, HN_OP_greater_or_equal, keys, hn_expand(e, HN_OP_unsqueeze, starts, hn_expand_int(e, 1)));
    return hn_expand(e, HN_OP_and_, below, above);
}

/* Everything that is added to the scores; NULL when there is nothing. */
static hn_value *mask_of(hn_onnx_expansion *e, const hn_expand_heads *h) {
    static const int64_t axes[2] = {1, 2};
    if (!h->mask) return h->bias;
    const int rank = hn_onnx_rank(h->mask);
    if (rank < 1 || rank > 3) {
        hn_diag_add(e->node->scope->import->diag, HONE_ERROR, HONE_UNSUPPORTED,
                    "the mask has %s; ranks 1 to 3 are available", rank < 0 ? "an unknown rank" : "rank 4");
        e->status = HONE_UNSUPPORTED;
        return NULL;
    }
    hn_value *open = rank == 1 ? from_lengths(e, h) : h->mask;
    hn_value *mask =
        hn_expand(e, HN_OP_unsqueeze, as_addend(e, open, h->q), hn_expand_ints(e, axes, rank == 3 ? 1 : 2));
    return h->bias ? hn_expand(e, HN_OP_add, mask, h->bias) : mask;
}

/* ---- the operator ---- */

hn_value *hn_expand_attend(hn_onnx_expansion *e, hn_expand_heads *h) {
    const hn_onnx_node *node = e->node;
    const int64_t heads = hn_expand_int_attr(node, "num_heads", 0);
    const float scale = hn_expand_float_attr(node, "scale", 0);
    hn_attr attr[4];
    uint32_t n = 0;
    hn_value *mask = mask_of(e, h), *out[3];
    if (hn_expand_int_attr(node, "unidirectional", 0)) attr[n++] = hn_attr_of_int("is_causal", 1);
    if (hn_onnx_rank(h->q) != 4) {
        attr[n++] = hn_attr_of_int("kv_num_heads", heads);
        attr[n++] = hn_attr_of_int("q_num_heads", heads);
    }
    if (scale != 0) attr[n++] = hn_attr_of_float("scale", scale);
    hn_value *in[6] = {h->q, h->k, h->v, mask, h->past_key, h->past_value};
    const int n_in = h->past_key ? 6 : mask ? 4 : 3;
    hn_expand_many(e, HN_OP_attention, attr, n, n_in, in, h->wants_present ? 3 : 1, out);
    if (h->wants_present) {
        h->present_key = out[1];
        h->present_value = out[2];
    }
    return out[0];
}

/* Half of `past` [2, ...]. */
static hn_value *half_of(hn_onnx_expansion *e, hn_value *past, int64_t which) {
    return hn_expand(e, HN_OP_squeeze, hn_expand_slice(e, past, which, which + 1, 0), hn_expand_int(e, 0));
}

/* Q, K and V: equal parts, or parts of given sizes. */
static void split_projection(hn_onnx_expansion *e, hn_value *projected, hn_value **part) {
    const hn_attr *sizes = hn_onnx_get_attr(e->node, "qkv_hidden_sizes");
    const hn_attr attr[2] = {hn_attr_of_int("axis", -1), hn_attr_of_int("num_outputs", 3)};
    const bool given = sizes && sizes->kind == HN_ATTR_INTS && sizes->n == 3;
    hn_value *in[2] = {projected, given ? hn_expand_ints(e, sizes->ints, 3) : NULL};
    hn_expand_many(e, HN_OP_split, attr, given ? 1 : 2, given ? 2 : 1, in, 3, part);
}

static hone_status refuse_attrs(const hn_onnx_node *node) {
    if (hn_expand_int_attr(node, "do_rotary", 0) || hn_expand_int_attr(node, "past_present_share_buffer", 0))
        HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED,
                "%s with do_rotary or past_present_share_buffer is not available", node->type);
    return HONE_OK;
}

hone_status hn_expand_self_attention(hn_onnx_expansion *e, hn_value *projected, hn_value *mask, hn_value *past,
                                     hn_value *bias) {
    hn_value *part[3];
    HN_TRY(refuse_attrs(e->node));
    split_projection(e, projected, part);
    hn_expand_heads h = {.q = part[0], .k = part[1], .v = part[2], .mask = mask, .bias = bias};
    if (past) {
        h.past_key = half_of(e, past, 0);
        h.past_value = half_of(e, past, 1);
    }
    h.wants_present = hn_expand_wants(e->node, 1);
    if (e->status != HONE_OK) return e->status;
    HN_TRY(hn_expand_end(e, 0, hn_expand_attend(e, &h)));
    if (!h.wants_present) return e->status;
    hn_value *key = hn_expand(e, HN_OP_unsqueeze, h.present_key, hn_expand_int(e, 0));
    hn_value *value = hn_expand(e, HN_OP_unsqueeze, h.present_value, hn_expand_int(e, 0));
    return hn_expand_end(e, 1, hn_expand_with(e, HN_OP_concat, hn_attr_of_int("axis", 0), key, value));
}

hone_status hn_onnx_ms_attention(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 2, 7));
    hn_value *projected = hn_expand(&e, HN_OP_matmul, node->in.at[0], node->in.at[1]);
    if (hn_onnx_in(node, 2)) projected = hn_expand(&e, HN_OP_add, projected, node->in.at[2]);
    return hn_expand_self_attention(&e, projected, hn_onnx_in(node, 3), hn_onnx_in(node, 4), hn_onnx_in(node, 5));
}

/* ---- MultiHeadAttention ---- */

/* [batch, length, heads, count, size] to `count` tensors of [batch, length, heads * size]. */
static void unpack_heads(hn_onnx_expansion *e, hn_value *packed, int count, hn_value **out) {
    static const int64_t joined[3] = {0, 0, -1};
    for (int i = 0; i < count; i++) {
        hn_value *part = hn_expand(e, HN_OP_squeeze, hn_expand_slice(e, packed, i, i + 1, 3), hn_expand_int(e, 3));
        out[i] = hn_expand(e, HN_OP_reshape, part, hn_expand_ints(e, joined, 3));
    }
}

/* [batch, length, heads * size] to [batch, heads, length, size]. */
static hn_value *apart(hn_onnx_expansion *e, hn_value *x) {
    static const int64_t perm[4] = {0, 2, 1, 3};
    const int64_t shape[4] = {0, 0, hn_expand_int_attr(e->node, "num_heads", 1), -1};
    return hn_expand_transpose(e, hn_expand(e, HN_OP_reshape, x, hn_expand_ints(e, shape, 4)), perm, 4);
}

static hn_value *together(hn_onnx_expansion *e, hn_value *x) {
    static const int64_t perm[4] = {0, 2, 1, 3}, shape[3] = {0, 0, -1};
    return hn_expand(e, HN_OP_reshape, hn_expand_transpose(e, x, perm, 4), hn_expand_ints(e, shape, 3));
}

/* Adds the parts of the bias [q + k + v] to what is not split into heads yet. */
static void add_bias(hn_onnx_expansion *e, hn_expand_heads *h, hn_value *bias) {
    hn_value **to[3] = {&h->q, &h->k, &h->v}, *part[3];
    const hn_shape *q = &h->q->info.shape;
    if (!bias) return;
    if (q->rank == 3 && hn_dim_is_const(q->dim[2]) && q->dim[2].value <= INT32_MAX) {
        const int64_t size = q->dim[2].value;
        part[0] = hn_expand_slice(e, bias, 0, size, 0);
        part[1] = hn_expand_slice(e, bias, size, 2 * size, 0);
        part[2] = hn_expand_slice(e, bias, 2 * size, INT64_MAX, 0);
    } else {
        const hn_attr attr[2] = {hn_attr_of_int("axis", 0), hn_attr_of_int("num_outputs", 3)};
        hn_expand_many(e, HN_OP_split, attr, 2, 1, &bias, 3, part);
    }
    for (int i = 0; i < 3; i++)
        if (hn_onnx_rank(*to[i]) == 3) *to[i] = hn_expand(e, HN_OP_add, *to[i], part[i]);
}

static hone_status read_operands(hn_onnx_expansion *e, hn_expand_heads *h) {
    const hn_onnx_node *node = e->node;
    hn_value *part[3] = {hn_onnx_in(node, 0), hn_onnx_in(node, 1), hn_onnx_in(node, 2)};
    const int q_rank = hn_onnx_rank(part[0]), k_rank = hn_onnx_rank(part[1]);
    if (!part[1] && q_rank == 5) unpack_heads(e, part[0], 3, part);
    else if (part[1] && !part[2] && k_rank == 5) unpack_heads(e, part[1], 2, part + 1);
    if (e->status != HONE_OK) return e->status;
    if (!part[1] || !part[2] || q_rank < 0 || k_rank == -1)
        if (!(q_rank == 5 && !hn_onnx_in(node, 1)))
            HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED,
                    "MultiHeadAttention needs query, key and value of known rank, or packed ones");
    h->q = part[0];
    h->k = part[1];
    h->v = part[2];
    return HONE_OK;
}

/* Number of the inputs that follow query, key and value. */
typedef struct head_inputs {
    size_t bias, mask, addend, past_key, past_value;
} head_inputs;

static hone_status multi_head(hn_onnx_node *node, const head_inputs *at) {
    hn_onnx_expansion e = {.node = node};
    hn_expand_heads h = {0};
    HN_TRY(read_operands(&e, &h));
    add_bias(&e, &h, hn_onnx_in(node, at->bias));
    h.mask = hn_onnx_in(node, at->mask);
    h.bias = hn_onnx_in(node, at->addend);
    h.past_key = hn_onnx_in(node, at->past_key);
    h.past_value = hn_onnx_in(node, at->past_value);
    h.wants_present = hn_expand_wants(node, 1) || hn_expand_wants(node, 2);
    if (e.status != HONE_OK) return e.status;
    const bool split = hn_onnx_rank(h.k) == 4;
    if (split) h.q = apart(&e, h.q);
    if (e.status != HONE_OK) return e.status;
    hn_value *y = hn_expand_attend(&e, &h);
    HN_TRY(hn_expand_end(&e, 0, split ? together(&e, y) : y));
    HN_TRY(hn_expand_end(&e, 1, h.present_key));
    return hn_expand_end(&e, 2, h.present_value);
}

hone_status hn_onnx_ms_multi_head_attention(hn_onnx_node *node) {
    HN_TRY(hn_expand_check(node, 1, 8));
    return multi_head(node, &(const head_inputs){.bias = 3, .mask = 4, .addend = 5, .past_key = 6, .past_value = 7});
}

/* DecoderMaskedMultiHeadAttention without a shared buffer of past and present, and without beams. */
hone_status hn_onnx_decoder_attention(hn_onnx_node *node) {
    HN_TRY(hn_expand_check(node, 1, 11));
    HN_TRY(refuse_attrs(node));
    for (size_t i = 7; i < 10; i++)
        if (hn_onnx_in(node, i))
            HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED, "input %zu of %s is not available", i, node->type);
    return multi_head(node, &(const head_inputs){.bias = 10, .mask = 3, .addend = 4, .past_key = 5, .past_value = 6});
}

/* X, positions, cosines, sines: the standard operator wants the positions last. */
hone_status hn_onnx_ms_rotary_embedding(hn_onnx_node *node) {
    const hn_attr *scale = hn_onnx_take_attr(node, "scale");
    const bool scaled = scale && scale->f != 1, packed = hn_expand_int_attr(node, "is_packed_batching", 0) != 0;
    HN_TRY(hn_expand_check(node, 4, 4));
    hn_value *positions = node->in.at[1];
    if (scaled || packed || hn_onnx_rank(positions) != 2)
        HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED,
                "RotaryEmbedding needs position_ids of rank 2, no scale and no packed batch");
    (void)hn_onnx_take_attr(node, "is_packed_batching");
    HN_TRY(hn_onnx_set_in(node, 1, node->in.at[2]));
    HN_TRY(hn_onnx_set_in(node, 2, node->in.at[3]));
    return hn_onnx_set_in(node, 3, positions);
}

/* ---- EmbedLayerNormalization ---- */

/* The first rows of the table: as many as a sentence has words. */
static hn_value *positions_of(hn_onnx_expansion *e, const hn_expand_embedding *in) {
    const hn_attr range[2] = {hn_attr_of_int("end", 2), hn_attr_of_int("start", 1)};
    hn_value *ids = in->ids;
    if (in->position_ids) return hn_expand(e, HN_OP_gather, in->positions, in->position_ids);
    hn_value *length = hn_expand_op(e, HN_OP_shape, range, 2, 1, &ids);
    return hn_expand(e, HN_OP_slice, in->positions, hn_expand_int(e, 0), length, hn_expand_int(e, 0));
}

/* How many words of each sentence count; zeros without a mask. */
static hn_value *mask_index(hn_onnx_expansion *e, const hn_expand_embedding *in) {
    const hn_attr range[2] = {hn_attr_of_int("end", 1), hn_attr_of_int("start", 0)};
    hn_value *ids = in->ids;
    if (in->mask)
        return hn_expand_with(e, HN_OP_reduce_sum, hn_attr_of_int("keepdims", 0), in->mask, hn_expand_int(e, 1));
    hn_value *batch = hn_expand_op(e, HN_OP_shape, range, 2, 1, &ids);
    return hn_expand(e, HN_OP_cast_like, hn_expand(e, HN_OP_constant_of_shape, batch), ids);
}

hone_status hn_expand_embed(hn_onnx_expansion *e, const hn_expand_embedding *in) {
    const hn_attr attr[2] = {hn_attr_of_int("axis", -1),
                             hn_attr_of_float("epsilon", hn_expand_float_attr(e->node, "epsilon", 1e-12f))};
    hn_value *sum = hn_expand(e, HN_OP_gather, in->words, in->ids);
    sum = hn_expand(e, HN_OP_add, sum, positions_of(e, in));
    if (in->segments) sum = hn_expand(e, HN_OP_add, sum, hn_expand(e, HN_OP_gather, in->segment_words, in->segments));
    hn_value *norm[3] = {sum, in->gamma, in->beta};
    HN_TRY(hn_expand_end(e, 0, hn_expand_op(e, HN_OP_layer_normalization, attr, 2, 3, norm)));
    if (hn_expand_wants(e->node, 1)) HN_TRY(hn_expand_end(e, 1, mask_index(e, in)));
    return hn_expand_end(e, 2, sum);
}

hone_status hn_onnx_embed_layer_norm(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 1, 9));
    hn_value *in[9];
    for (size_t i = 0; i < 9; i++) in[i] = hn_onnx_in(node, i);
    if (!in[2] || !in[3] || !in[5] || !in[6] || !in[1] != !in[4])
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "%s lacks an embedding, gamma or beta", node->type);
    const hn_expand_embedding all = {in[0], in[1], in[2], in[3], in[4], in[5], in[6], in[7], in[8]};
    return hn_expand_embed(&e, &all);
}
