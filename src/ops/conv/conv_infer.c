/* Shapes of Conv and ConvTranspose. Sizes come from the attributes and, for the kernel, from the weight's shape. */
#include "ops/checks.h"
#include "ops/conv/window.h"
#include "ops/registry.h"

typedef struct convolution {
    hn_window w;
    int rank;           /* of input, weight and output; -1: unknown */
    hn_shape x, weight; /* dims unknown where the rank is */
    int64_t group;
    hn_dim kernel[HN_MAX_SPATIAL];
} convolution;

static hn_shape shape_or_unknown(const hn_infer *infer, int i, int rank) {
    hn_shape out = {.rank = rank};
    bool known = hn_infer_rank(infer, i) == rank;
    for (int k = 0; k < rank; k++) out.dim[k] = known ? infer->in[i].shape.dim[k] : HN_UNKNOWN_DIM;
    return out;
}

static hone_status read_group(const hn_infer *infer, int64_t *group) {
    *group = hn_attrs_int(infer->attrs, "group", 1);
    if (*group < 1 || *group > INT32_MAX)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute group is %lld; it must be positive", (long long)*group);
    return HONE_OK;
}

static hone_status read_kernel(const hn_infer *infer, convolution *c) {
    for (int i = 0; i < c->w.n; i++) {
        hn_dim declared = c->w.kernel[i] ? hn_dim_const(c->w.kernel[i]) : HN_UNKNOWN_DIM;
        HN_TRY(hn_infer_unify(infer, declared, c->weight.dim[i + 2], "kernel size (kernel_shape and weight)",
                              &c->kernel[i]));
        if (hn_dim_is_const(c->kernel[i]) && c->kernel[i].value < 1)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the kernel has size %lld on spatial axis %d",
                    (long long)c->kernel[i].value, i);
    }
    return HONE_OK;
}

static hone_status read_convolution(const hn_infer *infer, convolution *c) {
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    HN_TRY(hn_ops_check_same_type(infer, 0, 1));
    HN_TRY(hn_ops_check_same_type(infer, 0, 2));
    HN_TRY(read_group(infer, &c->group));
    c->rank = hn_infer_rank(infer, 0) >= 0 ? hn_infer_rank(infer, 0) : hn_infer_rank(infer, 1);
    if (c->rank < 0) return HONE_OK;
    HN_TRY(hn_ops_check_rank(infer, 1, c->rank));
    HN_TRY(hn_window_read(infer->attrs, c->rank - 2, &c->w, infer->diag));
    c->x = shape_or_unknown(infer, 0, c->rank);
    c->weight = shape_or_unknown(infer, 1, c->rank);
    return read_kernel(infer, c);
}

static hone_status check_divisible(const hn_infer *infer, const char *what, hn_dim count, int64_t group) {
    if (!hn_dim_is_const(count) || (count.value >= 0 && count.value % group == 0)) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%lld %s are not divisible into %lld groups", (long long)count.value, what,
            (long long)group);
}

hone_status hn_ops_infer_conv(hn_infer *infer) {
    convolution c;
    hn_dim channels;
    HN_TRY(read_convolution(infer, &c));
    if (c.rank < 0) {
        hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), NULL);
        return HONE_OK;
    }
    hn_dim expected = hn_dim_mul(infer->exprs, c.weight.dim[1], hn_dim_const(c.group));
    HN_TRY(hn_infer_unify(infer, c.x.dim[1], expected, "number of input channels (input, and weight times group)",
                          &channels));
    HN_TRY(check_divisible(infer, "filters", c.weight.dim[0], c.group));
    HN_TRY(hn_ops_check_vector(infer, 2, c.weight.dim[0]));
    hn_shape out = {.rank = c.rank, .dim = {c.x.dim[0], c.weight.dim[0]}};
    for (int i = 0; i < c.w.n; i++) HN_TRY(hn_window_out(infer, &c.w, i, c.x.dim[i + 2], c.kernel[i], &out.dim[i + 2]));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

/* stride * (size - 1) + extra + extent of the kernel - padding */
static hone_status transposed_size(const hn_infer *infer, const convolution *c, int i, int64_t extra, hn_dim *out) {
    hn_expr_pool *pool = infer->exprs;
    const hn_window *w = &c->w;
    hn_dim one = hn_dim_const(1), size = c->x.dim[i + 2];
    if (w->auto_pad == HN_PAD_SAME_UPPER || w->auto_pad == HN_PAD_SAME_LOWER) {
        *out = hn_dim_mul(pool, size, hn_dim_const(w->stride[i]));
        return HONE_OK;
    }
    hn_dim spread = hn_dim_mul(pool, hn_dim_sub(pool, size, one), hn_dim_const(w->stride[i]));
    hn_dim extent = hn_dim_mul(pool, hn_dim_sub(pool, c->kernel[i], one), hn_dim_const(w->dilation[i]));
    hn_dim rest = hn_dim_const(extra + 1 - w->begin[i] - w->end[i]);
    *out = hn_dim_add(pool, hn_dim_add(pool, spread, extent), rest);
    if (hn_dim_is_const(*out) && out->value < 0)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "padding leaves %lld elements on spatial axis %d",
                (long long)out->value, i);
    return HONE_OK;
}

static hone_status transposed_sizes(const hn_infer *infer, const convolution *c, hn_dim *out) {
    int64_t extra[HN_MAX_SPATIAL], fixed[HN_MAX_SPATIAL];
    HN_TRY(hn_attrs_ints_exact(infer->attrs, "output_padding", c->w.n, 0, extra, infer->diag));
    HN_TRY(hn_attrs_ints_exact(infer->attrs, "output_shape", c->w.n, -1, fixed, infer->diag));
    bool is_fixed = hn_attrs_find(infer->attrs, "output_shape") != NULL;
    for (int i = 0; i < c->w.n; i++) {
        if (extra[i] < 0 || extra[i] > INT32_MAX)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute output_padding[%d] is %lld", i, (long long)extra[i]);
        if (is_fixed && fixed[i] < 0)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute output_shape[%d] is %lld", i, (long long)fixed[i]);
        if (is_fixed) out[i] = hn_dim_const(fixed[i]);
        else HN_TRY(transposed_size(infer, c, i, extra[i], &out[i]));
    }
    return HONE_OK;
}

hone_status hn_ops_infer_conv_transpose(hn_infer *infer) {
    convolution c;
    hn_dim channels;
    HN_TRY(read_convolution(infer, &c));
    if (c.rank < 0) {
        hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), NULL);
        return HONE_OK;
    }
    HN_TRY(
        hn_infer_unify(infer, c.x.dim[1], c.weight.dim[0], "number of input channels (input and weight)", &channels));
    HN_TRY(check_divisible(infer, "input channels", channels, c.group));
    hn_dim filters = hn_dim_mul(infer->exprs, c.weight.dim[1], hn_dim_const(c.group));
    HN_TRY(hn_ops_check_vector(infer, 2, filters));
    hn_shape out = {.rank = c.rank, .dim = {c.x.dim[0], filters}};
    HN_TRY(transposed_sizes(infer, &c, &out.dim[2]));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}
