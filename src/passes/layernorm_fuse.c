/* Normalization over the last dimension, written out, becomes LayerNormalization or RMSNormalization. Three steps, each
 * of use alone: the quotient becomes a normalization by ones; a product behind it becomes its scale; a sum its bias. */
#include "passes/pipeline.h"
#include "passes/rewrite.h"

#define LAYER_NORM_SINCE 17
#define RMS_NORM_SINCE   23

/* The mean of `value` over its last dimension, which stays as 1. */
static bool is_last_mean(const hn_node *node) {
    int64_t axis;
    int n;
    const int rank = node->in[0]->info.shape.rank;
    if (rank < 1 || hn_attrs_int(node->attrs, "keepdims", 1) != 1) return false;
    if (!hn_constant_ints(hn_node_input(node, 1), 1, &axis, &n) || n != 1) return false;
    return axis == -1 || axis == rank - 1;
}

/* The value whose mean `mean` is, or NULL. */
static hn_value *averaged(const hn_value *mean) {
    const hn_node *node = hn_made_by(mean, HN_OP_reduce_mean);
    return node && is_last_mean(node) ? node->in[0] : NULL;
}

/* value = x * x: gives x. */
static hn_value *squared(const hn_value *value) {
    const hn_node *mul = hn_made_by(value, HN_OP_mul), *pow = hn_made_by(value, HN_OP_pow);
    double exponent;
    if (mul && mul->in[0] == mul->in[1]) return mul->in[0];
    return pow && hn_constant_scalar(pow->in[1], &exponent) && exponent == 2 ? pow->in[0] : NULL;
}

/* root = Sqrt(mean of x^2 + epsilon): gives x. */
static hn_value *root_of_squares(const hn_value *root, double *epsilon) {
    const hn_node *sqrt = hn_made_by(root, HN_OP_sqrt);
    const hn_node *sum = sqrt ? hn_made_by(sqrt->in[0], HN_OP_add) : NULL;
    for (int i = 0; sum && i < 2; i++) {
        if (!hn_constant_scalar(sum->in[i], epsilon) || *epsilon < 0) continue;
        hn_value *square = averaged(sum->in[1 - i]), *x = square ? squared(square) : NULL;
        if (x) return x;
    }
    return NULL;
}

/* node = x / sqrt(mean(x^2) + epsilon), by a quotient or by a product with the reciprocal: gives x. */
static hn_value *divided_by_root(const hn_node *node, double *epsilon) {
    if (node->op->id == HN_OP_div) {
        hn_value *x = root_of_squares(node->in[1], epsilon);
        return x == node->in[0] ? x : NULL;
    }
    for (int i = 0; node->op->id == HN_OP_mul && i < 2; i++) {
        const hn_node *reciprocal = hn_made_by(node->in[i], HN_OP_reciprocal),
                      *div = hn_made_by(node->in[i], HN_OP_div);
        const hn_value *root = reciprocal                              ? reciprocal->in[0]
                               : div && hn_constant_all(div->in[0], 1) ? div->in[1]
                                                                       : NULL;
        hn_value *x = root ? root_of_squares(root, epsilon) : NULL;
        if (x && x == node->in[1 - i]) return x;
    }
    return NULL;
}

/* centred = x - mean(x): gives x. */
static hn_value *centred_from(const hn_value *centred) {
    const hn_node *sub = hn_made_by(centred, HN_OP_sub);
    hn_value *x = sub ? averaged(sub->in[1]) : NULL;
    return x && x == sub->in[0] ? x : NULL;
}

static hn_value *ones(hn_rewrite *r, const hn_node *node, int64_t n) {
    float *data = HN_NEW_ARRAY(&r->model->arena, float, n);
    const char *name = hn_arena_format(&r->model->arena, "%s_ones", node->name);
    if (!data || !name) return NULL;
    for (int64_t i = 0; i < n; i++) data[i] = 1;
    return hn_rewrite_floats(r, node->graph, name, 1, &n, data);
}

static hone_status fuse_quotient(hn_rewrite *r, hn_node *node) {
    double epsilon;
    hn_value *x = divided_by_root(node, &epsilon);
    if (!x || hn_value_dtype(x) != HONE_FLOAT32 || x->info.shape.rank < 1) return HONE_OK;
    hn_value *original = centred_from(x), *in[2] = {original ? original : x, NULL};
    if (!hn_may_make(r->model, original ? LAYER_NORM_SINCE : RMS_NORM_SINCE)) return HONE_OK;
    const hn_dim last = x->info.shape.dim[x->info.shape.rank - 1];
    if (!hn_dim_is_const(last) || !hn_same_shape(&in[0]->info.shape, &node->out[0]->info.shape)) return HONE_OK;
    in[1] = ones(r, node, last.value);
    HN_TRY_ALLOC(in[1]);
    hn_attrs attrs = hn_rewrite_attr(r, (hn_attrs){0}, hn_attr_of_int("axis", -1));
    attrs = hn_rewrite_attr(r, attrs, hn_attr_of_float("epsilon", (float)epsilon));
    return hn_rewrite_morph(r, node, original ? HN_OP_layer_normalization : HN_OP_rms_normalization, attrs, 2, in);
}

/* A float32 vector as long as the last dimension of `like`, perhaps with dimensions of 1 in front. */
static bool is_last_vector(const hn_value *value, const hn_value *like) {
    if (!hn_ir_is_constant(value) || hn_value_dtype(value) != HONE_FLOAT32) return false;
    const hn_tensor *t = value->info.data;
    const int rank = like->info.shape.rank;
    return t->rank == 1 && rank >= 1 && hn_dim_is(like->info.shape.dim[rank - 1], t->dim[0]);
}

static bool ends_at_last(const hn_node *norm) {
    const int64_t axis = hn_attrs_int(norm->attrs, "axis", -1);
    return axis == -1 || axis == norm->in[0]->info.shape.rank - 1;
}

static hn_node *sole_norm(const hn_value *value) {
    hn_node *node = hn_made_only_for(value, HN_OP_layer_normalization);
    if (!node) node = hn_made_only_for(value, HN_OP_rms_normalization);
    return node && hn_only_first_output(node) && ends_at_last(node) ? node : NULL;
}

/* Mul(norm by ones, g) takes g as its scale; Add(norm without bias, b) takes b as its bias. */
static hone_status fuse_parameter(hn_rewrite *r, hn_node *node) {
    for (int i = 0; i < 2; i++) {
        const hn_node *norm = sole_norm(node->in[i]);
        hn_value *parameter = node->in[1 - i];
        if (!norm || !is_last_vector(parameter, norm->in[0])) continue;
        if (!is_last_vector(norm->in[1], norm->in[0]) || hn_node_input(norm, 2)) continue;
        hn_value *in[3] = {norm->in[0], norm->in[1], NULL};
        if (node->op->id == HN_OP_mul && hn_constant_all(norm->in[1], 1)) {
            in[1] = parameter;
            return hn_rewrite_morph(r, node, norm->op->id, norm->attrs, 2, in);
        }
        if (node->op->id == HN_OP_add && norm->op->id == HN_OP_layer_normalization) {
            in[2] = parameter;
            return hn_rewrite_morph(r, node, norm->op->id, norm->attrs, 3, in);
        }
    }
    return HONE_OK;
}

static hone_status fuse(hn_rewrite *r, hn_node *node) {
    if (node->op->id == HN_OP_div || node->op->id == HN_OP_mul) HN_TRY(fuse_quotient(r, node));
    if (node->op->id == HN_OP_mul || node->op->id == HN_OP_add) return fuse_parameter(r, node);
    return HONE_OK;
}

hone_status hn_pass_layernorm_fuse(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, fuse);
}
