/* Operators of com.microsoft that weigh words by their distance: biases of relative positions (T5, WavLM), and
 * attention to the neighbourhood (Longformer). */
#include <math.h>
#include "frontend/onnx/onnx_expand.h"

#define MOST_DISTANT (1 << 20) /* a table has one entry for each distance */

/* ---- RelativePositionBias ---- */

/* Bucket of `distance` of `count`: half of them hold one distance each, the others grow with its logarithm. */
static int64_t bucket_of(int64_t distance, int64_t count, int64_t most) {
    const int64_t exact = count / 2;
    if (distance < exact) return distance;
    const float share = logf((float)distance / (float)exact) / logf((float)most / (float)exact);
    const int64_t bucket = exact + (int64_t)(share * (float)(count - exact));
    return bucket < count ? bucket : count - 1;
}

/* The buckets of distances 0 to `most`, behind which nothing changes. */
static hn_value *bucket_table(hn_onnx_expansion *e, int64_t count, int64_t most) {
    int64_t *bucket = HN_NEW_ARRAY(&e->node->scope->import->scratch, int64_t, most + 1);
    for (int64_t i = 0; bucket && i <= most; i++) bucket[i] = bucket_of(i, count, most);
    if (!bucket && e->status == HONE_OK) e->status = HONE_OUT_OF_MEMORY;
    return bucket ? hn_expand_ints(e, bucket, (int)(most + 1)) : NULL;
}

/* 0, 1, ... below the number in input i. */
static hn_value *places(hn_onnx_expansion *e, size_t i) {
    static const int64_t vector = -1;
    hn_value *count = hn_expand_cast(e, e->node->in.at[i], HONE_INT64);
    return hn_expand_numbers(e, hn_expand_reshape(e, count, &vector, 1));
}

/* [queries, keys] buckets; in both directions: the upper half is for keys behind the query. */
static hn_value *buckets(hn_onnx_expansion *e, int64_t count, int64_t most, bool both) {
    static const int64_t column = 1, zero = 0;
    const int64_t half = both ? count / 2 : count;
    hn_value *table = bucket_table(e, half, most), *none = hn_expand_ints(e, &zero, -1);
    hn_value *query = hn_expand_unsqueeze(e, places(e, 1), &column, 1);
    hn_value *ahead = hn_expand(e, HN_OP_sub, places(e, 2), query); /* of the query */
    hn_value *distance =
        both ? hn_expand(e, HN_OP_abs, ahead) : hn_expand(e, HN_OP_max, hn_expand(e, HN_OP_neg, ahead), none);
    distance = hn_expand(e, HN_OP_min, distance, hn_expand_ints(e, &most, -1));
    hn_value *bucket = hn_expand(e, HN_OP_gather, table, distance);
    if (!both) return bucket;
    hn_value *above = hn_expand_cast(e, hn_expand(e, HN_OP_greater, ahead, none), HONE_INT64);
    return hn_expand(e, HN_OP_add, bucket, hn_expand(e, HN_OP_mul, above, hn_expand_ints(e, &half, -1)));
}

/* The table says [buckets, heads] and holds [heads, buckets]. */
hone_status hn_onnx_relative_position_bias(hn_onnx_node *node) {
    static const int64_t first = 0;
    hn_onnx_expansion e = {.node = node};
    const bool both = hn_expand_int_attr(node, "is_bidirectional", 0) != 0;
    const int64_t most = hn_expand_int_attr(node, "max_distance", 0);
    hn_diag *diag = node->scope->import->diag;
    HN_TRY(hn_expand_check(node, 3, 3));
    const hn_shape *table = &node->in.at[0]->info.shape;
    if (table->rank != 2 || !hn_dim_is_const(table->dim[0]) || !hn_dim_is_const(table->dim[1]))
        HN_FAIL(diag, HONE_UNSUPPORTED, "%s needs a bias_table of known shape", node->type);
    const int64_t count = table->dim[0].value, swapped[2] = {table->dim[1].value, count};
    const int64_t exact = (both ? count / 2 : count) / 2;
    if (exact < 1 || most <= exact || most > MOST_DISTANT)
        HN_FAIL(diag, HONE_INVALID_MODEL, "max_distance is %lld with %lld buckets; allowed: %lld to %d",
                (long long)most, (long long)count, (long long)exact + 1, MOST_DISTANT);
    hn_value *heads = hn_expand_reshape(&e, node->in.at[0], swapped, 2);
    hn_value *bias = hn_expand_with(&e, HN_OP_gather, hn_attr_of_int("axis", 1), heads, buckets(&e, count, most, both));
    return hn_expand_end(&e, 0, hn_expand_unsqueeze(&e, bias, &first, 1));
}

/* ---- GatedRelativePositionBias ---- */

/* Words without their padding, back where `offsets` [batch, length] puts them; padding is 0. */
static hn_value *padded(hn_onnx_expansion *e, hn_value *words, hn_value *offsets) {
    static const int64_t vector = -1, column = 1, zero = 0;
    const hn_attr axis = hn_attr_of_int("axis", 0);
    hn_value *count = hn_expand_size(e, words, 0), *width = hn_expand_size(e, words, 1);
    hn_value *flat = hn_expand_reshape(e, hn_expand_cast(e, offsets, HONE_INT64), &vector, 1);
    hn_value *room = hn_expand_with(e, HN_OP_concat, axis, hn_expand_size(e, flat, 0), width);
    hn_value *at = hn_expand(e, HN_OP_slice, flat, hn_expand_ints(e, &zero, 1), count);
    hn_value *empty = hn_expand(e, HN_OP_expand, hn_expand_number(e, 0, words), room);
    hn_value *all = hn_expand(e, HN_OP_scatter_nd, empty, hn_expand_unsqueeze(e, at, &column, 1), words);
    hn_value *shape = hn_expand_with(e, HN_OP_concat, axis, hn_expand(e, HN_OP_shape, offsets), width);
    return hn_expand(e, HN_OP_reshape, all, shape);
}

/* Sigmoids u and r of the two halves of a linear map; the bias is scaled by u (r a - 1) + 2. */
hone_status hn_onnx_gated_relative_position_bias(hn_onnx_node *node) {
    static const int64_t halves[5] = {0, 0, 0, 2, -1};
    const hn_attr split[2] = {hn_attr_of_int("axis", -1), hn_attr_of_int("num_outputs", 2)};
    hn_onnx_expansion e = {.node = node};
    hn_value *gate[2];
    HN_TRY(hn_expand_check(node, 6, 7));
    hn_value *q = node->in.at[0], *one = hn_expand_number(&e, 1, q), *two = hn_expand_number(&e, 2, q);
    if (hn_onnx_in(node, 6)) q = padded(&e, q, node->in.at[6]);
    q = hn_expand(&e, HN_OP_add, q, node->in.at[1]);
    q = hn_expand_split_heads(&e, q, hn_expand_int_attr(node, "num_heads", 1));
    hn_value *map = hn_expand(&e, HN_OP_add, hn_expand(&e, HN_OP_matmul, q, node->in.at[3]), node->in.at[4]);
    map = hn_expand_reshape(&e, map, halves, 5);
    map = hn_expand_with(&e, HN_OP_reduce_sum, hn_attr_of_int("keepdims", 0), map, hn_expand_int(&e, -1));
    hn_value *both = hn_expand(&e, HN_OP_sigmoid, map);
    hn_expand_many(&e, HN_OP_split, split, 2, 1, &both, 2, gate);
    hn_value *inner = hn_expand(&e, HN_OP_sub, hn_expand(&e, HN_OP_mul, gate[1], node->in.at[5]), one);
    hn_value *scale = hn_expand(&e, HN_OP_add, hn_expand(&e, HN_OP_mul, gate[0], inner), two);
    return hn_expand_end(&e, 0, hn_expand(&e, HN_OP_mul, scale, node->in.at[2]));
}

/* ---- LongformerAttention ---- */

enum { INPUT, WEIGHT, LOCAL_BIAS, MASK, GLOBAL_WEIGHT, GLOBAL_BIAS, FLAGS };

/* Attention of all words to all that `mask` leaves open, by the projection in inputs `weight` and `bias`. */
static hn_value *attend_by(hn_onnx_expansion *e, size_t weight, size_t bias, hn_value *mask) {
    const int64_t heads = hn_expand_int_attr(e->node, "num_heads", 1);
    const hn_attr split[2] = {hn_attr_of_int("axis", -1), hn_attr_of_int("num_outputs", 3)};
    const hn_attr attr[2] = {hn_attr_of_int("kv_num_heads", heads), hn_attr_of_int("q_num_heads", heads)};
    hn_value *part[4] = {NULL};
    hn_value *all = hn_expand(e, HN_OP_matmul, e->node->in.at[INPUT], e->node->in.at[weight]);
    all = hn_expand(e, HN_OP_add, all, e->node->in.at[bias]);
    hn_expand_many(e, HN_OP_split, split, 2, 1, &all, 3, part);
    part[3] = mask;
    return hn_expand_op(e, HN_OP_attention, attr, 2, 4, part);
}

/* Words see their neighbours and the global words; global words have a projection of their own and see all. */
hone_status hn_onnx_longformer_attention(hn_onnx_node *node) {
    static const int64_t column = 1, last = 2, middle[2] = {1, 2}, zero = 0;
    const int64_t window = hn_expand_int_attr(node, "window", 0);
    hn_onnx_expansion e = {.node = node};
    HN_TRY(hn_expand_check(node, 7, 7));
    if (window < 1)
        HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "window is %lld; allowed: 1 and more",
                (long long)window);
    hn_value *x = node->in.at[INPUT], *place = hn_expand_numbers(&e, hn_expand_size(&e, x, 1));
    hn_value *is_global =
        hn_expand(&e, HN_OP_greater, hn_expand_cast(&e, node->in.at[FLAGS], HONE_INT64), hn_expand_ints(&e, &zero, -1));
    hn_value *ahead = hn_expand(&e, HN_OP_sub, place, hn_expand_unsqueeze(&e, place, &column, 1));
    hn_value *near = hn_expand(&e, HN_OP_less_or_equal, hn_expand(&e, HN_OP_abs, ahead), hn_expand_int(&e, window));
    hn_value *seen = hn_expand(&e, HN_OP_or_, near, hn_expand_unsqueeze(&e, is_global, middle, 2));
    hn_value *mask = hn_expand_unsqueeze(&e, node->in.at[MASK], middle, 2);
    hn_value *local = hn_expand(&e, HN_OP_where, seen, mask, hn_expand_number(&e, -INFINITY, x));
    hn_value *y = attend_by(&e, WEIGHT, LOCAL_BIAS, local), *wide = attend_by(&e, GLOBAL_WEIGHT, GLOBAL_BIAS, mask);
    return hn_expand_end(&e, 0, hn_expand(&e, HN_OP_where, hn_expand_unsqueeze(&e, is_global, &last, 1), wide, y));
}
