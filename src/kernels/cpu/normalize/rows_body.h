/* Softmax and layer normalization of rows over vec.h; included once per instruction set. Sums are kept in 16 lanes and
 * added in a fixed order, so every body gives the same bits. */
#include "kernels/cpu/math.h"
#include "kernels/cpu/normalize/rows.h"

static inline vm mask_at(int64_t n, int64_t i) { return vm_first(n - i < 16 ? (int)(n - i) : 16); }

/* Lanes outside the mask become `other`. */
static inline vf load_or(const float *at, vm m, vf other) { return vf_blend(m, vf_load_part(at, m), other); }

static void softmax_row(const float *x, float *y, int64_t n) {
    const vf low = vf_set(-__builtin_inff());
    vf top = low;
    for (int64_t i = 0; i < n; i += 16) top = vf_max(load_or(x + i, mask_at(n, i), low), top);
    const float max = vf_max_all(top);
    /* A row of minus infinities only: x - max is NaN, as the definition gives. */
    vf sum = vf_zero();
    for (int64_t i = 0; i < n; i += 16) {
        const vm m = mask_at(n, i);
        const vf e = vf_exp(vf_sub(vf_load_part(x + i, m), vf_set(max)));
        vf_store_part(y + i, m, e);
        sum = vf_add(sum, vf_blend(m, e, vf_zero()));
    }
    const vf scale = vf_set(1.0f / vf_sum(sum));
    for (int64_t i = 0; i < n; i += 16) {
        const vm m = mask_at(n, i);
        vf_store_part(y + i, m, vf_mul(vf_load_part(y + i, m), scale));
    }
}

/* Two passes: the mean first, then the squares of the differences, as a one-pass variance loses digits. The differences
 * also tell by how much rounding has moved the mean; both are corrected for it. */
static void layer_norm_row(const hn_rows *r, const float *x, float *y) {
    const int64_t n = r->length;
    vf sum = vf_zero();
    for (int64_t i = 0; i < n; i += 16) sum = vf_add(sum, load_or(x + i, mask_at(n, i), vf_zero()));
    const vf mean = vf_set(vf_sum(sum) / (float)n);
    vf squares = vf_zero(), moved = vf_zero();
    for (int64_t i = 0; i < n; i += 16) {
        const vf d = vf_sub(load_or(x + i, mask_at(n, i), mean), mean);
        squares = vf_fma(d, d, squares);
        moved = vf_add(moved, d);
    }
    const float shift = vf_sum(moved) / (float)n;
    float variance = vf_sum(squares) / (float)n - shift * shift;
    if (variance < 0) variance = 0;
    const vf scale = vf_set(1.0f / __builtin_sqrtf(variance + r->epsilon));
    for (int64_t i = 0; i < n; i += 16) {
        const vm m = mask_at(n, i);
        vf v = vf_mul(vf_sub(vf_sub(vf_load_part(x + i, m), mean), vf_set(shift)), scale);
        if (r->scale) v = vf_mul(v, vf_load_part(r->scale + i, m));
        if (r->shift) v = vf_add(v, vf_load_part(r->shift + i, m));
        vf_store_part(y + i, m, v);
    }
}

hone_status HN_VEC_NAME(hn_f32_softmax)(const hn_args *args);
hone_status HN_VEC_NAME(hn_f32_softmax)(const hn_args *args) {
    hn_rows r;
    if (!hn_softmax_start(args, &r)) return HONE_INVALID_ARGUMENT;
    for (int64_t i = r.first; i < r.end; i++) softmax_row(r.x + i * r.length, r.y + i * r.length, r.length);
    return HONE_OK;
}

hone_status HN_VEC_NAME(hn_f32_layer_norm)(const hn_args *args);
hone_status HN_VEC_NAME(hn_f32_layer_norm)(const hn_args *args) {
    hn_rows r;
    if (!hn_layer_norm_start(args, &r)) return HONE_INVALID_ARGUMENT;
    for (int64_t i = r.first; i < r.end; i++) layer_norm_row(&r, r.x + i * r.length, r.y + i * r.length);
    return HONE_OK;
}
