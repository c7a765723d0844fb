/* Pooling, one output row at a time: each kernel position visits the columns of the row that it meets. */
#include <math.h>
#include "ops/conv/window.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

typedef struct pooling pooling;
/* One input element enters the accumulator of output column `column`. `index` is its place in the plane. */
typedef void visit_fn(pooling *p, int64_t column, int64_t index);
/* The accumulators of the row `at` become its results. */
typedef void finish_fn(pooling *p, const int64_t *at);

struct pooling {
    hn_window w;
    int64_t in[HN_MAX_SPATIAL], out[HN_MAX_SPATIAL];
    int64_t in_count, out_count, width; /* elements of a plane; columns of an output row */
    double *x;                          /* one plane */
    double *row;                        /* accumulators */
    int64_t *first, *last;              /* kernel columns that meet the input, for each output column */
    int64_t *best;                      /* max: place of the accumulator's element in the plane, -1 for none */
    double start, power;
    bool include_pad;
    visit_fn *visit;
    finish_fn *finish;
};

/* Only kernel positions that meet the input are walked: kernels may be much larger than that. */
static void visit_row(pooling *p, const int64_t *at) {
    int last_axis = p->w.n - 1;
    int64_t kernel_at[HN_MAX_SPATIAL], begin[HN_MAX_SPATIAL], end[HN_MAX_SPATIAL];
    int64_t stride = p->w.stride[last_axis], dilation = p->w.dilation[last_axis];
    for (int i = 0; i < last_axis; i++) {
        hn_window_kernel(&p->w, i, p->in[i], at[i], &begin[i], &end[i]);
        if (begin[i] >= end[i]) return;
        kernel_at[i] = begin[i];
    }
    do {
        int64_t row = hn_window_row(&p->w, p->in, at, kernel_at) * p->in[last_axis];
        for (int64_t i = 0; i < p->width; i++) {
            int64_t start = row + i * stride - p->w.begin[last_axis];
            for (int64_t k = p->first[i]; k < p->last[i]; k++) p->visit(p, i, start + k * dilation);
        }
    } while (hn_window_next(last_axis, kernel_at, begin, end));
}

/* Elements of the window at `at` on one axis: those inside the input, or inside the input and its padding. */
static int64_t axis_count(const pooling *p, int axis, int64_t at) {
    int64_t start = at * p->w.stride[axis] - p->w.begin[axis], step = p->w.dilation[axis];
    int64_t end = p->in[axis] + (p->include_pad ? p->w.end[axis] : 0);
    int64_t before = start < 0 && !p->include_pad ? (step - 1 - start) / step : 0;
    int64_t until = start < end ? (end - start - 1) / step + 1 : 0;
    if (until > p->w.kernel[axis]) until = p->w.kernel[axis];
    return until > before ? until - before : 0;
}

static void visit_sum(pooling *p, int64_t column, int64_t index) { p->row[column] += p->x[index]; }

static void visit_power(pooling *p, int64_t column, int64_t index) {
    double x = fabs(p->x[index]);
    p->row[column] += p->power == 1 ? x : p->power == 2 ? x * x : pow(x, p->power);
}

/* A NaN wins and stays, as in NumPy and PyTorch. */
static void visit_max(pooling *p, int64_t column, int64_t index) {
    double x = p->x[index], best = p->row[column];
    if (p->best[column] >= 0 && !(x > best) && !(isnan(x) && !isnan(best))) return;
    p->row[column] = x;
    p->best[column] = index;
}

static void finish_average(pooling *p, const int64_t *at) {
    int64_t rows = 1;
    for (int i = 0; i < p->w.n - 1; i++) rows *= axis_count(p, i, at[i]);
    for (int64_t i = 0; i < p->width; i++) p->row[i] /= (double)(rows * axis_count(p, p->w.n - 1, i));
}

static void finish_root(pooling *p, const int64_t *at) {
    (void)at;
    for (int64_t i = 0; i < p->width; i++)
        p->row[i] = p->power == 1 ? p->row[i] : p->power == 2 ? sqrt(p->row[i]) : pow(p->row[i], 1 / p->power);
}

/* Places in the plane become places in the tensor; storage_order 1 counts the first spatial axis fastest. */
static void write_indices(const pooling *p, hn_tensor *indices, int64_t first, int64_t plane, bool column_major) {
    int64_t *to = (int64_t *)indices->data + first;
    for (int64_t i = 0; i < p->width; i++) {
        int64_t place = p->best[i] < 0 ? 0 : p->best[i];
        int64_t swapped = 0;
        for (int axis = p->w.n - 1; column_major && axis >= 0; axis--) {
            int64_t step = hn_panel_count(axis, p->in);
            swapped += place % p->in[axis] * step;
            place /= p->in[axis];
        }
        to[i] = plane * p->in_count + (column_major ? swapped : place);
    }
}

static hone_status prepare(pooling *p, hn_call *call, const hn_tensor *y) {
    const hn_tensor *x = call->in[0];
    HN_TRY(hn_window_read(call->attrs, x->rank - 2, &p->w, call->diag));
    for (int i = 0; i < p->w.n; i++) {
        p->in[i] = x->dim[i + 2];
        p->out[i] = y->dim[i + 2];
    }
    hn_window_resolve(&p->w, p->in, p->out);
    p->width = p->out[p->w.n - 1];
    p->in_count = hn_panel_count(p->w.n, p->in);
    p->out_count = hn_panel_count(p->w.n, p->out);
    HN_TRY_ALLOC(p->x = hn_panel_scratch(call, p->in_count));
    HN_TRY_ALLOC(p->row = hn_panel_scratch(call, p->width));
    HN_TRY_ALLOC(p->best = hn_panel_scratch(call, p->width));
    HN_TRY_ALLOC(p->first = hn_panel_scratch(call, p->width));
    HN_TRY_ALLOC(p->last = hn_panel_scratch(call, p->width));
    for (int64_t i = 0; i < p->width; i++)
        hn_window_kernel(&p->w, p->w.n - 1, p->in[p->w.n - 1], i, &p->first[i], &p->last[i]);
    return HONE_OK;
}

static void pool_plane(pooling *p, hn_call *call, int64_t plane) {
    int64_t at[HN_MAX_SPATIAL] = {0}, first = plane * p->out_count;
    bool column_major = hn_attrs_int(call->attrs, "storage_order", 0) != 0;
    hn_tensor *indices = call->n_out > 1 ? call->out[1] : NULL;
    do {
        for (int64_t i = 0; i < p->width; i++) {
            p->row[i] = p->start;
            p->best[i] = -1;
        }
        visit_row(p, at);
        if (p->finish) p->finish(p, at);
        if (call->out[0]) hn_panel_store(call->out[0], first, p->width, p->row);
        if (indices) write_indices(p, indices, first, plane, column_major);
        first += p->width;
    } while (hn_window_next(p->w.n - 1, at, NULL, p->out));
}

static hone_status pool(hn_call *call, pooling *p) {
    const hn_tensor *x = call->in[0], *y = call->out[0] ? call->out[0] : call->n_out > 1 ? call->out[1] : NULL;
    if (!y || hn_tensor_count(y) == 0) return HONE_OK;
    int64_t planes = hn_panel_count(2, x->dim);
    HN_TRY(prepare(p, call, y));
    for (int64_t plane = 0; plane < planes; plane++) {
        hn_panel_load(p->x, x, plane * p->in_count, p->in_count);
        pool_plane(p, call, plane);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_average_pool(hn_call *call) {
    pooling p = {.visit = visit_sum, .finish = finish_average};
    p.include_pad = hn_attrs_int(call->attrs, "count_include_pad", 0) != 0;
    return pool(call, &p);
}

hone_status hn_ops_ref_max_pool(hn_call *call) {
    pooling p = {.visit = visit_max, .start = -INFINITY};
    return pool(call, &p);
}

hone_status hn_ops_ref_lp_pool(hn_call *call) {
    pooling p = {.visit = visit_power, .finish = finish_root};
    p.power = (double)hn_attrs_int(call->attrs, "p", 2);
    return pool(call, &p);
}
