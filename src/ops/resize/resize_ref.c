/* Resize: nearest moves elements of any type; linear and cubic go axis by axis in double. */
#include <math.h>
#include <string.h>
#include "base/dtype.h"
#include "ops/matmul/panel.h"
#include "ops/parts.h"
#include "ops/registry.h"
#include "abi/resize.h"

/* Element i of an optional list input, or `otherwise`. */
static double list_value(const hn_call *call, int input, int64_t i, double otherwise) {
    const hn_tensor *t = input < call->n_in ? call->in[input] : NULL;
    return t && i < hn_tensor_count(t) ? hn_tensor_real(t, i) : otherwise;
}

static bool has_list(const hn_call *call, int input) {
    return input < call->n_in && call->in[input] && hn_tensor_count(call->in[input]) > 0;
}

void hn_resize_axes(const hn_call *call, const hn_resize *r, hn_resize_axis *axis) {
    const hn_tensor *x = call->in[0], *y = call->out[0];
    for (int i = 0; i < x->rank; i++)
        axis[i] = (hn_resize_axis){.in = x->dim[i], .out = y->dim[i], .scale = 1, .roi_start = 0, .roi_end = 1};
    int64_t asked[HONE_MAX_RANK] = {0};
    float common = 1;
    bool keep_aspect = !has_list(call, 2) && has_list(call, 3) && r->policy != HN_RESIZE_STRETCH;
    for (int i = 0; i < r->n_axes && keep_aspect; i++) asked[i] = hn_tensor_int(call->in[3], i);
    if (keep_aspect) common = hn_resize_common_scale(r, call->in[0]->dim, asked);
    for (int i = 0; i < r->n_axes; i++) {
        hn_resize_axis *a = &axis[r->axis[i]];
        if (has_list(call, 2)) a->scale = list_value(call, 2, i, 1);
        else a->scale = keep_aspect ? common : (double)a->out / (double)a->in;
        a->roi_start = list_value(call, 1, i, 0);
        a->roi_end = list_value(call, 1, r->n_axes + i, 1);
    }
}

static hone_status prepare(hn_call *call, const hn_resize *r, hn_resize_axis *axis) {
    const hn_tensor *x = call->in[0];
    hn_resize_axes(call, r, axis);
    for (int i = 0; i < x->rank; i++) {
        hn_resize_axis *a = &axis[i];
        int64_t n;
        if (a->in < 1) HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "axis %d has no elements to resize", i);
        a->taps = hn_resize_taps(r, a->scale);
        if (a->taps < 1 || __builtin_mul_overflow(a->taps, a->out, &n)) return HONE_OUT_OF_MEMORY;
        HN_TRY_ALLOC(a->index = hn_panel_scratch(call, n));
        HN_TRY_ALLOC(a->weight = hn_panel_scratch(call, n));
        HN_TRY_ALLOC(a->outside = hn_arena_alloc(call->scratch, (size_t)a->out));
        hn_resize_fill(r, a);
    }
    return HONE_OK;
}

/* [outer][in][inner] to [outer][out][inner] */
static void resample_axis(const hn_resize_axis *a, int64_t outer, int64_t inner, double extrapolation, const double *x,
                          double *y) {
    for (int64_t o = 0; o < outer; o++) {
        const double *from = x + o * a->in * inner;
        for (int64_t i = 0; i < a->out; i++, y += inner) {
            for (int64_t j = 0; j < inner; j++) y[j] = a->outside[i] ? extrapolation : 0;
            for (int64_t k = 0; k < a->taps && !a->outside[i]; k++) {
                double weight = a->weight[i * a->taps + k];
                const double *line = from + a->index[i * a->taps + k] * inner;
                if (weight == 0) continue; /* an infinity there does not count */
                for (int64_t j = 0; j < inner; j++) y[j] += weight * line[j];
            }
        }
    }
}

/* The value outside of the image is real. */
static hone_status interpolate_part(hn_call *call, const hn_resize *r, const hn_resize_axis *axis, int part) {
    const hn_tensor *x = call->in[0];
    const double extrapolation = part == 0 ? r->extrapolation : 0;
    int64_t outer = 1, inner = hn_tensor_count(x);
    double *now, *next;
    HN_TRY_ALLOC(now = hn_panel_scratch(call, inner));
    hn_part_load(now, x, part, 0, inner);
    for (int i = 0; i < x->rank; i++) {
        const hn_resize_axis *a = &axis[i];
        inner /= a->in;
        if (!hn_resize_is_identity(a)) {
            int64_t count;
            if (__builtin_mul_overflow(outer * a->out, inner, &count)) return HONE_OUT_OF_MEMORY;
            HN_TRY_ALLOC(next = hn_panel_scratch(call, count));
            resample_axis(a, outer, inner, extrapolation, now, next);
            now = next;
        }
        outer *= a->out;
    }
    if (hn_dtype_is_int(x->dtype))
        for (int64_t i = 0; i < outer; i++) now[i] = nearbyint(now[i]);
    hn_part_store(call->out[0], part, 0, outer, now);
    return HONE_OK;
}

static hone_status interpolate(hn_call *call, const hn_resize *r, const hn_resize_axis *axis) {
    for (int part = 0; part < hn_parts_of(call->in[0]->dtype); part++) HN_TRY(interpolate_part(call, r, axis, part));
    return HONE_OK;
}

/* Copies the element that each output position is nearest to. */
static void move_nearest(hn_call *call, const hn_resize *r, const hn_resize_axis *axis) {
    const hn_tensor *x = call->in[0];
    hn_tensor *y = call->out[0];
    size_t size = hn_element_size(x->dtype);
    int64_t at[HONE_MAX_RANK] = {0}, n = hn_tensor_count(y);
    for (int64_t i = 0; i < n; i++) {
        int64_t from = 0;
        bool outside = false;
        for (int k = 0; k < x->rank; k++) {
            from = from * axis[k].in + axis[k].index[at[k]];
            outside = outside || axis[k].outside[at[k]];
        }
        memset((char *)y->data + (size_t)i * size, 0, outside ? size : 0); /* an empty text, no imaginary part */
        if (outside) hn_part_store(y, 0, i, 1, &r->extrapolation);
        else memcpy((char *)y->data + (size_t)i * size, (const char *)x->data + (size_t)from * size, size);
        for (int k = x->rank - 1; k >= 0; k--) {
            if (++at[k] < y->dim[k]) break;
            at[k] = 0;
        }
    }
}

hone_status hn_ops_ref_resize(hn_call *call) {
    const hn_tensor *x = call->in[0];
    hn_resize_axis axis[HONE_MAX_RANK];
    hn_resize r;
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    HN_TRY(hn_resize_read(call->attrs, x->rank, &r, call->diag));
    r.precise = x->dtype == HONE_FLOAT64 || x->dtype == HONE_COMPLEX128;
    HN_TRY(prepare(call, &r, axis));
    if (r.mode != HN_RESIZE_NEAREST) return interpolate(call, &r, axis);
    move_nearest(call, &r, axis);
    return HONE_OK;
}
