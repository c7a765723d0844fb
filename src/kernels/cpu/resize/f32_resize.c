/* Kernel row of Resize, channels last: nearest, linear and cubic by the coordinate rules of the reference. The first
 * phase computes the maps of all axes, the second the rows. */
#include "kernels/cpu/resize/resize_kernel.h"
#include <string.h>

enum { TASK_ELEMENTS = 32 * 1024 };

static const hn_tensor *input(const hn_args *args, int i) {
    const hn_qop *op = &args->query->op[0];
    return i < op->n_in && op->in[i] >= 0 ? &args->val[op->in[i]] : NULL;
}

static hone_status prepare(const hn_query *q, void *config, hn_diag *diag) {
    _Static_assert(sizeof(hn_resize) <= HN_CONFIG_BYTES, "config");
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_attrs attrs;
    hone_status status = hn_query_attrs(q, 0, &arena, &attrs, diag);
    if (status == HONE_OK) status = hn_resize_read(attrs, q->val[q->op[0].in[0]].rank, config, diag);
    hn_arena_free(&arena);
    return status;
}

static bool supports(const hn_query *q) {
    const hn_qop *op = &q->op[0];
    hn_resize r;
    if (q->n_op != 1 || op->op != HN_OP_resize || op->in[0] < 0 || op->out[0] < 0) return false;
    const hn_qval *x = &q->val[op->in[0]], *y = &q->val[op->out[0]];
    if (x->dtype != HONE_FLOAT32 || x->rank < 3 || x->rank > HN_RESIZE_RANK || x->role == HN_ROLE_CONST) return false;
    if (x->layout != HN_LAYOUT_CHANNELS_LAST || y->layout != HN_LAYOUT_CHANNELS_LAST) return false;
    for (int i = 0; i < x->rank; i++)
        if (x->dim[i].min < 1) return false;
    /* An antialias filter may have any number of taps; regions have positions outside the input. */
    return prepare(q, &r, NULL) == HONE_OK && !r.antialias && r.coordinates != HN_RESIZE_TF_CROP;
}

static double cost(const hn_query *q) { return 1e-9 * q->n_val; }

/* Bytes of the maps of one axis: indices and weights, and a flag for each output position. */
static size_t map_bytes(int64_t taps, int64_t out) { return ((size_t)(taps * 16 + 1) * (size_t)out + 15) / 16 * 16; }

static int taps_of(const hn_resize *r) { return (int)hn_resize_taps(r, 1); }

static void workspace(const hn_args *args, size_t *shared, size_t *per_worker) {
    const hn_tensor *y = &args->val[args->query->op[0].out[0]];
    *shared = *per_worker = 0;
    for (int i = 0; i < y->rank; i++) *shared += map_bytes(taps_of(args->config), y->dim[i]);
}

static void place_maps(const hn_args *args, hn_resize_run *run) {
    char *at = args->shared;
    for (int i = 0; i < run->rank; i++) {
        hn_resize_axis *a = &run->axis[i];
        a->taps = taps_of(args->config);
        a->index = (int64_t *)(void *)at;
        a->weight = (double *)(void *)(at + 8 * a->taps * a->out);
        a->outside = (uint8_t *)at + 16 * a->taps * a->out;
        at += map_bytes(a->taps, a->out);
    }
}

bool hn_resize_start(const hn_args *args, hn_resize_run *run) {
    const hn_tensor *in[HN_QUERY_ARGS];
    hn_tensor *out = &args->val[args->query->op[0].out[0]];
    for (int i = 0; i < args->query->op[0].n_in; i++) in[i] = input(args, i);
    hn_call call = {.n_in = args->query->op[0].n_in, .n_out = 1, .in = in, .out = &out};
    run->x = in[0], run->y = out, run->rank = in[0]->rank;
    for (int i = 0; i < run->rank; i++)
        if (in[0]->dim[i] < 1) return false;
    hn_resize_axes(&call, args->config, run->axis);
    place_maps(args, run);
    for (int i = 0; i < run->rank && args->phase == 0; i++) hn_resize_fill(args->config, &run->axis[i]);
    run->channels = !hn_resize_is_identity(&run->axis[1]);
    return true;
}

static int64_t rows(const hn_tensor *y) {
    int64_t n = y->dim[0];
    for (int i = 2; i + 1 < y->rank; i++) n *= y->dim[i];
    return n;
}

static int64_t rows_per_task(const hn_tensor *y) {
    const int64_t row = y->dim[1] * y->dim[y->rank - 1];
    return row >= TASK_ELEMENTS || row == 0 ? 1 : TASK_ELEMENTS / row;
}

void hn_resize_rows(const hn_resize_run *run, int task, int64_t *first, int64_t *end) {
    const int64_t each = rows_per_task(run->y), total = rows(run->y);
    *first = task * each;
    *end = *first + each < total ? *first + each : total;
}

/* Every tap of `from` with every tap of position `at` of an axis. */
static void combine(const hn_resize_axis *a, int64_t stride, int64_t at, const hn_resize_sum *from, hn_resize_sum *to) {
    to->n = 0;
    for (int i = 0; i < from->n; i++)
        for (int64_t k = at * a->taps; k < (at + 1) * a->taps; k++) {
            if (a->weight[k] == 0) continue;
            to->offset[to->n] = from->offset[i] + a->index[k] * stride;
            to->weight[to->n++] = from->weight[i] * (float)a->weight[k];
        }
}

void hn_resize_row(const hn_resize_run *run, int64_t row, hn_resize_sum *sum, float **y) {
    hn_resize_sum other;
    int64_t at[HN_RESIZE_RANK] = {0};
    *sum = (hn_resize_sum){.n = 1, .offset = {0}, .weight = {1}};
    for (int i = run->rank - 2; i >= 0; i--) {
        if (i == 1) continue;
        at[i] = row % run->axis[i].out, row /= run->axis[i].out;
    }
    *y = run->y->data;
    for (int i = 0; i + 1 < run->rank; i++) {
        if (i == 1) continue;
        *y += at[i] * run->y->stride[i];
        combine(&run->axis[i], run->x->stride[i], at[i], sum, &other);
        *sum = other;
    }
}

void hn_resize_position(const hn_resize_run *run, const hn_resize_sum *row, int64_t at, hn_resize_sum *sum) {
    combine(&run->axis[run->rank - 1], run->x->stride[run->rank - 1], at, row, sum);
}

float hn_resize_channel(const hn_resize_run *run, const hn_resize_sum *sum, int64_t channel) {
    const hn_resize_axis *a = &run->axis[1];
    float total = 0;
    for (int64_t k = channel * a->taps; k < (channel + 1) * a->taps; k++)
        for (int i = 0; i < sum->n && a->weight[k] != 0; i++)
            total += sum->weight[i] * (float)a->weight[k] * ((const float *)run->x->data)[sum->offset[i] + a->index[k]];
    return total;
}

static int phases(const hn_args *args) {
    (void)args;
    return 2;
}

static int tasks(const hn_args *args, int phase) {
    const hn_tensor *y = &args->val[args->query->op[0].out[0]];
    if (hn_tensor_count(y) == 0) return 0;
    const int64_t each = rows_per_task(y);
    return phase == 0 ? 1 : (int)((rows(y) + each - 1) / each);
}

HN_KERNEL_BODIES(bodies, hn_f32_resize);

const hn_kernel hn_kernel_f32_resize = {.name = "f32_resize",
                                        .version = 1,
                                        .supports = supports,
                                        .cost = cost,
                                        .prepare = prepare,
                                        .workspace = workspace,
                                        .phases = phases,
                                        .tasks = tasks,
                                        .body = bodies,
                                        .n_body = HN_KERNEL_BODY_COUNT(bodies)};
