/* Vector exp, tanh, erf and the activations built on them: relative error at most 2 units in the last place (the
 * compositions a few), exact at infinities, NaN stays NaN, same bits in every body. Polynomials are minimax fits of our
 * own. */
#ifndef HN_KERNELS_MATH_H
#define HN_KERNELS_MATH_H

#include "kernels/cpu/vec.h"

/* x * 2^n for n in [-252, 254], rounded once; the two factors stay normal numbers. */
HN_VEC_INLINE vf vf_scale(vf x, vi n) {
    vi half = vi_sar(n, 1);
    vi rest = vi_sub(n, half);
    vf a = vf_of_bits(vi_shl(vi_add(half, vi_set(127)), 23));
    vf b = vf_of_bits(vi_shl(vi_add(rest, vi_set(127)), 23));
    return vf_mul(vf_mul(x, a), b);
}

/* e^x; overflows to infinity, underflows through subnormal numbers to zero. */
HN_VEC_INLINE vf vf_exp(vf x) {
    x = vf_clamp(x, vf_set(-104.0f), vf_set(89.0f));
    vf n = vf_round(vf_mul(x, vf_set(0x1.715476p+0f)));
    /* ln 2 in two parts: n times the first is exact. */
    vf r = vf_fnma(n, vf_set(0x1.62e4p-1f), x);
    r = vf_fnma(n, vf_set(0x1.7f7d1cp-20f), r);
    vf q = vf_fma(r, vf_set(0x1.6a243p-10f), vf_set(0x1.1239e4p-7f));
    q = vf_fma(r, q, vf_set(0x1.5558f2p-5f));
    q = vf_fma(r, q, vf_set(0x1.555492p-3f));
    q = vf_fma(r, q, vf_set(0x1.fffffcp-2f));
    vf p = vf_add(vf_fma(vf_mul(r, r), q, r), vf_set(1.0f));
    return vf_scale(p, vf_round_int(n));
}

HN_VEC_INLINE vf vf_tanh(vf x) {
    vf a = vf_abs(x);
    /* |x| < 0.625: x + x^3 q(x^2) */
    vf u = vf_mul(x, x);
    vf q = vf_fma(u, vf_set(-0x1.75e1a8p-8f), vf_set(0x1.522692p-6f));
    q = vf_fma(u, q, vf_set(-0x1.b83c58p-5f));
    q = vf_fma(u, q, vf_set(0x1.110726p-3f));
    q = vf_fma(u, q, vf_set(-0x1.555532p-2f));
    vf small = vf_fma(vf_mul(x, u), q, x);
    /* otherwise 1 - 2 / (e^2|x| + 1) */
    vf e = vf_exp(vf_add(a, a));
    vf large = vf_sub(vf_set(1.0f), vf_div(vf_set(2.0f), vf_add(e, vf_set(1.0f))));
    return vf_blend(vf_lt(a, vf_set(0.625f)), small, vf_copysign(large, x));
}

HN_VEC_INLINE vf vf_erf(vf x) {
    vf a = vf_abs(x);
    /* |x| < 1: x + x q(x^2) */
    vf u = vf_mul(x, x);
    vf q = vf_fma(u, vf_set(0x1.496a28p-14f), vf_set(-0x1.a3f6fcp-11f));
    q = vf_fma(u, q, vf_set(0x1.5405b2p-8f));
    q = vf_fma(u, q, vf_set(-0x1.b7f90cp-6f));
    q = vf_fma(u, q, vf_set(0x1.ce2cf8p-4f));
    q = vf_fma(u, q, vf_set(-0x1.81273ep-2f));
    q = vf_fma(u, q, vf_set(0x1.06eba8p-3f));
    vf small = vf_fma(x, q, x);
    /* otherwise 1 - e^p(|x|), p the logarithm of erfc */
    vf b = vf_min(vf_set(4.0f), a);
    vf p = vf_fma(b, vf_set(0x1.897004p-13f), vf_set(-0x1.83fd38p-9f));
    p = vf_fma(b, p, vf_set(0x1.66a3f2p-6f));
    p = vf_fma(b, p, vf_set(-0x1.a6c832p-4f));
    p = vf_fma(b, p, vf_set(-0x1.46a988p-1f));
    p = vf_fma(b, p, vf_set(-0x1.208e52p+0f));
    p = vf_fma(b, p, vf_set(-0x1.5022dcp-12f));
    vf large = vf_sub(vf_set(1.0f), vf_exp(p));
    return vf_blend(vf_lt(a, vf_set(1.0f)), small, vf_copysign(large, x));
}

/* 1 / (1 + e^-x), from e^-|x| so that neither side loses its small values. */
HN_VEC_INLINE vf vf_sigmoid(vf x) {
    vf e = vf_exp(vf_neg(vf_abs(x)));
    vf numerator = vf_blend(vf_lt(x, vf_zero()), e, vf_set(1.0f));
    return vf_div(numerator, vf_add(vf_set(1.0f), e));
}

/* x * sigmoid(x) */
HN_VEC_INLINE vf vf_silu(vf x) { return vf_mul(x, vf_sigmoid(x)); }

/* max(0, min(1, alpha x + beta)) */
HN_VEC_INLINE vf vf_hard_sigmoid(vf x, vf alpha, vf beta) {
    return vf_clamp(vf_add(vf_mul(alpha, x), beta), vf_zero(), vf_set(1.0f));
}

HN_VEC_INLINE vf vf_hard_swish(vf x) { return vf_mul(x, vf_hard_sigmoid(x, vf_set(1.0f / 6.0f), vf_set(0.5f))); }

/* x Phi(x) with the exact normal distribution. */
HN_VEC_INLINE vf vf_gelu(vf x) {
    vf erf = vf_erf(vf_mul(x, vf_set(0x1.6a09e6p-1f)));
    return vf_mul(vf_mul(vf_set(0.5f), x), vf_add(vf_set(1.0f), erf));
}

/* The same with the tanh approximation. */
HN_VEC_INLINE vf vf_gelu_tanh(vf x) {
    vf inner = vf_fma(vf_mul(vf_mul(x, x), x), vf_set(0.044715f), x);
    vf t = vf_tanh(vf_mul(inner, vf_set(0x1.988454p-1f)));
    return vf_mul(vf_mul(vf_set(0.5f), x), vf_add(vf_set(1.0f), t));
}

#endif
