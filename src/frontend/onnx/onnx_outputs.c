/* What the file says about its outputs and inner values against what was inferred. Declarations are hints: the inferred
 * one counts, and a contradiction is said aloud. */
#include "frontend/onnx/onnx_import.h"

#define MOST_VALUES 10 /* contradictions about inner values that are told */

static bool types_differ(const hn_type *a, const hn_type *b) { return a && b && !hn_type_same(a, b); }

static bool shapes_differ(const hn_shape *a, const hn_shape *b) {
    if (a->rank < 0 || b->rank < 0) return false;
    if (a->rank != b->rank) return true;
    for (int i = 0; i < a->rank; i++)
        if (hn_dim_is_const(a->dim[i]) && hn_dim_is_const(b->dim[i]) && a->dim[i].value != b->dim[i].value) return true;
    return false;
}

static const char *info_text(hn_onnx_import *import, const hn_info *info) {
    hn_str text;
    hn_str_init(&text, &import->scratch);
    hn_info_print(&text, info, import->model->exprs);
    const char *shown = hn_str_text(&text);
    return shown ? shown : "?";
}

/* `what` is "output" or "value_info", the field of the graph. *differs: a warning was given. */
static hone_status compare(hn_onnx_import *import, hn_bytes bytes, const char *what, size_t index,
                           const hn_value *value, bool *differs) {
    hn_onnx_value_info_proto info;
    hn_info declared = {0};
    hn_diag *diag = import->diag;
    const hn_pb quiet = {import->source.pb.base, import->source.pb.arena, NULL};
    HN_TRY(hn_onnx_read_value_info(&quiet, bytes, &info));
    import->diag = import->source.pb.diag = NULL; /* a declaration that cannot be read is no fault */
    const hone_status status = hn_onnx_import_type(import, info.type, NULL, &declared.type, &declared.shape);
    import->diag = import->source.pb.diag = diag;
    HN_TRY(status);
    if (!types_differ(declared.type, value->info.type) && !shapes_differ(&declared.shape, &value->info.shape))
        return HONE_OK;
    const size_t first = hn_onnx_mark(import);
    *differs = true;
    HN_TRY(hn_onnx_warn(import, "the %s '%s' is declared as %s, but is %s", *what == 'o' ? "output" : "value",
                        value->name, info_text(import, &declared), info_text(import, &value->info)));
    hn_diag_place(import->diag, first, value->name, what, hn_onnx_format(import, "graph.%s[%zu]", what, index));
    hn_diag_hint(import->diag, first, "the declaration in the file is ignored; correct it if other programs read it");
    return HONE_OK;
}

static hone_status compare_outputs(hn_onnx_import *import, const hn_pb_list *outputs) {
    const hn_graph *graph = import->model->main;
    bool differs = false;
    for (size_t i = 0; i < outputs->n && i < graph->outputs.n; i++) {
        const hone_status status = compare(import, outputs->at[i], "output", i, graph->outputs.at[i], &differs);
        if (status == HONE_OUT_OF_MEMORY) return status;
    }
    return HONE_OK;
}

/* What the nodes of the main graph make, by name. Outputs of the graph are compared as such. */
static hone_status find_made(const hn_onnx_import *import, hn_map *made) {
    for (const hn_node *node = import->model->main->first; node; node = node->next)
        for (int i = 0; i < node->n_out; i++) {
            hn_value *value = node->out[i];
            bool output = false;
            for (size_t k = 0; value && k < value->uses.n; k++) output = output || !value->uses.at[k].node;
            if (value && !output) HN_TRY_ALLOC(hn_map_put_text(made, value->name, value));
        }
    return HONE_OK;
}

/* One wrong declaration is seldom alone: some are enough. */
static hone_status compare_values(hn_onnx_import *import, const hn_pb_list *list) {
    const hn_pb quiet = {import->source.pb.base, import->source.pb.arena, NULL};
    hn_map made;
    hn_map_init(&made, &import->scratch);
    if (list->n) HN_TRY(find_made(import, &made));
    int found = 0;
    for (size_t i = 0; i < list->n && found < MOST_VALUES; i++) {
        hn_onnx_value_info_proto info;
        bool differs = false;
        hone_status status = hn_onnx_read_value_info(&quiet, list->at[i], &info);
        const hn_value *value =
            status == HONE_OK && info.name.n ? hn_map_get(&made, info.name.data, info.name.n) : NULL;
        if (value) status = compare(import, list->at[i], "value_info", i, value, &differs);
        if (status == HONE_OUT_OF_MEMORY) return status;
        found += differs;
    }
    return HONE_OK;
}

/* ---- behind operators that nobody knows ---- */

static hone_status take_list(hn_onnx_import *import, const hn_map *made, const hn_pb_list *list) {
    for (size_t i = 0; i < list->n; i++) {
        hn_onnx_value_info_proto info;
        HN_TRY(hn_onnx_read_value_info(&import->source.pb, list->at[i], &info));
        hn_value *value = info.name.n ? hn_map_get(made, info.name.data, info.name.n) : NULL;
        if (!value || value->info.type || !info.type.data) continue;
        HN_TRY(hn_onnx_import_type(import, info.type, NULL, &value->info.type, &value->info.shape));
    }
    return HONE_OK;
}

hone_status hn_onnx_take_declared(hn_onnx_import *import, const hn_onnx_graph_proto *graph) {
    hn_map made;
    hn_map_init(&made, &import->scratch);
    for (const hn_node *node = import->model->main->first; node; node = node->next)
        for (int i = 0; i < node->n_out; i++)
            if (node->out[i]) HN_TRY_ALLOC(hn_map_put_text(&made, node->out[i]->name, node->out[i]));
    HN_TRY(take_list(import, &made, &graph->output));
    return take_list(import, &made, &graph->value_info);
}

hone_status hn_onnx_compare_declared(hn_onnx_import *import, const hn_onnx_graph_proto *graph) {
    HN_TRY(compare_outputs(import, &graph->output));
    return compare_values(import, &graph->value_info);
}
