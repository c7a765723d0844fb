/* The Scan of opset 8: everything has a batch in front, and time behind it. It becomes two of the newer form, one over
 * the batch whose body is the other. */
#include "frontend/onnx/onnx_convert.h"

#include <string.h>

static hone_status refuse_lengths(hn_onnx_node *node) {
    hn_onnx_import *import = node->scope->import;
    const size_t first = hn_onnx_mark(import);
    hn_diag_add(
        import->diag, HONE_ERROR, HONE_UNSUPPORTED,
        "the Scan of opset 8 with sequence_lens is not supported: lengths that differ were given up in opset 9");
    hn_diag_hint(import->diag, first, "export with opset 9 or newer");
    return HONE_UNSUPPORTED;
}

/* The graph around the inner Scan: one input for each of the node's, types as they are known. */
static hone_status batch_body(hn_onnx_node *node, hn_graph **out) {
    hn_onnx_import *import = node->scope->import;
    const char *name = hn_onnx_format(import, "%s_batch", node->name);
    *out = name ? hn_ir_graph(import->model, name) : NULL;
    HN_TRY_ALLOC(*out);
    for (size_t i = 0; i < node->in.n; i++) {
        if (!node->in.at[i])
            HN_FAIL(import->diag, HONE_INVALID_MODEL, "input %zu of Scan is required, but its name is empty", i + 1);
        const char *item = hn_onnx_format(import, "%s_item%zu", node->name, i);
        HN_TRY_ALLOC(item);
        HN_TRY_ALLOC(hn_ir_input(*out, item, node->in.at[i]->info.type, NULL));
    }
    return HONE_OK;
}

static hone_status inner_scan(hn_onnx_node *node, hn_graph *graph) {
    hn_onnx_import *import = node->scope->import;
    const char *name = hn_onnx_format(import, "%s_time", node->name);
    hn_attrs attrs;
    HN_TRY_ALLOC(name);
    HN_TRY(hn_onnx_sorted_attrs(node, node->attrs.at, node->attrs.n, &attrs));
    hn_node *made = hn_ir_node(graph, NULL, node->op, name, attrs, (int)node->in.n, graph->inputs.at, node->n_out);
    HN_TRY_ALLOC(made);
    made->origin = hn_arena_string(&import->model->arena, node->shown, strlen(node->shown));
    HN_TRY_ALLOC(made->origin);
    HN_TRY_ALLOC(hn_ir_set_bodies(made, node->bodies.at, (int)node->bodies.n));
    for (int i = 0; i < made->n_out; i++) HN_TRY_ALLOC(hn_ir_add_output(graph, made->out[i]));
    return HONE_OK;
}

hone_status hn_onnx_scan_8(hn_onnx_node *node) {
    hn_graph *graph;
    if (hn_onnx_in(node, 0)) return refuse_lengths(node);
    if (!node->in.n || node->bodies.n != 1) return HONE_OK; /* the count check will say so */
    memmove(node->in.at, node->in.at + 1, --node->in.n * sizeof *node->in.at);
    const hn_attr *directions = hn_onnx_take_attr(node, "directions");
    if (directions) {
        hn_attr renamed = *directions;
        renamed.name = "scan_input_directions";
        HN_TRY(hn_onnx_set_attr(node, renamed));
    }
    HN_TRY(batch_body(node, &graph));
    HN_TRY(inner_scan(node, graph));
    hn_onnx_take_attr(node, "scan_input_directions");
    node->bodies.at[0] = graph;
    return hn_onnx_set_attr(node, hn_attr_of_int("num_scan_inputs", (int64_t)node->in.n));
}
