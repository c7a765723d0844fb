/* Peak of fused multiply-adds on one core, for the share that kernels reach: independent chains, nothing from memory.
 */
#include "kernels/cpu/vec.h"
#include "peak.h"

/* Chains with literal indices, so that each is a register; the AVX2 body needs two for each. */
// clang-format off
#if HN_VEC_ISA == 512
#define CHAINS 12
#define EACH_CHAIN(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#else
#define CHAINS 6
#define EACH_CHAIN(X) X(0) X(1) X(2) X(3) X(4) X(5)
#endif
// clang-format on

/* Lanes that differ: a compiler may compute equal halves of a vector once. */
static const float lanes[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

float HN_VEC_NAME(peak_flops)(long rounds) {
    vf sum[CHAINS], a = vf_set(0.999f), b = vf_set(0.001f);
#define BEGIN(i) sum[i] = vf_load(lanes + i);
#define FUSE(i)  sum[i] = vf_fma(sum[i], a, b);
#define JOIN(i)  total = vf_add(total, sum[i]);
    EACH_CHAIN(BEGIN)
    for (long i = 0; i < rounds; i += 2) { EACH_CHAIN(FUSE) EACH_CHAIN(FUSE) }
    vf total = vf_zero();
    EACH_CHAIN(JOIN)
    return vf_sum(total);
}

long HN_VEC_NAME(peak_flops_per_round)(void) { return CHAINS * 32L; }
