/* What the file says about its outputs against what was inferred. Declarations are hints: the inferred one counts, and
 * a contradiction is said aloud. */
#include "frontend/onnx/onnx_import.h"

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

static hone_status compare(hn_onnx_import *import, hn_bytes bytes, size_t index, const hn_value *value) {
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
    HN_TRY(hn_onnx_warn(import, "the output '%s' is declared as %s, but is %s", value->name,
                        info_text(import, &declared), info_text(import, &value->info)));
    hn_diag_place(import->diag, first, value->name, "output", hn_onnx_format(import, "graph.output[%zu]", index));
    hn_diag_hint(import->diag, first, "the declaration in the file is ignored; correct it if other programs read it");
    return HONE_OK;
}

hone_status hn_onnx_compare_outputs(hn_onnx_import *import, const hn_pb_list *outputs) {
    const hn_graph *graph = import->model->main;
    for (size_t i = 0; i < outputs->n && i < graph->outputs.n; i++) {
        const hone_status status = compare(import, outputs->at[i], i, graph->outputs.at[i]);
        if (status == HONE_OUT_OF_MEMORY) return status;
    }
    return HONE_OK;
}
