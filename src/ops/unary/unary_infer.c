/* Types and shapes of operators of one input, and their symbolic elements. */
#include "ops/checks.h"
#include "ops/numeric.h"
#include "ops/registry.h"

static const uint32_t allowed_types[HN_OP_COUNT] = {
#define HN_UNARY_FLOAT(id, params, expr)           [HN_OP_##id] = HN_TYPES_FLOAT,
#define HN_UNARY(id, types, params, expr, dim)     [HN_OP_##id] = types,
#define HN_UNARY_INT(id, types, params, expr, dim) [HN_OP_##id] = types,
#define HN_UNARY_TEST(id, types, params, expr)     [HN_OP_##id] = types,
#include "ops/unary/unary.def"
};

static const bool gives_bool[HN_OP_COUNT] = {
#define HN_UNARY_FLOAT(id, params, expr)
#define HN_UNARY(id, types, params, expr, dim)
#define HN_UNARY_INT(id, types, params, expr, dim)
#define HN_UNARY_TEST(id, types, params, expr) [HN_OP_##id] = true,
#include "ops/unary/unary.def"
};

hone_status hn_ops_infer_unary(hn_infer *infer) {
    static const char *const forms[] = {"none", "tanh", NULL};
    int form;
    HN_TRY(hn_ops_check_type(infer, 0, allowed_types[infer->op->id]));
    if (infer->op->id == HN_OP_gelu) HN_TRY(hn_ops_word(infer->attrs, "approximate", forms, &form, infer->diag));
    HN_TRY(hn_infer_like(infer, 0));
    if (gives_bool[infer->op->id]) infer->out[0].type = hn_type_tensor(HONE_BOOL);
    return HONE_OK;
}

typedef hn_dim element_fn(hn_expr_pool *pool, hn_dim d);

#define HN_UNARY_FLOAT(id, params, expr)
#define HN_UNARY_TEST(id, types, params, expr)
#define HN_UNARY(id, types, params, expr, dim)                                                                         \
    static hn_dim id##_element(hn_expr_pool *pool, hn_dim d) {                                                         \
        (void)pool, (void)d;                                                                                           \
        return dim;                                                                                                    \
    }
#define HN_UNARY_INT HN_UNARY
#include "ops/unary/unary.def"

static element_fn *const element_of[HN_OP_COUNT] = {
#define HN_UNARY_FLOAT(id, params, expr)
#define HN_UNARY_TEST(id, types, params, expr)
#define HN_UNARY(id, types, params, expr, dim)     [HN_OP_##id] = id##_element,
#define HN_UNARY_INT(id, types, params, expr, dim) [HN_OP_##id] = id##_element,
#include "ops/unary/unary.def"
};

bool hn_ops_element_unary(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    element_fn *element = element_of[infer->op->id];
    if (!in[0] || !element) return false;
    const hn_dim *from = in[0]->data;
    hn_dim *to = out[0]->data;
    for (int64_t i = 0; i < hn_tensor_count(in[0]); i++)
        to[i] = hn_ops_fit_element(infer, hn_infer_dtype(infer, 0), element(infer->exprs, from[i]));
    return true;
}
