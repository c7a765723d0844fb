/* References of comparison and logic. */
#include <string.h>
#include "ops/block.h"
#include "ops/broadcast.h"
#include "ops/registry.h"

#define DEFINE_ROW(id, kind, type, expr)                                                                               \
    static void row_##kind##_##id(uint8_t *to, const type *a, const type *b, int n) {                                  \
        for (int i = 0; i < n; i++) {                                                                                  \
            const type x = a[i], y = b[i];                                                                             \
            to[i] = (expr);                                                                                            \
        }                                                                                                              \
    }
#define HN_COMPARE(id, types, expr, dim)                                                                               \
    DEFINE_ROW(id, f64, double, expr)                                                                                  \
    DEFINE_ROW(id, i64, int64_t, expr)                                                                                 \
    DEFINE_ROW(id, u64, uint64_t, expr)
#include "ops/compare/compare.def"

typedef struct row {
    void (*f64)(uint8_t *to, const double *a, const double *b, int n);
    void (*i64)(uint8_t *to, const int64_t *a, const int64_t *b, int n);
    void (*u64)(uint8_t *to, const uint64_t *a, const uint64_t *b, int n);
} row;

static const row rows[HN_OP_COUNT] = {
#define HN_COMPARE(id, types, expr, dim) [HN_OP_##id] = {row_f64_##id, row_i64_##id, row_u64_##id},
#include "ops/compare/compare.def"
};

#define DEFINE_RUN(kind, type)                                                                                         \
    static void run_##kind(const hn_call *call) {                                                                      \
        hn_broadcast w;                                                                                                \
        type a[HN_BLOCK], b[HN_BLOCK];                                                                                 \
        hn_tensor *out = call->out[0];                                                                                 \
        for (bool more = hn_broadcast_begin(&w, out, call->in, 2); more; more = hn_broadcast_next(&w)) {               \
            hn_broadcast_load_##kind(&w, call->in[0], 0, a);                                                           \
            hn_broadcast_load_##kind(&w, call->in[1], 1, b);                                                           \
            rows[call->op->id].kind((uint8_t *)out->data + w.out, a, b, w.length);                                     \
        }                                                                                                              \
    }

DEFINE_RUN(f64, double)
DEFINE_RUN(i64, int64_t)
DEFINE_RUN(u64, uint64_t)

static void equal_strings(const hn_call *call) {
    hn_broadcast w;
    const hn_bytes *a = call->in[0]->data, *b = call->in[1]->data;
    uint8_t *to = call->out[0]->data;
    for (bool more = hn_broadcast_begin(&w, call->out[0], call->in, 2); more; more = hn_broadcast_next(&w)) {
        for (int i = 0; i < w.length; i++) {
            hn_bytes x = a[w.at[0] + i * w.step[0]], y = b[w.at[1] + i * w.step[1]];
            to[w.out + i] = x.n == y.n && (x.n == 0 || memcmp(x.data, y.data, x.n) == 0);
        }
    }
}

hone_status hn_ops_ref_compare(hn_call *call) {
    if (!call->out[0]) return HONE_OK;
    switch (hn_block_kind_of(call->in[0]->dtype)) {
    case HN_BLOCK_F64:
        run_f64(call);
        break;
    case HN_BLOCK_I64:
        run_i64(call);
        break;
    case HN_BLOCK_U64:
        run_u64(call);
        break;
    case HN_BLOCK_NONE:
        equal_strings(call);
        break;
    }
    return HONE_OK;
}
