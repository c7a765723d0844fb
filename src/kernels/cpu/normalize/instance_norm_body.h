/* Instance normalization over vec.h; included once per instruction set. As in layer normalization the mean is taken
 * first, and the differences from it correct both mean and variance for rounding. */
#include "kernels/cpu/normalize/instance_norm.h"
#include "kernels/cpu/vec.h"

enum { CHUNK = 256 }; /* vectors that are summed up on their own: long sums in one number lose digits */

typedef struct moments {
    vf sum, squares;
} moments;

/* Adds `count` vectors `step` apart, less `mean`; lanes outside m count for nothing. */
static void add_chunk(const float *x, int64_t step, int64_t count, int n, vf mean, moments *total) {
    const vm m = vm_first(n);
    moments part[2] = {{vf_zero(), vf_zero()}, {vf_zero(), vf_zero()}};
    for (int64_t i = 0; i < count; i++) {
        const vf d = vf_blend(m, vf_sub(vf_load_first(x + i * step, n), mean), vf_zero());
        moments *p = &part[i & 1];
        p->sum = vf_add(p->sum, d);
        p->squares = vf_fma(d, d, p->squares);
    }
    total->sum = vf_add(total->sum, vf_add(part[0].sum, part[1].sum));
    total->squares = vf_add(total->squares, vf_add(part[0].squares, part[1].squares));
}

static moments measure(const float *x, int64_t step, int64_t count, int n, vf mean) {
    moments total = {vf_zero(), vf_zero()};
    for (int64_t i = 0; i < count; i += CHUNK)
        add_chunk(x + i * step, step, count - i < CHUNK ? count - i : CHUNK, n, mean, &total);
    return total;
}

/* y = ((x - mean) - moved) * factor + shift */
typedef struct affine {
    vf mean, moved, factor, shift;
} affine;

static void apply(const affine *a, const float *x, float *y, int64_t step, int64_t count, int n) {
    for (int64_t i = 0; i < count; i++) {
        const vf d = vf_sub(vf_sub(vf_load_first(x + i * step, n), a->mean), a->moved);
        vf_store_first(y + i * step, n, vf_fma(d, a->factor, a->shift));
    }
}

static vf inverse_deviation(vf squares, vf moved, float count, float epsilon) {
    const vf variance = vf_fnma(moved, moved, vf_div(squares, vf_set(count)));
    return vf_div(vf_set(1.0f), vf_sqrt(vf_add(vf_max(vf_zero(), variance), vf_set(epsilon))));
}

/* Channels [16 block, 16 block + 16) of one batch element: each lane is a channel. */
static void channels_unit(const hn_instance_run *r, int64_t unit) {
    const int64_t blocks = (r->channels + 15) / 16, c = unit % blocks * 16;
    const int64_t offset = unit / blocks * r->channels * r->positions + c;
    const int n = r->channels - c < 16 ? (int)(r->channels - c) : 16;
    const float *x = r->x + offset;
    affine a;
    a.mean = vf_div(measure(x, r->channels, r->positions, n, vf_zero()).sum, vf_set((float)r->positions));
    const moments m = measure(x, r->channels, r->positions, n, a.mean);
    a.moved = vf_div(m.sum, vf_set((float)r->positions));
    a.factor =
        vf_mul(vf_load_first(r->scale + c, n), inverse_deviation(m.squares, a.moved, (float)r->positions, r->epsilon));
    a.shift = vf_load_first(r->shift + c, n);
    apply(&a, x, r->y + offset, r->channels, r->positions, n);
}

/* A contiguous stretch: whole vectors, then what is left. */
static moments measure_stretch(const float *x, int64_t n, vf mean) {
    moments total = measure(x, 16, n / 16, 16, mean);
    if (n % 16) add_chunk(x + n / 16 * 16, 16, 1, (int)(n % 16), mean, &total);
    return total;
}

static void group_unit(const hn_instance_run *r, int64_t unit) {
    const int64_t n = r->group * r->positions, groups = r->channels / r->group;
    const float *x = r->x + unit * n;
    float *y = r->y + unit * n;
    affine a;
    a.mean = vf_set(vf_sum(measure_stretch(x, n, vf_zero()).sum) / (float)n);
    const moments m = measure_stretch(x, n, a.mean);
    a.moved = vf_set(vf_sum(m.sum) / (float)n);
    const vf inverse = inverse_deviation(vf_set(vf_sum(m.squares)), a.moved, (float)n, r->epsilon);
    for (int64_t i = 0; i < r->group; i++) {
        const int64_t c = unit % groups * r->group + i, at = i * r->positions, tail = r->positions / 16 * 16;
        a.factor = vf_mul(inverse, vf_set(r->scale[c]));
        a.shift = vf_set(r->shift[c]);
        apply(&a, x + at, y + at, 16, r->positions / 16, 16);
        if (tail < r->positions) apply(&a, x + at + tail, y + at + tail, 16, 1, (int)(r->positions - tail));
    }
}

hone_status HN_VEC_NAME(hn_f32_instance_norm)(const hn_args *args);
hone_status HN_VEC_NAME(hn_f32_instance_norm)(const hn_args *args) {
    hn_instance_run r;
    if (!hn_instance_start(args, &r)) return HONE_INVALID_ARGUMENT;
    for (int64_t unit = r.first; unit < r.end; unit++) {
        if (r.channels_last) channels_unit(&r, unit);
        else group_unit(&r, unit);
    }
    return HONE_OK;
}
