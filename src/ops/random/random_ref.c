/* Random numbers by a counter: what element i is depends on the seed and on i, on nothing else. */
#include <math.h>
#include <string.h>
#include "base/rng.h"
#include "ops/block.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

/* The attribute `seed`, of either kind; the caller's seed when it is absent. */
static uint64_t stream_of(const hn_call *call) {
    const hn_attr *seed = hn_attrs_find(call->attrs, "seed");
    uint32_t bits;
    if (!seed) return call->seed;
    if (seed->kind == HN_ATTR_INT) return (uint64_t)seed->i;
    memcpy(&bits, &seed->f, sizeof bits);
    return bits;
}

/* Writes scale * number + shift for all elements. */
static hone_status fill(hn_call *call, double (*number)(uint64_t, uint64_t), double scale, double shift) {
    hn_tensor *out = call->out[0];
    double block[HN_BLOCK];
    if (!out) return HONE_OK;
    const int64_t count = hn_tensor_count(out);
    const uint64_t stream = stream_of(call);
    for (int64_t at = 0; at < count; at += HN_BLOCK) {
        const int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;
        for (int i = 0; i < n; i++) block[i] = number(stream, (uint64_t)(at + i)) * scale + shift;
        hn_block_store_f64(out, at, block, n);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_random_normal(hn_call *call) {
    return fill(call, hn_rng_normal, hn_attrs_float(call->attrs, "scale", 1), hn_attrs_float(call->attrs, "mean", 0));
}

hone_status hn_ops_ref_random_uniform(hn_call *call) {
    const double low = hn_attrs_float(call->attrs, "low", 0), high = hn_attrs_float(call->attrs, "high", 1);
    return fill(call, hn_rng_uniform, high - low, low);
}

hone_status hn_ops_ref_bernoulli(hn_call *call) {
    const uint64_t stream = stream_of(call);
    double block[HN_BLOCK];
    if (!call->out[0]) return HONE_OK;
    const int64_t count = hn_tensor_count(call->in[0]);
    for (int64_t at = 0; at < count; at += HN_BLOCK) {
        const int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;
        hn_block_load_f64(block, call->in[0], at, n);
        for (int i = 0; i < n; i++) block[i] = hn_rng_uniform(stream, (uint64_t)(at + i)) < block[i];
        hn_block_store_f64(call->out[0], at, block, n);
    }
    return HONE_OK;
}

/* ---- Multinomial ---- */

/* Turns logarithms of weights into sums of weights up to each class; false when nothing can be drawn from them. */
static bool accumulate(double *weight, int64_t n) {
    double most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++)
        if (weight[i] > most) most = weight[i];
    for (int64_t i = 0; i < n; i++) weight[i] = sum += exp(weight[i] - most);
    return sum > 0 && isfinite(sum);
}

static int64_t draw(const double *sums, int64_t n, double place) {
    int64_t low = 0, high = n - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (sums[middle] > place) high = middle;
        else low = middle + 1;
    }
    return low;
}

hone_status hn_ops_ref_multinomial(hn_call *call) {
    const hn_tensor *x = call->in[0];
    hn_tensor *out = call->out[0];
    const uint64_t stream = stream_of(call);
    double *sums;
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    const int64_t classes = x->dim[1], samples = out->dim[1];
    HN_TRY_ALLOC(sums = hn_panel_scratch(call, classes));
    for (int64_t row = 0; row < x->dim[0]; row++) {
        hn_panel_load(sums, x, row * classes, classes);
        if (!accumulate(sums, classes))
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "row %lld has no class that could be drawn", (long long)row);
        for (int64_t i = row * samples; i < (row + 1) * samples; i++) {
            const int64_t drawn = draw(sums, classes, hn_rng_uniform(stream, (uint64_t)i) * sums[classes - 1]);
            hn_block_store_i64(out, i, &drawn, 1);
        }
    }
    return HONE_OK;
}

/* ---- Dropout ---- */

static void drop(hn_call *call, double ratio) {
    const uint64_t stream = stream_of(call);
    const int64_t count = hn_tensor_count(call->in[0]);
    hn_tensor *y = call->out[0], *mask = call->n_out > 1 ? call->out[1] : NULL;
    double block[HN_BLOCK];
    for (int64_t at = 0; at < count; at += HN_BLOCK) {
        const int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;
        int64_t kept[HN_BLOCK];
        hn_block_load_f64(block, call->in[0], at, n);
        for (int i = 0; i < n; i++) {
            kept[i] = hn_rng_uniform(stream, (uint64_t)(at + i)) >= ratio;
            block[i] = kept[i] ? block[i] / (1 - ratio) : 0;
        }
        if (y) hn_block_store_f64(y, at, block, n);
        if (mask) hn_block_store_i64(mask, at, kept, n);
    }
}

hone_status hn_ops_ref_dropout(hn_call *call) {
    double ratio;
    int64_t training;
    HN_TRY(hn_call_real(call, 1, 0.5, &ratio));
    HN_TRY(hn_call_int(call, 2, 0, &training));
    if (training && !(ratio >= 0 && ratio < 1))
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "ratio is %g; allowed: 0 to below 1", ratio);
    if (training && ratio != 0) {
        drop(call, ratio);
        return HONE_OK;
    }
    if (call->n_out > 1 && call->out[1]) memset(call->out[1]->data, 1, hn_tensor_bytes(call->out[1]));
    return hn_ops_ref_view(call);
}
