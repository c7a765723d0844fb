/* Cases of the kernels that stream through tensors: elementwise, movement, pooling, softmax, layer normalization. */
#include <math.h>
#include "kernelcheck.h"

static int64_t any_extent(kc_suite *s) {
    static const int64_t extents[] = {1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33};
    return extents[kc_random(s, 0, 10)];
}

static hn_layout any_layout(kc_suite *s, int rank) {
    return rank >= 3 && kc_random(s, 0, 1) ? HN_LAYOUT_CHANNELS_LAST : HN_LAYOUT_DENSE;
}

/* Random extents; the product stays small. */
static void any_shape(kc_suite *s, int rank, int64_t *dim) {
    int64_t left = 20000;
    for (int i = 0; i < rank; i++) {
        dim[i] = any_extent(s);
        if (dim[i] > left) dim[i] = 1;
        left /= dim[i];
    }
}

/* Overwrites some numbers with those that fast formulas get wrong. */
static void add_special(kc_case *c, int v) {
    static const float special[] = {NAN, INFINITY, -INFINITY, -0.0f, 0.0f, 1e-40f, 88.0f, -88.0f, 3e38f, -1e30f};
    float *data = c->tensor[v].data;
    const int64_t count = hn_tensor_count(&c->tensor[v]);
    for (int i = 0; i < 10; i++) data[kc_random(c->suite, 0, (int)count - 1)] = special[i];
}

/* ---- elementwise ---- */

/* An operand that broadcasts to the shape: some extents one, leading ones perhaps left out, perhaps constant. */
static int any_operand(kc_case *c, hn_layout layout, int rank, const int64_t *full) {
    kc_suite *s = c->suite;
    int64_t dim[HONE_MAX_RANK];
    const int kind = kc_random(s, 0, 4);
    for (int i = 0; i < rank; i++) dim[i] = kind < 2 || kc_random(s, 0, 1) ? full[i] : 1;
    if (kind == 4) {
        int skip = kc_random(s, 0, rank);
        return kc_const(c, rank - skip, dim + skip);
    }
    if (kind == 3 && rank > 1) return kc_input(c, HN_LAYOUT_DENSE, rank - 1, dim + 1);
    return kc_input(c, layout, rank, dim);
}

static int clip(kc_case *c, int y) {
    int low = kc_random(c->suite, 0, 2) ? kc_scalar(c, -0.4f) : -1;
    if (kc_random(c->suite, 0, 2) == 0) return kc_op(c, HN_OP_clip, 2, (int[]){y, low});
    return kc_op(c, HN_OP_clip, 3, (int[]){y, low, kc_scalar(c, kc_random(c->suite, 0, 3) ? 0.3f : -0.7f)});
}

static int one_input(kc_case *c, hn_op_id op, int y) {
    if (op == HN_OP_clip) return clip(c, y);
    if ((op == HN_OP_leaky_relu || op == HN_OP_hard_sigmoid || op == HN_OP_swish) && kc_random(c->suite, 0, 1))
        kc_float(c, "alpha", 0.3f);
    if (op == HN_OP_hard_sigmoid && kc_random(c->suite, 0, 1)) kc_float(c, "beta", 0.4f);
    if (op == HN_OP_gelu && kc_random(c->suite, 0, 1)) kc_text(c, "approximate", "tanh");
    return kc_op(c, op, 1, (int[]){y});
}

static const hn_op_id unary_ops[] = {HN_OP_relu,       HN_OP_clip,         HN_OP_leaky_relu, HN_OP_sigmoid, HN_OP_tanh,
                                     HN_OP_erf,        HN_OP_exp,          HN_OP_neg,        HN_OP_abs,     HN_OP_sqrt,
                                     HN_OP_reciprocal, HN_OP_hard_sigmoid, HN_OP_hard_swish, HN_OP_swish,   HN_OP_gelu};
static const hn_op_id binary_ops[] = {HN_OP_add, HN_OP_sub, HN_OP_mul, HN_OP_prelu, HN_OP_div};
enum { UNARY = sizeof unary_ops / sizeof unary_ops[0], BINARY = sizeof binary_ops / sizeof binary_ops[0] };

static kc_case *begin_elementwise(kc_suite *s, const char *what, int i, int *rank, int64_t *dim, int *x) {
    kc_case *c = kc_begin(s, "%s %d", what, i);
    *rank = kc_random(s, 1, 5);
    c->dynamic = kc_random(s, 0, 1);
    any_shape(s, *rank, dim);
    *x = kc_input(c, any_layout(s, *rank), *rank, dim);
    return c;
}

static void single_unary(kc_suite *s, int i) {
    int rank, x;
    int64_t dim[HONE_MAX_RANK];
    kc_case *c = begin_elementwise(s, "unary", i, &rank, dim, &x);
    const hn_op_id op = unary_ops[i % UNARY];
    float *data = c->tensor[x].data;
    const bool wide = kc_random(s, 0, 1);
    for (int64_t k = 0; wide && k < hn_tensor_count(&c->tensor[x]); k++) data[k] *= 20;
    if (kc_random(s, 0, 1)) add_special(c, x);
    one_input(c, op, x);
    kc_check(c, "f32_elementwise");
}

static void single_binary(kc_suite *s, int i) {
    int rank, x;
    int64_t dim[HONE_MAX_RANK];
    kc_case *c = begin_elementwise(s, "binary", i, &rank, dim, &x);
    int y = any_operand(c, (hn_layout)c->query.val[x].layout, rank, dim);
    if (kc_random(s, 0, 1)) add_special(c, kc_random(s, 0, 1) ? x : y);
    const hn_op_id op = binary_ops[i % BINARY];
    if (op != HN_OP_prelu && kc_random(s, 0, 1)) kc_op(c, op, 2, (int[]){y, x});
    else kc_op(c, op, 2, (int[]){x, y});
    kc_check(c, "f32_elementwise");
}

/* Several operators; each reads the last result, and sometimes an earlier one. */
static void program(kc_suite *s, int i) {
    int rank, x;
    int64_t dim[HONE_MAX_RANK];
    kc_case *c = begin_elementwise(s, "program", i, &rank, dim, &x);
    const hn_layout layout = (hn_layout)c->query.val[x].layout;
    const int steps = kc_random(s, 2, 8);
    for (int k = 0, y = x, older = x; k < steps; k++) {
        static const hn_op_id tame[] = {HN_OP_relu, HN_OP_sigmoid, HN_OP_tanh, HN_OP_clip, HN_OP_gelu, HN_OP_abs};
        int next;
        if (kc_random(s, 0, 2) == 0) next = one_input(c, tame[kc_random(s, 0, 5)], y);
        else if (kc_random(s, 0, 2) == 0) next = kc_op(c, binary_ops[kc_random(s, 0, 2)], 2, (int[]){y, older});
        else next = kc_op(c, binary_ops[kc_random(s, 0, 2)], 2, (int[]){any_operand(c, layout, rank, dim), y});
        if (kc_random(s, 0, 1)) older = y;
        y = next;
    }
    kc_check(c, "f32_elementwise");
}

/* The first operand is the small one, so the result is larger than both or in another order than one. */
static void outgrown(kc_suite *s, int i) {
    kc_case *c = kc_begin(s, "both broadcast %d", i);
    const int64_t n = any_extent(s), m = any_extent(s), k = any_extent(s);
    int x = kc_input(c, HN_LAYOUT_DENSE, 3, (int64_t[]){n, 1, k}),
        y = kc_input(c, HN_LAYOUT_DENSE, 2, (int64_t[]){m, 1});
    kc_op(c, HN_OP_mul, 2, (int[]){kc_op(c, HN_OP_exp, 1, (int[]){y}), x});
    kc_check(c, "f32_elementwise");
}

/* ---- movement ---- */

static void transpose(kc_suite *s, int i) {
    kc_case *c = kc_begin(s, "transpose %d", i);
    const int rank = kc_random(s, 2, 5);
    int64_t dim[HONE_MAX_RANK], perm[HONE_MAX_RANK];
    any_shape(s, rank, dim);
    for (int k = 0; k < rank; k++) perm[k] = k;
    for (int k = rank - 1; k > 0; k--) {
        const int other = kc_random(s, 0, k);
        const int64_t t = perm[k];
        perm[k] = perm[other], perm[other] = t;
    }
    c->dynamic = kc_random(s, 0, 1);
    int x = kc_input(c, any_layout(s, rank), rank, dim);
    if (kc_random(s, 0, 5)) kc_ints(c, "perm", rank, perm);
    int y = kc_op(c, HN_OP_transpose, 1, (int[]){x});
    c->query.val[y].layout = (uint8_t)any_layout(s, rank);
    kc_check(c, "any_view");
}

static void reorder(kc_suite *s, int i) {
    kc_case *c = kc_begin(s, "reorder %d", i);
    const int rank = kc_random(s, 3, 5);
    int64_t dim[HONE_MAX_RANK];
    any_shape(s, rank, dim);
    int x = kc_input(c, i % 2 ? HN_LAYOUT_DENSE : HN_LAYOUT_CHANNELS_LAST, rank, dim);
    int y = kc_op(c, HN_OP_reorder, 1, (int[]){x});
    c->query.val[y].layout = i % 2 ? HN_LAYOUT_CHANNELS_LAST : HN_LAYOUT_DENSE;
    kc_check(c, "any_view");
}

static void expand(kc_suite *s, int i) {
    kc_case *c = kc_begin(s, "expand %d", i);
    const int rank = kc_random(s, 1, 4), skip = kc_random(s, 0, rank - 1);
    int64_t dim[HONE_MAX_RANK], from[HONE_MAX_RANK];
    any_shape(s, rank, dim);
    for (int k = 0; k < rank; k++) from[k] = kc_random(s, 0, 1) ? 1 : dim[k];
    int x = kc_input(c, HN_LAYOUT_DENSE, rank - skip, from + skip);
    kc_op(c, HN_OP_expand, 2, (int[]){x, kc_const_ints(c, rank, dim)});
    kc_check(c, "any_view");
}

static void concat(kc_suite *s, int i) {
    const int rank = kc_random(s, 1, 5), axis = kc_random(s, 0, rank - 1), parts = kc_random(s, 1, 20);
    kc_case *c = kc_begin(s, "concat %d: %d parts, axis %d of %d", i, parts, axis, rank);
    const hn_layout layout = any_layout(s, rank);
    int64_t dim[HONE_MAX_RANK];
    int in[20];
    any_shape(s, rank, dim);
    for (int k = 0; k < parts; k++) {
        dim[axis] = parts > 4 ? kc_random(s, 1, 5) : any_extent(s);
        const bool constant = layout == HN_LAYOUT_DENSE && kc_random(s, 0, 5) == 0;
        in[k] = constant ? kc_const(c, rank, dim) : kc_input(c, layout, rank, dim);
    }
    kc_int(c, "axis", kc_random(s, 0, 1) ? axis : axis - rank);
    int y = kc_op(c, HN_OP_concat, parts, in);
    c->query.val[y].layout = (uint8_t)layout;
    kc_check(c, "any_join");
}

/* ---- pooling ---- */

static void window(kc_case *c, int n, int64_t *in, bool average) {
    static const char *const automatic[] = {"SAME_UPPER", "SAME_LOWER", "VALID"};
    kc_suite *s = c->suite;
    int64_t kernel[3], stride[3], dilation[3], pad[6];
    for (int i = 0; i < n; i++) {
        kernel[i] = kc_random(s, 1, 5), stride[i] = kc_random(s, 1, 3);
        dilation[i] = kc_random(s, 0, 2) ? 1 : kc_random(s, 1, 3);
        const int extent = (int)((kernel[i] - 1) * dilation[i]);
        in[i] = extent + kc_random(s, 1, n == 3 ? 5 : 12);
        pad[i] = kc_random(s, 0, extent < 3 ? extent : 3), pad[n + i] = kc_random(s, 0, extent < 3 ? extent : 3);
    }
    kc_ints(c, "kernel_shape", n, kernel);
    kc_ints(c, "strides", n, stride);
    if (kc_random(s, 0, 1)) {
        kc_ints(c, "dilations", n, dilation);
        kc_ints(c, "pads", 2 * n, pad);
        kc_int(c, "ceil_mode", kc_random(s, 0, 1));
    } else if (kc_random(s, 0, 1)) {
        kc_text(c, "auto_pad", automatic[kc_random(s, 0, 2)]);
    }
    if (average) kc_int(c, "count_include_pad", kc_random(s, 0, 1));
}

static void pool(kc_suite *s, int i) {
    static const hn_op_id ops[] = {HN_OP_max_pool, HN_OP_average_pool, HN_OP_global_max_pool,
                                   HN_OP_global_average_pool};
    const hn_op_id op = ops[i % 8 < 3 ? 0 : i % 8 < 6 ? 1 : i % 8 - 4];
    const int n = kc_random(s, 0, 2) ? 2 : kc_random(s, 1, 3);
    kc_case *c = kc_begin(s, "pool %d: %s of %d axes", i, hn_op_at(op)->name, n);
    int64_t dim[5] = {kc_random(s, 1, 2), any_extent(s), any_extent(s), any_extent(s), kc_random(s, 1, 5)};
    c->dynamic = kc_random(s, 0, 1);
    if (i % 8 < 6) window(c, n, dim + 2, op == HN_OP_average_pool);
    int x = kc_input(c, HN_LAYOUT_CHANNELS_LAST, n + 2, dim);
    if (kc_random(s, 0, 4) == 0) add_special(c, x);
    kc_op(c, op, 1, (int[]){x});
    kc_check(c, "f32_pool");
}

/* ---- rows ---- */

/* Rows that lose digits or are not finite: equal numbers, a large offset, infinities; kind 0 leaves them as they are.
 */
static void special_rows(kc_case *c, int x, int64_t length, int kind) {
    float *data = c->tensor[x].data;
    for (int64_t i = 0; i < hn_tensor_count(&c->tensor[x]); i++) {
        if (kind == 1) data[i] = 1000.1f + (float)(i / length);
        if (kind == 2) data[i] += 300;
        if (kind == 3 && kc_random(c->suite, 0, 2)) data[i] = -INFINITY;
        if (kind == 4) data[i] = -INFINITY;
        if (kind == 5) data[i] *= 80;
    }
    if (kind == 6) add_special(c, x);
}

static void softmax(kc_suite *s, int i) {
    kc_case *c = kc_begin(s, "softmax %d, numbers %d", i, i % 7);
    const int rank = kc_random(s, 1, 4);
    int64_t dim[HONE_MAX_RANK];
    c->dynamic = kc_random(s, 0, 1);
    any_shape(s, rank, dim);
    dim[rank - 1] = kc_random(s, 0, 3) ? any_extent(s) : kc_random(s, 100, 3000);
    int x = kc_input(c, HN_LAYOUT_DENSE, rank, dim);
    special_rows(c, x, dim[rank - 1], i % 7);
    kc_int(c, "axis", kc_random(s, 0, 1) ? -1 : rank - 1);
    kc_op(c, HN_OP_softmax, 1, (int[]){x});
    kc_check(c, "f32_softmax");
}

static void layer_norm(kc_suite *s, int i) {
    kc_case *c = kc_begin(s, "layer normalization %d, numbers %d", i, i % 7);
    const int rank = kc_random(s, 1, 4), axis = kc_random(s, 0, rank - 1);
    int64_t dim[HONE_MAX_RANK], length = 1;
    c->dynamic = axis > 0 && kc_random(s, 0, 1);
    any_shape(s, rank, dim);
    for (int k = axis; k < rank; k++) length *= dim[k];
    int x = kc_input(c, HN_LAYOUT_DENSE, rank, dim);
    special_rows(c, x, length, i % 7 < 6 ? i % 7 : 0);
    if (i % 7 == 6) ((float *)c->tensor[x].data)[0] = kc_random(s, 0, 1) ? NAN : INFINITY;
    int scale = kc_const(c, rank - axis, dim + axis),
        bias = kc_random(s, 0, 1) ? kc_const(c, rank - axis, dim + axis) : -1;
    kc_int(c, "axis", kc_random(s, 0, 1) ? axis : axis - rank);
    if (kc_random(s, 0, 1)) kc_float(c, "epsilon", 1e-3f);
    kc_op(c, HN_OP_layer_normalization, bias < 0 ? 2 : 3, (int[]){x, scale, bias});
    kc_check(c, "f32_layer_norm");
}

void kc_cases_rows(kc_suite *s) {
    if (s->bench) return;
    for (int i = 0; i < 6 * UNARY; i++) single_unary(s, i);
    for (int i = 0; i < 12 * BINARY; i++) single_binary(s, i);
    for (int i = 0; i < 60; i++) program(s, i);
    for (int i = 0; i < 10; i++) outgrown(s, i);
    for (int i = 0; i < 60; i++) transpose(s, i);
    for (int i = 0; i < 20; i++) reorder(s, i);
    for (int i = 0; i < 20; i++) expand(s, i);
    for (int i = 0; i < 50; i++) concat(s, i);
    for (int i = 0; i < 80; i++) pool(s, i);
    for (int i = 0; i < 42; i++) softmax(s, i);
    for (int i = 0; i < 56; i++) layer_norm(s, i);
}
