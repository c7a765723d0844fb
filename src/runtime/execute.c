/* The step loop. */
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include "runtime/context.h"

/* ---- kernel steps ---- */

typedef struct kernel_call {
    const hn_bound_step *step;
    hone_context *context;
    hn_args args;
    atomic_int status; /* first failure of any task */
} kernel_call;

static void run_task(void *argument, int task, int worker) {
    kernel_call *call = argument;
    hn_args args = call->args;
    args.task = task;
    args.worker = call->context->worker + (size_t)worker * call->context->worker_bytes;
    const hone_status status = call->step->body->run(&args);
    int none = HONE_OK;
    if (status != HONE_OK) atomic_compare_exchange_strong(&call->status, &none, (int)status);
}

static hone_status run_kernel(hone_context *c, const hn_bound_step *s) {
    const hn_query *q = s->query;
    hn_tensor *val = c->kernel_val[s - c->engine->step];
    uint32_t out = 0;
    if (val[0].rank < 0)
        HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "the step has no valid shapes for these input shapes");
    for (int i = 0; i < q->n_val; i++) {
        if (q->val[i].role == HN_ROLE_TEMP) continue;
        const uint32_t number = (i < q->n_in ? s->in[i] : s->out[out++]) - 1;
        if (i >= q->n_in) HN_TRY(hn_context_place(c, number));
        val[i].data = c->value[number].data;
        if (!val[i].data && !(s->packed && s->packed[i]) && hn_tensor_count(&val[i]))
            HN_FAIL(&c->diag, HONE_MALFORMED, "step '%s' reads a value that no step has made", s->name);
    }
    kernel_call call = {s, c, {q, s->config, s->packed, val, c->shared, c->worker, 0, 0}, HONE_OK};
    const int phases = s->kernel->phases ? s->kernel->phases(&call.args) : 1;
    for (int p = 0; p < phases && atomic_load(&call.status) == HONE_OK; p++) {
        call.args.phase = p;
        hn_pool_run(c->engine->pool, s->kernel->tasks ? s->kernel->tasks(&call.args, p) : 1, run_task, &call);
    }
    const hone_status status = (hone_status)atomic_load(&call.status);
    if (status != HONE_OK) HN_FAIL(&c->diag, status, "kernel %s failed", s->kernel->name);
    return HONE_OK;
}

/* ---- reference steps ---- */

typedef struct reference_call {
    hone_context *context;
    const hn_bound_step *step;
} reference_call;

/* Elements that are addresses start as empty strings and no objects. */
static hone_status place_clean(hone_context *c, uint32_t number) {
    HN_TRY(hn_context_place(c, number));
    hn_tensor *t = &c->value[number];
    if (hn_dtype_is_reference(t->dtype) && hn_tensor_count(t) > 0) memset(t->data, 0, hn_tensor_bytes(t));
    return HONE_OK;
}

/* A data-shaped output has found its size. */
static hone_status resize_output(hn_call *call, int out, int rank, const int64_t *dim) {
    const reference_call *r = call->owner;
    if (out < 0 || (uint32_t)out >= r->step->record->n_out || !r->step->out[out]) return HONE_OK;
    const uint32_t number = r->step->out[out] - 1;
    hn_tensor_set_shape(&r->context->value[number], rank, dim);
    return place_clean(r->context, number);
}

static hone_status check_arguments(hone_context *c, const hn_bound_step *s) {
    for (uint32_t i = 0; i < s->record->n_in; i++) {
        c->call_in[i] = s->in[i] ? &c->value[s->in[i] - 1] : NULL;
        const hn_tensor *t = c->call_in[i];
        if (t && (t->rank < 0 || (!t->data && hn_tensor_count(t))))
            HN_FAIL(&c->diag, HONE_MALFORMED, "step '%s' reads a value that no step has made", s->name);
    }
    return HONE_OK;
}

/* Shapes of the outputs by inference; memory for those that have a shape now. */
static hone_status find_outputs(hone_context *c, const hn_bound_step *s) {
    hn_tensor found[16], *many = found;
    const uint32_t n = s->record->n_out;
    if (n > 16 && !(many = HN_NEW_ARRAY(&c->scratch, hn_tensor, n))) return HONE_OUT_OF_MEMORY;
    HN_TRY(hn_context_infer(c, s->op, s->attrs, (int)s->record->n_in, c->call_in, (int)n, many));
    for (uint32_t i = 0; i < n; i++) {
        if (!s->out[i]) continue;
        hn_tensor *t = &c->value[s->out[i] - 1];
        const bool later = many[i].rank < 0 && (s->op->facts & HN_DATA_SHAPE); /* its reference tells */
        if (many[i].rank < 0 && !later)
            HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT,
                    "for these inputs output %u of %s has no size that 64 bits can hold", i, s->op->name);
        if (many[i].dtype != t->dtype)
            HN_FAIL(&c->diag, HONE_INTERNAL, "output %u of %s is %s, not %s", i, s->op->name,
                    hone_dtype_name(many[i].dtype), hone_dtype_name(t->dtype));
        if (later) continue;
        if (!hn_plan_has_dims(&c->engine->plan, &c->engine->plan.value[s->out[i] - 1]))
            hn_tensor_set_shape(t, many[i].rank, many[i].dim);
        else if (t->rank != many[i].rank || memcmp(t->dim, many[i].dim, (size_t)t->rank * sizeof t->dim[0]) != 0)
            HN_FAIL(&c->diag, HONE_MALFORMED, "step '%s' gives another shape than the plan promises", s->name);
    }
    return HONE_OK;
}

static hone_status place_outputs(hone_context *c, const hn_bound_step *s) {
    for (uint32_t i = 0; i < s->record->n_out; i++) {
        c->call_out[i] = NULL;
        if (!s->out[i]) continue;
        hn_tensor *t = &c->value[s->out[i] - 1];
        c->call_out[i] = t;
        if (t->rank >= 0) HN_TRY(place_clean(c, s->out[i] - 1));
    }
    return HONE_OK;
}

static hone_status check_objects(hone_context *c, const hn_bound_step *s) {
    for (uint32_t i = 0; i < s->record->n_out; i++) {
        const hn_tensor *t = s->out[i] ? &c->value[s->out[i] - 1] : NULL;
        if (t && t->dtype == HN_DTYPE_OBJECT && !hn_object_in(t))
            HN_FAIL(&c->diag, HONE_INTERNAL, "output %u of %s was not made", i, s->op->name);
    }
    return HONE_OK;
}

/* Outputs of an earlier run must not stand for those of this one. */
static void forget_outputs(hone_context *c, const hn_bound_step *s) {
    for (uint32_t i = 0; i < s->record->n_out; i++)
        if (s->out[i] && !hn_plan_has_dims(&c->engine->plan, &c->engine->plan.value[s->out[i] - 1]))
            c->value[s->out[i] - 1].rank = -1;
}

/* The reference trusts the shapes of its outputs. A file could promise others than the operator gives, so inference
 * runs for fixed shapes too: it costs little beside the operator itself. */
static hone_status run_reference(hone_context *c, const hn_bound_step *s) {
    HN_TRY(check_arguments(c, s));
    forget_outputs(c, s);
    if (s->op->id != HN_OP_reorder) HN_TRY(find_outputs(c, s));
    HN_TRY(place_outputs(c, s));
    reference_call owner = {c, s};
    hn_call call = {.op = s->op,
                    .attrs = s->attrs,
                    .n_in = (int)s->record->n_in,
                    .n_out = (int)s->record->n_out,
                    .in = c->call_in,
                    .out = c->call_out,
                    .resize = resize_output,
                    .owner = &owner,
                    .scratch = &c->scratch,
                    .lasting = &c->objects,
                    .pool = *hn_plan_text(&c->engine->plan, s->record->kernel) ? c->engine->pool : NULL,
                    .seed = (uint64_t)(s - c->engine->step),
                    .diag = &c->diag};
    HN_TRY(s->op->ref(&call));
    return check_objects(c, s);
}

/* ---- views and copies ---- */

static hone_status run_view(hone_context *c, const hn_bound_step *s) {
    HN_TRY(check_arguments(c, s));
    hn_tensor *out = &c->value[s->out[0] - 1];
    if (s->op->id != HN_OP_reorder) HN_TRY(find_outputs(c, s));
    const hn_tensor *in = c->call_in[0];
    if (hn_tensor_bytes(out) > hn_tensor_bytes(in))
        HN_FAIL(&c->diag, HONE_MALFORMED, "step '%s' shows more than its input holds", s->name);
    out->data = in->data;
    return HONE_OK;
}

static hone_status run_copy(hone_context *c, const hn_bound_step *s) {
    HN_TRY(check_arguments(c, s));
    const hn_tensor *in = c->call_in[0];
    hn_tensor *out = &c->value[s->out[0] - 1];
    if (s->record->flags & HN_STEP_INFERS) {
        hn_tensor_set_shape(out, in->rank, in->dim);
        memcpy(out->stride, in->stride, sizeof out->stride);
    } else if (out->rank != in->rank || memcmp(out->dim, in->dim, (size_t)in->rank * sizeof in->dim[0]) != 0) {
        HN_FAIL(&c->diag, HONE_MALFORMED, "step '%s' copies between different shapes", s->name);
    }
    HN_TRY(hn_context_place(c, s->out[0] - 1));
    hn_device_at(s->record->device)->copy(out, in);
    return HONE_OK;
}

/* ---- the loop ---- */

static hone_status run_step(hone_context *c, const hn_bound_step *s) {
    switch ((hn_step_kind)s->record->kind) {
    case HN_STEP_REFERENCE:
        return run_reference(c, s);
    case HN_STEP_KERNEL:
        return run_kernel(c, s);
    case HN_STEP_VIEW:
        return run_view(c, s);
    case HN_STEP_COPY:
        return run_copy(c, s);
    case HN_STEP_IF:
    case HN_STEP_LOOP:
    case HN_STEP_SCAN:
        return hn_context_run_control(c, s);
    }
    return HONE_INTERNAL;
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static hone_status watched_step(hone_context *c, const hn_bound_step *s) {
    if (!c->step_fn) return run_step(c, s);
    hone_step_event event = {(int)(s - c->engine->step), false, s->name, s->fused, 0};
    if (!c->step_fn(c->step_user, &event)) HN_FAIL(&c->diag, HONE_CANCELLED, "stopped before step '%s'", s->name);
    const double start = seconds_now();
    HN_TRY(run_step(c, s));
    event.after = true;
    event.seconds = seconds_now() - start;
    c->step_now = event.step;
    const bool go_on = c->step_fn(c->step_user, &event);
    c->step_now = -1;
    if (!go_on) HN_FAIL(&c->diag, HONE_CANCELLED, "stopped after step '%s'", s->name);
    return HONE_OK;
}

hone_status hn_context_run_block(hone_context *c, uint32_t number) {
    const hn_plan_block *b = &c->engine->plan.block[number];
    for (uint32_t i = 0; i < b->n_steps; i++) {
        const hn_bound_step *s = &c->engine->step[b->first_step + i];
        const size_t first = c->diag.n;
        const hone_status status = watched_step(c, s);
        if (status != HONE_OK) {
            if (c->diag.n == first && status != HONE_OUT_OF_MEMORY)
                (void)hn_diag_add(&c->diag, HONE_ERROR, status, "the step failed: %s", hone_status_text(status));
            hn_diag_place(&c->diag, first, s->name, s->fused, NULL);
            return status;
        }
        for (uint32_t k = 0; k < s->n_release; k++) hn_context_release(c, s->release[k]);
        hn_arena_reset(&c->scratch);
    }
    return HONE_OK;
}
