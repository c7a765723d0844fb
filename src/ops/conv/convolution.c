/* Sizes of a convolution that its two references share. */
#include "ops/conv/convolution.h"
#include "ops/matmul/panel.h"

/* Extent of the output on axis i before padding is taken away; false when it does not fit 64 bits. */
static bool full_extent(const hn_convolution *c, int i, int64_t extra, int64_t *full) {
    int64_t kernel;
    return !__builtin_mul_overflow(c->w.stride[i], c->in[i] - 1, full) &&
           !__builtin_mul_overflow(c->w.kernel[i] - 1, c->w.dilation[i], &kernel) &&
           !__builtin_add_overflow(*full, kernel, full) && !__builtin_add_overflow(*full, extra + 1, full);
}

/* Of ConvTranspose, padding that is not given follows from the output's size. */
static hone_status resolve_transposed(const hn_call *call, hn_convolution *c) {
    int64_t extra[HN_MAX_SPATIAL];
    HN_TRY(hn_attrs_ints_exact(call->attrs, "output_padding", c->w.n, 0, extra, call->diag));
    bool same = c->w.auto_pad == HN_PAD_SAME_UPPER || c->w.auto_pad == HN_PAD_SAME_LOWER;
    if (!same && !hn_attrs_find(call->attrs, "output_shape")) return HONE_OK;
    for (int i = 0; i < c->w.n; i++) {
        int64_t full, total;
        if (!full_extent(c, i, extra[i], &full))
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "spatial axis %d of %lld is too large", i, (long long)c->in[i]);
        total = full > c->out[i] ? full - c->out[i] : 0;
        c->w.begin[i] = c->w.auto_pad == HN_PAD_SAME_UPPER ? total / 2 : total - total / 2;
        c->w.end[i] = total - c->w.begin[i];
    }
    return HONE_OK;
}

hone_status hn_convolution_read(hn_call *call, bool transposed, hn_convolution *out) {
    const hn_tensor *x = call->in[0], *weight = call->in[1], *y = call->out[0];
    *out = (hn_convolution){0};
    HN_TRY(hn_window_read(call->attrs, x->rank - 2, &out->w, call->diag));
    for (int i = 0; i < out->w.n; i++) {
        out->w.kernel[i] = weight->dim[i + 2];
        out->in[i] = x->dim[i + 2];
        out->out[i] = y->dim[i + 2];
    }
    if (transposed) HN_TRY(resolve_transposed(call, out));
    else hn_window_resolve(&out->w, out->in, out->out);
    out->group = hn_attrs_int(call->attrs, "group", 1);
    out->channels = transposed ? weight->dim[0] / out->group : weight->dim[1];
    out->filters = transposed ? weight->dim[1] : weight->dim[0] / out->group;
    out->kernel_count = hn_panel_count(out->w.n, out->w.kernel);
    out->in_count = hn_panel_count(out->w.n, out->in);
    out->out_count = hn_panel_count(out->w.n, out->out);
    if (out->in_count < 0 || out->kernel_count < 0)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "the convolution has too many elements");
    if (call->n_in > 2 && call->in[2]) HN_TRY_ALLOC(out->bias = hn_panel_load_all(call, call->in[2]));
    return HONE_OK;
}
