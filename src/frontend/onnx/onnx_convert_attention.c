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

/* Axis of the length in [batch, length, hidden] or [batch, heads, length, size]. */
static int64_t length_axis(const hn_value *x) { return hn_onnx_rank(x) == 4 ? 2 : 1; }

/* Number of keys, past ones included, as a vector of one. */
static hn_value *key_count(hn_onnx_expansion *e, const hn_expand_heads *h) {
    hn_value *count = hn_expand_size(e, h->k, length_axis(h->k));
    return h->past_key ? hn_expand(e, HN_OP_add, count, hn_expand_size(e, h->past_key, 2)) : count;
}

/* Entries of a mask of rank 1 for each sentence: 1 (ends), 2 (ends, then starts), 3 (ends, then two lists of offsets
 * with one entry more). */
static int64_t lists_of(const hn_value *mask, const hn_value *q) {
    const hn_shape *m = &mask->info.shape, *x = &q->info.shape;
    if (m->rank != 1 || x->rank < 1 || !hn_dim_is_const(m->dim[0]) || !hn_dim_is_const(x->dim[0])) return 1;
    const int64_t batch = x->dim[0].value, n = m->dim[0].value;
    if (batch < 1 || batch > INT32_MAX || n == batch) return 1;
    return n == 2 * batch ? 2 : n == 3 * batch + 2 ? 3 : 1;
}

/* Numbers of keys that count in each sentence, as 0 and 1 of [batch, keys]. */
static hn_value *from_lengths(hn_onnx_expansion *e, const hn_expand_heads *h) {
    static const int64_t column = 1;
    const int64_t lists = lists_of(h->mask, h->q), batch = lists > 1 ? h->q->info.shape.dim[0].value : 0;
    hn_value *keys = hn_expand_numbers(e, key_count(e, h)), *all = hn_expand_cast(e, h->mask, HONE_INT64);
    hn_value *ends = lists > 1 ? hn_expand_slice(e, all, 0, batch, 0) : all;
    hn_value *below = hn_expand(e, HN_OP_less, keys, hn_expand_unsqueeze(e, ends, &column, 1));
    if (lists != 2) return below;
    hn_value *starts = hn_expand_unsqueeze(e, hn_expand_slice(e, all, batch, 2 * batch, 0), &column, 1);
    return hn_expand(e, HN_OP_and_, below, hn_expand(e, HN_OP_greater_or_equal, keys, starts));
}

/* The rows of the queries and the columns of the keys in a mask [batch, 1, most, most]. */
static hn_value *from_square(hn_onnx_expansion *e, const hn_expand_heads *h) {
    static const int64_t axes[2] = {2, 3}, zero = 0;
    const hn_attr axis = hn_attr_of_int("axis", 0);
    hn_value *keys = key_count(e, h), *queries = hn_expand_size(e, h->q, length_axis(h->q));
    hn_value *first = hn_expand(e, HN_OP_sub, keys, queries);
    first = hn_expand_with(e, HN_OP_concat, axis, first, hn_expand_ints(e, &zero, 1));
    hn_value *last = hn_expand_with(e, HN_OP_concat, axis, keys, keys);
    return hn_expand(e, HN_OP_slice, h->mask, first, last, hn_expand_ints(e, axes, 2));
}

/* Everything that is added to the scores; NULL when there is nothing. */
static hn_value *mask_of(hn_onnx_expansion *e, const hn_expand_heads *h) {
    static const int64_t axes[2] = {1, 2};
    if (!h->mask) return h->bias;
    const int rank = hn_onnx_rank(h->mask);
    if (rank < 1 || rank > 4) return hn_expand_refuse(e, "the mask has an unknown rank; 1 to 4 are available");
    hn_value *open = rank == 1 ? from_lengths(e, h) : rank == 4 ? from_square(e, h) : h->mask;
    hn_value *mask = as_addend(e, open, h->q);
    if (rank < 4) mask = hn_expand_unsqueeze(e, mask, axes, rank == 3 ? 1 : 2);
    return h->bias ? hn_expand(e, HN_OP_add, mask, h->bias) : mask;
}

/* ---- shared buffers ---- */

/* Rows of the buffer that other beams wrote. */
static hn_value *from_beams(hn_onnx_expansion *e, hn_value *buffer, hn_value *beams) {
    static const int64_t axes[2] = {2, 4}, zero = 0;
    const hn_attr first = hn_attr_of_int("axis", 0);
    hn_value *shape = hn_expand(e, HN_OP_shape, buffer), *two = hn_expand_int(e, 2);
    hn_value *leading = hn_expand(e, HN_OP_slice, hn_expand(e, HN_OP_shape, beams), hn_expand_ints(e, &zero, 1), two);
    hn_value *rest = hn_expand(e, HN_OP_slice, shape, hn_expand_int(e, 1), hn_expand_int(e, 4));
    hn_value *wide = hn_expand_with(e, HN_OP_concat, first, leading, rest);
    hn_value *from = hn_expand(e, HN_OP_expand, hn_expand_unsqueeze(e, beams, axes, 2), wide);
    hn_value *y = hn_expand_with(e, HN_OP_gather_elements, hn_attr_of_int("axis", 1),
                                 hn_expand(e, HN_OP_reshape, buffer, wide), from);
    return hn_expand(e, HN_OP_reshape, y, shape);
}

static hn_value *cut(hn_onnx_expansion *e, hn_value *x, hn_value *rows) {
    return hn_expand(e, HN_OP_slice, x, hn_expand_int(e, 0), rows, hn_expand_int(e, 2));
}

/* Keys and values are written into the buffers, and become the filled rows of those. */
static void use_buffers(hn_onnx_expansion *e, hn_expand_heads *h) {
    static const int64_t vector = -1;
    hn_value **now[2] = {&h->k, &h->v}, *past[2] = {h->past_key, h->past_value}, *present[2];
    hn_value *length = hn_expand_reshape(e, hn_expand_cast(e, h->past_length, HONE_INT64), &vector, 1);
    hn_value *start = hn_expand(e, HN_OP_expand, length, hn_expand_size(e, h->q, 0));
    hn_value *total = hn_expand(e, HN_OP_add, length, hn_expand_size(e, h->k, 2));
    for (int i = 0; i < 2; i++) {
        present[i] = hn_expand_cached(e, past[i], *now[i], start, NULL);
        hn_value *seen =
            h->beams ? hn_expand_cached(e, from_beams(e, past[i], h->beams), *now[i], start, NULL) : present[i];
        *now[i] = cut(e, seen, total);
    }
    h->present_key = present[0];
    h->present_value = present[1];
    h->past_key = h->past_value = NULL;
}

static void split_all(hn_onnx_expansion *e, hn_expand_heads *h, int64_t heads) {
    hn_value **all[3] = {&h->q, &h->k, &h->v};
    for (int i = 0; i < 3; i++)
        if (hn_onnx_rank(*all[i]) != 4) *all[i] = hn_expand_split_heads(e, *all[i], heads);
}

/* ---- the operator ---- */

/* Where the queries stand among the keys of a buffer: [batch] numbers of keys. */
static hn_value *key_counts(hn_onnx_expansion *e, const hn_expand_heads *h) {
    return hn_expand(e, HN_OP_expand, hn_expand_size(e, h->k, 2), hn_expand_size(e, h->q, 0));
}

hn_value *hn_expand_attend(hn_onnx_expansion *e, hn_expand_heads *h) {
    const hn_onnx_node *node = e->node;
    const int64_t heads = hn_expand_int_attr(node, "num_heads", 0);
    const float scale = hn_expand_float_attr(node, "scale", 0);
    const bool buffers = h->past_length && h->past_key;
    const bool split = hn_onnx_rank(h->q) != 4 && (buffers || hn_onnx_rank(h->k) == 4);
    hn_attr attr[4];
    uint32_t n = 0;
    if (split) split_all(e, h, heads);
    if (buffers) use_buffers(e, h);
    if (e->status != HONE_OK) return NULL;
    hn_value *mask = mask_of(e, h), *out[3];
    const bool causal = hn_expand_int_attr(node, "unidirectional", 0) != 0;
    if (causal) attr[n++] = hn_attr_of_int("is_causal", 1);
    if (hn_onnx_rank(h->q) != 4) {
        attr[n++] = hn_attr_of_int("kv_num_heads", heads);
        attr[n++] = hn_attr_of_int("q_num_heads", heads);
    }
    if (scale != 0) attr[n++] = hn_attr_of_float("scale", scale);
    hn_value *in[7] = {h->q, h->k, h->v, mask, h->past_key, h->past_value, NULL};
    if (causal && buffers) in[6] = key_counts(e, h);
    const int n_in = in[6] ? 7 : h->past_key ? 6 : mask ? 4 : 3;
    hn_expand_many(e, HN_OP_attention, attr, n, n_in, in, h->wants_present && !buffers ? 3 : 1, out);
    if (h->wants_present && !buffers) {
        h->present_key = out[1];
        h->present_value = out[2];
    }
    return split ? hn_expand_join_heads(e, out[0]) : out[0];
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

/* Cosines and sines of [keys, n / 2] angles: the key's number times 10000 to the power of -2 i / n. */
static void make_angles(hn_onnx_expansion *e, const hn_expand_heads *h, int64_t n, hn_value **cosines,
                        hn_value **sines) {
    static const int64_t column = 1;
    hn_value *i = hn_expand_cast(e, hn_expand_numbers(e, hn_expand_int(e, n / 2)), HONE_FLOAT32);
    hn_value *power = hn_expand(e, HN_OP_mul, i, hn_expand_number(e, -2 / (float)n, i));
    hn_value *step = hn_expand(e, HN_OP_pow, hn_expand_number(e, 10000, i), power);
    hn_value *key = hn_expand_cast(e, hn_expand_numbers(e, key_count(e, h)), HONE_FLOAT32);
    hn_value *angle = hn_expand(e, HN_OP_mul, hn_expand_unsqueeze(e, key, &column, 1), step);
    *cosines = hn_expand(e, HN_OP_cast_like, hn_expand(e, HN_OP_cos, angle), h->q);
    *sines = hn_expand(e, HN_OP_cast_like, hn_expand(e, HN_OP_sin, angle), h->q);
}

/* Queries and keys by heads, rotated by their positions: `past` (one number) and on. */
static void rotate(hn_onnx_expansion *e, hn_expand_heads *h, hn_value *past) {
    const int64_t heads = hn_expand_int_attr(e->node, "num_heads", 0);
    hn_value *cosines, *sines, *length = hn_expand_size(e, h->q, 1);
    split_all(e, h, heads);
    if (e->status != HONE_OK) return;
    const hn_shape *q = &h->q->info.shape;
    const int64_t own = q->rank == 4 && hn_dim_is_const(q->dim[3]) ? q->dim[3].value : 0;
    const int64_t given = hn_expand_int_attr(e->node, "rotary_embedding_dim", 0), n = given ? given : own;
    if (n < 2 || n % 2 || n > INT32_MAX) {
        hn_expand_refuse(e, "do_rotary needs heads of a known, even size; %lld is not", (long long)n);
        return;
    }
    hn_value *place = hn_expand_numbers(e, length), *batch = hn_expand_size(e, h->q, 0);
    if (past) place = hn_expand(e, HN_OP_add, place, past);
    hn_value *shape = hn_expand_with(e, HN_OP_concat, hn_attr_of_int("axis", 0), batch, length);
    place = hn_expand(e, HN_OP_expand, place, shape);
    make_angles(e, h, n, &cosines, &sines);
    if (e->status != HONE_OK) return;
    h->q = hn_expand_rotate(e, h->q, cosines, sines, place, false);
    h->k = hn_expand_rotate(e, h->k, cosines, sines, place, false);
}

hone_status hn_expand_self_attention(hn_onnx_expansion *e, hn_value *projected, const hn_expand_heads *given) {
    hn_value *part[3], *past = given->past_key;
    split_projection(e, projected, part);
    hn_expand_heads h = *given;
    h.q = part[0];
    h.k = part[1];
    h.v = part[2];
    if (past) {
        h.past_key = half_of(e, past, 0);
        h.past_value = half_of(e, past, 1);
    }
    if (!hn_expand_int_attr(e->node, "past_present_share_buffer", 0)) h.past_length = NULL;
    h.wants_present = hn_expand_wants(e->node, 1);
    const bool rotates = hn_expand_int_attr(e->node, "do_rotary", 0) != 0;
    if (rotates && e->status == HONE_OK)
        rotate(e, &h,
               h.past_length ? hn_expand_cast(e, h.past_length, HONE_INT64)
               : past        ? hn_expand_size(e, h.past_key, 2)
                             : NULL);
    if (e->status != HONE_OK) return e->status;
    hn_value *y = hn_expand_attend(e, &h);
    HN_TRY(hn_expand_end(e, 0, rotates ? hn_expand_join_heads(e, y) : y));
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
    const hn_expand_heads given = {.mask = hn_onnx_in(node, 3),
                                   .past_key = hn_onnx_in(node, 4),
                                   .bias = hn_onnx_in(node, 5),
                                   .past_length = hn_onnx_in(node, 6)};
    return hn_expand_self_attention(&e, projected, &given);
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
    size_t bias, mask, addend, past_key, past_value, past_length, beams;
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
    h.past_length = hn_onnx_in(node, at->past_length);
    h.beams = hn_onnx_in(node, at->beams);
    h.wants_present = hn_expand_wants(node, 1) || hn_expand_wants(node, 2);
    if (h.beams && !(h.past_length && h.past_key))
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL,
                "cache_indirection needs past_sequence_length, past_key "
                "and past_value");
    if (e.status != HONE_OK) return e.status;
    HN_TRY(hn_expand_end(&e, 0, hn_expand_attend(&e, &h)));
    HN_TRY(hn_expand_end(&e, 1, h.present_key));
    return hn_expand_end(&e, 2, h.present_value);
}

hone_status hn_onnx_ms_multi_head_attention(hn_onnx_node *node) {
    HN_TRY(hn_expand_check(node, 1, 10));
    return multi_head(node, &(const head_inputs){3, 4, 5, 6, 7, 8, 9});
}

hone_status hn_onnx_decoder_attention(hn_onnx_node *node) {
    HN_TRY(hn_expand_check(node, 1, 11));
    const bool shared = hn_expand_int_attr(node, "past_present_share_buffer", 0) != 0;
    if (shared && hn_onnx_in(node, 5) && !hn_onnx_in(node, 7))
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL,
                "past_present_share_buffer is 1 without past_sequence_length");
    const size_t none = node->in.n; /* a buffer that is not shared is full */
    return multi_head(node, &(const head_inputs){10, 3, 4, 5, 6, shared ? 7 : none, shared ? 9 : none});
}

/* One position for the first word: [batch, length] of it and on. */
static hn_value *positions_from(hn_onnx_expansion *e, hn_value *x, hn_value *first) {
    hn_value *batch = hn_expand_size(e, x, 0), *length = hn_expand_size(e, x, length_axis(x));
    hn_value *place = hn_expand(e, HN_OP_add, hn_expand_numbers(e, length), first);
    return hn_expand(e, HN_OP_expand, place, hn_expand_with(e, HN_OP_concat, hn_attr_of_int("axis", 0), batch, length));
}

/* X, positions, cosines, sines: the standard operator wants the positions last. */
hone_status hn_onnx_ms_rotary_embedding(hn_onnx_node *node) {
    const hn_attr *scale = hn_onnx_take_attr(node, "scale");
    const bool scaled = scale && scale->f != 1, packed = hn_expand_int_attr(node, "is_packed_batching", 0) != 0;
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 4, 4));
    hn_value *positions = node->in.at[1];
    const int rank = hn_onnx_rank(positions);
    if (scaled || packed || rank < 1 || rank > 2)
        HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED,
                "RotaryEmbedding needs position_ids of rank 1 or 2, no scale and no packed batch");
    (void)hn_onnx_take_attr(node, "is_packed_batching");
    if (rank == 1) positions = positions_from(&e, node->in.at[0], positions);
    if (e.status != HONE_OK) return e.status;
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
