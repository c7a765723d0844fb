/* TreeEnsemble, TreeEnsembleRegressor, TreeEnsembleClassifier: the votes of trees, added up. */
#include <math.h>
#include "ops/matmul/panel.h"
#include "ops/ml/forest.h"
#include "ops/ml/ml_model.h"
#include "ops/registry.h"

typedef enum aggregate { AVERAGE, SUM, MIN, MAX } aggregate;

typedef struct ensemble {
    hn_forest forest;
    aggregate how;
    hn_ml_transform transform;
    int64_t targets;
    double base_count; /* entries of `base`: 0, 1 or `targets` */
    const float *base;
    const hn_tensor *base_tensor;
    double *row, *score;
    bool *voted;
} ensemble;

/* ---- votes ---- */

static void add_vote(const ensemble *e, const hn_tree_vote *v) {
    double *score = &e->score[v->target];
    const bool first = !e->voted[v->target];
    if (e->how == MIN || e->how == MAX)
        *score = first || (e->how == MIN ? v->weight < *score : v->weight > *score) ? v->weight : *score;
    else *score += v->weight;
    e->voted[v->target] = true;
}

/* Scores of one row, before base values. */
static hone_status collect(hn_call *call, const ensemble *e, int64_t r, int64_t features) {
    hn_panel_load(e->row, call->in[0], r * features, features);
    for (int64_t k = 0; k < e->targets; k++) {
        e->score[k] = 0;
        e->voted[k] = false;
    }
    for (int64_t t = 0; t < e->forest.n_roots; t++) {
        const hn_tree_node *leaf = hn_forest_leaf(&e->forest, t, e->row);
        if (!leaf) HN_FAIL(call->diag, HONE_INVALID_MODEL, "the nodes of a tree run in a circle");
        for (int64_t i = 0; i < leaf->n; i++) add_vote(e, &e->forest.vote[leaf->first + i]);
    }
    for (int64_t k = 0; k < e->targets && e->how == AVERAGE; k++) e->score[k] /= (double)e->forest.n_roots;
    return HONE_OK;
}

static hone_status allocate(hn_call *call, ensemble *e, int64_t features) {
    HN_TRY_ALLOC(e->row = hn_panel_scratch(call, features));
    HN_TRY_ALLOC(e->score = hn_panel_scratch(call, e->targets + 2));
    HN_TRY_ALLOC(e->voted = hn_panel_scratch(call, e->targets + 2));
    return HONE_OK;
}

static hone_status read_base(hn_call *call, ensemble *e) {
    const hn_attr *tensor = hn_attrs_find(call->attrs, "base_values_as_tensor");
    int n;
    e->base = hn_attrs_floats(call->attrs, "base_values", &n);
    e->base_count = n;
    if (tensor && tensor->kind == HN_ATTR_TENSOR) {
        e->base_tensor = tensor->tensor;
        e->base_count = (double)hn_tensor_count(tensor->tensor);
    }
    if (e->base_count == 0 || e->base_count == 1 || e->base_count == (double)e->targets) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_MODEL, "%g base values for %lld scores", e->base_count, (long long)e->targets);
}

static double base_of(const ensemble *e, int64_t k) {
    if (e->base_count == 0) return 0;
    if (e->base_count == 1) k = 0;
    return e->base_tensor ? hn_tensor_real(e->base_tensor, k) : e->base[k];
}

/* ---- TreeEnsemble ---- */

static hone_status check_targets(const hn_infer *infer, int64_t targets) {
    if (targets >= 1 && targets <= INT32_MAX) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute n_targets is %lld; it must be positive", (long long)targets);
}

hone_status hn_ops_infer_ml_tree_ensemble(hn_infer *infer) {
    const int64_t targets = hn_attrs_int(infer->attrs, "n_targets", 1);
    const int64_t how = hn_attrs_int(infer->attrs, "aggregate_function", SUM);
    const int64_t transform = hn_attrs_int(infer->attrs, "post_transform", HN_ML_NONE);
    hn_shape out = {.rank = 2, .dim = {HN_UNKNOWN_DIM, hn_dim_const(targets)}};
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(FLOAT32) | HN_TYPE(FLOAT64) | HN_TYPE(FLOAT16)));
    HN_TRY(hn_ops_check_rank(infer, 0, 2));
    HN_TRY(check_targets(infer, targets));
    if (how < AVERAGE || how > MAX || transform < HN_ML_NONE || transform > HN_ML_PROBIT)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "aggregate_function %lld or post_transform %lld has no meaning",
                (long long)how, (long long)transform);
    if (hn_infer_rank(infer, 0) == 2) out.dim[0] = infer->in[0].shape.dim[0];
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

static hone_status run_regression(hn_call *call, ensemble *e, int64_t rows, int64_t features) {
    HN_TRY(allocate(call, e, features));
    for (int64_t r = 0; r < rows; r++) {
        HN_TRY(collect(call, e, r, features));
        for (int64_t k = 0; k < e->targets; k++) e->score[k] += base_of(e, k);
        hn_ml_finish_scores(e->score, e->targets, e->transform, HN_ML_ONE_SCORE);
        hn_panel_store(call->out[0], r * e->targets, e->targets, e->score);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_ml_tree_ensemble(hn_call *call) {
    const hn_tensor *x = call->in[0];
    ensemble e = {.targets = hn_attrs_int(call->attrs, "n_targets", 1)};
    if (!call->out[0]) return HONE_OK;
    e.how = (aggregate)hn_attrs_int(call->attrs, "aggregate_function", SUM);
    e.transform = (hn_ml_transform)hn_attrs_int(call->attrs, "post_transform", HN_ML_NONE);
    HN_TRY(hn_forest_read(call, x->dim[1], e.targets, &e.forest));
    return run_regression(call, &e, x->dim[0], x->dim[1]);
}

/* ---- TreeEnsembleRegressor ---- */

static const char *const aggregates[] = {"SUM", "AVERAGE", "MIN", "MAX", NULL};
static const aggregate aggregate_of[] = {SUM, AVERAGE, MIN, MAX};

hone_status hn_ops_infer_ml_tree_regressor(hn_infer *infer) {
    const int64_t targets = hn_attrs_int(infer->attrs, "n_targets", 1);
    hn_ml_transform transform;
    hn_dim rows, features;
    int how;
    HN_TRY(hn_ops_word(infer->attrs, "aggregate_function", aggregates, &how, infer->diag));
    HN_TRY(hn_ml_read_transform(infer->attrs, &transform, infer->diag));
    HN_TRY(check_targets(infer, targets));
    HN_TRY(hn_ml_rows(infer, &rows, &features));
    const hn_shape out = {.rank = 2, .dim = {rows, hn_dim_const(targets)}};
    hn_infer_set(infer, 0, HONE_FLOAT32, &out);
    return HONE_OK;
}

hone_status hn_ops_ref_ml_tree_regressor(hn_call *call) {
    const int64_t rows = hn_ml_row_count(call->in[0]), features = hn_ml_feature_count(call->in[0]);
    ensemble e = {.targets = hn_attrs_int(call->attrs, "n_targets", 1)};
    int how;
    if (!call->out[0]) return HONE_OK;
    HN_TRY(hn_ops_word(call->attrs, "aggregate_function", aggregates, &how, call->diag));
    e.how = aggregate_of[how];
    HN_TRY(hn_ml_read_transform(call->attrs, &e.transform, call->diag));
    HN_TRY(read_base(call, &e));
    HN_TRY(hn_forest_read_named(call, "target", features, e.targets, &e.forest));
    return run_regression(call, &e, rows, features);
}

/* ---- TreeEnsembleClassifier ---- */

/* What the votes look like decides how one score becomes two. */
typedef struct vote_facts {
    bool one_class, positive;
    int64_t known; /* a class that has votes; -1: none has */
} vote_facts;

static vote_facts look_at_votes(const hn_forest *f) {
    vote_facts facts = {true, true, -1};
    for (int64_t i = 0; i < f->n_nodes; i++) {
        const hn_tree_node *n = &f->node[i];
        for (int64_t k = n->first; n->mode == HN_TREE_LEAF && k < n->first + n->n; k++) {
            if (facts.known >= 0 && f->vote[k].target != facts.known) facts.one_class = false;
            facts.known = f->vote[k].target;
            if (f->vote[k].weight < 0) facts.positive = false;
        }
    }
    return facts;
}

static int64_t class_count(const hn_ml_labels *labels) { return labels->n > 0 ? labels->n : 1; }

hone_status hn_ops_infer_ml_tree_classifier(hn_infer *infer) {
    hn_ml_labels labels;
    hn_ml_transform transform;
    hn_dim rows, features;
    HN_TRY(hn_ml_read_labels(infer->attrs, "classlabels_int64s", &labels, infer->diag));
    HN_TRY(hn_ml_read_transform(infer->attrs, &transform, infer->diag));
    HN_TRY(hn_ml_rows(infer, &rows, &features));
    const int64_t classes = class_count(&labels);
    const hn_shape scores = {.rank = 2, .dim = {rows, hn_dim_const(classes)}};
    hn_ml_set_labels(infer, &labels, rows);
    hn_infer_set(infer, 1, HONE_FLOAT32, &scores);
    return HONE_OK;
}

/* Two classes of which all votes go to one: its score decides. Votes for the first class make both scores. */
static int64_t finish_binary(const ensemble *e, vote_facts facts) {
    const bool second = facts.known == 1;
    const double score = e->score[second];
    e->score[0] = second ? 0 : score;
    hn_ml_finish_scores(e->score, second ? 2 : 1, e->transform, facts.positive ? HN_ML_COMPLEMENT : HN_ML_OPPOSITE);
    return score > (facts.positive ? 0.5 : 0);
}

/* The class of the largest score among those that have votes; the first when none has. */
static int64_t winner(const ensemble *e) {
    int64_t best = -1;
    for (int64_t k = 0; k < e->targets; k++)
        if (e->voted[k] && (best < 0 || e->score[k] > e->score[best])) best = k;
    return best < 0 ? 0 : best;
}

static void finish_row(hn_call *call, const ensemble *e, const hn_ml_labels *labels, vote_facts facts, int64_t r) {
    hn_tensor *out = call->n_out > 1 ? call->out[1] : NULL;
    int64_t label;
    for (int64_t k = 0; k < e->targets; k++) e->score[k] += base_of(e, k);
    if (e->targets == 2 && facts.one_class) {
        label = finish_binary(e, facts);
    } else {
        label = e->targets == 1 ? e->score[0] > 0 : winner(e);
        hn_ml_finish_scores(e->score, e->targets, e->transform, HN_ML_ONE_SCORE);
    }
    hn_ml_store_label(call, labels, r, label);
    if (out) hn_panel_store(out, r * out->dim[1], out->dim[1], e->score);
}

hone_status hn_ops_ref_ml_tree_classifier(hn_call *call) {
    const int64_t rows = hn_ml_row_count(call->in[0]), features = hn_ml_feature_count(call->in[0]);
    hn_ml_labels labels;
    ensemble e = {.how = SUM};
    HN_TRY(hn_ml_read_labels(call->attrs, "classlabels_int64s", &labels, call->diag));
    HN_TRY(hn_ml_read_transform(call->attrs, &e.transform, call->diag));
    e.targets = class_count(&labels);
    HN_TRY(read_base(call, &e));
    HN_TRY(hn_forest_read_named(call, "class", features, e.targets, &e.forest));
    HN_TRY(allocate(call, &e, features));
    const vote_facts facts = look_at_votes(&e.forest);
    for (int64_t r = 0; r < rows; r++) {
        HN_TRY(collect(call, &e, r, features));
        finish_row(call, &e, &labels, facts, r);
    }
    return HONE_OK;
}
