/* Sliding windows: attributes, output sizes, padding and index arithmetic. */
#include "ops/conv/window.h"
#include "ops/checks.h"

/* Keeps every product of two attributes within 62 bits. */
static hone_status check_range(const char *name, const int64_t *at, int n, int64_t least, hn_diag *diag) {
    for (int i = 0; i < n; i++) {
        if (at[i] < least || at[i] > INT32_MAX)
            HN_FAIL(diag, HONE_INVALID_MODEL, "attribute %s[%d] is %lld; allowed: %lld to %d", name, i,
                    (long long)at[i], (long long)least, INT32_MAX);
    }
    return HONE_OK;
}

hone_status hn_window_read(hn_attrs attrs, int n, hn_window *out, hn_diag *diag) {
    static const char *const auto_pads[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL};
    int auto_pad;
    *out = (hn_window){.n = n};
    if (n < 1 || n > HN_MAX_SPATIAL)
        HN_FAIL(diag, HONE_INVALID_MODEL, "input of rank %d; allowed: 3 to %d", n + 2, HONE_MAX_RANK);
    int64_t pads[2 * HN_MAX_SPATIAL];
    HN_TRY(hn_ops_word(attrs, "auto_pad", auto_pads, &auto_pad, diag));
    out->auto_pad = (hn_auto_pad)auto_pad;
    out->ceil_mode = hn_attrs_int(attrs, "ceil_mode", 0) != 0;
    HN_TRY(hn_attrs_ints_exact(attrs, "kernel_shape", n, 0, out->kernel, diag));
    HN_TRY(hn_attrs_ints_exact(attrs, "strides", n, 1, out->stride, diag));
    HN_TRY(hn_attrs_ints_exact(attrs, "dilations", n, 1, out->dilation, diag));
    HN_TRY(hn_attrs_ints_exact(attrs, "pads", 2 * n, 0, pads, diag));
    HN_TRY(check_range("kernel_shape", out->kernel, n, hn_attrs_find(attrs, "kernel_shape") ? 1 : 0, diag));
    HN_TRY(check_range("strides", out->stride, n, 1, diag));
    HN_TRY(check_range("dilations", out->dilation, n, 1, diag));
    HN_TRY(check_range("pads", pads, 2 * n, 0, diag));
    for (int i = 0; i < n && out->auto_pad == HN_PAD_EXPLICIT; i++) {
        out->begin[i] = pads[i];
        out->end[i] = pads[n + i];
    }
    return HONE_OK;
}

/* Windows that start behind the input and its left padding are dropped (ceil_mode only). */
static hn_dim drop_last(hn_expr_pool *pool, const hn_window *w, int axis, hn_dim size, hn_dim kernel, hn_dim out) {
    int64_t stride = w->stride[axis];
    if (hn_dim_is_const(kernel) && w->end[axis] + stride - 1 <= w->dilation[axis] * (kernel.value - 1)) return out;
    hn_dim last = hn_dim_mul(pool, hn_dim_sub(pool, out, hn_dim_const(1)), hn_dim_const(stride));
    hn_dim inside = hn_dim_less(pool, last, hn_dim_add(pool, size, hn_dim_const(w->begin[axis])));
    return hn_dim_select(pool, inside, out, hn_dim_sub(pool, out, hn_dim_const(1)));
}

hone_status hn_window_out(const hn_infer *infer, const hn_window *w, int axis, hn_dim size, hn_dim kernel,
                          hn_dim *out) {
    hn_expr_pool *pool = infer->exprs;
    hn_dim one = hn_dim_const(1), stride = hn_dim_const(w->stride[axis]);
    if (w->auto_pad == HN_PAD_SAME_UPPER || w->auto_pad == HN_PAD_SAME_LOWER) {
        *out = hn_dim_ceil_div(pool, size, stride);
        return HONE_OK;
    }
    hn_dim padded = hn_dim_add(pool, size, hn_dim_const(w->begin[axis] + w->end[axis]));
    hn_dim extent = hn_dim_mul(pool, hn_dim_sub(pool, kernel, one), hn_dim_const(w->dilation[axis]));
    hn_dim slack = hn_dim_sub(pool, padded, hn_dim_add(pool, extent, one));
    if (hn_dim_is_const(slack) && slack.value < 0)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL,
                "kernel of %lld with dilation %lld does not fit spatial axis %d, %lld with padding",
                (long long)kernel.value, (long long)w->dilation[axis], axis, (long long)padded.value);
    bool ceil_mode = w->ceil_mode && w->auto_pad == HN_PAD_EXPLICIT;
    hn_dim steps = ceil_mode ? hn_dim_ceil_div(pool, slack, stride) : hn_dim_floor_div(pool, slack, stride);
    *out = hn_dim_add(pool, steps, one);
    if (ceil_mode) *out = drop_last(pool, w, axis, size, kernel, *out);
    return HONE_OK;
}

void hn_window_resolve(hn_window *w, const int64_t *in, const int64_t *out) {
    if (w->auto_pad != HN_PAD_SAME_UPPER && w->auto_pad != HN_PAD_SAME_LOWER) return;
    for (int i = 0; i < w->n; i++) {
        int64_t total = (out[i] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 - in[i];
        if (total < 0) total = 0;
        w->begin[i] = w->auto_pad == HN_PAD_SAME_UPPER ? total / 2 : total - total / 2;
        w->end[i] = total - w->begin[i];
    }
}

int64_t hn_window_row(const hn_window *w, const int64_t *size, const int64_t *at, const int64_t *kernel_at) {
    int64_t row = 0;
    for (int i = 0; i < w->n - 1; i++) {
        int64_t position = at[i] * w->stride[i] + kernel_at[i] * w->dilation[i] - w->begin[i];
        if (position < 0 || position >= size[i]) return -1;
        row = row * size[i] + position;
    }
    return row;
}

void hn_window_columns(const hn_window *w, int64_t k, int64_t size, int64_t count, int64_t *first, int64_t *last) {
    int64_t stride = w->stride[w->n - 1], offset = k * w->dilation[w->n - 1] - w->begin[w->n - 1];
    int64_t end = offset < size ? (size - offset - 1) / stride + 1 : 0;
    *last = end < count ? end : count;
    *first = offset < 0 ? (stride - 1 - offset) / stride : 0;
    if (*first > *last) *first = *last;
}

void hn_window_kernel(const hn_window *w, int axis, int64_t size, int64_t at, int64_t *first, int64_t *last) {
    int64_t step = w->dilation[axis], before = w->begin[axis] - at * w->stride[axis], reach = size + before;
    *first = before > 0 ? (before - 1) / step + 1 : 0;
    *last = reach > 0 ? (reach - 1) / step + 1 : 0;
    if (*last > w->kernel[axis]) *last = w->kernel[axis];
}

bool hn_window_next(int n, int64_t *at, const int64_t *begin, const int64_t *end) {
    for (int i = n - 1; i >= 0; i--) {
        if (++at[i] < end[i]) return true;
        at[i] = begin ? begin[i] : 0;
    }
    return false;
}
