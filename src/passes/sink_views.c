/* Exporters flatten a tensor for a Gemm and unflatten its result before they add, activate and flatten again. Here the
 * unflattening moves behind the elementwise operators, so that groups form and the reshapes meet and cancel. */
#include "passes/group_form.h"
#include "passes/pipeline.h"
#include "passes/reshape_form.h"

#define LONGEST_CHAIN 12

static bool is_dense_operator(const hn_node *node) {
    return node->op->id == HN_OP_gemm || node->op->id == HN_OP_matmul || node->op->id == HN_OP_conv;
}

/* Elementwise operators, each for the next alone, lead from a Gemm, MatMul or Conv to `value`: its user may join their
 * group. */
static bool comes_from_dense(const hn_value *value) {
    for (int i = 0; i < LONGEST_CHAIN && value->uses.n == 1 && value->producer && value->index == 0; i++) {
        const hn_node *node = value->producer;
        if (is_dense_operator(node)) return true;
        if (!hn_group_is_float_elementwise(node)) return false;
        const hn_value *first = node->in[0];
        if (!first || !hn_same_shape(&first->info.shape, &value->info.shape)) first = hn_node_input(node, 1);
        if (!first) return false;
        value = first;
    }
    return false;
}

/* The view that makes input `i` for `node` alone. */
static hn_node *view_of(const hn_node *node, int i) {
    hn_value *value = hn_node_input(node, i);
    hn_node *view = value && value->uses.n == 1 && value->index == 0 ? value->producer : NULL;
    return view && hn_is_reshape(view) && comes_from_dense(view->in[0]) ? view : NULL;
}

static bool is_number(const hn_value *value) {
    return hn_ir_is_constant(value) && hn_tensor_count(value->info.data) == 1;
}

/* A vector along the last dimension, which flattening has left as it is. */
static bool is_last_vector(const hn_value *value, const hn_shape *flat, const hn_shape *full) {
    if (!hn_ir_is_constant(value) || value->info.data->rank != 1 || flat->rank < 1 || full->rank < 1) return false;
    return hn_dim_same(flat->dim[flat->rank - 1], full->dim[full->rank - 1]);
}

/* Whether the node may run on the flat tensor with its other inputs as they are, or reshaped. Where another input could
 * take the node into a group as it stands, nothing is won (and the same rule would turn it back). */
static bool may_sink(const hn_node *node, int at, const hn_node *view) {
    const hn_shape *full = &node->out[0]->info.shape, *flat = &view->in[0]->info.shape;
    if (!hn_same_shape(&node->in[at]->info.shape, full) || !hn_reshape_can_name(node->in[at], full) ||
        !hn_reshape_can_name(node->in[at], flat))
        return false;
    for (int i = 0; i < node->n_in; i++) {
        const hn_value *other = node->in[i];
        if (i == at || !other || (is_number(other) && other->info.shape.rank <= flat->rank)) continue;
        if (is_last_vector(other, flat, full)) continue;
        if (hn_ir_is_constant(other) || !hn_same_shape(&other->info.shape, full) || comes_from_dense(other))
            return false;
    }
    return true;
}

static hone_status sink(hn_rewrite *r, hn_node *node, hn_node *view) {
    hn_value *in[HN_QUERY_ARGS], *result;
    const hn_shape flat = view->in[0]->info.shape, full = node->out[0]->info.shape;
    for (int i = 0; i < node->n_in; i++) {
        in[i] = node->in[i];
        if (in[i] && in[i]->producer == view) in[i] = view->in[0];
        else if (in[i] && !hn_ir_is_constant(in[i]) && hn_same_shape(&in[i]->info.shape, &full)) {
            const char *name = hn_arena_format(&r->model->arena, "%s_operand", node->name);
            HN_TRY_ALLOC(name);
            HN_TRY(hn_reshape_insert(r, node, name, in[i], &flat, &in[i]));
        }
    }
    const char *name = hn_arena_format(&r->model->arena, "%s_flat", node->name);
    HN_TRY_ALLOC(name);
    HN_TRY(hn_rewrite_insert(r, node, node->op->id, name, node->attrs, node->n_in, in, &result));
    return hn_reshape_morph(r, node, result);
}

static hone_status simplify(hn_rewrite *r, hn_node *node) {
    if (!hn_group_is_float_elementwise(node) || node->n_in > HN_QUERY_ARGS) return HONE_OK;
    for (int i = 0; i < node->n_in; i++) {
        hn_node *view = view_of(node, i);
        if (view && may_sink(node, i, view)) return sink(r, node, view);
    }
    return HONE_OK;
}

hone_status hn_pass_sink_views(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, simplify);
}
