/* Graphs and the model; the file, and the one beside it that holds large weights. */
#include "frontend/onnx/onnx_write.h"

#include <string.h>
#include "frontend/onnx/onnx_import.h"

#define LARGEST_FILE (UINT64_C(0x7fffffff) - (UINT64_C(64) << 20)) /* what protobuf reads, less names and nodes */
#define OLDEST_IR    4                                             /* initializers need not be inputs */

/* Fields that stay as they were read. */
#define KEPT_OF_GRAPH (1u << 10 | 1u << 14 | 1u << 16) /* doc_string, quantization_annotation, metadata_props */
#define KEPT_OF_MODEL (1u << 6 | 1u << 14 | 1u << 26)  /* doc_string, metadata_props, configuration */

/* ---- constants ---- */

typedef hn_vec(const hn_value *) value_list;

static hone_status note_constant(hn_onnx_out *out, const hn_graph *home, const hn_value *value, hn_map *seen,
                                 value_list *list) {
    if (!value || !hn_ir_is_constant(value) || value->graph != home || hn_map_get(seen, &value->id, sizeof value->id))
        return HONE_OK;
    HN_TRY_ALLOC(hn_map_put(seen, &value->id, sizeof value->id, out));
    return hn_vec_push(&out->scratch, list, value) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

/* Constants that live in `home` and that `within` or its bodies use, in the order of use. */
static hone_status collect(hn_onnx_out *out, const hn_graph *home, const hn_graph *within, hn_map *seen,
                           value_list *list) {
    for (const hn_node *node = within->first; node; node = node->next) {
        for (int i = 0; i < node->n_in; i++) HN_TRY(note_constant(out, home, node->in[i], seen, list));
        for (int i = 0; i < node->n_body; i++) HN_TRY(collect(out, home, node->body[i], seen, list));
    }
    return HONE_OK;
}

static uint64_t constant_bytes(const value_list *list) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < list->n; i++) bytes += hn_tensor_bytes(list->at[i]->info.data);
    return bytes;
}

/* ---- graphs ---- */

static void put_text(hn_pb_out *to, uint32_t number, const char *text) {
    if (text && *text) hn_pb_put_text(to, number, text);
}

/* An output that is a constant is made by a node of its own, which every reader takes. */
static hone_status put_constant_output(hn_onnx_out *out, const hn_value *value, hn_pb_out *nodes) {
    hn_pb_out node, attribute;
    hn_pb_out_init(&node, &out->scratch);
    hn_pb_out_init(&attribute, &out->scratch);
    hn_pb_put_text(&node, 2, value->name);
    hn_pb_put_text(&node, 4, "Constant");
    out->standard = true;
    hn_pb_put_text(&attribute, 1, "value");
    hn_onnx_write_tensor(out, value->info.data, NULL, &attribute, 5);
    hn_pb_put_int(&attribute, 20, HN_ONNX_TENSOR);
    hn_pb_put_message(&node, 5, &attribute);
    hn_pb_put_message(nodes, 1, &node);
    return HONE_OK;
}

static hone_status put_constant_outputs(hn_onnx_out *out, const hn_graph *graph, hn_map *made, hn_pb_out *nodes) {
    for (size_t i = 0; i < graph->outputs.n; i++) {
        const hn_value *value = graph->outputs.at[i];
        if (!hn_ir_is_constant(value) || hn_map_get(made, &value->id, sizeof value->id)) continue;
        HN_TRY_ALLOC(hn_map_put(made, &value->id, sizeof value->id, out));
        HN_TRY(put_constant_output(out, value, nodes));
    }
    return HONE_OK;
}

/* Constants that became attributes on the way are not written. */
static hone_status put_constants(hn_onnx_out *out, const hn_graph *graph, hn_map *made, hn_pb_out *initializers) {
    value_list list = {0};
    HN_TRY(collect(out, graph, graph, made, &list));
    for (size_t i = 0; i < list.n; i++)
        if (hn_map_get(&out->used, &list.at[i]->id, sizeof list.at[i]->id))
            hn_onnx_write_tensor(out, list.at[i]->info.data, list.at[i]->name, initializers, 5);
    return HONE_OK;
}

static void put_ports(hn_onnx_out *out, const hn_graph *graph, hn_pb_out *to) {
    for (size_t i = 0; i < graph->inputs.n; i++) hn_onnx_write_value(out, graph->inputs.at[i], to, 11);
    for (size_t i = 0; i < graph->outputs.n; i++) hn_onnx_write_value(out, graph->outputs.at[i], to, 12);
}

static void put_inner_values(hn_onnx_out *out, const hn_graph *graph, hn_pb_out *to) {
    for (const hn_node *node = graph->first; node; node = node->next)
        for (int i = 0; i < node->n_out; i++)
            if (node->out[i] && node->out[i]->info.type) hn_onnx_write_value(out, node->out[i], to, 13);
}

hone_status hn_onnx_write_graph(hn_onnx_out *out, const hn_graph *graph, hn_pb_out *to) {
    hn_pb_out nodes, initializers;
    hn_map made; /* constants that have a node */
    hn_pb_out_init(&nodes, &out->scratch);
    hn_pb_out_init(&initializers, &out->scratch);
    hn_map_init(&made, &out->scratch);
    HN_TRY(put_constant_outputs(out, graph, &made, &nodes));
    for (const hn_node *node = graph->first; node; node = node->next)
        HN_TRY(hn_onnx_write_node(out, node, &nodes, &initializers));
    HN_TRY(put_constants(out, graph, &made, &initializers));
    hn_pb_append(to, &nodes);
    put_text(to, 2, graph->owner ? graph->name : out->model->provenance.graph_name);
    hn_pb_append(to, &initializers);
    hn_onnx_write_as_read(out, graph->proto, KEPT_OF_GRAPH, to);
    put_ports(out, graph, to);
    if (out->options->shapes && !graph->owner) put_inner_values(out, graph, to);
    return HONE_OK;
}

/* ---- the model ---- */

static void put_opset(hn_onnx_out *out, const char *domain, int64_t version, hn_pb_out *to) {
    hn_pb_out opset;
    hn_pb_out_init(&opset, &out->scratch);
    hn_pb_put_text(&opset, 1, domain);
    hn_pb_put_int(&opset, 2, version);
    hn_pb_put_message(to, 8, &opset);
}

/* Version of a domain; what the file forgot to declare is 1. */
static int64_t version_of(const hn_provenance *p, const char *domain) {
    for (size_t i = 0; i < p->domains.n; i++)
        if (strcmp(p->domains.at[i], domain) == 0) return p->versions.at[i];
    return 1;
}

static hone_status put_model(hn_onnx_out *out, hn_pb_out *to) {
    const hn_provenance *p = &out->model->provenance;
    hn_pb_out graph;
    hn_pb_out_init(&graph, &out->scratch);
    hn_pb_put_int(to, 1, p->ir_version < OLDEST_IR ? OLDEST_IR : p->ir_version);
    put_text(to, 2, p->producer);
    put_text(to, 3, p->producer_version);
    put_text(to, 4, p->domain);
    if (p->model_version) hn_pb_put_int(to, 5, p->model_version);
    HN_TRY(hn_onnx_write_graph(out, out->model->main, &graph));
    hn_pb_put_message(to, 7, &graph);
    if (p->opset || out->standard || !out->domains.n) put_opset(out, "", out->opset, to);
    for (size_t i = 0; i < out->domains.n; i++)
        put_opset(out, out->domains.entry[i].key, version_of(p, out->domains.entry[i].key), to);
    hn_onnx_write_as_read(out, out->model->proto, KEPT_OF_MODEL, to);
    return to->failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

/* ---- files ---- */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Whether the weights go beside the model. */
static hone_status choose_location(hn_onnx_out *out, const char *path) {
    hn_map seen;
    value_list list = {0};
    hn_map_init(&seen, &out->scratch);
    HN_TRY(collect(out, out->model->main, out->model->main, &seen, &list));
    const uint64_t asked = out->options->external_above;
    if (constant_bytes(&list) <= (asked && asked < LARGEST_FILE ? asked : LARGEST_FILE)) return HONE_OK;
    out->location = hn_arena_format(&out->scratch, "%s.data", base_name(path));
    return out->location ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status put_weights(const hn_onnx_out *out, hn_file_writer *writer) {
    for (size_t i = 0; i < out->external.n; i++) {
        const hn_tensor *t = out->external.at[i];
        HN_TRY(hn_file_align(writer, HN_ONNX_EXTERNAL_ALIGNMENT, out->diag));
        HN_TRY(hn_file_write(writer, t->data, hn_tensor_bytes(t), out->diag));
    }
    return HONE_OK;
}

static hone_status save_weights(hn_onnx_out *out, const char *path, hn_onnx_pending *pending) {
    const char *beside = hn_arena_format(&out->scratch, "%s.data", path);
    HN_TRY_ALLOC(beside);
    HN_TRY(hn_file_create(beside, &pending->weights, out->diag));
    const hone_status status = put_weights(out, &pending->weights);
    if (status != HONE_OK) hn_file_abort(&pending->weights);
    pending->beside = status == HONE_OK;
    return status;
}

static hone_status save(hn_onnx_out *out, const hn_pb_out *proto, const char *path, hn_onnx_pending *pending) {
    *pending = (hn_onnx_pending){.bytes = proto->size + out->external_size};
    if (proto->size > INT32_MAX)
        HN_FAIL(out->diag, HONE_UNSUPPORTED,
                "the model takes %llu bytes without its large weights, more than the format",
                (unsigned long long)proto->size);
    if (out->external.n) HN_TRY(save_weights(out, path, pending));
    hone_status status = hn_file_create(path, &pending->model, out->diag);
    if (status == HONE_OK) {
        status = hn_pb_save(proto, &pending->model, out->diag);
        if (status == HONE_OK) return HONE_OK;
        hn_file_abort(&pending->model);
    }
    if (pending->beside) hn_file_abort(&pending->weights);
    return status;
}

hone_status hn_onnx_commit(hn_onnx_pending *pending, hn_diag *diag) {
    if (pending->beside) {
        const hone_status status = hn_file_commit(&pending->weights, diag);
        if (status != HONE_OK) hn_file_abort(&pending->model);
        HN_TRY(status);
    }
    return hn_file_commit(&pending->model, diag);
}

void hn_onnx_abort(hn_onnx_pending *pending) {
    hn_file_abort(&pending->model);
    if (pending->beside) hn_file_abort(&pending->weights);
}

static hone_status choose_opset(hn_onnx_out *out) {
    const int64_t own = out->model->provenance.opset, asked = out->options->opset;
    out->opset = asked > 0 ? asked : asked < 0 ? HN_ONNX_NEWEST : own ? own : HN_ONNX_UNNAMED_WRITTEN;
    if (!asked && own > 0 && own < HN_ONNX_OLDEST_WRITTEN) {
        out->opset = HN_ONNX_OLDEST_WRITTEN;
        hn_diag_add(out->diag, HONE_WARNING, HONE_OK, "the model has opset %lld; it is written with opset %lld",
                    (long long)own, (long long)out->opset);
    }
    if (out->opset >= HN_ONNX_OLDEST_WRITTEN && out->opset <= HN_ONNX_NEWEST) return HONE_OK;
    HN_FAIL(out->diag, HONE_UNSUPPORTED, "opset %lld cannot be written; %d to %d can", (long long)out->opset,
            HN_ONNX_OLDEST_WRITTEN, HN_ONNX_NEWEST);
}

static hone_status write(hn_onnx_out *o, const char *path, hn_onnx_pending *out) {
    hn_pb_out proto;
    hn_arena_init(&o->scratch, o->model->arena.allocator);
    hn_map_init(&o->domains, &o->scratch);
    hn_map_init(&o->used, &o->scratch);
    hn_pb_out_init(&proto, &o->scratch);
    hone_status status = choose_location(o, path);
    if (status == HONE_OK) status = put_model(o, &proto);
    if (status == HONE_OK) status = save(o, &proto, path, out);
    hn_arena_free(&o->scratch);
    return status;
}

/* Operators that other domains' operators were taken apart into may be younger than the model. */
static hone_status write_newer(hn_onnx_out *o, const char *path, hn_onnx_pending *out) {
    static const int steps[] = {11, 13, 14, 15, 17, 18, 20, 21, 22, 23, 24, HN_ONNX_NEWEST};
    const hn_onnx_out first = *o;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i] <= first.opset) continue;
        *o = (hn_onnx_out){.model = first.model, .options = first.options, .opset = steps[i]};
        const hone_status status = write(o, path, out);
        if (status == HONE_UNSUPPORTED) continue;
        if (status != HONE_OK) return status;
        hn_diag_add(
            first.diag, HONE_WARNING, HONE_OK,
            "opset %lld, which the model has, lacks something that its operators are made of here: it is written "
            "with opset %d",
            (long long)first.opset, steps[i]);
        return HONE_OK;
    }
    *o = first;
    return write(o, path, out); /* says why not */
}

hone_status hn_onnx_write(hn_model *model, const char *path, const hn_onnx_write_options *options, hn_onnx_pending *out,
                          hn_diag *diag) {
    hn_onnx_out o = {.model = model, .options = options, .diag = diag};
    HN_TRY(choose_opset(&o));
    if (options->opset) return write(&o, path, out);
    o.diag = NULL;
    const hone_status status = write(&o, path, out);
    o = (hn_onnx_out){.model = model, .options = options, .diag = diag, .opset = o.opset};
    if (status == HONE_UNSUPPORTED) return write_newer(&o, path, out);
    return status == HONE_OK || status == HONE_OUT_OF_MEMORY ? status : write(&o, path, out); /* with its message */
}
