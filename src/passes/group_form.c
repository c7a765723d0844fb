/* The mechanics of grouping. */
#include "passes/group_form.h"

#include <string.h>

static bool is_f32(const hn_value *value) { return hn_value_dtype(value) == HONE_FLOAT32; }

bool hn_group_is_float_elementwise(const hn_node *node) {
    if (!(node->op->facts & HN_ELEMENTWISE) || node->n_out != 1 || !node->out[0]) return false;
    if (!is_f32(node->out[0]) || node->out[0]->info.shape.rank < 0) return false;
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] && (!is_f32(node->in[i]) || node->in[i]->info.shape.rank < 0)) return false;
    return true;
}

bool hn_group_has(const hn_grouping *g, const hn_node *node) {
    for (int i = 0; i < g->n; i++)
        if (g->node[i] == node) return true;
    return false;
}

/* Bytes of the node's attributes in a query; more than fit when they have no flat form. */
static size_t attr_bytes(hn_grouping *g, const hn_node *node) {
    hn_str bytes;
    hn_str_init(&bytes, &g->r->scratch);
    if (hn_attrs_encode(node->attrs, &bytes, NULL) != HONE_OK || bytes.failed) return HN_QUERY_ATTR_BYTES + 1;
    return bytes.n;
}

bool hn_group_add(hn_grouping *g, hn_node *node) {
    const int ports = node->n_in + node->n_out;
    if (g->n == HN_QUERY_OPS || node->n_in > HN_QUERY_ARGS || g->n_port + ports > HN_QUERY_VALS) return false;
    const size_t bytes = attr_bytes(g, node);
    if (g->attr_bytes + bytes > HN_QUERY_ATTR_BYTES) return false;
    int at = g->n++;
    for (; at > 0 && (uintptr_t)g->node[at - 1]->mark > (uintptr_t)node->mark; at--) g->node[at] = g->node[at - 1];
    g->node[at] = node;
    g->n_port += ports;
    g->attr_bytes += bytes;
    return true;
}

/* What the members read from outside, each value once. */
static int outside_inputs(const hn_grouping *g, hn_value **in) {
    int n = 0;
    for (int m = 0; m < g->n; m++)
        for (int i = 0; i < g->node[m]->n_in; i++) {
            hn_value *v = g->node[m]->in[i];
            bool known = !v || (v->producer && hn_group_has(g, v->producer));
            for (int k = 0; k < n; k++) known = known || in[k] == v;
            if (!known) in[n++] = v;
        }
    return n;
}

static void redirect(hn_node *member, hn_value *const *from, hn_value *const *to, int n) {
    for (int i = 0; i < member->n_in; i++)
        for (int k = 0; k < n; k++)
            if (member->in[i] == from[k]) {
                hn_ir_set_input(member, i, to[k]);
                break;
            }
}

static hone_status fill_body(hn_grouping *g, hn_graph *body, hn_value *const *in, int n) {
    for (int i = 0; i < n; i++) {
        hn_value *parameter = hn_ir_input(body, in[i]->name, in[i]->info.type, &in[i]->info.shape);
        HN_TRY_ALLOC(parameter);
        parameter->info = in[i]->info;
    }
    for (int m = 0; m < g->n; m++) {
        redirect(g->node[m], in, body->inputs.at, n);
        hn_ir_move_to(g->node[m], body, NULL);
    }
    return HONE_OK;
}

hone_status hn_group_form(hn_grouping *g, hn_node *anchor) {
    hn_value *in[HN_QUERY_VALS];
    const int n = outside_inputs(g, in);
    hn_node *last = g->node[g->n - 1];
    hn_value *result = last->out[0];
    hn_node *group = hn_ir_node(last->graph, last, hn_op_at(HN_OP_group), anchor->name, (hn_attrs){0}, n, in, 1);
    HN_TRY_ALLOC(group);
    hn_graph *body = hn_ir_graph(g->r->model, group->name);
    HN_TRY_ALLOC(body);
    group->mark = last->mark;
    HN_TRY(fill_body(g, body, in, n));
    group->out[0]->info = result->info;
    hn_rewrite_replace(g->r, result, group->out[0]);
    if (!hn_ir_add_output(body, result) || !hn_ir_set_bodies(group, &body, 1)) return HONE_OUT_OF_MEMORY;
    group->origin = anchor->origin; /* the anchor keeps it, too: groups can be dissolved */
    group->file_offset = anchor->file_offset;
    hn_rewrite_swap_names(group, anchor);
    return g->r->model->failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

/* Over a list made before, because groups swallow nodes on either side; what is in a body by now is left out. */
static hone_status walk(hn_rewrite *r, hn_graph *graph, hn_rewrite_fn *rule) {
    hn_node **list = HN_NEW_ARRAY(&r->scratch, hn_node *, graph->n_nodes);
    HN_TRY_ALLOC(list);
    int n = 0;
    for (hn_node *node = graph->first; node; node = node->next) {
        list[n++] = node;
        node->mark = (void *)(uintptr_t)n;
    }
    while (n > 0) {
        hn_node *node = list[--n];
        if (node->graph != graph) continue;
        for (int i = 0; i < node->n_body && node->op->id != HN_OP_group; i++) HN_TRY(walk(r, node->body[i], rule));
        HN_TRY(rule(r, node));
    }
    return HONE_OK;
}

hone_status hn_group_nodes(hn_model *model, bool *changed, hn_diag *diag, hn_rewrite_fn *rule) {
    hn_rewrite r = {.model = model, .diag = diag};
    hn_arena_init(&r.scratch, model->arena.allocator);
    const hone_status status = walk(&r, model->main, rule);
    hn_arena_free(&r.scratch);
    *changed |= r.changed;
    return status;
}
