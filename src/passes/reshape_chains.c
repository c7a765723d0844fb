/* Runs of Reshape, Flatten, Squeeze and Unsqueeze become one Reshape, and a Reshape whose target is computed at run
 * time gets a constant one where the shape is known but for one dimension. */
#include "passes/pipeline.h"
#include "passes/rewrite.h"

/* A view that only renames dimensions. Identity goes another way. */
static bool is_view(const hn_node *node) {
    return (node->op->facts & HN_VIEW) && node->op->id != HN_OP_identity && node->in[0] && hn_only_first_output(node);
}

/* The target with -1 for the only dimension that is not constant; false when there are more, or a zero. */
static bool target_with_wildcard(const hn_shape *shape, hn_dim *target) {
    int open = 0;
    for (int i = 0; i < shape->rank; i++) {
        target[i] = shape->dim[i];
        if (hn_dim_is(shape->dim[i], 0)) return false;
        if (hn_dim_is_const(shape->dim[i])) continue;
        target[i] = hn_dim_const(-1);
        open++;
    }
    return shape->rank >= 0 && open <= 1;
}

static bool all_known(const hn_shape *shape) {
    for (int i = 0; i < shape->rank; i++)
        if (hn_dim_has_unknown(shape->dim[i])) return false;
    return shape->rank >= 0;
}

/* Makes `node` a Reshape of `from` to the shape that its output has. */
static hone_status reshape(hn_rewrite *r, hn_node *node, hn_value *from, const hn_dim *target) {
    const hn_shape *shape = &node->out[0]->info.shape;
    const char *name = hn_arena_format(&r->model->arena, "%s_shape", node->name);
    hn_attrs attrs = {0};
    hn_value *in[2] = {from, NULL};
    HN_TRY_ALLOC(name);
    /* Without a -1, a dimension that turns out as 0 means 0. */
    if (!target) attrs = hn_rewrite_attr(r, attrs, hn_attr_of_int("allowzero", 1));
    HN_TRY(hn_rewrite_dims(r, node, name, HONE_INT64, false, target ? target : shape->dim, shape->rank, &in[1]));
    return hn_rewrite_morph(r, node, HN_OP_reshape, attrs, 2, in);
}

/* A Reshape by a constant needs no other. */
static bool has_constant_target(const hn_node *node) {
    return node->op->id != HN_OP_reshape || hn_ir_is_constant(hn_node_input(node, 1));
}

static hone_status merge(hn_rewrite *r, hn_node *node) {
    hn_dim target[HONE_MAX_RANK];
    if (!is_view(node)) return HONE_OK;
    hn_value *from = node->in[0];
    while (from->producer && from->index == 0 && is_view(from->producer)) from = from->producer->in[0];
    const hn_shape *shape = &node->out[0]->info.shape;
    const bool chain = from != node->in[0];
    if (!chain && has_constant_target(node)) return HONE_OK;
    if (target_with_wildcard(shape, target)) return reshape(r, node, from, target);
    return chain && all_known(shape) ? reshape(r, node, from, NULL) : HONE_OK;
}

hone_status hn_pass_reshape_chains(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, merge);
}
