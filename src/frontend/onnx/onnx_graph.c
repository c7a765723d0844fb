/* GraphProto: initializers become constants, then inputs, nodes and outputs in the order of the file. */
#include "frontend/onnx/onnx_import.h"

#include <string.h>

/* Reports where the messages since `first` come from, and notes the fault. */
static hone_status note_at(hn_onnx_scope *scope, size_t first, hone_status status, hn_bytes name, const char *what,
                           const char *field, size_t index, hn_bytes bytes) {
    hn_onnx_import *import = scope->import;
    if (hn_onnx_mark(import) > first) {
        const char *where = hn_onnx_place(scope, field, index, bytes);
        hn_diag_place(import->diag, first, hn_onnx_shown(import, name), what, where);
    }
    return hn_onnx_note(import, status);
}

static void hint_tensor(hn_onnx_import *import, size_t first, hone_status status) {
    hn_diag_hint(import->diag, first,
                 status == HONE_UNSUPPORTED ? "export the model without this kind of tensor"
                                            : "the file is damaged or was written wrongly: export the model again");
}

static const char by_initializers[] = "the initializers", by_inputs[] = "the graph inputs";

static bool is_body(const hn_onnx_scope *scope) { return scope->caller != NULL; }

/* ---- initializers ---- */

static hone_status define_constant(hn_onnx_scope *scope, hn_bytes name, const hn_tensor *tensor) {
    if (!name.n) HN_FAIL(scope->import->diag, HONE_INVALID_MODEL, "the initializer has no name");
    const char *ir_name = hn_onnx_value_name(scope, name);
    HN_TRY_ALLOC(ir_name);
    if (hn_map_get(&scope->names, name.data, name.n))
        return hn_onnx_define(scope, name, HN_ONNX_VALUE, NULL, "another initializer");
    hn_value *value = hn_ir_constant(scope->graph, ir_name, tensor);
    HN_TRY_ALLOC(value);
    return hn_onnx_define(scope, name, HN_ONNX_VALUE, value, by_initializers);
}

/* After a fault the name stands, so that its users stay silent. */
static hone_status define_faulty(hn_onnx_scope *scope, hn_bytes name, const char *maker) {
    if (!name.n || hn_map_get(&scope->names, name.data, name.n)) return HONE_OK;
    return hn_onnx_define(scope, name, HN_ONNX_FAULTY, NULL, maker);
}

static hone_status import_initializer(hn_onnx_scope *scope, hn_bytes bytes, hn_bytes *name) {
    const hn_onnx_source *source = &scope->import->source;
    hn_onnx_tensor_proto proto;
    hn_tensor tensor;
    HN_TRY(hn_onnx_read_tensor(&source->pb, bytes, &proto));
    *name = proto.name;
    HN_TRY(hn_onnx_decode_tensor(source, &proto, &tensor));
    return define_constant(scope, *name, &tensor);
}

static hone_status import_sparse(hn_onnx_scope *scope, hn_bytes bytes, hn_bytes *name) {
    hn_tensor tensor;
    HN_TRY(hn_onnx_decode_sparse(&scope->import->source, bytes, name, &tensor));
    return define_constant(scope, *name, &tensor);
}

static hone_status import_initializers(hn_onnx_scope *scope, const hn_pb_list *list, const char *field,
                                       hone_status (*one)(hn_onnx_scope *, hn_bytes, hn_bytes *)) {
    for (size_t i = 0; i < list->n; i++) {
        const size_t first = hn_onnx_mark(scope->import);
        hn_bytes name = {NULL, 0};
        const hone_status status = one(scope, list->at[i], &name);
        if (status == HONE_OK) continue;
        if (status != HONE_OUT_OF_MEMORY) HN_TRY(define_faulty(scope, name, by_initializers));
        hint_tensor(scope->import, first, status);
        HN_TRY(note_at(scope, first, status, name, field, field, i, list->at[i]));
    }
    return HONE_OK;
}

/* ---- inputs ---- */

static hone_status missing_type(hn_onnx_scope *scope) {
    hn_diag *diag = scope->import->diag;
    const size_t first = hn_onnx_mark(scope->import);
    hn_diag_add(diag, HONE_ERROR, HONE_INVALID_MODEL, "the input declares no type");
    hn_diag_hint(diag, first, "declare its element type and shape in the model (graph.input)");
    return HONE_INVALID_MODEL;
}

/* Inputs of bodies take their shapes from what flows into them: a declared shape may hold for the first round only. */
static hone_status import_input(hn_onnx_scope *scope, hn_bytes bytes, hn_bytes *name) {
    hn_onnx_import *import = scope->import;
    hn_onnx_value_info_proto info;
    const hn_type *type = NULL;
    hn_shape shape = hn_shape_unknown();
    HN_TRY(hn_onnx_read_value_info(&import->source.pb, bytes, &info));
    *name = info.name;
    if (!name->n) HN_FAIL(import->diag, HONE_INVALID_MODEL, "the input has no name");
    const hn_onnx_name *known = hn_map_get(&scope->names, name->data, name->n);
    if (known && known->maker == by_initializers && !is_body(scope)) return HONE_OK; /* its value is fixed here */
    const char *ir_name = hn_onnx_value_name(scope, *name);
    HN_TRY_ALLOC(ir_name);
    if (info.type.data) HN_TRY(hn_onnx_import_type(import, info.type, is_body(scope) ? NULL : ir_name, &type, &shape));
    if (!type && !is_body(scope)) return missing_type(scope);
    if (known) return hn_onnx_define(scope, *name, HN_ONNX_VALUE, NULL, "another graph input");
    hn_value *value = hn_ir_input(scope->graph, ir_name, type, is_body(scope) ? NULL : &shape);
    HN_TRY_ALLOC(value);
    return hn_onnx_define(scope, *name, HN_ONNX_VALUE, value, by_inputs);
}

static hone_status import_inputs(hn_onnx_scope *scope, const hn_pb_list *list) {
    for (size_t i = 0; i < list->n; i++) {
        const size_t first = hn_onnx_mark(scope->import);
        hn_bytes name = {NULL, 0};
        const hone_status status = import_input(scope, list->at[i], &name);
        if (status == HONE_OK) continue;
        if (status != HONE_OUT_OF_MEMORY) HN_TRY(define_faulty(scope, name, by_inputs));
        hn_diag_hint(scope->import->diag, first, "correct the declaration of the input, or export the model again");
        HN_TRY(note_at(scope, first, status, name, "input", "input", i, list->at[i]));
    }
    return HONE_OK;
}

/* ---- nodes ---- */

static hone_status count_inlined(hn_onnx_import *import) {
    if (++import->inlined <= HN_ONNX_MAX_INLINED) return HONE_OK;
    const size_t first = hn_onnx_mark(import);
    import->stop = true;
    hn_diag_add(import->diag, HONE_ERROR, HONE_UNSUPPORTED, "the calls of functions become more than %u nodes",
                HN_ONNX_MAX_INLINED);
    hn_diag_hint(import->diag, first, "functions that call one another multiply: inline them when exporting");
    return HONE_UNSUPPORTED;
}

hone_status hn_onnx_import_nodes(hn_onnx_scope *scope, const hn_pb_list *nodes) {
    hn_pb_list sorted;
    if (scope->import->sort) {
        HN_TRY(hn_onnx_sort_nodes(scope, nodes, &sorted));
        nodes = &sorted;
    }
    scope->nodes = nodes;
    for (size_t i = 0; i < nodes->n; i++) {
        if (scope->function) HN_TRY(count_inlined(scope->import));
        HN_TRY(hn_onnx_import_node(scope, nodes->at[i], i));
    }
    return HONE_OK;
}

/* ---- outputs ---- */

/* A body gives back its own values: what it takes from outside passes through a node. */
static hone_status own_value(hn_onnx_scope *scope, hn_value **value) {
    if ((*value)->graph == scope->graph) return HONE_OK;
    const char *name = hn_onnx_node_name(scope, hn_onnx_format(scope->import, "%s_captured", (*value)->name));
    HN_TRY_ALLOC(name);
    hn_node *node = hn_ir_node(scope->graph, NULL, hn_op_at(HN_OP_identity), name, (hn_attrs){NULL, 0}, 1, value, 1);
    HN_TRY_ALLOC(node);
    *value = node->out[0];
    return HONE_OK;
}

static hone_status missing_output(hn_onnx_scope *scope, hn_bytes name) {
    hn_onnx_import *import = scope->import;
    const char *shown = hn_onnx_shown(import, name), *best = NULL;
    int distance = 0;
    const size_t first = hn_onnx_mark(import);
    for (size_t i = 0; i < scope->names.n; i++) hn_onnx_suggest(shown, scope->names.entry[i].key, &best, &distance);
    hn_diag_add(import->diag, HONE_ERROR, HONE_INVALID_MODEL, "no node makes the graph output '%s'", shown);
    if (best) hn_diag_hint(import->diag, first, "did you mean '%s'?", best);
    hn_diag_hint(import->diag, first, "remove the output from the model, or add the node that makes it");
    return HONE_INVALID_MODEL;
}

static hone_status import_output(hn_onnx_scope *scope, hn_bytes bytes, hn_bytes *name) {
    hn_onnx_import *import = scope->import;
    hn_onnx_value_info_proto info;
    HN_TRY(hn_onnx_read_value_info(&import->source.pb, bytes, &info));
    *name = info.name;
    hn_onnx_name *known = name->n ? hn_onnx_lookup(scope, *name) : NULL;
    if (!known) return scope->lost ? HONE_OK : missing_output(scope, *name);
    if (known->state == HN_ONNX_FAULTY) return HONE_OK; /* its fault has been reported */
    hn_value *value = known->value;
    known->read = true;
    if (!value) return missing_output(scope, *name);
    HN_TRY(own_value(scope, &value));
    if (!is_body(scope) && known->listed)
        HN_FAIL(import->diag, HONE_INVALID_MODEL, "the graph output '%s' is listed twice",
                hn_onnx_shown(import, *name));
    known->listed = true;
    HN_TRY_ALLOC(hn_ir_add_output(scope->graph, value));
    return HONE_OK;
}

static hone_status import_outputs(hn_onnx_scope *scope, const hn_pb_list *list) {
    for (size_t i = 0; i < list->n; i++) {
        const size_t first = hn_onnx_mark(scope->import);
        hn_bytes name = {NULL, 0};
        const hone_status status = import_output(scope, list->at[i], &name);
        if (status == HONE_OK) continue;
        hn_diag_hint(scope->import->diag, first, "correct the list of outputs in the model (graph.output)");
        HN_TRY(note_at(scope, first, status, name, "output", "output", i, list->at[i]));
    }
    return HONE_OK;
}

/* Initializers that no node and no output names: harmless, but worth a word to who checks the model. */
static hone_status note_unread(const hn_onnx_scope *scope) {
    hn_model *model = scope->import->model;
    for (size_t i = 0; i < scope->names.n; i++) {
        const hn_onnx_name *name = scope->names.entry[i].value;
        if (name->maker != by_initializers || name->read || !name->value) continue;
        HN_TRY_ALLOC(hn_vec_push(&model->arena, &model->unread, name->value));
    }
    return HONE_OK;
}

hone_status hn_onnx_import_graph(hn_onnx_scope *scope, const hn_onnx_graph_proto *proto) {
    scope->graph->proto = proto->head.bytes;
    HN_TRY(import_initializers(scope, &proto->initializer, "initializer", import_initializer));
    HN_TRY(import_initializers(scope, &proto->sparse_initializer, "sparse_initializer", import_sparse));
    HN_TRY(import_inputs(scope, &proto->input));
    HN_TRY(hn_onnx_import_nodes(scope, &proto->node));
    HN_TRY(import_outputs(scope, &proto->output));
    return note_unread(scope);
}
