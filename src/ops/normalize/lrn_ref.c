/* Normalization by neighbours: LRN across channels, LpNormalization along an axis. */
#include <math.h>
#include "ops/matmul/panel.h"
#include "ops/registry.h"

/* Squares of all channels at one place sum up in a window that slides along the channels. */
static void normalize_image(const double *x, double *y, int64_t channels, int64_t plane, const hn_call *call) {
    int64_t size = hn_attrs_int(call->attrs, "size", 1), before = (size - 1) / 2, after = size - 1 - before;
    double alpha = hn_attrs_float(call->attrs, "alpha", 1e-4f), beta = hn_attrs_float(call->attrs, "beta", 0.75f);
    double bias = hn_attrs_float(call->attrs, "bias", 1);
    for (int64_t c = 0; c < channels; c++) {
        int64_t first = c > before ? c - before : 0, last = after < channels - 1 - c ? c + after : channels - 1;
        for (int64_t i = 0; i < plane; i++) {
            double sum = 0;
            for (int64_t k = first; k <= last; k++) sum += x[k * plane + i] * x[k * plane + i];
            y[c * plane + i] = x[c * plane + i] / pow(bias + alpha / (double)size * sum, beta);
        }
    }
}

hone_status hn_ops_ref_lrn(hn_call *call) {
    const hn_tensor *t = call->in[0];
    double *x, *y;
    if (!call->out[0] || hn_tensor_count(t) == 0) return HONE_OK;
    int64_t n = hn_tensor_count(t) / t->dim[0];
    HN_TRY_ALLOC(x = hn_panel_scratch(call, n));
    HN_TRY_ALLOC(y = hn_panel_scratch(call, n));
    for (int64_t image = 0; image < t->dim[0]; image++) {
        hn_panel_load(x, t, image * n, n);
        normalize_image(x, y, t->dim[1], n / t->dim[1], call);
        hn_panel_store(call->out[0], image * n, n, y);
    }
    return HONE_OK;
}

/* One line of `size` numbers `inner` apart; all zeros stay zeros. */
static void normalize_line(double *x, int64_t size, int64_t inner, int64_t p) {
    double sum = 0;
    for (int64_t i = 0; i < size; i++) sum += p == 1 ? fabs(x[i * inner]) : x[i * inner] * x[i * inner];
    double norm = p == 1 ? sum : sqrt(sum);
    for (int64_t i = 0; i < size && norm != 0; i++) x[i * inner] /= norm;
}

hone_status hn_ops_ref_lp_normalization(hn_call *call) {
    const hn_tensor *x = call->in[0];
    int64_t axis = hn_attrs_int(call->attrs, "axis", -1), p = hn_attrs_int(call->attrs, "p", 2), inner = 1;
    double *slab;
    if (!call->out[0] || hn_tensor_count(x) == 0) return HONE_OK;
    if (axis < 0) axis += x->rank;
    for (int i = (int)axis + 1; i < x->rank; i++) inner *= x->dim[i];
    int64_t n = x->dim[axis] * inner;
    HN_TRY_ALLOC(slab = hn_panel_scratch(call, n));
    for (int64_t part = 0; part < hn_tensor_count(x) / n; part++) {
        hn_panel_load(slab, x, part * n, n);
        for (int64_t j = 0; j < inner; j++) normalize_line(slab + j, x->dim[axis], inner, p);
        hn_panel_store(call->out[0], part * n, n, slab);
    }
    return HONE_OK;
}
