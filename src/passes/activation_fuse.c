/* Activation functions written out become operators: HardSigmoid, HardSwish, Swish with a factor, Mish. A plain
 * x * Sigmoid(x) stays as it is, because groups take the pair. */
#include "passes/pipeline.h"
#include "passes/product.h"

/* clip = Clip(x + 3, 0, 6); *x is then set. */
static bool is_ramp(const hn_value *clip, hn_value **x) {
    const hn_node *node = hn_made_only_for(clip, HN_OP_clip);
    double low, high;
    if (!node || node->n_in != 3 || !hn_constant_scalar(node->in[1], &low) || !hn_constant_scalar(node->in[2], &high))
        return false;
    return low == 0 && high == 6 && hn_is_sum_with(node->in[0], 3, x);
}

/* Attributes alpha = 1/6 and beta = 1/2 of the HardSigmoid inside HardSwish. */
static hn_attrs hard_attrs(hn_rewrite *r) {
    const hn_attrs one = hn_rewrite_attr(r, (hn_attrs){0}, hn_attr_of_float("alpha", 1.0f / 6));
    return hn_rewrite_attr(r, one, hn_attr_of_float("beta", 0.5f));
}

static bool is_hard_sigmoid_of(const hn_value *gate, const hn_value *x) {
    const hn_node *node = hn_made_only_for(gate, HN_OP_hard_sigmoid);
    return node && node->in[0] == x && hn_is_near(hn_attrs_float(node->attrs, "alpha", 0.2f), 1.0 / 6) &&
           hn_is_near(hn_attrs_float(node->attrs, "beta", 0.5f), 0.5);
}

/* tanh(softplus(x)) */
static bool is_mish_gate(const hn_value *gate, const hn_value *x) {
    const hn_node *tanh = hn_made_only_for(gate, HN_OP_tanh);
    const hn_node *softplus = tanh ? hn_made_only_for(tanh->in[0], HN_OP_softplus) : NULL;
    return softplus && softplus->in[0] == x;
}

/* sigmoid(alpha x) with alpha other than 1 */
static bool is_scaled_sigmoid(const hn_value *gate, const hn_value *x, double *alpha) {
    const hn_node *sigmoid = hn_made_only_for(gate, HN_OP_sigmoid);
    hn_product p;
    if (!sigmoid || sigmoid->in[0] == x || !hn_product_of(sigmoid->in[0], &p)) return false;
    *alpha = p.constant;
    return p.n == 1 && p.factor[0] == x;
}

/* First opset of the operators that are made here; HardSigmoid has always been there. */
static int since(hn_op_id op) {
    return op == HN_OP_hard_swish ? 14 : op == HN_OP_mish ? 18 : op == HN_OP_swish ? 24 : 1;
}

static hone_status become(hn_rewrite *r, hn_node *node, hn_op_id op, hn_attrs attrs, hn_value *x) {
    const bool fits =
        hn_same_shape(&x->info.shape, &node->out[0]->info.shape) && hn_value_dtype(x) == hn_value_dtype(node->out[0]);
    return fits && hn_may_make(r->model, since(op)) ? hn_rewrite_morph(r, node, op, attrs, 1, &x) : HONE_OK;
}

static hone_status fuse_gated(hn_rewrite *r, hn_node *node, const hn_product *p, hn_value *x, hn_value *gate) {
    hn_value *ramp;
    double alpha;
    if (is_ramp(gate, &ramp) && ramp == x && hn_is_near(p->constant, 1.0 / 6))
        return become(r, node, HN_OP_hard_swish, (hn_attrs){0}, x);
    if (!hn_is_near(p->constant, 1)) return HONE_OK;
    if (is_hard_sigmoid_of(gate, x)) return become(r, node, HN_OP_hard_swish, (hn_attrs){0}, x);
    if (is_mish_gate(gate, x)) return become(r, node, HN_OP_mish, (hn_attrs){0}, x);
    if (is_scaled_sigmoid(gate, x, &alpha)) {
        const hn_attrs attrs = hn_rewrite_attr(r, (hn_attrs){0}, hn_attr_of_float("alpha", (float)alpha));
        return become(r, node, HN_OP_swish, attrs, x);
    }
    return HONE_OK;
}

static hone_status fuse(hn_rewrite *r, hn_node *node) {
    hn_product p;
    hn_value *x;
    if (node->op->id != HN_OP_mul && node->op->id != HN_OP_div) return HONE_OK;
    if (!hn_product_of(node->out[0], &p)) return HONE_OK;
    if (p.n == 1 && hn_is_near(p.constant, 1.0 / 6) && is_ramp(p.factor[0], &x))
        return become(r, node, HN_OP_hard_sigmoid, hard_attrs(r), x);
    for (int i = 0; p.n == 2 && i < 2 && node->n_in == 2; i++)
        HN_TRY(fuse_gated(r, node, &p, p.factor[i], p.factor[1 - i]));
    return HONE_OK;
}

hone_status hn_pass_activation_fuse(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, fuse);
}
