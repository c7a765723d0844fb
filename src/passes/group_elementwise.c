/* Groups of elementwise operators: a tree of float32 operators of one shape, whose inner results nobody else reads,
 * runs in one sweep over memory. Grown from the last operator upwards. */
#include "passes/group_form.h"
#include "passes/pipeline.h"

/* All uses of the value are by members. */
static bool is_inner(const hn_grouping *g, const hn_value *value) {
    for (size_t i = 0; i < value->uses.n; i++)
        if (!value->uses.at[i].node || !hn_group_has(g, value->uses.at[i].node)) return false;
    return true;
}

static bool may_join(const hn_grouping *g, const hn_node *producer, const hn_node *root) {
    return producer->graph == root->graph && !hn_group_has(g, producer) && hn_group_is_float_elementwise(producer) &&
           hn_same_shape(&producer->out[0]->info.shape, &root->out[0]->info.shape) && is_inner(g, producer->out[0]);
}

/* One more member, if any producer of a member's input may join. */
static bool grow(hn_grouping *g, const hn_node *root) {
    for (int m = g->n - 1; m >= 0; m--)
        for (int i = 0; i < g->node[m]->n_in; i++) {
            const hn_value *in = g->node[m]->in[i];
            if (in && in->producer && may_join(g, in->producer, root) && hn_group_add(g, in->producer)) return true;
        }
    return false;
}

static hone_status group(hn_rewrite *r, hn_node *node) {
    hn_grouping g = {.r = r};
    if (!hn_group_is_float_elementwise(node) || !hn_group_add(&g, node)) return HONE_OK;
    while (grow(&g, node)) {}
    return g.n > 1 ? hn_group_form(&g, node) : HONE_OK;
}

hone_status hn_pass_group_elementwise(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_group_nodes(model, changed, diag, group);
}
