/* f32_conv: convolution over channels-last tensors as an implicit GEMM. For each kernel position the core gets a
 * pointer to every output row's pixel (a row of zeros in the padding); with very few channels the pixels are gathered
 * first. */
#include <string.h>
#include "kernels/cpu/conv/conv_gather.h"
#include "kernels/cpu/conv/conv_table.h"
#include "kernels/cpu/gemm/gemm_core.h"

#define GATHER_CHANNELS 4           /* at most this many are gathered */
#define GATHER_BYTES    (64 * 1024) /* of gathered rows */
#define TABLE_ENTRIES   4096        /* row pointers of one block */
#define TAPS_MOST       4096

/* The two parts that depend on the instruction set. */
typedef struct parts {
    hn_gemm_fn *core;
    hn_conv_gather_fn *gather;
} parts;

/* One call, prepared. Worker scratch: zeros, then row pointers, then gathered rows. */
typedef struct job {
    const hn_conv *conv;
    hn_conv_extent extent;
    hn_epilogue_run epilogue;
    hn_conv_table table;
    float *gathered;
    int block; /* rows at a time */
    parts isa;
} job;

static bool gathers(const hn_conv *conv) {
    return conv->x_dense || (conv->group == 1 && conv->channels <= GATHER_CHANNELS);
}

static bool parse(const hn_query *query, hn_conv *conv) {
    if (!hn_conv_parse(query, conv)) return false;
    if (!gathers(conv)) return hn_conv_taps(conv) <= TAPS_MOST;
    return conv->group == 1 && conv->channels <= GATHER_CHANNELS && hn_conv_runs(conv) <= HN_GATHER_RUNS;
}

static bool supports(const hn_query *query) {
    hn_conv conv;
    return parse(query, &conv);
}

static hone_status prepare(const hn_query *query, void *config, hn_diag *diag) {
    hn_conv conv;
    _Static_assert(sizeof conv <= HN_CONFIG_BYTES, "config");
    if (!parse(query, &conv)) HN_FAIL(diag, HONE_INTERNAL, "f32_conv was given a query that it does not support");
    memcpy(config, &conv, sizeof conv);
    return HONE_OK;
}

static int64_t reduction_of(const hn_conv *conv) { return hn_conv_taps(conv) * conv->channels; }

static double cost(const hn_query *query) {
    hn_conv conv;
    double rows, bytes;
    if (!parse(query, &conv)) return 1;
    hn_conv_sizes(query, &conv, &rows, &bytes);
    double columns = (double)hn_panel_count((size_t)conv.filters) * HN_PANEL * conv.group;
    return hn_gemm_seconds(rows * columns * (double)reduction_of(&conv), bytes);
}

static size_t group_floats(const hn_conv *conv) {
    return hn_panel_floats((size_t)reduction_of(conv), (size_t)conv->filters);
}

static size_t packed_size(const hn_query *query, const void *config, int val) {
    (void)query;
    const hn_conv *conv = config;
    return val == conv->w ? group_floats(conv) * (size_t)conv->group * sizeof(float) : 0;
}

/* Weights (filter, channel, position...) to panels; the reduction runs over positions, then channels, or for a dense
 * input as it does in the model. */
static void pack(const hn_query *query, const void *config, int val, const hn_tensor *from, void *to) {
    (void)query, (void)val;
    const hn_conv *conv = config;
    int64_t taps = hn_conv_taps(conv), channels = conv->channels, filter = from->stride[0];
    for (int g = 0; g < conv->group; g++) {
        const float *weights = (const float *)from->data + g * conv->filters * filter;
        float *panels = (float *)to + (size_t)g * group_floats(conv);
        size_t n = (size_t)conv->filters, reduction = (size_t)reduction_of(conv);
        if (conv->x_dense || taps == 1) {
            hn_gemm_pack(panels, weights, reduction, n, 1, filter, 1);
            continue;
        }
        for (int64_t panel = 0; panel < (int64_t)hn_panel_count(n); panel++) {
            size_t columns = n - (size_t)panel * HN_PANEL;
            for (int64_t tap = 0; tap < taps; tap++)
                hn_gemm_pack(panels + (panel * taps + tap) * channels * HN_PANEL,
                             weights + panel * HN_PANEL * filter + tap, (size_t)channels,
                             columns < HN_PANEL ? columns : HN_PANEL, taps, filter, 1);
        }
    }
}

static int block_of(const hn_conv *conv) {
    int64_t taps = hn_conv_taps(conv), row_bytes = reduction_of(conv) * (int64_t)sizeof(float);
    if (gathers(conv)) {
        int64_t rows = GATHER_BYTES / row_bytes;
        return rows < 24 ? 24 : rows > HN_GEMM_ROWS ? HN_GEMM_ROWS : (int)rows;
    }
    int64_t pixels = (int64_t)conv->stride[1] * conv->stride[2];
    int64_t rows = hn_gemm_row_block((pixels < taps ? pixels : taps) * conv->channels * (int64_t)sizeof(float));
    int64_t most = TABLE_ENTRIES / taps;
    return rows < most ? (int)rows : most < 8 ? 8 : (int)most;
}

static size_t padded(size_t bytes) { return (bytes + 63) / 64 * 64; }
static size_t zero_bytes(const hn_conv *conv) { return padded((size_t)conv->channels * sizeof(float)); }
static size_t table_bytes(const hn_conv *conv) {
    return padded((size_t)block_of(conv) * (size_t)(gathers(conv) ? 1 : hn_conv_taps(conv)) * sizeof(float *));
}

static void workspace(const hn_args *args, size_t *shared, size_t *per_worker) {
    const hn_conv *conv = args->config;
    *shared = 0;
    *per_worker = zero_bytes(conv) + table_bytes(conv);
    if (gathers(conv)) *per_worker += (size_t)block_of(conv) * (size_t)reduction_of(conv) * sizeof(float);
}

static hn_gemm_split split_of(const hn_conv *conv, const hn_args *args, int64_t rows) {
    return hn_gemm_split_for(rows, (int64_t)conv->filters * conv->group, reduction_of(conv), args->query->threads);
}

static int tasks(const hn_args *args, int phase) {
    (void)phase;
    const hn_tensor *y = &args->val[((const hn_conv *)args->config)->epilogue.out];
    int64_t rows = y->dim[0];
    for (int i = 2; i < y->rank; i++) rows *= y->dim[i];
    hn_gemm_split split = split_of(args->config, args, rows);
    return split.row_parts * split.column_parts;
}

/* On to the channels of the next group; the row of zeros serves all. */
static void advance_table(const hn_conv_table *table, int rows) {
    for (int64_t tap = 0; tap < hn_conv_taps(table->conv); tap++) {
        const float **to = table->row + tap * table->stride;
        for (int i = 0; i < rows; i++)
            if (to[i] != table->zeros) to[i] += table->conv->channels;
    }
}

/* Output rows [row, row + gemm->rows), columns [column, column_end) over all groups. */
static void run_block(const job *j, hn_gemm *gemm, const float *panels, int64_t row, int64_t column,
                      int64_t column_end) {
    const hn_conv *conv = j->conv;
    for (int64_t g = column / conv->filters; g * conv->filters < column_end; g++) {
        int64_t base = g * conv->filters;
        int64_t first = column > base ? column : base;
        int64_t end = column_end < base + conv->filters ? column_end : base + conv->filters;
        gemm->panels = panels + (size_t)g * group_floats(conv) + (first - base) * reduction_of(conv);
        gemm->n = (int)(end - first);
        gemm->channel = (size_t)first;
        gemm->offset = (size_t)row * gemm->stride + (size_t)first;
        j->isa.core(gemm);
        if (end < column_end) advance_table(&j->table, gemm->rows);
    }
}

static void run_rows(job *j, const float *panels, float *out, int64_t row, int64_t row_end, int64_t column,
                     int64_t column_end) {
    const hn_conv *conv = j->conv;
    bool gather = gathers(conv);
    hn_gemm gemm = {.row = j->table.row,
                    .row_stride = (size_t)j->block,
                    .c = out,
                    .epilogue = &j->epilogue,
                    .stride = (size_t)conv->filters * (size_t)conv->group,
                    .taps = gather ? 1 : (int)hn_conv_taps(conv),
                    .depth = gather ? (int)reduction_of(conv) : conv->channels};
    const float *x = j->table.x;
    for (; row < row_end; row += gemm.rows) {
        gemm.rows = (int)(row_end - row < j->block ? row_end - row : j->block);
        if (gather) {
            j->isa.gather(conv, &j->extent, x, row, gemm.rows, j->gathered);
            for (int i = 0; i < gemm.rows; i++) j->table.row[i] = j->gathered + (int64_t)i * gemm.depth;
        } else {
            j->table.x = x + column / conv->filters * conv->channels;
            hn_conv_table_fill(&j->table, row, gemm.rows);
        }
        run_block(j, &gemm, panels, row, column, column_end);
    }
}

static hone_status run(const hn_args *args, parts isa) {
    const hn_conv *conv = args->config;
    job j = {.conv = conv, .block = block_of(conv), .isa = isa};
    HN_TRY(hn_conv_extent_of(conv, args, &j.extent));
    const float *bias = conv->bias >= 0 ? args->val[conv->bias].data : NULL;
    HN_TRY(hn_epilogue_bind(&conv->epilogue, args, bias, &j.epilogue));
    char *scratch = args->worker;
    memset(scratch, 0, zero_bytes(conv));
    j.table = (hn_conv_table){.conv = conv,
                              .extent = &j.extent,
                              .x = args->val[conv->x].data,
                              .zeros = (const float *)scratch,
                              .row = (const float **)(scratch + zero_bytes(conv)),
                              .stride = j.block};
    j.gathered = (float *)(scratch + zero_bytes(conv) + table_bytes(conv));
    hn_gemm_split split = split_of(conv, args, j.extent.rows);
    int64_t row, row_end, column, column_end, n = (int64_t)conv->filters * conv->group;
    hn_gemm_part(j.extent.rows, 1, split.row_parts, args->task % split.row_parts, &row, &row_end);
    /* Columns of several groups are cut between groups, those of one between panels. */
    hn_gemm_part(n, conv->group > 1 ? conv->filters : HN_PANEL, split.column_parts, args->task / split.row_parts,
                 &column, &column_end);
    if (column < column_end)
        run_rows(&j, args->packed[conv->w], args->val[conv->epilogue.out].data, row, row_end, column, column_end);
    return HONE_OK;
}

static hone_status run_generic(const hn_args *args) {
    return run(args, (parts){hn_gemm_run_generic, hn_conv_gather_generic});
}
#if defined(__x86_64__)
static hone_status run_avx2(const hn_args *args) { return run(args, (parts){hn_gemm_run_avx2, hn_conv_gather_avx2}); }
static hone_status run_avx512(const hn_args *args) {
    return run(args, (parts){hn_gemm_run_avx512, hn_conv_gather_avx512});
}
#endif

static const hn_kernel_body bodies[] = {
#if defined(__x86_64__)
    {HN_CPU_AVX512 | HN_CPU_AVX2, run_avx512},
    {HN_CPU_AVX2, run_avx2},
#endif
    {0, run_generic},
};

const hn_kernel hn_kernel_f32_conv = {
    .name = "f32_conv",
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
