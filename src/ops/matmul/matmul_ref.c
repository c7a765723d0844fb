/* MatMul and Gemm by panels: floats are summed in double and rounded once, integers wrap. */
#include <math.h>
#include <string.h>
#include "base/dtype.h"
#include "ops/block.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

/* Rows of the left operand that are held at a time. */
enum { HELD_ROWS = 128 };

/* A number of either kind. */
typedef union number {
    double f;
    uint64_t u;
} number;

/* One product of matrices inside larger tensors. Offsets and strides count elements. */
typedef struct product {
    const hn_tensor *a, *b;
    hn_tensor *out;
    int64_t m, k, n;
    int64_t a_at, b_at, out_at; /* first element of each matrix */
    bool a_swap, b_swap;        /* stored transposed: k rows of m, n rows of k */
    bool integer;
    const hn_tensor *c; /* Gemm only, else NULL: added as beta * c, broadcast */
    double alpha, beta;
    number *a_rows, *panel, *sums; /* scratch: HELD_ROWS * k, k * 64, HELD_ROWS * 64 */
} product;

static hone_status prepare(product *p, hn_call *call) {
    hone_dtype dtype = p->a->dtype;
    p->integer = hn_dtype_is_int(dtype);
    int64_t rows = p->m < HELD_ROWS ? p->m : HELD_ROWS, size;
    if (__builtin_mul_overflow(p->k, (int64_t)(rows > HN_PANEL ? rows : HN_PANEL), &size)) return HONE_OUT_OF_MEMORY;
    HN_TRY_ALLOC(p->a_rows = hn_panel_scratch(call, size));
    HN_TRY_ALLOC(p->panel = hn_panel_scratch(call, size));
    HN_TRY_ALLOC(p->sums = hn_panel_scratch(call, rows * HN_PANEL));
    return HONE_OK;
}

static void load(const product *p, number *to, const hn_tensor *t, int64_t first, int n) {
    if (p->integer) hn_block_load_u64(&to->u, t, first, n);
    else hn_block_load_f64(&to->f, t, first, n);
}

/* Loads `count` rows (or columns, when swapped) of 8-byte numbers. Element (i, j) of the result is element
 * first + i * stride + j of t, written to to[i * row + j * column]. */
static void load_block(const product *p, number *to, const hn_tensor *t, int64_t first, int64_t stride, int64_t rows,
                       int64_t columns, int64_t row, int64_t column) {
    number line[HN_PANEL];
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j += HN_PANEL) {
            int n = columns - j < HN_PANEL ? (int)(columns - j) : HN_PANEL;
            number *at = to + i * row + j * column;
            load(p, column == 1 ? at : line, t, first + i * stride + j, n);
            if (column == 1) continue;
            for (int x = 0; x < n; x++) at[x * column] = line[x];
        }
    }
}

static void load_a(const product *p, int64_t row, int64_t rows) {
    if (p->a_swap) load_block(p, p->a_rows, p->a, p->a_at + row, p->m, p->k, rows, 1, p->k);
    else load_block(p, p->a_rows, p->a, p->a_at + row * p->k, p->k, rows, p->k, p->k, 1);
}

static void load_panel(const product *p, int64_t column, int64_t columns) {
    if (p->b_swap) load_block(p, p->panel, p->b, p->b_at + column * p->k, p->k, columns, p->k, 1, HN_PANEL);
    else load_block(p, p->panel, p->b, p->b_at + column, p->n, p->k, columns, HN_PANEL, 1);
}

/* Loads `n` elements of c for row `row` from column `column`, repeating where c has one row or column. */
static void load_c(const product *p, int64_t row, int64_t column, int n, number *to) {
    const hn_tensor *c = p->c;
    int64_t columns = c->rank > 0 ? c->dim[c->rank - 1] : 1;
    int64_t rows = c->rank > 1 ? c->dim[0] : 1;
    int64_t first = (rows == 1 ? 0 : row) * columns + (columns == 1 ? 0 : column);
    load(p, to, c, first, columns == 1 ? 1 : n);
    for (int j = 1; j < n && columns == 1; j++) to[j] = to[0];
}

static void finish_real(const product *p, int64_t row, int64_t column, int n, number *sum) {
    number c[HN_PANEL];
    if (p->c) load_c(p, row, column, n, c);
    for (int j = 0; j < n; j++) sum[j].f = p->alpha * sum[j].f + (p->c ? p->beta * c[j].f : 0);
}

/* Exact while alpha and beta are 1 (the products wrap); otherwise scaled in double and truncated as a float cast is. */
static void finish_integer(const product *p, int64_t row, int64_t column, int n, number *sum, double *scaled) {
    bool is_signed = hn_dtype_is_signed_int(p->out->dtype);
    number c[HN_PANEL] = {{0}};
    if (p->c) load_c(p, row, column, n, c);
    for (int j = 0; j < n; j++) {
        double ab = is_signed ? (double)(int64_t)sum[j].u : (double)sum[j].u;
        double added = is_signed ? (double)(int64_t)c[j].u : (double)c[j].u;
        scaled[j] = trunc(p->alpha * ab + p->beta * added);
        sum[j].u += c[j].u;
    }
}

static void store_row(const product *p, int64_t row, int64_t column, int n, number *sum) {
    int64_t at = p->out_at + row * p->n + column;
    bool gemm = p->c || p->alpha != 1;
    if (!p->integer) {
        if (gemm) finish_real(p, row, column, n, sum);
        hn_block_store_f64(p->out, at, &sum->f, n);
        return;
    }
    double scaled[HN_PANEL];
    if (gemm) finish_integer(p, row, column, n, sum, scaled);
    if (p->alpha != 1 || (p->c && p->beta != 1)) hn_block_store_f64(p->out, at, scaled, n);
    else hn_block_store_u64(p->out, at, &sum->u, n);
}

static void multiply(const product *p) {
    for (int64_t row = 0; row < p->m; row += HELD_ROWS) {
        int64_t rows = p->m - row < HELD_ROWS ? p->m - row : HELD_ROWS;
        load_a(p, row, rows);
        for (int64_t column = 0; column < p->n; column += HN_PANEL) {
            int columns = p->n - column < HN_PANEL ? (int)(p->n - column) : HN_PANEL;
            load_panel(p, column, columns);
            memset(p->sums, 0, (size_t)rows * HN_PANEL * 8);
            if (p->integer) hn_panel_multiply_u64(rows, p->k, &p->a_rows->u, p->k, &p->panel->u, &p->sums->u);
            else hn_panel_multiply_f64(rows, p->k, &p->a_rows->f, p->k, &p->panel->f, &p->sums->f);
            for (int64_t i = 0; i < rows; i++) store_row(p, row + i, column, columns, p->sums + i * HN_PANEL);
        }
    }
}

/* Number of the matrix in `t` (whose leading dims broadcast) that belongs to batch entry `at` of `out`. */
static int64_t matrix_index(const hn_tensor *out, const hn_tensor *t, int batch_rank, int64_t at) {
    int64_t index = 0, step = 1;
    int own = t->rank - 2;
    for (int i = 1; i <= batch_rank && i <= own; i++) {
        int64_t size = out->dim[batch_rank - i], here = t->dim[own - i];
        if (here != 1) index += at % size * step;
        step *= here;
        at /= size;
    }
    return index;
}

hone_status hn_ops_ref_matmul(hn_call *call) {
    const hn_tensor *a = call->in[0], *b = call->in[1];
    product p = {.a = a, .b = b, .out = call->out[0], .alpha = 1, .beta = 1};
    if (!p.out || hn_tensor_count(p.out) == 0) return HONE_OK;
    p.m = a->rank > 1 ? a->dim[a->rank - 2] : 1;
    p.k = a->dim[a->rank - 1];
    p.n = b->rank > 1 ? b->dim[b->rank - 1] : 1;
    HN_TRY(prepare(&p, call));
    int64_t matrices = hn_tensor_count(p.out) / (p.m * p.n);
    int batch_rank = p.out->rank - (a->rank > 1) - (b->rank > 1);
    for (int64_t i = 0; i < matrices; i++) {
        p.a_at = matrix_index(p.out, a, batch_rank, i) * p.m * p.k;
        p.b_at = matrix_index(p.out, b, batch_rank, i) * p.k * p.n;
        p.out_at = i * p.m * p.n;
        multiply(&p);
    }
    return HONE_OK;
}

hone_status hn_ops_ref_gemm(hn_call *call) {
    const hn_tensor *a = call->in[0];
    product p = {.a = a, .b = call->in[1], .out = call->out[0], .c = call->n_in > 2 ? call->in[2] : NULL};
    if (!p.out || hn_tensor_count(p.out) == 0) return HONE_OK;
    p.a_swap = hn_attrs_int(call->attrs, "transA", 0) != 0;
    p.b_swap = hn_attrs_int(call->attrs, "transB", 0) != 0;
    p.alpha = hn_attrs_float(call->attrs, "alpha", 1);
    p.beta = hn_attrs_float(call->attrs, "beta", 1);
    p.m = p.out->dim[0];
    p.n = p.out->dim[1];
    p.k = a->dim[p.a_swap ? 0 : 1];
    if (p.beta == 0) p.c = NULL; /* not read: its NaNs do not count */
    HN_TRY(prepare(&p, call));
    multiply(&p);
    return HONE_OK;
}
