/* Kernel row for groups of elementwise float operators over tensors of any layout. */
#include <math.h>
#include <string.h>
#include "kernels/cpu/elementwise/elementwise.h"

enum { TASK_ELEMENTS = 64 * 1024 };

static int lane_op(uint16_t op) {
    switch (op) {
#define HN_LANE_CASE(name, n, expression)                                                                              \
    case HN_OP_##name:                                                                                                 \
        return HN_LANE_##name;
        HN_LANE_OPS(HN_LANE_CASE)
#undef HN_LANE_CASE
    default:
        return -1;
    }
}

static int lane_inputs(int op) {
    static const uint8_t inputs[] = {
#define HN_LANE_INPUTS(name, n, expression) n,
        HN_LANE_OPS(HN_LANE_INPUTS)
#undef HN_LANE_INPUTS
            1};
    return inputs[op];
}

static bool is_bound(const hn_query *q, int v) {
    return v < 0 || (q->val[v].role == HN_ROLE_CONST && (q->val[v].const_facts & HN_CONST_SCALAR));
}

static bool supports_op(const hn_query *q, const hn_qop *op) {
    const int lane = lane_op(op->op);
    if (lane < 0 || op->n_out != 1) return false;
    if (lane == HN_LANE_clip) {
        for (int i = 1; i < op->n_in; i++)
            if (!is_bound(q, op->in[i])) return false;
        return true;
    }
    return op->n_in == lane_inputs(lane);
}

static bool supports(const hn_query *q) {
    if (q->n_out != 1) return false;
    const hn_qval *out = NULL;
    for (int i = 0; i < q->n_val; i++)
        if (q->val[i].role == HN_ROLE_OUT) out = &q->val[i];
    for (int i = 0; i < q->n_val; i++)
        if (q->val[i].dtype != HONE_FLOAT32 || q->val[i].rank > out->rank) return false;
    for (int i = 0; i < q->n_op; i++)
        if (!supports_op(q, &q->op[i])) return false;
    return q->val[q->op[q->n_op - 1].out[0]].role == HN_ROLE_OUT;
}

static double cost(const hn_query *q) { return 1e-9 * q->n_op; }

static hone_status prepare(const hn_query *q, void *config, hn_diag *diag) {
    _Static_assert(sizeof(hn_lane_program) <= HN_CONFIG_BYTES, "the program is the kernel's config");
    hn_lane_program *program = config;
    program->n = q->n_op;
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hone_status status = HONE_OK;
    for (int i = 0; status == HONE_OK && i < q->n_op; i++) {
        const hn_qop *op = &q->op[i];
        hn_lane_step *s = &program->step[i];
        hn_attrs attrs;
        status = hn_query_attrs(q, i, &arena, &attrs, diag);
        if (status != HONE_OK) break;
        *s = (hn_lane_step){
            .op = (uint8_t)lane_op(op->op), .x = op->in[0], .y = -1, .out = op->out[0], .low = -1, .high = -1};
        s->a = -INFINITY, s->b = INFINITY;
        if (lane_inputs(s->op) == 2) s->y = op->in[1];
        if (s->op == HN_LANE_clip) s->low = op->n_in > 1 ? op->in[1] : -1, s->high = op->n_in > 2 ? op->in[2] : -1;
        if (s->op == HN_LANE_leaky_relu) s->a = hn_attrs_float(attrs, "alpha", 0.01f);
        if (s->op == HN_LANE_hard_sigmoid)
            s->a = hn_attrs_float(attrs, "alpha", 0.2f), s->b = hn_attrs_float(attrs, "beta", 0.5f);
        if (s->op == HN_LANE_swish) s->a = hn_attrs_float(attrs, "alpha", 1.0f);
        if (s->op == HN_LANE_gelu && hn_attrs_text_is(attrs, "approximate", "none", "tanh")) s->op = HN_LANE_gelu_tanh;
    }
    hn_arena_free(&arena);
    return status;
}

static void workspace(const hn_args *args, size_t *shared, size_t *per_worker) {
    *shared = 0;
    *per_worker = args->query->n_val * sizeof(float) * HN_ELEMENTWISE_BLOCK;
}

static const hn_tensor *output(const hn_args *args) {
    const hn_query *q = args->query;
    return &args->val[q->op[q->n_op - 1].out[0]];
}

static int tasks(const hn_args *args, int phase) {
    (void)phase;
    const int64_t n = hn_tensor_count(output(args));
    return (int)((n + TASK_ELEMENTS - 1) / TASK_ELEMENTS);
}

static void read_bounds(hn_lane_run *run) {
    for (int i = 0; i < run->program.n; i++) {
        hn_lane_step *s = &run->program.step[i];
        if (s->low >= 0) s->a = *(const float *)run->args->val[s->low].data;
        if (s->high >= 0) s->b = *(const float *)run->args->val[s->high].data;
    }
}

static bool start(hn_lane_run *run, const hn_args *args) {
    const hn_query *q = args->query;
    const hn_tensor *tensor[HN_QUERY_VALS];
    run->args = args;
    memcpy(&run->program, args->config, sizeof run->program);
    read_bounds(run);
    int n = 0;
    run->val[n] = q->op[q->n_op - 1].out[0];
    tensor[n++] = output(args);
    for (int i = 0; i < q->n_in; i++) {
        run->val[n] = i;
        tensor[n++] = &args->val[i];
    }
    return hn_walk_init(&run->walk, n, tensor);
}

/* Tasks share the elements evenly in the order of the output; a row may be cut anywhere, results do not depend on it.
 */
hone_status hn_lane_task(const hn_args *args, hn_lane_row_fn *row) {
    hn_lane_run run;
    if (!start(&run, args)) return HONE_INVALID_ARGUMENT;
    const int64_t length = run.walk.dim[run.walk.rank - 1], total = run.walk.rows * length;
    int64_t at = (int64_t)args->task * TASK_ELEMENTS;
    const int64_t end = at + TASK_ELEMENTS < total ? at + TASK_ELEMENTS : total;
    int64_t offset[HN_QUERY_VALS];
    while (at < end) {
        const int64_t first = at % length;
        int64_t n = length - first < end - at ? length - first : end - at;
        hn_walk_row(&run.walk, at / length, offset);
        at += n;
        for (int64_t k = 0; k < n; k += HN_ELEMENTWISE_BLOCK)
            row(&run, offset, first + k, (int)(n - k < HN_ELEMENTWISE_BLOCK ? n - k : HN_ELEMENTWISE_BLOCK));
    }
    return HONE_OK;
}

HN_KERNEL_BODIES(bodies, hn_f32_elementwise);

const hn_kernel hn_kernel_f32_elementwise = {
    .name = "f32_elementwise",
    .version = 1,
    .supports = supports,
    .cost = cost,
    .prepare = prepare,
    .workspace = workspace,
    .tasks = tasks,
    .body = bodies,
    .n_body = HN_KERNEL_BODY_COUNT(bodies),
    .inplace = true,
};
