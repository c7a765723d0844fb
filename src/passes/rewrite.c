/* Changing nodes and values while names, origins and shapes stay right. */
#include "passes/rewrite.h"

#include <string.h>
#include "passes/evaluate.h"

static bool is_dead(const hn_node *node) {
    for (int i = 0; i < node->n_out; i++)
        if (hn_ir_has_uses(node->out[i])) return false;
    return true;
}

static hone_status walk(hn_rewrite *r, hn_graph *graph, hn_rewrite_fn *rule) {
    for (hn_node *node = graph->first, *next; node; node = next) {
        for (int i = 0; i < node->n_body && !hn_ir_is_closed(node); i++) HN_TRY(walk(r, node->body[i], rule));
        next = node->next;
        if (is_dead(node)) continue; /* dead_code's business; it may lack even the outputs that it should have */
        HN_TRY(rule(r, node));
        if (r->model->failed) return HONE_OUT_OF_MEMORY;
    }
    return HONE_OK;
}

hone_status hn_rewrite_nodes(hn_model *model, bool *changed, hn_diag *diag, hn_rewrite_fn *rule) {
    hn_rewrite r = {.model = model, .diag = diag};
    hn_arena_init(&r.scratch, model->arena.allocator);
    const hone_status status = walk(&r, model->main, rule);
    hn_arena_free(&r.scratch);
    *changed |= r.changed;
    return status;
}

/* ---- removal ---- */

typedef struct pending {
    hn_vec(hn_node *) nodes;
    hn_rewrite *r;
} pending;

static void note(pending *p, const hn_value *value) {
    if (!value || !value->producer) return;
    if (!hn_vec_push(&p->r->scratch, &p->nodes, value->producer)) p->r->model->failed = true;
}

/* What the node and its bodies read may be unused once they are gone. */
static void note_inputs(pending *p, const hn_node *node) {
    for (int i = 0; i < node->n_in; i++) note(p, node->in[i]);
    for (int b = 0; b < node->n_body; b++) {
        for (size_t i = 0; i < node->body[b]->outputs.n; i++) note(p, node->body[b]->outputs.at[i]);
        for (const hn_node *n = node->body[b]->first; n; n = n->next) note_inputs(p, n);
    }
}

/* True while the node is part of its graph, false for one that was removed (or is inside a body that was). */
static bool is_linked(const hn_node *node) {
    for (; node; node = node->graph->owner)
        if (node->prev ? node->prev->next != node : node->graph->first != node) return false;
    return true;
}

void hn_rewrite_sweep(hn_rewrite *r, hn_node *node) {
    pending p = {.r = r};
    if (!is_dead(node)) return;
    note_inputs(&p, node);
    hn_ir_remove(node);
    r->changed = true;
    while (p.nodes.n) {
        hn_node *next = p.nodes.at[--p.nodes.n];
        if (!is_linked(next) || !is_dead(next)) continue;
        note_inputs(&p, next);
        hn_ir_remove(next);
    }
}

/* ---- replacement ---- */

bool hn_is_output(const hn_value *value) {
    for (size_t i = 0; i < value->uses.n; i++)
        if (!value->uses.at[i].node) return true;
    return false;
}

static bool is_main_output(const hn_value *value) {
    for (size_t i = 0; i < value->uses.n; i++)
        if (!value->uses.at[i].node && !value->uses.at[i].graph->owner) return true;
    return false;
}

bool hn_rewrite_may_bypass(const hn_value *value, const hn_value *by) {
    return !hn_is_output(value) || (by->producer && by->graph == value->graph && !hn_is_output(by));
}

/* What is known about a value goes over to the one that stands in for it. */
static void adopt_info(hn_value *value, const hn_info *known) {
    hn_shape *s = &value->info.shape;
    if (hn_ir_is_constant(value)) return;
    if (!value->info.type) value->info.type = known->type;
    if (s->rank < 0) *s = known->shape;
    for (int i = 0; i < s->rank && s->rank == known->shape.rank; i++)
        if (hn_dim_has_unknown(s->dim[i]) && !hn_dim_has_unknown(known->shape.dim[i])) s->dim[i] = known->shape.dim[i];
}

void hn_rewrite_bypass(hn_rewrite *r, hn_node *node, hn_value *by) {
    hn_value *value = node->out[0];
    if (!hn_rewrite_may_bypass(value, by)) return;
    adopt_info(by, &value->info);
    hn_ir_replace_uses(value, by);
    r->changed = true;
    hn_rewrite_sweep(r, node);
}

void hn_rewrite_replace(hn_rewrite *r, hn_value *value, hn_value *fresh) {
    adopt_info(fresh, &value->info);
    /* hn_ir_replace_uses hands over the name of an output itself, though not to a constant. */
    if (!fresh->producer || !is_main_output(value)) {
        const char *name = value->name;
        value->name = fresh->name;
        fresh->name = name;
    }
    fresh->origin = value->origin;
    hn_ir_replace_uses(value, fresh);
    r->changed = true;
}

void hn_rewrite_swap_names(hn_node *a, hn_node *b) {
    const hn_node before = *a;
    a->name = b->name;
    a->origin = b->origin;
    a->file_offset = b->file_offset;
    a->proto = b->proto;
    b->name = before.name;
    b->origin = before.origin;
    b->file_offset = before.file_offset;
    b->proto = before.proto;
}

hone_status hn_rewrite_morph(hn_rewrite *r, hn_node *node, hn_op_id op, hn_attrs attrs, int n_in, hn_value *const *in) {
    const int old_n = node->n_in;
    hn_value **old = hn_arena_copy(&r->scratch, node->in, (size_t)old_n * sizeof *old);
    hn_value **ports = HN_NEW_ARRAY(&r->model->arena, hn_value *, n_in);
    if (!old || !ports) return HONE_OUT_OF_MEMORY;
    hn_value **wanted = hn_arena_copy(&r->scratch, in, (size_t)n_in * sizeof *in); /* `in` may be node->in */
    HN_TRY_ALLOC(wanted);
    for (int i = 0; i < old_n; i++) hn_ir_set_input(node, i, NULL);
    node->in = ports;
    node->n_in = n_in;
    for (int i = 0; i < n_in; i++) hn_ir_set_input(node, i, wanted[i]);
    node->op = hn_op_at(op);
    node->attrs = attrs;
    node->n_out = 1;
    r->changed = true;
    if (r->model->failed) return HONE_OUT_OF_MEMORY;
    HN_TRY(hn_ir_infer_node(node, r->diag));
    for (int i = 0; i < old_n; i++)
        if (old[i] && old[i]->producer && is_linked(old[i]->producer)) hn_rewrite_sweep(r, old[i]->producer);
    return r->model->failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

hone_status hn_rewrite_insert(hn_rewrite *r, hn_node *before, hn_op_id op, const char *name, hn_attrs attrs, int n_in,
                              hn_value *const *in, hn_value **out) {
    hn_node *node = hn_ir_node(before->graph, before, hn_op_at(op), name, attrs, n_in, in, 1);
    HN_TRY_ALLOC(node);
    node->file_offset = before->file_offset;
    r->changed = true;
    if (out) *out = node->out[0];
    return hn_ir_infer_node(node, r->diag);
}

bool hn_may_make(const hn_model *model, int since) {
    return !model->for_file || !model->file_opset || model->file_opset >= since;
}

/* ---- making constants ---- */

hn_value *hn_rewrite_floats(hn_rewrite *r, hn_graph *graph, const char *name, int rank, const int64_t *dim,
                            const float *data) {
    hn_tensor t = {.dtype = HONE_FLOAT32, .data = (void *)(uintptr_t)data};
    (void)r;
    hn_tensor_set_shape(&t, rank, dim);
    return hn_ir_constant(graph, name, &t);
}

hn_value *hn_rewrite_scalar(hn_rewrite *r, hn_graph *graph, const char *name, float value) {
    const float *data = hn_arena_copy(&r->model->arena, &value, sizeof value);
    return data ? hn_rewrite_floats(r, graph, name, 0, NULL, data) : NULL;
}

static bool all_constant(const hn_dim *dim, int n) {
    for (int i = 0; i < n; i++)
        if (!hn_dim_is_const(dim[i])) return false;
    return true;
}

hn_attrs hn_rewrite_shape_attrs(hn_rewrite *r, hone_dtype dtype, bool scalar, const hn_dim *dim, int n) {
    hn_attr *list = HN_NEW_ARRAY(&r->model->arena, hn_attr, 3);
    const hn_dim *own = hn_arena_copy(&r->model->arena, dim, (size_t)n * sizeof *dim);
    if (!list || !own) {
        r->model->failed = true;
        return (hn_attrs){0};
    }
    list[0] = (hn_attr){.name = "dims", .kind = HN_ATTR_DIMS, .n = (uint32_t)n, .dims = own};
    list[1] = hn_attr_of_int("dtype", dtype);
    list[2] = hn_attr_of_int("scalar", scalar);
    return (hn_attrs){list, 3};
}

hone_status hn_rewrite_dims(hn_rewrite *r, hn_node *before, const char *name, hone_dtype dtype, bool scalar,
                            const hn_dim *dim, int n, hn_value **out) {
    if (!all_constant(dim, n)) {
        const hn_attrs attrs = hn_rewrite_shape_attrs(r, dtype, scalar, dim, n);
        if (r->model->failed) return HONE_OUT_OF_MEMORY;
        return hn_rewrite_insert(r, before, HN_OP_shape_value, name, attrs, 0, NULL, out);
    }
    hn_tensor t = {.dtype = dtype};
    const int64_t length = n;
    hn_tensor_set_shape(&t, scalar ? 0 : 1, &length);
    HN_TRY(hn_evaluate_fill(&t, dim, &r->model->arena));
    *out = hn_ir_constant(before->graph, name, &t);
    HN_TRY_ALLOC(*out);
    return HONE_OK;
}

hn_attrs hn_rewrite_attr(hn_rewrite *r, hn_attrs attrs, hn_attr attr) {
    bool ok;
    const hn_attrs result = hn_ir_attrs_set(r->model, attrs, attr, &ok);
    if (!ok) r->model->failed = true;
    return result;
}
