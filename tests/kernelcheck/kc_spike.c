/* The machine's peak, and the share of it that the GEMM core reaches (the spike of the design: at least 92 %). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/cpu.h"
#include "kernelcheck.h"
#include "kernels/cpu/gemm/gemm_core.h"
#include "peak.h"

#define SIZE  512
#define PAIRS 4096

static volatile float sink; /* keeps the peak's arithmetic alive */

double kc_peak(uint32_t features) {
    long rounds = 40000; /* a tenth of a millisecond: often undisturbed, even on a busy machine */
    double t = kc_now();
    long operations;
    if (features & HN_CPU_AVX512) sink = peak_flops_avx512(rounds), operations = peak_flops_per_round_avx512();
    else if (features & HN_CPU_AVX2) sink = peak_flops_avx2(rounds), operations = peak_flops_per_round_avx2();
    else sink = peak_flops_generic(rounds), operations = peak_flops_per_round_generic();
    return (double)(rounds * operations) / (kc_now() - t);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* One product and one peak after the other for two seconds; each pair saw the same clock and the same neighbours, so
 * their ratio counts: the median, and the best tenth, which is what a machine of one's own gives. */
static void measure(const char *name, uint32_t features, hn_gemm_fn *core, float *memory) {
    static double share[PAIRS];
    const float *row[SIZE];
    float *a = memory, *b = a + SIZE * SIZE, *c = b + SIZE * SIZE;
    for (int i = 0; i < 2 * SIZE * SIZE; i++) a[i] = (float)(i % 17 - 8);
    for (int i = 0; i < SIZE; i++) row[i] = a + i * SIZE;
    hn_epilogue_run epilogue = {.low = -INFINITY, .high = INFINITY};
    double best = 1e9, peak = 0;
    size_t n = 0;
    for (double begin = kc_now(); kc_now() - begin < 2 && n < PAIRS; n++) {
        double t = kc_now();
        for (int first = 0; first < SIZE; first += SIZE / 4) {
            hn_gemm gemm = {.row = row + first,
                            .row_stride = SIZE,
                            .rows = SIZE / 4,
                            .taps = 1,
                            .depth = SIZE,
                            .panels = b,
                            .n = SIZE,
                            .c = c,
                            .offset = (size_t)first * SIZE,
                            .stride = SIZE,
                            .epilogue = &epilogue};
            core(&gemm);
        }
        t = kc_now() - t;
        double now = kc_peak(features);
        if (t < best) best = t;
        if (now > peak) peak = now;
        share[n] = 200.0 * SIZE * SIZE * SIZE / t / now;
    }
    qsort(share, n, sizeof share[0], compare);
    printf("%-7s fp32 %d^3  %6.1f of %6.1f Gop/s, share of the peak: median %.1f %%, best tenth %.1f %%\n", name, SIZE,
           2e-9 * SIZE * SIZE * SIZE / best, 1e-9 * peak, share[n / 2], share[n - 1 - n / 10]);
}

void kc_spike(void) {
    float *memory = aligned_alloc(64, 3 * SIZE * SIZE * sizeof(float));
    if (!memory) abort();
    uint32_t features = hn_cpu_features();
    if (features & HN_CPU_AVX512) measure("avx512", HN_CPU_AVX512, hn_gemm_run_avx512, memory);
    if (features & HN_CPU_AVX2) measure("avx2", HN_CPU_AVX2, hn_gemm_run_avx2, memory);
    free(memory);
}
