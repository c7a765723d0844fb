/* References of QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear. */
#include <math.h>
#include "base/dtype.h"
#include "base/half.h"
#include "ops/block.h"
#include "ops/registry.h"

/* Scale and zero point of each element: number of the scale = ((o * blocks + a / block) * width + i % width) where the
 * element lies at (o, a, i) of (outer, axis, inner). One scale: everything lies in one block. */
typedef struct scales {
    double *scale, *zero; /* `zero` NULL: none */
    int64_t axis, inner, block, blocks, width;
    bool per_outer;  /* blocks differ from one outer index to the next */
    int64_t a, i, o; /* of the next element */
} scales;

static double *load_all(hn_arena *scratch, const hn_tensor *t) {
    int64_t count = hn_tensor_count(t);
    double *all = HN_NEW_ARRAY(scratch, double, count);
    for (int64_t at = 0; all && at < count; at += HN_BLOCK)
        hn_block_load_f64(all + at, t, at, count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK);
    return all;
}

static hone_status begin(scales *s, hn_call *call) {
    const hn_tensor *x = call->in[0], *scale = call->in[1], *zero = call->n_in > 2 ? call->in[2] : NULL;
    *s = (scales){.axis = 1, .inner = 1, .block = 1, .blocks = 1, .width = 1};
    HN_TRY_ALLOC(s->scale = load_all(call->scratch, scale));
    if (zero) HN_TRY_ALLOC(s->zero = load_all(call->scratch, zero));
    if (hn_tensor_count(scale) == 1) return HONE_OK;
    int64_t at = x->rank == 1 ? 0 : hn_attrs_int(call->attrs, "axis", 1);
    int axis = (int)(at < 0 ? at + x->rank : at);
    for (int d = axis + 1; d < x->rank; d++) s->inner *= x->dim[d];
    s->axis = x->dim[axis];
    s->blocks = s->axis;
    int64_t block = hn_attrs_int(call->attrs, "block_size", 0);
    if (scale->rank > 1 || block > 0) {
        s->block = block;
        s->blocks = scale->dim[axis];
        s->width = s->inner;
        s->per_outer = true;
    }
    return HONE_OK;
}

/* The number of the next element's scale. */
static int64_t next(scales *s) {
    int64_t index = ((s->per_outer ? s->o * s->blocks : 0) + s->a / s->block) * s->width + s->i % s->width;
    if (++s->i < s->inner) return index;
    s->i = 0;
    if (++s->a == s->axis) {
        s->a = 0;
        s->o++;
    }
    return index;
}

/* The quotient in the precision asked for: the division rounds once. */
static double round_to(hone_dtype precision, double v) {
    if (precision == HONE_FLOAT16) return hn_half_to_float(hn_half_from_double(v));
    if (precision == HONE_BFLOAT16) return hn_bfloat_to_float(hn_bfloat_from_double(v));
    return (float)v;
}

static hone_dtype division_type(const hn_call *call) {
    hone_dtype named = (hone_dtype)hn_attrs_int(call->attrs, "precision", 0);
    return named != HONE_NO_DTYPE ? named : call->in[1]->dtype;
}

/* 8-bit floats have their own rule for values out of range; integers and 4-bit floats saturate. */
static void store_quantized(hn_tensor *out, int64_t at, const double *v, int n, bool saturate) {
    if (!hn_dtype_is_float(out->dtype) || hone_dtype_bits(out->dtype) < 8) {
        hn_block_store_f64(out, at, v, n);
        return;
    }
    for (int i = 0; i < n; i++)
        ((uint8_t *)out->data)[at + i] = hn_float8_from_float(out->dtype, (float)v[i], saturate);
}

hone_status hn_ops_ref_quantize(hn_call *call) {
    scales s;
    hn_tensor *out = call->out[0];
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    HN_TRY(begin(&s, call));
    bool integer = !hn_dtype_is_float(out->dtype), saturate = hn_attrs_int(call->attrs, "saturate", 1) != 0;
    hone_dtype precision = division_type(call);
    int64_t count = hn_tensor_count(out);
    for (int64_t at = 0; at < count; at += HN_BLOCK) {
        double v[HN_BLOCK];
        int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;
        hn_block_load_f64(v, call->in[0], at, n);
        for (int i = 0; i < n; i++) {
            int64_t k = next(&s);
            double q = round_to(precision, v[i] / s.scale[k]);
            v[i] = (integer ? rint(q) : q) + (s.zero ? s.zero[k] : 0);
        }
        store_quantized(out, at, v, n, saturate);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_dequantize(hn_call *call) {
    scales s;
    hn_tensor *out = call->out[0];
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    HN_TRY(begin(&s, call));
    int64_t count = hn_tensor_count(out);
    for (int64_t at = 0; at < count; at += HN_BLOCK) {
        double v[HN_BLOCK];
        int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;
        hn_block_load_f64(v, call->in[0], at, n);
        for (int i = 0; i < n; i++) {
            int64_t k = next(&s);
            v[i] = (v[i] - (s.zero ? s.zero[k] : 0)) * s.scale[k];
        }
        hn_block_store_f64(out, at, v, n);
    }
    return HONE_OK;
}

/* ---- DynamicQuantizeLinear: float32 to uint8, all steps in float as the operator's text has them ---- */

static float clamp_to_uint8(float v) { return v < 0 ? 0 : v > 255 ? 255 : v; }

static void write_scalar(hn_tensor *t, double v) {
    if (t) hn_block_store_f64(t, 0, &v, 1);
}

hone_status hn_ops_ref_dynamic_quantize(hn_call *call) {
    const hn_tensor *in = call->in[0];
    const float *x = in->data;
    float low = 0, high = 0; /* the range always includes 0 */
    int64_t count = hn_tensor_count(in);
    for (int64_t i = 0; i < count; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    float scale = high == low ? 1 : (high - low) / 255;
    float zero = rintf(clamp_to_uint8(-low / scale));
    uint8_t *y = call->out[0] ? call->out[0]->data : NULL;
    for (int64_t i = 0; y && i < count; i++) {
        float q = clamp_to_uint8(rintf(x[i] / scale) + zero);
        y[i] = q == q ? (uint8_t)q : 0;
    }
    write_scalar(call->out[1], scale);
    write_scalar(call->out[2], zero);
    return HONE_OK;
}
