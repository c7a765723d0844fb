/* Arithmetic in its plainest form: fewer spellings for the passes behind, and cheaper operators. */
#include <math.h>
#include "passes/pipeline.h"
#include "passes/rewrite.h"

/* Every element of a float32 constant has an exact reciprocal. */
static bool all_powers_of_two(const hn_value *value) {
    if (!hn_ir_is_constant(value) || hn_value_dtype(value) != HONE_FLOAT32) return false;
    const float *data = value->info.data->data;
    const int64_t n = hn_tensor_count(value->info.data);
    for (int64_t i = 0; i < n; i++) {
        int exponent;
        if (fabsf(frexpf(data[i], &exponent)) != 0.5f || exponent < -100 || exponent > 100) return false;
    }
    return n > 0;
}

static hone_status divide(hn_rewrite *r, hn_node *node) {
    if (!all_powers_of_two(node->in[1])) return HONE_OK;
    const hn_tensor *t = node->in[1]->info.data;
    const int64_t n = hn_tensor_count(t);
    float *reciprocal = HN_NEW_ARRAY(&r->model->arena, float, n);
    HN_TRY_ALLOC(reciprocal);
    for (int64_t i = 0; i < n; i++) reciprocal[i] = 1 / ((const float *)t->data)[i];
    hn_value *in[2] = {node->in[0], hn_rewrite_floats(r, node->graph, node->in[1]->name, t->rank, t->dim, reciprocal)};
    HN_TRY_ALLOC(in[1]);
    return hn_rewrite_morph(r, node, HN_OP_mul, (hn_attrs){0}, 2, in);
}

/* x^2 is a product. The exponent must not widen the result. */
static hone_status square(hn_rewrite *r, hn_node *node) {
    double exponent;
    if (!hn_constant_scalar(node->in[1], &exponent) || exponent != 2) return HONE_OK;
    if (!node->in[0] || !hn_same_shape(&node->in[0]->info.shape, &node->out[0]->info.shape)) return HONE_OK;
    hn_value *in[2] = {node->in[0], node->in[0]};
    return hn_rewrite_morph(r, node, HN_OP_mul, (hn_attrs){0}, 2, in);
}

static hone_status sum(hn_rewrite *r, hn_node *node) {
    if (node->n_in != 2 || !node->in[0] || !node->in[1]) return HONE_OK;
    return hn_rewrite_morph(r, node, HN_OP_add, (hn_attrs){0}, 2, node->in);
}

/* The constant of a commutative operator stands second. */
static hone_status order(hn_rewrite *r, hn_node *node) {
    if (node->n_in != 2 || !hn_ir_is_constant(node->in[0]) || !node->in[1] || hn_ir_is_constant(node->in[1]))
        return HONE_OK;
    hn_value *in[2] = {node->in[1], node->in[0]};
    return hn_rewrite_morph(r, node, node->op->id, node->attrs, 2, in);
}

static hone_status simplify(hn_rewrite *r, hn_node *node) {
    switch (node->op->id) {
    case HN_OP_div:
        return divide(r, node);
    case HN_OP_pow:
        return square(r, node);
    case HN_OP_sum:
        return sum(r, node);
    default:
        return node->op->facts & HN_COMMUTES ? order(r, node) : HONE_OK;
    }
}

hone_status hn_pass_arithmetic(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, simplify);
}
