/* An If whose condition is known is replaced by the branch that it takes. */
#include "ir/infer.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

static hn_graph *branch(const hn_node *node, bool taken) {
    const hn_attr *index = hn_attrs_find(node->attrs, taken ? "then_branch" : "else_branch");
    if (!index || index->kind != HN_ATTR_GRAPH || index->i < 0 || index->i >= node->n_body) return NULL;
    return node->body[index->i];
}

/* Each result of the branch must be able to stand in for the output of the If. */
static bool may_replace(const hn_node *node, const hn_graph *body) {
    if (body->outputs.n != (size_t)node->n_out || body->inputs.n) return false;
    for (int i = 0; i < node->n_out; i++) {
        const hn_value *by = body->outputs.at[i];
        if (!node->out[i] || !hn_is_output(node->out[i])) continue;
        if (!by->producer || by->graph != body) return false;
        for (int k = 0; k < i; k++)
            if (body->outputs.at[k] == by) return false;
    }
    return true;
}

static hone_status inline_branch(hn_rewrite *r, hn_node *node) {
    const int taken = node->op->id == HN_OP_if_ ? hn_ir_known_condition(hn_node_input(node, 0)) : -1;
    if (taken < 0) return HONE_OK;
    hn_graph *body = branch(node, taken);
    if (!body || !may_replace(node, body)) return HONE_OK;
    for (hn_node *n = body->first; n; n = n->next) n->mark = node;
    hn_ir_splice(body, node->graph, node);
    for (int i = 0; i < node->n_out; i++) {
        hn_value *by = body->outputs.at[i];
        if (!node->out[i]) continue;
        if (by->producer && by->producer->mark == node) hn_rewrite_replace(r, node->out[i], by);
        else hn_ir_replace_uses(node->out[i], by);
    }
    r->changed = true;
    hn_rewrite_sweep(r, node);
    return HONE_OK;
}

hone_status hn_pass_fold_control(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, inline_branch);
}
