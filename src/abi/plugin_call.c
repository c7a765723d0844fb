/* What plugins see of a call, and how theirs become inference and reference. */
#include <stdatomic.h>
#include <string.h>
#include "abi/plugin_op.h"
#include "base/pool.h"

enum { FEW = 8 };

/* One call: tensors as the plugin sees them, in fixed room or, for many, in the call's scratch. */
struct hone_call {
    hn_attrs attrs;
    int n_in, n_out;
    hone_call_tensor **in, **out;
    hone_call_tensor *tensor;
    hn_arena *scratch;
    hn_call *run; /* NULL while inferring */
    hn_diag *diag;
    const hn_plugin_op *op;
    atomic_flag *told; /* while tasks run at once: the first one that fails speaks */
    hone_call_tensor few[2 * FEW];
    hone_call_tensor *few_at[2 * FEW];
};

/* ---- the table ---- */

static int input_count(const hone_call *call) { return call->n_in; }

static int output_count(const hone_call *call) { return call->n_out; }

static const hone_call_tensor *input(const hone_call *call, int i) {
    return i >= 0 && i < call->n_in ? call->in[i] : NULL;
}

static hone_call_tensor *output(const hone_call *call, int i) {
    return i >= 0 && i < call->n_out ? call->out[i] : NULL;
}

static int64_t attr_int(const hone_call *call, const char *name, int64_t otherwise) {
    return hn_attrs_int(call->attrs, name, otherwise);
}

static float attr_float(const hone_call *call, const char *name, float otherwise) {
    return hn_attrs_float(call->attrs, name, otherwise);
}

static const char *attr_text(const hone_call *call, const char *name, size_t *size) {
    const hn_attr *attr = hn_attrs_find(call->attrs, name);
    const bool text = attr && attr->kind == HN_ATTR_STRING;
    if (size) *size = text ? attr->s.n : 0;
    return text ? attr->s.n ? attr->s.data : "" : NULL;
}

static const int64_t *attr_ints(const hone_call *call, const char *name, int *n) {
    return hn_attrs_ints(call->attrs, name, n);
}

static const float *attr_floats(const hone_call *call, const char *name, int *n) {
    return hn_attrs_floats(call->attrs, name, n);
}

static void *scratch(const hone_call *call, size_t size) {
    return call->scratch ? hn_arena_alloc_aligned(call->scratch, size, 64) : NULL;
}

static void show(hone_call_tensor *to, const hn_tensor *from) {
    to->dtype = from->dtype;
    to->rank = from->rank;
    for (int d = 0; d < from->rank; d++) to->dim[d] = from->dim[d];
    to->data = from->data;
}

static bool is_status(hone_status status) { return status <= HONE_OK && status >= HONE_INTERNAL; }

static hone_status fail(const hone_call *call, hone_status status, const char *text) {
    if (status == HONE_OK || !is_status(status)) status = HONE_INTERNAL;
    if (call->told && atomic_flag_test_and_set(call->told)) return status;
    return hn_diag_add(call->diag, HONE_ERROR, status, "%s", text && *text ? text : "the plugin gives no reason");
}

static hone_status resize(const hone_call *call, int i, int rank, const int64_t *dim) {
    if (!(call->op->own->flags & HONE_PLUGIN_DATA_SHAPE))
        return fail(call, HONE_INVALID_ARGUMENT, "the plugin resizes an output without HONE_PLUGIN_DATA_SHAPE");
    if (!call->run || i < 0 || i >= call->n_out || rank < 0 || rank > HONE_MAX_RANK || (rank && !dim))
        return HONE_INVALID_ARGUMENT;
    for (int d = 0; d < rank; d++)
        if (dim[d] < 0) return HONE_INVALID_ARGUMENT;
    HN_TRY(call->run->resize(call->run, i, rank, dim));
    if (call->out[i]) show(call->out[i], call->run->out[i]);
    return HONE_OK;
}

static const hone_plugin_host host = {sizeof host, input_count, output_count, input,   output, attr_int, attr_float,
                                      attr_text,   attr_ints,   attr_floats,  scratch, resize, fail};

/* ---- making a call ---- */

static size_t messages_of(const hone_call *call) { return call->diag ? call->diag->n + call->diag->dropped : 0; }

/* What the plugin's function returned, as a status that has a text and a message. */
static hone_status checked(const hone_call *call, const char *function, size_t messages, hone_status status) {
    if (status == HONE_OK) return status;
    if (!is_status(status))
        HN_FAIL(call->diag, HONE_INTERNAL, "%s of the plugin '%s' returned %d, which is no status", function,
                call->op->plugin->name, (int)status);
    if (messages_of(call) == messages)
        HN_FAIL(call->diag, status, "%s of the plugin '%s' failed without a reason: %s", function,
                call->op->plugin->name, hone_status_text(status));
    return status;
}

static hone_status make_room(hone_call *call) {
    const int n = call->n_in + call->n_out;
    call->tensor = call->few, call->in = call->few_at;
    if (n > 2 * FEW) {
        call->tensor = HN_NEW_ARRAY(call->scratch, hone_call_tensor, n);
        call->in = HN_NEW_ARRAY(call->scratch, hone_call_tensor *, n);
        if (!call->tensor || !call->in) return HONE_OUT_OF_MEMORY;
    }
    call->out = call->in + call->n_in;
    return HONE_OK;
}

static void show_info(hone_call_tensor *to, const hn_info *from) {
    to->dtype = from->type->dtype;
    to->rank = from->shape.rank;
    for (int d = 0; d < to->rank; d++)
        to->dim[d] = hn_dim_is_const(from->shape.dim[d]) ? from->shape.dim[d].value : HONE_DIM_UNKNOWN;
    to->data = from->data ? from->data->data : NULL;
}

/* A dim that the plugin gives: a number, unknown, or that of an input. */
static hone_status take_dim(const hn_infer *infer, int i, int64_t dim, hn_dim *out) {
    *out = dim >= 0 ? hn_dim_const(dim) : HN_UNKNOWN_DIM;
    if (dim >= HONE_DIM_UNKNOWN) return HONE_OK;
    const int64_t place = -2 - dim, from = place / HONE_MAX_RANK, axis = place % HONE_MAX_RANK;
    if (from >= infer->n_in || !hn_infer_has(infer, (int)from) ||
        (hn_infer_rank(infer, (int)from) >= 0 && axis >= hn_infer_rank(infer, (int)from)))
        HN_FAIL(infer->diag, HONE_INTERNAL, "the plugin gives output %d a dimension of input %lld that is not there", i,
                (long long)from);
    if (hn_infer_rank(infer, (int)from) >= 0) *out = infer->in[from].shape.dim[axis];
    return HONE_OK;
}

static hone_status take_output(hn_infer *infer, int i, const hone_call_tensor *from) {
    hn_shape shape = hn_shape_unknown();
    if (!hn_type_tensor(from->dtype) || from->dtype == HONE_STRING || from->rank < -1 || from->rank > HONE_MAX_RANK)
        HN_FAIL(infer->diag, HONE_INTERNAL, "the plugin gives output %d no valid type or rank", i);
    shape.rank = from->rank;
    for (int d = 0; d < from->rank; d++) HN_TRY(take_dim(infer, i, from->dim[d], &shape.dim[d]));
    hn_infer_set(infer, i, from->dtype, &shape);
    return HONE_OK;
}

static hone_status infer_in(hn_infer *infer, hone_call *call) {
    const hn_plugin_op *op = infer->op->plugin;
    HN_TRY(make_room(call));
    for (int i = 0; i < call->n_in; i++) {
        call->in[i] = NULL;
        if (!hn_infer_has(infer, i)) continue;
        call->in[i] = &call->tensor[i];
        show_info(call->in[i], &infer->in[i]);
    }
    for (int i = 0; i < call->n_out; i++) {
        call->out[i] = &call->tensor[call->n_in + i];
        *call->out[i] = (hone_call_tensor){.rank = -1};
    }
    const size_t messages = messages_of(call);
    HN_TRY(checked(call, "infer", messages, op->own->infer(&host, call)));
    for (int i = 0; i < call->n_out; i++) HN_TRY(take_output(infer, i, call->out[i]));
    return HONE_OK;
}

hone_status hn_plugin_infer(hn_infer *infer) {
    hn_arena own;
    hn_arena_init(&own, NULL);
    for (int i = 0; i < infer->n_in; i++) /* types that are not known yet: nothing can be said */
        if (infer->in[i].type == NULL && i < infer->op->min_in) return HONE_OK;
    hone_call call = {.attrs = infer->attrs,
                      .n_in = infer->n_in,
                      .n_out = infer->n_out,
                      .scratch = &own,
                      .diag = infer->diag,
                      .op = infer->op->plugin};
    const hone_status status = infer_in(infer, &call);
    hn_arena_free(&own);
    return status;
}

/* ---- running ---- */

typedef struct task_run {
    const hone_plugin_op *op;
    const hone_call *call;
    atomic_int status;
} task_run;

static void run_one(void *argument, int task, int worker) {
    task_run *run = argument;
    (void)worker;
    int none = HONE_OK;
    if (atomic_load(&run->status) != HONE_OK) return;
    const hone_status status = run->op->run_task(&host, run->call, task);
    if (status != HONE_OK) atomic_compare_exchange_strong(&run->status, &none, (int)status);
}

static hone_status run_tasks(const hone_plugin_op *op, hone_call *call, struct hn_pool *pool) {
    task_run run = {op, call, HONE_OK};
    atomic_flag told = ATOMIC_FLAG_INIT;
    const int n = op->tasks(&host, call);
    if (n < 0) return fail(call, HONE_INTERNAL, "the plugin gives a negative number of tasks");
    call->scratch = NULL; /* not from several threads at once */
    call->told = &told;
    if (n > 0) hn_pool_run(pool, n, run_one, &run);
    call->told = NULL;
    return (hone_status)atomic_load(&run.status);
}

hone_status hn_plugin_run(hn_call *call) {
    const hn_plugin_op *op = call->op->plugin;
    hone_call c = {.attrs = call->attrs,
                   .n_in = call->n_in,
                   .n_out = call->n_out,
                   .scratch = call->scratch,
                   .run = call,
                   .diag = call->diag,
                   .op = op};
    const size_t messages = messages_of(&c);
    HN_TRY(make_room(&c));
    for (int i = 0; i < c.n_in; i++) {
        c.in[i] = call->in[i] ? &c.tensor[i] : NULL;
        if (c.in[i]) show(c.in[i], call->in[i]);
    }
    for (int i = 0; i < c.n_out; i++) {
        c.out[i] = call->out[i] ? &c.tensor[c.n_in + i] : NULL;
        if (c.out[i]) show(c.out[i], call->out[i]);
    }
    const bool fast = call->pool && op->own->tasks && !(op->own->flags & HONE_PLUGIN_DATA_SHAPE);
    if (fast) return checked(&c, "run_task", messages, run_tasks(op->own, &c, call->pool));
    return checked(&c, "run", messages, op->own->run(&host, &c));
}
