/* f32_depthwise: convolution with one filter per channel over channels-last tensors. */
#include <string.h>
#include "kernels/cpu/conv/conv_table.h"
#include "kernels/cpu/conv/depthwise.h"
#include "kernels/cpu/gemm/gemm_core.h"

#define TAPS_MOST         4096
#define TABLE_ENTRIES     8192 /* row pointers of one block */
#define ROWS_MOST         192
#define ELEMENTS_PER_TASK 4e5 /* multiply-adds: about 50 microseconds */

static bool parse(const hn_query *query, hn_conv *conv) {
    return hn_conv_parse(query, conv) && !conv->x_dense && conv->channels == 1 && conv->filters == 1 &&
           hn_conv_taps(conv) <= TAPS_MOST;
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

static int64_t rows_of(const hn_conv *conv, const hn_args *args) {
    const hn_tensor *y = &args->val[conv->epilogue.out];
    int64_t rows = y->dim[0];
    for (int i = 2; i < y->rank; i++) rows *= y->dim[i];
    return rows;
}

static int tasks(const hn_args *args, int phase) {
    (void)phase;
    const hn_conv *conv = args->config;
    int64_t rows = rows_of(conv, args);
    int threads = args->query->threads;
    double parts = (double)rows * conv->group * (double)hn_conv_taps(conv) / ELEMENTS_PER_TASK;
    if (threads <= 1 || parts < 2 || rows < 2) return 1;
    int most = rows < 4 * threads ? (int)rows : 4 * threads;
    return parts < most ? (int)parts : most;
}

static int block_of(const hn_conv *conv) {
    int64_t rows = TABLE_ENTRIES / hn_conv_taps(conv);
    return rows < 1 ? 1 : rows > ROWS_MOST ? ROWS_MOST : (int)rows;
}

/* Worker scratch: a row of zeros, then the pointers of a block. */
static size_t zero_bytes(const hn_conv *conv) { return rounded(conv) * sizeof(float); }

static void workspace(const hn_args *args, size_t *shared, size_t *per_worker) {
    const hn_conv *conv = args->config;
    *shared = 0;
    *per_worker = zero_bytes(conv) + (size_t)block_of(conv) * (size_t)hn_conv_taps(conv) * sizeof(float *);
}

static hone_status run(const hn_args *args, hn_depthwise_fn *body) {
    const hn_conv *conv = args->config;
    hn_conv_extent extent;
    hn_epilogue_run epilogue;
    HN_TRY(hn_conv_extent_of(conv, args, &extent));
    const float *bias = conv->bias >= 0 ? args->val[conv->bias].data : NULL;
    HN_TRY(hn_epilogue_bind(&conv->epilogue, args, bias, &epilogue));
    char *scratch = args->worker;
    memset(scratch, 0, zero_bytes(conv));
    hn_conv_table table = {.conv = conv,
                           .extent = &extent,
                           .x = args->val[conv->x].data,
                           .stride = block_of(conv),
                           .zeros = (const float *)scratch,
                           .row = (const float **)(scratch + zero_bytes(conv))};
    hn_depthwise d = {.row = table.row,
                      .row_stride = table.stride,
                      .taps = (int)hn_conv_taps(conv),
                      .channels = (size_t)conv->group,
                      .weights = args->packed[conv->w],
                      .out = args->val[conv->epilogue.out].data,
                      .epilogue = &epilogue};
    int64_t row, end;
    hn_gemm_part(extent.rows, 1, tasks(args, 0), args->task, &row, &end);
    for (; row < end; row += d.rows) {
        d.rows = (int)(end - row < table.stride ? end - row : table.stride);
        d.offset = (size_t)row * d.channels;
        hn_conv_table_fill(&table, row, d.rows);
        body(&d);
    }
    return HONE_OK;
}

static hone_status run_generic(const hn_args *args) { return run(args, hn_depthwise_run_generic); }
#if defined(__x86_64__)
static hone_status run_avx2(const hn_args *args) { return run(args, hn_depthwise_run_avx2); }
static hone_status run_avx512(const hn_args *args) { return run(args, hn_depthwise_run_avx512); }
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
    .workspace = workspace,
    .tasks = tasks,
    .body = bodies,
    .n_body = HN_KERNEL_BODY_COUNT(bodies),
};
