/* Nodes whose results nobody reads go; so do outputs that are optional and unread, and absent inputs at the end. */
#include "passes/pipeline.h"
#include "passes/rewrite.h"

static void drop_outputs(hn_rewrite *r, hn_node *node) {
    for (int i = node->op->min_out; i < node->n_out; i++)
        if (node->out[i] && !hn_ir_has_uses(node->out[i])) {
            node->out[i] = NULL;
            r->changed = true;
        }
    if (node->op->facts & HN_CONTROL) return; /* outputs stand for those of the bodies */
    while (node->n_out > node->op->min_out && node->n_out > 1 && !node->out[node->n_out - 1]) {
        node->n_out--;
        r->changed = true;
    }
}

static void drop_inputs(hn_rewrite *r, hn_node *node) {
    if (node->op->facts & HN_CONTROL) return;
    while (node->n_in > node->op->min_in && !node->in[node->n_in - 1]) {
        node->n_in--;
        r->changed = true;
    }
}

/* From the last node to the first, so that a node is seen when all its users have gone. */
static void clean(hn_rewrite *r, hn_graph *graph) {
    for (hn_node *node = graph->last, *before; node; node = before) {
        before = node->prev;
        bool used = false;
        for (int i = 0; i < node->n_out; i++) used = used || hn_ir_has_uses(node->out[i]);
        if (!used) {
            hn_ir_remove(node);
            r->changed = true;
            continue;
        }
        if (node->op->id == HN_OP_kept) continue;
        for (int i = 0; i < node->n_body; i++) clean(r, node->body[i]);
        if (node->op->id == HN_OP_group) continue;
        drop_outputs(r, node);
        drop_inputs(r, node);
    }
}

hone_status hn_pass_dead_code(hn_model *model, bool *changed, hn_diag *diag) {
    hn_rewrite r = {.model = model, .diag = diag};
    clean(&r, model->main);
    *changed |= r.changed;
    return HONE_OK;
}
