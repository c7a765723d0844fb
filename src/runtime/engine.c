/* Loading and releasing engines. */
#include <string.h>
#include "base/cpu.h"
#include "runtime/engine.h"
#include "hone/version.h"

static hone_engine_options read_options(const hone_engine_options *given) {
    hone_engine_options o = {.size = sizeof o};
    if (given) memcpy(&o, given, given->size < sizeof o ? given->size : sizeof o);
    return o;
}

static hone_status set_features(hone_engine *engine, const char *limit, hn_diag *diag) {
    uint32_t mask;
    engine->features = hn_cpu_features();
    if (!limit || !*limit) return HONE_OK;
    if (!hn_cpu_parse(limit, &mask))
        HN_FAIL(diag, HONE_INVALID_ARGUMENT, "features: '%s' is not generic, avx2, avx512 or amx", limit);
    engine->features &= mask;
    return HONE_OK;
}

static hone_status finish_load(hone_engine *engine, const hone_engine_options *o, hn_diag *diag) {
    const hn_plan_block *main = engine->plan.block;
    engine->input = engine->plan.arg + main->args;
    engine->n_input = (int)main->n_params;
    engine->output = engine->input + main->n_params;
    engine->n_output = (int)main->n_results;
    engine->plugins = o->plugins;
    HN_TRY(set_features(engine, o->features, diag));
    HN_TRY(hn_engine_bind_steps(engine, diag));
    HN_TRY(hn_engine_describe_ports(engine, diag));
    if (o->threads < 0 || o->threads > 1024)
        HN_FAIL(diag, HONE_INVALID_ARGUMENT, "threads: %d is outside 0 to 1024", o->threads);
    return hn_pool_create(engine->allocator, o->threads ? o->threads : hn_cpu_cores(), &engine->pool);
}

/* `path` or `bytes`: exactly one is given. */
static hone_status load(const char *path, const void *bytes, size_t n, const hone_engine_options *options,
                        hn_diag *diag, hone_engine **out) {
    const hone_engine_options o = read_options(options);
    hone_engine *engine = hn_alloc(o.allocator, sizeof *engine, 16);
    HN_TRY_ALLOC(engine);
    memset(engine, 0, sizeof *engine);
    engine->allocator = o.allocator;
    hn_arena_init(&engine->arena, o.allocator);
    hone_status status = path ? hn_plan_open(path, o.verify_weights, &engine->plan, diag)
                              : hn_plan_open_memory(bytes, n, o.verify_weights, &engine->plan, diag);
    if (status == HONE_OK) status = finish_load(engine, &o, diag);
    if (status != HONE_OK) hone_engine_destroy(&engine);
    *out = engine;
    return status;
}

hone_status hone_engine_load(const char *path, const hone_engine_options *options, hone_messages *messages,
                             hone_engine **out) {
    if (!out) return HONE_INVALID_ARGUMENT;
    *out = NULL;
    if (!path) HN_FAIL(messages, HONE_INVALID_ARGUMENT, "a path is needed");
    return load(path, NULL, 0, options, messages, out);
}

hone_status hone_engine_load_memory(const void *bytes, size_t size, const hone_engine_options *options,
                                    hone_messages *messages, hone_engine **out) {
    if (!out) return HONE_INVALID_ARGUMENT;
    *out = NULL;
    if (!bytes) HN_FAIL(messages, HONE_INVALID_ARGUMENT, "bytes are needed");
    return load(NULL, bytes, size, options, messages, out);
}

void hone_engine_destroy(hone_engine **engine) {
    if (!engine || !*engine) return;
    hone_engine *e = *engine;
    hn_pool_destroy(&e->pool);
    hn_plan_close(&e->plan);
    const hone_allocator *allocator = e->allocator;
    hn_arena_free(&e->arena);
    hn_release(allocator, e, sizeof *e);
    *engine = NULL;
}

int hone_engine_threads(const hone_engine *engine) { return hn_pool_threads(engine->pool); }

const char *hone_engine_meta(const hone_engine *engine, const char *key) {
    return key ? hn_plan_meta_find(&engine->plan, key) : NULL;
}

const char *hone_version(void) { return HONE_VERSION_STRING; }
