/* LinearAttention: a state of [key size, value size] for each head, written and read at every token. */
#include <math.h>
#include <string.h>
#include "ops/attention/heads.h"
#include "ops/checks.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

enum { QUERY, KEY, VALUE, PAST, DECAY, BETA };
static const char *const rules[] = {"gated_delta", "linear", "gated", "delta", NULL};
enum { GATED_DELTA, LINEAR, GATED, DELTA };

static bool is_gated(int rule) { return rule == GATED || rule == GATED_DELTA; }
static bool is_delta(int rule) { return rule == DELTA || rule == GATED_DELTA; }

/* ---- inference ---- */

static hone_status check_presence(const hn_infer *infer, int i, const char *name, bool needed, int rule) {
    if (hn_infer_has(infer, i) == needed) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "update_rule \"%s\" %s the input %s", rules[rule],
            needed ? "needs" : "does not take", name);
}

/* A gate of rank 3 whose last dim is `few` or `many`. */
static hone_status check_gate(const hn_infer *infer, int i, const hn_heads_shape *q, hn_dim few, hn_dim many) {
    const hn_dim last = hn_heads_dim(infer, i, 3, 2), want[3] = {q->batch, q->length, last};
    HN_TRY(hn_ops_check_type(infer, i, HN_TYPES_FLOAT_TO_32));
    HN_TRY(hn_heads_check(infer, i, 3, want));
    const bool known = hn_dim_is_const(last) && hn_dim_is_const(few) && hn_dim_is_const(many);
    if (!known || last.value == few.value || last.value == many.value) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the last dim of input %d is %lld; allowed: %lld, %lld", i,
            (long long)last.value, (long long)few.value, (long long)many.value);
}

static hone_status check_heads(const hn_infer *infer, hn_heads_shape *q, hn_heads_shape *k, hn_heads_shape *v) {
    const int64_t q_heads = hn_attrs_int(infer->attrs, "q_num_heads", 0);
    const int64_t kv_heads = hn_attrs_int(infer->attrs, "kv_num_heads", 0);
    if (q_heads < 1 || kv_heads < 1 || q_heads % kv_heads)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL,
                "q_num_heads = %lld must be a positive multiple of kv_num_heads = %lld", (long long)q_heads,
                (long long)kv_heads);
    for (int i = QUERY; i <= VALUE; i++) {
        HN_TRY(hn_ops_check_type(infer, i, HN_TYPES_FLOAT_TO_32));
        HN_TRY(hn_ops_check_rank(infer, i, 3));
    }
    HN_TRY(hn_heads_infer(infer, QUERY, "q_num_heads", q));
    HN_TRY(hn_heads_infer(infer, KEY, "kv_num_heads", k));
    HN_TRY(hn_heads_infer(infer, VALUE, "kv_num_heads", v));
    HN_TRY(hn_infer_unify(infer, q->batch, k->batch, "batch of query and key", &q->batch));
    HN_TRY(hn_infer_unify(infer, q->batch, v->batch, "batch of query and value", &q->batch));
    HN_TRY(hn_infer_unify(infer, q->length, k->length, "length of query and key", &q->length));
    HN_TRY(hn_infer_unify(infer, q->length, v->length, "length of query and value", &q->length));
    return hn_infer_unify(infer, q->size, k->size, "head size of query and key", &q->size);
}

hone_status hn_ops_infer_linear_attention(hn_infer *infer) {
    int rule;
    hn_heads_shape q, k, v;
    const int64_t q_heads = hn_attrs_int(infer->attrs, "q_num_heads", 0);
    const hn_dim kv_heads = hn_dim_const(hn_attrs_int(infer->attrs, "kv_num_heads", 0));
    HN_TRY(hn_ops_word(infer->attrs, "update_rule", rules, &rule, infer->diag));
    HN_TRY(check_presence(infer, DECAY, "decay", is_gated(rule), rule));
    HN_TRY(check_presence(infer, BETA, "beta", is_delta(rule), rule));
    HN_TRY(check_heads(infer, &q, &k, &v));
    HN_TRY(check_gate(infer, DECAY, &q, kv_heads, hn_dim_mul(infer->exprs, kv_heads, q.size)));
    HN_TRY(check_gate(infer, BETA, &q, hn_dim_const(1), kv_heads));
    const hn_shape state = {.rank = 4, .dim = {q.batch, kv_heads, q.size, v.size}};
    HN_TRY(hn_ops_check_type(infer, PAST, HN_TYPES_FLOAT_TO_32));
    HN_TRY(hn_heads_check(infer, PAST, 4, state.dim));
    const hn_shape y = {.rank = 3, .dim = {q.batch, q.length, hn_dim_mul(infer->exprs, hn_dim_const(q_heads), v.size)}};
    hn_infer_set(infer, 0, hn_infer_dtype(infer, QUERY), &y);
    hn_infer_set(infer, 1, hn_infer_dtype(infer, hn_infer_has(infer, PAST) ? PAST : QUERY), &state);
    return HONE_OK;
}

/* ---- reference ---- */

typedef struct recurrence {
    hn_call *call;
    hn_heads q, k, v;
    int rule;
    double scale;
    double *state, *query, *key, *value, *gate, *sum;
} recurrence;

static hone_status prepare(recurrence *r) {
    hn_call *call = r->call;
    const int64_t kv_heads = hn_attrs_int(call->attrs, "kv_num_heads", 1);
    int64_t size;
    r->q = hn_heads_of(call->in[QUERY], hn_attrs_int(call->attrs, "q_num_heads", 1));
    r->k = hn_heads_of(call->in[KEY], kv_heads);
    r->v = hn_heads_of(call->in[VALUE], kv_heads);
    r->scale = hn_attrs_float(call->attrs, "scale", 0);
    if (r->scale == 0) r->scale = 1 / sqrt((double)r->q.size);
    HN_TRY(hn_ops_word(call->attrs, "update_rule", rules, &r->rule, call->diag));
    if (__builtin_mul_overflow(r->k.size, r->v.size, &size)) return HONE_OUT_OF_MEMORY;
    HN_TRY_ALLOC(r->state = hn_panel_scratch(call, size));
    HN_TRY_ALLOC(r->query = hn_panel_scratch(call, r->q.size));
    HN_TRY_ALLOC(r->key = hn_panel_scratch(call, r->k.size));
    HN_TRY_ALLOC(r->gate = hn_panel_scratch(call, r->k.size));
    HN_TRY_ALLOC(r->value = hn_panel_scratch(call, r->v.size));
    HN_TRY_ALLOC(r->sum = hn_panel_scratch(call, r->v.size));
    return HONE_OK;
}

/* sum = x^T * state */
static void read_state(recurrence *r, const double *x) {
    memset(r->sum, 0, (size_t)r->v.size * sizeof *r->sum);
    for (int64_t d = 0; d < r->k.size; d++)
        for (int64_t m = 0; m < r->v.size; m++) r->sum[m] += x[d] * r->state[d * r->v.size + m];
}

static void decay(recurrence *r, int64_t token, int64_t head) {
    const hn_tensor *t = r->call->in[DECAY];
    const bool each = t->dim[2] != r->k.heads; /* one number for each element of the key */
    const int64_t last = t->dim[2];
    hn_panel_load(r->gate, t, token * last + (each ? head * r->k.size : head), each ? r->k.size : 1);
    for (int64_t d = 0; d < r->k.size; d++) {
        const double factor = exp(r->gate[each ? d : 0]);
        for (int64_t m = 0; m < r->v.size; m++) r->state[d * r->v.size + m] *= factor;
    }
}

/* Replaces the value by what the state lacks of it. */
static void correct(recurrence *r, int64_t token, int64_t head) {
    const hn_tensor *t = r->call->in[BETA];
    double beta;
    hn_panel_load(&beta, t, t->dim[2] == 1 ? token : token * t->dim[2] + head, 1);
    read_state(r, r->key);
    for (int64_t m = 0; m < r->v.size; m++) r->value[m] = beta * (r->value[m] - r->sum[m]);
}

static void write_token(recurrence *r, int64_t batch, int64_t head, int64_t i) {
    const int64_t token = batch * r->q.length + i;
    hn_panel_load(r->key, r->k.t, hn_heads_row(&r->k, batch, head, i), r->k.size);
    hn_panel_load(r->value, r->v.t, hn_heads_row(&r->v, batch, head, i), r->v.size);
    if (is_gated(r->rule)) decay(r, token, head);
    if (is_delta(r->rule)) correct(r, token, head);
    for (int64_t d = 0; d < r->k.size; d++)
        for (int64_t m = 0; m < r->v.size; m++) r->state[d * r->v.size + m] += r->key[d] * r->value[m];
}

static void read_token(recurrence *r, int64_t batch, int64_t q_head, int64_t i) {
    hn_tensor *out = r->call->out[0];
    if (!out) return;
    hn_panel_load(r->query, r->q.t, hn_heads_row(&r->q, batch, q_head, i), r->q.size);
    read_state(r, r->query);
    for (int64_t m = 0; m < r->v.size; m++) r->sum[m] *= r->scale;
    hn_panel_store(out, ((batch * r->q.length + i) * r->q.heads + q_head) * r->v.size, r->v.size, r->sum);
}

static void run_head(recurrence *r, int64_t batch, int64_t head) {
    hn_call *call = r->call;
    const int64_t group = r->q.heads / r->k.heads, n = r->k.size * r->v.size, at = (batch * r->k.heads + head) * n;
    const hn_tensor *past = PAST < call->n_in ? call->in[PAST] : NULL;
    memset(r->state, 0, (size_t)n * sizeof *r->state);
    if (past) hn_panel_load(r->state, past, at, n);
    for (int64_t i = 0; i < r->q.length; i++) {
        write_token(r, batch, head, i);
        for (int64_t h = head * group; h < (head + 1) * group; h++) read_token(r, batch, h, i);
    }
    if (call->n_out > 1 && call->out[1]) hn_panel_store(call->out[1], at, n, r->state);
}

hone_status hn_ops_ref_linear_attention(hn_call *call) {
    recurrence r = {.call = call};
    HN_TRY(prepare(&r));
    for (int64_t batch = 0; batch < r.q.batch; batch++)
        for (int64_t head = 0; head < r.k.heads; head++) run_head(&r, batch, head);
    return HONE_OK;
}
