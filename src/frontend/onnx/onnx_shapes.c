/* A model's own file with what was inferred about its inner values: everything else in it stays, byte for byte in every
 * field. */
#include <string.h>
#include "frontend/onnx/onnx_write.h"

enum { MODEL_GRAPH = 7, GRAPH_VALUE_INFO = 13 };

typedef struct shapes {
    hn_onnx_out out;
    hn_pb pb;
    hn_map values; /* of the main graph, by name */
    hn_map done;   /* names that are described: made here, or outputs, which say it themselves */
} shapes;

/* ---- values ---- */

static hone_status note_value(shapes *s, hn_value *value) {
    if (!value || value->graph != s->out.model->main) return HONE_OK;
    return hn_map_put_text(&s->values, value->name, value) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status note_values(shapes *s) {
    for (const hn_node *node = s->out.model->main->first; node; node = node->next) {
        for (int i = 0; i < node->n_in; i++) HN_TRY(note_value(s, node->in[i]));
        for (int i = 0; i < node->n_out; i++) HN_TRY(note_value(s, node->out[i]));
    }
    return HONE_OK;
}

static hone_status mark_outputs(shapes *s, const hn_pb_list *outputs) {
    for (size_t i = 0; i < outputs->n; i++) {
        hn_onnx_value_info_proto info;
        HN_TRY(hn_onnx_read_value_info(&s->pb, outputs->at[i], &info));
        HN_TRY_ALLOC(hn_map_put(&s->done, info.name.data, info.name.n, s));
    }
    return HONE_OK;
}

/* Readers want a shape of every tensor that is described. */
static bool is_known(const hn_value *value) {
    return value && value->info.type && (value->info.type->kind != HN_KIND_TENSOR || value->info.shape.rank >= 0);
}

/* What the nodes of the file make, in their order. */
static hone_status describe(shapes *s, const hn_pb_list *nodes, hn_pb_out *to) {
    for (size_t i = 0; i < nodes->n; i++) {
        hn_onnx_node_proto node;
        HN_TRY(hn_onnx_read_node(&s->pb, nodes->at[i], &node));
        for (size_t k = 0; k < node.output.n; k++) {
            const hn_bytes name = node.output.at[k];
            const hn_value *value = name.n ? hn_map_get(&s->values, name.data, name.n) : NULL;
            if (!is_known(value) || hn_map_get(&s->done, name.data, name.n)) continue;
            HN_TRY_ALLOC(hn_map_put(&s->done, name.data, name.n, s));
            hn_onnx_write_value(&s->out, value, to, GRAPH_VALUE_INFO);
        }
    }
    return HONE_OK;
}

/* ---- the file ---- */

static hone_status keep_field(const shapes *s, const hn_pb_field *field, hn_pb_out *to) {
    if (field->wire == HN_PB_LENGTH) hn_pb_put_borrowed(to, field->number, field->bytes.data, field->bytes.n);
    else if (field->wire == HN_PB_VARINT) hn_pb_put_int(to, field->number, (int64_t)field->value);
    else HN_FAIL(s->out.diag, HONE_UNSUPPORTED, "field %u of the file is of no kind that ONNX has here", field->number);
    return HONE_OK;
}

static hone_status copy_graph(shapes *s, hn_bytes bytes, hn_pb_out *to) {
    hn_pb_reader reader = hn_pb_open(bytes);
    hn_onnx_graph_proto graph;
    hn_pb_out made;
    hn_pb_field field;
    hn_pb_out_init(&made, &s->out.scratch);
    HN_TRY(hn_onnx_read_graph(&s->pb, bytes, &graph));
    HN_TRY(mark_outputs(s, &graph.output));
    HN_TRY(describe(s, &graph.node, &made));
    for (;;) {
        hn_onnx_value_info_proto info;
        HN_TRY(hn_pb_next(&s->pb, &reader, &field));
        if (!field.number) break;
        if (field.number == GRAPH_VALUE_INFO && field.wire == HN_PB_LENGTH) {
            HN_TRY(hn_onnx_read_value_info(&s->pb, field.bytes, &info));
            if (hn_map_get(&s->done, info.name.data, info.name.n)) continue;
        }
        HN_TRY(keep_field(s, &field, to));
    }
    hn_pb_append(to, &made);
    return HONE_OK;
}

static hone_status copy_model(shapes *s, hn_bytes file, hn_pb_out *to) {
    hn_pb_reader reader = hn_pb_open(file);
    hn_onnx_model_proto model;
    HN_TRY(hn_onnx_read_model(&s->pb, file, &model));
    for (;;) {
        hn_pb_field field;
        hn_pb_out graph;
        HN_TRY(hn_pb_next(&s->pb, &reader, &field));
        if (!field.number) break;
        if (field.number == MODEL_GRAPH && field.bytes.data != model.graph.data) continue; /* the last one counts */
        if (field.number != MODEL_GRAPH) {
            HN_TRY(keep_field(s, &field, to));
            continue;
        }
        hn_pb_out_init(&graph, &s->out.scratch);
        HN_TRY(copy_graph(s, field.bytes, &graph));
        hn_pb_put_message(to, MODEL_GRAPH, &graph);
        to->failed = to->failed || graph.failed;
    }
    return to->failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

static hone_status save(const hn_pb_out *proto, const char *path, hn_diag *diag) {
    hn_file_writer writer;
    if (proto->size > INT32_MAX)
        HN_FAIL(diag, HONE_UNSUPPORTED, "the model would take %llu bytes, more than the format allows",
                (unsigned long long)proto->size);
    HN_TRY(hn_file_create(path, &writer, diag));
    const hone_status status = hn_pb_save(proto, &writer, diag);
    if (status != HONE_OK) {
        hn_file_abort(&writer);
        return status;
    }
    return hn_file_commit(&writer, diag);
}

/* Weights in files of their own are found from the model's folder. */
static hone_status warn_about_weights(const shapes *s, const char *path) {
    const hn_model *model = s->out.model;
    hn_arena *scratch = (hn_arena *)(uintptr_t)&s->out.scratch;
    const char *from = hn_file_folder(scratch, model->provenance.path), *to = hn_file_folder(scratch, path);
    if (!from || !to) return HONE_OUT_OF_MEMORY;
    if (model->files.n > 1 && strcmp(from, to) != 0)
        hn_diag_add(s->out.diag, HONE_WARNING, HONE_OK,
                    "weights of the model lie in other files in '%s': '%s' needs them beside itself", from, path);
    return HONE_OK;
}

hone_status hn_onnx_write_shapes(hn_model *model, const char *path, hn_diag *diag) {
    if (!model->provenance.path || !model->files.n)
        HN_FAIL(diag, HONE_INVALID_ARGUMENT, "the model does not come from a file");
    const hn_map_file *file = &model->files.at[0]; /* external data came later */
    shapes s = {.out = {.model = model, .diag = diag}};
    hn_pb_out proto;
    hn_arena_init(&s.out.scratch, model->arena.allocator);
    s.pb = (hn_pb){file->data, &s.out.scratch, diag};
    hn_map_init(&s.values, &s.out.scratch);
    hn_map_init(&s.done, &s.out.scratch);
    hn_pb_out_init(&proto, &s.out.scratch);
    hone_status status = note_values(&s);
    if (status == HONE_OK) status = copy_model(&s, (hn_bytes){(const char *)file->data, file->size}, &proto);
    if (status == HONE_OK) status = save(&proto, path, diag);
    if (status == HONE_OK) status = warn_about_weights(&s, path);
    hn_arena_free(&s.out.scratch);
    return status;
}
