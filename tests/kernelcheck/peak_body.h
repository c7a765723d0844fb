/* Peak of fused multiply-adds on one core, for the share that kernels reach: independent chains, nothing from memory.
 */
#include "kernels/cpu/vec.h"
#include "peak.h"

#define CHAINS (HN_VEC_ISA == 256 ? 6 : 12)

float HN_VEC_NAME(peak_flops)(long rounds) {
    vf sum[12];
    for (int i = 0; i < CHAINS; i++) sum[i] = vf_set((float)i);
    vf a = vf_set(0.999f), b = vf_set(0.001f);
    for (long i = 0; i < rounds; i++) { HN_UNROLL for (int j = 0; j < CHAINS; j++) sum[j] = vf_fma(sum[j], a, b); }
    for (int i = 1; i < CHAINS; i++) sum[0] = vf_add(sum[0], sum[i]);
    return vf_sum(sum[0]);
}
long HN_VEC_NAME(peak_flops_per_round)(void) { return CHAINS * 32L; }
