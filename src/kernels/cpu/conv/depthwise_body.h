/* One line of a depthwise convolution, written once over vec.h (see depthwise.h). Each element is one chain of fused
 * multiply-adds over the kernel positions inside the image, in order. */
#include "kernels/cpu/conv/depthwise.h"
#include "kernels/cpu/gemm/epilogue_body.h"

#if HN_VEC_ISA == 512
#define PIXELS 8 /* of a tile: accumulators of 16 channels each */
#else
#define PIXELS 4
#endif
#define EACH_PIXEL(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

/* Neighbouring output pixels that see the same kernel columns. */
typedef struct patch {
    int64_t column;     /* of the first output pixel */
    int first_k, end_k; /* kernel columns inside the image */
} patch;

/* 16 channels from `c` on of `pixels` pixels. */
HN_VEC_INLINE void run_channels(const int pixels, const hn_depthwise *d, const patch *p, size_t c, int n) {
    const size_t channels = (size_t)d->conv->group, rounded = (channels + 15) / 16 * 16;
    const int64_t column = d->extent->x_axis[2], step = column * d->conv->stride[2];
    const int64_t tap = column * d->conv->dilation[2];
    const int64_t start = (p->column * d->conv->stride[2] - d->extent->pad[2]) * column;
    const hn_epilogue_run *e = d->epilogue;
    vf acc[8], bias = e->bias ? vf_load_first(e->bias + c, n) : vf_zero();
#define BEGIN(i)                                                                                                       \
    if (i < pixels) acc[i] = bias;
    EACH_PIXEL(BEGIN)
    for (int line = 0; line < d->lines; line++) {
        const float *x = d->line[line] + start + p->first_k * tap + (int64_t)c;
        const float *w = d->weights[line] + (size_t)p->first_k * rounded + c;
        for (int k = p->first_k; k < p->end_k; k++, x += tap, w += rounded) {
            vf weight = vf_load(w);
#define FUSE(i)                                                                                                        \
    if (i < pixels) acc[i] = vf_fma(vf_load_first(x + i * step, n), weight, acc[i]);
            EACH_PIXEL(FUSE)
        }
    }
    size_t at = d->offset + (size_t)p->column * channels + c;
    vf low = vf_set(e->low), high = vf_set(e->high);
#define ADD(i)                                                                                                         \
    if (i < pixels) acc[i] = vf_add(acc[i], vf_load_first(e->residual + at + i * channels, n));
#define END(i)                                                                                                         \
    if (i < pixels) vf_store_first(d->out + at + i * channels, n, vf_clamp(acc[i], low, high));
    if (e->residual) { EACH_PIXEL(ADD) }
    EACH_PIXEL(END)
}

HN_VEC_INLINE void run_patch(const int pixels, const hn_depthwise *d, const patch *p) {
    size_t channels = (size_t)d->conv->group, c = 0;
    for (; c + 16 <= channels; c += 16) run_channels(pixels, d, p, c, 16);
    if (c < channels) run_channels(pixels, d, p, c, (int)(channels - c));
    if (d->epilogue->n) {
        epilogue_tile stored = {d->out, d->offset + (size_t)p->column * channels, channels, 0, pixels, (int)channels};
        epilogue_rest(d->epilogue, &stored);
    }
}

static void run_many(const hn_depthwise *d, const patch *p) { run_patch(PIXELS, d, p); }
static void run_one(const hn_depthwise *d, const patch *p) { run_patch(1, d, p); }

/* The kernel columns that output column `at` sees inside the image. */
static patch patch_at(const hn_depthwise *d, int64_t at) {
    const hn_conv *conv = d->conv;
    int64_t first = at * conv->stride[2] - d->extent->pad[2], dilation = conv->dilation[2];
    patch p = {.column = at, .end_k = conv->kernel[2]};
    while (p.first_k < p.end_k && first + p.first_k * dilation < 0) p.first_k++;
    while (p.end_k > p.first_k && first + (p.end_k - 1) * dilation >= d->extent->in[2]) p.end_k--;
    return p;
}

void HN_VEC_NAME(hn_depthwise_line)(const hn_depthwise *d) {
    int64_t width = d->extent->out[2];
    for (int64_t at = 0; at < width;) {
        patch p = patch_at(d, at);
        bool whole = p.first_k == 0 && p.end_k == d->conv->kernel[2] && at + PIXELS <= width &&
                     patch_at(d, at + PIXELS - 1).end_k == d->conv->kernel[2];
        (whole ? run_many : run_one)(d, &p);
        at += whole ? PIXELS : 1;
    }
}
