/* Conv: columns of input patches, 64 output positions at a time, times the weight; summed in double, rounded once. */
#include "ops/conv/convolution.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

typedef struct convolution {
    hn_convolution g;
    double *x;      /* channels * in_count: one image's share of a group */
    double *weight; /* group * filters * channels * kernel_count */
    double *panel;  /* channels * kernel_count * HN_PANEL: patches */
    double *sums;   /* filters * HN_PANEL */
} convolution;

/* Where an output row's stretch of positions goes: columns [from, from + n) of row `at`, written at panel column `to`.
 */
typedef struct stretch {
    int64_t at[HN_MAX_SPATIAL];
    int64_t from, n, to;
} stretch;

/* The input under kernel column k of one row, for all channels; -1 as `row` stands for padding. */
static void gather_columns(const convolution *c, const stretch *s, int64_t row, int64_t k, int64_t kernel_index) {
    int last_axis = c->g.w.n - 1;
    int64_t width = c->g.in[last_axis], stride = c->g.w.stride[last_axis], first = 0, last = 0;
    if (row >= 0) hn_window_columns(&c->g.w, k, width, s->from + s->n, &first, &last);
    if (first < s->from) first = s->from;
    if (last < first) last = first;
    for (int64_t channel = 0; channel < c->g.channels; channel++) {
        double *to = c->panel + (channel * c->g.kernel_count + kernel_index) * HN_PANEL + s->to - s->from;
        for (int64_t i = s->from; i < first && i < s->from + s->n; i++) to[i] = 0;
        if (last > first) {
            int64_t start = first * stride + k * c->g.w.dilation[last_axis] - c->g.w.begin[last_axis];
            const double *from = c->x + channel * c->g.in_count + row * width + start;
            for (int64_t i = first; i < last; i++, from += stride) to[i] = *from;
        }
        for (int64_t i = last; i < s->from + s->n; i++) to[i] = 0;
    }
}

static void gather_stretch(const convolution *c, const stretch *s) {
    int64_t kernel_at[HN_MAX_SPATIAL] = {0}, index = 0;
    do {
        int64_t row = hn_window_row(&c->g.w, c->g.in, s->at, kernel_at);
        for (int64_t k = 0; k < c->g.w.kernel[c->g.w.n - 1]; k++) gather_columns(c, s, row, k, index++);
    } while (hn_window_next(c->g.w.n - 1, kernel_at, NULL, c->g.w.kernel));
}

/* Fills the panel for output positions [first, first + n). */
static void gather_panel(const convolution *c, int64_t first, int64_t n) {
    int last_axis = c->g.w.n - 1;
    int64_t width = c->g.out[last_axis];
    for (int64_t done = 0; done < n;) {
        int64_t row = (first + done) / width, left = n - done;
        stretch s = {.from = (first + done) % width, .to = done};
        s.n = width - s.from < left ? width - s.from : left;
        for (int i = last_axis - 1; i >= 0; i--) {
            s.at[i] = row % c->g.out[i];
            row /= c->g.out[i];
        }
        gather_stretch(c, &s);
        done += s.n;
    }
}

static void convolve_group(const convolution *c, hn_tensor *y, int64_t image, int64_t group) {
    int64_t k = c->g.channels * c->g.kernel_count, first_filter = group * c->g.filters;
    int64_t plane = image * c->g.group * c->g.filters + first_filter;
    for (int64_t at = 0; at < c->g.out_count; at += HN_PANEL) {
        int64_t n = c->g.out_count - at < HN_PANEL ? c->g.out_count - at : HN_PANEL;
        if (k > 0) gather_panel(c, at, n);
        for (int64_t f = 0; f < c->g.filters; f++)
            for (int j = 0; j < HN_PANEL; j++) c->sums[f * HN_PANEL + j] = c->g.bias ? c->g.bias[first_filter + f] : 0;
        hn_panel_multiply_f64(c->g.filters, k, c->weight + first_filter * k, k, c->panel, c->sums);
        for (int64_t f = 0; f < c->g.filters; f++)
            hn_panel_store(y, (plane + f) * c->g.out_count + at, n, c->sums + f * HN_PANEL);
    }
}

static hone_status prepare(convolution *c, hn_call *call) {
    HN_TRY(hn_convolution_read(call, false, &c->g));
    HN_TRY_ALLOC(c->x = hn_panel_scratch(call, c->g.channels * c->g.in_count));
    HN_TRY_ALLOC(c->weight = hn_panel_load_all(call, call->in[1]));
    HN_TRY_ALLOC(
        c->panel = hn_panel_scratch(call, hn_panel_count(2, (int64_t[]){c->g.channels * c->g.kernel_count, HN_PANEL})));
    HN_TRY_ALLOC(c->sums = hn_panel_scratch(call, c->g.filters * HN_PANEL));
    return HONE_OK;
}

hone_status hn_ops_ref_conv(hn_call *call) {
    const hn_tensor *x = call->in[0];
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    convolution c = {0};
    HN_TRY(prepare(&c, call));
    int64_t share = c.g.channels * c.g.in_count;
    for (int64_t image = 0; image < x->dim[0]; image++) {
        for (int64_t group = 0; group < c.g.group; group++) {
            hn_panel_load(c.x, x, (image * c.g.group + group) * share, share);
            convolve_group(&c, call->out[0], image, group);
        }
    }
    return HONE_OK;
}
