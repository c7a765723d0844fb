/* Kernel row of InstanceNormalization (both layouts) and GroupNormalization (dense). */
#include "kernels/cpu/normalize/instance_norm.h"

enum { TASK_ELEMENTS = 32 * 1024 };

static bool parse(const hn_query *q, hn_instance_config *c) {
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_attrs attrs;
    bool ok = hn_query_attrs(q, 0, &arena, &attrs, NULL) == HONE_OK;
    if (ok) {
        const bool grouped = q->op[0].op == HN_OP_group_normalization;
        const int64_t groups = grouped ? hn_attrs_int(attrs, "num_groups", 1) : 0;
        ok = !grouped || (groups > 0 && groups < INT32_MAX);
        c->groups = (int32_t)groups;
        c->epsilon = hn_attrs_float(attrs, "epsilon", 1e-5f);
    }
    hn_arena_free(&arena);
    return ok;
}

static hone_status prepare(const hn_query *q, void *config, hn_diag *diag) {
    if (!parse(q, config)) HN_FAIL(diag, HONE_MALFORMED, "normalization attributes");
    return HONE_OK;
}

static bool supports(const hn_query *q) {
    const hn_qop *op = &q->op[0];
    hn_instance_config c;
    if (q->n_op != 1 || op->n_in != 3 || op->n_out != 1) return false;
    if (op->op != HN_OP_instance_normalization && op->op != HN_OP_group_normalization) return false;
    for (int i = 0; i < 3; i++)
        if (op->in[i] < 0 || q->val[op->in[i]].dtype != HONE_FLOAT32) return false;
    const hn_qval *x = &q->val[op->in[0]], *y = &q->val[op->out[0]];
    if (x->role == HN_ROLE_CONST || x->rank < 2 || x->layout != y->layout) return false;
    if (q->val[op->in[1]].rank != 1 || q->val[op->in[2]].rank != 1 || !parse(q, &c)) return false;
    return c.groups == 0 || x->layout == HN_LAYOUT_DENSE;
}

static double cost(const hn_query *q) { return 1e-9 * q->n_val; }

static bool read_call(const hn_args *args, hn_instance_run *r) {
    const hn_qop *op = &args->query->op[0];
    const hn_instance_config *c = args->config;
    const hn_tensor *x = &args->val[op->in[0]];
    r->x = x->data, r->y = args->val[op->out[0]].data;
    r->scale = args->val[op->in[1]].data, r->shift = args->val[op->in[2]].data;
    r->channels_last = args->query->val[op->in[0]].layout == HN_LAYOUT_CHANNELS_LAST;
    r->epsilon = c->epsilon;
    r->channels = x->dim[1], r->positions = 1;
    for (int i = 2; i < x->rank; i++) r->positions *= x->dim[i];
    if (c->groups && r->channels % c->groups != 0) return false;
    r->group = c->groups ? r->channels / c->groups : 1;
    return hn_tensor_count(&args->val[op->in[1]]) == r->channels &&
           hn_tensor_count(&args->val[op->in[2]]) == r->channels;
}

static int64_t units(const hn_args *args, const hn_instance_run *r) {
    const hn_tensor *x = &args->val[args->query->op[0].in[0]];
    if (hn_tensor_count(x) == 0) return 0;
    return x->dim[0] * (r->channels_last ? (r->channels + 15) / 16 : r->channels / r->group);
}

static int64_t units_per_task(const hn_instance_run *r) {
    const int64_t elements = r->positions * (r->channels_last ? 16 : r->group);
    return elements >= TASK_ELEMENTS || elements == 0 ? 1 : TASK_ELEMENTS / elements;
}

bool hn_instance_start(const hn_args *args, hn_instance_run *r) {
    if (!read_call(args, r)) return false;
    const int64_t each = units_per_task(r), total = units(args, r);
    r->first = args->task * each;
    r->end = r->first + each < total ? r->first + each : total;
    return true;
}

static int tasks(const hn_args *args, int phase) {
    (void)phase;
    hn_instance_run r;
    if (!read_call(args, &r)) return 1; /* the task reports it */
    const int64_t each = units_per_task(&r);
    return (int)((units(args, &r) + each - 1) / each);
}

HN_KERNEL_BODIES(bodies, hn_f32_instance_norm);

const hn_kernel hn_kernel_f32_instance_norm = {.name = "f32_instance_norm",
                                               .version = 1,
                                               .supports = supports,
                                               .cost = cost,
                                               .prepare = prepare,
                                               .tasks = tasks,
                                               .body = bodies,
                                               .n_body = HN_KERNEL_BODY_COUNT(bodies)};
