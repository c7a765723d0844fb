/* f32_matmul: MatMul and Gemm of two tensors that are only known at run time (attention), any batch dimensions with
 * broadcasting. Each task packs the columns of B that it needs into its worker's scratch. */
#include <string.h>
#include "kernels/cpu/gemm/gemm_core.h"

#define CHUNK_BYTES (256 * 1024) /* of packed B */
#define CHUNK_STEP  64           /* columns */

typedef struct matmul_config {
    int8_t a, b;
    bool transposed; /* B is [n][k] */
    float alpha;
    hn_epilogue epilogue;
} matmul_config;
_Static_assert(sizeof(matmul_config) <= HN_CONFIG_BYTES, "config");

/* The sizes of one call. */
typedef struct extent {
    int64_t batch, m, n, k, chunk;
    hn_gemm_split split;
} extent;

static bool is_dense(const hn_qval *v) { return v->dtype == HONE_FLOAT32 && v->layout == HN_LAYOUT_DENSE; }

static bool parse_gemm(const hn_query *query, matmul_config *config) {
    const hn_qop *op = &query->op[0];
    if (op->n_in > 2 && op->in[2] >= 0) return false;
    hn_arena scratch;
    hn_attrs attrs;
    hn_arena_init(&scratch, NULL);
    bool ok = hn_query_attrs(query, 0, &scratch, &attrs, NULL) == HONE_OK && hn_attrs_int(attrs, "transA", 0) == 0;
    if (ok) {
        config->transposed = hn_attrs_int(attrs, "transB", 0) != 0;
        config->alpha = hn_attrs_float(attrs, "alpha", 1);
    }
    hn_arena_free(&scratch);
    return ok;
}

static bool parse(const hn_query *query, matmul_config *config) {
    memset(config, 0, sizeof *config);
    if (query->n_op < 1 || query->op[0].n_in < 2) return false;
    const hn_qop *op = &query->op[0];
    config->a = op->in[0], config->b = op->in[1];
    config->alpha = 1;
    if (config->a < 0 || config->b < 0) return false;
    if (op->op != HN_OP_matmul && (op->op != HN_OP_gemm || !parse_gemm(query, config))) return false;
    const hn_qval *a = &query->val[config->a], *b = &query->val[config->b], *out = &query->val[op->out[0]];
    if (!is_dense(a) || !is_dense(b) || !is_dense(out)) return false;
    if (a->rank < 2 || b->rank < 2 || out->rank != (a->rank > b->rank ? a->rank : b->rank)) return false;
    return hn_epilogue_parse(query, out->rank - 1, &config->epilogue);
}

static bool supports(const hn_query *query) {
    matmul_config config;
    return parse(query, &config);
}

static hone_status prepare(const hn_query *query, void *config, hn_diag *diag) {
    matmul_config parsed;
    if (!parse(query, &parsed)) HN_FAIL(diag, HONE_INTERNAL, "f32_matmul was given a query that it does not support");
    memcpy(config, &parsed, sizeof parsed);
    return HONE_OK;
}

static double cost(const hn_query *query) {
    matmul_config config;
    if (!parse(query, &config)) return 1;
    const hn_qval *a = &query->val[config.a], *b = &query->val[config.b], *out = &query->val[config.epilogue.out];
    double elements = 1, k = (double)a->dim[a->rank - 1].opt, packed = 1;
    for (int i = 0; i < out->rank; i++) elements *= (double)out->dim[i].opt;
    for (int i = 0; i < b->rank; i++) packed *= (double)b->dim[i].opt;
    return hn_gemm_seconds(elements * k, 4 * (2 * elements + 6 * packed));
}

static extent extent_of(const hn_args *args) {
    const matmul_config *c = args->config;
    const hn_tensor *a = &args->val[c->a], *out = &args->val[c->epilogue.out];
    extent e = {.batch = 1, .m = out->dim[out->rank - 2], .n = out->dim[out->rank - 1], .k = a->dim[a->rank - 1]};
    for (int i = 0; i < out->rank - 2; i++) e.batch *= out->dim[i];
    int64_t columns = CHUNK_BYTES / (int64_t)sizeof(float) / (e.k > 0 ? e.k : 1) / CHUNK_STEP * CHUNK_STEP;
    e.chunk = columns < CHUNK_STEP ? CHUNK_STEP : columns;
    e.split = (hn_gemm_split){1, 1};
    int threads = args->query->threads;
    if (e.batch < 4 * threads && e.batch > 0)
        e.split = hn_gemm_split_for(e.m, e.n, e.k, (int)((threads + e.batch - 1) / e.batch));
    return e;
}

static void workspace(const hn_args *args, size_t *shared, size_t *per_worker) {
    extent e = extent_of(args);
    int64_t columns = e.n < e.chunk ? e.n : e.chunk;
    *shared = 0;
    *per_worker = hn_panel_floats((size_t)e.k, (size_t)columns) * sizeof(float);
}

static int tasks(const hn_args *args, int phase) {
    (void)phase;
    extent e = extent_of(args);
    if (e.batch == 0 || e.m == 0 || e.n == 0) return 0;
    int64_t total = e.batch * e.split.row_parts * e.split.column_parts;
    return total > INT32_MAX ? INT32_MAX : (int)total;
}

/* Batch `index` of the output in an operand: elements to skip. */
static int64_t batch_offset(const hn_tensor *t, const hn_tensor *out, int64_t index) {
    int64_t offset = 0;
    for (int i = out->rank - 3; i >= 0; i--) {
        int64_t at = index % out->dim[i];
        index /= out->dim[i];
        int axis = i - (out->rank - t->rank);
        if (axis >= 0 && t->dim[axis] > 1) offset += at * t->stride[axis];
    }
    return offset;
}

/* The operands fit each other and the output. */
static bool shapes_match(const matmul_config *c, const hn_args *args, const extent *e) {
    const hn_tensor *a = &args->val[c->a], *b = &args->val[c->b], *out = &args->val[c->epilogue.out];
    int64_t bk = b->dim[b->rank - (c->transposed ? 1 : 2)], bn = b->dim[b->rank - (c->transposed ? 2 : 1)];
    if (a->dim[a->rank - 2] != e->m || bk != e->k || bn != e->n || e->k > INT32_MAX || e->n > INT32_MAX) return false;
    for (int i = 0; i < out->rank - 2; i++) {
        int at_a = i - (out->rank - a->rank), at_b = i - (out->rank - b->rank);
        if (at_a >= 0 && a->dim[at_a] != 1 && a->dim[at_a] != out->dim[i]) return false;
        if (at_b >= 0 && b->dim[at_b] != 1 && b->dim[at_b] != out->dim[i]) return false;
    }
    return a->dim[a->rank - 1] <= 1 || a->stride[a->rank - 1] == 1;
}

/* Rows [row, row_end) of one batch times the packed columns of `gemm`. */
static void run_rows(hn_gemm *gemm, hn_gemm_fn *core, const float *a, int64_t stride, int64_t row, int64_t row_end,
                     size_t base) {
    const float *row_table[HN_GEMM_ROWS];
    gemm->row = row_table;
    gemm->row_stride = HN_GEMM_ROWS;
    int block = hn_gemm_row_block(gemm->depth * (int64_t)sizeof(float));
    for (; row < row_end; row += gemm->rows) {
        gemm->rows = (int)(row_end - row < block ? row_end - row : block);
        for (int i = 0; i < gemm->rows; i++) row_table[i] = a + (row + i) * stride;
        gemm->offset = base + (size_t)row * gemm->stride + gemm->channel;
        core(gemm);
    }
}

static hone_status run(const hn_args *args, hn_gemm_fn *core) {
    const matmul_config *c = args->config;
    extent e = extent_of(args);
    if (!shapes_match(c, args, &e)) return HONE_INVALID_ARGUMENT;
    const hn_tensor *a = &args->val[c->a], *b = &args->val[c->b], *out = &args->val[c->epilogue.out];
    hn_epilogue_run epilogue;
    HN_TRY(hn_epilogue_bind(&c->epilogue, args, NULL, &epilogue));
    int parts = e.split.row_parts * e.split.column_parts, part = args->task % parts;
    int64_t batch = args->task / parts, row, row_end, column, column_end;
    hn_gemm_part(e.m, 1, e.split.row_parts, part % e.split.row_parts, &row, &row_end);
    hn_gemm_part(e.n, HN_PANEL, e.split.column_parts, part / e.split.row_parts, &column, &column_end);
    int64_t step_k = b->stride[b->rank - (c->transposed ? 1 : 2)],
            step_n = b->stride[b->rank - (c->transposed ? 2 : 1)];
    const float *a_data = (const float *)a->data + batch_offset(a, out, batch);
    const float *b_data = (const float *)b->data + batch_offset(b, out, batch);
    hn_gemm gemm = {.taps = 1,
                    .depth = (int)e.k,
                    .panels = args->worker,
                    .c = out->data,
                    .stride = (size_t)e.n,
                    .epilogue = &epilogue};
    for (; column < column_end; column += gemm.n) {
        gemm.n = (int)(column_end - column < e.chunk ? column_end - column : e.chunk);
        gemm.channel = (size_t)column;
        hn_gemm_pack(args->worker, b_data + column * step_n, (size_t)e.k, (size_t)gemm.n, step_k, step_n, c->alpha);
        run_rows(&gemm, core, a_data, a->stride[a->rank - 2], row, row_end, (size_t)(batch * e.m * e.n));
    }
    return HONE_OK;
}

HN_GEMM_BODIES(bodies, run);

const hn_kernel hn_kernel_f32_matmul = {
    .name = "f32_matmul",
    .version = 1,
    .supports = supports,
    .cost = cost,
    .prepare = prepare,
    .workspace = workspace,
    .tasks = tasks,
    .body = bodies,
    .n_body = HN_KERNEL_BODY_COUNT(bodies),
};
