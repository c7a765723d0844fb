/* Runs passes: computes the facts they need, forgets those they break, checks what they leave. */
#include <string.h>
#include "passes/pipeline.h"

/* Each round removes or simplifies something, so models settle in three or four; the bound guards against two passes
 * that undo each other. */
#define MOST_ROUNDS 12

typedef struct driver {
    hn_model *model;
    const hn_passes_options *options;
    uint32_t facts;
    bool dumped, enough;
    hn_diag *diag;
} driver;

static hone_status provide(driver *d, uint32_t needs) {
    if ((needs & HN_FACT_INFERRED) && !(d->facts & HN_FACT_INFERRED)) {
        HN_TRY(hn_ir_infer(d->model, d->diag));
        d->facts |= HN_FACT_INFERRED;
    }
    return HONE_OK;
}

static hone_status check_result(const driver *d, const char *culprit) {
    if (d->model->failed) return HONE_OUT_OF_MEMORY;
    const hone_status status = hn_ir_verify(d->model, d->diag);
    if (status == HONE_INTERNAL) HN_FAIL(d->diag, HONE_INTERNAL, "%s left a damaged graph", culprit);
    return status;
}

/* Once, after the first run of the pass: what the pass makes of the graph as the passes before it left it. */
static hone_status dump(driver *d, const hn_pass *pass) {
    const hn_passes_options *o = d->options;
    if (d->dumped || !o->dump || !o->dump_after || strcmp(o->dump_after, pass->name) != 0) return HONE_OK;
    d->dumped = true;
    return o->dump(o->user, d->model, d->diag);
}

static hone_status run_pass(driver *d, const hn_pass *pass, bool *changed) {
    bool mine = false;
    HN_TRY(provide(d, pass->needs));
    HN_TRY(pass->run(d->model, &mine, d->diag));
    if (d->model->failed) return HONE_OUT_OF_MEMORY;
    if (!mine) return HONE_OK;
    d->facts &= pass->keeps;
    *changed = true;
    if (d->options->changed && !d->options->changed(d->options->user, pass->name)) d->enough = true;
#ifndef NDEBUG
    HN_TRY(check_result(d, pass->name));
#endif
    return HONE_OK;
}

static hone_status report(const driver *d, double share, const char *what) {
    const hn_passes_options *o = d->options;
    if (!o->progress || o->progress(o->user, share, what)) return HONE_OK;
    HN_FAIL(d->diag, HONE_CANCELLED, "cancelled before pass %s", what);
}

bool hn_passes_listed(const char *list, const char *name, size_t n) {
    while (list && *list) {
        const size_t length = strcspn(list, ",");
        if (length == n && memcmp(list, name, n) == 0) return true;
        list += length + (list[length] == ',');
    }
    return false;
}

/* Passes of a table in order. `from` and `to` are shares of the work. */
static hone_status run_table(driver *d, const hn_pass *pass, int n, double from, double to, bool *changed) {
    for (int i = 0; i < n && !d->enough; i++) {
        if (hn_passes_listed(d->options->skip, pass[i].name, strlen(pass[i].name))) continue;
        HN_TRY(report(d, from + (to - from) * i / n, pass[i].name));
        HN_TRY(run_pass(d, &pass[i], changed));
        HN_TRY(dump(d, &pass[i]));
    }
    return HONE_OK;
}

/* Rounds of the cleaning passes until none changes anything; each round counts for half of the work that is left. */
static hone_status clean(driver *d) {
    const hn_pipeline *p = d->options->pipeline;
    bool changed = true;
    double share = 0;
    for (int round = 0; changed && !d->enough && round < MOST_ROUNDS; round++) {
        const double next = share + (0.9 - share) / 2;
        changed = false;
        HN_TRY(run_table(d, p->round, p->n_round, share, next, &changed));
        share = next;
    }
    return HONE_OK;
}

static const hn_pipeline *const pipelines[] = {&hn_pipeline_build, &hn_pipeline_simplify};
#define N_PIPELINES (sizeof pipelines / sizeof *pipelines)

static const hn_pass *find_in(const hn_pipeline *p, const char *name, size_t n) {
    for (int i = 0; i < p->n_round + p->n_once; i++) {
        const hn_pass *pass = i < p->n_round ? &p->round[i] : &p->once[i - p->n_round];
        if (strlen(pass->name) == n && memcmp(pass->name, name, n) == 0) return pass;
    }
    return NULL;
}

static const hn_pass *find(const char *name) {
    const hn_pass *found = NULL;
    for (size_t i = 0; i < N_PIPELINES && !found; i++) found = find_in(pipelines[i], name, strlen(name));
    return found;
}

bool hn_passes_know(const hn_pipeline *pipeline, const char *name, size_t n) {
    return find_in(pipeline, name, n) != NULL;
}

static void add_names(hn_str *names, const hn_pipeline *p) {
    for (int i = 0; i < p->n_round; i++) hn_str_add(names, " %s", p->round[i].name);
    for (int i = 0; i < p->n_once; i++) hn_str_add(names, " %s", p->once[i].name);
}

hone_status hn_passes_unknown(const hn_pipeline *pipeline, const char *name, size_t n, hn_diag *diag) {
    hn_arena scratch;
    hn_str names;
    hn_arena_init(&scratch, NULL);
    hn_str_init(&names, &scratch);
    for (size_t i = 0; i < N_PIPELINES; i++)
        if (!pipeline || pipeline == pipelines[i]) add_names(&names, pipelines[i]);
    const char *text = hn_str_text(&names);
    const hone_status status =
        hn_diag_add(diag, HONE_ERROR, HONE_INVALID_ARGUMENT, "there is no pass '%.*s'; the passes are:%s", (int)n, name,
                    text ? text : "");
    hn_arena_free(&scratch);
    return status;
}

hone_status hn_passes_run(hn_model *model, const hn_passes_options *options, hn_diag *diag) {
    driver d = {.model = model, .options = options, .diag = diag};
    bool changed = false;
    const hn_pipeline *p = options->pipeline;
    if (options->dump_after && !find_in(p, options->dump_after, strlen(options->dump_after)))
        return hn_passes_unknown(p, options->dump_after, strlen(options->dump_after), diag);
    HN_TRY(clean(&d));
    if (options->group) HN_TRY(run_table(&d, p->once, p->n_once, 0.9, 1, &changed));
    HN_TRY(provide(&d, HN_FACT_INFERRED));
    return check_result(&d, "the pipeline");
}

hone_status hn_passes_run_one(hn_model *model, const char *name, hn_diag *diag) {
    static const hn_passes_options none = {0};
    driver d = {.model = model, .options = &none, .diag = diag};
    const hn_pass *pass = find(name);
    bool changed = false;
    if (!pass) return hn_passes_unknown(NULL, name, strlen(name), diag);
    HN_TRY(run_pass(&d, pass, &changed));
    HN_TRY(provide(&d, HN_FACT_INFERRED));
    return check_result(&d, name);
}
