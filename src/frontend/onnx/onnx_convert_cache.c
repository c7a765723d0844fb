/* Attention of com.microsoft over buffers that keys and values are written into: GroupQueryAttention, and what the
 * other operators need for shared buffers and for rotations. */
#include <math.h>
#include "frontend/onnx/onnx_expand.h"

hn_value *hn_expand_cached(hn_onnx_expansion *e, hn_value *buffer, hn_value *now, hn_value *start, hn_value *total) {
    static const int64_t last[3] = {1, 2, 3}, column = 1, zero = 0;
    hn_value *rows = hn_expand_size(e, buffer, 2);
    hn_value *number = hn_expand_unsqueeze(e, hn_expand_numbers(e, rows), &column, 1);
    hn_value *filled = hn_expand(e, HN_OP_less, number, hn_expand_unsqueeze(e, start, last, 3));
    /* What lies behind may be anything, and 0 times anything is not always 0. */
    hn_value *clean = hn_expand(e, HN_OP_where, filled, buffer, hn_expand_number(e, 0, now));
    if (total) {
        hn_value *more = hn_expand(e, HN_OP_max, hn_expand(e, HN_OP_sub, total, rows), hn_expand_ints(e, &zero, 1));
        hn_value *pads = hn_expand_with(e, HN_OP_concat, hn_attr_of_int("axis", 0), hn_expand_ints(e, &zero, 1), more);
        clean = hn_expand(e, HN_OP_pad, clean, pads, NULL, hn_expand_int(e, 2));
    }
    return hn_expand_with(e, HN_OP_tensor_scatter, hn_attr_of_int("axis", -2), clean, now, start);
}

hn_value *hn_expand_rotate(hn_onnx_expansion *e, hn_value *x, hn_value *cosines, hn_value *sines, hn_value *positions,
                           bool interleaved) {
    hn_attr attr[2] = {hn_attr_of_int("interleaved", interleaved)};
    hn_value *in[4] = {x, cosines, sines, positions};
    const hn_shape *shape = cosines ? &cosines->info.shape : NULL;
    if (!shape || shape->rank != 2 || !hn_dim_is_const(shape->dim[1]) || shape->dim[1].value > INT32_MAX)
        return hn_expand_refuse(e, "%s rotates by a table whose width is not known", e->node->type);
    attr[1] = hn_attr_of_int("rotary_embedding_dim", 2 * shape->dim[1].value);
    return hn_expand_op(e, HN_OP_rotary_embedding, attr, 2, 4, in);
}

/* ---- GroupQueryAttention ---- */

enum { QUERY, KEY, VALUE, PAST_KEY, PAST_VALUE, LENGTHS, TOTAL, COSINES, SINES, POSITIONS, BIAS, SINK, K_SCALE };
enum { Q_NORM = 14, K_NORM };

typedef struct group_query {
    int64_t heads, kv_heads;
    hn_value *q, *k, *v;    /* [batch, heads, length, size] */
    hn_value *start, *ends; /* [batch]: rows before the new ones, and with them */
    hn_value *total;        /* [1]: keys to look at */
    hn_value *places;       /* [batch, length]: of the queries among the keys */
} group_query;

static hone_status check_group(const hn_onnx_node *node, const group_query *g) {
    hn_diag *diag = node->scope->import->diag;
    const int64_t window = hn_expand_int_attr(node, "local_window_size", -1);
    if (g->heads < 1 || g->kv_heads < 1 || g->heads % g->kv_heads || g->heads > INT32_MAX)
        HN_FAIL(diag, HONE_INVALID_MODEL, "num_heads is %lld; kv_num_heads, %lld, must divide it", (long long)g->heads,
                (long long)g->kv_heads);
    if (!hn_onnx_in(node, KEY) != !hn_onnx_in(node, VALUE) ||
        !hn_onnx_in(node, PAST_KEY) != !hn_onnx_in(node, PAST_VALUE))
        HN_FAIL(diag, HONE_INVALID_MODEL, "key and value, and past_key and past_value, must be given together");
    if (!hn_onnx_in(node, LENGTHS) || !hn_onnx_in(node, TOTAL))
        HN_FAIL(diag, HONE_INVALID_MODEL, "%s lacks seqlens_k or total_sequence_length", node->type);
    if (window == 0 || window < -1)
        HN_FAIL(diag, HONE_INVALID_MODEL, "local_window_size is %lld; allowed: -1, or 1 and more", (long long)window);
    if (hn_expand_int_attr(node, "do_rotary", 0) && (!hn_onnx_in(node, COSINES) || !hn_onnx_in(node, SINES)))
        HN_FAIL(diag, HONE_INVALID_MODEL, "do_rotary is 1 without cos_cache and sin_cache");
    if (hn_onnx_in(node, K_SCALE) || hn_onnx_in(node, K_SCALE + 1))
        HN_FAIL(diag, HONE_UNSUPPORTED, "%s over a quantized cache is not available; export with a float one",
                node->type);
    if (hn_expand_int_attr(node, "sliding_window_cache", 0))
        HN_FAIL(diag, HONE_UNSUPPORTED,
                "%s with sliding_window_cache is not available; export with a cache of the whole length", node->type);
    return HONE_OK;
}

/* Query, key and value, which may lie side by side in one tensor, by heads. */
static void split_operands(hn_onnx_expansion *e, group_query *g) {
    const int64_t first[4] = {0, g->heads, g->heads + g->kv_heads, g->heads + 2 * g->kv_heads};
    hn_value **to[3] = {&g->q, &g->k, &g->v};
    if (hn_onnx_in(e->node, KEY)) {
        for (int i = 0; i < 3; i++)
            *to[i] = hn_expand_split_heads(e, e->node->in.at[i], i == QUERY ? g->heads : g->kv_heads);
        return;
    }
    hn_value *packed = hn_expand_split_heads(e, e->node->in.at[QUERY], first[3]);
    for (int i = 0; i < 3; i++) *to[i] = hn_expand_slice(e, packed, first[i], first[i + 1], 1);
}

/* A prompt starts at row 0; else the new rows are the last ones of each sequence. */
static void place_rows(hn_onnx_expansion *e, group_query *g) {
    static const int64_t vector = -1, column = 1;
    hn_value *length = hn_expand_size(e, g->q, 2), *zero = hn_expand_int(e, 0);
    g->total = hn_expand_reshape(e, hn_expand_cast(e, e->node->in.at[TOTAL], HONE_INT64), &vector, 1);
    g->ends = hn_expand_reshape(e, hn_expand_cast(e, e->node->in.at[LENGTHS], HONE_INT64), &vector, 1);
    g->ends = hn_expand(e, HN_OP_add, g->ends, hn_expand_int(e, 1));
    hn_value *later = hn_expand(e, HN_OP_max, hn_expand(e, HN_OP_sub, g->ends, length), zero);
    g->start = hn_expand(e, HN_OP_where, hn_expand(e, HN_OP_equal, length, g->total), zero, later);
    g->start = hn_expand(e, HN_OP_expand, g->start, hn_expand(e, HN_OP_shape, g->ends));
    g->places = hn_expand(e, HN_OP_add, hn_expand_unsqueeze(e, g->start, &column, 1), hn_expand_numbers(e, length));
}

static hn_value *normalized(hn_onnx_expansion *e, hn_value *x, size_t weight) {
    const hn_attr attr[2] = {hn_attr_of_int("axis", -1),
                             hn_attr_of_float("epsilon", hn_expand_float_attr(e->node, "qk_norm_epsilon", 1e-6f))};
    hn_value *in[2] = {x, hn_onnx_in(e->node, weight)};
    return in[1] ? hn_expand_op(e, HN_OP_rms_normalization, attr, 2, 2, in) : x;
}

static void rotate(hn_onnx_expansion *e, group_query *g) {
    const hn_onnx_node *node = e->node;
    const bool interleaved = hn_expand_int_attr(node, "rotary_interleaved", 0) != 0;
    hn_value *positions = hn_onnx_in(node, POSITIONS) ? node->in.at[POSITIONS] : g->places;
    if (!hn_expand_int_attr(node, "do_rotary", 0)) return;
    g->q = hn_expand_rotate(e, g->q, node->in.at[COSINES], node->in.at[SINES], positions, interleaved);
    g->k = hn_expand_rotate(e, g->k, node->in.at[COSINES], node->in.at[SINES], positions, interleaved);
}

/* What is added to the scores: [batch, 1 or heads, length, keys]. */
static hn_value *group_mask(hn_onnx_expansion *e, const group_query *g) {
    static const int64_t row[2] = {1, 3}, single[3] = {1, 2, 3};
    const hn_onnx_node *node = e->node;
    const int64_t window = hn_expand_int_attr(node, "local_window_size", -1);
    hn_value *keys = hn_expand_numbers(e, hn_expand_size(e, g->k, 2));
    hn_value *places = hn_expand_unsqueeze(e, g->places, row, 2);
    hn_value *visible = hn_expand(e, HN_OP_less, keys, hn_expand_unsqueeze(e, g->ends, single, 3));
    if (hn_expand_int_attr(node, "causal", 1))
        visible = hn_expand(e, HN_OP_and_, visible, hn_expand(e, HN_OP_less_or_equal, keys, places));
    if (window > 0) {
        hn_value *first = hn_expand(e, HN_OP_sub, places, hn_expand_int(e, window));
        visible = hn_expand(e, HN_OP_and_, visible, hn_expand(e, HN_OP_greater, keys, first));
    }
    hn_value *bias = hn_onnx_in(node, BIAS) ? node->in.at[BIAS] : hn_expand_number(e, 0, g->q);
    return hn_expand(e, HN_OP_where, visible, bias, hn_expand_number(e, -INFINITY, g->q));
}

static bool has_sink(const hn_onnx_node *node) {
    return hn_onnx_in(node, SINK) || hn_expand_int_attr(node, "smooth_softmax", 0) == 1;
}

/* One more key, before the others, whose score is that of the sink (or 0) and whose value is 0. */
static void add_sink(hn_onnx_expansion *e, group_query *g, hn_value **mask) {
    static const int64_t before[2] = {1, 0}, head[3] = {0, 2, 3};
    hn_value *pads = hn_expand_ints(e, before, 2), *sink = hn_onnx_in(e->node, SINK);
    g->k = hn_expand(e, HN_OP_pad, g->k, pads, NULL, hn_expand_int(e, 2));
    g->v = hn_expand(e, HN_OP_pad, g->v, pads, NULL, hn_expand_int(e, 2));
    *mask = hn_expand(e, HN_OP_pad, *mask, pads, NULL, hn_expand_int(e, 3));
    if (!sink) return;
    hn_value *number = hn_expand_numbers(e, hn_expand_size(e, *mask, 3));
    hn_value *first = hn_expand(e, HN_OP_equal, number, hn_expand_int(e, 0));
    *mask = hn_expand(e, HN_OP_where, first, hn_expand_unsqueeze(e, sink, head, 3), *mask);
}

/* qk_output 1: scores before, 2: after the softmax. */
static hone_status attend_group(hn_onnx_expansion *e, group_query *g) {
    static const int64_t modes[3] = {0, 2, 3};
    const hn_onnx_node *node = e->node;
    const int64_t shown = hn_expand_int_attr(node, "qk_output", 0);
    const float scale = hn_expand_float_attr(node, "scale", 0);
    hn_attr attr[3] = {hn_attr_of_float("softcap", hn_expand_float_attr(node, "softcap", 0))};
    uint32_t n = 1;
    hn_value *mask = group_mask(e, g), *out[4];
    if (has_sink(node)) add_sink(e, g, &mask);
    if (scale != 0) attr[n++] = hn_attr_of_float("scale", scale);
    if (shown == 1 || shown == 2) attr[n++] = hn_attr_of_int("qk_matmul_output_mode", modes[shown]);
    hn_value *in[4] = {g->q, g->k, g->v, mask};
    hn_expand_many(e, HN_OP_attention, attr, n, 4, in, 4, out);
    HN_TRY(hn_expand_end(e, 0, hn_expand_join_heads(e, out[0])));
    if (shown != 1 && shown != 2) return e->status;
    if (has_sink(node)) out[3] = hn_expand_slice(e, out[3], 1, INT64_MAX, 3);
    return hn_expand_end(e, 3, out[3]);
}

hone_status hn_onnx_group_query_attention(hn_onnx_node *node) {
    hn_onnx_expansion e = {.node = node};
    group_query g = {.heads = hn_expand_int_attr(node, "num_heads", 0),
                     .kv_heads = hn_expand_int_attr(node, "kv_num_heads", 0)};
    HN_TRY(hn_expand_check(node, 1, 16));
    HN_TRY(check_group(node, &g));
    split_operands(&e, &g);
    place_rows(&e, &g);
    g.q = normalized(&e, g.q, Q_NORM);
    g.k = normalized(&e, g.k, K_NORM);
    rotate(&e, &g);
    if (hn_onnx_in(node, PAST_KEY)) {
        g.k = hn_expand_cached(&e, node->in.at[PAST_KEY], g.k, g.start, g.total);
        g.v = hn_expand_cached(&e, node->in.at[PAST_VALUE], g.v, g.start, g.total);
    }
    HN_TRY(hn_expand_end(&e, 1, g.k));
    HN_TRY(hn_expand_end(&e, 2, g.v));
    if (hn_onnx_in(node, PAST_KEY)) {
        hn_value *zero = hn_expand_int(&e, 0), *axis = hn_expand_int(&e, 2);
        g.k = hn_expand(&e, HN_OP_slice, g.k, zero, g.total, axis);
        g.v = hn_expand(&e, HN_OP_slice, g.v, zero, g.total, axis);
    }
    return attend_group(&e, &g);
}
