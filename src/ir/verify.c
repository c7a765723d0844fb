/* Structure of a model. Every check is one that passes can break; a failure is a bug of ours, never a fault of a file.
 */
#include <string.h>
#include "ir/graph.h"

typedef struct verifier {
    const hn_model *model;
    hn_arena arena;
    uint8_t *visible; /* per id: the value may be used here */
    uint8_t *linked;  /* per id: the node is part of the model */
    uint32_t *uses;   /* per id: inputs and outputs that are the value */
    hn_map names;     /* -> what has it */
    hn_diag *diag;
} verifier;

#define BROKEN(v, ...) HN_FAIL((v)->diag, HONE_INTERNAL, __VA_ARGS__)

static hone_status check_id(verifier *v, uint32_t id, const char *name) {
    if (id == 0 || id > v->model->next_id)
        BROKEN(v, "'%s' has number %u, the model counts to %u", name, id, v->model->next_id);
    return HONE_OK;
}

static hone_status check_name(verifier *v, const char *name, const void *owner) {
    if (!name || !*name) BROKEN(v, "something has no name");
    const void *other = hn_map_get_text(&v->names, name);
    if (other && other != owner) BROKEN(v, "two things are called '%s'", name);
    return hn_map_put_text(&v->names, name, (void *)(uintptr_t)owner) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static bool is_around(const hn_graph *outer, const hn_graph *inner) {
    for (; inner; inner = inner->owner ? inner->owner->graph : NULL)
        if (inner == outer) return true;
    return false;
}

/* Constants belong to no list, so they are met where they are used. */
static hone_status check_constant(verifier *v, const hn_value *value, const hn_graph *graph) {
    if (!value->info.data) BROKEN(v, "value '%s' has neither producer nor data", value->name);
    if (!is_around(value->graph, graph)) BROKEN(v, "constant '%s' belongs to another graph than its user", value->name);
    return check_name(v, value->name, value);
}

static hone_status check_use(verifier *v, const hn_value *value, const hn_graph *graph, const char *user) {
    HN_TRY(check_id(v, value->id, value->name));
    if (hn_ir_is_constant(value)) HN_TRY(check_constant(v, value, graph));
    else if (!v->visible[value->id]) BROKEN(v, "'%s' uses '%s', which is not made before it", user, value->name);
    v->uses[value->id]++;
    return HONE_OK;
}

static hone_status define(verifier *v, const hn_value *value, const hn_graph *graph) {
    HN_TRY(check_id(v, value->id, value->name));
    HN_TRY(check_name(v, value->name, value));
    if (value->graph != graph) BROKEN(v, "value '%s' names another graph as its own", value->name);
    if (v->visible[value->id]) BROKEN(v, "value '%s' is made twice", value->name);
    v->visible[value->id] = 1;
    return HONE_OK;
}

static hone_status check_arity(verifier *v, const hn_node *node) {
    const hn_op *op = node->op;
    if (node->n_in < op->min_in || (op->max_in != HN_ANY && node->n_in > op->max_in))
        BROKEN(v, "%s '%s' has %d inputs", op->name, node->name, node->n_in);
    for (int i = 0; i < node->n_in; i++)
        if (!node->in[i] && hn_op_needs(op, i)) BROKEN(v, "input %d of %s '%s' is absent", i, op->name, node->name);
    if (node->n_out < op->min_out || (op->max_out != HN_ANY && node->n_out > op->max_out))
        BROKEN(v, "%s '%s' has %d outputs", op->name, node->name, node->n_out);
    return HONE_OK;
}

static hone_status check_group(verifier *v, const hn_node *node) {
    if (node->n_body != 1) BROKEN(v, "group '%s' has %d bodies", node->name, node->n_body);
    const hn_graph *body = node->body[0];
    if (body->inputs.n != (size_t)node->n_in || body->outputs.n != (size_t)node->n_out)
        BROKEN(v, "group '%s' and its body differ in inputs or outputs", node->name);
    for (int i = 0; i < node->n_in; i++)
        if (!node->in[i]) BROKEN(v, "input %d of group '%s' is absent", i, node->name);
    for (const hn_node *n = body->first; n; n = n->next) {
        if (n->n_body) BROKEN(v, "'%s' in group '%s' has a body", n->name, node->name);
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i] && n->in[i]->graph != body)
                BROKEN(v, "'%s' in group '%s' uses a value from outside", n->name, node->name);
    }
    return HONE_OK;
}

static hone_status check_graph(verifier *v, const hn_graph *graph);

static hone_status check_node(verifier *v, const hn_node *node, const hn_graph *graph) {
    if (!node->op) BROKEN(v, "node '%s' has no operator", node->name ? node->name : "");
    HN_TRY(check_id(v, node->id, node->name));
    HN_TRY(check_name(v, node->name, node));
    if (node->graph != graph) BROKEN(v, "node '%s' names another graph as its own", node->name);
    v->linked[node->id] = 1;
    HN_TRY(check_arity(v, node));
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i]) HN_TRY(check_use(v, node->in[i], graph, node->name));
    for (int i = 0; i < node->n_body; i++) {
        if (node->body[i]->owner != node) BROKEN(v, "body %d of '%s' has another owner", i, node->name);
        HN_TRY(check_graph(v, node->body[i]));
    }
    if (node->op->id == HN_OP_group) HN_TRY(check_group(v, node));
    for (int i = 0; i < node->n_out; i++) {
        const hn_value *out = node->out[i];
        if (!out) continue;
        if (out->producer != node || out->index != i || out->is_input)
            BROKEN(v, "output %d of '%s' names another producer", i, node->name);
        HN_TRY(define(v, out, graph));
    }
    return HONE_OK;
}

/* Uses recorded at the value are those that were met; those of removed nodes would show here. */
static hone_status check_uses_of(verifier *v, const hn_value *value) {
    if (value->uses.n != v->uses[value->id])
        BROKEN(v, "value '%s' records %zu uses and has %u", value->name, value->uses.n, v->uses[value->id]);
    for (size_t i = 0; i < value->uses.n; i++) {
        const hn_use *use = &value->uses.at[i];
        const bool linked = use->node && use->node->id <= v->model->next_id && v->linked[use->node->id];
        if (use->node && (!linked || use->index >= use->node->n_in || use->node->in[use->index] != value))
            BROKEN(v, "value '%s' records a use by a node that does not use it", value->name);
        if (!use->node && ((size_t)use->index >= use->graph->outputs.n || use->graph->outputs.at[use->index] != value))
            BROKEN(v, "value '%s' records that it is an output and is not", value->name);
    }
    return HONE_OK;
}

static hone_status check_links(verifier *v, const hn_graph *graph) {
    int n = 0;
    const hn_node *before = NULL;
    for (const hn_node *node = graph->first; node; before = node, node = node->next, n++)
        if (node->prev != before) BROKEN(v, "the nodes of '%s' are not linked both ways", graph->name);
    if (before != graph->last || n != graph->n_nodes) BROKEN(v, "graph '%s' miscounts its nodes", graph->name);
    return HONE_OK;
}

/* What a graph made is out of sight behind its end. */
static void hide(verifier *v, const hn_graph *graph) {
    for (size_t i = 0; i < graph->inputs.n; i++) v->visible[graph->inputs.at[i]->id] = 0;
    for (const hn_node *node = graph->first; node; node = node->next)
        for (int i = 0; i < node->n_out; i++)
            if (node->out[i]) v->visible[node->out[i]->id] = 0;
}

static hone_status check_graph(verifier *v, const hn_graph *graph) {
    HN_TRY(check_links(v, graph));
    for (size_t i = 0; i < graph->inputs.n; i++) {
        const hn_value *in = graph->inputs.at[i];
        if (!in->is_input || in->producer || in->index != (int)i)
            BROKEN(v, "input %zu of graph '%s' is not marked as such", i, graph->name);
        HN_TRY(define(v, in, graph));
    }
    for (const hn_node *node = graph->first; node; node = node->next) HN_TRY(check_node(v, node, graph));
    for (size_t i = 0; i < graph->outputs.n; i++) {
        if (!graph->outputs.at[i]) BROKEN(v, "output %zu of graph '%s' is missing", i, graph->name);
        HN_TRY(check_use(v, graph->outputs.at[i], graph, graph->name));
    }
    if (graph->owner) hide(v, graph);
    return HONE_OK;
}

/* Second walk: all uses are counted. */
static hone_status check_uses(verifier *v, const hn_graph *graph) {
    for (size_t i = 0; i < graph->inputs.n; i++) HN_TRY(check_uses_of(v, graph->inputs.at[i]));
    for (size_t i = 0; i < graph->outputs.n; i++) HN_TRY(check_uses_of(v, graph->outputs.at[i]));
    for (const hn_node *node = graph->first; node; node = node->next) {
        for (int i = 0; i < node->n_body; i++) HN_TRY(check_uses(v, node->body[i]));
        for (int i = 0; i < node->n_out; i++)
            if (node->out[i]) HN_TRY(check_uses_of(v, node->out[i]));
        for (int i = 0; i < node->n_in; i++)
            if (hn_ir_is_constant(node->in[i]) && node->in[i]->uses.at[0].node == node &&
                node->in[i]->uses.at[0].index == i)
                HN_TRY(check_uses_of(v, node->in[i])); /* once, at its first use */
    }
    return HONE_OK;
}

hone_status hn_ir_verify(const hn_model *model, hn_diag *diag) {
    verifier v = {.model = model, .diag = diag};
    const size_t n = (size_t)model->next_id + 1;
    hn_arena_init(&v.arena, model->arena.allocator);
    hn_map_init(&v.names, &v.arena);
    v.visible = HN_NEW_ARRAY(&v.arena, uint8_t, n);
    v.linked = HN_NEW_ARRAY(&v.arena, uint8_t, n);
    v.uses = HN_NEW_ARRAY(&v.arena, uint32_t, n);
    hone_status status = v.visible && v.linked && v.uses ? HONE_OK : HONE_OUT_OF_MEMORY;
    if (status == HONE_OK) status = check_graph(&v, model->main);
    if (status == HONE_OK) status = check_uses(&v, model->main);
    hn_arena_free(&v.arena);
    return status;
}
