/* Types and shapes of comparison and logic, and their symbolic elements. */
#include "ops/broadcast.h"
#include "ops/checks.h"
#include "ops/registry.h"

static const uint32_t allowed_types[HN_OP_COUNT] = {
#define HN_COMPARE(id, types, expr, dim) [HN_OP_##id] = types,
#include "ops/compare/compare.def"
};

hone_status hn_ops_infer_compare(hn_infer *infer) {
    hn_shape shape;
    for (int i = 0; i < infer->n_in; i++) HN_TRY(hn_ops_check_type(infer, i, allowed_types[infer->op->id]));
    HN_TRY(hn_ops_check_same_type(infer, 0, 1));
    HN_TRY(hn_infer_broadcast(infer, &infer->in[0].shape, &infer->in[1].shape, &shape));
    hn_infer_set(infer, 0, HONE_BOOL, &shape);
    return HONE_OK;
}

typedef hn_dim element_fn(hn_expr_pool *pool, hn_dim a, hn_dim b);

#define HN_COMPARE(id, types, expr, dim)                                                                               \
    static hn_dim id##_element(hn_expr_pool *pool, hn_dim a, hn_dim b) { return dim; }
#include "ops/compare/compare.def"

static element_fn *const element_of[HN_OP_COUNT] = {
#define HN_COMPARE(id, types, expr, dim) [HN_OP_##id] = id##_element,
#include "ops/compare/compare.def"
};

bool hn_ops_element_compare(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    if (!in[0] || !in[1]) return false;
    const hn_dim *a = in[0]->data, *b = in[1]->data;
    hn_dim *to = out[0]->data;
    hn_broadcast w;
    for (bool more = hn_broadcast_begin(&w, out[0], in, 2); more; more = hn_broadcast_next(&w))
        for (int i = 0; i < w.length; i++)
            to[w.out + i] =
                element_of[infer->op->id](infer->exprs, a[w.at[0] + i * w.step[0]], b[w.at[1] + i * w.step[1]]);
    return true;
}
