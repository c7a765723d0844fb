/* Groups that no kernel takes: operators leave from the tail until a kernel takes what is left. */
#include "builder/builder.h"
#include "passes/group_form.h"

/* Puts the operators of a group back into the graph, under the names they had before; returns the first of them. */
static hn_node *dissolve(hn_rewrite *r, hn_node *group) {
    hn_graph *body = group->body[0];
    hn_node *first = body->first;
    for (hn_node *inner = first; inner; inner = inner->next)
        if (inner->origin == group->origin) {
            hn_rewrite_swap_names(group, inner);
            break;
        }
    for (size_t i = 0; i < body->inputs.n; i++) hn_ir_replace_uses(body->inputs.at[i], group->in[i]);
    while (body->first) {
        body->first->mark = NULL;
        hn_ir_move_before(body->first, group);
    }
    for (size_t i = 0; i < body->outputs.n; i++) hn_rewrite_replace(r, group->out[i], body->outputs.at[i]);
    hn_ir_remove(group);
    return first;
}

/* Nothing outside the `n` nodes from `first` on uses any of their outputs but the last one's. */
static bool is_closed(const hn_node *first, int n) {
    const hn_node *end = first;
    for (int i = 0; i < n; i++) end = end->next;
    for (const hn_node *node = first; node->next != end; node = node->next)
        for (int k = 0; k < node->n_out; k++)
            for (size_t u = 0; node->out[k] && u < node->out[k]->uses.n; u++) {
                const hn_node *user = node->out[k]->uses.at[u].node, *member = first;
                while (member != end && member != user) member = member->next;
                if (!user || member == end) return false;
            }
    return true;
}

/* The first `n` nodes as a group; NULL when they cannot be one, or the model failed. */
static hn_node *form(hn_rewrite *r, hn_node *first, int n) {
    hn_grouping grouping = {.r = r};
    if (!is_closed(first, n)) return NULL;
    for (hn_node *node = first; grouping.n < n; node = node->next)
        if (!hn_group_add(&grouping, node)) return NULL;
    const hn_node *last = grouping.node[n - 1];
    if (hn_group_form(&grouping, first) != HONE_OK) {
        r->model->failed = true;
        return NULL;
    }
    return last->graph->owner;
}

hone_status hn_build_regroup(hn_build *build, hn_node *group, hn_taker *taken, hn_node **first) {
    hn_rewrite r = {.model = build->model, .diag = build->diag};
    int n = group->body[0]->n_nodes;
    hn_arena_init(&r.scratch, build->arena.allocator);
    *first = dissolve(&r, group);
    while (--n > 1 && !r.model->failed) {
        hn_node *smaller = form(&r, *first, n);
        if (!smaller) continue;
        if (taken(build, smaller)) {
            *first = smaller;
            break;
        }
        *first = dissolve(&r, smaller);
    }
    hn_arena_free(&r.scratch);
    return r.model->failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}
