/* NegativeLogLikelihoodLoss: minus the score of the target class, weighted by class, reduced or not. */
#include "ops/block.h"
#include "ops/checks.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

enum { SCORES, TARGET, WEIGHT };
static const char *const reductions[] = {"mean", "sum", "none", NULL};
enum { MEAN, SUM, NONE };

static hone_status check_target(const hn_infer *infer, hn_shape *target) {
    const int rank = hn_infer_rank(infer, SCORES);
    *target = hn_infer_has(infer, TARGET) ? infer->in[TARGET].shape : hn_shape_unknown();
    if (rank == 0 || rank == 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "scores of rank %d; at least 2 is needed", rank);
    if (rank < 0) return HONE_OK;
    HN_TRY(hn_ops_check_rank(infer, TARGET, rank - 1));
    if (target->rank < 0) *target = (hn_shape){.rank = rank - 1};
    for (int i = 0; i < target->rank; i++) {
        const hn_dim want = infer->in[SCORES].shape.dim[i ? i + 1 : 0];
        const hn_dim have = hn_infer_rank(infer, TARGET) < 0 ? HN_UNKNOWN_DIM : target->dim[i];
        HN_TRY(hn_infer_unify(infer, want, have, "dim of scores and target", &target->dim[i]));
    }
    return HONE_OK;
}

hone_status hn_ops_infer_nll_loss(hn_infer *infer) {
    static const hn_shape scalar = {.rank = 0};
    int reduction;
    hn_shape target;
    HN_TRY(hn_ops_word(infer->attrs, "reduction", reductions, &reduction, infer->diag));
    HN_TRY(hn_ops_check_type(infer, SCORES, HN_TYPES_FLOAT));
    HN_TRY(hn_ops_check_type(infer, TARGET, HN_TYPE(INT32) | HN_TYPE(INT64)));
    HN_TRY(hn_ops_check_same_type(infer, SCORES, WEIGHT));
    HN_TRY(check_target(infer, &target));
    const hn_dim classes = hn_infer_rank(infer, SCORES) > 1 ? infer->in[SCORES].shape.dim[1] : HN_UNKNOWN_DIM;
    HN_TRY(hn_ops_check_vector(infer, WEIGHT, classes));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, SCORES), reduction == NONE ? &target : &scalar);
    return HONE_OK;
}

typedef struct loss {
    hn_call *call;
    const hn_tensor *scores, *target;
    const double *weight; /* NULL: all 1 */
    int64_t classes, plane, ignored;
    bool ignores;
} loss;

/* Loss of one sample and its weight, both 0 when its target is ignored. */
static hone_status judge(const loss *l, int64_t i, double *value, double *weight) {
    const int64_t target = hn_tensor_int(l->target, i);
    double score;
    *value = *weight = 0;
    if (l->ignores && target == l->ignored) return HONE_OK;
    if (target < 0 || target >= l->classes)
        HN_FAIL(l->call->diag, HONE_INVALID_ARGUMENT, "target %lld of sample %lld; allowed: 0 to %lld",
                (long long)target, (long long)i, (long long)l->classes - 1);
    hn_block_load_f64(&score, l->scores, (i / l->plane * l->classes + target) * l->plane + i % l->plane, 1);
    *weight = l->weight ? l->weight[target] : 1;
    *value = -score * *weight;
    return HONE_OK;
}

static hone_status prepare(hn_call *call, loss *l) {
    const hn_attr *ignored = hn_attrs_find(call->attrs, "ignore_index");
    const hn_tensor *weight = WEIGHT < call->n_in ? call->in[WEIGHT] : NULL;
    const hn_tensor *x = call->in[SCORES];
    *l = (loss){.call = call, .scores = x, .target = call->in[TARGET], .classes = x->dim[1]};
    l->plane = hn_panel_count(x->rank - 2, x->dim + 2);
    l->ignores = ignored != NULL;
    l->ignored = ignored ? ignored->i : 0;
    if (weight) HN_TRY_ALLOC(l->weight = hn_panel_load_all(call, weight));
    return HONE_OK;
}

hone_status hn_ops_ref_nll_loss(hn_call *call) {
    loss l;
    int reduction;
    double value, weight, sum = 0, weights = 0;
    if (!call->out[0]) return HONE_OK;
    HN_TRY(hn_ops_word(call->attrs, "reduction", reductions, &reduction, call->diag));
    HN_TRY(prepare(call, &l));
    const int64_t samples = hn_tensor_count(l.target);
    for (int64_t i = 0; i < samples; i++) {
        HN_TRY(judge(&l, i, &value, &weight));
        if (reduction == NONE) hn_block_store_f64(call->out[0], i, &value, 1);
        sum += value;
        weights += weight;
    }
    if (reduction == MEAN) sum /= weights;
    if (reduction != NONE) hn_block_store_f64(call->out[0], 0, &sum, 1);
    return HONE_OK;
}
