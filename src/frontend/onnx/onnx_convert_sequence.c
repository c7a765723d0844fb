/* SequenceMap as a Loop over positions: its body takes elements out of the sequences and appends what it computes. */
#include "frontend/onnx/onnx_convert.h"

/* A node of the body, named after the node being imported. */
static hn_node *body_node(hn_onnx_node *node, hn_graph *body, hn_node *before, const char *suffix, size_t i,
                          hn_op_id op, int n_in, hn_value *const *in) {
    const char *name = hn_onnx_format(node->scope->import, "%s_%s_%zu", node->name, suffix, i);
    const char *unique = name ? hn_ir_unique_name(body->model, name) : NULL;
    return unique ? hn_ir_node(body, before, hn_op_at(op), unique, (hn_attrs){0}, n_in, in, 1) : NULL;
}

static hn_value *body_input(hn_onnx_node *node, hn_graph *body, const char *suffix, const hn_type *type, int rank) {
    const char *name = hn_onnx_format(node->scope->import, "%s_%s", node->name, suffix);
    const hn_shape shape = {.rank = rank};
    return name ? hn_ir_input(body, hn_ir_unique_name(body->model, name), type, &shape) : NULL;
}

/* Inputs of the body become elements taken at the loop's position. */
static hone_status take_elements(hn_onnx_node *node, hn_graph *body, hn_value *const *old, size_t n,
                                 hn_value *position) {
    hn_node *first = body->first;
    for (size_t i = 0; i < n; i++) {
        hn_value *in[2] = {node->in.at[i], position};
        hn_node *made = body_node(node, body, first, "element", i, HN_OP_element_at, 2, in);
        HN_TRY_ALLOC(made);
        hn_ir_replace_uses(old[i], made->out[0]);
    }
    return HONE_OK;
}

/* Results of the body are appended to the sequences that the loop carries. */
static hone_status append_results(hn_onnx_node *node, hn_graph *body, hn_value *condition, size_t first_state) {
    const size_t n = body->outputs.n;
    for (size_t i = 0; i < n; i++) {
        hn_value *in[2] = {body->inputs.at[first_state + i], body->outputs.at[i]};
        hn_node *made = body_node(node, body, NULL, "append", i, HN_OP_sequence_insert, 2, in);
        HN_TRY_ALLOC(made);
        hn_ir_set_output(body, (int)i, made->out[0]);
    }
    if (!hn_ir_add_output(body, body->outputs.at[n - 1])) return HONE_OUT_OF_MEMORY;
    for (size_t i = n - 1; i > 0; i--) hn_ir_set_output(body, (int)i, body->outputs.at[i - 1]);
    hn_ir_set_output(body, 0, condition);
    return HONE_OK;
}

static hone_status empty_sequence(hn_onnx_node *node, const hn_value *element, hn_value **out) {
    const hn_type *type = element->info.type;
    const bool known = type && type->kind == HN_KIND_TENSOR;
    const hn_attr dtype = hn_attr_of_int("dtype", known ? (int64_t)type->dtype : HONE_FLOAT32);
    HN_TRY(hn_onnx_emit(node, "empty", HN_OP_sequence_empty, &dtype, 1, 0, NULL, out));
    return HONE_OK;
}

static hone_status make_loop(hn_onnx_node *node, hn_graph *body) {
    hn_onnx_import *import = node->scope->import;
    const size_t n_in = node->in.n, n_out = body->outputs.n;
    hn_value **old = HN_NEW_ARRAY(&import->scratch, hn_value *, n_in);
    hn_value **loop_in = HN_NEW_ARRAY(&import->scratch, hn_value *, n_out + 2);
    if (!old || !loop_in) return HONE_OUT_OF_MEMORY;
    for (hn_node *n = body->first; n; n = n->next) /* which types its results have; faults are reported later */
        if (hn_ir_infer_node(n, NULL) == HONE_OUT_OF_MEMORY) return HONE_OUT_OF_MEMORY;
    for (size_t i = 0; i < n_in; i++) old[i] = body->inputs.at[i];
    body->inputs.n = 0;
    hn_value *position = body_input(node, body, "position", hn_type_tensor(HONE_INT64), 0);
    hn_value *condition = body_input(node, body, "go_on", hn_type_tensor(HONE_BOOL), 0);
    if (!position || !condition) return HONE_OUT_OF_MEMORY;
    HN_TRY(hn_onnx_emit(node, "length", HN_OP_sequence_length, NULL, 0, 1, &node->in.at[0], &loop_in[0]));
    for (size_t i = 0; i < n_out; i++) {
        HN_TRY(empty_sequence(node, body->outputs.at[i], &loop_in[2 + i]));
        HN_TRY_ALLOC(body_input(node, body, "sequence", NULL, -1));
    }
    HN_TRY(take_elements(node, body, old, n_in, position));
    HN_TRY(append_results(node, body, condition, 2));
    node->in.n = 0;
    for (size_t i = 0; i < n_out + 2; i++) HN_TRY(hn_onnx_set_in(node, i, loop_in[i]));
    node->op = hn_op_at(HN_OP_loop);
    return HONE_OK;
}

hone_status hn_onnx_sequence_map(hn_onnx_node *node) {
    hn_diag *diag = node->scope->import->diag;
    if (node->bodies.n != 1) HN_FAIL(diag, HONE_INVALID_MODEL, "SequenceMap has no body");
    hn_graph *body = node->bodies.at[0];
    if (!node->in.n || !node->in.at[0] || body->inputs.n != node->in.n || body->outputs.n != (size_t)node->n_out ||
        !body->outputs.n)
        HN_FAIL(diag, HONE_INVALID_MODEL, "SequenceMap has %zu inputs and %d outputs, its body %zu and %zu", node->in.n,
                node->n_out, body->inputs.n, body->outputs.n);
    for (size_t i = 0; i < node->in.n; i++)
        if (!node->in.at[i]) HN_FAIL(diag, HONE_INVALID_MODEL, "input %zu of SequenceMap is missing", i);
    return make_loop(node, body);
}
