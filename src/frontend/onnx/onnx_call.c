/* Building blocks of conversions, and the step from an imported node to IR nodes. */
#include "frontend/onnx/onnx_convert.h"

#include <stdlib.h>
#include <string.h>
#include "base/half.h"

#define LAST_2D_OPSET 12 /* up to here conversions ask for ranks while nodes are being made */

const hn_attr *hn_onnx_get_attr(const hn_onnx_node *node, const char *name) {
    for (size_t i = 0; i < node->attrs.n; i++)
        if (strcmp(node->attrs.at[i].name, name) == 0) return &node->attrs.at[i];
    return NULL;
}

/* The taken attribute stays readable behind the end of the list until the next one is set. */
const hn_attr *hn_onnx_take_attr(hn_onnx_node *node, const char *name) {
    const hn_attr *found = hn_onnx_get_attr(node, name);
    if (!found) return NULL;
    const size_t at = (size_t)(found - node->attrs.at);
    const hn_attr taken = *found;
    node->attrs.at[at] = node->attrs.at[--node->attrs.n];
    node->attrs.at[node->attrs.n] = taken;
    return &node->attrs.at[node->attrs.n];
}

hone_status hn_onnx_set_attr(hn_onnx_node *node, hn_attr attr) {
    hn_attr *known = (hn_attr *)(uintptr_t)hn_onnx_get_attr(node, attr.name);
    if (known) *known = attr;
    else HN_TRY_ALLOC(hn_vec_push(&node->scope->import->scratch, &node->attrs, attr));
    return HONE_OK;
}

hn_attr hn_onnx_text_attr(const char *name, const char *text) {
    return (hn_attr){.name = name, .kind = HN_ATTR_STRING, .s = {text, strlen(text)}};
}

hn_value *hn_onnx_in(const hn_onnx_node *node, size_t i) { return i < node->in.n ? node->in.at[i] : NULL; }

hone_status hn_onnx_set_in(hn_onnx_node *node, size_t i, hn_value *value) {
    while (node->in.n <= i) HN_TRY_ALLOC(hn_vec_push(&node->scope->import->scratch, &node->in, NULL));
    node->in.at[i] = value;
    return HONE_OK;
}

int hn_onnx_rank(const hn_value *value) { return value ? value->info.shape.rank : -1; }

/* ---- constants ---- */

static const char *helper_name(hn_onnx_node *node, const char *suffix) {
    const char *name = hn_onnx_format(node->scope->import, "%s_%s", node->name, suffix);
    const hn_onnx_scope plain = {.import = node->scope->import, .caller = node->scope, .prefix = ""};
    return name ? hn_onnx_node_name(&plain, name) : NULL;
}

static hone_status constant(hn_onnx_node *node, const char *suffix, hone_dtype dtype, const void *data, int n,
                            hn_value **out) {
    const int64_t dim = n;
    hn_tensor t = {.dtype = dtype, .data = (void *)(uintptr_t)data};
    hn_tensor_set_shape(&t, n < 0 ? 0 : 1, &dim);
    const char *name = helper_name(node, suffix);
    HN_TRY_ALLOC(name);
    *out = hn_ir_constant_copy(node->scope->graph, name, &t);
    return *out ? HONE_OK : HONE_OUT_OF_MEMORY;
}

hone_status hn_onnx_ints(hn_onnx_node *node, const char *suffix, const int64_t *value, int n, hn_value **out) {
    return constant(node, suffix, HONE_INT64, value, n, out);
}

hone_status hn_onnx_floats(hn_onnx_node *node, const char *suffix, const float *value, int n, hn_value **out) {
    return constant(node, suffix, HONE_FLOAT32, value, n, out);
}

hone_status hn_onnx_scalar_like(hn_onnx_node *node, const char *suffix, hn_value *like, float value, hn_value **out) {
    const hn_type *type = like ? like->info.type : NULL;
    const hone_dtype dtype = type && type->kind == HN_KIND_TENSOR ? type->dtype : HONE_NO_DTYPE;
    const double wide = value;
    const uint16_t half = hn_half_from_float(value);
    if (dtype == HONE_FLOAT32) return constant(node, suffix, dtype, &value, -1, out);
    if (dtype == HONE_FLOAT64) return constant(node, suffix, dtype, &wide, -1, out);
    if (dtype == HONE_FLOAT16) return constant(node, suffix, dtype, &half, -1, out);
    hn_value *in[2] = {NULL, like};
    HN_TRY(constant(node, suffix, HONE_FLOAT32, &value, -1, &in[0]));
    return hn_onnx_emit(node, suffix, HN_OP_cast_like, NULL, 0, 2, in, out);
}

/* ---- nodes ---- */

static int by_name(const void *a, const void *b) {
    return strcmp(((const hn_attr *)a)->name, ((const hn_attr *)b)->name);
}

hone_status hn_onnx_sorted_attrs(hn_onnx_node *node, const hn_attr *at, size_t n, hn_attrs *out) {
    hn_attr *own = HN_NEW_ARRAY(&node->scope->import->model->arena, hn_attr, n);
    HN_TRY_ALLOC(own);
    if (n) memcpy(own, at, n * sizeof *own);
    if (n > 1) qsort(own, n, sizeof *own, by_name);
    *out = (hn_attrs){own, (uint32_t)n};
    return HONE_OK;
}

/* Old opsets and expansions of com.microsoft: what a conversion further down asks (ranks, types) is found out as nodes
 * are made. Faults are reported by the inference of the whole model. */
static hone_status infer_early(hn_onnx_node *node, hn_node *made) {
    const bool asks = hn_onnx_opset_of(node->scope->opsets, "") <= LAST_2D_OPSET ||
                      hn_onnx_opset_of(node->scope->opsets, "com.microsoft") > 0;
    if (!asks || made->op->facts & HN_CONTROL || node->scope->import->status != HONE_OK) return HONE_OK;
    return hn_ir_infer_node(made, NULL) == HONE_OUT_OF_MEMORY ? HONE_OUT_OF_MEMORY : HONE_OK;
}

static hone_status infer_graph_now(const hn_graph *graph) {
    for (hn_node *made = graph->first; made; made = made->next) {
        const bool known = made->n_out && made->out[0] && made->out[0]->info.type;
        if (!known && hn_ir_infer_node(made, NULL) == HONE_OUT_OF_MEMORY) return HONE_OUT_OF_MEMORY;
    }
    return HONE_OK;
}

hone_status hn_onnx_infer_now(const hn_onnx_node *node) {
    if (node->scope->import->status != HONE_OK) return HONE_OK; /* a graph with faults may lack what inference needs */
    for (const hn_onnx_scope *scope = node->scope; scope; scope = scope->caller) {
        if (scope->around) HN_TRY(infer_graph_now(scope->around));
        HN_TRY(infer_graph_now(scope->graph));
    }
    return HONE_OK;
}

static hone_status make(hn_onnx_node *node, const hn_op *op, const char *name, const hn_attr *attrs, size_t n_attrs,
                        int n_in, hn_value *const *in, int n_out, hn_node **out) {
    hn_attrs list;
    HN_TRY_ALLOC(name);
    HN_TRY(hn_onnx_sorted_attrs(node, attrs, n_attrs, &list));
    *out = hn_ir_node(node->scope->graph, NULL, op, name, list, n_in, in, n_out);
    HN_TRY_ALLOC(*out);
    (*out)->file_offset = hn_pb_offset(&node->scope->import->source.pb, node->proto.head.bytes.data);
    (*out)->origin = hn_arena_string(&node->scope->import->model->arena, node->shown, strlen(node->shown));
    HN_TRY_ALLOC((*out)->origin);
    (*out)->proto = node->proto.head.bytes;
    return HONE_OK;
}

hone_status hn_onnx_emit_many(hn_onnx_node *node, const char *suffix, hn_op_id op, const hn_attr *attrs,
                              uint32_t n_attrs, int n_in, hn_value *const *in, int n_out, hn_value **out) {
    hn_node *made;
    HN_TRY(make(node, hn_op_at(op), helper_name(node, suffix), attrs, n_attrs, n_in, in, n_out, &made));
    for (int i = 0; i < n_out; i++) out[i] = made->out[i];
    return infer_early(node, made);
}

hone_status hn_onnx_emit(hn_onnx_node *node, const char *suffix, hn_op_id op, const hn_attr *attrs, uint32_t n_attrs,
                         int n_in, hn_value *const *in, hn_value **out) {
    return hn_onnx_emit_many(node, suffix, op, attrs, n_attrs, n_in, in, 1, out);
}

hone_status hn_onnx_emit_self(hn_onnx_node *node) {
    hn_node *made;
    HN_TRY(make(node, node->op, node->name, node->attrs.at, node->attrs.n, (int)node->in.n, node->in.at, node->n_out,
                &made));
    if (node->bodies.n) HN_TRY_ALLOC(hn_ir_set_bodies(made, node->bodies.at, (int)node->bodies.n));
    for (int i = 0; i < node->n_out; i++) node->result[i] = made->out[i];
    return infer_early(node, made);
}

/* ---- checks against ops.def ---- */

static hone_status wrong_count(const hn_onnx_node *node, const char *what, size_t have, int least, int most) {
    hn_onnx_import *import = node->scope->import;
    const size_t first = hn_onnx_mark(import);
    const char *limit = most == HN_ANY  ? hn_onnx_format(import, "at least %d", least)
                        : least == most ? hn_onnx_format(import, "%d", least)
                                        : hn_onnx_format(import, "%d to %d", least, most);
    hn_diag_add(import->diag, HONE_ERROR, HONE_INVALID_MODEL, "%s has %zu %s; in opset %lld it takes %s", node->type,
                have, what, (long long)node->opset, limit ? limit : "another number");
    hn_diag_hint(import->diag, first, "check the opset_import of the model, or export it again");
    return HONE_INVALID_MODEL;
}

static hone_status check_counts(hn_onnx_node *node) {
    const hn_op *op = node->op;
    const bool control = op->facts & HN_CONTROL;
    while (!control && node->in.n > (size_t)op->min_in && !node->in.at[node->in.n - 1]) node->in.n--;
    while (control && node->in.n < (size_t)op->min_in) HN_TRY(hn_onnx_set_in(node, node->in.n, NULL));
    if (node->in.n < (size_t)op->min_in || (op->max_in != HN_ANY && node->in.n > (size_t)op->max_in))
        return wrong_count(node, "inputs", node->in.n, op->min_in, op->max_in);
    if (node->n_out < op->min_out || (op->max_out != HN_ANY && node->n_out > op->max_out))
        return wrong_count(node, "outputs", (size_t)node->n_out, op->min_out, op->max_out);
    for (size_t i = 0; i < node->in.n; i++)
        if (!node->in.at[i] && hn_op_needs(op, (int64_t)i))
            HN_FAIL(node->scope->import->diag, HONE_INVALID_MODEL, "input %zu of %s is required, but its name is empty",
                    i, node->type);
    return HONE_OK;
}

/* Of a conversion that emitted everything itself: what the file names must have been made. */
static hone_status check_results(const hn_onnx_node *node) {
    for (int i = 0; i < node->n_out; i++)
        if (!node->result[i] && node->proto.output.at[i].n > 0)
            HN_FAIL(node->scope->import->diag, HONE_UNSUPPORTED, "output %d of %s is not available", i, node->type);
    return HONE_OK;
}

hone_status hn_onnx_build_node(hn_onnx_node *node) {
    int since;
    const hn_onnx_row *row = hn_onnx_find_row(node->key, node->opset, &since);
    if (row && row->import) HN_TRY(row->import(node));
    for (int i = 0; i < node->n_out; i++)
        if (node->result[i]) return check_results(node);
    HN_TRY(check_counts(node));
    return hn_onnx_emit_self(node);
}
