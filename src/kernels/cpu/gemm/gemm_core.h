/* The batch-reduce GEMM that dense kernels share:  C[rows][n] = epilogue( sum over taps, depth of A[row][tap][k] *
 * B[tap][k][n] )
 *
 *   A   row pointers per tap: a plain matrix has one tap; a convolution has one per kernel position, each row pointer
 * being the pixel under it (or a row of zeros in the padding), so nothing is copied B   panels of 16 columns:
 * [panel][tap * depth][16] floats, zero beyond column n C   rows of `stride` floats
 *
 * Each element is one chain of fused multiply-adds, from the bias on through k = 0, 1, ...: the result depends neither
 * on the instruction set nor on how rows and columns are split into blocks, tasks and tiles. */
#ifndef HN_KERNELS_GEMM_CORE_H
#define HN_KERNELS_GEMM_CORE_H

#include "kernels/cpu/gemm/epilogue.h"
#include "kernels/cpu/kernel.h"

#define HN_PANEL 16 /* columns */

typedef struct hn_gemm {
    const float *const *row; /* [taps][row_stride]: start of each row's `depth` values */
    size_t row_stride;
    int rows, taps, depth;
    const float *panels; /* of column 0 */
    int n;
    float *c;              /* base of the output tensor */
    size_t offset, stride; /* of C[0][0] in it, and of the next row; in elements */
    size_t channel;        /* index of column 0 in per-channel constants */
    const hn_epilogue_run *epilogue;
} hn_gemm;

/* Panels that cover n columns, and floats of all panels of a [depth][n] matrix. */
static inline size_t hn_panel_count(size_t n) { return (n + HN_PANEL - 1) / HN_PANEL; }
static inline size_t hn_panel_floats(size_t depth, size_t n) { return hn_panel_count(n) * HN_PANEL * depth; }

/* Packs B[k][j] = from[k * stride_k + j * stride_n] * scale into panels. */
void hn_gemm_pack(float *panels, const float *from, size_t depth, size_t n, int64_t stride_k, int64_t stride_n,
                  float scale);

typedef void hn_gemm_fn(const hn_gemm *gemm);
hn_gemm_fn hn_gemm_run_generic, hn_gemm_run_avx2, hn_gemm_run_avx512;

/* How a product is cut into tasks: row parts times column parts, the row part varying fastest. */
typedef struct hn_gemm_split {
    int row_parts, column_parts;
} hn_gemm_split;
/* Parts of about equal size, each at least tens of microseconds of work; one part for one thread. */
hn_gemm_split hn_gemm_split_for(int64_t rows, int64_t n, int64_t reduction, int threads);
/* Part `i` of `parts` of [0, total), in steps of `step`. */
void hn_gemm_part(int64_t total, int64_t step, int parts, int i, int64_t *first, int64_t *end);
/* Rows whose A values fit into a share of the second-level cache, when each needs `bytes`; at most HN_GEMM_ROWS. */
int hn_gemm_row_block(int64_t bytes);
#define HN_GEMM_ROWS 240

/* Seconds that a product of `operations` multiply-adds and `bytes` of traffic takes, for kernels' cost functions. */
double hn_gemm_seconds(double multiply_adds, double bytes);

/* Defines the array `bodies` of a kernel whose run(args, core) works with any core. */
#if defined(__x86_64__)
#define HN_GEMM_BODIES(bodies, run)                                                                                    \
    static hone_status run##_generic(const hn_args *args) { return run(args, hn_gemm_run_generic); }                   \
    static hone_status run##_avx2(const hn_args *args) { return run(args, hn_gemm_run_avx2); }                         \
    static hone_status run##_avx512(const hn_args *args) { return run(args, hn_gemm_run_avx512); }                     \
    static const hn_kernel_body bodies[] = {                                                                           \
        {HN_CPU_AVX512 | HN_CPU_AVX2, run##_avx512}, {HN_CPU_AVX2, run##_avx2}, {0, run##_generic}}
#else
#define HN_GEMM_BODIES(bodies, run)                                                                                    \
    static hone_status run##_generic(const hn_args *args) { return run(args, hn_gemm_run_generic); }                   \
    static const hn_kernel_body bodies[] = {{0, run##_generic}}
#endif

#endif
