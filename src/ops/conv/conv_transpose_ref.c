/* ConvTranspose: the transposed weight times 64 input positions at a time, scattered into the output in double. */
#include <string.h>
#include "ops/conv/window.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

typedef struct convolution {
    hn_window w;
    int64_t in[HN_MAX_SPATIAL], out[HN_MAX_SPATIAL];
    int64_t in_count, out_count, kernel_count;
    int64_t group, channels, filters; /* channels and filters of one group */
    double *x;                        /* channels * in_count */
    double *weight;                   /* group * (filters * kernel_count) * channels: transposed in each group */
    double *bias;                     /* group * filters */
    double *panel;                    /* channels * HN_PANEL */
    double *sums;                     /* filters * kernel_count * HN_PANEL */
    double *y;                        /* filters * out_count */
} convolution;

/* Padding that is not given follows from the output's size. */
static hone_status resolve_padding(convolution *c, const hn_call *call) {
    int64_t extra[HN_MAX_SPATIAL];
    HN_TRY(hn_attrs_ints_exact(call->attrs, "output_padding", c->w.n, 0, extra, call->diag));
    bool same = c->w.auto_pad == HN_PAD_SAME_UPPER || c->w.auto_pad == HN_PAD_SAME_LOWER;
    if (!same && !hn_attrs_find(call->attrs, "output_shape")) return HONE_OK;
    for (int i = 0; i < c->w.n; i++) {
        int64_t full = c->w.stride[i] * (c->in[i] - 1) + extra[i] + (c->w.kernel[i] - 1) * c->w.dilation[i] + 1;
        int64_t total = full > c->out[i] ? full - c->out[i] : 0;
        c->w.begin[i] = c->w.auto_pad == HN_PAD_SAME_UPPER ? total / 2 : total - total / 2;
    }
    return HONE_OK;
}

/* weight[channel][filter][k] to weight[filter][k][channel], group by group */
static void transpose_weight(const convolution *c, const double *from) {
    int64_t rows = c->filters * c->kernel_count;
    for (int64_t group = 0; group < c->group; group++) {
        double *to = c->weight + group * rows * c->channels;
        for (int64_t channel = 0; channel < c->channels; channel++)
            for (int64_t row = 0; row < rows; row++) to[row * c->channels + channel] = *from++;
    }
}

/* Adds the sums of one filter and kernel column for the positions [first, first + n), which lie in one input row. */
static void scatter_columns(const convolution *c, const double *sums, int64_t first, int64_t n, int64_t k, double *y) {
    int last_axis = c->w.n - 1;
    int64_t begin, end, offset = k * c->w.dilation[last_axis] - c->w.begin[last_axis];
    hn_window_columns(&c->w, k, c->out[last_axis], first + n, &begin, &end);
    if (begin < first) begin = first;
    for (int64_t i = begin; i < end; i++) y[i * c->w.stride[last_axis] + offset] += sums[i - first];
}

/* Adds `n` columns of the sums, from column `from`, that belong to input row `at` from its column `first` on. */
static void scatter_row(const convolution *c, const int64_t *at, int64_t first, int64_t n, int64_t from) {
    int last_axis = c->w.n - 1;
    int64_t kernel_at[HN_MAX_SPATIAL] = {0}, index = 0, width = c->w.kernel[last_axis];
    do {
        int64_t row = hn_window_row(&c->w, c->out, at, kernel_at);
        for (int64_t f = 0; f < c->filters && row >= 0; f++) {
            const double *sums = c->sums + (f * c->kernel_count + index) * HN_PANEL + from;
            double *y = c->y + f * c->out_count + row * c->out[last_axis];
            for (int64_t k = 0; k < width; k++) scatter_columns(c, sums + k * HN_PANEL, first, n, k, y);
        }
        index += width;
    } while (hn_window_next(last_axis, kernel_at, c->w.kernel));
}

static void scatter_panel(const convolution *c, int64_t first, int64_t n) {
    int last_axis = c->w.n - 1;
    int64_t width = c->in[last_axis];
    for (int64_t done = 0; done < n;) {
        int64_t at[HN_MAX_SPATIAL], row = (first + done) / width, column = (first + done) % width;
        int64_t step = width - column < n - done ? width - column : n - done;
        for (int i = last_axis - 1; i >= 0; i--) {
            at[i] = row % c->in[i];
            row /= c->in[i];
        }
        scatter_row(c, at, column, step, done);
        done += step;
    }
}

static void convolve_group(const convolution *c, int64_t group) {
    int64_t rows = c->filters * c->kernel_count;
    for (int64_t f = 0; f < c->filters; f++)
        for (int64_t i = 0; i < c->out_count; i++)
            c->y[f * c->out_count + i] = c->bias ? c->bias[group * c->filters + f] : 0;
    for (int64_t at = 0; at < c->in_count; at += HN_PANEL) {
        int64_t n = c->in_count - at < HN_PANEL ? c->in_count - at : HN_PANEL;
        for (int64_t channel = 0; channel < c->channels; channel++)
            memcpy(c->panel + channel * HN_PANEL, c->x + channel * c->in_count + at, (size_t)n * sizeof(double));
        memset(c->sums, 0, (size_t)(rows * HN_PANEL) * sizeof(double));
        hn_panel_multiply_f64(rows, c->channels, c->weight + group * rows * c->channels, c->channels, c->panel,
                              c->sums);
        scatter_panel(c, at, n);
    }
}

static hone_status allocate(convolution *c, hn_call *call) {
    double *weight;
    HN_TRY_ALLOC(weight = hn_panel_load_all(call, call->in[1]));
    HN_TRY_ALLOC(c->weight = hn_panel_scratch(call, hn_tensor_count(call->in[1])));
    HN_TRY_ALLOC(c->x = hn_panel_scratch(call, c->channels * c->in_count));
    HN_TRY_ALLOC(c->panel = hn_panel_scratch(call, c->channels * HN_PANEL));
    HN_TRY_ALLOC(c->sums = hn_panel_scratch(call, c->filters * c->kernel_count * HN_PANEL));
    HN_TRY_ALLOC(c->y = hn_panel_scratch(call, c->filters * c->out_count));
    if (call->n_in > 2 && call->in[2]) HN_TRY_ALLOC(c->bias = hn_panel_load_all(call, call->in[2]));
    transpose_weight(c, weight);
    return HONE_OK;
}

static hone_status prepare(convolution *c, hn_call *call) {
    const hn_tensor *x = call->in[0], *weight = call->in[1], *y = call->out[0];
    HN_TRY(hn_window_read(call->attrs, x->rank - 2, &c->w, call->diag));
    for (int i = 0; i < c->w.n; i++) {
        c->w.kernel[i] = weight->dim[i + 2];
        c->in[i] = x->dim[i + 2];
        c->out[i] = y->dim[i + 2];
    }
    HN_TRY(resolve_padding(c, call));
    c->group = hn_attrs_int(call->attrs, "group", 1);
    c->channels = weight->dim[0] / c->group;
    c->filters = weight->dim[1];
    c->kernel_count = hn_window_count(c->w.n, c->w.kernel);
    c->in_count = hn_window_count(c->w.n, c->in);
    c->out_count = hn_window_count(c->w.n, c->out);
    return allocate(c, call);
}

hone_status hn_ops_ref_conv_transpose(hn_call *call) {
    const hn_tensor *x = call->in[0];
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    convolution c = {0};
    HN_TRY(prepare(&c, call));
    int64_t share = c.channels * c.in_count, result = c.filters * c.out_count;
    for (int64_t image = 0; image < x->dim[0]; image++) {
        for (int64_t group = 0; group < c.group; group++) {
            int64_t at = image * c.group + group;
            hn_panel_load(c.x, x, at * share, share);
            convolve_group(&c, group);
            hn_panel_store(call->out[0], at * result, result, c.y);
        }
    }
    return HONE_OK;
}
