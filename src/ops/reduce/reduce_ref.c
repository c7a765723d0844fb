/* Reductions: one pass over the input in memory order, an accumulator for each output element. Floats run in double,
 * integers in 64 bits. */
#include <math.h>
#include "base/dtype.h"
#include "ops/matmul/panel.h"
#include "ops/numeric.h"
#include "ops/reduce/reduce.h"
#include "ops/registry.h"

/* The input as alternating kept and reduced dims (neighbours of a kind merged), innermost first, with the step of each
 * in the output. */
typedef struct walk {
    int n;
    int64_t size[HONE_MAX_RANK], step[HONE_MAX_RANK];
    int64_t outputs, count; /* output elements, input elements for each */
} walk;

/* What a rule needs to know of the call. */
typedef struct reduction {
    const hn_tensor *x;
    hn_tensor *out;
    walk walk;
    void *acc;           /* walk.outputs numbers of the domain */
    const double *shift; /* as many, or NULL for zeros */
    double lowest_f64, highest_f64;
    int64_t lowest_i64, highest_i64;
    uint64_t lowest_u64, highest_u64;
} reduction;

/* n elements from `first` on go to accumulators from `at` on, `step` (0 or 1) apart. */
typedef struct stretch {
    int64_t first, at, step;
    int n;
} stretch;

/* Arithmetic of one operator in one domain. */
typedef struct rule {
    void (*start)(reduction *r);
    void (*run)(reduction *r, const stretch *s);
    void (*finish)(reduction *r);
} rule;

#define FUNCTIONS(id, suffix, T, start_value, step_value, finish_value)                                                \
    static void id##_start_##suffix(reduction *r) {                                                                    \
        const T lowest = r->lowest_##suffix, highest = r->highest_##suffix;                                            \
        (void)lowest;                                                                                                  \
        (void)highest;                                                                                                 \
        for (int64_t i = 0; i < r->walk.outputs; i++) ((T *)r->acc)[i] = start_value;                                  \
    }                                                                                                                  \
    static void id##_run_##suffix(reduction *r, const stretch *s) {                                                    \
        T block[HN_BLOCK], *total = (T *)r->acc + s->at;                                                               \
        hn_block_load_##suffix(block, r->x, s->first, s->n);                                                           \
        for (int i = 0; i < s->n; i++) {                                                                               \
            const double shift = r->shift ? r->shift[s->at + i * s->step] : 0;                                         \
            T acc = total[i * s->step], x = block[i];                                                                  \
            (void)shift;                                                                                               \
            total[i * s->step] = step_value;                                                                           \
        }                                                                                                              \
    }                                                                                                                  \
    static void id##_finish_##suffix(reduction *r) {                                                                   \
        const T count = (T)r->walk.count;                                                                              \
        (void)count;                                                                                                   \
        for (int64_t i = 0; i < r->walk.outputs; i++) {                                                                \
            const double shift = r->shift ? r->shift[i] : 0;                                                           \
            T acc = ((T *)r->acc)[i], value = finish_value;                                                            \
            (void)shift;                                                                                               \
            hn_block_store_##suffix(r->out, i, &value, 1);                                                             \
        }                                                                                                              \
    }
#define RULE(id, suffix)                                                                                               \
    { id##_start_##suffix, id##_run_##suffix, id##_finish_##suffix }

/* A row's rules are indexed by hn_block_kind. */
#define HN_IMPL(id, infer, ref, element)
#define HN_REDUCE(id, infer, start, step, finish)                                                                      \
    FUNCTIONS(id, f64, double, start, step, finish)                                                                    \
    FUNCTIONS(id, i64, int64_t, start, step, finish)                                                                   \
    FUNCTIONS(id, u64, uint64_t, start, step, finish)                                                                  \
    static const rule id##_rules[] = {RULE(id, f64), RULE(id, i64), RULE(id, u64)};
#define HN_REDUCE_REAL(id, infer, start, step, finish)                                                                 \
    FUNCTIONS(id, f64, double, start, step, finish)                                                                    \
    static const rule id##_rules[] = {RULE(id, f64), RULE(id, f64), RULE(id, f64)};
#include "ops/reduce/reduce.def"
#undef HN_REDUCE
#undef HN_REDUCE_REAL
#undef HN_IMPL

/* Products wrap: sizes that overflow are those of empty tensors, and meet a 0. */
static void plan_walk(const hn_tensor *x, unsigned mask, walk *w) {
    bool kept_before = false;
    *w = (walk){.outputs = 1, .count = 1};
    for (int i = x->rank - 1; i >= 0; i--) {
        bool kept = !(mask >> i & 1), merges = w->n > 0 && kept == kept_before;
        int64_t size = x->dim[i];
        if (merges) w->size[w->n - 1] = product_i64(w->size[w->n - 1], size);
        else if (size != 1) {
            w->size[w->n] = size;
            w->step[w->n++] = kept ? w->outputs : 0;
            kept_before = kept;
        }
        if (kept) w->outputs = product_i64(w->outputs, size);
        else w->count = product_i64(w->count, size);
    }
    if (w->n == 0) w->size[w->n++] = 1;
}

/* Applies the rule to all elements in memory order. */
static void visit(reduction *r, const rule *how) {
    const walk *w = &r->walk;
    int64_t at[HONE_MAX_RANK] = {0}, first = 0, out = 0;
    for (int i = 0; i < w->n; i++)
        if (w->size[i] == 0) return;
    for (int i = 0; i < w->n;) {
        for (int64_t done = 0; done < w->size[0]; done += HN_BLOCK) {
            stretch s = {first + done, out + done * w->step[0], w->step[0], HN_BLOCK};
            if (w->size[0] - done < HN_BLOCK) s.n = (int)(w->size[0] - done);
            how->run(r, &s);
        }
        first += w->size[0];
        for (i = 1; i < w->n; i++) {
            out += w->step[i];
            if (++at[i] < w->size[i]) break;
            out -= w->step[i] * w->size[i];
            at[i] = 0;
        }
    }
}

static hone_status accumulate(hn_call *call, reduction *r, const rule *how) {
    HN_TRY_ALLOC(r->acc = hn_panel_scratch(call, r->walk.outputs));
    how->start(r);
    visit(r, how);
    return HONE_OK;
}

/* The greatest element of each reduction keeps exponentials in range. */
static hone_status find_shift(hn_call *call, reduction *r) {
    HN_TRY(accumulate(call, r, &reduce_max_rules[HN_BLOCK_F64]));
    double *shift = r->acc;
    for (int64_t i = 0; i < r->walk.outputs; i++)
        if (!isfinite(shift[i])) shift[i] = 0;
    r->shift = shift;
    return HONE_OK;
}

static void set_limits(reduction *r) {
    int bits = r->x->dtype == HONE_BOOL ? 1 : hone_dtype_bits(r->x->dtype);
    r->highest_f64 = INFINITY;
    r->lowest_f64 = -INFINITY;
    r->highest_u64 = UINT64_MAX >> (64 - bits);
    r->highest_i64 = (int64_t)(r->highest_u64 >> 1);
    r->lowest_i64 = -r->highest_i64 - 1;
}

static hone_status reduced_axes(hn_call *call, unsigned *mask) {
    const hn_tensor *axes = call->n_in > 1 ? call->in[1] : NULL;
    int64_t axis[HONE_MAX_RANK], n = axes ? hn_tensor_count(axes) : 0;
    if (n < 0 || n > HONE_MAX_RANK)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "%lld axes to reduce; at most %d", (long long)n, HONE_MAX_RANK);
    for (int i = 0; i < n; i++) axis[i] = hn_tensor_int(axes, i);
    return hn_reduce_mask(call->attrs, axis, (int)n, call->in[0]->rank, mask, HONE_INVALID_ARGUMENT, call->diag);
}

static hone_status reduce(hn_call *call, const rule *rules) {
    reduction r = {.x = call->in[0], .out = call->out[0]};
    unsigned mask;
    if (!r.out || hn_tensor_count(r.out) == 0) return HONE_OK;
    HN_TRY(reduced_axes(call, &mask));
    plan_walk(r.x, mask, &r.walk);
    hn_block_kind kind = hn_block_kind_of(r.x->dtype);
    if (kind == HN_BLOCK_NONE)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "%s is no number", hone_dtype_name(r.x->dtype));
    if (rules == reduce_mean_rules && kind != HN_BLOCK_F64 && r.walk.count == 0 && r.walk.outputs > 0)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "the mean of no integers");
    set_limits(&r);
    if (rules == reduce_log_sum_exp_rules) HN_TRY(find_shift(call, &r));
    HN_TRY(accumulate(call, &r, &rules[kind]));
    rules[kind].finish(&r);
    return HONE_OK;
}

#define HN_IMPL(id, infer, ref, element)
#define HN_REDUCE(id, infer, start, step, finish)                                                                      \
    hone_status hn_ops_ref_##id(hn_call *call) { return reduce(call, id##_rules); }
#define HN_REDUCE_REAL HN_REDUCE
#include "ops/reduce/reduce.def"
