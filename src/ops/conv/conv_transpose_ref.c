/* ConvTranspose: the transposed weight times 64 input positions at a time, scattered into the output in double. */
#include <string.h>
#include "ops/conv/convolution.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

typedef struct convolution {
    hn_convolution g;
    double *x;      /* channels * in_count */
    double *weight; /* group * (filters * kernel_count) * channels: transposed in each group */
    double *panel;  /* channels * HN_PANEL */
    double *sums;   /* filters * kernel_count * HN_PANEL */
    double *y;      /* filters * out_count */
} convolution;

/* weight[channel][filter][k] to weight[filter][k][channel], group by group */
static void transpose_weight(const convolution *c, const double *from) {
    int64_t rows = c->g.filters * c->g.kernel_count;
    for (int64_t group = 0; group < c->g.group; group++) {
        double *to = c->weight + group * rows * c->g.channels;
        for (int64_t channel = 0; channel < c->g.channels; channel++)
            for (int64_t row = 0; row < rows; row++) to[row * c->g.channels + channel] = *from++;
    }
}

/* Adds the sums of one filter and kernel column for the positions [first, first + n), which lie in one input row. */
static void scatter_columns(const convolution *c, const double *sums, int64_t first, int64_t n, int64_t k, double *y) {
    int last_axis = c->g.w.n - 1;
    int64_t begin, end, offset = k * c->g.w.dilation[last_axis] - c->g.w.begin[last_axis];
    hn_window_columns(&c->g.w, k, c->g.out[last_axis], first + n, &begin, &end);
    if (begin < first) begin = first;
    for (int64_t i = begin; i < end; i++) y[i * c->g.w.stride[last_axis] + offset] += sums[i - first];
}

/* Adds `n` columns of the sums, from column `from`, that belong to input row `at` from its column `first` on. */
static void scatter_row(const convolution *c, const int64_t *at, int64_t first, int64_t n, int64_t from) {
    int last_axis = c->g.w.n - 1;
    int64_t kernel_at[HN_MAX_SPATIAL] = {0}, index = 0, width = c->g.w.kernel[last_axis];
    do {
        int64_t row = hn_window_row(&c->g.w, c->g.out, at, kernel_at);
        for (int64_t f = 0; f < c->g.filters && row >= 0; f++) {
            const double *sums = c->sums + (f * c->g.kernel_count + index) * HN_PANEL + from;
            double *y = c->y + f * c->g.out_count + row * c->g.out[last_axis];
            for (int64_t k = 0; k < width; k++) scatter_columns(c, sums + k * HN_PANEL, first, n, k, y);
        }
        index += width;
    } while (hn_window_next(last_axis, kernel_at, NULL, c->g.w.kernel));
}

static void scatter_panel(const convolution *c, int64_t first, int64_t n) {
    int last_axis = c->g.w.n - 1;
    int64_t width = c->g.in[last_axis];
    for (int64_t done = 0; done < n;) {
        int64_t at[HN_MAX_SPATIAL], row = (first + done) / width, column = (first + done) % width;
        int64_t step = width - column < n - done ? width - column : n - done;
        for (int i = last_axis - 1; i >= 0; i--) {
            at[i] = row % c->g.in[i];
            row /= c->g.in[i];
        }
        scatter_row(c, at, column, step, done);
        done += step;
    }
}

static void convolve_group(const convolution *c, int64_t group) {
    int64_t rows = c->g.filters * c->g.kernel_count;
    for (int64_t f = 0; f < c->g.filters; f++)
        for (int64_t i = 0; i < c->g.out_count; i++)
            c->y[f * c->g.out_count + i] = c->g.bias ? c->g.bias[group * c->g.filters + f] : 0;
    for (int64_t at = 0; at < c->g.in_count && c->g.channels > 0; at += HN_PANEL) {
        int64_t n = c->g.in_count - at < HN_PANEL ? c->g.in_count - at : HN_PANEL;
        for (int64_t channel = 0; channel < c->g.channels; channel++)
            memcpy(c->panel + channel * HN_PANEL, c->x + channel * c->g.in_count + at, (size_t)n * sizeof(double));
        memset(c->sums, 0, (size_t)(rows * HN_PANEL) * sizeof(double));
        hn_panel_multiply_f64(rows, c->g.channels, c->weight + group * rows * c->g.channels, c->g.channels, c->panel,
                              c->sums);
        scatter_panel(c, at, n);
    }
}

static hone_status prepare(convolution *c, hn_call *call) {
    double *weight;
    HN_TRY(hn_convolution_read(call, true, &c->g));
    HN_TRY_ALLOC(weight = hn_panel_load_all(call, call->in[1]));
    HN_TRY_ALLOC(c->weight = hn_panel_scratch(call, hn_tensor_count(call->in[1])));
    HN_TRY_ALLOC(c->x = hn_panel_scratch(call, c->g.channels * c->g.in_count));
    HN_TRY_ALLOC(c->panel = hn_panel_scratch(call, c->g.channels * HN_PANEL));
    HN_TRY_ALLOC(c->sums =
                     hn_panel_scratch(call, hn_panel_count(3, (int64_t[]){c->g.filters, c->g.kernel_count, HN_PANEL})));
    HN_TRY_ALLOC(c->y = hn_panel_scratch(call, c->g.filters * c->g.out_count));
    transpose_weight(c, weight);
    return HONE_OK;
}

hone_status hn_ops_ref_conv_transpose(hn_call *call) {
    const hn_tensor *x = call->in[0];
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    convolution c = {0};
    HN_TRY(prepare(&c, call));
    int64_t share = c.g.channels * c.g.in_count, result = c.g.filters * c.g.out_count;
    for (int64_t image = 0; image < x->dim[0]; image++) {
        for (int64_t group = 0; group < c.g.group; group++) {
            int64_t at = image * c.g.group + group;
            hn_panel_load(c.x, x, at * share, share);
            convolve_group(&c, group);
            hn_panel_store(call->out[0], at * result, result, c.y);
        }
    }
    return HONE_OK;
}
