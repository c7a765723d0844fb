/* Steps of a plan tied to operators and kernels. What the plan says about a kernel is worked out again and compared, so
 * that a file cannot make a kernel read past what it holds. */
#include <inttypes.h>
#include <string.h>
#include "kernels/cpu/cpu_provider.h"
#include "runtime/engine.h"

static hone_status bind_packed(hone_engine *engine, hn_bound_step *s, hn_diag *diag) {
    const hn_plan *plan = &engine->plan;
    const hn_plan_step *record = s->record;
    s->packed = HN_NEW_ARRAY(&engine->arena, const void *, s->query->n_val);
    HN_TRY_ALLOC(s->packed);
    for (uint32_t i = 0; i < record->n_packed; i++) {
        const hn_plan_packed *p = &plan->packed[record->packed + i];
        s->packed[p->val] = plan->weights + p->offset;
        if (!s->kernel->packed_size || s->kernel->packed_size(s->query, s->config, (int)p->val) != p->size)
            HN_FAIL(diag, HONE_MALFORMED, "step '%s': a packed constant of %" PRIu64 " bytes does not fit kernel %s",
                    s->name, p->size, s->kernel->name);
    }
    for (int i = 0; i < s->query->n_in; i++) {
        const hn_plan_value *v = &plan->value[s->in[i] - 1];
        const bool constant = s->query->val[i].role == HN_ROLE_CONST;
        if (constant != (v->source == HN_SOURCE_CONST) && !(v->source == HN_SOURCE_CONST))
            HN_FAIL(diag, HONE_MALFORMED, "step '%s': input %d is no constant", s->name, i);
        const size_t packed = constant && s->kernel->packed_size ? s->kernel->packed_size(s->query, s->config, i) : 0;
        if (packed && !s->packed[i]) HN_FAIL(diag, HONE_MALFORMED, "step '%s': input %d is not packed", s->name, i);
    }
    return HONE_OK;
}

/* The query's values must be those of the step: same types, ranks, layouts, and fixed dims. */
static bool value_fits(const hn_plan *plan, const hn_plan_value *v, const hn_qval *q) {
    if (v->dtype != q->dtype || v->rank != q->rank || v->layout != q->layout) return false;
    for (int i = 0; i < v->rank; i++) {
        int64_t d;
        const hn_plan_expr *e = &plan->expr[v->dim[i]];
        if (!e->n) return false;
        if (hn_expr_check(plan->code + e->first, e->n, 0) < 0) {
            if (q->dim[i].min == q->dim[i].max) return false; /* the query calls fixed what varies */
            continue;
        }
        if (!hn_plan_eval(plan, v->dim[i], NULL, &d) || q->dim[i].min != d || q->dim[i].max != d) return false;
    }
    return true;
}

static hone_status check_values(const hone_engine *engine, const hn_bound_step *s, hn_diag *diag) {
    const hn_plan *plan = &engine->plan;
    const hn_query *q = s->query;
    uint32_t out = 0;
    if (q->n_in != s->record->n_in || q->n_out != s->record->n_out)
        HN_FAIL(diag, HONE_MALFORMED, "step '%s' does not fit its query", s->name);
    for (int i = 0; i < q->n_val; i++) {
        if (q->val[i].role == HN_ROLE_TEMP) continue;
        const uint32_t number = i < q->n_in ? s->in[i] : s->out[out++];
        if (!value_fits(plan, &plan->value[number - 1], &q->val[i]))
            HN_FAIL(diag, HONE_MALFORMED, "step '%s': value %d does not fit its query", s->name, i);
    }
    return HONE_OK;
}

static hone_status decode_query(hone_engine *engine, hn_bound_step *s, hn_diag *diag) {
    hn_arena scratch;
    hn_arena_init(&scratch, engine->allocator);
    hn_query *q = HN_NEW(&scratch, hn_query);
    hone_status status = q ? hn_plan_query_decode(engine->plan.blob + s->record->query, s->record->query_bytes, q, diag)
                           : HONE_OUT_OF_MEMORY;
    if (status == HONE_OK && !(s->query = hn_arena_copy(&engine->arena, q, HN_QUERY_SIZE(q->n_val))))
        status = HONE_OUT_OF_MEMORY;
    hn_arena_free(&scratch);
    HN_TRY(status);
    hn_attrs *attrs = HN_NEW_ARRAY(&engine->arena, hn_attrs, s->query->n_op);
    HN_TRY_ALLOC(attrs);
    for (int i = 0; i < s->query->n_op; i++) HN_TRY(hn_query_attrs(s->query, i, &engine->arena, &attrs[i], diag));
    s->query_attrs = attrs;
    return HONE_OK;
}

static hone_status bind_kernel(hone_engine *engine, hn_bound_step *s, hn_diag *diag) {
    const char *name = hn_plan_text(&engine->plan, s->record->kernel);
    s->kernel = hn_provider_find(&hn_cpu_provider, name);
    if (!s->kernel || s->kernel->version != s->record->kernel_version)
        HN_FAIL(diag, HONE_UNSUPPORTED,
                "step '%s' needs kernel %s version %" PRIu32 ", which this library does not have: build again", s->name,
                name, s->record->kernel_version);
    HN_TRY(decode_query(engine, s, diag));
    HN_TRY(check_values(engine, s, diag));
    if (!s->kernel->supports(s->query))
        HN_FAIL(diag, HONE_MALFORMED, "step '%s': kernel %s refuses its query", s->name, name);
    void *config = hn_arena_alloc(&engine->arena, HN_CONFIG_BYTES);
    HN_TRY_ALLOC(config);
    if (s->kernel->prepare) HN_TRY(s->kernel->prepare(s->query, config, diag));
    if (memcmp(config, engine->plan.blob + s->record->config, HN_CONFIG_BYTES) != 0)
        HN_FAIL(diag, HONE_MALFORMED, "step '%s': kernel %s would be set up differently by this library: build again",
                s->name, name);
    s->config = config;
    s->body = hn_kernel_bind(s->kernel, engine->features);
    if (!s->body) HN_FAIL(diag, HONE_UNSUPPORTED, "step '%s': kernel %s does not run on this processor", s->name, name);
    return bind_packed(engine, s, diag);
}

/* Constants that were stored packed only have no bytes for anybody but their kernel. */
static hone_status check_constants(const hone_engine *engine, const hn_bound_step *s, hn_diag *diag) {
    for (uint32_t i = 0; i < s->record->n_in; i++) {
        if (!s->in[i]) continue;
        const hn_plan_value *v = &engine->plan.value[engine->root[s->in[i] - 1]];
        int64_t dim[HONE_MAX_RANK];
        hn_tensor t = {.rank = 0};
        if (v->source != HN_SOURCE_CONST || v->size) continue;
        if (!hn_plan_dims(&engine->plan, v, NULL, dim)) return HONE_INTERNAL;
        hn_tensor_set_shape(&t, v->rank, dim);
        const bool packed = s->kernel && s->packed[i];
        if (hn_tensor_count(&t) != 0 && !packed)
            HN_FAIL(diag, HONE_MALFORMED, "step '%s': constant input %" PRIu32 " has no bytes", s->name, i);
    }
    return HONE_OK;
}

/* An operator of a plugin, which must be there in the version that the plan was built with. */
static hone_status bind_plugin(hone_engine *engine, hn_bound_step *s, uint32_t i, hn_diag *diag) {
    const hn_plan_step *record = s->record;
    const char *name = hn_plan_text(&engine->plan, record->op), *plugin = hn_plan_text(&engine->plan, record->provider);
    const hn_plugin_op *own;
    s->op = hn_plugins_find(engine->plugins, name);
    if (!s->op)
        HN_FAIL(diag, HONE_UNSUPPORTED,
                "step '%s' needs operator '%s' of %s version %" PRIu32 ": give it with --plugin FILE", s->name, name,
                plugin, record->kernel_version);
    own = s->op->plugin;
    if (own->plugin->version != record->kernel_version ||
        strcmp(own->plugin->name, plugin + strlen(HN_PLAN_PLUGIN)) != 0)
        HN_FAIL(diag, HONE_UNSUPPORTED,
                "step '%s' was built with %s version %" PRIu32 ", here is version %" PRIu32 " of '%s': build again",
                s->name, plugin, record->kernel_version, own->plugin->version, own->plugin->name);
    return hn_plan_verify_arity(&engine->plan, i, s->op, diag);
}

static hone_status bind_operator(hone_engine *engine, hn_bound_step *s, uint32_t i, hn_diag *diag) {
    const hn_plan *plan = &engine->plan;
    const char *provider = hn_plan_text(plan, s->record->provider);
    s->op = hn_op_find(hn_plan_text(plan, s->record->op));
    const bool foreign = strncmp(provider, HN_PLAN_PLUGIN, strlen(HN_PLAN_PLUGIN)) == 0;
    if (foreign && s->record->kind == HN_STEP_REFERENCE) HN_TRY(bind_plugin(engine, s, i, diag));
    return hn_attrs_decode(plan->blob + s->record->attrs, s->record->attr_bytes, &engine->arena, &s->attrs, diag);
}

static hone_status bind_step(hone_engine *engine, uint32_t i, hn_diag *diag) {
    const hn_plan *plan = &engine->plan;
    hn_bound_step *s = &engine->step[i];
    s->record = &plan->step[i];
    s->name = hn_plan_text(plan, s->record->name);
    s->fused = hn_plan_text(plan, s->record->fused);
    s->in = hn_plan_step_in(plan, s->record);
    s->out = hn_plan_step_out(plan, s->record);
    s->block = hn_plan_step_blocks(plan, s->record);
    if (s->record->n_in > engine->max_in) engine->max_in = s->record->n_in;
    if (s->record->n_out > engine->max_out) engine->max_out = s->record->n_out;
    if (s->record->kind == HN_STEP_KERNEL) {
        HN_TRY(bind_kernel(engine, s, diag));
        if (s->query->n_val > engine->max_vals) engine->max_vals = s->query->n_val;
    } else if (s->record->kind != HN_STEP_COPY) {
        HN_TRY(bind_operator(engine, s, i, diag));
    }
    return check_constants(engine, s, diag);
}

/* ---- when heap memory can go back ---- */

typedef struct release_scan {
    const hone_engine *engine;
    uint32_t block;    /* the block that is looked at */
    uint32_t *mark;    /* per value: 1 + the block whose scan saw it, or that keeps it */
    uint32_t *list, n; /* values last seen at the present step */
} release_scan;

static void see_value(release_scan *r, uint32_t number) {
    if (!number) return;
    const uint32_t root = r->engine->root[number - 1];
    if (r->engine->plan.value[root].storage != HN_STORAGE_HEAP || r->engine->home[root] != r->block) return;
    if (r->mark[root] == r->block + 1) return;
    r->mark[root] = r->block + 1;
    r->list[r->n++] = root;
}

static void see_step(release_scan *r, const hn_bound_step *s) {
    for (uint32_t k = 0; k < s->record->n_in; k++) see_value(r, s->in[k]);
    for (uint32_t k = 0; k < s->record->n_out; k++) see_value(r, s->out[k]);
    for (uint32_t b = 0; b < s->record->n_block; b++) {
        const hn_plan_block *body = &r->engine->plan.block[s->block[b]];
        for (uint32_t k = 0; k < body->n_results; k++)
            see_value(r, r->engine->plan.arg[body->args + body->n_params + k]);
        for (uint32_t k = 0; k < body->n_steps; k++) see_step(r, &r->engine->step[body->first_step + k]);
    }
}

/* Backwards over a block: the first sight of a value is its last use. Results outlive the block. */
static hone_status find_releases(hone_engine *engine, uint32_t number, uint32_t *mark, uint32_t *list) {
    const hn_plan_block *b = &engine->plan.block[number];
    release_scan r = {engine, number, mark, list, 0};
    for (uint32_t k = 0; k < b->n_results; k++)
        mark[engine->root[engine->plan.arg[b->args + b->n_params + k] - 1]] = number + 1;
    for (uint32_t i = b->n_steps; i-- > 0;) {
        hn_bound_step *s = &engine->step[b->first_step + i];
        r.n = 0;
        see_step(&r, s);
        s->n_release = r.n;
        s->release = hn_arena_copy(&engine->arena, list, r.n * sizeof *list);
        HN_TRY_ALLOC(s->release);
    }
    return HONE_OK;
}

static hone_status find_homes(hone_engine *engine) {
    const hn_plan *plan = &engine->plan;
    engine->home = HN_NEW_ARRAY(&engine->arena, uint32_t, plan->n_value);
    HN_TRY_ALLOC(engine->home);
    for (uint32_t i = 0; i < plan->n_value; i++) engine->home[i] = UINT32_MAX;
    for (uint32_t b = 0; b < plan->n_block; b++)
        for (uint32_t i = 0; i < plan->block[b].n_steps; i++) {
            const hn_bound_step *s = &engine->step[plan->block[b].first_step + i];
            for (uint32_t k = 0; k < s->record->n_out; k++)
                if (s->out[k]) engine->home[s->out[k] - 1] = b;
        }
    return HONE_OK;
}

hone_status hn_engine_bind_steps(hone_engine *engine, hn_diag *diag) {
    const hn_plan *plan = &engine->plan;
    hn_arena *arena = &engine->arena;
    engine->step = HN_NEW_ARRAY(arena, hn_bound_step, plan->n_step);
    engine->root = HN_NEW_ARRAY(arena, uint32_t, plan->n_value);
    if (!engine->step || !engine->root) return HONE_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < plan->n_value; i++)
        engine->root[i] = plan->value[i].storage == HN_STORAGE_ALIAS ? engine->root[plan->value[i].alias] : i;
    for (uint32_t i = 0; i < plan->n_step; i++) HN_TRY(bind_step(engine, i, diag));
    HN_TRY(find_homes(engine));
    hn_arena scratch;
    hn_arena_init(&scratch, engine->allocator);
    uint32_t *mark = HN_NEW_ARRAY(&scratch, uint32_t, plan->n_value),
             *list = HN_NEW_ARRAY(&scratch, uint32_t, plan->n_value);
    hone_status status = mark && list ? HONE_OK : HONE_OUT_OF_MEMORY;
    for (uint32_t b = 0; status == HONE_OK && b < plan->n_block; b++) status = find_releases(engine, b, mark, list);
    hn_arena_free(&scratch);
    return status;
}
