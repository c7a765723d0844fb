/* CausalConvWithState: a convolution of each channel with itself and what came before, kept from call to call. */
#include <math.h>
#include "ops/attention/heads.h"
#include "ops/checks.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

enum { INPUT, WEIGHT, BIAS, PAST };
static const char *const activations[] = {"none", "silu", "swish", NULL};

hone_status hn_ops_infer_causal_conv_with_state(hn_infer *infer) {
    int activation;
    HN_TRY(hn_ops_word(infer->attrs, "activation", activations, &activation, infer->diag));
    HN_TRY(hn_ops_check_type(infer, INPUT, HN_TYPES_FLOAT_TO_32));
    for (int i = WEIGHT; i <= PAST; i++) HN_TRY(hn_ops_check_same_type(infer, INPUT, i));
    HN_TRY(hn_ops_check_rank(infer, INPUT, 3));
    const hn_dim batch = hn_heads_dim(infer, INPUT, 3, 0), channels = hn_heads_dim(infer, INPUT, 3, 1);
    const hn_dim taps = hn_heads_dim(infer, WEIGHT, 3, 2), weight[3] = {channels, hn_dim_const(1), taps};
    HN_TRY(hn_heads_check(infer, WEIGHT, 3, weight));
    if (hn_dim_is_const(taps) && taps.value < 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the kernel has %lld elements; at least 1 is needed",
                (long long)taps.value);
    HN_TRY(hn_ops_check_vector(infer, BIAS, channels));
    const hn_shape state = {.rank = 3, .dim = {batch, channels, hn_dim_sub(infer->exprs, taps, hn_dim_const(1))}};
    HN_TRY(hn_heads_check(infer, PAST, 3, state.dim));
    hn_infer_set(infer, 1, hn_infer_dtype(infer, INPUT), &state);
    return hn_infer_like(infer, INPUT);
}

static double convolve(const double *x, const double *weight, int64_t taps, double bias, bool gated) {
    double sum = bias;
    for (int64_t k = 0; k < taps; k++) sum += x[k] * weight[k];
    return gated ? sum / (1 + exp(-sum)) : sum;
}

hone_status hn_ops_ref_causal_conv_with_state(hn_call *call) {
    const hn_tensor *x = call->in[INPUT], *w = call->in[WEIGHT];
    const hn_tensor *b = BIAS < call->n_in ? call->in[BIAS] : NULL, *past = PAST < call->n_in ? call->in[PAST] : NULL;
    const int64_t channels = x->dim[1], length = x->dim[2], taps = w->dim[2], before = taps - 1;
    const bool gated = !hn_attrs_text_is(call->attrs, "activation", "none", "none");
    hn_tensor *state = call->n_out > 1 ? call->out[1] : NULL;
    double *line, *weight, *bias = NULL;
    int64_t width;
    if (__builtin_add_overflow(length, before, &width)) return HONE_OUT_OF_MEMORY;
    HN_TRY_ALLOC(line = hn_panel_scratch(call, width));
    HN_TRY_ALLOC(weight = hn_panel_load_all(call, w));
    if (b) HN_TRY_ALLOC(bias = hn_panel_load_all(call, b));
    for (int64_t row = 0; row < x->dim[0] * channels; row++) {
        const int64_t channel = row % channels;
        if (past) hn_panel_load(line, past, row * before, before);
        for (int64_t i = 0; i < before && !past; i++) line[i] = 0;
        hn_panel_load(line + before, x, row * length, length);
        if (state) hn_panel_store(state, row * before, before, line + length);
        for (int64_t i = 0; i < length && call->out[0]; i++)
            line[i] = convolve(line + i, weight + channel * taps, taps, bias ? bias[channel] : 0, gated);
        if (call->out[0]) hn_panel_store(call->out[0], row * length, length, line);
    }
    return HONE_OK;
}
