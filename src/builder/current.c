/* Is a plan already what a build would make? Its META section answers: same provenance and options, same bytes. */
#include <string.h>
#include "builder/model.h"

static bool is_value(const hn_plan *plan, const hn_meta_pair *pair) {
    const char *value = hn_plan_meta_find(plan, pair->key);
    return value && strcmp(value, pair->value) == 0;
}

static bool same_meta(const hn_plan *plan, const hn_meta_pair *pair, int n) {
    if (plan->n_meta != (uint32_t)n) return false;
    for (int i = 0; i < n; i++)
        if (!is_value(plan, &pair[i])) return false;
    return true;
}

static hone_status compare(hn_build *build, const char *path, bool *current) {
    const hn_meta_pair *pair;
    int n;
    hn_plan plan;
    HN_TRY(hn_build_target(build));
    HN_TRY(hn_build_port_facts(build));
    HN_TRY(hn_build_meta(build, &pair, &n));
    const hone_status status = hn_plan_open(path, true, &plan, NULL);
    if (status != HONE_OK) return status == HONE_OUT_OF_MEMORY ? status : HONE_OK;
    *current = same_meta(&plan, pair, n);
    hn_plan_close(&plan);
    return HONE_OK;
}

hone_status hone_build_is_current(const hone_model *model, const hone_build_config *config, const char *path,
                                  hone_messages *messages, bool *current) {
    if (!model || !model->model || !path || !current)
        HN_FAIL(messages, HONE_INVALID_ARGUMENT, "a model, a path and a place for the answer are needed");
    *current = false;
    hn_build build = {.model = model->model, .config = config, .diag = messages};
    build.n_profile = config && config->n_profile ? config->n_profile : 1;
    hn_arena_init(&build.arena, model->model->arena.allocator);
    const hone_status status = compare(&build, path, current);
    hn_arena_free(&build.arena);
    return status;
}
