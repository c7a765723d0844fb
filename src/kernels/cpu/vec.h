/* Vector prelude: one vocabulary of 16-lane operations, three bodies (AVX-512, pairs of AVX2 registers, plain C).
 *
 *   x_generic.c, x_avx2.c, x_avx512.c:   #define HN_VEC_ISA 0 | 256 | 512
 *                                        #include "x_body.h"       <- the kernel, written once over this prelude
 *
 * Types: vf (16 floats), vi (16 int32), vm (16 truth values). Operations: <type>_<verb>. The same lanes give the same
 * bits in every body: multiply-adds are fused (the plain body calls fmaf), reductions follow one tree, minimum and
 * maximum return the SECOND operand when either is NaN (as x86 does), conversions out of range give INT32_MIN. Global
 * names in a kernel body are written HN_VEC_NAME(name) and get the suffix of the instruction set. */
#ifndef HN_KERNELS_VEC_H
#define HN_KERNELS_VEC_H

#ifndef HN_VEC_ISA
#define HN_VEC_ISA 0
#endif

#if HN_VEC_ISA == 512
#define HN_VEC_NAME(name) name##_avx512
#include "kernels/cpu/vec_avx512.h"
#elif HN_VEC_ISA == 256
#define HN_VEC_NAME(name) name##_avx2
#include "kernels/cpu/vec_avx2.h"
#else
#define HN_VEC_NAME(name) name##_generic
#include "kernels/cpu/vec_generic.h"
#endif

/* ---- the same for every body ---- */

HN_VEC_INLINE vf vf_neg(vf a) { return vf_of_bits(vi_xor(vf_bits(a), vi_set(INT32_MIN))); }
HN_VEC_INLINE vf vf_abs(vf a) { return vf_of_bits(vi_and(vf_bits(a), vi_set(INT32_MAX))); }
/* Magnitude of a, sign of b. */
HN_VEC_INLINE vf vf_copysign(vf a, vf b) {
    return vf_of_bits(vi_or(vi_and(vf_bits(a), vi_set(INT32_MAX)), vi_and(vf_bits(b), vi_set(INT32_MIN))));
}
HN_VEC_INLINE vm vf_gt(vf a, vf b) { return vf_lt(b, a); }
HN_VEC_INLINE vm vf_ge(vf a, vf b) { return vf_le(b, a); }
HN_VEC_INLINE vm vi_lt(vi a, vi b) { return vi_gt(b, a); }
/* a limited to [low, high]; NaN stays NaN. */
HN_VEC_INLINE vf vf_clamp(vf a, vf low, vf high) { return vf_min(high, vf_max(low, a)); }
/* Lanes 0..n-1 of memory, zero above: for rows whose last vector is cut off. Any n from 0 on; 16 and more is a whole
 * vector, without a mask, since masked stores of the AVX2 body are slow on some processors. */
HN_VEC_INLINE vf vf_load_first(const float *p, int n) { return n >= 16 ? vf_load(p) : vf_load_part(p, vm_first(n)); }
HN_VEC_INLINE void vf_store_first(float *p, int n, vf a) {
    if (n >= 16) vf_store(p, a);
    else vf_store_part(p, vm_first(n), a);
}

#endif
