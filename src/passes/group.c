/* Groups of a dense operator and the elementwise ones behind it: bias, activation, residual sum. The chain goes on
 * while the running value has one user, or is multiplied with its own Sigmoid, and keeps its shape. */
#include "passes/group_form.h"
#include "passes/pipeline.h"

typedef struct chain {
    hn_grouping g;
    hn_value *value; /* the running value */
    int axis;        /* of the channels */
} chain;

/* An operator that kernels compute with an epilogue; gives the axis of its channels. */
static bool is_anchor(const hn_node *node, int *axis) {
    if (!node->n_out || !node->out[0] || !hn_only_first_output(node)) return false;
    if (hn_value_dtype(node->out[0]) != HONE_FLOAT32) return false;
    const int rank = node->out[0]->info.shape.rank;
    switch (node->op->id) {
    case HN_OP_conv:
    case HN_OP_conv_transpose:
        *axis = 1;
        return rank >= 3;
    case HN_OP_gemm:
    case HN_OP_matmul:
        *axis = rank - 1;
        return rank >= 2;
    default:
        return false;
    }
}

/* A constant number, or one number per channel. */
static bool is_channel_constant(const chain *c, const hn_value *value) {
    const hn_shape *out = &c->value->info.shape;
    if (!hn_ir_is_constant(value)) return false;
    const hn_tensor *t = value->info.data;
    for (int i = 0; i < t->rank; i++) {
        const int axis = i + out->rank - t->rank;
        if (axis < 0) return false;
        if (t->dim[i] != 1 && (axis != c->axis || !hn_dim_is(out->dim[axis], t->dim[i]))) return false;
    }
    return true;
}

/* The other side of a binary step. */
static bool is_operand(const chain *c, const hn_node *node, const hn_value *other) {
    const bool first = node->in[0] == c->value, constant = hn_ir_is_constant(other);
    if (!other || other == c->value) return false;
    const bool fits =
        constant ? is_channel_constant(c, other) : hn_same_shape(&other->info.shape, &c->value->info.shape);
    switch (node->op->id) {
    case HN_OP_add:
    case HN_OP_mul:
        return fits;
    case HN_OP_sub:
        return fits && (first || !constant);
    case HN_OP_div:
        return fits && first && constant;
    default:
        return false;
    }
}

static bool is_activation(const chain *c, const hn_node *node) {
    if (!(node->op->facts & HN_ACTIVATION) || node->in[0] != c->value) return false;
    for (int i = 1; i < node->n_in; i++)
        if (node->in[i] && (!hn_ir_is_constant(node->in[i]) || hn_tensor_count(node->in[i]->info.data) != 1))
            return false;
    return true;
}

static bool keeps_shape(const chain *c, const hn_node *node) {
    return hn_group_is_float_elementwise(node) && hn_same_shape(&node->out[0]->info.shape, &c->value->info.shape);
}

/* `node` is the only user of the running value. */
static bool step(chain *c, hn_node *node) {
    if (!keeps_shape(c, node)) return false;
    const bool binary = node->n_in == 2 && !(node->op->facts & HN_ACTIVATION);
    const bool fits = binary ? is_operand(c, node, node->in[node->in[0] == c->value ? 1 : 0]) : is_activation(c, node);
    if (!fits || !hn_group_add(&c->g, node)) return false;
    c->value = node->out[0];
    return true;
}

/* The running value goes into a Sigmoid and into its product with that. */
static bool step_gated(chain *c, hn_node *a, hn_node *b) {
    hn_node *sigmoid = a->op->id == HN_OP_sigmoid ? a : b, *mul = sigmoid == a ? b : a;
    if (sigmoid->op->id != HN_OP_sigmoid || mul->op->id != HN_OP_mul || !keeps_shape(c, mul)) return false;
    if (hn_ir_single_user(sigmoid->out[0]) != mul || c->g.n + 2 > HN_QUERY_OPS) return false;
    const hn_grouping before = c->g;
    if (hn_group_add(&c->g, sigmoid) && hn_group_add(&c->g, mul)) {
        c->value = mul->out[0];
        return true;
    }
    c->g = before;
    return false;
}

static bool is_near(const chain *c, const hn_use *use) { return use->node && use->node->graph == c->value->graph; }

static bool extend(chain *c) {
    const hn_use *use = c->value->uses.at;
    const size_t n = c->value->uses.n;
    if (n == 1) return is_near(c, &use[0]) && step(c, use[0].node);
    return n == 2 && is_near(c, &use[0]) && is_near(c, &use[1]) && use[0].node != use[1].node &&
           step_gated(c, use[0].node, use[1].node);
}

static hone_status group(hn_rewrite *r, hn_node *node) {
    chain c = {.g = {.r = r}};
    if (!is_anchor(node, &c.axis) || !hn_group_add(&c.g, node)) return HONE_OK;
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] && hn_value_dtype(node->in[i]) != HONE_FLOAT32) return HONE_OK;
    c.value = node->out[0];
    while (extend(&c)) {}
    return c.g.n > 1 ? hn_group_form(&c.g, node) : HONE_OK;
}

hone_status hn_pass_group(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_group_nodes(model, changed, diag, group);
}
