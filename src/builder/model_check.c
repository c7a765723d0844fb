/* Checking a model that was read without a fault: the audit, and who would run what. */
#include "builder/report.h"

#define FOLD_LIMIT (64u << 10) /* bytes: what the choice of kernels may depend on is small */

/* A build computes it beforehand, which only takes time here. */
static bool is_foldable(const hn_node *node) {
    bool constant = (node->op->facts & HN_FOLD) && !(node->op->facts & HN_QUANT);
    for (int i = 0; i < node->n_in; i++) constant = constant && (!node->in[i] || hn_ir_is_constant(node->in[i]));
    return constant && node->n_in > 0;
}

/* The node runs by `by`, itself or what holds it: a group. */
static void count_node(const hn_node *node, const hn_node *by, hn_op_runs *runs) {
    hn_op_runs *r = &runs[hn_build_runs_row(node->op)];
    const hn_plugin_op *own = node->op->plugin;
    if (node->op->facts & HN_CONTROL) r->control++;
    else if ((hn_build_choice(by)->kernel || (own && own->own->tasks)) && !is_foldable(node)) r->fast++;
    else if (!(node->op->facts & HN_VIEW) && !is_foldable(node)) r->reference++;
}

static void count_graph(const hn_graph *graph, hn_op_runs *runs) {
    for (const hn_node *node = graph->first; node; node = node->next) {
        if (node->op->id == HN_OP_group) {
            for (const hn_node *m = node->body[0]->first; m; m = m->next) count_node(m, node, runs);
            continue;
        }
        count_node(node, node, runs);
        for (int i = 0; i < node->n_body; i++) count_graph(node->body[i], runs);
    }
}

static int64_t at_most(int64_t n, int64_t most) { return n < most ? n : most; }

/* What is left of an operator's nodes behind the passes runs; passes also make nodes, which the model does not have. */
static hone_status choose(void *user, hn_model *model, hn_op_runs *runs) {
    HN_TRY(hn_build_choose(user));
    count_graph(model->main, runs);
    for (size_t i = 0; i < hn_build_runs_count(model); i++) {
        hn_op_runs *r = &runs[i];
        r->control = at_most(r->control, r->count);
        r->fast = at_most(r->fast, r->count - r->control);
        r->reference = at_most(r->reference, r->count - r->control - r->fast);
    }
    return HONE_OK;
}

/* Faults that the way to a plan meets are faults of the model; its warnings belong to builds. */
static void pass_on(const hn_diag *from, hn_diag *to) {
    for (size_t i = 0; i < from->n; i++)
        if (from->at[i].severity == HONE_ERROR) (void)hn_diag_repeat(to, &from->at[i]);
}

hone_status hone_model_check(hone_model *model, const hone_build_config *config, hone_messages *messages, char **json) {
    if (!json) return HONE_INVALID_ARGUMENT;
    *json = NULL;
    if (!model || !model->model) HN_FAIL(messages, HONE_INVALID_ARGUMENT, "the model is missing or was built already");
    if (model->model->disorder) return hn_diag_repeat(messages, model->model->disorder);
    hn_diag diag;
    hn_diag_init(&diag, model->allocator);
    hn_build build = {.model = model->model, .config = config, .diag = &diag};
    hn_arena_init(&build.arena, model->allocator);
    model->model->fold_limit = FOLD_LIMIT;
    hn_build_audit(model->model, messages);
    const hone_status status = hn_build_report(model, choose, &build, json);
    pass_on(&diag, messages);
    hn_arena_free(&build.arena);
    hn_diag_free(&diag);
    hn_model_destroy(&model->model);
    return status;
}
