/* Global pooling: one number a plane. */
#include <math.h>
#include "ops/block.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

typedef double add_fn(double sum, double x);

static double add(double sum, double x) { return sum + x; }

/* A NaN wins and stays. */
static double greater(double best, double x) { return x > best || isnan(x) ? x : best; }

static double reduce_plane(const hn_tensor *x, int64_t first, int64_t count, double start, add_fn *step) {
    double block[HN_BLOCK];
    for (int64_t done = 0; done < count; done += HN_BLOCK) {
        int n = count - done < HN_BLOCK ? (int)(count - done) : HN_BLOCK;
        hn_block_load_f64(block, x, first + done, n);
        for (int i = 0; i < n; i++) start = step(start, block[i]);
    }
    return start;
}

static hone_status pool(hn_call *call, double start, add_fn *step, bool average) {
    const hn_tensor *x = call->in[0];
    if (!call->out[0]) return HONE_OK;
    int64_t planes = hn_panel_count(2, x->dim), count = hn_panel_count(x->rank - 2, x->dim + 2);
    for (int64_t plane = 0; plane < planes; plane++) {
        double result = reduce_plane(x, plane * count, count, start, step);
        if (average) result /= (double)count;
        hn_block_store_f64(call->out[0], plane, &result, 1);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_global_average_pool(hn_call *call) { return pool(call, 0, add, true); }

hone_status hn_ops_ref_global_max_pool(hn_call *call) { return pool(call, -INFINITY, greater, false); }
