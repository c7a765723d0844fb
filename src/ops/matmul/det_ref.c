/* Det: Gaussian elimination with row exchanges, in double. */
#include <math.h>
#include "ops/matmul/panel.h"
#include "ops/registry.h"

static int64_t find_pivot(const double *a, int64_t n, int64_t column) {
    int64_t best = column;
    for (int64_t i = column + 1; i < n; i++)
        if (fabs(a[i * n + column]) > fabs(a[best * n + column])) best = i;
    return best;
}

static void swap_rows(double *a, int64_t n, int64_t i, int64_t j) {
    for (int64_t k = 0; k < n; k++) {
        const double kept = a[i * n + k];
        a[i * n + k] = a[j * n + k];
        a[j * n + k] = kept;
    }
}

static double determinant(double *a, int64_t n) {
    double result = 1;
    for (int64_t column = 0; column < n; column++) {
        const int64_t pivot = find_pivot(a, n, column);
        if (pivot != column) {
            swap_rows(a, n, pivot, column);
            result = -result;
        }
        const double head = a[column * n + column];
        result *= head;
        if (head == 0) return result;
        for (int64_t i = column + 1; i < n; i++) {
            const double factor = a[i * n + column] / head;
            for (int64_t k = column + 1; k < n; k++) a[i * n + k] -= factor * a[column * n + k];
        }
    }
    return result;
}

hone_status hn_ops_ref_det(hn_call *call) {
    const hn_tensor *x = call->in[0];
    const int64_t n = x->dim[x->rank - 1];
    if (!call->out[0]) return HONE_OK;
    const int64_t matrices = hn_tensor_count(call->out[0]);
    double *a = hn_panel_scratch(call, hn_panel_count(2, x->dim + x->rank - 2));
    HN_TRY_ALLOC(a);
    for (int64_t i = 0; i < matrices; i++) {
        hn_panel_load(a, x, i * n * n, n * n);
        const double result = determinant(a, n);
        hn_panel_store(call->out[0], i, 1, &result);
    }
    return HONE_OK;
}
