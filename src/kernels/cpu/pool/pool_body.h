/* Pool windows over vec.h, 16 channels at a time; included once per instruction set. */
#include "kernels/cpu/pool/pool_rows.h"
#include "kernels/cpu/vec.h"

/* The greater; a NaN wins and stays. */
static inline vf greater(vf best, vf x) { return vf_blend(vf_le(best, best), vf_max(best, x), best); }

/* 16 channels (those of mask m) of one window. The taps are visited in a fixed order, so results depend on nothing
 * else. */
static vf pool_lanes(const hn_pool_run *r, const hn_pool_window *w, const float *x, vm m) {
    const int64_t *d = r->x_axis;
    vf acc = vf_set(r->config.average ? 0.0f : -__builtin_inff());
    for (int64_t i = 0; i < w->n[0]; i++)
        for (int64_t j = 0; j < w->n[1]; j++) {
            const float *row = x + (w->first[0] + i * r->config.dilation[0]) * d[0] +
                               (w->first[1] + j * r->config.dilation[1]) * d[1] + w->first[2] * d[2];
            const int64_t step = r->config.dilation[2] * d[2];
            if (r->config.average)
                for (int64_t k = 0; k < w->n[2]; k++) acc = vf_add(acc, vf_load_part(row + k * step, m));
            else
                for (int64_t k = 0; k < w->n[2]; k++) acc = greater(acc, vf_load_part(row + k * step, m));
        }
    return vf_mul(acc, vf_set(w->scale));
}

static void pool_position(const hn_pool_run *r, int64_t position) {
    int64_t at[HN_POOL_AXES], rest = position;
    for (int i = HN_POOL_AXES - 1; i >= 0; i--) at[i] = rest % r->out[i], rest /= r->out[i];
    hn_pool_window w;
    hn_pool_window_at(r, at, &w);
    const float *x = r->x + rest * r->x_batch;
    float *y = r->y + rest * r->y_batch + at[0] * r->y_axis[0] + at[1] * r->y_axis[1] + at[2] * r->y_axis[2];
    for (int64_t c = 0; c < r->channels; c += 16) {
        const vm m = vm_first(r->channels - c < 16 ? (int)(r->channels - c) : 16);
        vf_store_part(y + c, m, pool_lanes(r, &w, x + c, m));
    }
}

hone_status HN_VEC_NAME(hn_f32_pool)(const hn_args *args);
hone_status HN_VEC_NAME(hn_f32_pool)(const hn_args *args) {
    hn_pool_run r;
    int64_t first, end;
    if (!hn_pool_start(args, &r)) return HONE_INVALID_ARGUMENT;
    hn_pool_range(&r, args->task, &first, &end);
    for (int64_t p = first; p < end; p++) pool_position(&r, p);
    return HONE_OK;
}
