/* Softmax, LogSoftmax, Hardmax, CumSum and CumProd: what runs along one axis. Floats in double, rounded once. */
#include <math.h>
#include "base/dtype.h"
#include "ops/block.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

/* The tensor seen as [outer][size][inner] around the axis. */
typedef struct axis_view {
    int64_t outer, size, inner;
} axis_view;

/* Works on one line of `size` numbers `inner` apart, in place. */
typedef void line_fn(double *x, int64_t size, int64_t inner);

static hone_status view_axis(hn_call *call, int64_t axis, axis_view *v) {
    const hn_tensor *x = call->in[0];
    if (axis < -x->rank || axis >= x->rank)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "axis %lld is not in [%d, %d)", (long long)axis, -x->rank, x->rank);
    if (axis < 0) axis += x->rank;
    *v = (axis_view){1, x->dim[axis], 1};
    for (int i = 0; i < x->rank; i++) {
        if (i < axis) v->outer *= x->dim[i];
        if (i > axis) v->inner *= x->dim[i];
    }
    return HONE_OK;
}

static int64_t find_greatest(const double *x, int64_t size, int64_t inner) {
    int64_t best = 0;
    for (int64_t i = 1; i < size; i++)
        if (x[i * inner] > x[best * inner]) best = i;
    return best;
}

static void softmax_line(double *x, int64_t size, int64_t inner) {
    double greatest = x[find_greatest(x, size, inner) * inner], sum = 0;
    for (int64_t i = 0; i < size; i++) sum += x[i * inner] = exp(x[i * inner] - greatest);
    for (int64_t i = 0; i < size; i++) x[i * inner] /= sum;
}

static void log_softmax_line(double *x, int64_t size, int64_t inner) {
    double greatest = x[find_greatest(x, size, inner) * inner], sum = 0;
    for (int64_t i = 0; i < size; i++) sum += exp(x[i * inner] - greatest);
    double shift = greatest + log(sum);
    for (int64_t i = 0; i < size; i++) x[i * inner] -= shift;
}

static void hardmax_line(double *x, int64_t size, int64_t inner) {
    int64_t best = find_greatest(x, size, inner);
    for (int64_t i = 0; i < size; i++) x[i * inner] = i == best;
}

static hone_status each_line(hn_call *call, line_fn *line) {
    axis_view v;
    double *slab;
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    HN_TRY(view_axis(call, hn_attrs_int(call->attrs, "axis", -1), &v));
    int64_t count = v.size * v.inner;
    HN_TRY_ALLOC(slab = hn_panel_scratch(call, count));
    for (int64_t i = 0; i < v.outer; i++) {
        hn_panel_load(slab, call->in[0], i * count, count);
        for (int64_t j = 0; j < v.inner; j++) line(slab + j, v.size, v.inner);
        hn_panel_store(call->out[0], i * count, count, slab);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_softmax(hn_call *call) { return each_line(call, softmax_line); }
hone_status hn_ops_ref_log_softmax(hn_call *call) { return each_line(call, log_softmax_line); }
hone_status hn_ops_ref_hardmax(hn_call *call) { return each_line(call, hardmax_line); }

/* Running sums or products along the axis for elements [from, from + n) of every inner row of one outer part. */
static void run_columns(hn_call *call, const axis_view *v, bool multiply, int64_t part, int64_t from, int n) {
    const hn_tensor *x = call->in[0];
    bool exclusive = hn_attrs_int(call->attrs, "exclusive", 0) != 0, real = hn_dtype_is_float(x->dtype);
    bool reverse = hn_attrs_int(call->attrs, "reverse", 0) != 0;
    double acc[HN_BLOCK], block[HN_BLOCK];
    uint64_t acc_int[HN_BLOCK], block_int[HN_BLOCK];
    for (int j = 0; j < n; j++) acc[j] = (double)(acc_int[j] = multiply);
    for (int64_t i = 0; i < v->size; i++) {
        int64_t at = (part * v->size + (reverse ? v->size - 1 - i : i)) * v->inner + from;
        if (real) hn_block_load_f64(block, x, at, n);
        else hn_block_load_u64(block_int, x, at, n);
        if (exclusive && real) hn_block_store_f64(call->out[0], at, acc, n);
        if (exclusive && !real) hn_block_store_u64(call->out[0], at, acc_int, n);
        for (int j = 0; j < n && real; j++) acc[j] = multiply ? acc[j] * block[j] : acc[j] + block[j];
        for (int j = 0; j < n && !real; j++)
            acc_int[j] = multiply ? acc_int[j] * block_int[j] : acc_int[j] + block_int[j];
        if (!exclusive && real) hn_block_store_f64(call->out[0], at, acc, n);
        if (!exclusive && !real) hn_block_store_u64(call->out[0], at, acc_int, n);
    }
}

static hone_status run_along(hn_call *call, bool multiply) {
    axis_view v;
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    if (hn_tensor_count(call->in[1]) != 1)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "the axis of %s is not one number", call->op->name);
    HN_TRY(view_axis(call, hn_tensor_int(call->in[1], 0), &v));
    for (int64_t part = 0; part < v.outer; part++) {
        for (int64_t from = 0; from < v.inner; from += HN_BLOCK)
            run_columns(call, &v, multiply, part, from, v.inner - from < HN_BLOCK ? (int)(v.inner - from) : HN_BLOCK);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_cum_sum(hn_call *call) { return run_along(call, false); }
hone_status hn_ops_ref_cum_prod(hn_call *call) { return run_along(call, true); }
