/* Kernel rows for data movement over any element type and layout: each is a choice of views, and copies between them.
 */
#include <string.h>
#include "kernels/cpu/movement/copy.h"

static bool whole_bytes(const hn_query *q) {
    const int bits = hone_dtype_bits((hone_dtype)q->val[0].dtype);
    return bits >= 8 && q->n_op == 1;
}

static double cost(const hn_query *q) { return 1e-9 * q->n_val; }

static int out_value(const hn_query *q) { return q->op[0].out[0]; }

static int copy_tasks(const hn_args *args, int phase) {
    (void)phase;
    return hn_copy_tasks(&args->val[out_value(args->query)]);
}

/* ---- transpose, reorder, expand: one view of the input ---- */

static bool supports_view(const hn_query *q) {
    if (!whole_bytes(q) || q->op[0].in[0] < 0 || q->val[q->op[0].in[0]].role == HN_ROLE_CONST) return false;
    return q->op[0].op == HN_OP_transpose || q->op[0].op == HN_OP_reorder || q->op[0].op == HN_OP_expand;
}

typedef struct view_config {
    int32_t permuted;
    int32_t perm[HONE_MAX_RANK];
} view_config;

static hone_status prepare_view(const hn_query *q, void *config, hn_diag *diag) {
    view_config *c = config;
    if (q->op[0].op != HN_OP_transpose) return HONE_OK;
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_attrs attrs;
    hone_status status = hn_query_attrs(q, 0, &arena, &attrs, diag);
    const int rank = q->val[q->op[0].in[0]].rank;
    int n = 0;
    const int64_t *perm = status == HONE_OK ? hn_attrs_ints(attrs, "perm", &n) : NULL;
    if (status == HONE_OK && perm && n != rank) status = HONE_MALFORMED;
    for (int i = 0; status == HONE_OK && i < rank; i++) {
        c->perm[i] = perm ? (int32_t)perm[i] : rank - 1 - i;
        if (c->perm[i] < 0 || c->perm[i] >= rank) status = HONE_MALFORMED;
    }
    c->permuted = 1;
    hn_arena_free(&arena);
    return status;
}

static hone_status run_view(const hn_args *args) {
    const view_config *c = args->config;
    const hn_tensor *in = &args->val[args->query->op[0].in[0]];
    hn_tensor view = *in;
    for (int i = 0; c->permuted && i < in->rank; i++)
        view.dim[i] = in->dim[c->perm[i]], view.stride[i] = in->stride[c->perm[i]];
    return hn_copy_task(&args->val[out_value(args->query)], &view, args->task);
}

static const hn_kernel_body view_body[] = {{0, run_view}};
const hn_kernel hn_kernel_any_view = {.name = "any_view",
                                      .version = 1,
                                      .supports = supports_view,
                                      .cost = cost,
                                      .prepare = prepare_view,
                                      .tasks = copy_tasks,
                                      .body = view_body,
                                      .n_body = 1};

/* ---- concat and split: views of the joined side, one after the other along an axis ---- */

static bool supports_joined(const hn_query *q) {
    return whole_bytes(q) && (q->op[0].op == HN_OP_concat || q->op[0].op == HN_OP_split);
}

/* Layout does not matter here, but all values must lie alike for the rows to be long. */
static bool lie_alike(const hn_query *q) {
    for (int i = 0; i < q->n_val; i++)
        if (q->val[i].role != HN_ROLE_CONST && q->val[i].rank == q->val[0].rank && q->val[i].layout != q->val[0].layout)
            return false;
    return true;
}

static bool supports_join(const hn_query *q) { return supports_joined(q) && lie_alike(q); }

static hone_status prepare_joined(const hn_query *q, void *config, hn_diag *diag) {
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_attrs attrs;
    hone_status status = hn_query_attrs(q, 0, &arena, &attrs, diag);
    if (status == HONE_OK) {
        const int rank = q->val[q->op[0].in[0]].rank;
        int64_t axis = hn_attrs_int(attrs, "axis", 0);
        if (axis < 0) axis += rank;
        if (axis < 0 || axis >= rank) status = HONE_MALFORMED;
        *(int32_t *)config = (int32_t)axis;
    }
    hn_arena_free(&arena);
    return status;
}

typedef struct joined {
    const hn_tensor *whole;
    int n;
    int8_t part[HN_QUERY_ARGS];
    bool split;
} joined;

static joined parts_of(const hn_args *args) {
    const hn_qop *op = &args->query->op[0];
    joined j = {.split = op->op == HN_OP_split};
    j.whole = &args->val[j.split ? op->in[0] : op->out[0]];
    j.n = j.split ? op->n_out : op->n_in;
    memcpy(j.part, j.split ? op->out : op->in, (size_t)j.n);
    return j;
}

/* Phases are the parts; an unwanted output of Split has none. */
static int join_phases(const hn_args *args) { return parts_of(args).n; }

static int join_tasks(const hn_args *args, int phase) {
    const joined j = parts_of(args);
    return j.part[phase] < 0 ? 0 : hn_copy_tasks(&args->val[j.part[phase]]);
}

static hone_status run_join(const hn_args *args) {
    const joined j = parts_of(args);
    const int axis = *(const int32_t *)args->config;
    const hn_tensor *part = &args->val[j.part[args->phase]];
    hn_tensor view = *j.whole;
    int64_t start = 0;
    for (int i = 0; i < args->phase; i++) start += j.part[i] < 0 ? 0 : args->val[j.part[i]].dim[axis];
    if (start + part->dim[axis] > view.dim[axis]) return HONE_INVALID_ARGUMENT;
    view.data = (uint8_t *)view.data + (size_t)(start * view.stride[axis]) * hn_element_size(view.dtype);
    view.dim[axis] = part->dim[axis];
    return j.split ? hn_copy_task(part, &view, args->task) : hn_copy_task(&view, part, args->task);
}

/* A split with an output that nobody wants has no size for it, so where the next begins is not known. */
static bool supports_join_all(const hn_query *q) {
    if (!supports_join(q)) return false;
    const hn_qop *op = &q->op[0];
    for (int i = 0; i < op->n_out; i++)
        if (op->out[i] < 0) return false;
    return true;
}

static const hn_kernel_body join_body[] = {{0, run_join}};
const hn_kernel hn_kernel_any_join = {.name = "any_join",
                                      .version = 1,
                                      .supports = supports_join_all,
                                      .cost = cost,
                                      .prepare = prepare_joined,
                                      .phases = join_phases,
                                      .tasks = join_tasks,
                                      .body = join_body,
                                      .n_body = 1};
