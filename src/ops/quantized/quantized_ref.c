/* MatMulInteger, ConvInteger, QLinearMatMul, QLinearConv: zero points are taken away in double, where products and sums
 * of bytes are exact; the reference of MatMul or Conv runs; the result is wrapped to 32 bits or requantized. */
#include <math.h>
#include "base/dtype.h"
#include "ops/block.h"
#include "ops/broadcast.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

/* A parameter seen so that it broadcasts to a tensor of `rank`: a vector of more than one element lies along `axis`. */
static hn_tensor lay_along(const hn_tensor *parameter, int rank, int axis) {
    hn_tensor view = *parameter;
    if (parameter->rank != 1 || parameter->dim[0] == 1) return view;
    int64_t dim[HONE_MAX_RANK];
    for (int i = 0; i < rank; i++) dim[i] = i == axis ? parameter->dim[0] : 1;
    hn_tensor_set_shape(&view, rank, dim);
    return view;
}

static hone_status scratch_like(hn_call *call, const hn_tensor *like, hn_tensor *out) {
    *out = *like;
    out->dtype = HONE_FLOAT64;
    hn_tensor_set_shape(out, like->rank, like->dim);
    HN_TRY_ALLOC(out->data = hn_panel_scratch(call, hn_tensor_count(like)));
    return HONE_OK;
}

/* *out = input `x` - zero point `zero`, whose vector lies along `axis`. */
static hone_status without_zero(hn_call *call, int x, int zero, int axis, hn_tensor *out) {
    HN_TRY(scratch_like(call, call->in[x], out));
    const bool has_zero = zero < call->n_in && call->in[zero];
    const hn_tensor along = has_zero ? lay_along(call->in[zero], out->rank, axis) : *out;
    const hn_tensor *in[2] = {call->in[x], &along};
    hn_broadcast w;
    for (bool more = hn_broadcast_begin(&w, out, in, 1 + has_zero); more; more = hn_broadcast_next(&w)) {
        double z[HN_BLOCK], *to = (double *)out->data + w.out;
        hn_broadcast_load_f64(&w, in[0], 0, to);
        if (!has_zero) continue;
        hn_broadcast_load_f64(&w, in[1], 1, z);
        for (int i = 0; i < w.length; i++) to[i] -= z[i];
    }
    return HONE_OK;
}

/* Runs the reference of the plain operator over a, b and (unless NULL) the bias; *sums has the shape of the output. */
static hone_status run_plain(hn_call *call, hn_ref_fn *ref, const hn_tensor *a, const hn_tensor *b,
                             const hn_tensor *bias, hn_tensor *sums) {
    HN_TRY(scratch_like(call, call->out[0], sums));
    const hn_tensor *in[3] = {a, b, bias};
    hn_call plain = *call;
    plain.in = in;
    plain.n_in = bias ? 3 : 2;
    plain.out = &sums;
    plain.n_out = 1;
    return ref(&plain);
}

static void store_wrapped(hn_tensor *out, const hn_tensor *sums) {
    const int64_t count = hn_tensor_count(out);
    for (int64_t at = 0; at < count; at++) {
        const int64_t sum = hn_block_to_i64(((const double *)sums->data)[at]);
        hn_block_store_i64(out, at, &sum, 1);
    }
}

static hone_status integer_product(hn_call *call, hn_ref_fn *ref, int a_axis, int b_axis) {
    hn_tensor a, b, sums;
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    HN_TRY(without_zero(call, 0, 2, a_axis, &a));
    HN_TRY(without_zero(call, 1, 3, b_axis, &b));
    HN_TRY(run_plain(call, ref, &a, &b, NULL, &sums));
    store_wrapped(call->out[0], &sums);
    return HONE_OK;
}

hone_status hn_ops_ref_matmul_integer(hn_call *call) {
    return integer_product(call, hn_ops_ref_matmul, call->in[0]->rank - 2, call->in[1]->rank - 1);
}

hone_status hn_ops_ref_conv_integer(hn_call *call) { return integer_product(call, hn_ops_ref_conv, 1, 0); }

/* One row: everything in single precision, as ONNX Runtime computes it; integers round to nearest even. */
static void requantize(float *x, const float *a, const float *b, int n, float y_scale, float zero, bool integer) {
    for (int i = 0; i < n; i++) {
        const float scaled = x[i] * (a[i] * b[i] / y_scale);
        x[i] = (integer ? rintf(scaled) : scaled) + zero;
    }
}

static void load_row(const hn_broadcast *w, const hn_tensor *t, int i, float *to) {
    double wide[HN_BLOCK];
    hn_broadcast_load_f64(w, t, i, wide);
    for (int k = 0; k < w->length; k++) to[k] = (float)wide[k];
}

/* Inputs: 1 scale of a, 4 scale of b, 6 scale of the output, 7 its zero point. */
static void store_requantized(hn_call *call, const hn_tensor *sums, int a_axis, int b_axis) {
    hn_tensor *out = call->out[0];
    const hn_tensor a = lay_along(call->in[1], out->rank, a_axis);
    const hn_tensor b = lay_along(call->in[4], out->rank, b_axis);
    const hn_tensor *in[3] = {sums, &a, &b};
    const float y_scale = (float)hn_tensor_real(call->in[6], 0);
    const bool integer = hn_dtype_is_int(out->dtype);
    float zero, x[HN_BLOCK], a_scale[HN_BLOCK], b_scale[HN_BLOCK];
    hn_block_load_f32(&zero, call->in[7], 0, 1);
    hn_broadcast w;
    for (bool more = hn_broadcast_begin(&w, out, in, 3); more; more = hn_broadcast_next(&w)) {
        load_row(&w, sums, 0, x);
        load_row(&w, &a, 1, a_scale);
        load_row(&w, &b, 2, b_scale);
        requantize(x, a_scale, b_scale, w.length, y_scale, zero, integer);
        hn_block_store_f32(out, w.out, x, w.length);
    }
}

static hone_status qlinear_product(hn_call *call, hn_ref_fn *ref, int a_axis, int b_axis, const hn_tensor *bias,
                                   const int *out_axis) {
    hn_tensor a, b, sums;
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    HN_TRY(without_zero(call, 0, 2, a_axis, &a));
    HN_TRY(without_zero(call, 3, 5, b_axis, &b));
    HN_TRY(run_plain(call, ref, &a, &b, bias, &sums));
    store_requantized(call, &sums, out_axis[0], out_axis[1]);
    return HONE_OK;
}

hone_status hn_ops_ref_qlinear_matmul(hn_call *call) {
    const int rank = call->out[0] ? call->out[0]->rank : 0, out_axis[2] = {rank - 2, rank - 1};
    return qlinear_product(call, hn_ops_ref_matmul, call->in[0]->rank - 2, call->in[3]->rank - 1, NULL, out_axis);
}

hone_status hn_ops_ref_qlinear_conv(hn_call *call) {
    const hn_tensor *bias = call->n_in > 8 ? call->in[8] : NULL;
    return qlinear_product(call, hn_ops_ref_conv, 1, 0, bias, (const int[]){1, 1});
}
