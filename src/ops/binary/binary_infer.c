/* Types and shapes of arithmetic with broadcasting, and its symbolic elements. */
#include "ops/broadcast.h"
#include "ops/checks.h"
#include "ops/numeric.h"
#include "ops/registry.h"

static const uint32_t allowed_types[HN_OP_COUNT] = {
#define HN_BINARY_AS(id, types, infer, ref, params, expr, dim) [HN_OP_##id] = types,
#define HN_BINARY_INT(id, infer, params, expr)                 [HN_OP_##id] = HN_TYPES_SIGNED | HN_TYPES_UNSIGNED,
#include "ops/binary/binary.def"
};

/* The shape that all inputs broadcast to. */
static hone_status broadcast_all(const hn_infer *infer, hn_shape *shape) {
    *shape = infer->in[0].shape;
    for (int i = 1; i < infer->n_in; i++) HN_TRY(hn_infer_broadcast(infer, shape, &infer->in[i].shape, shape));
    return HONE_OK;
}

hone_status hn_ops_infer_binary(hn_infer *infer) {
    hn_shape shape;
    hone_dtype dtype = HONE_NO_DTYPE;
    for (int i = 0; i < infer->n_in; i++) {
        HN_TRY(hn_ops_check_type(infer, i, allowed_types[infer->op->id]));
        HN_TRY(hn_ops_check_same_type(infer, 0, i));
        if (dtype == HONE_NO_DTYPE) dtype = hn_infer_dtype(infer, i);
    }
    HN_TRY(broadcast_all(infer, &shape));
    hn_infer_set(infer, 0, dtype, &shape);
    return HONE_OK;
}

hone_status hn_ops_infer_bit_shift(hn_infer *infer) {
    static const char *const directions[] = {"LEFT", "RIGHT", NULL};
    int direction;
    HN_TRY(hn_ops_word(infer->attrs, "direction", directions, &direction, infer->diag));
    return hn_ops_infer_binary(infer);
}

/* The exponent may be of another type. */
hone_status hn_ops_infer_pow(hn_infer *infer) {
    hn_shape shape;
    HN_TRY(hn_ops_check_type(infer, 0, allowed_types[HN_OP_pow]));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPES_NUMBER));
    HN_TRY(broadcast_all(infer, &shape));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &shape);
    return HONE_OK;
}

/* The slope broadcasts to the input, never the other way round. */
hone_status hn_ops_infer_prelu(hn_infer *infer) {
    HN_TRY(hn_ops_check_type(infer, 0, allowed_types[HN_OP_prelu]));
    HN_TRY(hn_ops_check_same_type(infer, 0, 1));
    HN_TRY(hn_ops_check_fits(infer, 1, &infer->in[0].shape));
    return hn_infer_like(infer, 0);
}

typedef hn_dim element_fn(hn_expr_pool *pool, hn_attrs attrs, hn_dim a, hn_dim b);

#undef PARAM_DIVISOR
#define PARAM_DIVISOR
#define HN_BINARY_INT(id, infer, params, expr)
#define HN_BINARY_AS(id, types, infer, ref, params, expr, dim)                                                         \
    static hn_dim id##_element(hn_expr_pool *pool, hn_attrs attrs, hn_dim a, hn_dim b) {                               \
        (void)pool, (void)attrs, (void)a, (void)b;                                                                     \
        params;                                                                                                        \
        return dim;                                                                                                    \
    }
#include "ops/binary/binary.def"

static element_fn *const element_of[HN_OP_COUNT] = {
#define HN_BINARY_INT(id, infer, params, expr)
#define HN_BINARY_AS(id, types, infer, ref, params, expr, dim) [HN_OP_##id] = id##_element,
#include "ops/binary/binary.def"
};

/* out = element(a, b), broadcast. */
static void apply(const hn_infer *infer, hn_tensor *out, const hn_tensor *a, const hn_tensor *b) {
    const hn_tensor *in[] = {a, b};
    const hn_dim *left = a->data, *right = b->data;
    element_fn *element = element_of[infer->op->id];
    hn_broadcast w;
    for (bool more = hn_broadcast_begin(&w, out, in, 2); more; more = hn_broadcast_next(&w)) {
        for (int i = 0; i < w.length; i++) {
            hn_dim d =
                element(infer->exprs, infer->attrs, left[w.at[0] + i * w.step[0]], right[w.at[1] + i * w.step[1]]);
            ((hn_dim *)out->data)[w.out + i] = hn_ops_fit_element(infer, hn_infer_dtype(infer, 0), d);
        }
    }
}

bool hn_ops_element_binary(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    for (int i = 0; i < infer->n_in; i++)
        if (!in[i]) return false;
    if (infer->n_in == 1) hn_tensor_copy(out[0], in[0]);
    else apply(infer, out[0], in[0], in[1]);
    for (int i = 2; i < infer->n_in; i++) apply(infer, out[0], out[0], in[i]);
    return true;
}
