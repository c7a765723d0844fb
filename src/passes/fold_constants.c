/* Nodes over constants are computed now. What would swell the plan is left to run time, and so are Q/DQ nodes, which
 * are the only record of a model's quantization. */
#include "passes/evaluate.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"

#define SMALL_BYTES (1u << 20)
#define NODE_BYTES  64 /* that a node takes in a model file, about */

static int64_t constant_count(const hn_value *value) { return value ? hn_tensor_count(value->info.data) : 0; }

/* A result that is neither small nor as small as what it is made from is cheaper to make than to store. */
static bool is_worth_storing(const hn_evaluation *e) {
    const size_t bytes = hn_evaluate_bytes(e);
    const uint64_t limit = e->node->graph->model->fold_limit;
    if (limit && bytes > limit) return false;
    if (bytes <= SMALL_BYTES) return true;
    int64_t most = 0;
    for (int i = 0; i < e->node->n_in; i++)
        if (constant_count(e->node->in[i]) > most) most = constant_count(e->node->in[i]);
    int64_t count = 0;
    for (int i = 0; i < e->node->n_out; i++) {
        int64_t dim[HONE_MAX_RANK];
        hn_tensor t;
        if (!e->node->out[i] || !hn_shape_constant(&e->out[i].shape, dim)) continue;
        hn_tensor_set_shape(&t, e->out[i].shape.rank, dim);
        const int64_t n = hn_tensor_count(&t);
        if (n < 0 || __builtin_add_overflow(count, n, &count)) return false;
    }
    return count <= most;
}

/* Bytes of constants that the node alone uses. */
static size_t freed_bytes(const hn_node *node) {
    size_t bytes = 0;
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] && node->in[i]->uses.n == 1) bytes += hn_tensor_bytes(node->in[i]->info.data);
    return bytes;
}

/* A model file may grow by so much in all, and not at all by what is larger than the caller wants. */
static bool is_worth_writing(hn_model *model, const hn_evaluation *e) {
    const size_t bytes = hn_evaluate_bytes(e);
    if (bytes > INT64_MAX || (model->fold_limit && bytes > model->fold_limit)) return false;
    const int64_t growth = (int64_t)bytes - (int64_t)freed_bytes(e->node) - NODE_BYTES;
    if (growth > 0 && growth > model->growth_left) return false;
    model->growth_left -= growth;
    return true;
}

static bool may_fold(const hn_node *node) {
    const uint32_t never = HN_CONTROL | HN_RANDOM | HN_QUANT;
    return (node->op->facts & HN_FOLD) && !(node->op->facts & never) && node->n_in > 0;
}

static hone_status fold(hn_rewrite *r, hn_node *node) {
    hn_evaluation e;
    bool ok;
    if (!may_fold(node)) return HONE_OK;
    HN_TRY(hn_evaluate_begin(&e, node, &r->scratch, &ok));
    if (!ok) return HONE_OK;
    if (r->model->for_file ? !is_worth_writing(r->model, &e) : !is_worth_storing(&e)) return HONE_OK;
    hn_tensor *out = HN_NEW_ARRAY(&r->scratch, hn_tensor, node->n_out);
    HN_TRY_ALLOC(out);
    HN_TRY(hn_evaluate_run(&e, &r->model->arena, out, &ok));
    if (!ok) return HONE_OK; /* the fault shows, with its message, when the model runs */
    for (int i = 0; i < node->n_out; i++) {
        if (!node->out[i]) continue;
        hn_value *constant = hn_ir_constant(node->graph, node->out[i]->name, &out[i]);
        HN_TRY_ALLOC(constant);
        hn_rewrite_replace(r, node->out[i], constant);
    }
    hn_rewrite_sweep(r, node);
    return HONE_OK;
}

hone_status hn_pass_fold_constants(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, fold);
}
