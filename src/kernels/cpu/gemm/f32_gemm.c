/* f32_gemm: MatMul and Gemm whose second operand is a constant matrix, packed once. All leading dimensions of the first
 * operand are rows. */
#include <string.h>
#include "kernels/cpu/gemm/gemm_core.h"

typedef struct gemm_config {
    int8_t a, b, bias; /* value numbers; bias -1: none */
    bool transposed;   /* B is [n][k] */
    int64_t k, n;
    float alpha, beta;
    hn_epilogue epilogue;
} gemm_config;
_Static_assert(sizeof(gemm_config) <= HN_CONFIG_BYTES, "config");

static bool is_fixed(const hn_qdim *dim) { return dim->min == dim->max && dim->min > 0 && dim->min <= INT32_MAX; }

static bool is_dense(const hn_qval *v) { return v->dtype == HONE_FLOAT32 && v->layout == HN_LAYOUT_DENSE; }

/* Gemm's third operand: a constant with one element or one per column. */
static bool bias_fits(const hn_qval *c, int64_t n) {
    if (c->role != HN_ROLE_CONST || c->dtype != HONE_FLOAT32 || c->rank > 2) return false;
    for (int i = 0; i < c->rank; i++) {
        int64_t wide = i == c->rank - 1 ? n : 1;
        if (c->dim[i].min != c->dim[i].max || (c->dim[i].min != 1 && c->dim[i].min != wide)) return false;
    }
    return true;
}

static bool parse_gemm(const hn_query *query, gemm_config *config) {
    hn_arena scratch;
    hn_attrs attrs;
    hn_arena_init(&scratch, NULL);
    bool ok = hn_query_attrs(query, 0, &scratch, &attrs, NULL) == HONE_OK && hn_attrs_int(attrs, "transA", 0) == 0;
    if (ok) {
        config->transposed = hn_attrs_int(attrs, "transB", 0) != 0;
        config->alpha = hn_attrs_float(attrs, "alpha", 1);
        config->beta = hn_attrs_float(attrs, "beta", 1);
    }
    hn_arena_free(&scratch);
    return ok;
}

static bool parse(const hn_query *query, gemm_config *config) {
    memset(config, 0, sizeof *config);
    if (query->n_op < 1 || query->op[0].n_in < 2) return false;
    const hn_qop *op = &query->op[0];
    config->a = op->in[0], config->b = op->in[1], config->bias = -1;
    config->alpha = config->beta = 1;
    if (op->op == HN_OP_gemm) {
        if (!parse_gemm(query, config)) return false;
        if (op->n_in > 2) config->bias = op->in[2];
    } else if (op->op != HN_OP_matmul) {
        return false;
    }
    if (config->a < 0 || config->b < 0) return false;
    const hn_qval *a = &query->val[config->a], *b = &query->val[config->b], *out = &query->val[op->out[0]];
    if (a->role == HN_ROLE_CONST || b->role != HN_ROLE_CONST || !is_dense(a) || !is_dense(b) || !is_dense(out))
        return false;
    if (a->rank < 2 || b->rank != 2 || out->rank != a->rank || !is_fixed(&b->dim[0]) || !is_fixed(&b->dim[1]))
        return false;
    config->k = b->dim[config->transposed ? 1 : 0].min;
    config->n = b->dim[config->transposed ? 0 : 1].min;
    if (config->bias >= 0 && !bias_fits(&query->val[config->bias], config->n)) return false;
    return hn_epilogue_parse(query, out->rank - 1, &config->epilogue);
}

static bool supports(const hn_query *query) {
    gemm_config config;
    return parse(query, &config);
}

static hone_status prepare(const hn_query *query, void *config, hn_diag *diag) {
    gemm_config parsed;
    if (!parse(query, &parsed)) HN_FAIL(diag, HONE_INTERNAL, "f32_gemm was given a query that it does not support");
    memcpy(config, &parsed, sizeof parsed);
    return HONE_OK;
}

static double cost(const hn_query *query) {
    gemm_config config;
    if (!parse(query, &config)) return 1;
    double rows = 1;
    const hn_qval *a = &query->val[config.a];
    for (int i = 0; i < a->rank - 1; i++) rows *= (double)a->dim[i].opt;
    double k = (double)config.k, n = (double)config.n;
    return hn_gemm_seconds(rows * k * n, 4 * (rows * k + k * n + rows * n));
}

static size_t packed_size(const hn_query *query, const void *config, int val) {
    (void)query;
    const gemm_config *c = config;
    if (val == c->b) return hn_panel_floats((size_t)c->k, (size_t)c->n) * sizeof(float);
    return val == c->bias ? (size_t)c->n * sizeof(float) : 0;
}

static void pack(const hn_query *query, const void *config, int val, const hn_tensor *from, void *to) {
    (void)query;
    const gemm_config *c = config;
    int64_t row = from->rank > 0 ? from->stride[0] : 0, column = from->rank > 1 ? from->stride[1] : row;
    if (val == c->b) {
        hn_gemm_pack(to, from->data, (size_t)c->k, (size_t)c->n, c->transposed ? column : row,
                     c->transposed ? row : column, c->alpha);
        return;
    }
    const float *bias = from->data;
    bool single = hn_tensor_count(from) == 1;
    for (int64_t i = 0; i < c->n; i++) ((float *)to)[i] = bias[single ? 0 : i * column] * c->beta;
}

static int64_t rows_of(const gemm_config *c, const hn_args *args) {
    const hn_tensor *a = &args->val[c->a];
    int64_t rows = 1;
    for (int i = 0; i < a->rank - 1; i++) rows *= a->dim[i];
    return rows;
}

static int tasks(const hn_args *args, int phase) {
    (void)phase;
    const gemm_config *c = args->config;
    hn_gemm_split split = hn_gemm_split_for(rows_of(c, args), c->n, c->k, args->query->threads);
    return split.row_parts * split.column_parts;
}

static hone_status run(const hn_args *args, hn_gemm_fn *core) {
    const gemm_config *c = args->config;
    const hn_tensor *a = &args->val[c->a], *out = &args->val[c->epilogue.out];
    int64_t rows = rows_of(c, args);
    if (a->dim[a->rank - 1] != c->k || out->dim[out->rank - 1] != c->n || hn_tensor_count(out) != rows * c->n)
        return HONE_INVALID_ARGUMENT;
    hn_epilogue_run epilogue;
    HN_TRY(hn_epilogue_bind(&c->epilogue, args, c->bias >= 0 ? args->packed[c->bias] : NULL, &epilogue));
    hn_gemm_split split = hn_gemm_split_for(rows, c->n, c->k, args->query->threads);
    int64_t row, row_end, column, column_end;
    hn_gemm_part(rows, 1, split.row_parts, args->task % split.row_parts, &row, &row_end);
    hn_gemm_part(c->n, HN_PANEL, split.column_parts, args->task / split.row_parts, &column, &column_end);
    const float *row_table[HN_GEMM_ROWS];
    hn_gemm gemm = {.row = row_table,
                    .row_stride = HN_GEMM_ROWS,
                    .taps = 1,
                    .depth = (int)c->k,
                    .panels = (const float *)args->packed[c->b] + column * c->k,
                    .n = (int)(column_end - column),
                    .c = out->data,
                    .stride = (size_t)c->n,
                    .channel = (size_t)column,
                    .epilogue = &epilogue};
    int block = hn_gemm_row_block(c->k * (int64_t)sizeof(float));
    for (; row < row_end; row += gemm.rows) {
        gemm.rows = (int)(row_end - row < block ? row_end - row : block);
        for (int i = 0; i < gemm.rows; i++) row_table[i] = (const float *)a->data + (row + i) * c->k;
        gemm.offset = (size_t)(row * c->n + column);
        core(&gemm);
    }
    return HONE_OK;
}

HN_GEMM_BODIES(bodies, run);

const hn_kernel hn_kernel_f32_gemm = {
    .name = "f32_gemm",
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
