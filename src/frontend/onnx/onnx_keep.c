/* Nodes that go back into a file as they came: operators that nobody knows, those of other domains that are read as
 * something else, and those of ONNX that this opset has in one node and the newest in several. */
#include "frontend/onnx/onnx_convert.h"
#include "frontend/onnx/onnx_write.h"

#include <string.h>

/* The operator is read as one of another domain. */
static bool moves(const hn_onnx_node *node, const hn_onnx_row *row) {
    return (*node->domain || strchr(row->op, '.')) && strcmp(row->op, node->key) != 0;
}

/* The opset of the file; the newest when any will do. */
static int64_t opset_of_file(const hn_onnx_node *node) {
    const int64_t opset = node->scope->import->model->file_opset;
    return opset ? opset : HN_ONNX_NEWEST;
}

/* What the operator is read as can be written in the opset of the file. */
static bool has_form(const hn_onnx_node *node) {
    int since;
    const char *op = hn_onnx_find_row(node->key, node->opset, &since)->op;
    return hn_onnx_find_row(op, opset_of_file(node), &since) || hn_onnx_find_export(op, opset_of_file(node));
}

/* Whether the file that is to be written has the operator in the form in which it was read. The Gradient names nodes
 * before it, which passes change. */
static bool may_stay(const hn_onnx_node *node) {
    int since;
    const hn_onnx_row *row = hn_onnx_find_row(node->key, node->opset, &since);
    if (!row || row->import == hn_onnx_gradient || (!row->import && !moves(node, row))) return false;
    if (*node->domain) return true;
    return row == hn_onnx_find_row(node->key, opset_of_file(node), &since);
}

static const hn_op *make_op(const hn_onnx_node *node) {
    hn_arena *arena = &node->scope->import->model->arena;
    hn_kept_op *own = HN_NEW(arena, hn_kept_op);
    const char *name = hn_arena_string(arena, node->key, strlen(node->key));
    if (!own || !name) return NULL;
    *own = (hn_kept_op){.op = *hn_op_at(HN_OP_kept), .opset = node->opset, .n_domain = strlen(node->domain)};
    own->op.name = name;
    own->op.min_in = (int8_t)(node->in.n < INT8_MAX ? node->in.n : INT8_MAX); /* none is left out when it is written */
    own->op.min_out = (int8_t)(node->n_out < INT8_MAX ? node->n_out : INT8_MAX);
    return &own->op;
}

/* The node bears the name of the file, whatever it was expanded into. */
static void take_name(hn_node *kept, const hn_graph *meaning, const char *name) {
    for (hn_node *node = meaning->first; node; node = node->next) {
        const char *own = node->name;
        if (strcmp(own, name) != 0) continue;
        node->name = kept->name;
        kept->name = own;
        return;
    }
}

static hone_status emit(hn_onnx_node *node) {
    node->attrs.n = 0;
    HN_TRY(hn_onnx_import_own_attributes(node));
    HN_TRY_ALLOC(node->op = make_op(node));
    return HONE_OK;
}

/* node->result holds what `meaning` makes. */
static hone_status keep(hn_onnx_node *node, hn_graph *meaning) {
    hn_value *const *result = node->result;
    node->bodies = (hn_onnx_graph_list){0};
    HN_TRY(emit(node));
    HN_TRY_ALLOC(hn_vec_push(&node->scope->import->scratch, &node->bodies, meaning));
    node->result = HN_NEW_ARRAY(&node->scope->import->scratch, hn_value *, node->n_out);
    HN_TRY_ALLOC(node->result);
    HN_TRY(hn_onnx_emit_self(node));
    take_name(node->result[0]->producer, meaning, node->name);
    for (int i = 0; i < node->n_out; i++) {
        hn_value *made = node->result[i];
        if (result[i]) {
            made->info = result[i]->info;
            made->info.data = NULL;
            HN_TRY_ALLOC(hn_ir_add_output(meaning, result[i]));
        } else {
            node->result[i] = made->producer->out[i] = NULL;
        }
    }
    return HONE_OK;
}

/* No more nodes than the file has: they stand for themselves. */
static void bring_home(const hn_onnx_node *node, hn_graph *meaning) {
    hn_ir_splice(meaning, node->scope->graph, NULL);
    for (int i = 0; i < node->n_out; i++)
        if (node->result[i] && node->result[i]->graph == meaning) node->result[i]->graph = node->scope->graph;
}

/* Behind an operator that nobody knows the types may be missing that an expansion asks for: what the node means then is
 * not known either. */
static hone_status give_up(hn_onnx_node *node, hn_graph *meaning, size_t first) {
    while (meaning->last) hn_ir_remove(meaning->last);
    hn_diag_rewind(node->scope->import->diag, first);
    for (int i = 0; i < node->n_out; i++) node->result[i] = NULL;
    node->bodies = (hn_onnx_graph_list){0};
    return hn_onnx_keep_unknown(node);
}

hone_status hn_onnx_build_or_keep(hn_onnx_node *node) {
    hn_onnx_scope *scope = node->scope;
    hn_onnx_value_list in = {0};
    if (!may_stay(node) || !node->n_out) return hn_onnx_build_node(node);
    for (size_t i = 0; i < node->in.n; i++) HN_TRY_ALLOC(hn_vec_push(&scope->import->scratch, &in, node->in.at[i]));
    const size_t first = hn_onnx_mark(scope->import);
    int before = 1; /* what the node's own bodies hold may stand inside of the one that it becomes */
    for (size_t i = 0; i < node->bodies.n; i++) before += hn_ir_count_nodes(node->bodies.at[i]);
    hn_graph *home = scope->graph, *meaning = hn_ir_graph(scope->import->model, node->name);
    HN_TRY_ALLOC(meaning);
    scope->graph = meaning;
    scope->around = home;
    const hone_status status = hn_onnx_build_node(node);
    scope->graph = home;
    scope->around = NULL;
    if (status != HONE_OK && status != HONE_OUT_OF_MEMORY && scope->import->model->opaque) {
        node->in = in;
        return give_up(node, meaning, first);
    }
    HN_TRY(status);
    if (!*node->domain && !strchr(node->op->name, '.') && has_form(node) && hn_ir_count_nodes(meaning) <= before) {
        bring_home(node, meaning);
        return HONE_OK;
    }
    node->in = in;
    return keep(node, meaning);
}

hone_status hn_onnx_keep_unknown(hn_onnx_node *node) {
    node->scope->import->model->opaque = true;
    HN_TRY(emit(node));
    return hn_onnx_emit_self(node);
}
