/* Cutting a product into tasks and blocks. */
#include "kernels/cpu/gemm/gemm_core.h"

#define TASK_MULTIPLY_ADDS 2.5e6 /* about 50 microseconds of one core */
#define ROW_STEP           24
#define COLUMN_STEP        64
#define A_BYTES            (512 * 1024) /* share of the second-level cache for A */

static int64_t parts_of(int64_t total, int64_t step) { return (total + step - 1) / step; }

static int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }

hn_gemm_split hn_gemm_split_for(int64_t rows, int64_t n, int64_t reduction, int threads) {
    hn_gemm_split split = {1, 1};
    double work = (double)rows * (double)n * (double)reduction / TASK_MULTIPLY_ADDS;
    if (threads <= 1 || work < 2) return split;
    /* Two parts for each thread even out their speeds. */
    int64_t wanted = work < 2.0 * threads ? (int64_t)work : 2 * threads;
    int64_t row_most = parts_of(rows, ROW_STEP), column_most = parts_of(n, COLUMN_STEP);
    /* Few rows: cut the columns, so that each weight is read by one core. */
    bool rows_first = row_most >= 4 * wanted || row_most >= column_most;
    if (rows_first) {
        split.row_parts = (int)at_most(wanted, row_most);
        split.column_parts = (int)at_most(parts_of(wanted, split.row_parts), column_most);
    } else {
        split.column_parts = (int)at_most(wanted, column_most);
        split.row_parts = (int)at_most(parts_of(wanted, split.column_parts), row_most);
    }
    return split;
}

void hn_gemm_part(int64_t total, int64_t step, int parts, int i, int64_t *first, int64_t *end) {
    int64_t steps = parts_of(total, step);
    *first = at_most(steps * i / parts * step, total);
    *end = at_most(steps * (i + 1) / parts * step, total);
}

int hn_gemm_row_block(int64_t bytes) {
    int64_t rows = A_BYTES / (bytes > 0 ? bytes : 1);
    return rows < ROW_STEP ? ROW_STEP : (int)at_most(rows, HN_GEMM_ROWS);
}

double hn_gemm_seconds(double multiply_adds, double bytes) { return 2e-6 + multiply_adds / 50e9 + bytes / 20e9; }
