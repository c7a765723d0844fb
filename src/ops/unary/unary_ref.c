/* References of operators of one input: the rows' expressions over blocks. */
#include "ops/numeric.h"
#include "ops/registry.h"

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static double softplus(double x) { return log1p(exp(-fabs(x))) + (x > 0 ? x : 0); }

static double between_0_and_1(double x) { return x < 0 ? 0 : x > 1 ? 1 : x; }

static double gelu_by_erf(double x) { return 0.5 * x * (1 + erf(x * 0.70710678118654752440)); }

/* sqrt(2 / pi) * (x + 0.044715 * x^3) */
static double gelu_by_tanh(double x) {
    return 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
}

#define DEFINE_ROW(id, kind, type, params, expr)                                                                       \
    static void row_##kind##_##id(hn_attrs attrs, type *v, int n) {                                                    \
        (void)attrs;                                                                                                   \
        params;                                                                                                        \
        for (int i = 0; i < n; i++) {                                                                                  \
            const type x = v[i];                                                                                       \
            v[i] = result_##kind(expr);                                                                                \
        }                                                                                                              \
    }
#define DEFINE_FLOAT_ROW(id, params, expr) DEFINE_ROW(id, f64, double, params, expr)
#define DEFINE_INT_ROWS(id, params, expr)                                                                              \
    DEFINE_ROW(id, i64, int64_t, params, expr)                                                                         \
    DEFINE_ROW(id, u64, uint64_t, params, expr)

#define HN_UNARY_FLOAT(id, params, expr)           DEFINE_FLOAT_ROW(id, params, expr)
#define HN_UNARY_TEST(id, types, params, expr)     DEFINE_FLOAT_ROW(id, params, expr)
#define HN_UNARY_INT(id, types, params, expr, dim) DEFINE_INT_ROWS(id, params, expr)
#define HN_UNARY(id, types, params, expr, dim)                                                                         \
    DEFINE_FLOAT_ROW(id, params, expr)                                                                                 \
    DEFINE_INT_ROWS(id, params, expr)
#include "ops/unary/unary.def"

/* NULL where no allowed type needs it. */
typedef struct row {
    void (*f64)(hn_attrs attrs, double *v, int n);
    void (*i64)(hn_attrs attrs, int64_t *v, int n);
    void (*u64)(hn_attrs attrs, uint64_t *v, int n);
} row;

static const row rows[HN_OP_COUNT] = {
#define HN_UNARY_FLOAT(id, params, expr)           [HN_OP_##id] = {row_f64_##id, NULL, NULL},
#define HN_UNARY_TEST(id, types, params, expr)     [HN_OP_##id] = {row_f64_##id, NULL, NULL},
#define HN_UNARY_INT(id, types, params, expr, dim) [HN_OP_##id] = {NULL, row_i64_##id, row_u64_##id},
#define HN_UNARY(id, types, params, expr, dim)     [HN_OP_##id] = {row_f64_##id, row_i64_##id, row_u64_##id},
#include "ops/unary/unary.def"
};

#define RUN(kind, type)                                                                                                \
    for (int64_t at = 0; at < count; at += HN_BLOCK) {                                                                 \
        type v[HN_BLOCK];                                                                                              \
        int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;                                                  \
        hn_block_load_##kind(v, in, at, n);                                                                            \
        r->kind(call->attrs, v, n);                                                                                    \
        hn_block_store_##kind(out, at, v, n);                                                                          \
    }                                                                                                                  \
    return HONE_OK

hone_status hn_ops_ref_unary(hn_call *call) {
    const row *r = &rows[call->op->id];
    const hn_tensor *in = call->in[0];
    hn_tensor *out = call->out[0];
    int64_t count = out ? hn_tensor_count(out) : 0;
    hn_block_kind kind = hn_block_kind_of(in->dtype);
    if (kind == HN_BLOCK_F64 && r->f64) {
        RUN(f64, double);
    } else if (kind == HN_BLOCK_I64 && r->i64) {
        RUN(i64, int64_t);
    } else if (kind == HN_BLOCK_U64 && r->u64) {
        RUN(u64, uint64_t);
    }
    HN_FAIL(call->diag, HONE_INTERNAL, "no reference for elements of type %s", hone_dtype_name(in->dtype));
}
