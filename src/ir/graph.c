/* Making and rewiring graphs. Every change keeps the use lists right; nothing here knows an operator's meaning. */
#include <stdio.h>
#include <string.h>
#include "ir/graph.h"

hone_status hn_model_create(const hone_allocator *allocator, hn_model **out) {
    *out = NULL;
    hn_model *model = hn_alloc(allocator, sizeof *model, 16);
    HN_TRY_ALLOC(model);
    memset(model, 0, sizeof *model);
    hn_arena_init(&model->arena, allocator);
    hn_map_init(&model->names, &model->arena);
    hn_map_init(&model->declared, &model->arena);
    hone_status status = hn_expr_pool_create(allocator, &model->exprs);
    if (status == HONE_OK && !(model->main = hn_ir_graph(model, "main"))) status = HONE_OUT_OF_MEMORY;
    if (status != HONE_OK) hn_model_destroy(&model);
    *out = model;
    return status;
}

void hn_model_destroy(hn_model **model) {
    hn_model *m = *model;
    if (!m) return;
    for (size_t i = 0; i < m->files.n; i++) hn_file_unmap(&m->files.at[i]);
    hn_expr_pool_destroy(&m->exprs);
    const hone_allocator *allocator = m->arena.allocator;
    hn_arena_free(&m->arena);
    hn_release(allocator, m, sizeof *m);
    *model = NULL;
}

const char *hn_ir_unique_name(hn_model *model, const char *hint) {
    if (!hint || !*hint) hint = "value";
    const char *name = hint;
    if (hn_map_get_text(&model->names, name)) {
        do {
            name = hn_arena_format(&model->arena, "%s.%u", hint, ++model->next_id);
            if (!name) return NULL;
        } while (hn_map_get_text(&model->names, name));
    } else if (!(name = hn_arena_string(&model->arena, hint, strlen(hint)))) {
        return NULL;
    }
    return hn_map_put_text(&model->names, name, model) ? name : NULL;
}

hn_graph *hn_ir_graph(hn_model *model, const char *name) {
    hn_graph *graph = HN_NEW(&model->arena, hn_graph);
    if (!graph) return NULL;
    graph->model = model;
    graph->name = hn_arena_string(&model->arena, name, strlen(name));
    return graph->name ? graph : NULL;
}

static hn_value *new_value(hn_graph *graph, const char *name) {
    hn_model *model = graph->model;
    hn_value *value = HN_NEW(&model->arena, hn_value);
    if (!value || !(value->name = hn_ir_unique_name(model, name))) return NULL;
    value->id = ++model->next_id;
    value->graph = graph;
    value->info.shape = hn_shape_unknown();
    return value;
}

hn_value *hn_ir_input(hn_graph *graph, const char *name, const hn_type *type, const hn_shape *shape) {
    hn_value *value = new_value(graph, name);
    if (!value) return NULL;
    value->info.type = type;
    if (shape) value->info.shape = *shape;
    value->is_input = true;
    value->index = (int)graph->inputs.n;
    return hn_vec_push(&graph->model->arena, &graph->inputs, value) ? value : NULL;
}

hn_value *hn_ir_constant(hn_graph *graph, const char *name, const hn_tensor *data) {
    hn_arena *arena = &graph->model->arena;
    hn_value *value = new_value(graph, name);
    if (!value) return NULL;
    value->info.type = hn_type_tensor(data->dtype);
    value->info.shape = hn_shape_of_tensor(data);
    value->info.data = hn_arena_copy(arena, data, sizeof *data);
    return value->info.data ? value : NULL;
}

hn_value *hn_ir_constant_copy(hn_graph *graph, const char *name, const hn_tensor *data) {
    hn_tensor own = *data;
    size_t bytes = hn_tensor_bytes(data);
    own.data = hn_arena_alloc_aligned(&graph->model->arena, bytes, 64);
    if (!own.data) return NULL;
    if (bytes) memcpy(own.data, data->data, bytes);
    return hn_ir_constant(graph, name, &own);
}

hn_value *hn_ir_constant_ints(hn_graph *graph, const char *name, const int64_t *value, int n) {
    hn_tensor t = {.dtype = HONE_INT64};
    const int64_t dim[1] = {n};
    hn_tensor_set_shape(&t, n < 0 ? 0 : 1, dim);
    t.data = (void *)(uintptr_t)value;
    return hn_ir_constant_copy(graph, name, &t);
}

bool hn_ir_is_constant(const hn_value *value) { return value && !value->producer && !value->is_input; }

/* ---- uses ---- */

static bool add_use(hn_value *value, hn_node *node, hn_graph *graph, int index) {
    const hn_use use = {node, graph, index};
    if (hn_vec_push(&graph->model->arena, &value->uses, use)) return true;
    graph->model->failed = true;
    return false;
}

static void drop_use(hn_value *value, const hn_node *node, const hn_graph *graph, int index) {
    for (size_t i = 0; i < value->uses.n; i++) {
        const hn_use *u = &value->uses.at[i];
        if (u->node != node || u->index != index || (!node && u->graph != graph)) continue;
        /* Order is kept, so that passes visit uses in the order in which they were made. */
        memmove(&value->uses.at[i], &value->uses.at[i + 1], (value->uses.n - i - 1) * sizeof *value->uses.at);
        value->uses.n--;
        return;
    }
}

bool hn_ir_has_uses(const hn_value *value) { return value && value->uses.n > 0; }

hn_node *hn_ir_single_user(const hn_value *value) {
    if (!value || value->uses.n != 1) return NULL;
    hn_node *node = value->uses.at[0].node;
    return node && node->graph == value->graph ? node : NULL;
}

/* ---- nodes ---- */

static void link_before(hn_graph *graph, hn_node *node, hn_node *before) {
    node->graph = graph;
    node->next = before;
    node->prev = before ? before->prev : graph->last;
    *(node->prev ? &node->prev->next : &graph->first) = node;
    *(before ? &before->prev : &graph->last) = node;
    graph->n_nodes++;
}

static void unlink_node(hn_node *node) {
    hn_graph *graph = node->graph;
    *(node->prev ? &node->prev->next : &graph->first) = node->next;
    *(node->next ? &node->next->prev : &graph->last) = node->prev;
    graph->n_nodes--;
}

static bool make_outputs(hn_node *node, int n_out) {
    hn_model *model = node->graph->model;
    node->out = HN_NEW_ARRAY(&model->arena, hn_value *, n_out);
    if (!node->out) return false;
    node->n_out = n_out;
    for (int i = 0; i < n_out; i++) {
        const char *hint = hn_arena_format(&model->arena, n_out > 1 ? "%s_out%d" : "%s_out", node->name, i);
        if (!hint || !(node->out[i] = new_value(node->graph, hint))) return false;
        node->out[i]->producer = node;
        node->out[i]->index = i;
    }
    return true;
}

hn_node *hn_ir_node(hn_graph *graph, hn_node *before, const hn_op *op, const char *name, hn_attrs attrs, int n_in,
                    hn_value *const *in, int n_out) {
    hn_model *model = graph->model;
    hn_node *node = HN_NEW(&model->arena, hn_node);
    if (!node || !(node->name = hn_ir_unique_name(model, name))) return NULL;
    node->id = ++model->next_id;
    node->op = op;
    node->attrs = attrs;
    node->graph = graph;
    node->n_in = n_in;
    node->in = HN_NEW_ARRAY(&model->arena, hn_value *, n_in);
    if (!node->in || !make_outputs(node, n_out)) return NULL;
    for (int i = 0; i < n_in; i++) {
        node->in[i] = in[i];
        if (in[i] && !add_use(in[i], node, graph, i)) return NULL;
    }
    link_before(graph, node, before);
    return node;
}

bool hn_ir_set_bodies(hn_node *node, hn_graph *const *body, int n) {
    node->body = hn_arena_copy(&node->graph->model->arena, body, (size_t)n * sizeof *body);
    if (!node->body) return false;
    node->n_body = n;
    for (int i = 0; i < n; i++) body[i]->owner = node;
    return true;
}

bool hn_ir_rename(hn_value *value, const char *name) {
    hn_model *model = value->graph->model;
    if (strcmp(value->name, name) == 0) return true;
    const char *unique = hn_ir_unique_name(model, name);
    if (!unique || !hn_map_put_text(&model->names, value->name, NULL)) return false; /* the old name is free again */
    value->name = unique;
    return true;
}

bool hn_ir_add_output(hn_graph *graph, hn_value *value) {
    return hn_vec_push(&graph->model->arena, &graph->outputs, value) &&
           add_use(value, NULL, graph, (int)graph->outputs.n - 1);
}

void hn_ir_remove_output(hn_graph *graph, int index) {
    drop_use(graph->outputs.at[index], NULL, graph, index);
    for (size_t i = (size_t)index + 1; i < graph->outputs.n; i++) {
        hn_value *value = graph->outputs.at[i];
        drop_use(value, NULL, graph, (int)i);
        graph->outputs.at[i - 1] = value;
        (void)add_use(value, NULL, graph, (int)i - 1);
    }
    graph->outputs.n--;
}

void hn_ir_set_output(hn_graph *graph, int index, hn_value *value) {
    drop_use(graph->outputs.at[index], NULL, graph, index);
    graph->outputs.at[index] = value;
    (void)add_use(value, NULL, graph, index); /* a failure is remembered in model->failed */
}

void hn_ir_set_input(hn_node *node, int index, hn_value *value) {
    if (node->in[index]) drop_use(node->in[index], node, node->graph, index);
    node->in[index] = value;
    if (value) (void)add_use(value, node, node->graph, index);
}

static bool is_main_output(const hn_value *value) {
    for (size_t i = 0; i < value->uses.n; i++)
        if (!value->uses.at[i].node && !value->uses.at[i].graph->owner) return true;
    return false;
}

void hn_ir_replace_uses(hn_value *value, hn_value *by) {
    if (value == by) return;
    if (is_main_output(value) && by->producer && !is_main_output(by)) {
        const char *name = value->name;
        value->name = by->name;
        by->name = name;
        by->origin = value->origin;
    }
    while (value->uses.n) {
        const hn_use use = value->uses.at[value->uses.n - 1];
        if (use.node) hn_ir_set_input(use.node, use.index, by);
        else hn_ir_set_output(use.graph, use.index, by);
    }
}

static void release_graph_uses(hn_graph *graph) {
    for (size_t i = 0; i < graph->outputs.n; i++) drop_use(graph->outputs.at[i], NULL, graph, (int)i);
    for (hn_node *n = graph->last; n; n = n->prev) {
        for (int i = 0; i < n->n_body; i++) release_graph_uses(n->body[i]);
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i]) drop_use(n->in[i], n, graph, i);
    }
}

void hn_ir_remove(hn_node *node) {
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i]) drop_use(node->in[i], node, node->graph, i);
    for (int i = 0; i < node->n_body; i++) release_graph_uses(node->body[i]);
    unlink_node(node);
}

void hn_ir_move_to(hn_node *node, hn_graph *graph, hn_node *before) {
    if (node == before) return;
    unlink_node(node);
    link_before(graph, node, before);
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i]) node->out[i]->graph = graph;
}

void hn_ir_move_before(hn_node *node, hn_node *before) {
    hn_ir_move_to(node, before ? before->graph : node->graph, before);
}

void hn_ir_drop_outputs(hn_graph *graph) {
    for (size_t i = 0; i < graph->outputs.n; i++) drop_use(graph->outputs.at[i], NULL, graph, (int)i);
    graph->outputs.n = 0;
}

static void adopt_constants(const hn_graph *within, const hn_graph *from, hn_graph *to) {
    for (size_t i = 0; i < within->outputs.n; i++)
        if (hn_ir_is_constant(within->outputs.at[i]) && within->outputs.at[i]->graph == from)
            within->outputs.at[i]->graph = to;
    for (const hn_node *n = within->first; n; n = n->next) {
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i] && hn_ir_is_constant(n->in[i]) && n->in[i]->graph == from) n->in[i]->graph = to;
        for (int i = 0; i < n->n_body; i++) adopt_constants(n->body[i], from, to);
    }
}

void hn_ir_splice(hn_graph *body, hn_graph *graph, hn_node *before) {
    adopt_constants(body, body, graph);
    while (body->first) hn_ir_move_to(body->first, graph, before);
}

int hn_ir_count_nodes(const hn_graph *graph) {
    int n = 0;
    for (const hn_node *node = graph->first; node; node = node->next) {
        n++;
        for (int i = 0; i < node->n_body; i++) n += hn_ir_count_nodes(node->body[i]);
    }
    return n;
}

/* ---- attributes ---- */

hn_attrs hn_ir_attrs_set(hn_model *model, hn_attrs attrs, hn_attr attr, bool *ok) {
    hn_attr *list = HN_NEW_ARRAY(&model->arena, hn_attr, attrs.n + 1);
    *ok = list != NULL;
    if (!list) return attrs;
    uint32_t n = 0, i = 0;
    while (i < attrs.n && strcmp(attrs.at[i].name, attr.name) < 0) list[n++] = attrs.at[i++];
    list[n++] = attr;
    if (i < attrs.n && strcmp(attrs.at[i].name, attr.name) == 0) i++;
    while (i < attrs.n) list[n++] = attrs.at[i++];
    return (hn_attrs){list, n};
}

hn_attr hn_attr_of_int(const char *name, int64_t value) {
    return (hn_attr){.name = name, .kind = HN_ATTR_INT, .i = value};
}

hn_attr hn_attr_of_ints(const char *name, const int64_t *value, int n) {
    return (hn_attr){.name = name, .kind = HN_ATTR_INTS, .n = (uint32_t)n, .ints = value};
}

hn_attr hn_attr_of_float(const char *name, float value) {
    return (hn_attr){.name = name, .kind = HN_ATTR_FLOAT, .f = value};
}
