/* Reductions over vec.h; included once per instruction set. Long sums go through partial sums, which lose fewer digits.
 */
#include "kernels/cpu/reduce/reduce_kernel.h"
#include "kernels/cpu/vec.h"

enum { CHUNK = 256 };

static vf start_value(hn_reduce_kind kind) {
    return kind == HN_REDUCE_MAX ? vf_set(-__builtin_inff()) : vf_set(kind == HN_REDUCE_MIN ? __builtin_inff() : 0.0f);
}

/* A NaN wins and stays. */
HN_VEC_INLINE vf step(hn_reduce_kind kind, vf total, vf x) {
    if (kind == HN_REDUCE_MAX) return vf_blend(vf_le(total, total), vf_max(total, x), total);
    if (kind == HN_REDUCE_MIN) return vf_blend(vf_le(total, total), vf_min(total, x), total);
    return vf_add(total, x);
}

/* `count` vectors `stride` apart, the first n lanes of each. */
HN_VEC_INLINE vf reduce_line(hn_reduce_kind kind, const float *x, int64_t stride, int64_t count, int n) {
    const vm m = vm_first(n);
    const vf start = start_value(kind);
    vf total = start;
    for (int64_t first = 0; first < count; first += CHUNK) {
        const int64_t end = first + CHUNK < count ? first + CHUNK : count;
        vf part = start;
        for (int64_t i = first; i < end; i++)
            part = step(kind, part, vf_blend(m, vf_load_first(x + i * stride, n), start));
        total = step(kind, total, part);
    }
    return total;
}

static vf line_of(hn_reduce_kind kind, const float *x, int64_t stride, int64_t count, int n) {
    switch (kind) {
    case HN_REDUCE_MAX:
        return reduce_line(HN_REDUCE_MAX, x, stride, count, n);
    case HN_REDUCE_MIN:
        return reduce_line(HN_REDUCE_MIN, x, stride, count, n);
    default:
        return reduce_line(HN_REDUCE_SUM, x, stride, count, n);
    }
}

/* One result: contiguous rows at every reduced position. */
static void reduce_rows(const hn_reduce_run *r, const float *x, float *y) {
    vf total = start_value(r->kind);
    const int64_t whole = r->length / 16;
    for (int64_t i = 0; i < r->reduced.count; i++) {
        int64_t at, unused;
        hn_reduce_offsets(&r->reduced, i, &at, &unused);
        if (whole > 0) total = step(r->kind, total, line_of(r->kind, x + at, 16, whole, 16));
        if (r->length % 16)
            total = step(r->kind, total, line_of(r->kind, x + at + whole * 16, 16, 1, (int)(r->length % 16)));
    }
    float lane[16], result;
    vf_store(lane, total);
    result = lane[0];
    if (r->kind == HN_REDUCE_SUM || r->kind == HN_REDUCE_MEAN) result = vf_sum(total);
    else
        for (int i = 1; i < 16; i++)
            if (lane[i] != lane[i] || (r->kind == HN_REDUCE_MAX ? lane[i] > result : lane[i] < result))
                result = lane[i];
    *y = r->kind == HN_REDUCE_MEAN ? result / r->count : result;
}

/* Up to 16 results side by side; the innermost reduced axis is one line. */
static void reduce_columns(const hn_reduce_run *r, const float *x, float *y, int n) {
    hn_reduce_dims outer = r->reduced;
    int64_t count = 1, stride = 0;
    vf total = start_value(r->kind);
    if (outer.n > 0) {
        outer.n--;
        count = outer.dim[outer.n], stride = outer.x[outer.n];
        outer.count /= count;
    }
    for (int64_t i = 0; i < outer.count; i++) {
        int64_t at, unused;
        hn_reduce_offsets(&outer, i, &at, &unused);
        total = step(r->kind, total, line_of(r->kind, x + at, stride, count, n));
    }
    if (r->kind == HN_REDUCE_MEAN) total = vf_div(total, vf_set(r->count));
    float lane[16];
    vf_store(lane, total);
    for (int i = 0; i < n; i++) y[i * r->y_lane] = lane[i];
}

hone_status HN_VEC_NAME(hn_f32_reduce)(const hn_args *args);
hone_status HN_VEC_NAME(hn_f32_reduce)(const hn_args *args) {
    hn_reduce_run r;
    if (!hn_reduce_start(args, &r)) return HONE_INVALID_ARGUMENT;
    const int64_t blocks = r.lanes_reduced ? 1 : (r.length + 15) / 16;
    for (int64_t unit = r.first; unit < r.end; unit++) {
        const int64_t lane = unit % blocks * 16;
        int64_t x, y;
        hn_reduce_offsets(&r.kept, unit / blocks, &x, &y);
        if (r.lanes_reduced) reduce_rows(&r, r.x + x, r.y + y);
        else
            reduce_columns(&r, r.x + x + lane, r.y + y + lane * r.y_lane,
                           r.length - lane < 16 ? (int)(r.length - lane) : 16);
    }
    return HONE_OK;
}
