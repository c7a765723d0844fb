/* Checks of a plan's tables. Order matters: each check relies on those before it, and the runtime relies on all of
 * them. */
#include <inttypes.h>
#include <string.h>
#include "base/dtype.h"
#include "plan/plan_verify.h"

#define BAD(...) HN_FAIL(diag, HONE_MALFORMED, "damaged plan: " __VA_ARGS__)

static hone_status verify_strings(const hn_plan *plan, hn_diag *diag) {
    if (!plan->n_strings || plan->strings[0] || plan->strings[plan->n_strings - 1]) BAD("its texts do not end");
    for (uint32_t i = 0; i < plan->n_meta; i++)
        if (plan->meta[i].key >= plan->n_strings || plan->meta[i].value >= plan->n_strings)
            BAD("META entry %" PRIu32, i);
    for (uint32_t i = 0; i < plan->n_symbol; i++)
        if (plan->symbol[i] >= plan->n_strings) BAD("symbol %" PRIu32, i);
    return HONE_OK;
}

static hone_status verify_profiles(const hn_plan *plan, hn_diag *diag) {
    for (uint32_t p = 0; p < plan->n_profile; p++) {
        const hn_plan_profile *head = hn_plan_profile_at(plan, p);
        if (head->name >= plan->n_strings || head->bounded > 1) BAD("profile %" PRIu32, p);
        const hn_plan_range *r = hn_plan_ranges(plan, p);
        for (uint32_t s = 0; s < plan->n_symbol; s++) {
            const bool open = r[s].max == -1;
            if (r[s].min < 0 || r[s].opt < r[s].min || (!open && r[s].max < r[s].opt) || (open && head->bounded))
                BAD("profile %" PRIu32 ", symbol %" PRIu32 ": range %" PRId64 ", %" PRId64 ", %" PRId64, p, s, r[s].min,
                    r[s].opt, r[s].max);
        }
    }
    return HONE_OK;
}

static hone_status verify_expressions(const hn_plan *plan, hn_diag *diag) {
    for (uint32_t i = 0; i < plan->n_expr; i++) {
        const hn_plan_expr *e = &plan->expr[i];
        if (e->first > plan->n_code || e->n > plan->n_code - e->first) BAD("expression %" PRIu32 " has no code", i);
        if (e->n && hn_expr_check(plan->code + e->first, e->n, (int)plan->n_symbol) < 0)
            BAD("expression %" PRIu32 " is not well-formed", i);
    }
    return HONE_OK;
}

static bool known_dtype(uint8_t dtype) {
    return hn_dtype_is_known((hone_dtype)dtype) || (hone_dtype)dtype == HN_DTYPE_OBJECT;
}

static bool holds_references(const hn_plan_value *v) { return hn_dtype_is_reference((hone_dtype)v->dtype); }

/* A table of {offset, length} pairs and the texts they point to. */
static hone_status verify_strings_of(const hn_plan *plan, uint32_t i, uint64_t count, hn_diag *diag) {
    const hn_plan_value *v = &plan->value[i];
    if (v->size / 16 < count) BAD("constant %" PRIu32 " has too few strings", i);
    const uint64_t *pair = (const uint64_t *)(const void *)(plan->weights + v->offset);
    for (uint64_t k = 0; k < count; k++)
        if (pair[2 * k] > v->size || pair[2 * k + 1] > v->size - pair[2 * k])
            BAD("constant %" PRIu32 ", string %" PRIu64, i, k);
    return HONE_OK;
}

/* Bytes of a constant must be exactly those of its static shape. */
static hone_status verify_constant(const hn_plan *plan, uint32_t i, hn_diag *diag) {
    const hn_plan_value *v = &plan->value[i];
    hn_tensor t = {.dtype = (hone_dtype)v->dtype};
    int64_t dim[HONE_MAX_RANK];
    for (int k = 0; v->rank != HN_PLAN_UNRANKED && k < v->rank; k++) {
        const hn_plan_expr *e = &plan->expr[v->dim[k]];
        if (!e->n || hn_expr_check(plan->code + e->first, e->n, 0) < 0)
            BAD("constant %" PRIu32 " has a varying shape", i);
    }
    if (!hn_plan_dims(plan, v, NULL, dim)) BAD("constant %" PRIu32 " has no shape", i);
    hn_tensor_set_shape(&t, v->rank, dim);
    if (v->layout != HN_LAYOUT_DENSE) BAD("constant %" PRIu32 " is not dense", i);
    if ((hone_dtype)v->dtype == HN_DTYPE_OBJECT) BAD("constant %" PRIu32 " is no tensor", i);
    if (!v->size) return HONE_OK;
    const bool strings = holds_references(v);
    if (!strings && v->size != hn_tensor_bytes(&t)) BAD("constant %" PRIu32 " has %" PRIu64 " bytes", i, v->size);
    if (v->offset % 64 || v->offset > plan->n_weights || v->size > plan->n_weights - v->offset)
        BAD("constant %" PRIu32 " lies outside the weights", i);
    return strings ? verify_strings_of(plan, i, (uint64_t)hn_tensor_count(&t), diag) : HONE_OK;
}

static hone_status verify_shape_value(const hn_plan *plan, uint32_t i, hn_diag *diag) {
    const hn_plan_value *v = &plan->value[i];
    if (v->dtype != HONE_INT64 && v->dtype != HONE_INT32 && v->dtype != HONE_BOOL) BAD("shape value %" PRIu32, i);
    if (v->offset > plan->n_arg || v->n_elements > plan->n_arg - v->offset) BAD("shape value %" PRIu32, i);
    for (uint32_t k = 0; k < v->n_elements; k++)
        if (plan->arg[v->offset + k] >= plan->n_expr) BAD("shape value %" PRIu32, i);
    int64_t count = 1;
    for (int k = 0; k < v->rank; k++) {
        int64_t d;
        const hn_plan_expr *e = &plan->expr[v->dim[k]];
        if (!e->n || hn_expr_check(plan->code + e->first, e->n, 0) < 0 || !hn_plan_eval(plan, v->dim[k], NULL, &d) ||
            d < 0 || __builtin_mul_overflow(count, d, &count))
            BAD("shape value %" PRIu32 " has a varying shape", i);
    }
    if (count != (int64_t)v->n_elements) BAD("shape value %" PRIu32 " has %" PRIu32 " elements", i, v->n_elements);
    return HONE_OK;
}

static hone_status verify_storage(const hn_plan *plan, uint32_t i, hn_diag *diag) {
    static const uint8_t source_of[] = {HN_SOURCE_CONST, HN_SOURCE_INPUT, HN_SOURCE_SHAPE, HN_SOURCE_STEP};
    const hn_plan_value *v = &plan->value[i];
    if (v->storage > HN_STORAGE_ALIAS) BAD("value %" PRIu32 " has storage %d", i, v->storage);
    if (v->storage <= HN_STORAGE_PLANNED && v->source != source_of[v->storage])
        BAD("value %" PRIu32 ": storage %d does not fit source %d", i, v->storage, v->source);
    if (v->storage == HN_STORAGE_HEAP && v->source != HN_SOURCE_STEP && v->source != HN_SOURCE_PARAM)
        BAD("value %" PRIu32 ": storage %d does not fit source %d", i, v->storage, v->source);
    if (v->storage >= HN_STORAGE_OUTPUT && v->source != HN_SOURCE_STEP)
        BAD("value %" PRIu32 ": storage %d does not fit source %d", i, v->storage, v->source);
    if (v->storage == HN_STORAGE_ALIAS && v->alias >= i) BAD("value %" PRIu32 " aliases a later value", i);
    if (holds_references(v) && (v->storage == HN_STORAGE_PLANNED || v->storage == HN_STORAGE_CONTEXT || v->space))
        BAD("value %" PRIu32 " has storage %d and holds references", i, v->storage);
    if (v->storage == HN_STORAGE_ALIAS && v->alias < i && plan->value[v->alias].dtype != v->dtype &&
        (holds_references(v) || holds_references(&plan->value[v->alias])))
        BAD("value %" PRIu32 " shows references as something else", i);
    if (v->storage == HN_STORAGE_PLANNED && (v->first < 0 || v->last < v->first))
        BAD("value %" PRIu32 " has no lifetime", i);
    return HONE_OK;
}

static hone_status verify_values(const hn_plan *plan, hn_diag *diag) {
    for (uint32_t i = 0; i < plan->n_value; i++) {
        const hn_plan_value *v = &plan->value[i];
        if (v->type >= plan->n_strings || ((hone_dtype)v->dtype == HN_DTYPE_OBJECT && v->rank != 0))
            BAD("value %" PRIu32, i);
        if (v->name >= plan->n_strings || !known_dtype(v->dtype) || v->source > HN_SOURCE_PARAM ||
            v->layout > HN_LAYOUT_CHANNELS_LAST || v->space > 1)
            BAD("value %" PRIu32, i);
        if (v->rank != HN_PLAN_UNRANKED && v->rank > HONE_MAX_RANK) BAD("value %" PRIu32 " has rank %d", i, v->rank);
        if (v->layout == HN_LAYOUT_CHANNELS_LAST && (v->rank == HN_PLAN_UNRANKED || v->rank < 3))
            BAD("value %" PRIu32 " has no channels", i);
        for (int k = 0; v->rank != HN_PLAN_UNRANKED && k < v->rank; k++)
            if (v->dim[k] >= plan->n_expr) BAD("value %" PRIu32 ", dimension %d", i, k);
        HN_TRY(verify_storage(plan, i, diag));
        if (v->source == HN_SOURCE_CONST) HN_TRY(verify_constant(plan, i, diag));
        if (v->source == HN_SOURCE_SHAPE) HN_TRY(verify_shape_value(plan, i, diag));
    }
    return HONE_OK;
}

static bool inside(uint32_t offset, uint32_t n, uint64_t size) { return offset <= size && n <= size - offset; }

static hone_status verify_step_numbers(const hn_plan *plan, uint32_t i, hn_diag *diag) {
    const hn_plan_step *s = &plan->step[i];
    if (s->name >= plan->n_strings || s->op >= plan->n_strings || s->fused >= plan->n_strings ||
        s->kernel >= plan->n_strings || s->provider >= plan->n_strings || s->kind > HN_STEP_SCAN || s->device > 1)
        BAD("step %" PRIu32, i);
    const uint64_t n = (uint64_t)s->n_in + s->n_out + s->n_block;
    if (s->args > plan->n_arg || n > plan->n_arg - s->args) BAD("step %" PRIu32 " has no arguments", i);
    const uint32_t *arg = plan->arg + s->args;
    for (uint32_t k = 0; k < s->n_in + s->n_out; k++)
        if (arg[k] > plan->n_value) BAD("step %" PRIu32 ", argument %" PRIu32, i, k);
    for (uint32_t k = 0; k < s->n_block; k++)
        if (arg[s->n_in + s->n_out + k] >= plan->n_block) BAD("step %" PRIu32 ", block %" PRIu32, i, k);
    if (!inside(s->attrs, s->attr_bytes, plan->n_blob) || !inside(s->query, s->query_bytes, plan->n_blob) ||
        !inside(s->config, s->config_bytes, plan->n_blob) || (s->attrs | s->query | s->config) % 8)
        BAD("step %" PRIu32 " points outside the blobs", i);
    if (!inside(s->packed, s->n_packed, plan->n_packed)) BAD("step %" PRIu32 " points outside the packed constants", i);
    return HONE_OK;
}

hone_status hn_plan_verify_arity(const hn_plan *plan, uint32_t i, const hn_op *op, hn_diag *diag) {
    const hn_plan_step *s = &plan->step[i];
    if ((int64_t)s->n_in < op->min_in || (op->max_in >= 0 && (int64_t)s->n_in > op->max_in) ||
        (op->max_out >= 0 && (int64_t)s->n_out > op->max_out) || (int64_t)s->n_out < op->min_out)
        BAD("step %" PRIu32 " gives %s %" PRIu32 " inputs and %" PRIu32 " outputs", i, op->name, s->n_in, s->n_out);
    const uint32_t *in = hn_plan_step_in(plan, s);
    for (uint32_t k = 0; k < s->n_in; k++)
        if (!in[k] && hn_op_needs(op, k)) BAD("step %" PRIu32 ": input %" PRIu32 " of %s is missing", i, k, op->name);
    return HONE_OK;
}

static hone_status verify_kernel_step(const hn_plan *plan, uint32_t i, hn_diag *diag) {
    const hn_plan_step *s = &plan->step[i];
    const uint32_t *arg = plan->arg + s->args;
    if (s->config_bytes != HN_CONFIG_BYTES || !s->query_bytes || !s->n_out) BAD("step %" PRIu32 " has no kernel", i);
    for (uint32_t k = 0; k < s->n_in + s->n_out; k++)
        if (!arg[k]) BAD("step %" PRIu32 ": argument %" PRIu32 " is missing", i, k);
    for (uint32_t k = 0; k < s->n_packed; k++) {
        const hn_plan_packed *p = &plan->packed[s->packed + k];
        if (p->val >= s->n_in || p->offset % 64 || p->offset > plan->n_weights || p->size > plan->n_weights - p->offset)
            BAD("step %" PRIu32 " has a packed constant outside the weights", i);
    }
    return HONE_OK;
}

static hone_status verify_step(const hn_plan *plan, uint32_t i, hn_diag *diag) {
    const hn_plan_step *s = &plan->step[i];
    HN_TRY(verify_step_numbers(plan, i, diag));
    static const uint8_t blocks_of[] = {0, 0, 0, 0, 2, 1, 1};
    if (s->n_block != blocks_of[s->kind]) BAD("step %" PRIu32 " has %" PRIu32 " blocks", i, s->n_block);
    if (s->kind == HN_STEP_KERNEL) return verify_kernel_step(plan, i, diag);
    if (s->kind == HN_STEP_COPY || s->kind == HN_STEP_VIEW) {
        const uint32_t *arg = plan->arg + s->args;
        if (s->n_in < 1 || s->n_out != 1 || !arg[0] || !arg[s->n_in]) BAD("step %" PRIu32, i);
        if (s->kind == HN_STEP_COPY) return HONE_OK;
    }
    const char *provider = hn_plan_text(plan, s->provider);
    if (s->kind == HN_STEP_REFERENCE && strncmp(provider, HN_PLAN_PLUGIN, strlen(HN_PLAN_PLUGIN)) == 0)
        return HONE_OK; /* who has the plugin checks the rest */
    const hn_op *op = hn_op_find(hn_plan_text(plan, s->op));
    if (!op)
        HN_FAIL(diag, HONE_UNSUPPORTED, "step %" PRIu32 " needs operator '%s', which this library does not have", i,
                hn_plan_text(plan, s->op));
    static const uint16_t control[] = {HN_OP_if_, HN_OP_loop, HN_OP_scan};
    if (s->kind >= HN_STEP_IF && op->id != control[s->kind - HN_STEP_IF]) BAD("step %" PRIu32 " runs %s", i, op->name);
    if (s->kind == HN_STEP_REFERENCE && !op->ref) BAD("step %" PRIu32 ": %s has no reference", i, op->name);
    if (s->kind == HN_STEP_VIEW && !(op->facts & HN_VIEW) && op->id != HN_OP_reorder)
        BAD("step %" PRIu32 " is no view", i);
    return hn_plan_verify_arity(plan, i, op, diag);
}

static hone_status verify_blocks(const hn_plan *plan, hn_diag *diag) {
    if (!plan->n_block) BAD("it has no program");
    uint64_t steps = 0;
    for (uint32_t i = 0; i < plan->n_block; i++) {
        const hn_plan_block *b = &plan->block[i];
        if (!inside(b->first_step, b->n_steps, plan->n_step)) BAD("block %" PRIu32, i);
        const uint64_t n = (uint64_t)b->n_params + b->n_results;
        if (b->args > plan->n_arg || n > plan->n_arg - b->args) BAD("block %" PRIu32, i);
        for (uint32_t k = 0; k < n; k++)
            if (!plan->arg[b->args + k] || plan->arg[b->args + k] > plan->n_value)
                BAD("block %" PRIu32 ", port %" PRIu32, i, k);
        steps += b->n_steps;
        /* A body's steps come before those of the block that runs it, so blocks cannot contain one another in a circle.
         */
        for (uint32_t k = 0; k < b->n_steps; k++) {
            const hn_plan_step *s = &plan->step[b->first_step + k];
            const uint32_t *body = plan->arg + s->args + s->n_in + s->n_out;
            for (uint32_t j = 0; j < s->n_block; j++)
                if (!inside(plan->block[body[j]].first_step, plan->block[body[j]].n_steps, b->first_step))
                    BAD("block %" PRIu32 " nests in a circle", i);
        }
    }
    return steps == plan->n_step ? HONE_OK
                                 : hn_diag_add(diag, HONE_ERROR, HONE_MALFORMED, "damaged plan: steps without a block");
}

/* Levels of bodies below each block: a block's own bodies lie one level deeper. They nest without circles, so going
 * over the steps again and again ends; each round knows one level more. */
static bool deepen(const hn_plan *plan, uint8_t *levels) {
    bool changed = false;
    for (uint32_t i = 0; i < plan->n_block; i++)
        for (uint32_t k = 0; k < plan->block[i].n_steps; k++) {
            const hn_plan_step *s = &plan->step[plan->block[i].first_step + k];
            const uint32_t *body = hn_plan_step_blocks(plan, s);
            for (uint32_t j = 0; j < s->n_block; j++) {
                if (levels[i] > levels[body[j]]) continue;
                levels[i] = (uint8_t)(levels[body[j]] + 1);
                if (levels[i] > HN_MAX_NESTING) return false;
                changed = true;
            }
        }
    return changed;
}

static hone_status verify_nesting(const hn_plan *plan, hn_diag *diag) {
    uint8_t *levels = hn_alloc(NULL, plan->n_block, 1);
    HN_TRY_ALLOC(levels);
    memset(levels, 0, plan->n_block);
    while (deepen(plan, levels)) {}
    uint8_t most = 0;
    for (uint32_t i = 0; i < plan->n_block; i++) most = levels[i] > most ? levels[i] : most;
    hn_release(NULL, levels, plan->n_block);
    if (most > HN_MAX_NESTING) BAD("its blocks are nested more than %d levels deep", HN_MAX_NESTING);
    return HONE_OK;
}

/* Ports of the program: parameters are inputs; results have storage of their own; body parameters are set by their
 * step. */
static hone_status verify_ports(const hn_plan *plan, hn_diag *diag) {
    for (uint32_t i = 0; i < plan->n_block; i++) {
        const hn_plan_block *b = &plan->block[i];
        for (uint32_t k = 0; k < b->n_params; k++) {
            const uint8_t source = plan->value[plan->arg[b->args + k] - 1].source;
            if (source != (i == 0 ? HN_SOURCE_INPUT : HN_SOURCE_PARAM))
                BAD("block %" PRIu32 ", parameter %" PRIu32, i, k);
        }
        for (uint32_t k = 0; i == 0 && k < b->n_results; k++)
            if (plan->value[plan->arg[b->args + b->n_params + k] - 1].storage != HN_STORAGE_OUTPUT)
                BAD("output %" PRIu32, k);
    }
    return HONE_OK;
}

/* Output memory belongs to the results of the program, each once. */
static hone_status verify_outputs(const hn_plan *plan, hn_diag *diag) {
    const hn_plan_block *main = plan->block;
    const uint32_t *result = plan->arg + main->args + main->n_params;
    for (uint32_t i = 0; i < plan->n_value; i++) {
        uint32_t times = 0;
        if (plan->value[i].storage != HN_STORAGE_OUTPUT) continue;
        for (uint32_t k = 0; k < main->n_results; k++) times += result[k] == i + 1;
        if (times != 1) BAD("value %" PRIu32 " is %" PRIu32 " outputs", i, times);
    }
    return HONE_OK;
}

/* Each value is made once, by a step or as a port, and the source says so. */
static hone_status verify_producers(const hn_plan *plan, hn_diag *diag) {
    for (uint32_t i = 0; i < plan->n_step; i++) {
        const hn_plan_step *s = &plan->step[i];
        const uint32_t *out = hn_plan_step_out(plan, s);
        for (uint32_t k = 0; k < s->n_out; k++)
            if (out[k] && plan->value[out[k] - 1].source != HN_SOURCE_STEP)
                BAD("step %" PRIu32 " writes a value that is not its own", i);
    }
    return HONE_OK;
}

hone_status hn_plan_verify(const hn_plan *plan, hn_diag *diag) {
    HN_TRY(verify_strings(plan, diag));
    HN_TRY(verify_profiles(plan, diag));
    HN_TRY(verify_expressions(plan, diag));
    HN_TRY(verify_values(plan, diag));
    for (uint32_t i = 0; i < plan->n_step; i++) HN_TRY(verify_step(plan, i, diag));
    HN_TRY(verify_blocks(plan, diag));
    HN_TRY(verify_nesting(plan, diag));
    HN_TRY(verify_ports(plan, diag));
    HN_TRY(verify_outputs(plan, diag));
    HN_TRY(verify_producers(plan, diag));
    return hn_plan_verify_order(plan, diag);
}
