/* Kernel row of ReduceSum, ReduceMean, ReduceMax and ReduceMin of float tensors. */
#include "kernels/cpu/reduce/reduce_kernel.h"
#include <string.h>

enum { TASK_ELEMENTS = 64 * 1024 };

typedef struct reduce_config {
    int32_t kind, keep, none; /* none: no axes means none, rather than all */
} reduce_config;

static int kind_of(uint16_t op) {
    switch (op) {
    case HN_OP_reduce_sum:
        return HN_REDUCE_SUM;
    case HN_OP_reduce_mean:
        return HN_REDUCE_MEAN;
    case HN_OP_reduce_max:
        return HN_REDUCE_MAX;
    case HN_OP_reduce_min:
        return HN_REDUCE_MIN;
    default:
        return -1;
    }
}

static bool supports(const hn_query *q) {
    const hn_qop *op = &q->op[0];
    if (q->n_op != 1 || kind_of(op->op) < 0 || op->in[0] < 0 || op->out[0] < 0) return false;
    const hn_qval *x = &q->val[op->in[0]];
    if (x->dtype != HONE_FLOAT32 || x->role == HN_ROLE_CONST || x->rank < 1) return false;
    for (int i = 0; i < x->rank; i++)
        if (x->dim[i].min < 1) return false;
    return true;
}

static double cost(const hn_query *q) { return 1e-9 * q->n_val; }

static hone_status prepare(const hn_query *q, void *config, hn_diag *diag) {
    reduce_config *c = config;
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_attrs attrs;
    const hone_status status = hn_query_attrs(q, 0, &arena, &attrs, diag);
    if (status == HONE_OK) {
        c->kind = kind_of(q->op[0].op);
        c->keep = hn_attrs_int(attrs, "keepdims", 1) != 0;
        c->none = hn_attrs_int(attrs, "noop_with_empty_axes", 0) != 0;
    }
    hn_arena_free(&arena);
    return status;
}

static bool read_mask(const hn_args *args, int rank, unsigned *mask) {
    const reduce_config *c = args->config;
    const hn_qop *op = &args->query->op[0];
    const hn_tensor *axes = op->n_in > 1 && op->in[1] >= 0 ? &args->val[op->in[1]] : NULL;
    const int64_t n = axes ? hn_tensor_count(axes) : 0;
    *mask = n == 0 && !c->none ? (1u << rank) - 1 : 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t axis = hn_tensor_int(axes, i);
        if (axis < 0) axis += rank;
        if (axis < 0 || axis >= rank) return false;
        *mask |= 1u << axis;
    }
    return true;
}

static void add_dim(hn_reduce_dims *d, int64_t dim, int64_t x, int64_t y) {
    d->dim[d->n] = dim, d->x[d->n] = x, d->y[d->n++] = y;
    d->count *= dim;
}

/* The axis in which the input is contiguous; the last one when all have size one. */
static int lane_axis(const hn_tensor *x) {
    for (int i = x->rank - 1; i >= 0; i--)
        if (x->stride[i] == 1 && x->dim[i] > 1) return i;
    return x->rank - 1;
}

static bool split_axes(const hn_args *args, unsigned mask, hn_reduce_run *r) {
    const hn_tensor *x = &args->val[args->query->op[0].in[0]], *y = &args->val[args->query->op[0].out[0]];
    const bool keep = ((const reduce_config *)args->config)->keep != 0;
    const int lanes = lane_axis(x);
    r->kept.count = r->reduced.count = r->count = 1;
    r->length = x->dim[lanes], r->lanes_reduced = mask >> lanes & 1;
    int at = 0;
    for (int i = 0; i < x->rank; i++) {
        const bool reduced = mask >> i & 1;
        int64_t stride = 0;
        if (!reduced || keep) {
            if (at >= y->rank || y->dim[at] != (reduced ? 1 : x->dim[i])) return false;
            stride = y->stride[at++];
        }
        if (reduced) r->count *= (float)x->dim[i];
        if (i == lanes) r->y_lane = stride;
        else if (reduced) add_dim(&r->reduced, x->dim[i], x->stride[i], 0);
        else add_dim(&r->kept, x->dim[i], x->stride[i], stride);
    }
    return at == y->rank;
}

static int tasks(const hn_args *args, int phase) {
    (void)phase;
    const int64_t x = hn_tensor_count(&args->val[args->query->op[0].in[0]]);
    const int64_t y = hn_tensor_count(&args->val[args->query->op[0].out[0]]);
    const int64_t n = (x + TASK_ELEMENTS - 1) / TASK_ELEMENTS;
    return (int)(n < y ? n : y);
}

bool hn_reduce_start(const hn_args *args, hn_reduce_run *r) {
    const hn_tensor *x = &args->val[args->query->op[0].in[0]];
    unsigned mask;
    memset(r, 0, sizeof *r);
    if (!read_mask(args, x->rank, &mask) || !split_axes(args, mask, r)) return false;
    r->kind = (hn_reduce_kind)((const reduce_config *)args->config)->kind;
    r->x = x->data, r->y = args->val[args->query->op[0].out[0]].data;
    const int64_t units = r->kept.count * (r->lanes_reduced ? 1 : (r->length + 15) / 16);
    const int64_t n = tasks(args, 0);
    r->first = units * args->task / n, r->end = units * (args->task + 1) / n;
    return true;
}

void hn_reduce_offsets(const hn_reduce_dims *d, int64_t at, int64_t *x, int64_t *y) {
    *x = *y = 0;
    for (int i = d->n - 1; i >= 0; i--) {
        const int64_t k = at % d->dim[i];
        at /= d->dim[i];
        *x += k * d->x[i], *y += k * d->y[i];
    }
}

HN_KERNEL_BODIES(bodies, hn_f32_reduce);

const hn_kernel hn_kernel_f32_reduce = {.name = "f32_reduce",
                                        .version = 1,
                                        .supports = supports,
                                        .cost = cost,
                                        .prepare = prepare,
                                        .tasks = tasks,
                                        .body = bodies,
                                        .n_body = HN_KERNEL_BODY_COUNT(bodies)};
