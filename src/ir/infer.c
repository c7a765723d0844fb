/* Types, shapes and shape arithmetic of every value. An operator's infer function speaks about one node; this file
 * feeds it, keeps what is known, and names the place of each fault. */
#include <string.h>
#include "base/dtype.h"
#include "ir/infer.h"

static bool carries_elements(const hn_info *info, int64_t *dim, int64_t *count) {
    if (!info->type || info->type->kind != HN_KIND_TENSOR) return false;
    const hone_dtype t = info->type->dtype;
    if (t != HONE_BOOL && t != HONE_INT64 && t != HONE_INT32) return false;
    if (info->shape.rank < 0 || !hn_shape_constant(&info->shape, dim)) return false;
    hn_tensor t0 = {.dtype = t};
    hn_tensor_set_shape(&t0, info->shape.rank, dim);
    *count = hn_tensor_count(&t0);
    return *count >= 0 && *count <= HN_MAX_ELEMENTS;
}

/* Elements of a constant become expressions when somebody first asks. */
static hone_status promote_constant(hn_value *value) {
    int64_t dim[HONE_MAX_RANK], count;
    hn_info *info = &value->info;
    if (info->element || !info->data || !carries_elements(info, dim, &count)) return HONE_OK;
    hn_dim *element = HN_NEW_ARRAY(&value->graph->model->arena, hn_dim, count);
    HN_TRY_ALLOC(element);
    for (int64_t i = 0; i < count; i++) element[i] = hn_dim_const(hn_tensor_int(info->data, i));
    info->element = element;
    return HONE_OK;
}

static bool as_dim_tensor(const hn_info *info, hn_tensor *out) {
    int64_t dim[HONE_MAX_RANK], count;
    if (!info->element || !carries_elements(info, dim, &count)) return false;
    out->dtype = HN_DTYPE_DIM;
    hn_tensor_set_shape(out, info->shape.rank, dim);
    out->data = (void *)(uintptr_t)info->element;
    return true;
}

/* Runs the operator's element function on the inputs whose elements are known. */
static hone_status infer_elements(const hn_infer *infer, hn_node *node, hn_arena *scratch) {
    hn_arena *arena = &node->graph->model->arena;
    hn_tensor *in = HN_NEW_ARRAY(scratch, hn_tensor, infer->n_in);
    const hn_tensor **in_at = HN_NEW_ARRAY(scratch, const hn_tensor *, infer->n_in);
    hn_tensor *out = HN_NEW_ARRAY(scratch, hn_tensor, infer->n_out);
    hn_tensor **out_at = HN_NEW_ARRAY(scratch, hn_tensor *, infer->n_out);
    if (!in || !in_at || !out || !out_at) return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < infer->n_in; i++) in_at[i] = as_dim_tensor(&infer->in[i], &in[i]) ? &in[i] : NULL;
    for (int i = 0; i < infer->n_out; i++) {
        int64_t dim[HONE_MAX_RANK], count;
        if (!node->out[i]) continue;
        if (!carries_elements(&infer->out[i], dim, &count)) return HONE_OK;
        out[i].dtype = HN_DTYPE_DIM;
        hn_tensor_set_shape(&out[i], infer->out[i].shape.rank, dim);
        hn_dim *element = HN_NEW_ARRAY(arena, hn_dim, count);
        HN_TRY_ALLOC(element);
        for (int64_t k = 0; k < count; k++) element[k] = HN_UNKNOWN_DIM;
        out[i].data = element;
        out_at[i] = &out[i];
    }
    if (!infer->op->element(infer, in_at, out_at)) return HONE_OK;
    for (int i = 0; i < infer->n_out; i++)
        if (node->out[i]) infer->out[i].element = out[i].data;
    return HONE_OK;
}

/* Inference wins where it knows something; what was declared fills the gaps. */
static void merge_info(hn_value *value, const hn_info *inferred) {
    const hn_info declared = value->info;
    value->info = *inferred;
    if (!value->info.type) value->info.type = declared.type;
    hn_shape *s = &value->info.shape;
    if (s->rank < 0) *s = declared.shape;
    if (s->rank != declared.shape.rank) return;
    for (int i = 0; i < s->rank; i++)
        if (hn_dim_has_unknown(s->dim[i]) && !hn_dim_has_unknown(declared.shape.dim[i]))
            s->dim[i] = declared.shape.dim[i];
}

static void place_fault(hn_node *node, size_t first, hn_diag *diag) {
    hn_model *model = node->graph->model;
    hn_str text;
    hn_str_init(&text, &model->arena);
    if (node->file_offset) hn_str_add(&text, "file offset %llu; ", (unsigned long long)node->file_offset);
    hn_str_add(&text, "inputs");
    for (int i = 0; i < node->n_in; i++) {
        hn_str_add(&text, i ? ", " : " ");
        if (!node->in[i]) hn_str_add(&text, "(none)");
        else {
            hn_str_add(&text, "%s: ", node->in[i]->name);
            hn_info_print(&text, &node->in[i]->info, model->exprs);
        }
    }
    hn_diag_place(diag, first, node->name, node->op->name, hn_str_text(&text));
    hn_diag_hint(diag, first, "check the export of this node; its inputs as inferred are listed above");
}

/* Behind an operator that nobody knows: inference would take an input without a type for an absent one. */
static bool lacks_type(const hn_node *node) {
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] && !node->in[i]->info.type) return true;
    return false;
}

static hone_status infer_plain(hn_node *node, hn_arena *scratch, hn_diag *diag) {
    if (node->graph->model->opaque && lacks_type(node)) return HONE_OK;
    hn_info *in = HN_NEW_ARRAY(scratch, hn_info, node->n_in);
    hn_info *out = HN_NEW_ARRAY(scratch, hn_info, node->n_out);
    if (!in || !out) return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < node->n_in; i++) {
        in[i].shape = hn_shape_unknown();
        if (!node->in[i]) continue;
        HN_TRY(promote_constant(node->in[i]));
        in[i] = node->in[i]->info;
    }
    for (int i = 0; i < node->n_out; i++) out[i].shape = hn_shape_unknown();
    hn_infer infer = {node->op, node->attrs, node->n_in, node->n_out, in, out, node->graph->model->exprs, diag};
    HN_TRY(hn_infer_run(&infer));
    if (node->op->element) HN_TRY(infer_elements(&infer, node, scratch));
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i]) merge_info(node->out[i], &out[i]);
    return HONE_OK;
}

/* The body of a group sees what the node's inputs are. */
static hone_status infer_group(hn_node *node, hn_diag *diag) {
    hn_graph *body = node->body[0];
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i]) body->inputs.at[i]->info = node->in[i]->info;
    HN_TRY(hn_ir_infer_graph(body, diag));
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i]) node->out[i]->info = body->outputs.at[i]->info;
    return HONE_OK;
}

static hone_status infer_node(hn_node *node, hn_arena *scratch, hn_diag *diag) {
    if (node->op->id == HN_OP_group) return infer_group(node, diag);
    if (node->op->facts & HN_CONTROL) return hn_ir_infer_control(node, diag);
    if (!node->op->infer) HN_FAIL(diag, HONE_INTERNAL, "operator %s has no inference", node->op->name);
    return infer_plain(node, scratch, diag);
}

hone_status hn_ir_infer_node(hn_node *node, hn_diag *diag) {
    hn_arena scratch;
    hn_arena_init(&scratch, node->graph->model->arena.allocator);
    const size_t first = diag ? diag->n : 0;
    hone_status status = infer_node(node, &scratch, diag);
    if (status != HONE_OK && diag) place_fault(node, first, diag);
    hn_arena_free(&scratch);
    return status;
}

hone_status hn_ir_infer_graph(hn_graph *graph, hn_diag *diag) {
    hn_arena scratch;
    hn_arena_init(&scratch, graph->model->arena.allocator);
    hone_status worst = HONE_OK;
    for (hn_node *node = graph->first; node; node = node->next) {
        const size_t first = diag ? diag->n : 0;
        hone_status status = infer_node(node, &scratch, diag);
        hn_arena_reset(&scratch);
        if (status == HONE_OK) continue;
        if (diag) place_fault(node, first, diag);
        if (worst == HONE_OK || status == HONE_OUT_OF_MEMORY) worst = status;
        if (status == HONE_OUT_OF_MEMORY || !diag || hn_diag_full(diag)) break;
    }
    hn_arena_free(&scratch);
    return worst;
}

hone_status hn_ir_infer(hn_model *model, hn_diag *diag) { return hn_ir_infer_graph(model->main, diag); }

hn_shape hn_ir_shape_join(const hn_shape *a, const hn_shape *b) {
    if (a->rank < 0 || a->rank != b->rank) return hn_shape_unknown();
    hn_shape joined = *a;
    for (int i = 0; i < a->rank; i++)
        if (!hn_dim_same(a->dim[i], b->dim[i])) joined.dim[i] = HN_UNKNOWN_DIM;
    return joined;
}
