/* Attention scales its operands in front of the product; one factor behind it, where a group takes it, does the same.
 * Factors that a group in front would take for nothing stay. */
#include "passes/pipeline.h"
#include "passes/rewrite.h"

/* value = x * number or x / number, for one user, with x made by something that has no epilogue: gives x. */
static hn_value *scaled_from(const hn_value *value, double *factor) {
    const hn_node *mul = hn_made_only_for(value, HN_OP_mul), *div = hn_made_only_for(value, HN_OP_div);
    const hn_node *node = mul ? mul : div;
    double number;
    if (!node || !hn_constant_scalar(node->in[1], &number) || number == 0) return NULL;
    hn_value *x = node->in[0];
    const hn_node *producer = x->producer;
    const bool moved = producer && (producer->op->facts & (HN_MOVE | HN_VIEW));
    if (!moved || !hn_same_shape(&x->info.shape, &value->info.shape)) return NULL;
    *factor = mul ? *factor * number : *factor / number;
    return x;
}

static hone_status pull(hn_rewrite *r, hn_node *node) {
    double factor = 1;
    if (node->op->id != HN_OP_matmul || hn_value_dtype(node->out[0]) != HONE_FLOAT32) return HONE_OK;
    hn_value *a = scaled_from(node->in[0], &factor), *b = scaled_from(node->in[1], &factor);
    if (!a && !b) return HONE_OK;
    hn_value *in[2] = {a ? a : node->in[0], b ? b : node->in[1]}, *scaled[2];
    if (hn_ir_is_constant(in[0]) || hn_ir_is_constant(in[1])) return HONE_OK;
    const char *name = hn_arena_format(&r->model->arena, "%s_scale", node->name);
    HN_TRY_ALLOC(name);
    HN_TRY(hn_rewrite_insert(r, node, HN_OP_matmul, name, node->attrs, 2, in, &scaled[0]));
    scaled[1] = hn_rewrite_scalar(r, node->graph, name, (float)factor);
    HN_TRY_ALLOC(scaled[1]);
    hn_rewrite_swap_names(node, scaled[0]->producer); /* the product keeps its name, the new node is the factor */
    return hn_rewrite_morph(r, node, HN_OP_mul, (hn_attrs){0}, 2, scaled);
}

hone_status hn_pass_matmul_scale(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, pull);
}
