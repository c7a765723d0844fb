/* Entry points: the file, ModelProto, opsets, provenance; inference when everything has been read. */
#include <string.h>
#include "frontend/onnx/onnx.h"
#include "frontend/onnx/onnx_import.h"

#define NEWEST_IR_VERSION 14

/* ---- opsets ---- */

static hone_status check_opset(hn_onnx_import *import, const hn_onnx_opset *opset) {
    if (*opset->domain || (opset->version >= HN_ONNX_OLDEST && opset->version <= HN_ONNX_NEWEST)) return HONE_OK;
    const size_t first = hn_onnx_mark(import);
    hn_diag_add(import->diag, HONE_ERROR, HONE_UNSUPPORTED, "opset %lld of ai.onnx is not supported; %d to %d are",
                (long long)opset->version, HN_ONNX_OLDEST, HN_ONNX_NEWEST);
    if (opset->version < HN_ONNX_OLDEST)
        hn_diag_hint(import->diag, first,
                     "export again with opset 17, or convert the file with onnx.version_converter");
    else hn_diag_hint(import->diag, first, "export with opset %d, or look for a newer Hone", HN_ONNX_NEWEST);
    return HONE_UNSUPPORTED;
}

hone_status hn_onnx_read_opsets(hn_onnx_import *import, const hn_pb_list *list, hn_onnx_opsets *out) {
    for (size_t i = 0; i < list->n; i++) {
        hn_onnx_opset_proto proto;
        hn_onnx_opset opset;
        HN_TRY(hn_onnx_read_opset(&import->source.pb, list->at[i], &proto));
        HN_TRY(hn_onnx_text(import, proto.domain, &opset.domain));
        if (strcmp(opset.domain, "ai.onnx") == 0) opset.domain = "";
        opset.version = proto.version;
        const int64_t known = hn_onnx_opset_of(out, opset.domain);
        if (known && known != opset.version)
            HN_FAIL(import->diag, HONE_INVALID_MODEL,
                    "opset_import names the domain '%s' twice, with versions %lld and %lld",
                    *opset.domain ? opset.domain : "ai.onnx", (long long)known, (long long)opset.version);
        HN_TRY(check_opset(import, &opset));
        if (!known) HN_TRY_ALLOC(hn_vec_push(&import->scratch, out, opset));
    }
    return HONE_OK;
}

/* ---- provenance ---- */

static hone_status keep_text(hn_onnx_import *import, hn_bytes text, const char **out) {
    *out = hn_arena_string(&import->model->arena, text.data, text.n);
    return *out ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status read_metadata(hn_onnx_import *import, const hn_pb_list *list) {
    hn_provenance *p = &import->model->provenance;
    for (size_t i = 0; i < list->n; i++) {
        hn_onnx_pair_proto pair;
        const char *key, *value;
        HN_TRY(hn_onnx_read_pair(&import->source.pb, list->at[i], &pair));
        HN_TRY(keep_text(import, pair.key, &key));
        HN_TRY(keep_text(import, pair.value, &value));
        HN_TRY_ALLOC(hn_vec_push(&import->model->arena, &p->keys, key));
        HN_TRY_ALLOC(hn_vec_push(&import->model->arena, &p->values, value));
    }
    return HONE_OK;
}

static hone_status read_provenance(hn_onnx_import *import, const hn_onnx_model_proto *model,
                                   const hn_onnx_graph_proto *graph, const hn_onnx_opsets *opsets) {
    hn_provenance *p = &import->model->provenance;
    HN_TRY(keep_text(import, model->producer_name, &p->producer));
    HN_TRY(keep_text(import, model->producer_version, &p->producer_version));
    HN_TRY(keep_text(import, model->domain, &p->domain));
    HN_TRY(keep_text(import, model->doc_string, &p->doc));
    HN_TRY(keep_text(import, graph->name, &p->graph_name));
    HN_TRY(keep_text(import, graph->doc_string, &p->graph_doc));
    p->ir_version = model->ir_version;
    p->model_version = model->model_version;
    p->opset = hn_onnx_opset_of(opsets, "");
    for (size_t i = 0; i < opsets->n; i++) {
        const char *domain;
        HN_TRY(keep_text(import, (hn_bytes){opsets->at[i].domain, strlen(opsets->at[i].domain)}, &domain));
        HN_TRY_ALLOC(hn_vec_push(&import->model->arena, &p->domains, domain));
        HN_TRY_ALLOC(hn_vec_push(&import->model->arena, &p->versions, opsets->at[i].version));
    }
    return read_metadata(import, &model->metadata);
}

/* ---- what is no ONNX file ---- */

static bool starts_with(hn_bytes file, const char *text, size_t n) {
    return file.n >= n && !memcmp(file.data, text, n);
}

static hone_status recognize(hn_bytes file, hn_diag *diag) {
    static const struct {
        const char *start;
        size_t n;
        const char *what, *hint;
    } known[] = {
        {"version https://git-lfs", 23, "a Git LFS pointer, not the model itself",
         "fetch the file with `git lfs pull`"},
        {"PK\3\4", 4, "a zip archive (PyTorch saves such files)", "export the network with torch.onnx.export"},
        {"\x1f\x8b", 2, "compressed with gzip", "unpack it first"},
        {"\x89HDF\r\n", 6, "an HDF5 file (Keras saves such files)", "convert it with tf2onnx"},
        {"<!DOCTYPE", 9, "a web page: the download went wrong", "download the model again"},
        {"<html", 5, "a web page: the download went wrong", "download the model again"},
    };
    const size_t first = diag ? diag->n : 0;
    if (!file.n) {
        hn_diag_add(diag, HONE_ERROR, HONE_MALFORMED, "the file is empty");
        hn_diag_hint(diag, first, "check the path, and whether the export or download ended well");
        return HONE_MALFORMED;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!starts_with(file, known[i].start, known[i].n)) continue;
        hn_diag_add(diag, HONE_ERROR, HONE_MALFORMED, "this is no ONNX model: it is %s", known[i].what);
        hn_diag_hint(diag, first, "%s", known[i].hint);
        return HONE_MALFORMED;
    }
    return HONE_OK;
}

/* ---- the model ---- */

static hone_status no_graph(hn_onnx_import *import) {
    const size_t first = hn_onnx_mark(import);
    hn_diag_add(import->diag, HONE_ERROR, HONE_MALFORMED,
                "the file holds no graph: it is no ONNX model, or it is truncated");
    hn_diag_hint(import->diag, first, "check the path, and whether the export or download ended well");
    return HONE_MALFORMED;
}

/* Output names of nodes, so that no other value takes them. */
static hone_status reserve_names(hn_onnx_import *import, const hn_pb_list *nodes) {
    const hn_pb quiet = {import->source.pb.base, import->source.pb.arena, NULL};
    for (size_t i = 0; i < nodes->n; i++) {
        hn_onnx_node_proto node;
        const hone_status status = hn_onnx_read_node(&quiet, nodes->at[i], &node);
        if (status == HONE_OUT_OF_MEMORY) return status;
        for (size_t k = 0; status == HONE_OK && k < node.output.n; k++)
            HN_TRY_ALLOC(hn_map_put(&import->reserved, node.output.at[k].data, node.output.at[k].n, import));
    }
    return HONE_OK;
}

/* What the file says about inputs and outputs beyond what is computed. */
static hone_status keep_declared(hn_onnx_import *import, const hn_pb_list *list) {
    hn_model *model = import->model;
    for (size_t i = 0; i < list->n; i++) {
        hn_onnx_value_info_proto info;
        HN_TRY(hn_onnx_read_value_info(&import->source.pb, list->at[i], &info));
        hn_bytes *own = hn_arena_copy(&model->arena, &list->at[i], sizeof list->at[i]);
        HN_TRY_ALLOC(own);
        if (info.name.n) HN_TRY_ALLOC(hn_map_put(&model->declared, info.name.data, info.name.n, own));
    }
    return HONE_OK;
}

static hone_status import_main(hn_onnx_import *import, const hn_onnx_graph_proto *graph, const hn_onnx_opsets *opsets) {
    hn_onnx_scope scope;
    hn_onnx_scope_init(&scope, import, import->model->main);
    scope.opsets = opsets;
    HN_TRY(hn_onnx_name_symbols(import, &graph->input));
    HN_TRY(reserve_names(import, &graph->node));
    HN_TRY(hn_onnx_import_graph(&scope, graph));
    if (import->model->opaque) HN_TRY(hn_onnx_take_declared(import, graph));
    if (import->model->for_file) {
        HN_TRY(keep_declared(import, &graph->input));
        HN_TRY(keep_declared(import, &graph->output));
    }
    if (graph->output.n) return HONE_OK;
    const size_t first = hn_onnx_mark(import);
    hn_diag_add(import->diag, HONE_ERROR, HONE_INVALID_MODEL,
                "the graph has no outputs, so there is nothing to compute");
    hn_diag_place(import->diag, first, NULL, NULL, "graph.output");
    hn_diag_hint(import->diag, first, "name the outputs when exporting");
    return hn_onnx_note(import, HONE_INVALID_MODEL);
}

static hone_status warn_about(hn_onnx_import *import, const hn_onnx_model_proto *model) {
    const size_t first = hn_onnx_mark(import);
    if (model->ir_version > NEWEST_IR_VERSION)
        HN_TRY(hn_onnx_warn(import, "the file has IR version %lld, newer than the known %d: new fields are ignored",
                            (long long)model->ir_version, NEWEST_IR_VERSION));
    if (model->training.n) HN_TRY(hn_onnx_warn(import, "the model's training information is ignored"));
    hn_diag_hint(import->diag, first, "look for a newer Hone if the model needs them");
    return HONE_OK;
}

/* The opset that the file will have; 0: any. */
static int64_t opset_of_file(const hn_model *model) {
    const int64_t own = model->provenance.opset;
    if (model->file_opset) return model->file_opset < 0 ? 0 : model->file_opset;
    return own > 0 && own < HN_ONNX_OLDEST_WRITTEN ? HN_ONNX_OLDEST_WRITTEN : own;
}

static hone_status import_model(hn_onnx_import *import, hn_bytes file, hn_onnx_graph_proto *graph) {
    hn_onnx_model_proto model;
    hn_onnx_opsets opsets = {0};
    HN_TRY(recognize(file, import->diag));
    size_t first = hn_onnx_mark(import);
    hone_status status = hn_onnx_read_model(&import->source.pb, file, &model);
    if (status == HONE_OK && model.graph.data) status = hn_onnx_read_graph(&import->source.pb, model.graph, graph);
    hn_diag_hint(import->diag, first,
                 "the file (%zu bytes) is truncated, damaged or no ONNX model: fetch or export it again", file.n);
    HN_TRY(status);
    if (!model.graph.data) return no_graph(import);
    first = hn_onnx_mark(import);
    status = hn_onnx_read_opsets(import, &model.opset_import, &opsets);
    hn_diag_place(import->diag, first, NULL, NULL, "opset_import");
    hn_diag_hint(import->diag, first, "correct the opset_import of the model, or export again");
    HN_TRY(status);
    HN_TRY(warn_about(import, &model));
    HN_TRY(read_provenance(import, &model, graph, &opsets));
    if (import->model->for_file) {
        import->model->file_opset = opset_of_file(import->model);
        import->model->proto = file;
    }
    HN_TRY(hn_onnx_read_functions(import, &model.functions));
    return import_main(import, graph, &opsets);
}

/* ---- entry ---- */

static bool keep_file(void *owner, hn_map_file file) {
    hn_model *model = owner;
    return hn_vec_push(&model->arena, &model->files, file);
}

static void import_init(hn_onnx_import *import, hn_model *model, hn_bytes file, const char *folder, hn_diag *diag) {
    *import = (hn_onnx_import){.model = model, .diag = diag};
    hn_arena_init(&import->scratch, model->arena.allocator);
    hn_map *const maps[] = {&import->functions, &import->unknown, &import->warned,
                            &import->reserved,  &import->symbols, &import->files.opened};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) hn_map_init(maps[i], &import->scratch);
    import->files.folder = folder;
    import->files.keep = keep_file;
    import->files.owner = model;
    import->source =
        (hn_onnx_source){{(const uint8_t *)file.data, &import->scratch, diag}, &model->arena, &import->files};
}

/* Unknown operators are told last: the faults before them may come from the same cause. */
static hone_status import_and_infer(hn_onnx_import *import, hn_bytes file) {
    hn_onnx_graph_proto graph;
    hn_model *model = import->model;
    const hone_status status = import_model(import, file, &graph);
    if (status == HONE_OUT_OF_MEMORY) return status;
    const hone_status noted = hn_onnx_report_unknown(import);
    if (noted != HONE_OK || status != HONE_OK) return noted != HONE_OK ? noted : status;
    if (model->failed) return HONE_OUT_OF_MEMORY;
    HN_TRY(hn_ir_infer(model, import->diag));
    return hn_onnx_compare_declared(import, &graph);
}

/* `unsorted`: in: take the nodes in the order of execution; out: the file has them in another order. */
static hone_status load_into(hn_model *model, hn_bytes file, const char *folder, bool *unsorted, hn_diag *diag) {
    hn_onnx_import import;
    import_init(&import, model, file, folder, diag);
    import.sort = *unsorted;
    const hone_status status = import_and_infer(&import, file);
    *unsorted = import.unsorted;
    hn_arena_free(&import.scratch);
    return status;
}

hone_status hn_onnx_load_memory(const void *bytes, size_t n, const char *folder, const hone_allocator *allocator,
                                hn_model **out, hn_diag *diag) {
    hn_model *model;
    *out = NULL;
    HN_TRY(hn_model_create(allocator, &model));
    bool unsorted = false;
    const hone_status status = load_into(model, (hn_bytes){bytes, n}, folder, &unsorted, diag);
    if (status == HONE_OK) *out = model;
    else hn_model_destroy(&model);
    return status;
}

static hone_status load_file(hn_model *model, const char *path, bool *unsorted, hn_diag *diag) {
    hn_map_file file;
    HN_TRY(hn_file_map(path, &file, diag));
    if (file.data && !keep_file(model, file)) {
        hn_file_unmap(&file);
        return HONE_OUT_OF_MEMORY;
    }
    model->provenance.path = hn_arena_string(&model->arena, path, strlen(path));
    const char *folder = hn_file_folder(&model->arena, path);
    if (!model->provenance.path || !folder) return HONE_OUT_OF_MEMORY;
    return load_into(model, (hn_bytes){(const char *)file.data, file.size}, folder, unsorted, diag);
}

hone_status hn_onnx_load(const char *path, const hone_allocator *allocator, hn_model **out, hn_diag *diag) {
    const hn_onnx_load_options none = {.plugins = NULL};
    return hn_onnx_load_with(path, &none, allocator, out, diag);
}

static hone_status load_once(const char *path, const hn_onnx_load_options *options, const hone_allocator *allocator,
                             bool *unsorted, hn_model **out, hn_diag *diag) {
    hn_model *model;
    HN_TRY(hn_model_create(allocator, &model));
    model->plugins = options->plugins;
    model->for_file = options->for_file;
    model->expanded = options->expand;
    model->file_opset = options->opset;
    const hone_status status = load_file(model, path, unsorted, diag);
    if (status == HONE_OK) *out = model;
    else hn_model_destroy(&model);
    return status;
}

/* What the model says of its nodes' order: the first fault of the first attempt. */
static hone_status keep_disorder(hn_model *model, const hone_message *fault) {
    hn_arena *arena = &model->arena;
    hone_message *kept = HN_NEW(arena, hone_message);
    HN_TRY_ALLOC(kept);
    *kept = *fault;
    const char **const text[] = {&kept->text, &kept->node, &kept->op, &kept->location, &kept->hint};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        HN_TRY_ALLOC(*text[i] = hn_arena_string(arena, *text[i], strlen(*text[i])));
    model->disorder = kept;
    return HONE_OK;
}

/* Without sorting first: most files are in order, and sorting reads every node once more. */
hone_status hn_onnx_load_with(const char *path, const hn_onnx_load_options *options, const hone_allocator *allocator,
                              hn_model **out, hn_diag *diag) {
    hn_diag first;
    bool unsorted = false;
    *out = NULL;
    if (!options->sort) return load_once(path, options, allocator, &unsorted, out, diag);
    hn_diag_init(&first, allocator);
    hone_status status = load_once(path, options, allocator, &unsorted, out, &first);
    const bool again = status != HONE_OK && status != HONE_OUT_OF_MEMORY && unsorted;
    if (again) status = load_once(path, options, allocator, &unsorted, out, diag);
    else hn_diag_append(diag, &first);
    if (again && status == HONE_OK && first.n) status = keep_disorder(*out, &first.at[0]);
    if (status != HONE_OK && *out) hn_model_destroy(out);
    hn_diag_free(&first);
    return status;
}
