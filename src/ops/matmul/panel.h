/* Matrix products in panels of 64 columns: what the references of MatMul, Gemm, Conv and the recurrent operators share.
 *
 *   c[m][64] += a[m][k] * b[k][64]        b is a panel: k rows of 64 contiguous numbers
 *
 * The width is constant so that the compiler vectorises the inner loop; each element sums over k in ascending order. */
#ifndef HN_OPS_MATMUL_PANEL_H
#define HN_OPS_MATMUL_PANEL_H

#include "abi/operator.h"

enum { HN_PANEL = 64 };

/* `a` has rows of `stride` numbers; integers wrap. */
void hn_panel_multiply_f64(int64_t m, int64_t k, const double *a, int64_t stride, const double *b, double *c);
void hn_panel_multiply_u64(int64_t m, int64_t k, const uint64_t *a, int64_t stride, const uint64_t *b, uint64_t *c);

/* Elements of n dims: 0 when one is 0, else -1 when one is negative or the product overflows. */
int64_t hn_panel_count(int n, const int64_t *dim);
/* Scratch memory for n numbers of 8 bytes, zeroed; NULL when there is none, n * 8 overflows or n is negative. */
void *hn_panel_scratch(hn_call *call, int64_t n);
/* Elements [first, first + n) of a dense tensor as double, and back with one rounding. */
void hn_panel_load(double *to, const hn_tensor *t, int64_t first, int64_t n);
void hn_panel_store(hn_tensor *t, int64_t first, int64_t n, const double *from);
/* A scratch copy of the whole tensor as double; NULL when out of memory. */
double *hn_panel_load_all(hn_call *call, const hn_tensor *t);
/* Packs the transpose of `from` (n rows of k numbers) into ceil(n / 64) panels of k rows, tails zero; NULL when out of
 * memory.
 */
double *hn_panel_pack_rows(hn_call *call, const double *from, int64_t n, int64_t k);

#endif
