/* Shapes of Attention. */
#include "ops/attention/heads.h"
#include "ops/checks.h"
#include "ops/registry.h"

enum { Q, K, V, MASK, PAST_KEY, PAST_VALUE, NONPAD };

typedef struct sizes {
    hn_heads_shape q, k, v;
    hn_dim batch, kv_heads, size, total;
} sizes;

static hone_status check_range(const hn_infer *infer, const char *name, int64_t otherwise, int64_t low, int64_t high) {
    const int64_t value = hn_attrs_int(infer->attrs, name, otherwise);
    if (value >= low && value <= high) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute %s is %lld; allowed: %lld to %lld", name, (long long)value,
            (long long)low, (long long)high);
}

static hone_status check_attributes(const hn_infer *infer) {
    const int64_t precision = hn_attrs_int(infer->attrs, "softmax_precision", HONE_FLOAT32);
    HN_TRY(check_range(infer, "qk_matmul_output_mode", 0, 0, 3));
    HN_TRY(check_range(infer, "left_window_size", -1, -1, INT64_MAX));
    HN_TRY(check_range(infer, "right_window_size", -1, -1, INT64_MAX));
    if (precision >= 0 && precision < 32 && (HN_TYPES_FLOAT >> precision & 1)) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute softmax_precision is %lld; it must name a float type",
            (long long)precision);
}

static hone_status check_types(const hn_infer *infer) {
    const uint32_t mask = HN_TYPES_NUMBER | HN_TYPE(BOOL);
    HN_TRY(hn_ops_check_type(infer, Q, HN_TYPES_FLOAT));
    HN_TRY(hn_ops_check_same_type(infer, Q, K));
    HN_TRY(hn_ops_check_type(infer, V, HN_TYPES_FLOAT));
    HN_TRY(hn_ops_check_type(infer, MASK, mask));
    HN_TRY(hn_ops_check_same_type(infer, K, PAST_KEY));
    HN_TRY(hn_ops_check_same_type(infer, V, PAST_VALUE));
    return hn_ops_check_type(infer, NONPAD, HN_TYPE(INT64));
}

/* Past keys and values come together, and not with lengths of a cache that lies outside. */
static hone_status check_cache(const hn_infer *infer) {
    const bool key = hn_infer_has(infer, PAST_KEY);
    if (key != hn_infer_has(infer, PAST_VALUE))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "past_key and past_value must be given together; only %s is",
                key ? "past_key" : "past_value");
    if (key && hn_infer_has(infer, NONPAD))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "nonpad_kv_seqlen cannot be combined with past_key");
    return HONE_OK;
}

static hone_status read_sizes(const hn_infer *infer, sizes *s) {
    HN_TRY(hn_heads_infer(infer, Q, "q_num_heads", &s->q));
    HN_TRY(hn_heads_infer(infer, K, "kv_num_heads", &s->k));
    HN_TRY(hn_heads_infer(infer, V, "kv_num_heads", &s->v));
    HN_TRY(hn_infer_unify(infer, s->q.batch, s->k.batch, "batch of Q and K", &s->batch));
    HN_TRY(hn_infer_unify(infer, s->batch, s->v.batch, "batch of Q and V", &s->batch));
    HN_TRY(hn_infer_unify(infer, s->q.size, s->k.size, "head size of Q and K", &s->size));
    HN_TRY(hn_infer_unify(infer, s->k.heads, s->v.heads, "heads of K and V", &s->kv_heads));
    HN_TRY(hn_infer_unify(infer, s->k.length, s->v.length, "length of K and V", &s->k.length));
    if (hn_dim_is_const(s->q.heads) && hn_dim_is_const(s->kv_heads) &&
        (s->kv_heads.value < 1 ? s->q.heads.value != s->kv_heads.value : s->q.heads.value % s->kv_heads.value != 0))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%lld heads of Q are no multiple of %lld heads of K and V",
                (long long)s->q.heads.value, (long long)s->kv_heads.value);
    return HONE_OK;
}

static hone_status check_past(const hn_infer *infer, sizes *s) {
    hn_dim past = hn_dim_const(0);
    if (hn_infer_has(infer, PAST_KEY))
        HN_TRY(hn_infer_unify(infer, hn_heads_dim(infer, PAST_KEY, 4, 2), hn_heads_dim(infer, PAST_VALUE, 4, 2),
                              "length of past_key and past_value", &past));
    const hn_dim key[4] = {s->batch, s->kv_heads, past, s->size}, value[4] = {s->batch, s->kv_heads, past, s->v.size};
    HN_TRY(hn_heads_check(infer, PAST_KEY, 4, key));
    HN_TRY(hn_heads_check(infer, PAST_VALUE, 4, value));
    s->total = hn_dim_add(infer->exprs, past, s->k.length);
    return hn_ops_check_vector(infer, NONPAD, s->batch);
}

/* The mask broadcasts to the scores, but its last dim may be shorter than they are. */
static hone_status check_mask(const hn_infer *infer, const sizes *s) {
    const int rank = hn_infer_rank(infer, MASK);
    const hn_dim want[4] = {s->batch, s->q.heads, s->q.length, s->total};
    if (rank < 0) return HONE_OK;
    bool fits = rank >= 1 && rank <= 4;
    for (int i = 1; fits && i <= rank; i++) {
        const hn_dim have = infer->in[MASK].shape.dim[rank - i], most = want[4 - i];
        if (!hn_dim_is_const(have) || !hn_dim_is_const(most)) continue;
        fits = i == 1 ? have.value <= most.value : have.value == 1 || have.value == most.value;
    }
    if (fits) return HONE_OK;
    const hn_shape scores = {.rank = 4, .dim = {want[0], want[1], want[2], want[3]}};
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the mask of shape %s does not broadcast to the scores %s",
            hn_infer_shape_text(infer, &infer->in[MASK].shape), hn_infer_shape_text(infer, &scores));
}

static void set_result(hn_infer *infer, const sizes *s) {
    const int rank = hn_infer_rank(infer, Q);
    const hn_shape all = {.rank = 4, .dim = {s->batch, s->q.heads, s->q.length, s->v.size}};
    const hn_shape packed = {.rank = 3,
                             .dim = {s->batch, s->q.length, hn_dim_mul(infer->exprs, s->q.heads, s->v.size)}};
    hn_infer_set(infer, 0, hn_infer_dtype(infer, Q), rank == 4 ? &all : rank == 3 ? &packed : NULL);
}

hone_status hn_ops_infer_attention(hn_infer *infer) {
    sizes s;
    const int rank = hn_infer_rank(infer, Q);
    HN_TRY(check_attributes(infer));
    HN_TRY(check_types(infer));
    HN_TRY(check_cache(infer));
    for (int i = K; i <= V; i++)
        if (rank >= 0) HN_TRY(hn_ops_check_rank(infer, i, rank));
    HN_TRY(read_sizes(infer, &s));
    HN_TRY(check_past(infer, &s));
    HN_TRY(check_mask(infer, &s));
    const hn_shape key = {.rank = 4, .dim = {s.batch, s.kv_heads, s.total, s.size}};
    const hn_shape value = {.rank = 4, .dim = {s.batch, s.kv_heads, s.total, s.v.size}};
    const hn_shape scores = {.rank = 4, .dim = {s.batch, s.q.heads, s.q.length, s.total}};
    set_result(infer, &s);
    hn_infer_set(infer, 1, hn_infer_dtype(infer, K), &key);
    hn_infer_set(infer, 2, hn_infer_dtype(infer, V), &value);
    hn_infer_set(infer, 3, hn_infer_dtype(infer, Q), &scores);
    return HONE_OK;
}
