/* From input shapes to symbols, profile, shapes of all values and memory. Runs only when a shape has changed. */
#include <inttypes.h>
#include <string.h>
#include "base/log.h"
#include "runtime/context.h"

static void set_shape(const hn_plan_value *v, hn_tensor *t, const int64_t *dim) {
    hn_tensor_set_shape(t, v->rank, dim);
    if (v->layout == HN_LAYOUT_CHANNELS_LAST) hn_tensor_set_channels_last(t);
}

/* Shapes of all values that the symbols decide; the others get rank -1 until their step has run. */
static void set_shapes(hone_context *c, const int64_t *symbol) {
    const hn_plan *plan = &c->engine->plan;
    int64_t dim[HONE_MAX_RANK];
    for (uint32_t i = 0; i < plan->n_value; i++) {
        if (hn_plan_dims(plan, &plan->value[i], symbol, dim)) set_shape(&plan->value[i], &c->value[i], dim);
        else c->value[i].rank = -1;
    }
}

/* ---- symbols and profiles ---- */

static hone_status bind_symbols(hone_context *c) {
    const hone_engine *e = c->engine;
    const hn_plan *plan = &e->plan;
    for (uint32_t s = 0; s < plan->n_symbol; s++) c->symbol[s] = -1;
    for (int n = 0; n < e->n_input; n++) {
        const hn_plan_value *v = &plan->value[e->input[n] - 1];
        for (int i = 0; i < c->input[n].rank; i++) {
            const hn_plan_expr *x = &plan->expr[v->dim[i]];
            const int s = hn_expr_code_symbol(plan->code + x->first, x->n);
            if (s < 0) continue;
            if (c->symbol[s] >= 0 && c->symbol[s] != c->input[n].dim[i])
                HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT,
                        "input '%s': dimension %d is %" PRId64 ", but '%s' is already %" PRId64 " for another input",
                        e->input_port[n].name, i, c->input[n].dim[i], hn_plan_text(plan, plan->symbol[s]),
                        c->symbol[s]);
            c->symbol[s] = c->input[n].dim[i];
        }
    }
    for (uint32_t s = 0; s < plan->n_symbol; s++)
        if (c->symbol[s] < 0) c->symbol[s] = 0; /* of no input: nothing that runs refers to it */
    return HONE_OK;
}

static bool fits(const hone_context *c, int profile) {
    const hn_plan_range *r = hn_plan_ranges(&c->engine->plan, (uint32_t)profile);
    for (uint32_t s = 0; s < c->engine->plan.n_symbol; s++)
        if (c->symbol[s] < r[s].min || (r[s].max >= 0 && c->symbol[s] > r[s].max)) return false;
    return true;
}

/* How far a profile reaches beyond the shapes at hand: the product of max / value, infinite when unbounded. */
static double reach(const hone_context *c, int profile) {
    const hn_plan_range *r = hn_plan_ranges(&c->engine->plan, (uint32_t)profile);
    double product = 1;
    for (uint32_t s = 0; s < c->engine->plan.n_symbol; s++)
        product *= r[s].max < 0 ? 1e30 : (double)(r[s].max + 1) / (double)(c->symbol[s] + 1);
    return product;
}

static hone_status describe_misfit(hone_context *c, int profile) {
    const hn_plan *plan = &c->engine->plan;
    const hn_plan_range *r = hn_plan_ranges(plan, (uint32_t)profile);
    for (uint32_t s = 0; s < plan->n_symbol; s++)
        if (c->symbol[s] < r[s].min || (r[s].max >= 0 && c->symbol[s] > r[s].max))
            HN_FAIL(&c->diag, HONE_OUT_OF_PROFILE, "'%s' is %" PRId64 ", profile %d allows %" PRId64 " to %" PRId64,
                    hn_plan_text(plan, plan->symbol[s]), c->symbol[s], profile, r[s].min, r[s].max);
    return HONE_OUT_OF_PROFILE;
}

static hone_status choose_profile(hone_context *c, int *profile) {
    *profile = c->wanted_profile;
    if (*profile >= 0) return fits(c, *profile) ? HONE_OK : describe_misfit(c, *profile);
    for (int p = 0; p < (int)c->engine->plan.n_profile; p++)
        if (fits(c, p) && (*profile < 0 || reach(c, p) < reach(c, *profile))) *profile = p;
    if (*profile >= 0) return HONE_OK;
    for (int p = 0; p < (int)c->engine->plan.n_profile; p++) (void)describe_misfit(c, p);
    return HONE_OUT_OF_PROFILE;
}

/* ---- memory ---- */

static hone_status grow_space(hone_context *c, int device, uint64_t size) {
    hn_space *s = &c->space[device];
    if (c->memory_limit && size > c->memory_limit)
        HN_FAIL(&c->diag, HONE_OUT_OF_MEMORY,
                "these shapes need %" PRIu64 " bytes of arena, the context's limit is %" PRIu64, size, c->memory_limit);
    s->used = size;
    if (size <= s->size) return HONE_OK;
    const hn_device *d = hn_device_at(device);
    if (s->memory) d->release(&c->counting, s->memory, s->size);
    s->size = 0;
    s->memory = d->allocate(&c->counting, size);
    if (!s->memory) HN_FAIL(&c->diag, HONE_OUT_OF_MEMORY, "no memory for an arena of %" PRIu64 " bytes", size);
    s->size = size;
    return HONE_OK;
}

static bool grow_bytes(hone_context *c, uint8_t **memory, size_t *have, size_t want, size_t times) {
    if (want <= *have) return true;
    if (*memory) hn_release(&c->counting, *memory, *have * times);
    *have = 0;
    size_t total;
    *memory = __builtin_mul_overflow(want, times, &total) ? NULL : hn_alloc(&c->counting, total, 64);
    if (*memory) *have = want;
    return *memory != NULL;
}

/* Shapes of a query's temporaries follow from its operators. */
static hone_status infer_temporaries(hone_context *c, const hn_bound_step *s, hn_tensor *val) {
    const hn_query *q = s->query;
    for (int k = 0; k < q->n_op; k++) {
        const hn_qop *op = &q->op[k];
        const hn_tensor *in[HN_QUERY_ARGS];
        hn_tensor out[HN_QUERY_ARGS];
        for (int i = 0; i < op->n_in; i++) in[i] = op->in[i] < 0 ? NULL : &val[op->in[i]];
        HN_TRY(hn_context_infer(c, hn_op_at((hn_op_id)op->op), s->query_attrs[k], op->n_in, in, op->n_out, out));
        for (int i = 0; i < op->n_out; i++) {
            if (op->out[i] < 0) continue;
            hn_tensor *to = &val[op->out[i]];
            const hn_qval *qv = &q->val[op->out[i]];
            bool same = out[i].rank == qv->rank && (uint8_t)out[i].dtype == qv->dtype;
            if (same && qv->role == HN_ROLE_OUT)
                same =
                    out[i].rank == to->rank && memcmp(out[i].dim, to->dim, (size_t)to->rank * sizeof to->dim[0]) == 0;
            if (!same)
                HN_FAIL(&c->diag, HONE_MALFORMED, "step '%s': its operators do not give the shapes the plan promises",
                        s->name);
            if (qv->role == HN_ROLE_OUT) continue;
            *to = out[i];
            to->data = NULL;
            if (qv->layout == HN_LAYOUT_CHANNELS_LAST) hn_tensor_set_channels_last(to);
        }
    }
    return HONE_OK;
}

/* A step without valid shapes is left with a first value of no rank: that is an error once it runs, and in the branch
 * that an If does not take none. */
static hone_status prepare_kernel(hone_context *c, uint32_t step, size_t *shared, size_t *worker) {
    const hn_bound_step *s = &c->engine->step[step];
    hn_tensor *val = c->kernel_val[step];
    uint32_t out = 0;
    for (int i = 0; i < s->query->n_val; i++) {
        if (s->query->val[i].role == HN_ROLE_TEMP) continue;
        const uint32_t number = i < s->query->n_in ? s->in[i] : s->out[out++];
        val[i] = c->value[number - 1];
        if (val[i].rank >= 0) continue;
        val[0].rank = -1;
        return HONE_OK;
    }
    HN_TRY(infer_temporaries(c, s, val));
    const hn_args args = {.query = s->query, .config = s->config, .packed = s->packed, .val = val};
    size_t shared_here = 0, worker_here = 0;
    if (s->kernel->workspace) s->kernel->workspace(&args, &shared_here, &worker_here);
    if (shared_here > *shared) *shared = shared_here;
    if (worker_here > *worker) *worker = worker_here;
    return HONE_OK;
}

/* Shapes of kernel steps and room for their workspaces. */
static hone_status prepare_kernels(hone_context *c) {
    size_t shared = 0, worker = 0;
    for (uint32_t i = 0; i < c->engine->plan.n_step; i++) {
        const hn_bound_step *s = &c->engine->step[i];
        const size_t first = c->diag.n;
        const hone_status status = s->query ? prepare_kernel(c, i, &shared, &worker) : HONE_OK;
        hn_diag_place(&c->diag, first, s->name, s->fused, NULL);
        HN_TRY(status);
    }
    shared = (shared + 127) & ~(size_t)63, worker = (worker + 127) & ~(size_t)63;
    if (!grow_bytes(c, &c->shared, &c->shared_bytes, shared, 1) ||
        !grow_bytes(c, &c->worker, &c->worker_bytes, worker, (size_t)hn_pool_threads(c->engine->pool)))
        HN_FAIL(&c->diag, HONE_OUT_OF_MEMORY, "no memory for kernel workspaces of %zu and %zu bytes", shared, worker);
    return HONE_OK;
}

/* Offsets for `symbol`; remembers the room of each value. */
static hone_status plan_memory(hone_context *c, const int64_t *symbol) {
    const hn_plan *plan = &c->engine->plan;
    for (int d = 0; d < HN_DEVICES; d++) {
        uint64_t total = 0;
        hone_status status =
            hn_plan_memory(plan, symbol, d, &c->scratch, c->offset, &total, &c->space[d].live, &c->diag);
        hn_arena_reset(&c->scratch);
        HN_TRY(status);
        HN_TRY(grow_space(c, d, total));
    }
    set_shapes(c, symbol);
    for (uint32_t i = 0; i < plan->n_value; i++)
        c->room[i] = plan->value[i].storage == HN_STORAGE_PLANNED ? hn_tensor_bytes(&c->value[i]) : 0;
    if (symbol != c->planned) memcpy(c->planned, symbol, plan->n_symbol * sizeof *symbol);
    c->planned_once = true;
    return HONE_OK;
}

/* True when every planned value has room as things are. */
static bool has_room(const hone_context *c) {
    const hn_plan *plan = &c->engine->plan;
    for (uint32_t i = 0; i < plan->n_value; i++)
        if (plan->value[i].storage == HN_STORAGE_PLANNED &&
            (c->value[i].rank < 0 || hn_tensor_bytes(&c->value[i]) > c->room[i]))
            return false;
    return true;
}

/* Addresses of planned values and of those that share them; a value may not reach beyond the memory it shares. */
static hone_status place_planned(hone_context *c) {
    const hn_plan *plan = &c->engine->plan;
    for (uint32_t i = 0; i < plan->n_value; i++) {
        const hn_plan_value *v = &plan->value[i];
        if (v->storage == HN_STORAGE_PLANNED) c->value[i].data = c->space[v->space].memory + c->offset[i];
        if (v->storage != HN_STORAGE_ALIAS) continue;
        const hn_tensor *root = &c->value[c->engine->root[i]];
        if (c->value[i].rank >= 0 && root->rank >= 0 && hn_tensor_bytes(&c->value[i]) > hn_tensor_bytes(root))
            HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT,
                    "value '%s' does not fit the memory it shares for these input shapes", hn_plan_text(plan, v->name));
        c->value[i].data = root->data;
    }
    return HONE_OK;
}

static hone_status fill_shape_values(hone_context *c, const int64_t *symbol) {
    const hn_plan *plan = &c->engine->plan;
    for (uint32_t i = 0; i < plan->n_value; i++) {
        const hn_plan_value *v = &plan->value[i];
        if (v->source != HN_SOURCE_SHAPE) continue;
        for (uint32_t k = 0; k < v->n_elements; k++) {
            int64_t x;
            if (!hn_plan_eval(plan, plan->arg[v->offset + k], symbol, &x))
                HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "value '%s' cannot be computed for these input shapes",
                        hn_plan_text(plan, v->name));
            if (v->dtype == HONE_INT64) ((int64_t *)c->value[i].data)[k] = x;
            else if (v->dtype == HONE_INT32) ((int32_t *)c->value[i].data)[k] = (int32_t)x;
            else ((uint8_t *)c->value[i].data)[k] = x != 0;
        }
    }
    return HONE_OK;
}

static hone_status range_limits(hone_context *c, int profile) {
    const hn_plan_range *r = hn_plan_ranges(&c->engine->plan, (uint32_t)profile);
    for (uint32_t s = 0; s < c->engine->plan.n_symbol; s++) c->planned[s] = r[s].max;
    return HONE_OK;
}

hone_status hn_context_reserve(hone_context *c, int profile) {
    HN_TRY(range_limits(c, profile));
    HN_TRY(plan_memory(c, c->planned));
    HN_TRY(place_planned(c));
    HN_TRY(fill_shape_values(c, c->planned));
    HN_TRY(prepare_kernels(c));
    c->profile = profile;
    /* Outputs of known size get their memory now, so that running allocates nothing. */
    for (int i = 0; i < c->engine->n_output; i++) {
        const hn_tensor *t = &c->value[c->engine->output[i] - 1];
        void *memory;
        if (t->rank >= 0) HN_TRY(hn_context_output_room(c, i, hn_tensor_bytes(t), &memory));
    }
    return HONE_OK;
}

/* Unbounded: plan for the largest value that each symbol ever had. */
static hone_status replan_unbounded(hone_context *c) {
    bool larger = !c->planned_once;
    for (uint32_t s = 0; s < c->engine->plan.n_symbol; s++) {
        if (c->planned_once && c->symbol[s] <= c->planned[s]) continue;
        c->planned[s] = c->symbol[s];
        larger = true;
    }
    if (!larger) return HONE_OK;
    HN_TRY(plan_memory(c, c->planned));
    hn_log(HONE_INFO, "context planned again for larger shapes: arena of %" PRIu64 " bytes", c->space[0].used);
    return HONE_OK;
}

hone_status hn_context_bind(hone_context *c) {
    int profile;
    HN_TRY(bind_symbols(c));
    HN_TRY(choose_profile(c, &profile));
    const bool bounded = hn_plan_profile_at(&c->engine->plan, (uint32_t)profile)->bounded;
    if (!bounded) HN_TRY(replan_unbounded(c));
    else if (profile != c->profile) HN_TRY(hn_context_reserve(c, profile));
    c->profile = profile;
    set_shapes(c, c->symbol);
    if (!has_room(c)) { /* some size shrinks as a symbol grows: plan for exactly these shapes */
        HN_TRY(plan_memory(c, c->symbol));
        set_shapes(c, c->symbol);
        c->profile = -1;
    }
    HN_TRY(place_planned(c));
    HN_TRY(fill_shape_values(c, c->symbol));
    HN_TRY(prepare_kernels(c));
    c->shapes_changed = false;
    return HONE_OK;
}
