/* A plan as JSON: provenance, profiles, ports, steps, memory. */
#include <inttypes.h>
#include <string.h>
#include "base/json.h"
#include "builder/model.h"
#include "device/device.h"
#include "hone/runtime.h"

typedef struct report {
    hn_json json;
    const hn_plan *plan;
    hn_arena *arena;
    hn_diag *diag;
} report;

static const char *text(const report *r, uint32_t string) { return hn_plan_text(r->plan, string); }

static void write_meta(report *r) {
    hn_json_object(&r->json, "meta", false);
    for (uint32_t i = 0; i < r->plan->n_meta; i++)
        hn_json_string(&r->json, text(r, r->plan->meta[i].key), text(r, r->plan->meta[i].value));
    hn_json_end_object(&r->json);
}

/* ---- values ---- */

static void write_dim(report *r, uint32_t expr) {
    const hn_plan_expr *e = &r->plan->expr[expr];
    int64_t value;
    if (e->n && hn_expr_check(r->plan->code + e->first, e->n, 0) >= 0 && hn_plan_eval(r->plan, expr, NULL, &value)) {
        hn_json_int(&r->json, NULL, value);
        return;
    }
    const int symbol = e->n ? hn_expr_code_symbol(r->plan->code + e->first, e->n) : -1;
    hn_json_string(&r->json, NULL, symbol < 0 ? "?" : text(r, r->plan->symbol[symbol]));
}

static const char *storage_text(const hn_plan_value *v) {
    static const char *const name[] = {"weights", "caller", "context", "arena", "heap", "output", "alias"};
    return v->storage < sizeof name / sizeof *name ? name[v->storage] : "?";
}

static void write_shape(report *r, const hn_plan_value *v) {
    if (v->rank == HN_PLAN_UNRANKED) {
        hn_json_null(&r->json, "shape");
        return;
    }
    hn_json_array(&r->json, "shape", true);
    for (int i = 0; i < v->rank; i++) write_dim(r, v->dim[i]);
    hn_json_end_array(&r->json);
}

/* The value whose memory an alias shows in the end. */
static const hn_plan_value *root_of(const hn_plan *plan, const hn_plan_value *v) {
    while (v->storage == HN_STORAGE_ALIAS) v = &plan->value[v->alias];
    return v;
}

static void write_value(report *r, uint32_t number, bool storage) {
    if (!number) {
        hn_json_null(&r->json, NULL);
        return;
    }
    const hn_plan_value *v = &r->plan->value[number - 1];
    hn_json_object(&r->json, NULL, true);
    hn_json_string(&r->json, "name", text(r, v->name));
    const char *type = hn_plan_text(r->plan, v->type);
    hn_json_string(&r->json, "dtype", *type ? type : hone_dtype_name((hone_dtype)v->dtype));
    write_shape(r, v);
    if (storage) hn_json_string(&r->json, "storage", storage_text(v));
    if (storage && v->storage == HN_STORAGE_ALIAS)
        hn_json_string(&r->json, "alias_of", text(r, root_of(r->plan, v)->name));
    if (storage && v->layout == HN_LAYOUT_CHANNELS_LAST) hn_json_string(&r->json, "layout", "channels_last");
    hn_json_end_object(&r->json);
}

static void write_values(report *r, const char *key, const uint32_t *number, uint32_t n, bool storage) {
    hn_json_array(&r->json, key, n == 0);
    for (uint32_t i = 0; i < n; i++) write_value(r, number[i], storage);
    hn_json_end_array(&r->json);
}

/* ---- profiles ---- */

static int64_t bound_of(const hn_plan_range *r, hone_profile_bound bound) {
    return bound == HONE_PROFILE_MIN ? r->min : bound == HONE_PROFILE_OPT ? r->opt : r->max;
}

static void write_bound(report *r, const char *key, const hn_plan_value *v, const hn_plan_range *range,
                        hone_profile_bound bound) {
    hn_json_array(&r->json, key, true);
    for (int i = 0; v->rank != HN_PLAN_UNRANKED && i < v->rank; i++) {
        const hn_plan_expr *e = &r->plan->expr[v->dim[i]];
        const int symbol = e->n ? hn_expr_code_symbol(r->plan->code + e->first, e->n) : -1;
        int64_t fixed;
        if (symbol >= 0) hn_json_int(&r->json, NULL, bound_of(&range[symbol], bound));
        else if (hn_expr_check(r->plan->code + e->first, e->n, 0) >= 0 &&
                 hn_plan_eval(r->plan, v->dim[i], NULL, &fixed))
            hn_json_int(&r->json, NULL, fixed);
        else hn_json_null(&r->json, NULL);
    }
    hn_json_end_array(&r->json);
}

static void write_profile(report *r, uint32_t p) {
    const hn_plan_block *main = &r->plan->block[0];
    const hn_plan_range *range = hn_plan_ranges(r->plan, p);
    hn_json_object(&r->json, NULL, false);
    hn_json_bool(&r->json, "bounded", hn_plan_profile_at(r->plan, p)->bounded != 0);
    hn_json_object(&r->json, "inputs", main->n_params == 0);
    for (uint32_t i = 0; i < main->n_params; i++) {
        const hn_plan_value *v = &r->plan->value[r->plan->arg[main->args + i] - 1];
        hn_json_object(&r->json, text(r, v->name), true);
        write_bound(r, "min", v, range, HONE_PROFILE_MIN);
        write_bound(r, "opt", v, range, HONE_PROFILE_OPT);
        write_bound(r, "max", v, range, HONE_PROFILE_MAX);
        hn_json_end_object(&r->json);
    }
    hn_json_end_object(&r->json);
    hn_json_end_object(&r->json);
}

/* ---- steps ---- */

static bool is_of_plugin(const report *r, const hn_plan_step *s) {
    return s->kind == HN_STEP_REFERENCE && strncmp(text(r, s->provider), HN_PLAN_PLUGIN, strlen(HN_PLAN_PLUGIN)) == 0;
}

static const char *kind_text(const report *r, const hn_plan_step *s) {
    switch ((hn_step_kind)s->kind) {
    case HN_STEP_KERNEL:
        return "kernel";
    case HN_STEP_REFERENCE:
        return is_of_plugin(r, s) ? "plugin" : "reference";
    case HN_STEP_VIEW:
        return "view";
    case HN_STEP_COPY:
        return "copy";
    case HN_STEP_IF:
    case HN_STEP_LOOP:
    case HN_STEP_SCAN:
        break;
    }
    return "control";
}

/* "plugin mix 1, parallel": the fast form of a plugin's operator. */
static const char *kernel_text(const report *r, const hn_plan_step *s) {
    if (s->kind == HN_STEP_KERNEL) return text(r, s->kernel);
    if (!is_of_plugin(r, s)) return kind_text(r, s);
    const char *shown = hn_arena_format(r->arena, "%s %" PRIu32 "%s", text(r, s->provider), s->kernel_version,
                                        *text(r, s->kernel) ? ", parallel" : "");
    return shown ? shown : kind_text(r, s);
}

static uint64_t packed_bytes(const report *r, const hn_plan_step *s) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < s->n_packed; i++) bytes += r->plan->packed[s->packed + i].size;
    return bytes;
}

static void write_blocks(report *r, const hn_plan_step *s) {
    const uint32_t *block = hn_plan_step_blocks(r->plan, s);
    hn_json_array(&r->json, "blocks", true);
    for (uint32_t i = 0; i < s->n_block; i++) hn_json_int(&r->json, NULL, block[i]);
    hn_json_end_array(&r->json);
}

static void write_step(report *r, const hn_plan_step *s, uint32_t block) {
    const hn_device *device = hn_device_at(s->device);
    hn_json_object(&r->json, NULL, false);
    hn_json_string(&r->json, "name", text(r, s->name));
    hn_json_string(&r->json, "op", text(r, s->op));
    hn_json_string(&r->json, "fused", text(r, s->fused));
    hn_json_string(&r->json, "kind", kind_text(r, s));
    hn_json_string(&r->json, "kernel", kernel_text(r, s));
    hn_json_string(&r->json, "provider", *text(r, s->provider) ? text(r, s->provider) : "runtime");
    hn_json_string(&r->json, "device", device ? device->name : "?");
    if (block) hn_json_int(&r->json, "block", block);
    if (s->n_block) write_blocks(r, s);
    if (s->n_packed) hn_json_int(&r->json, "packed_bytes", (int64_t)packed_bytes(r, s));
    write_values(r, "inputs", hn_plan_step_in(r->plan, s), s->n_in, true);
    write_values(r, "outputs", hn_plan_step_out(r->plan, s), s->n_out, true);
    hn_json_end_object(&r->json);
}

static uint32_t block_of(const hn_plan *plan, uint32_t step) {
    for (uint32_t b = 0; b < plan->n_block; b++)
        if (step >= plan->block[b].first_step && step - plan->block[b].first_step < plan->block[b].n_steps) return b;
    return 0;
}

/* ---- memory ---- */

/* Why the memory that running takes is not known beforehand; NULL when it is. */
static const char *unbounded_reason(const report *r) {
    const hn_plan *plan = r->plan;
    for (uint32_t p = 0; p < plan->n_profile; p++)
        if (!hn_plan_profile_at(plan, p)->bounded)
            return hn_arena_format(r->arena, "profile %u has no upper end: build with --shapes or --max-shapes", p);
    for (uint32_t i = 0; i < plan->n_step; i++) {
        const hn_plan_step *s = &plan->step[i];
        const uint32_t *out = hn_plan_step_out(plan, s);
        for (uint32_t k = 0; k < s->n_out; k++)
            if (out[k] && plan->value[out[k] - 1].storage == HN_STORAGE_HEAP &&
                !hn_plan_has_dims(plan, &plan->value[out[k] - 1]))
                return hn_arena_format(r->arena, "the size of '%s' (step '%s', %s) depends on data",
                                       text(r, plan->value[out[k] - 1].name), text(r, s->name), text(r, s->fused));
    }
    return NULL;
}

/* Arena and live bytes, all devices together, at the largest shapes of a profile (opt where it has no upper end, which
 * need not fit together: a failure then means nothing). */
static hone_status profile_memory(const report *r, uint32_t p, uint64_t *arena, uint64_t *live, hn_diag *diag) {
    const hn_plan *plan = r->plan;
    const hn_plan_range *range = hn_plan_ranges(plan, p);
    int64_t *symbol = HN_NEW_ARRAY(r->arena, int64_t, plan->n_symbol);
    uint64_t *offset = HN_NEW_ARRAY(r->arena, uint64_t, plan->n_value);
    if (!symbol || !offset) return HONE_OUT_OF_MEMORY;
    for (uint32_t s = 0; s < plan->n_symbol; s++) symbol[s] = range[s].max < 0 ? range[s].opt : range[s].max;
    *arena = *live = 0;
    for (int d = 0; d < HN_DEVICES; d++) {
        uint64_t total, most;
        HN_TRY(hn_plan_memory(plan, symbol, d, r->arena, offset, &total, &most, diag));
        *arena += total, *live += most;
    }
    return HONE_OK;
}

static hone_status write_memory(report *r) {
    uint64_t arena = 0, live = 0;
    for (uint32_t p = 0; p < r->plan->n_profile; p++) {
        uint64_t a = 0, l = 0;
        const bool bounded = hn_plan_profile_at(r->plan, p)->bounded != 0;
        const hone_status status = profile_memory(r, p, &a, &l, bounded ? r->diag : NULL);
        if (status != HONE_OK && (bounded || status == HONE_OUT_OF_MEMORY)) return status;
        if (a > arena) arena = a, live = l;
    }
    const char *reason = unbounded_reason(r);
    hn_json_object(&r->json, "memory", false);
    hn_json_bool(&r->json, "bounded", !reason);
    if (reason) hn_json_string(&r->json, "reason", reason);
    hn_json_int(&r->json, "arena_bytes", (int64_t)arena);
    hn_json_int(&r->json, "live_peak_bytes", (int64_t)live);
    hn_json_int(&r->json, "weights_bytes", (int64_t)r->plan->n_weights);
    hn_json_end_object(&r->json);
    return HONE_OK;
}

/* ---- the report ---- */

static hone_status write_plan(report *r) {
    const hn_plan *plan = r->plan;
    const hn_plan_block *main = &plan->block[0];
    const uint32_t *params = plan->arg + main->args;
    hn_json_object(&r->json, NULL, false);
    hn_json_string(&r->json, "kind", "plan");
    hn_json_int(&r->json, "format_version", HN_PLAN_VERSION);
    write_meta(r);
    hn_json_array(&r->json, "profiles", false);
    for (uint32_t p = 0; p < plan->n_profile; p++) write_profile(r, p);
    hn_json_end_array(&r->json);
    write_values(r, "inputs", params, main->n_params, false);
    write_values(r, "outputs", params + main->n_params, main->n_results, true);
    hn_json_array(&r->json, "steps", plan->n_step == 0);
    for (uint32_t i = 0; i < plan->n_step; i++) write_step(r, &plan->step[i], block_of(plan, i));
    hn_json_end_array(&r->json);
    HN_TRY(write_memory(r));
    hn_json_end_object(&r->json);
    hn_str_append(r->json.out, "\n", 1);
    return HONE_OK;
}

hone_status hone_plan_report(const char *path, bool verify_weights, hone_messages *messages, char **json) {
    if (!json) return HONE_INVALID_ARGUMENT;
    *json = NULL;
    if (!path) HN_FAIL(messages, HONE_INVALID_ARGUMENT, "a path is needed");
    hn_plan plan;
    HN_TRY(hn_plan_open(path, verify_weights, &plan, messages));
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_str out;
    hn_str_init(&out, &arena);
    report r = {.plan = &plan, .arena = &arena, .diag = messages};
    hn_json_init(&r.json, &out);
    hone_status status = write_plan(&r);
    if (status == HONE_OK) status = hn_text_copy(hn_str_text(&out), json);
    hn_arena_free(&arena);
    hn_plan_close(&plan);
    return status;
}
