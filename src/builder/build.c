/* The route of a model: one list that a reader can recite. */
#include <string.h>
#include "base/cpu.h"
#include "base/log.h"
#include "builder/model.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

static bool report(hn_build *build, double share, const char *what) {
    const hone_build_config *config = build->config;
    return !config || !config->progress || config->progress(config->progress_user, share, what, -1);
}

static bool pass_progress(void *user, double share, const char *what) { return report(user, 0.1 + 0.4 * share, what); }

static hone_status dump_model(void *user, const hn_model *model, hn_diag *diag) {
    const hn_build *build = user;
    const char *path = hn_config_text(build->config, "dump-file");
    if (!*path) HN_FAIL(diag, HONE_INVALID_ARGUMENT, "dump-after needs dump-file");
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_str text;
    hn_str_init(&text, &arena);
    hn_ir_print(&text, model, false);
    const char *bytes = hn_str_text(&text);
    hone_status status = bytes ? hn_file_save(path, bytes, strlen(bytes), diag) : HONE_OUT_OF_MEMORY;
    hn_arena_free(&arena);
    return status;
}

/* Kernels want their weights as constants, which exporters hide behind Identity. No pass is used for that: what runs as
 * it is judges them. */
static void show_constants(hn_graph *graph) {
    for (hn_node *node = graph->first, *next; node; node = next) {
        next = node->next;
        if (node->op->id != HN_OP_identity || !hn_ir_is_constant(node->in[0]) || hn_is_output(node->out[0])) continue;
        hn_ir_replace_uses(node->out[0], node->in[0]);
        hn_ir_remove(node);
    }
}

static hone_status simplify(hn_build *build) {
    const char *after = hn_config_text(build->config, "dump-after");
    /* A group is one device's; the pretended one takes single operators, so that there is something to bring over. */
    const hn_passes_options options = {.pipeline = &hn_pipeline_build,
                                       .group = !hn_config_int(build->config, "mock-device"),
                                       .dump_after = *after ? after : NULL,
                                       .dump = dump_model,
                                       .progress = pass_progress,
                                       .user = build};
    if (build->as_is) {
        show_constants(build->model->main);
        return HONE_OK;
    }
    /* Branches that are never taken may hold what cannot work for the shapes at hand. */
    if (hn_config_int(build->config, "reference")) return hn_passes_run_one(build->model, "fold_control", build->diag);
    return hn_passes_run(build->model, &options, build->diag);
}

/* Named values become outputs, so that grouping leaves them and the runtime shows them. */
static hn_value *find_value(hn_graph *graph, const char *name, size_t n) {
    for (hn_node *node = graph->first; node; node = node->next)
        for (int i = 0; i < node->n_out; i++) {
            const hn_value *v = node->out[i];
            if (v && strlen(v->name) == n && memcmp(v->name, name, n) == 0) return node->out[i];
        }
    return NULL;
}

static hone_status observe(hn_build *build) {
    const char *at = hn_config_text(build->config, "observe");
    while (*at) {
        const size_t n = strcspn(at, ",");
        hn_value *value = find_value(build->model->main, at, n);
        if (!value) HN_FAIL(build->diag, HONE_INVALID_ARGUMENT, "--observe: the model has no value '%.*s'", (int)n, at);
        if (!hn_ir_add_output(build->model->main, value)) return HONE_OUT_OF_MEMORY;
        at += n + (at[n] == ',');
    }
    return HONE_OK;
}

hone_status hn_build_target(hn_build *build) {
    const char *features = hn_config_text(build->config, "features");
    build->features = hn_cpu_features();
    uint32_t limit;
    if (*features) {
        if (!hn_cpu_parse(features, &limit))
            HN_FAIL(build->diag, HONE_INVALID_ARGUMENT, "--features: '%s' is not generic, avx2, avx512 or amx",
                    features);
        build->features &= limit;
    }
    build->threads = (int)hn_config_int(build->config, "threads");
    if (!build->threads) build->threads = hn_cpu_cores();
    return HONE_OK;
}

static hone_status warn_unbounded(hn_build *build) {
    for (int p = 0; p < build->n_profile; p++)
        if (!build->bounded[p])
            hn_diag_add(
                build->diag, HONE_WARNING, HONE_OK,
                "profile %d is unbounded: inputs have varying dimensions without a range, so memory is planned when a "
                "context first meets a larger shape; give --shapes or --min-shapes/--opt-shapes/--max-shapes",
                p);
    return HONE_OK;
}

/* The stages, in order, with the share of work done when each begins. */
static const struct stage {
    const char *what;
    double share;
    hone_status (*run)(hn_build *build);
} stages[] = {
    {"target", 0.00, hn_build_target},
    {"inputs and outputs", 0.005, hn_build_port_facts},
    {"observed values", 0.01, observe},
    {"shapes and profiles", 0.02, hn_build_specialize},
    {"passes", 0.10, simplify},
    {"profiles", 0.50, hn_build_profiles},
    {"unbounded profiles", 0.51, warn_unbounded},
    {"kernel selection", 0.52, hn_build_select},
    {"layouts", 0.60, hn_build_layouts},
};

hone_status hn_build_choose(hn_build *build) {
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        if (!report(build, stages[i].share, stages[i].what)) HN_FAIL(build->diag, HONE_CANCELLED, "build cancelled");
        HN_TRY(stages[i].run(build));
        if (build->model->failed) return HONE_OUT_OF_MEMORY;
    }
    return HONE_OK;
}

static hone_status run_stages(hn_build *build, const char *path) {
    HN_TRY(hn_build_choose(build));
    if (!report(build, 0.65, "writing the plan")) HN_FAIL(build->diag, HONE_CANCELLED, "build cancelled");
    HN_TRY(hn_build_emit(build, path));
    (void)report(build, 1.0, "done");
    return HONE_OK;
}

hone_status hn_build_plan(hn_model *model, const hone_build_config *config, bool as_is, const char *path,
                          hn_diag *diag) {
    hn_build build = {.model = model, .config = config, .as_is = as_is, .diag = diag};
    hn_arena_init(&build.arena, model->arena.allocator);
    const hone_status status = run_stages(&build, path);
    hn_arena_free(&build.arena);
    return status;
}

hone_status hone_build(hone_model *model, const hone_build_config *config, const char *path, hone_messages *messages) {
    if (!model || !model->model || !path)
        HN_FAIL(messages, HONE_INVALID_ARGUMENT, "hone_build needs a model and a path");
    const hone_status status = hn_build_plan(model->model, config, false, path, messages);
    hn_model_destroy(&model->model);
    return status;
}
