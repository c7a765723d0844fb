/* Runs of Reshape, Flatten, Squeeze and Unsqueeze become one Reshape, and a Reshape whose target is computed at run
 * time gets a constant one where the shape is known but for one dimension. */
#include "passes/pipeline.h"
#include "passes/reshape_form.h"

/* A Reshape by a constant needs no other. */
static bool has_constant_target(const hn_node *node) {
    return node->op->id != HN_OP_reshape || hn_ir_is_constant(hn_node_input(node, 1));
}

/* A target of expressions is as good as can be where two dimensions are open; a model file has no such targets. */
static bool is_settled(const hn_node *node) {
    const hn_shape *shape = &node->out[0]->info.shape;
    int open = 0;
    for (int i = 0; i < shape->rank; i++) open += !hn_dim_is_const(shape->dim[i]) || hn_dim_is(shape->dim[i], 0);
    return has_constant_target(node) || shape->rank < 0 || (open > 1 && !node->graph->model->for_file);
}

static hone_status merge(hn_rewrite *r, hn_node *node) {
    if (!hn_is_reshape(node)) return HONE_OK;
    hn_value *from = node->in[0];
    while (from->producer && from->index == 0 && hn_is_reshape(from->producer)) from = from->producer->in[0];
    if ((from == node->in[0] && is_settled(node)) || !hn_reshape_can_name(from, &node->out[0]->info.shape))
        return HONE_OK;
    return hn_reshape_morph(r, node, from);
}

hone_status hn_pass_reshape_chains(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, merge);
}
