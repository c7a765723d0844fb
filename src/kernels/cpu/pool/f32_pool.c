/* Kernel row of MaxPool, AveragePool and the global pools, channels last. */
#include <math.h>
#include <string.h>
#include "kernels/cpu/pool/pool_rows.h"

enum { TASK_ELEMENTS = 256 * 1024, LIMIT = 1 << 20 };

static bool is_whole(uint16_t op) { return op == HN_OP_global_average_pool || op == HN_OP_global_max_pool; }

static bool parse_auto_pad(hn_attrs attrs, hn_pool_config *c) {
    c->auto_pad = 0;
    if (hn_attrs_text_is(attrs, "auto_pad", "NOTSET", "SAME_UPPER")) c->auto_pad = 1;
    else if (hn_attrs_text_is(attrs, "auto_pad", "NOTSET", "SAME_LOWER")) c->auto_pad = 2;
    else
        return hn_attrs_text_is(attrs, "auto_pad", "NOTSET", "NOTSET") ||
               hn_attrs_text_is(attrs, "auto_pad", "NOTSET", "VALID");
    return true;
}

static bool parse_window(hn_attrs attrs, int n, hn_pool_config *c) {
    int64_t kernel[HN_POOL_AXES], stride[HN_POOL_AXES], dilation[HN_POOL_AXES], pad[2 * HN_POOL_AXES];
    if (!parse_auto_pad(attrs, c)) return false;
    if (hn_attrs_ints_exact(attrs, "kernel_shape", n, 1, kernel, NULL) != HONE_OK ||
        hn_attrs_ints_exact(attrs, "strides", n, 1, stride, NULL) != HONE_OK ||
        hn_attrs_ints_exact(attrs, "dilations", n, 1, dilation, NULL) != HONE_OK ||
        hn_attrs_ints_exact(attrs, "pads", 2 * n, 0, pad, NULL) != HONE_OK)
        return false;
    const bool valid = hn_attrs_text_is(attrs, "auto_pad", "NOTSET", "VALID");
    for (int i = 0; i < n; i++) {
        const int k = HN_POOL_AXES - n + i;
        if (kernel[i] < 1 || kernel[i] > LIMIT || stride[i] < 1 || stride[i] > LIMIT || dilation[i] < 1 ||
            dilation[i] > LIMIT || pad[i] < 0 || pad[i] > LIMIT || pad[n + i] < 0 || pad[n + i] > LIMIT)
            return false;
        c->kernel[k] = (int32_t)kernel[i], c->stride[k] = (int32_t)stride[i], c->dilation[k] = (int32_t)dilation[i];
        c->pad[k] = valid ? 0 : (int32_t)pad[i], c->pad_end[k] = valid ? 0 : (int32_t)pad[n + i];
    }
    return true;
}

static bool parse(const hn_query *q, hn_pool_config *c) {
    const hn_qop *op = &q->op[0];
    memset(c, 0, sizeof *c);
    c->average = op->op == HN_OP_average_pool || op->op == HN_OP_global_average_pool;
    c->whole = is_whole(op->op);
    c->spatial = (uint8_t)(q->val[op->in[0]].rank - 2);
    for (int i = 0; i < HN_POOL_AXES; i++) c->kernel[i] = c->stride[i] = c->dilation[i] = 1;
    if (c->whole) return true;
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_attrs attrs;
    bool ok = hn_query_attrs(q, 0, &arena, &attrs, NULL) == HONE_OK && parse_window(attrs, c->spatial, c);
    if (ok) c->include_pad = hn_attrs_int(attrs, "count_include_pad", 0) != 0;
    hn_arena_free(&arena);
    return ok;
}

static bool supports(const hn_query *q) {
    const hn_qop *op = &q->op[0];
    hn_pool_config config;
    if (q->n_op != 1 || op->in[0] < 0 || op->out[0] < 0) return false;
    if (op->op != HN_OP_max_pool && op->op != HN_OP_average_pool && !is_whole(op->op)) return false;
    for (int i = 1; i < op->n_out; i++)
        if (op->out[i] >= 0) return false; /* Indices */
    const hn_qval *x = &q->val[op->in[0]], *y = &q->val[op->out[0]];
    if (x->dtype != HONE_FLOAT32 || x->rank < 3 || x->rank > 5 || y->rank != x->rank || x->role == HN_ROLE_CONST)
        return false;
    if (x->layout != HN_LAYOUT_CHANNELS_LAST || y->layout != HN_LAYOUT_CHANNELS_LAST) return false;
    return parse(q, &config);
}

static double cost(const hn_query *q) { return 1e-9 * q->n_val; }

static hone_status prepare(const hn_query *q, void *config, hn_diag *diag) {
    _Static_assert(sizeof(hn_pool_config) <= HN_CONFIG_BYTES, "config");
    if (!parse(q, config)) HN_FAIL(diag, HONE_MALFORMED, "pool attributes");
    return HONE_OK;
}

static void resolve_pads(hn_pool_run *r, int i) {
    const hn_pool_config *c = &r->config;
    r->pad[i] = c->pad[i], r->pad_end[i] = c->pad_end[i];
    if (!c->auto_pad || c->whole) return;
    int64_t total = (r->out[i] - 1) * c->stride[i] + (int64_t)(c->kernel[i] - 1) * c->dilation[i] + 1 - r->in[i];
    if (total < 0) total = 0;
    r->pad[i] = c->auto_pad == 1 ? total / 2 : total - total / 2;
    r->pad_end[i] = total - r->pad[i];
}

bool hn_pool_start(const hn_args *args, hn_pool_run *r) {
    const hn_tensor *x = &args->val[args->query->op[0].in[0]], *y = &args->val[args->query->op[0].out[0]];
    memset(r, 0, sizeof *r);
    memcpy(&r->config, args->config, sizeof r->config);
    if (x->dim[0] != y->dim[0] || x->dim[1] != y->dim[1]) return false;
    r->x = x->data, r->y = y->data;
    r->batch = x->dim[0], r->channels = x->dim[1];
    r->x_batch = x->stride[0], r->y_batch = y->stride[0];
    const int lead = HN_POOL_AXES - r->config.spatial;
    for (int i = 0; i < HN_POOL_AXES; i++) {
        r->in[i] = i < lead ? 1 : x->dim[i - lead + 2], r->x_axis[i] = i < lead ? 0 : x->stride[i - lead + 2];
        r->out[i] = i < lead ? 1 : y->dim[i - lead + 2], r->y_axis[i] = i < lead ? 0 : y->stride[i - lead + 2];
        resolve_pads(r, i);
    }
    return true;
}

/* An average divides by the taps inside the input, or inside the padded input when asked to. */
static float average_scale(const hn_pool_run *r, const int64_t *at, const hn_pool_window *w) {
    int64_t count = 1;
    for (int i = 0; i < HN_POOL_AXES; i++) {
        int64_t n = w->n[i];
        if (r->config.include_pad) {
            const int64_t start = at[i] * r->config.stride[i] - r->pad[i], end = r->in[i] + r->pad_end[i];
            n = (end - start + r->config.dilation[i] - 1) / r->config.dilation[i];
            if (n > r->config.kernel[i]) n = r->config.kernel[i];
        }
        count *= n;
    }
    if (count > 0) return 1.0f / (float)count;
    return r->config.whole ? NAN : 0.0f; /* the average of nothing, and of padding only */
}

void hn_pool_window_at(const hn_pool_run *r, const int64_t *at, hn_pool_window *w) {
    for (int i = 0; i < HN_POOL_AXES; i++) {
        if (r->config.whole) {
            w->first[i] = 0, w->n[i] = r->in[i];
            continue;
        }
        const int64_t d = r->config.dilation[i], start = at[i] * r->config.stride[i] - r->pad[i];
        const int64_t skip = start < 0 ? (-start + d - 1) / d : 0;
        int64_t n = start + skip * d < r->in[i] ? (r->in[i] - start - skip * d + d - 1) / d : 0;
        if (n > r->config.kernel[i] - skip) n = r->config.kernel[i] - skip;
        w->first[i] = start + skip * d, w->n[i] = n < 0 ? 0 : n;
    }
    w->scale = r->config.average ? average_scale(r, at, w) : 1.0f;
}

static int64_t positions_per_task(const hn_pool_run *r) {
    int64_t taps = r->channels;
    for (int i = 0; i < HN_POOL_AXES; i++) taps *= r->config.whole ? r->in[i] : r->config.kernel[i];
    const int64_t n = taps > 0 ? TASK_ELEMENTS / taps : 1;
    return n < 1 ? 1 : n;
}

static int64_t positions(const hn_pool_run *r) { return r->batch * r->out[0] * r->out[1] * r->out[2]; }

void hn_pool_range(const hn_pool_run *r, int task, int64_t *first, int64_t *end) {
    const int64_t each = positions_per_task(r), total = positions(r);
    *first = task * each;
    *end = *first + each < total ? *first + each : total;
}

static int tasks(const hn_args *args, int phase) {
    (void)phase;
    hn_pool_run r;
    if (!hn_pool_start(args, &r)) return 1; /* the task reports it */
    const int64_t each = positions_per_task(&r);
    return (int)((positions(&r) + each - 1) / each);
}

HN_KERNEL_BODIES(bodies, hn_f32_pool);

const hn_kernel hn_kernel_f32_pool = {.name = "f32_pool",
                                      .version = 1,
                                      .supports = supports,
                                      .cost = cost,
                                      .prepare = prepare,
                                      .tasks = tasks,
                                      .body = bodies,
                                      .n_body = HN_KERNEL_BODY_COUNT(bodies)};
