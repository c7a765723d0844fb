/* Integers that inference knows, as numbers or as expressions of the inputs' dimensions, need no arithmetic at run
 * time: the chains of Shape, Gather, Mul, Concat ... that compute them end here. */
#include "passes/evaluate.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

/* Every element of the value, when all are known. */
static bool known_elements(const hn_value *value, int *n, bool *constant) {
    int64_t dim[HONE_MAX_RANK];
    hn_tensor t = {.dtype = HONE_INT64};
    if (!value->info.element || !hn_shape_constant(&value->info.shape, dim)) return false;
    hn_tensor_set_shape(&t, value->info.shape.rank, dim);
    *n = (int)hn_tensor_count(&t);
    *constant = true;
    for (int i = 0; i < *n; i++) {
        if (hn_dim_has_unknown(value->info.element[i])) return false;
        *constant = *constant && hn_dim_is_const(value->info.element[i]);
    }
    return true;
}

static hone_status replace_by_constant(hn_rewrite *r, const hn_node *node, hn_value *value) {
    hn_tensor t = {.dtype = hn_value_dtype(value)};
    int64_t dim[HONE_MAX_RANK];
    if (!hn_shape_constant(&value->info.shape, dim)) return HONE_OK;
    hn_tensor_set_shape(&t, value->info.shape.rank, dim);
    HN_TRY(hn_evaluate_fill(&t, value->info.element, &r->model->arena));
    hn_value *fresh = hn_ir_constant(node->graph, value->name, &t);
    HN_TRY_ALLOC(fresh);
    hn_rewrite_replace(r, value, fresh);
    return HONE_OK;
}

/* The node itself becomes a hone.Shape where this is its only output. */
static hone_status replace_by_shape(hn_rewrite *r, hn_node *node, hn_value *value, int n) {
    const bool scalar = value->info.shape.rank == 0;
    const hone_dtype dtype = hn_value_dtype(value);
    hn_value *fresh;
    if (node->n_out == 1) {
        const hn_attrs attrs = hn_rewrite_shape_attrs(r, dtype, scalar, value->info.element, n);
        return r->model->failed ? HONE_OUT_OF_MEMORY : hn_rewrite_morph(r, node, HN_OP_shape_value, attrs, 0, NULL);
    }
    HN_TRY(hn_rewrite_dims(r, node, value->name, dtype, scalar, value->info.element, n, &fresh));
    hn_rewrite_replace(r, value, fresh);
    return HONE_OK;
}

static hone_status fold(hn_rewrite *r, hn_node *node) {
    if (!(node->op->facts & HN_FOLD) || (node->op->facts & (HN_CONTROL | HN_RANDOM))) return HONE_OK;
    for (int i = 0; i < node->n_out; i++) {
        hn_value *value = node->out[i];
        int n;
        bool constant;
        if (!value || !hn_ir_has_uses(value) || !known_elements(value, &n, &constant)) continue;
        if (constant) HN_TRY(replace_by_constant(r, node, value));
        else if (node->op->id != HN_OP_shape_value && value->info.shape.rank <= 1 && !r->model->for_file)
            HN_TRY(replace_by_shape(r, node, value, n));
    }
    hn_rewrite_sweep(r, node);
    return HONE_OK;
}

hone_status hn_pass_fold_shapes(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, fold);
}
