/* See kc_epilogue.h. */
#include "kc_epilogue.h"

static int unary(kc_case *c, hn_op_id op, int y) { return kc_op(c, op, 1, (int[]){y}); }
static int binary(kc_case *c, hn_op_id op, int a, int b) { return kc_op(c, op, 2, (int[]){a, b}); }

/* An activation with y's shape and layout. */
static int residual(kc_case *c, int y) {
    return kc_input(c, (hn_layout)c->query.val[y].layout, c->tensor[y].rank, c->tensor[y].dim);
}

/* One number per channel, as rank 4 - axis or so: [1, channels, 1, 1] or [channels, 1, 1]. */
static int per_channel(kc_case *c, int y, int axis) {
    int64_t dim[HONE_MAX_RANK];
    int rank = c->tensor[y].rank;
    for (int i = 0; i < rank; i++) dim[i] = i == axis ? c->tensor[y].dim[i] : 1;
    bool full = kc_random(c->suite, 0, 1) == 0;
    return full ? kc_const(c, rank, dim) : kc_const(c, rank - axis, dim + axis);
}

static int clip(kc_case *c, int y, float low, float high) {
    int a = kc_scalar(c, low), b = kc_scalar(c, high);
    return kc_op(c, HN_OP_clip, 3, (int[]){y, a, b});
}

static int gate(kc_case *c, int y) {
    int s = unary(c, HN_OP_sigmoid, y);
    return kc_random(c->suite, 0, 1) ? binary(c, HN_OP_mul, y, s) : binary(c, HN_OP_mul, s, y);
}

static int with_attrs(kc_case *c, hn_op_id op, int y) {
    kc_float(c, "alpha", 0.3f);
    if (op == HN_OP_hard_sigmoid) kc_float(c, "beta", 0.4f);
    return unary(c, op, y);
}

int kc_epilogue(kc_case *c, int which, int y, int axis) {
    switch (which) {
    case 1:
        return unary(c, HN_OP_relu, y);
    case 2:
        return clip(c, y, 0, 6);
    case 3:
        return kc_op(c, HN_OP_clip, 3, (int[]){y, -1, kc_scalar(c, 0.25f)});
    case 4:
        return with_attrs(c, HN_OP_leaky_relu, y);
    case 5:
        return unary(c, HN_OP_sigmoid, y);
    case 6:
        return unary(c, HN_OP_tanh, y);
    case 7:
        return with_attrs(c, HN_OP_hard_sigmoid, y);
    case 8:
        return unary(c, HN_OP_hard_swish, y);
    case 9:
        return unary(c, HN_OP_gelu, y);
    case 10:
        kc_text(c, "approximate", "tanh");
        return unary(c, HN_OP_gelu, y);
    case 11:
        return gate(c, y);
    case 12:
        return binary(c, HN_OP_add, y, per_channel(c, y, axis));
    case 13:
        return binary(c, HN_OP_mul, per_channel(c, y, axis), y);
    case 14:
        return binary(c, HN_OP_add, y, residual(c, y));
    case 15:
        return unary(c, HN_OP_relu, binary(c, HN_OP_add, residual(c, y), y));
    case 16:
        return binary(c, HN_OP_add, unary(c, HN_OP_relu, y), residual(c, y));
    case 17:
        return binary(c, HN_OP_mul, gate(c, y), residual(c, y));
    case 18:
        return binary(c, HN_OP_sub, residual(c, y), binary(c, HN_OP_div, y, kc_scalar(c, 8)));
    case 19:
        return unary(c, HN_OP_relu,
                     binary(c, HN_OP_add, binary(c, HN_OP_add, y, per_channel(c, y, axis)), residual(c, y)));
    case 20:
        return clip(c, binary(c, HN_OP_mul, binary(c, HN_OP_sub, y, residual(c, y)), kc_scalar(c, 0.5f)), -1, 1);
    case 21:
        return with_attrs(c, HN_OP_swish, binary(c, HN_OP_sub, y, per_channel(c, y, axis)));
    default:
        return y;
    }
}
