/* Conv: columns of input patches, 64 output positions at a time, times the weight; summed in double, rounded once. */
#include <string.h>
#include "ops/conv/window.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

typedef struct convolution {
    hn_window w;
    int64_t in[HN_MAX_SPATIAL], out[HN_MAX_SPATIAL]; /* spatial sizes */
    int64_t in_count, out_count, kernel_count;       /* elements of a channel, of a filter's channel */
    int64_t group, channels, filters;                /* channels and filters of one group */
    double *x;                                       /* channels * in_count: one image's share of a group */
    double *weight;                                  /* group * filters * channels * kernel_count */
    double *bias;                                    /* group * filters */
    double *panel;                                   /* channels * kernel_count * HN_PANEL: patches */
    double *sums;                                    /* filters * HN_PANEL */
} convolution;

/* Where an output row's stretch of positions goes: columns [from, from + n) of row `at`, written at panel column `to`.
 */
typedef struct stretch {
    int64_t at[HN_MAX_SPATIAL];
    int64_t from, n, to;
} stretch;

/* The input under kernel column k of one row, for all channels; -1 as `row` stands for padding. */
static void gather_columns(const convolution *c, const stretch *s, int64_t row, int64_t k, int64_t kernel_index) {
    int last_axis = c->w.n - 1;
    int64_t width = c->in[last_axis], stride = c->w.stride[last_axis], first = 0, last = 0;
    if (row >= 0) hn_window_columns(&c->w, k, width, s->from + s->n, &first, &last);
    if (first < s->from) first = s->from;
    if (last < first) last = first;
    for (int64_t channel = 0; channel < c->channels; channel++) {
        double *to = c->panel + (channel * c->kernel_count + kernel_index) * HN_PANEL + s->to - s->from;
        for (int64_t i = s->from; i < first && i < s->from + s->n; i++) to[i] = 0;
        if (last > first) {
            int64_t start = first * stride + k * c->w.dilation[last_axis] - c->w.begin[last_axis];
            const double *from = c->x + channel * c->in_count + row * width + start;
            for (int64_t i = first; i < last; i++, from += stride) to[i] = *from;
        }
        for (int64_t i = last; i < s->from + s->n; i++) to[i] = 0;
    }
}

static void gather_stretch(const convolution *c, const stretch *s) {
    int64_t kernel_at[HN_MAX_SPATIAL] = {0}, index = 0;
    do {
        int64_t row = hn_window_row(&c->w, c->in, s->at, kernel_at);
        for (int64_t k = 0; k < c->w.kernel[c->w.n - 1]; k++) gather_columns(c, s, row, k, index++);
    } while (hn_window_next(c->w.n - 1, kernel_at, c->w.kernel));
}

/* Fills the panel for output positions [first, first + n). */
static void gather_panel(const convolution *c, int64_t first, int64_t n) {
    int last_axis = c->w.n - 1;
    int64_t width = c->out[last_axis];
    for (int64_t done = 0; done < n;) {
        int64_t row = (first + done) / width, left = n - done;
        stretch s = {.from = (first + done) % width, .to = done};
        s.n = width - s.from < left ? width - s.from : left;
        for (int i = last_axis - 1; i >= 0; i--) {
            s.at[i] = row % c->out[i];
            row /= c->out[i];
        }
        gather_stretch(c, &s);
        done += s.n;
    }
}

static void convolve_group(const convolution *c, hn_tensor *y, int64_t image, int64_t group) {
    int64_t k = c->channels * c->kernel_count, first_filter = group * c->filters;
    int64_t plane = image * c->group * c->filters + first_filter;
    for (int64_t at = 0; at < c->out_count; at += HN_PANEL) {
        int64_t n = c->out_count - at < HN_PANEL ? c->out_count - at : HN_PANEL;
        gather_panel(c, at, n);
        for (int64_t f = 0; f < c->filters; f++)
            for (int j = 0; j < HN_PANEL; j++) c->sums[f * HN_PANEL + j] = c->bias ? c->bias[first_filter + f] : 0;
        hn_panel_multiply_f64(c->filters, k, c->weight + first_filter * k, k, c->panel, c->sums);
        for (int64_t f = 0; f < c->filters; f++)
            hn_panel_store(y, (plane + f) * c->out_count + at, n, c->sums + f * HN_PANEL);
    }
}

static hone_status prepare(convolution *c, hn_call *call) {
    const hn_tensor *x = call->in[0], *weight = call->in[1], *y = call->out[0];
    HN_TRY(hn_window_read(call->attrs, x->rank - 2, &c->w, call->diag));
    for (int i = 0; i < c->w.n; i++) {
        c->w.kernel[i] = weight->dim[i + 2];
        c->in[i] = x->dim[i + 2];
        c->out[i] = y->dim[i + 2];
    }
    hn_window_resolve(&c->w, c->in, c->out);
    c->group = hn_attrs_int(call->attrs, "group", 1);
    c->channels = weight->dim[1];
    c->filters = weight->dim[0] / c->group;
    c->kernel_count = hn_window_count(c->w.n, c->w.kernel);
    c->in_count = hn_window_count(c->w.n, c->in);
    c->out_count = hn_window_count(c->w.n, c->out);
    HN_TRY_ALLOC(c->x = hn_panel_scratch(call, c->channels * c->in_count));
    HN_TRY_ALLOC(c->weight = hn_panel_load_all(call, weight));
    HN_TRY_ALLOC(c->panel = hn_panel_scratch(call, c->channels * c->kernel_count * HN_PANEL));
    HN_TRY_ALLOC(c->sums = hn_panel_scratch(call, c->filters * HN_PANEL));
    if (call->n_in > 2 && call->in[2]) HN_TRY_ALLOC(c->bias = hn_panel_load_all(call, call->in[2]));
    return HONE_OK;
}

hone_status hn_ops_ref_conv(hn_call *call) {
    const hn_tensor *x = call->in[0];
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    convolution c = {0};
    HN_TRY(prepare(&c, call));
    int64_t share = c.channels * c.in_count;
    for (int64_t image = 0; image < x->dim[0]; image++) {
        for (int64_t group = 0; group < c.group; group++) {
            hn_panel_load(c.x, x, (image * c.group + group) * share, share);
            convolve_group(&c, call->out[0], image, group);
        }
    }
    return HONE_OK;
}
