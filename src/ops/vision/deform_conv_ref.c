/* DeformConv: patches gathered at offset places by linear interpolation, 64 output positions at a time, times the
 * weight; summed in double. */
#include "ops/conv/convolution.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"
#include "ops/vision/sample.h"

typedef struct deformed {
    hn_convolution g;
    const hn_tensor *offset, *mask; /* mask NULL: ones */
    int64_t offset_group, all_channels;
    double *x;      /* one image */
    double *weight; /* group * filters * channels * kernel_count */
    double *panel;  /* channels * kernel_count * HN_PANEL */
    double *sums;   /* filters * HN_PANEL */
} deformed;

/* Element of `t` (offsets or mask) for plane number `plane` of an image and output position `at`. */
static double read_plane(const deformed *d, const hn_tensor *t, int64_t image, int64_t plane, int64_t at) {
    double value;
    hn_panel_load(&value, t, (image * t->dim[1] + plane) * d->g.out_count + at, 1);
    return value;
}

static void split(int64_t index, int n, const int64_t *size, int64_t *out) {
    for (int i = n - 1; i >= 0; i--) {
        out[i] = index % size[i];
        index /= size[i];
    }
}

/* Where kernel element `k` of an offset group lies for output position `at`. */
static void place(const deformed *d, int64_t image, int64_t group, int64_t k, int64_t at, hn_sample *out) {
    const hn_window *w = &d->g.w;
    int64_t kernel_at[HN_MAX_SPATIAL], out_at[HN_MAX_SPATIAL], stride = 1;
    split(k, w->n, w->kernel, kernel_at);
    split(at, w->n, d->g.out, out_at);
    for (int i = w->n - 1; i >= 0; i--) {
        const int64_t plain = out_at[i] * w->stride[i] + kernel_at[i] * w->dilation[i] - w->begin[i];
        const double moved = read_plane(d, d->offset, image, (group * d->g.kernel_count + k) * w->n + i, at);
        hn_sample_linear(out, i, (double)plain + moved, d->g.in[i], stride);
        stride *= d->g.in[i];
    }
}

/* Fills the panel for `n` output positions from `first` on, and the channels of one group. */
static void gather_panel(const deformed *d, int64_t image, int64_t group, int64_t first, int64_t n) {
    const int64_t per_offset = d->all_channels / d->offset_group;
    hn_sample at = {.n = d->g.w.n};
    for (int64_t k = 0; k < d->g.kernel_count; k++)
        for (int64_t j = 0; j < n; j++) {
            int64_t placed = -1;
            double factor = 1;
            for (int64_t c = 0; c < d->g.channels; c++) {
                const int64_t channel = group * d->g.channels + c, offset_group = channel / per_offset;
                if (offset_group != placed) place(d, image, offset_group, k, first + j, &at);
                if (offset_group != placed && d->mask)
                    factor = read_plane(d, d->mask, image, offset_group * d->g.kernel_count + k, first + j);
                placed = offset_group;
                d->panel[(c * d->g.kernel_count + k) * HN_PANEL + j] =
                    factor * hn_sample_read(&at, d->x + channel * d->g.in_count);
            }
        }
}

static void convolve_group(const deformed *d, hn_tensor *y, int64_t image, int64_t group) {
    const int64_t k = d->g.channels * d->g.kernel_count, first_filter = group * d->g.filters;
    for (int64_t at = 0; at < d->g.out_count; at += HN_PANEL) {
        const int64_t n = d->g.out_count - at < HN_PANEL ? d->g.out_count - at : HN_PANEL;
        gather_panel(d, image, group, at, n);
        for (int64_t f = 0; f < d->g.filters; f++)
            for (int j = 0; j < HN_PANEL; j++) d->sums[f * HN_PANEL + j] = d->g.bias ? d->g.bias[first_filter + f] : 0;
        hn_panel_multiply_f64(d->g.filters, k, d->weight + first_filter * k, k, d->panel, d->sums);
        for (int64_t f = 0; f < d->g.filters; f++)
            hn_panel_store(y, (image * y->dim[1] + first_filter + f) * d->g.out_count + at, n, d->sums + f * HN_PANEL);
    }
}

static hone_status prepare(hn_call *call, deformed *d) {
    const hn_tensor *in[3] = {call->in[0], call->in[1], call->n_in > 3 ? call->in[3] : NULL};
    hn_call plain = *call;
    plain.in = in;
    plain.n_in = 3;
    HN_TRY(hn_convolution_read(&plain, false, &d->g));
    d->offset = call->in[2];
    d->mask = call->n_in > 4 ? call->in[4] : NULL;
    d->offset_group = hn_attrs_int(call->attrs, "offset_group", 1);
    d->all_channels = in[0]->dim[1];
    const int64_t rows = hn_panel_count(2, (const int64_t[]){d->g.channels, d->g.kernel_count});
    HN_TRY_ALLOC(d->x = hn_panel_scratch(call, d->all_channels * d->g.in_count));
    HN_TRY_ALLOC(d->weight = hn_panel_load_all(call, in[1]));
    HN_TRY_ALLOC(d->panel = hn_panel_scratch(call, hn_panel_count(2, (const int64_t[]){rows, HN_PANEL})));
    HN_TRY_ALLOC(d->sums = hn_panel_scratch(call, d->g.filters * HN_PANEL));
    return HONE_OK;
}

hone_status hn_ops_ref_deform_conv(hn_call *call) {
    deformed d = {0};
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    HN_TRY(prepare(call, &d));
    const int64_t share = d.all_channels * d.g.in_count;
    for (int64_t image = 0; image < call->in[0]->dim[0]; image++) {
        hn_panel_load(d.x, call->in[0], image * share, share);
        for (int64_t group = 0; group < d.g.group; group++) convolve_group(&d, call->out[0], image, group);
    }
    return HONE_OK;
}
