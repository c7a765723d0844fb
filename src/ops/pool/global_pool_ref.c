/* Global pooling: one number a plane. */
#include <math.h>
#include "ops/block.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

/* How the elements of a plane become one number; p is the order of the norm. */
typedef struct rule {
    double start;
    double (*step)(double sum, double x, double p);
    double (*finish)(double sum, double count, double p);
} rule;

static double add(double sum, double x, double p) {
    (void)p;
    return sum + x;
}

static double add_power(double sum, double x, double p) { return sum + pow(fabs(x), p); }

/* A NaN wins and stays. */
static double greater(double best, double x, double p) {
    (void)p;
    return x > best || isnan(x) ? x : best;
}

static double average(double sum, double count, double p) {
    (void)p;
    return sum / count;
}

static double root(double sum, double count, double p) {
    (void)count;
    return pow(sum, 1 / p);
}

static double reduce_plane(const hn_tensor *x, int64_t first, int64_t count, const rule *how, double p) {
    double block[HN_BLOCK], sum = how->start;
    for (int64_t done = 0; done < count; done += HN_BLOCK) {
        int n = count - done < HN_BLOCK ? (int)(count - done) : HN_BLOCK;
        hn_block_load_f64(block, x, first + done, n);
        for (int i = 0; i < n; i++) sum = how->step(sum, block[i], p);
    }
    return how->finish ? how->finish(sum, (double)count, p) : sum;
}

static hone_status pool(hn_call *call, const rule *how) {
    const hn_tensor *x = call->in[0];
    if (!call->out[0]) return HONE_OK;
    const double p = (double)hn_attrs_int(call->attrs, "p", 2);
    int64_t planes = hn_panel_count(2, x->dim), count = hn_panel_count(x->rank - 2, x->dim + 2);
    for (int64_t plane = 0; plane < planes; plane++) {
        double result = reduce_plane(x, plane * count, count, how, p);
        hn_block_store_f64(call->out[0], plane, &result, 1);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_global_average_pool(hn_call *call) { return pool(call, &(const rule){0, add, average}); }

hone_status hn_ops_ref_global_max_pool(hn_call *call) { return pool(call, &(const rule){-INFINITY, greater, NULL}); }

hone_status hn_ops_ref_global_lp_pool(hn_call *call) { return pool(call, &(const rule){0, add_power, root}); }
