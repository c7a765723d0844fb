/* References of arithmetic with broadcasting: the rows' expressions over rows of the walk. */
#include <string.h>
#include "ops/broadcast.h"
#include "ops/numeric.h"
#include "ops/registry.h"

/* Functions of rows write to `a` and return false when an element of `b` is not allowed. PARAM_DIVISOR refuses 0. */
#define DEFINE_ROW(id, kind, type, params, expr)                                                                       \
    static bool row_##kind##_##id(hn_attrs attrs, type *a, const type *b, int n) {                                     \
        (void)attrs;                                                                                                   \
        params;                                                                                                        \
        for (int i = 0; i < n; i++) {                                                                                  \
            const type x = a[i], y = b[i];                                                                             \
            a[i] = result_##kind(expr);                                                                                \
        }                                                                                                              \
        return true;                                                                                                   \
    }

#define REFUSE_ZERO                                                                                                    \
    for (int i = 0; i < n; i++)                                                                                        \
        if (b[i] == 0) return false;

#define PARAM_DIVISOR
#define HN_BINARY_INT(id, infer, params, expr)
#define HN_BINARY_AS(id, types, infer, ref, params, expr, dim) DEFINE_ROW(id, f64, double, params, expr)
#include "ops/binary/binary.def"

#undef PARAM_DIVISOR
#define PARAM_DIVISOR REFUSE_ZERO
#define HN_BINARY_INT(id, infer, params, expr)                                                                         \
    DEFINE_ROW(id, i64, int64_t, params, expr)                                                                         \
    DEFINE_ROW(id, u64, uint64_t, params, expr)
#define HN_BINARY_AS(id, types, infer, ref, params, expr, dim) HN_BINARY_INT(id, infer, params, expr)
#include "ops/binary/binary.def"

typedef struct row {
    bool (*f64)(hn_attrs attrs, double *a, const double *b, int n); /* NULL for operators of integers */
    bool (*i64)(hn_attrs attrs, int64_t *a, const int64_t *b, int n);
    bool (*u64)(hn_attrs attrs, uint64_t *a, const uint64_t *b, int n);
} row;

static const row rows[HN_OP_COUNT] = {
#define HN_BINARY_INT(id, infer, params, expr) [HN_OP_##id] = {NULL, row_i64_##id, row_u64_##id},
#define HN_BINARY_AS(id, types, infer, ref, params, expr, dim)                                                         \
    [HN_OP_##id] = {row_f64_##id, row_i64_##id, row_u64_##id},
#include "ops/binary/binary.def"
};

#define DEFINE_RUN(kind, type)                                                                                         \
    static bool run_##kind(const hn_call *call, hn_tensor *out, const hn_tensor *const *in) {                          \
        hn_broadcast w;                                                                                                \
        type a[HN_BLOCK], b[HN_BLOCK];                                                                                 \
        for (bool more = hn_broadcast_begin(&w, out, in, 2); more; more = hn_broadcast_next(&w)) {                     \
            hn_broadcast_load_##kind(&w, in[0], 0, a);                                                                 \
            hn_broadcast_load_##kind(&w, in[1], 1, b);                                                                 \
            if (!rows[call->op->id].kind(call->attrs, a, b, w.length)) return false;                                   \
            hn_block_store_##kind(out, w.out, a, w.length);                                                            \
        }                                                                                                              \
        return true;                                                                                                   \
    }

DEFINE_RUN(f64, double)
DEFINE_RUN(i64, int64_t)
DEFINE_RUN(u64, uint64_t)

static hone_status apply(const hn_call *call, hn_tensor *out, const hn_tensor *a, const hn_tensor *b) {
    const hn_tensor *in[] = {a, b};
    hn_block_kind kind = hn_block_kind_of(a->dtype);
    if (hn_block_kind_of(b->dtype) == HN_BLOCK_F64) kind = HN_BLOCK_F64; /* an integer to the power of a float */
    bool done;
    if (kind == HN_BLOCK_F64) done = rows[call->op->id].f64 && run_f64(call, out, in);
    else done = kind == HN_BLOCK_I64 ? run_i64(call, out, in) : run_u64(call, out, in);
    if (!done) HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "division of an integer by zero");
    return HONE_OK;
}

/* Input i, or a copy when the first step, which writes to `out`, would change it. */
static const hn_tensor *untouched(hn_call *call, int i) {
    const hn_tensor *in = call->in[i];
    if (in->data != call->out[0]->data) return in;
    hn_tensor *copy = hn_arena_copy(call->scratch, in, sizeof *in);
    if (copy) copy->data = hn_arena_copy(call->scratch, in->data, hn_tensor_bytes(in));
    return copy && copy->data ? copy : NULL;
}

hone_status hn_ops_ref_binary(hn_call *call) {
    hn_tensor *out = call->out[0];
    if (!out) return HONE_OK;
    if (call->n_in == 1) {
        hn_tensor_copy(out, call->in[0]);
        return HONE_OK;
    }
    const hn_tensor **rest = HN_NEW_ARRAY(call->scratch, const hn_tensor *, call->n_in);
    HN_TRY_ALLOC(rest);
    for (int i = 2; i < call->n_in; i++) HN_TRY_ALLOC(rest[i] = untouched(call, i));
    HN_TRY(apply(call, out, call->in[0], call->in[1]));
    for (int i = 2; i < call->n_in; i++) HN_TRY(apply(call, out, out, rest[i]));
    return HONE_OK;
}

hone_status hn_ops_ref_mean(hn_call *call) {
    HN_TRY(hn_ops_ref_binary(call));
    hn_tensor *out = call->out[0];
    int64_t count = out ? hn_tensor_count(out) : 0;
    for (int64_t at = 0; at < count; at += HN_BLOCK) {
        double v[HN_BLOCK];
        int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;
        hn_block_load_f64(v, out, at, n);
        for (int i = 0; i < n; i++) v[i] /= call->n_in;
        hn_block_store_f64(out, at, v, n);
    }
    return HONE_OK;
}
