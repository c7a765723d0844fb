/* A model as JSON: where it comes from, its inputs and outputs, its operators and nodes. */
#include <string.h>
#include "base/json.h"
#include "builder/model.h"
#include "builder/report.h"

/* ---- types and shapes ---- */

static void write_type(hn_json *json, const hn_type *type) {
    hn_str text;
    hn_str_init(&text, json->out->arena);
    hn_type_print(&text, type);
    hn_json_string(json, "dtype", hn_str_text(&text) ? hn_str_text(&text) : "?");
}

static void write_dim(hn_json *json, hn_dim dim, const hn_expr_pool *pool) {
    hn_str text;
    if (hn_dim_is_const(dim)) {
        hn_json_int(json, NULL, dim.value);
        return;
    }
    hn_str_init(&text, json->out->arena);
    hn_dim_print(&text, dim, pool);
    hn_json_string(json, NULL, hn_str_text(&text) ? hn_str_text(&text) : "?");
}

/* Numbers, expressions as text, "?" for what only running tells; null without a rank. */
static void write_shape(hn_json *json, const hn_shape *shape, const hn_expr_pool *pool) {
    if (shape->rank < 0) {
        hn_json_null(json, "shape");
        return;
    }
    hn_json_array(json, "shape", true);
    for (int i = 0; i < shape->rank; i++) write_dim(json, shape->dim[i], pool);
    hn_json_end_array(json);
}

static void write_value(hn_json *json, const hn_value *value, int64_t limit) {
    hn_json_object(json, NULL, true);
    hn_json_string(json, "name", value->name);
    write_type(json, value->info.type);
    write_shape(json, &value->info.shape, value->graph->model->exprs);
    if (limit > 0) hn_json_int(json, "index_limit", limit);
    hn_json_end_object(json);
}

static void write_values(hn_json *json, const char *key, hn_value *const *value, size_t n, bool limits) {
    hn_json_array(json, key, n == 0);
    for (size_t i = 0; i < n; i++)
        if (value[i]) write_value(json, value[i], limits ? hn_build_index_limit(value[i]) : 0);
    hn_json_end_array(json);
}

/* ---- nodes ---- */

static void write_node(hn_json *json, const hn_node *node) {
    hn_json_object(json, NULL, false);
    hn_json_string(json, "name", node->name);
    hn_json_string(json, "op", node->op->name);
    hn_json_array(json, "inputs", true);
    for (int i = 0; i < node->n_in; i++) {
        if (node->in[i]) hn_json_string(json, NULL, node->in[i]->name);
        else hn_json_null(json, NULL);
    }
    hn_json_end_array(json);
    write_values(json, "outputs", node->out, (size_t)node->n_out, false);
    if (node->graph->owner) hn_json_string(json, "inside", node->graph->owner->name);
    hn_json_end_object(json);
}

static void write_nodes(hn_json *json, const hn_graph *graph) {
    for (const hn_node *node = graph->first; node; node = node->next) {
        write_node(json, node);
        for (int i = 0; i < node->n_body; i++) write_nodes(json, node->body[i]);
    }
}

size_t hn_build_runs_count(const hn_model *model) { return HN_OP_COUNT + hn_plugins_count(model->plugins); }

size_t hn_build_runs_row(const hn_op *op) {
    return op->plugin ? HN_OP_COUNT + ((const hn_plugin_op *)op->plugin)->number : (size_t)op->id;
}

static const char *name_of_row(const hn_model *model, size_t row) {
    return row < HN_OP_COUNT ? hn_op_at((hn_op_id)row)->name
                             : hn_plugins_at(model->plugins, row - HN_OP_COUNT)->op.name;
}

static void count_operators(const hn_graph *graph, hn_op_runs *runs) {
    for (const hn_node *node = graph->first; node; node = node->next) {
        runs[hn_build_runs_row(node->op)].count++;
        for (int i = 0; i < node->n_body; i++) count_operators(node->body[i], runs);
    }
}

static void write_runs(hn_json *json, const hn_op_runs *r) {
    hn_json_int(json, "fast", r->fast);
    hn_json_int(json, "reference", r->reference);
    hn_json_int(json, "control", r->control);
    hn_json_int(json, "free", r->count - r->fast - r->reference - r->control);
}

/* Most frequent first; the reference on the CPU runs what has no kernel, so nothing is without a place. */
static void write_operators(hn_json *json, const hn_model *model, hn_op_runs *runs, bool chosen) {
    hn_json_array(json, "operators", false);
    for (;;) {
        size_t best = 0;
        for (size_t i = 1; i < hn_build_runs_count(model); i++)
            if (runs[i].count > runs[best].count) best = i;
        if (!runs[best].count) break;
        hn_json_object(json, NULL, true);
        hn_json_string(json, "op", name_of_row(model, best));
        hn_json_int(json, "count", runs[best].count);
        hn_json_string(json, "device", "cpu");
        if (chosen) write_runs(json, &runs[best]);
        hn_json_end_object(json);
        runs[best].count = 0;
    }
    hn_json_end_array(json);
}

/* ---- constants ---- */

typedef struct constants {
    hn_map seen;
    int64_t n, bytes;
} constants;

static bool add_constant(constants *c, const hn_value *value) {
    if (!value || !hn_ir_is_constant(value) || hn_map_get(&c->seen, &value->id, sizeof value->id)) return true;
    c->n++;
    c->bytes += (int64_t)hn_tensor_bytes(value->info.data);
    return hn_map_put(&c->seen, &value->id, sizeof value->id, c);
}

static bool add_constants(constants *c, const hn_graph *graph) {
    bool ok = true;
    for (const hn_node *node = graph->first; node && ok; node = node->next) {
        for (int i = 0; i < node->n_in && ok; i++) ok = add_constant(c, node->in[i]);
        for (int i = 0; i < node->n_body && ok; i++) ok = add_constants(c, node->body[i]);
    }
    for (size_t i = 0; i < graph->outputs.n && ok; i++) ok = add_constant(c, graph->outputs.at[i]);
    return ok;
}

static hone_status write_constants(hn_json *json, const hn_graph *graph) {
    constants c = {.n = 0};
    hn_map_init(&c.seen, json->out->arena);
    if (!add_constants(&c, graph)) return HONE_OUT_OF_MEMORY;
    hn_json_object(json, "constants", true);
    hn_json_int(json, "count", c.n);
    hn_json_int(json, "bytes", c.bytes);
    hn_json_end_object(json);
    return HONE_OK;
}

/* ---- the report ---- */

static void write_text(hn_json *json, const char *key, const char *value) {
    if (value && *value) hn_json_string(json, key, value);
}

static void write_provenance(hn_json *json, const hn_provenance *from) {
    write_text(json, "file", from->path);
    write_text(json, "graph", from->graph_name);
    write_text(json, "producer", from->producer);
    write_text(json, "producer_version", from->producer_version);
    hn_json_int(json, "ir_version", from->ir_version);
    hn_json_int(json, "opset", from->opset);
    hn_json_object(json, "metadata", from->keys.n == 0);
    for (size_t i = 0; i < from->keys.n; i++) hn_json_string(json, from->keys.at[i], from->values.at[i]);
    hn_json_end_object(json);
}

static hone_status write_model(hn_json *json, const hn_model *model) {
    const hn_graph *main = model->main;
    hn_json_string(json, "kind", "model");
    write_provenance(json, &model->provenance);
    write_values(json, "inputs", main->inputs.at, main->inputs.n, true);
    write_values(json, "outputs", main->outputs.at, main->outputs.n, false);
    HN_TRY(write_constants(json, main));
    hn_json_array(json, "nodes", main->n_nodes == 0);
    write_nodes(json, main);
    hn_json_end_array(json);
    return HONE_OK;
}

/* How the operators are run is known only when the model is no longer what it was, so it comes last. */
static hone_status write_report(hn_json *json, hn_model *model, hn_chooser *choose, void *user) {
    hn_op_runs *runs = HN_NEW_ARRAY(json->out->arena, hn_op_runs, hn_build_runs_count(model));
    HN_TRY_ALLOC(runs);
    hn_json_object(json, NULL, false);
    HN_TRY(write_model(json, model));
    count_operators(model->main, runs);
    if (choose) HN_TRY(choose(user, model, runs));
    write_operators(json, model, runs, choose != NULL);
    hn_json_end_object(json);
    hn_str_append(json->out, "\n", 1);
    return HONE_OK;
}

hone_status hn_build_report(const hone_model *model, hn_chooser *choose, void *user, char **json) {
    hn_arena arena;
    hn_arena_init(&arena, model->allocator);
    hn_str text;
    hn_str_init(&text, &arena);
    hn_json writer;
    hn_json_init(&writer, &text);
    hone_status status = write_report(&writer, model->model, choose, user);
    if (status == HONE_OK) status = hn_text_copy(hn_str_text(&text), json);
    hn_arena_free(&arena);
    return status;
}

hone_status hone_model_report(const hone_model *model, hone_messages *messages, char **json) {
    if (!json) return HONE_INVALID_ARGUMENT;
    *json = NULL;
    if (!model || !model->model) HN_FAIL(messages, HONE_INVALID_ARGUMENT, "the model is missing or was built already");
    return hn_build_report(model, NULL, NULL, json);
}
