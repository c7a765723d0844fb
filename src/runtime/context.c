/* Contexts from outside: making, inputs, outputs, running. */
#include <inttypes.h>
#include <string.h>
#include "runtime/context.h"

/* ---- allocation, counted ---- */

static void *counted_allocate(void *user, size_t size, size_t alignment) {
    hone_context *context = user;
    context->allocations++;
    return hn_alloc(context->inner, size, alignment);
}

static void counted_release(void *user, void *memory, size_t size) {
    hn_release(((hone_context *)user)->inner, memory, size);
}

/* ---- life ---- */

static hone_status allocate_tables(hone_context *c) {
    const hone_engine *e = c->engine;
    const hn_plan *plan = &e->plan;
    hn_arena *a = &c->arena;
    c->value = HN_NEW_ARRAY(a, hn_tensor, plan->n_value);
    c->offset = HN_NEW_ARRAY(a, uint64_t, plan->n_value);
    c->room = HN_NEW_ARRAY(a, uint64_t, plan->n_value);
    c->block = HN_NEW_ARRAY(a, hn_heap_block *, plan->n_value);
    c->input = HN_NEW_ARRAY(a, hn_tensor, e->n_input);
    c->list = HN_NEW_ARRAY(a, const hone_value *, e->n_input);
    c->output = HN_NEW_ARRAY(a, hn_output, e->n_output);
    c->symbol = HN_NEW_ARRAY(a, int64_t, plan->n_symbol);
    c->planned = HN_NEW_ARRAY(a, int64_t, plan->n_symbol);
    c->kernel_val = HN_NEW_ARRAY(a, hn_tensor *, plan->n_step);
    const uint32_t in = e->max_in > HN_QUERY_ARGS ? e->max_in : HN_QUERY_ARGS;
    const uint32_t out = e->max_out > HN_QUERY_ARGS ? e->max_out : HN_QUERY_ARGS;
    c->call_in = HN_NEW_ARRAY(a, const hn_tensor *, in);
    c->call_out = HN_NEW_ARRAY(a, hn_tensor *, out);
    c->info_in = HN_NEW_ARRAY(a, hn_info, in);
    c->info_out = HN_NEW_ARRAY(a, hn_info, out);
    if (!c->value || !c->offset || !c->room || !c->block || !c->input || !c->list || !c->output || !c->symbol ||
        !c->planned || !c->kernel_val || !c->call_in || !c->call_out || !c->info_in || !c->info_out)
        return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < e->n_input; i++) c->input[i].rank = -1;
    for (uint32_t i = 0; i < plan->n_step; i++) {
        if (!e->step[i].query) continue;
        c->kernel_val[i] = HN_NEW_ARRAY(a, hn_tensor, e->step[i].query->n_val);
        HN_TRY_ALLOC(c->kernel_val[i]);
    }
    return HONE_OK;
}

static hone_status place_strings(hone_context *c, const hn_plan_value *v, hn_tensor *t) {
    const uint8_t *start = c->engine->plan.weights + v->offset;
    const uint64_t *pair = (const uint64_t *)(const void *)start;
    int64_t dim[HONE_MAX_RANK];
    if (!hn_plan_dims(&c->engine->plan, v, NULL, dim)) return HONE_INTERNAL;
    hn_tensor_set_shape(t, v->rank, dim);
    const int64_t n = hn_tensor_count(t);
    hn_bytes *text = HN_NEW_ARRAY(&c->arena, hn_bytes, n);
    HN_TRY_ALLOC(text);
    for (int64_t i = 0; i < n; i++) text[i] = (hn_bytes){(const char *)start + pair[2 * i], (size_t)pair[2 * i + 1]};
    t->data = text;
    return HONE_OK;
}

/* Content of shape values and bytes of constants: addresses that never change. */
static hone_status place_fixed(hone_context *c) {
    const hn_plan *plan = &c->engine->plan;
    for (uint32_t i = 0; i < plan->n_value; i++) {
        const hn_plan_value *v = &plan->value[i];
        hn_tensor *t = &c->value[i];
        t->dtype = (hone_dtype)v->dtype;
        const bool stored = v->source == HN_SOURCE_CONST && v->size;
        if (stored && t->dtype == HONE_STRING) HN_TRY(place_strings(c, v, t));
        else if (stored) t->data = (void *)(uintptr_t)(plan->weights + v->offset);
        if (v->source != HN_SOURCE_SHAPE) continue;
        t->data = hn_arena_alloc(&c->arena, v->n_elements * hn_element_size(t->dtype));
        HN_TRY_ALLOC(t->data);
    }
    return HONE_OK;
}

static hone_status choose_profile(hone_context *c, int profile, hn_diag *diag) {
    const int n = hone_engine_profile_count(c->engine);
    if (profile < HONE_PROFILE_AUTO || profile >= n)
        HN_FAIL(diag, HONE_INVALID_ARGUMENT, "profile %d: the engine has profiles 0 to %d", profile, n - 1);
    c->wanted_profile = n == 1 ? 0 : profile;
    c->profile = -1;
    if (c->wanted_profile < 0 || !hn_plan_profile_at(&c->engine->plan, (uint32_t)c->wanted_profile)->bounded)
        return HONE_OK;
    return hn_context_reserve(c, c->wanted_profile);
}

static hone_status make_context(hone_context *c, const hone_context_options *o) {
    HN_TRY(allocate_tables(c));
    HN_TRY(place_fixed(c));
    c->memory_limit = o->memory_limit;
    c->loop_limit = o->loop_limit ? o->loop_limit : HONE_LOOP_LIMIT;
    c->shapes_changed = true;
    c->step_now = -1;
    return choose_profile(c, o->profile, &c->diag);
}

static void copy_messages(hn_diag *to, const hn_diag *from) {
    for (size_t i = 0; to && i < from->n; i++)
        (void)hn_diag_add(to, from->at[i].severity, from->at[i].status, "%s", from->at[i].text);
}

hone_status hone_context_create(const hone_engine *engine, const hone_context_options *options, hone_messages *messages,
                                hone_context **out) {
    if (!engine || !out) return HONE_INVALID_ARGUMENT;
    *out = NULL;
    hone_context_options o = {.size = sizeof o, .profile = HONE_PROFILE_AUTO};
    if (options) memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    const hone_allocator *inner = o.allocator ? o.allocator : engine->allocator;
    hone_context *c = hn_alloc(inner, sizeof *c, 16);
    HN_TRY_ALLOC(c);
    memset(c, 0, sizeof *c);
    c->engine = engine;
    c->inner = inner;
    c->counting = (hone_allocator){counted_allocate, counted_release, c};
    hn_arena_init(&c->arena, &c->counting);
    hn_arena_init(&c->scratch, &c->counting);
    hn_arena_init(&c->objects, &c->counting);
    hn_diag_init(&c->diag, &c->counting);
    hn_heap_init(&c->heap, &c->counting);
    hone_status status = make_context(c, &o);
    if (status != HONE_OK) {
        copy_messages(messages, &c->diag);
        hone_context_destroy(&c);
    }
    *out = c;
    return status;
}

void hone_context_destroy(hone_context **context) {
    if (!context || !*context) return;
    hone_context *c = *context;
    for (int i = 0; c->output && i < c->engine->n_output; i++)
        if (c->output[i].memory) hn_release(&c->counting, c->output[i].memory, c->output[i].capacity);
    for (int d = 0; d < HN_DEVICES; d++)
        if (c->space[d].memory) hn_device_at(d)->release(&c->counting, c->space[d].memory, c->space[d].size);
    if (c->shared) hn_release(&c->counting, c->shared, c->shared_bytes);
    if (c->worker) hn_release(&c->counting, c->worker, c->worker_bytes * (size_t)hn_pool_threads(c->engine->pool));
    hn_heap_free(&c->heap);
    hn_diag_free(&c->diag);
    hn_arena_free(&c->objects);
    hn_arena_free(&c->scratch);
    hn_arena_free(&c->arena);
    hn_release(c->inner, c, sizeof *c);
    *context = NULL;
}

/* ---- inputs and outputs ---- */

static void forget_messages(hone_context *c) {
    if (c->diag.n == 0 && c->diag.dropped == 0) return;
    const hone_allocator *allocator = c->diag.arena.allocator;
    hn_diag_free(&c->diag);
    hn_diag_init(&c->diag, allocator);
}

static hone_status check_input(hone_context *c, const hone_port *port, const hone_value *value) {
    const hn_tensor *t = &value->tensor;
    if (value->kind != port->kind)
        HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "input '%s' is %s, it was given another kind of value", port->name,
                port->type);
    if (port->kind != HONE_TENSOR) return HONE_OK;
    if (t->dtype != port->dtype)
        HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "input '%s' is %s, it was given %s", port->name,
                hone_dtype_name(port->dtype), hone_dtype_name(t->dtype));
    if (t->rank != port->rank)
        HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "input '%s' has rank %d, it was given rank %d", port->name, port->rank,
                t->rank);
    for (int i = 0; i < t->rank; i++)
        if (port->dim[i] >= 0 && port->dim[i] != t->dim[i])
            HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT,
                    "input '%s': dimension %d is fixed at %" PRId64 ", it was given %" PRId64, port->name, i,
                    port->dim[i], t->dim[i]);
    return HONE_OK;
}

hone_status hone_context_set_input(hone_context *context, const char *name, const hone_value *value) {
    if (!context || !name || !value) return HONE_INVALID_ARGUMENT;
    forget_messages(context);
    const hone_engine *e = context->engine;
    const int i = hn_engine_find_port(e->input_port, e->n_input, name);
    if (i < 0) HN_FAIL(&context->diag, HONE_INVALID_ARGUMENT, "the engine has no input '%s'", name);
    const hn_tensor *t = &value->tensor;
    HN_TRY(check_input(context, &e->input_port[i], value));
    context->list[i] = value->kind == HONE_TENSOR ? NULL : value;
    hn_tensor *mine = &context->input[i];
    if (mine->rank != t->rank || memcmp(mine->dim, t->dim, (size_t)t->rank * sizeof t->dim[0]) != 0)
        context->shapes_changed = true;
    *mine = *t;
    return HONE_OK;
}

hone_status hone_context_set_output(hone_context *context, const char *name, hone_value *value) {
    if (!context || !name) return HONE_INVALID_ARGUMENT;
    forget_messages(context);
    const hone_engine *e = context->engine;
    const int i = hn_engine_find_port(e->output_port, e->n_output, name);
    if (i < 0) HN_FAIL(&context->diag, HONE_INVALID_ARGUMENT, "the engine has no output '%s'", name);
    if (value && (e->output_port[i].kind != HONE_TENSOR || e->output_port[i].dtype == HONE_STRING))
        HN_FAIL(&context->diag, HONE_UNSUPPORTED, "output '%s' is %s and cannot be written into a buffer", name,
                e->output_port[i].type);
    if (value && value->tensor.dtype != e->output_port[i].dtype)
        HN_FAIL(&context->diag, HONE_INVALID_ARGUMENT, "output '%s' is %s, the buffer is %s", name,
                hone_dtype_name(e->output_port[i].dtype), hone_dtype_name(value->tensor.dtype));
    context->output[i].user = value;
    return HONE_OK;
}

const hone_value *hone_context_output(const hone_context *context, int index) {
    if (!context || !context->ran || index < 0 || index >= context->engine->n_output) return NULL;
    return &context->output[index].own;
}

const hone_messages *hone_context_messages(const hone_context *context) { return &context->diag; }

int hone_context_profile(const hone_context *context) { return context->profile; }

void hone_context_set_step_callback(hone_context *context, hone_step_fn fn, void *user) {
    context->step_fn = fn;
    context->step_user = user;
}

/* ---- running ---- */

static hone_status place_list(hone_context *c, int input, hn_tensor *to) {
    hn_tensor made;
    const hone_status status = hn_value_to_object(c->list[input], c->engine->input_type[input], &c->objects, &made);
    if (status == HONE_INVALID_ARGUMENT)
        HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "input '%s' is %s: an item is missing or of another type",
                c->engine->input_port[input].name, c->engine->input_port[input].type);
    HN_TRY(status);
    to->data = made.data;
    return HONE_OK;
}

static hone_status place_ports(hone_context *c) {
    const hone_engine *e = c->engine;
    for (int i = 0; i < e->n_input; i++) {
        hn_tensor *t = &c->value[e->input[i] - 1];
        if (c->list[i]) HN_TRY(place_list(c, i, t));
        else t->data = c->input[i].data;
    }
    for (int i = 0; i < e->n_output; i++) {
        hn_tensor *t = &c->value[e->output[i] - 1];
        t->data = NULL;
        if (t->rank < 0) continue; /* its step will find the shape and ask for room */
        HN_TRY(hn_context_output_room(c, i, hn_tensor_bytes(t), &t->data));
    }
    for (uint32_t i = 0; i < e->plan.n_value; i++) {
        if (e->plan.value[i].storage != HN_STORAGE_ALIAS) continue;
        const uint8_t storage = e->plan.value[e->root[i]].storage;
        if (storage == HN_STORAGE_CALLER || storage == HN_STORAGE_OUTPUT) c->value[i].data = c->value[e->root[i]].data;
    }
    return HONE_OK;
}

/* Text and items may still belong to an input, which need not live as long as the outputs. */
static hone_status show_outputs(hone_context *c) {
    for (int i = 0; i < c->engine->n_output; i++) {
        hn_tensor *t = &c->value[c->engine->output[i] - 1];
        HN_TRY(hn_object_own(&c->objects, t));
        HN_TRY(hn_value_show(t, &c->objects, &c->output[i].own));
    }
    c->ran = true;
    return HONE_OK;
}

static hone_status check_inputs_set(hone_context *c) {
    for (int i = 0; i < c->engine->n_input; i++)
        if (c->input[i].rank < 0)
            HN_FAIL(&c->diag, HONE_INVALID_ARGUMENT, "input '%s' is not set", c->engine->input_port[i].name);
    return HONE_OK;
}

hone_status hone_context_run(hone_context *context) {
    if (!context) return HONE_INVALID_ARGUMENT;
    forget_messages(context);
    context->ran = false;
    context->rounds = 0;
    HN_TRY(check_inputs_set(context));
    if (context->shapes_changed) HN_TRY(hn_context_bind(context));
    hn_heap_give_all(&context->heap);
    hn_arena_reset(&context->objects);
    memset(context->block, 0, context->engine->plan.n_value * sizeof *context->block);
    HN_TRY(place_ports(context));
    const bool entered = hn_pool_enter(context->engine->pool);
    hone_status status = hn_context_run_block(context, 0);
    if (entered) hn_pool_leave(context->engine->pool);
    return status == HONE_OK ? show_outputs(context) : status;
}

hone_status hone_context_step_output(hone_context *context, int step, int output, hone_value **out) {
    if (!context || !out) return HONE_INVALID_ARGUMENT;
    *out = NULL;
    if (step < 0 || step != context->step_now || output < 0) return HONE_INVALID_ARGUMENT;
    const hn_bound_step *s = &context->engine->step[step];
    if ((uint32_t)output >= s->record->n_out || !s->out[output]) return HONE_INVALID_ARGUMENT;
    const hn_tensor *t = &context->value[s->out[output] - 1];
    return hn_value_copy(t, out);
}

void hone_context_memory(const hone_context *context, hone_memory *out) {
    *out = (hone_memory){.heap = context->heap.total,
                         .scratch = context->shared_bytes +
                                    context->worker_bytes * (size_t)hn_pool_threads(context->engine->pool) +
                                    context->scratch.total + context->objects.total,
                         .allocations = context->allocations};
    for (int d = 0; d < HN_DEVICES; d++)
        out->arena += context->space[d].used, out->arena_live += context->space[d].live;
    for (int i = 0; i < context->engine->n_output; i++) out->outputs += context->output[i].capacity;
}
