/* Gradient, written out: the nodes between xs and y are walked backwards, each one's rule emits what it hands on. */
#include "frontend/onnx/onnx_expand.h"
#include "ir/infer.h"

typedef struct reverse {
    hn_onnx_expansion e;
    hn_map depends;  /* values that change with an x */
    hn_map gradient; /* of y to a value, as far as it has been summed up */
} reverse;

static void *get(const hn_map *map, const hn_value *value) { return hn_map_get(map, &value->id, sizeof value->id); }

static void put(reverse *r, hn_map *map, const hn_value *value, hn_value *entry) {
    if (!hn_map_put(map, &value->id, sizeof value->id, entry) && r->e.status == HONE_OK)
        r->e.status = HONE_OUT_OF_MEMORY;
}

/* ---- steps ---- */

static hn_value *shape_of(reverse *r, hn_value *x) { return hn_expand(&r->e, HN_OP_shape, x); }
static hn_value *negated(reverse *r, hn_value *x) { return hn_expand(&r->e, HN_OP_neg, x); }
static hn_value *product(reverse *r, hn_value *x, hn_value *y) { return hn_expand(&r->e, HN_OP_mul, x, y); }
static hn_value *filled(reverse *r, float number, hn_value *like) {
    return hn_expand(&r->e, HN_OP_expand, hn_expand_number(&r->e, number, like), shape_of(r, like));
}
static hn_value *one_minus(reverse *r, hn_value *x) {
    return hn_expand(&r->e, HN_OP_sub, hn_expand_number(&r->e, 1, x), x);
}
static hn_value *reshaped(reverse *r, hn_value *x, hn_value *like) {
    return hn_expand_with(&r->e, HN_OP_reshape, hn_attr_of_int("allowzero", 1), x, shape_of(r, like));
}

static hone_status refuse(reverse *r, const hn_node *node, const char *why) {
    hn_diag *diag = r->e.node->scope->import->diag;
    const size_t first = hn_onnx_mark(r->e.node->scope->import);
    r->e.status = hn_diag_add(diag, HONE_ERROR, HONE_UNSUPPORTED, "Gradient through %s ('%s') is not available%s",
                              node->op->name, node->name, why);
    hn_diag_hint(diag, first, "write the backward nodes into the model");
    return r->e.status;
}

static bool same_shape(const hn_value *a, const hn_value *b) {
    const hn_shape *s = &a->info.shape, *t = &b->info.shape;
    bool same = s->rank >= 0 && s->rank == t->rank;
    for (int i = 0; same && i < s->rank; i++) same = hn_dim_same(s->dim[i], t->dim[i]);
    return same;
}

/* The dimensions of `wide` along which `x` was repeated; -1 when that is not known. */
static int repeated(const hn_value *wide, const hn_value *x, int64_t *axes) {
    const hn_shape *w = &wide->info.shape, *s = &x->info.shape;
    const int more = w->rank - s->rank;
    int n = 0;
    if (w->rank < 0 || s->rank < 0) return -1;
    for (int i = 0; i < w->rank; i++) {
        const bool one = i < more || hn_dim_is(s->dim[i - more], 1);
        if (one) axes[n++] = i;
        else if (!hn_dim_same(w->dim[i], s->dim[i - more])) return -1;
    }
    return n;
}

/* Adds to the gradient of input `i`. */
static void give(reverse *r, const hn_node *node, int i, hn_value *gradient) {
    hn_value *x = node->in[i];
    if (r->e.status != HONE_OK || !get(&r->depends, x)) return;
    if (node->op->facts & HN_ELEMENTWISE && !same_shape(node->out[0], x)) {
        int64_t axes[HONE_MAX_RANK];
        const int n = repeated(node->out[0], x, axes);
        if (n < 0) {
            (void)refuse(r, node, ": it is not known along which dimensions an input is repeated");
            return;
        }
        gradient = reshaped(r, hn_expand(&r->e, HN_OP_reduce_sum, gradient, hn_expand_ints(&r->e, axes, n)), x);
    }
    hn_value *sum = get(&r->gradient, x);
    put(r, &r->gradient, x, sum ? hn_expand(&r->e, HN_OP_add, sum, gradient) : gradient);
}

/* ---- rules ---- */

static hn_value *transposed(reverse *r, hn_value *x) {
    int64_t perm[HONE_MAX_RANK];
    const int rank = x->info.shape.rank;
    for (int i = 0; i < rank; i++) perm[i] = i < rank - 2 ? i : 2 * rank - 3 - i;
    return hn_expand_transpose(&r->e, x, perm, rank);
}

/* Products of matrices; stacks of them when both have the same batch. */
static hone_status through_matmul(reverse *r, const hn_node *node, hn_value *g) {
    hn_value *a = node->in[0], *b = node->in[1];
    const hn_shape *s = &a->info.shape, *t = &b->info.shape;
    bool alike = s->rank >= 2 && s->rank == t->rank;
    for (int i = 0; alike && i < s->rank - 2; i++) alike = hn_dim_same(s->dim[i], t->dim[i]);
    if (!alike) return refuse(r, node, ": operands are no matrices, or stacks of another size");
    give(r, node, 0, hn_expand(&r->e, HN_OP_matmul, g, transposed(r, b)));
    give(r, node, 1, hn_expand(&r->e, HN_OP_matmul, transposed(r, a), g));
    return r->e.status;
}

static hone_status through_transpose(reverse *r, const hn_node *node, hn_value *g) {
    int64_t back[HONE_MAX_RANK];
    int rank;
    const int64_t *perm = hn_attrs_ints(node->attrs, "perm", &rank);
    if (!perm) rank = node->in[0]->info.shape.rank;
    if (rank < 0 || rank > HONE_MAX_RANK) return refuse(r, node, ": the rank is not known");
    for (int i = 0; i < rank; i++) {
        const int64_t from = perm ? perm[i] : rank - 1 - i;
        if (from < 0 || from >= rank) return refuse(r, node, ": its permutation is none");
        back[from] = i;
    }
    give(r, node, 0, hn_expand_transpose(&r->e, g, back, rank));
    return r->e.status;
}

/* Sums and means over all elements, or over axes that stay as 1. */
static hone_status through_reduction(reverse *r, const hn_node *node, hn_value *g) {
    hn_value *x = node->in[0], *y = node->out[0];
    const bool whole = node->n_in < 2 || !node->in[1];
    if (hn_attrs_int(node->attrs, "noop_with_empty_axes", 0) || (!whole && !hn_attrs_int(node->attrs, "keepdims", 1)))
        return refuse(r, node, ": the dimensions that it removes are not known");
    if (node->op->id == HN_OP_reduce_mean) {
        hn_value *count = hn_expand(&r->e, HN_OP_div, hn_expand(&r->e, HN_OP_size, x), hn_expand(&r->e, HN_OP_size, y));
        g = hn_expand(&r->e, HN_OP_div, g, hn_expand(&r->e, HN_OP_cast_like, count, x));
    }
    give(r, node, 0, hn_expand(&r->e, HN_OP_expand, g, shape_of(r, x)));
    return r->e.status;
}

static void through_div(reverse *r, const hn_node *node, hn_value *g) {
    hn_value *part = hn_expand(&r->e, HN_OP_div, g, node->in[1]);
    give(r, node, 0, part);
    give(r, node, 1, negated(r, product(r, part, node->out[0])));
}

static hone_status through_pow(reverse *r, const hn_node *node, hn_value *g) {
    hn_value *x = node->in[0], *y = node->in[1];
    if (get(&r->depends, y)) return refuse(r, node, ": the exponent changes");
    hn_value *less =
        hn_expand(&r->e, HN_OP_sub, y, hn_expand(&r->e, HN_OP_cast_like, hn_expand_number(&r->e, 1, x), y));
    hn_value *slope = product(r, hn_expand(&r->e, HN_OP_cast_like, y, x), hn_expand(&r->e, HN_OP_pow, x, less));
    give(r, node, 0, product(r, g, slope));
    return r->e.status;
}

/* The derivative of functions of one number. NULL: not known. */
static hn_value *slope(reverse *r, const hn_node *node) {
    hn_value *x = node->in[0], *y = node->out[0];
    switch (node->op->id) {
    case HN_OP_exp:
        return y;
    case HN_OP_log:
        return hn_expand(&r->e, HN_OP_reciprocal, x);
    case HN_OP_sqrt:
        return hn_expand(&r->e, HN_OP_reciprocal, hn_expand(&r->e, HN_OP_add, y, y));
    case HN_OP_reciprocal:
        return negated(r, product(r, y, y));
    case HN_OP_tanh:
        return one_minus(r, product(r, y, y));
    case HN_OP_sigmoid:
        return product(r, y, one_minus(r, y));
    case HN_OP_sin:
        return hn_expand(&r->e, HN_OP_cos, x);
    case HN_OP_cos:
        return negated(r, hn_expand(&r->e, HN_OP_sin, x));
    case HN_OP_abs:
        return hn_expand(&r->e, HN_OP_sign, x);
    case HN_OP_relu:
        return hn_expand(&r->e, HN_OP_cast_like, hn_expand(&r->e, HN_OP_greater, x, hn_expand_number(&r->e, 0, x)), x);
    default:
        return NULL;
    }
}

static hone_status through_function(reverse *r, const hn_node *node, hn_value *g) {
    hn_value *by = slope(r, node);
    if (!by) return r->e.status != HONE_OK ? r->e.status : refuse(r, node, "");
    give(r, node, 0, product(r, g, by));
    return r->e.status;
}

/* `g` is the gradient to the node's output; its inputs get theirs. */
static hone_status step_back(reverse *r, const hn_node *node, hn_value *g) {
    switch (node->op->id) {
    case HN_OP_identity:
    case HN_OP_add:
    case HN_OP_sum:
        for (int i = 0; i < node->n_in; i++) give(r, node, i, g);
        return r->e.status;
    case HN_OP_sub:
        give(r, node, 0, g);
        give(r, node, 1, negated(r, g));
        return r->e.status;
    case HN_OP_mul:
        give(r, node, 0, product(r, g, node->in[1]));
        give(r, node, 1, product(r, g, node->in[0]));
        return r->e.status;
    case HN_OP_neg:
        give(r, node, 0, negated(r, g));
        return r->e.status;
    case HN_OP_div:
        through_div(r, node, g);
        return r->e.status;
    case HN_OP_pow:
        return through_pow(r, node, g);
    case HN_OP_matmul:
        return through_matmul(r, node, g);
    case HN_OP_transpose:
        return through_transpose(r, node, g);
    case HN_OP_reduce_sum:
    case HN_OP_reduce_mean:
        return through_reduction(r, node, g);
    case HN_OP_reshape:
    case HN_OP_flatten:
    case HN_OP_squeeze:
    case HN_OP_unsqueeze:
        give(r, node, 0, reshaped(r, g, node->in[0]));
        return r->e.status;
    default:
        return through_function(r, node, g);
    }
}

/* ---- the node ---- */

static hone_status find(const hn_onnx_node *node, hn_bytes name, const char *what, hn_value **out) {
    const hn_onnx_name *known = hn_onnx_lookup(node->scope, name);
    *out = known && known->state == HN_ONNX_VALUE ? known->value : NULL;
    if (*out) return HONE_OK;
    HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "%s names '%s', which is no value before this node", what,
            hn_onnx_shown(node->scope->import, name));
}

/* The values called `attribute` must be the inputs from `first` on: other numbers would need the segment once more. */
static hone_status mark(reverse *r, const char *attribute, size_t first) {
    hn_onnx_node *node = r->e.node;
    const hn_attr *names = hn_onnx_get_attr(node, attribute);
    for (size_t i = 0; names && i < names->n; i++) {
        hn_value *x;
        HN_TRY(find(node, names->strings[i], attribute, &x));
        if (hn_onnx_in(node, first + i) != x)
            HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED,
                    "input %zu of Gradient is another value than '%s', which %s[%zu] names", first + i, x->name,
                    attribute, i);
        if (first == 0) put(r, &r->depends, x, x);
    }
    return r->e.status;
}

static bool any_depends(const reverse *r, const hn_node *node) {
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] && get(&r->depends, node->in[i])) return true;
    return false;
}

/* What changes with xs, up to the node that makes y. */
static void walk_forward(reverse *r, hn_node *last) {
    hn_node *node = last;
    while (node->prev) node = node->prev;
    for (; node != last->next; node = node->next)
        for (int i = 0; any_depends(r, node) && i < node->n_out; i++)
            if (node->out[i]) put(r, &r->depends, node->out[i], node->out[i]);
}

static hone_status walk_back(reverse *r, hn_node *last) {
    for (hn_node *node = last; node; node = node->prev) {
        hn_value *g = node->n_out && node->out[0] ? get(&r->gradient, node->out[0]) : NULL;
        if (g && any_depends(r, node)) HN_TRY(step_back(r, node, g));
    }
    return r->e.status;
}

hone_status hn_onnx_gradient(hn_onnx_node *node) {
    reverse r = {.e = {.node = node}};
    const hn_attr *xs = hn_onnx_get_attr(node, "xs"), *name = hn_onnx_get_attr(node, "y");
    hn_value *y;
    if (!xs || !name) return HONE_OK; /* required: the fault is known */
    hn_map_init(&r.depends, &node->scope->import->scratch);
    hn_map_init(&r.gradient, &node->scope->import->scratch);
    HN_TRY(mark(&r, "xs", 0));
    HN_TRY(mark(&r, "zs", xs->n));
    HN_TRY(find(node, name->s, "y", &y));
    if (hn_ir_infer_graph(node->scope->graph, NULL) == HONE_OUT_OF_MEMORY) return HONE_OUT_OF_MEMORY;
    put(&r, &r.gradient, y, filled(&r, 1, y));
    if (y->producer) {
        walk_forward(&r, y->producer);
        HN_TRY(walk_back(&r, y->producer));
    }
    for (int i = 0; i < node->n_out && (uint32_t)i < xs->n; i++) {
        hn_value *x = hn_onnx_in(node, (size_t)i), *g = get(&r.gradient, x);
        for (int k = 0; g && k < i; k++)
            if (node->result[k] == g) g = hn_expand(&r.e, HN_OP_identity, g); /* each output is a value of its own */
        HN_TRY(hn_expand_end(&r.e, i, g ? g : filled(&r, 0, x)));
    }
    return r.e.status;
}
