/* Kernel rows of Softmax over the last axis and of LayerNormalization, dense float tensors. */
#include <string.h>
#include "kernels/cpu/normalize/rows.h"

enum { TASK_ELEMENTS = 32 * 1024 };

typedef struct rows_config {
    int32_t axis; /* first normalized axis */
    float epsilon;
} rows_config;

static int64_t rows_per_task(int64_t length) {
    return length >= TASK_ELEMENTS ? 1 : TASK_ELEMENTS / (length > 0 ? length : 1);
}

int hn_rows_tasks(int64_t count, int64_t length) {
    if (count == 0 || length == 0) return 0;
    const int64_t each = rows_per_task(length);
    return (int)((count / length + each - 1) / each);
}

void hn_rows_range(int64_t count, int64_t length, int task, hn_rows *r) {
    const int64_t each = rows_per_task(length), total = count / length;
    r->length = length;
    r->first = task * each;
    r->end = r->first + each < total ? r->first + each : total;
}

static bool dense_floats(const hn_query *q) {
    for (int i = 0; i < q->n_val; i++)
        if (q->val[i].dtype != HONE_FLOAT32 || q->val[i].layout != HN_LAYOUT_DENSE) return false;
    return q->n_op == 1 && q->op[0].in[0] >= 0 && q->val[q->op[0].in[0]].role != HN_ROLE_CONST;
}

static bool parse(const hn_query *q, rows_config *c) {
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_attrs attrs;
    const int rank = q->val[q->op[0].in[0]].rank;
    bool ok = hn_query_attrs(q, 0, &arena, &attrs, NULL) == HONE_OK;
    if (ok) {
        int64_t axis = hn_attrs_int(attrs, "axis", -1);
        if (axis < 0) axis += rank;
        ok = axis >= 0 && axis < rank;
        c->axis = (int32_t)axis;
        c->epsilon = hn_attrs_float(attrs, "epsilon", 1e-5f);
    }
    hn_arena_free(&arena);
    return ok;
}

static double cost(const hn_query *q) { return 1e-9 * q->n_val; }

static hone_status prepare(const hn_query *q, void *config, hn_diag *diag) {
    if (!parse(q, config)) HN_FAIL(diag, HONE_MALFORMED, "normalization attributes");
    return HONE_OK;
}

/* ---- softmax ---- */

static bool supports_softmax(const hn_query *q) {
    rows_config c;
    if (!dense_floats(q) || q->op[0].op != HN_OP_softmax || !parse(q, &c)) return false;
    return c.axis == q->val[q->op[0].in[0]].rank - 1;
}

static int softmax_tasks(const hn_args *args, int phase) {
    (void)phase;
    const hn_tensor *x = &args->val[args->query->op[0].in[0]];
    return hn_rows_tasks(hn_tensor_count(x), x->dim[x->rank - 1]);
}

bool hn_softmax_start(const hn_args *args, hn_rows *r) {
    const hn_tensor *x = &args->val[args->query->op[0].in[0]], *y = &args->val[args->query->op[0].out[0]];
    memset(r, 0, sizeof *r);
    r->x = x->data, r->y = y->data;
    hn_rows_range(hn_tensor_count(x), x->dim[x->rank - 1], args->task, r);
    return true;
}

HN_KERNEL_BODIES(softmax_bodies, hn_f32_softmax);
const hn_kernel hn_kernel_f32_softmax = {.name = "f32_softmax",
                                         .version = 1,
                                         .supports = supports_softmax,
                                         .cost = cost,
                                         .prepare = prepare,
                                         .tasks = softmax_tasks,
                                         .body = softmax_bodies,
                                         .n_body = HN_KERNEL_BODY_COUNT(softmax_bodies)};

/* ---- layer normalization ---- */

static bool supports_layer_norm(const hn_query *q) {
    rows_config c;
    const hn_qop *op = &q->op[0];
    if (!dense_floats(q) || op->op != HN_OP_layer_normalization || !parse(q, &c)) return false;
    for (int i = 1; i < op->n_out; i++)
        if (op->out[i] >= 0) return false;
    /* Scale and bias have the shape of the normalized axes, exactly. */
    const hn_qval *x = &q->val[op->in[0]];
    for (int k = 1; k < op->n_in; k++) {
        if (op->in[k] < 0) continue;
        const hn_qval *s = &q->val[op->in[k]];
        if (s->rank != x->rank - c.axis) return false;
        for (int i = 0; i < s->rank; i++)
            if (memcmp(&s->dim[i], &x->dim[c.axis + i], sizeof s->dim[i]) != 0) return false;
    }
    return true;
}

static int64_t normalized_length(const hn_args *args) {
    const hn_tensor *x = &args->val[args->query->op[0].in[0]];
    int64_t length = 1;
    for (int i = ((const rows_config *)args->config)->axis; i < x->rank; i++) length *= x->dim[i];
    return length;
}

static int layer_norm_tasks(const hn_args *args, int phase) {
    (void)phase;
    return hn_rows_tasks(hn_tensor_count(&args->val[args->query->op[0].in[0]]), normalized_length(args));
}

bool hn_layer_norm_start(const hn_args *args, hn_rows *r) {
    const hn_qop *op = &args->query->op[0];
    const hn_tensor *x = &args->val[op->in[0]];
    memset(r, 0, sizeof *r);
    r->x = x->data, r->y = args->val[op->out[0]].data;
    r->epsilon = ((const rows_config *)args->config)->epsilon;
    const int64_t length = normalized_length(args);
    hn_rows_range(hn_tensor_count(x), length, args->task, r);
    for (int k = 1; k < op->n_in; k++) {
        if (op->in[k] < 0) continue;
        if (hn_tensor_count(&args->val[op->in[k]]) != length) return false;
        *(k == 1 ? &r->scale : &r->shift) = args->val[op->in[k]].data;
    }
    return true;
}

HN_KERNEL_BODIES(layer_norm_bodies, hn_f32_layer_norm);
const hn_kernel hn_kernel_f32_layer_norm = {.name = "f32_layer_norm",
                                            .version = 1,
                                            .supports = supports_layer_norm,
                                            .cost = cost,
                                            .prepare = prepare,
                                            .tasks = layer_norm_tasks,
                                            .body = layer_norm_bodies,
                                            .n_body = HN_KERNEL_BODY_COUNT(layer_norm_bodies)};
