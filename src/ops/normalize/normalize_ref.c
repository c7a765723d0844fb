/* Normalization of contiguous stretches by their own mean and variance: instance, group, layer, RMS. */
#include <math.h>
#include "ops/matmul/panel.h"
#include "ops/registry.h"

typedef struct statistics {
    double mean, inverse; /* 1 / sqrt(variance + epsilon) */
} statistics;

static statistics measure(const double *x, int64_t n, double epsilon, bool center) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n && center; i++) sum += x[i];
    double mean = center ? sum / (double)n : 0;
    for (int64_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    return (statistics){mean, 1 / sqrt(squares / (double)n + epsilon)};
}

static hone_status normalize_groups(hn_call *call, int64_t groups) {
    const hn_tensor *x = call->in[0];
    double *slab, *scale, *bias, epsilon = hn_attrs_float(call->attrs, "epsilon", 1e-5f);
    if (!call->out[0] || hn_tensor_count(x) == 0) return HONE_OK;
    int64_t stretches = x->dim[0] * groups, n = hn_tensor_count(x) / stretches;
    int64_t channels = x->dim[1] / groups, plane = n / channels;
    HN_TRY_ALLOC(slab = hn_panel_scratch(call, n));
    HN_TRY_ALLOC(scale = hn_panel_load_all(call, call->in[1]));
    HN_TRY_ALLOC(bias = hn_panel_load_all(call, call->in[2]));
    for (int64_t s = 0; s < stretches; s++) {
        hn_panel_load(slab, x, s * n, n);
        statistics stat = measure(slab, n, epsilon, true);
        for (int64_t c = 0; c < channels; c++) {
            int64_t channel = s % groups * channels + c;
            double *at = slab + c * plane, factor = stat.inverse * scale[channel];
            for (int64_t i = 0; i < plane; i++) at[i] = (at[i] - stat.mean) * factor + bias[channel];
        }
        hn_panel_store(call->out[0], s * n, n, slab);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_instance_normalization(hn_call *call) { return normalize_groups(call, call->in[0]->dim[1]); }

hone_status hn_ops_ref_group_normalization(hn_call *call) {
    return normalize_groups(call, hn_attrs_int(call->attrs, "num_groups", 1));
}

/* A parameter that broadcasts to the input: its elements, and where it moves as the input's axes do. */
typedef struct parameter {
    const double *value; /* NULL: absent */
    int64_t stride[HONE_MAX_RANK];
    const int64_t *inner; /* offset of each element of a stretch */
} parameter;

/* Offset that belongs to element `flat` of the axes [first, last) of x. */
static int64_t offset_of(const parameter *p, const hn_tensor *x, int first, int last, int64_t flat) {
    int64_t offset = 0;
    for (int i = last - 1; i >= first; i--) {
        offset += flat % x->dim[i] * p->stride[i];
        flat /= x->dim[i];
    }
    return offset;
}

static hone_status load_parameter(hn_call *call, int input, int axis, int64_t n, parameter *p) {
    const hn_tensor *x = call->in[0], *t = input < call->n_in ? call->in[input] : NULL;
    int64_t step = 1, *inner;
    *p = (parameter){0};
    if (!t) return HONE_OK;
    HN_TRY_ALLOC(p->value = hn_panel_load_all(call, t));
    for (int i = 1; i <= t->rank; i++) {
        p->stride[x->rank - i] = t->dim[t->rank - i] == 1 ? 0 : step;
        step *= t->dim[t->rank - i];
    }
    HN_TRY_ALLOC(inner = hn_panel_scratch(call, n));
    for (int64_t i = 0; i < n; i++) inner[i] = offset_of(p, x, axis, x->rank, i);
    p->inner = inner;
    return HONE_OK;
}

static void store_statistic(hn_call *call, int out, int64_t at, double value) {
    if (out < call->n_out && call->out[out]) hn_panel_store(call->out[out], at, 1, &value);
}

/* Normalizes over the axes from `axis` on. */
static hone_status normalize_trailing(hn_call *call, bool center) {
    const hn_tensor *x = call->in[0];
    int64_t axis = hn_attrs_int(call->attrs, "axis", -1);
    parameter scale, bias;
    double *slab, epsilon = hn_attrs_float(call->attrs, "epsilon", 1e-5f);
    if (axis < 0) axis += x->rank;
    int64_t stretches = hn_panel_count((int)axis, x->dim), n = hn_panel_count(x->rank - (int)axis, x->dim + axis);
    if (n < 0) return HONE_OUT_OF_MEMORY;
    HN_TRY_ALLOC(slab = hn_panel_scratch(call, n));
    HN_TRY(load_parameter(call, 1, (int)axis, n, &scale));
    HN_TRY(load_parameter(call, 2, (int)axis, n, &bias));
    for (int64_t s = 0; s < stretches; s++) {
        hn_panel_load(slab, x, s * n, n);
        statistics stat = measure(slab, n, epsilon, center);
        store_statistic(call, 1, s, stat.mean);
        store_statistic(call, 2, s, stat.inverse);
        int64_t scale_at = offset_of(&scale, x, 0, (int)axis, s), bias_at = offset_of(&bias, x, 0, (int)axis, s);
        for (int64_t i = 0; i < n; i++) {
            slab[i] = (slab[i] - stat.mean) * stat.inverse * scale.value[scale_at + scale.inner[i]];
            if (bias.value) slab[i] += bias.value[bias_at + bias.inner[i]];
        }
        if (call->out[0]) hn_panel_store(call->out[0], s * n, n, slab);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_layer_normalization(hn_call *call) { return normalize_trailing(call, true); }
hone_status hn_ops_ref_rms_normalization(hn_call *call) { return normalize_trailing(call, false); }
