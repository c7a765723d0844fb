/* Nodes that go back into a file as they came. */
#include "ir/graph.h"

hn_graph *hn_ir_meaning(const hn_node *node) {
    int named = 0;
    if (node->op->id != HN_OP_kept) return NULL;
    for (uint32_t i = 0; i < node->attrs.n; i++) named += node->attrs.at[i].kind == HN_ATTR_GRAPH;
    return node->n_body > named ? node->body[node->n_body - 1] : NULL;
}

static void expand(hn_node *node, hn_graph *meaning) {
    size_t k = 0;
    hn_ir_splice(meaning, node->graph, node);
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i]) hn_ir_replace_uses(node->out[i], meaning->outputs.at[k++]);
    hn_ir_remove(node);
}

static void expand_graph(hn_graph *graph) {
    for (hn_node *node = graph->first, *next; node; node = next) {
        hn_graph *meaning = hn_ir_meaning(node);
        next = node->next;
        for (int i = 0; i < node->n_body; i++) expand_graph(node->body[i]);
        if (meaning) expand(node, meaning);
    }
}

void hn_ir_expand_kept(hn_model *model) { expand_graph(model->main); }

const hn_node *hn_ir_find_unknown(const hn_graph *graph) {
    const hn_node *found = NULL;
    for (const hn_node *node = graph->first; node && !found; node = node->next) {
        if (node->op->id == HN_OP_kept && !hn_ir_meaning(node)) return node;
        for (int i = 0; i < node->n_body && !found; i++) found = hn_ir_find_unknown(node->body[i]);
    }
    return found;
}
