/* f32_depthwise: convolution with one filter per channel over channels-last tensors. */
#include <string.h>
#include "kernels/cpu/conv/depthwise.h"
#include "kernels/cpu/gemm/gemm_core.h"

#define LINES_MOST        256 /* kernel rows (depth times height) */
#define ELEMENTS_PER_TASK 4e5 /* multiply-adds: about 50 microseconds */

static bool parse(const hn_query *query, hn_conv *conv) {
    return hn_conv_parse(query, conv) && !conv->x_dense && conv->channels == 1 && conv->filters == 1 &&
           conv->kernel[0] <= LINES_MOST && conv->kernel[1] <= LINES_MOST &&
           conv->kernel[0] * conv->kernel[1] <= LINES_MOST;
}

static bool supports(const hn_query *query) {
    hn_conv conv;
    return parse(query, &conv);
}

static hone_status prepare(const hn_query *query, void *config, hn_diag *diag) {
    hn_conv conv;
    if (!parse(query, &conv)) HN_FAIL(diag, HONE_INTERNAL, "f32_depthwise was given a query that it does not support");
    memcpy(config, &conv, sizeof conv);
    return HONE_OK;
}

static double cost(const hn_query *query) {
    hn_conv conv;
    double rows, bytes;
    if (!parse(query, &conv)) return 1;
    hn_conv_sizes(query, &conv, &rows, &bytes);
    return hn_gemm_seconds(3 * rows * conv.group * (double)hn_conv_taps(&conv), bytes);
}

static size_t rounded(const hn_conv *conv) { return hn_panel_count((size_t)conv->group) * HN_PANEL; }

static size_t packed_size(const hn_query *query, const void *config, int val) {
    (void)query;
    const hn_conv *conv = config;
    return val == conv->w ? rounded(conv) * (size_t)hn_conv_taps(conv) * sizeof(float) : 0;
}

/* (channel, 1, position...) to [position][channel], zero beyond the last channel. */
static void pack(const hn_query *query, const void *config, int val, const hn_tensor *from, void *to) {
    (void)query, (void)val;
    const hn_conv *conv = config;
    float *packed = to;
    for (int64_t tap = 0; tap < hn_conv_taps(conv); tap++, packed += rounded(conv)) {
        memset(packed, 0, rounded(conv) * sizeof(float));
        for (int64_t c = 0; c < conv->group; c++) packed[c] = ((const float *)from->data)[c * from->stride[0] + tap];
    }
}

static int64_t lines_of(const hn_conv *conv, const hn_args *args) {
    const hn_tensor *y = &args->val[conv->epilogue.out];
    int64_t lines = y->dim[0];
    for (int i = 2; i < y->rank - 1; i++) lines *= y->dim[i];
    return lines;
}

static int tasks(const hn_args *args, int phase) {
    (void)phase;
    const hn_conv *conv = args->config;
    const hn_tensor *y = &args->val[conv->epilogue.out];
    int64_t lines = lines_of(conv, args);
    int threads = args->query->threads;
    double work = (double)lines * (double)y->dim[y->rank - 1] * conv->group * (double)hn_conv_taps(conv);
    double parts = work / ELEMENTS_PER_TASK;
    if (threads <= 1 || parts < 2 || lines < 2) return 1;
    int most = lines < 4 * threads ? (int)lines : 4 * threads;
    return parts < most ? (int)parts : most;
}

/* The output line `line` of the call. */
static void run_line(hn_depthwise *d, hn_depthwise_fn *body, const float *x, const float *weights, int64_t line) {
    const hn_conv *conv = d->conv;
    const hn_conv_extent *e = d->extent;
    const float *lines[LINES_MOST], *line_weights[LINES_MOST];
    hn_conv_line at = hn_conv_line_of(e, line * e->out[2]);
    d->lines = 0;
    for (int kz = 0; kz < conv->kernel[0]; kz++) {
        int64_t z = at.at[0] * conv->stride[0] - e->pad[0] + (int64_t)kz * conv->dilation[0];
        for (int ky = 0; ky < conv->kernel[1]; ky++) {
            int64_t y = at.at[1] * conv->stride[1] - e->pad[1] + (int64_t)ky * conv->dilation[1];
            if (z < 0 || z >= e->in[0] || y < 0 || y >= e->in[1]) continue;
            lines[d->lines] = x + at.batch * e->x_batch + z * e->x_axis[0] + y * e->x_axis[1];
            line_weights[d->lines++] =
                weights + ((size_t)kz * (size_t)conv->kernel[1] + (size_t)ky) * (size_t)conv->kernel[2] * rounded(conv);
        }
    }
    d->line = lines;
    d->weights = line_weights;
    d->offset = (size_t)(line * e->out[2]) * (size_t)conv->group;
    body(d);
}

static hone_status run(const hn_args *args, hn_depthwise_fn *body) {
    const hn_conv *conv = args->config;
    hn_conv_extent extent;
    hn_epilogue_run epilogue;
    HN_TRY(hn_conv_extent_of(conv, args, &extent));
    const float *bias = conv->bias >= 0 ? args->val[conv->bias].data : NULL;
    HN_TRY(hn_epilogue_bind(&conv->epilogue, args, bias, &epilogue));
    hn_depthwise d = {
        .conv = conv, .extent = &extent, .epilogue = &epilogue, .out = args->val[conv->epilogue.out].data};
    int64_t line, end;
    hn_gemm_part(lines_of(conv, args), 1, tasks(args, 0), args->task, &line, &end);
    if (extent.rows == 0) return HONE_OK;
    for (; line < end; line++) run_line(&d, body, args->val[conv->x].data, args->packed[conv->w], line);
    return HONE_OK;
}

static hone_status run_generic(const hn_args *args) { return run(args, hn_depthwise_line_generic); }
#if defined(__x86_64__)
static hone_status run_avx2(const hn_args *args) { return run(args, hn_depthwise_line_avx2); }
static hone_status run_avx512(const hn_args *args) { return run(args, hn_depthwise_line_avx512); }
#endif

static const hn_kernel_body bodies[] = {
#if defined(__x86_64__)
    {HN_CPU_AVX512 | HN_CPU_AVX2, run_avx512},
    {HN_CPU_AVX2, run_avx2},
#endif
    {0, run_generic},
};

const hn_kernel hn_kernel_f32_depthwise = {
    .name = "f32_depthwise",
    .version = 1,
    .supports = supports,
    .cost = cost,
    .prepare = prepare,
    .packed_size = packed_size,
    .pack = pack,
    .tasks = tasks,
    .body = bodies,
    .n_body = HN_KERNEL_BODY_COUNT(bodies),
};
