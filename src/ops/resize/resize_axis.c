/* One axis of Resize: where each output position lies in the input, and the weights of what lies around it.
 * Coordinates are single precision in the order of operations that ONNX Runtime uses: for nearest, ties depend on it.
 */
#include "abi/resize.h"
#include <math.h>

/* The length that corners are aligned to: in * scale, although the output has but the whole number below. What the
 * rounding of a scale has moved off a whole number is that number. */
static double aligned_length(const hn_resize_axis *a) {
    const double length = a->scale * (double)a->in;
    return fabs(length - (double)a->out) < 1e-3 ? (double)a->out : length;
}

#define ORIGINAL_COORDINATE(T)                                                                                         \
    static double coordinate_##T(const hn_resize *r, const hn_resize_axis *a, int64_t at) {                            \
        const T x = (T)at, in = (T)a->in, out = (T)a->out, scale = (T)a->scale, half = (T)0.5;                         \
        const T start = (T)a->roi_start, end = (T)a->roi_end, adjustment = out / (scale * in);                         \
        switch (r->coordinates) {                                                                                      \
        case HN_RESIZE_HALF_PIXEL:                                                                                     \
            return (x + half) / scale - half;                                                                          \
        case HN_RESIZE_PYTORCH_HALF_PIXEL:                                                                             \
            return a->out > 1 ? (x + half) / scale - half : 0;                                                         \
        case HN_RESIZE_ASYMMETRIC:                                                                                     \
            return x / scale;                                                                                          \
        case HN_RESIZE_ALIGN_CORNERS:                                                                                  \
            return a->out == 1 ? 0 : x * (in - 1) / ((T)aligned_length(a) - 1);                                        \
        case HN_RESIZE_HALF_PIXEL_SYMMETRIC:                                                                           \
            return (T)((double)(in / 2 * (1 - adjustment)) + ((double)x + 0.5) / (double)scale - 0.5);                 \
        case HN_RESIZE_TF_CROP:                                                                                        \
            break;                                                                                                     \
        }                                                                                                              \
        if (a->out > 1) return start * (in - 1) + x * (end - start) * (in - 1) / (out - 1);                            \
        return half * (start + end) * (in - 1);                                                                        \
    }
ORIGINAL_COORDINATE(float)
ORIGINAL_COORDINATE(double)

/* A half that single precision has moved by a little is still a half. */
static double nearest_position(const hn_resize *r, double x) {
    double low = floor(x), part = x - low, slack = 1e-6;
    switch (r->nearest) {
    case HN_RESIZE_ROUND_PREFER_FLOOR:
        return part > 0.5 + slack ? low + 1 : low;
    case HN_RESIZE_ROUND_PREFER_CEIL:
        return part >= 0.5 - slack ? low + 1 : low;
    case HN_RESIZE_FLOOR:
        return low;
    case HN_RESIZE_CEIL:
        break;
    }
    return ceil(x);
}

/* The interpolation kernel at distance x from its centre. */
static double kernel(const hn_resize *r, double x) {
    double a = r->cubic_a;
    x = fabs(x);
    if (r->mode == HN_RESIZE_LINEAR) return x < 1 ? 1 - x : 0;
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/* Shrinking by an antialias filter stretches the kernel. */
static double kernel_scale(const hn_resize *r, double scale) { return r->antialias && scale < 1 ? scale : 1; }

int64_t hn_resize_taps(const hn_resize *r, double scale) {
    if (r->mode == HN_RESIZE_NEAREST) return 1;
    double reach = (r->mode == HN_RESIZE_LINEAR ? 1 : 2) / kernel_scale(r, scale);
    return reach < 0x1p30 ? 2 * (int64_t)ceil(reach) : -1;
}

static int64_t clamp(double x, int64_t size) { return x < 0 ? 0 : x > (double)(size - 1) ? size - 1 : (int64_t)x; }

/* Weights of the taps around x. What lies outside repeats the edge, or is left out and the rest made to sum to 1. */
static void fill_taps(const hn_resize *r, const hn_resize_axis *a, double x, int64_t *index, double *weight) {
    double scale = kernel_scale(r, a->scale), first = floor(x) - (double)(a->taps / 2) + 1, sum = 0;
    for (int64_t i = 0; i < a->taps; i++) {
        double at = first + (double)i;
        bool inside = at >= 0 && at < (double)a->in;
        weight[i] = r->exclude_outside && !inside ? 0 : kernel(r, (at - x) * scale);
        index[i] = clamp(at, a->in);
        sum += weight[i];
    }
    for (int64_t i = 0; i < a->taps && sum != 0; i++) weight[i] /= sum;
}

void hn_resize_fill(const hn_resize *r, hn_resize_axis *a) {
    for (int64_t i = 0; i < a->out; i++) {
        double x = r->precise ? coordinate_double(r, a, i) : coordinate_float(r, a, i);
        if (!isfinite(x)) x = 0;
        a->outside[i] = r->coordinates == HN_RESIZE_TF_CROP && (x < 0 || x > (double)(a->in - 1));
        if (r->mode != HN_RESIZE_NEAREST) {
            fill_taps(r, a, x, a->index + i * a->taps, a->weight + i * a->taps);
            continue;
        }
        a->index[i] = clamp(nearest_position(r, x), a->in);
        a->weight[i] = 1;
    }
}

/* The last position's second tap is that position again, with no weight. */
bool hn_resize_is_identity(const hn_resize_axis *a) {
    if (a->in != a->out) return false;
    for (int64_t i = 0; i < a->out; i++) {
        double own = 0;
        for (int64_t k = i * a->taps; k < (i + 1) * a->taps; k++) {
            if (a->index[k] == i) own += a->weight[k];
            else if (a->weight[k] != 0) return false;
        }
        if (own != 1 || a->outside[i]) return false;
    }
    return true;
}
