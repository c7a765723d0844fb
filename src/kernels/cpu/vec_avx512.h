/* AVX-512 body of the vector prelude (see vec.h; meanings are documented in vec_generic.h). */
#ifndef HN_KERNELS_VEC_AVX512_H
#define HN_KERNELS_VEC_AVX512_H

#include <immintrin.h>
#include "kernels/cpu/vec_common.h"

typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

HN_VEC_INLINE vm vm_first(int n) { return (vm)((1u << n) - 1); }
HN_VEC_INLINE vm vm_and(vm a, vm b) { return (vm)(a & b); }
HN_VEC_INLINE vm vm_or(vm a, vm b) { return (vm)(a | b); }
HN_VEC_INLINE vm vm_not(vm a) { return (vm)~a; }
HN_VEC_INLINE uint32_t vm_bits(vm a) { return a; }

HN_VEC_INLINE vf vf_set(float x) { return _mm512_set1_ps(x); }
HN_VEC_INLINE vf vf_zero(void) { return _mm512_setzero_ps(); }
HN_VEC_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
HN_VEC_INLINE void vf_store(float *p, vf a) { _mm512_storeu_ps(p, a); }
HN_VEC_INLINE vf vf_load_part(const float *p, vm m) { return _mm512_maskz_loadu_ps(m, p); }
HN_VEC_INLINE void vf_store_part(float *p, vm m, vf a) { _mm512_mask_storeu_ps(p, m, a); }
HN_VEC_INLINE vi vi_set(int32_t x) { return _mm512_set1_epi32(x); }
HN_VEC_INLINE vi vi_load(const int32_t *p) { return _mm512_loadu_si512(p); }
HN_VEC_INLINE void vi_store(int32_t *p, vi a) { _mm512_storeu_si512(p, a); }
HN_VEC_INLINE vi vi_load_part(const int32_t *p, vm m) { return _mm512_maskz_loadu_epi32(m, p); }
HN_VEC_INLINE void vi_store_part(int32_t *p, vm m, vi a) { _mm512_mask_storeu_epi32(p, m, a); }
HN_VEC_INLINE vi vf_bits(vf a) { return _mm512_castps_si512(a); }
HN_VEC_INLINE vf vf_of_bits(vi a) { return _mm512_castsi512_ps(a); }
HN_VEC_INLINE vf vf_gather(const float *p, vi index) { return _mm512_i32gather_ps(index, p, 4); }

HN_VEC_INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
HN_VEC_INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
HN_VEC_INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
HN_VEC_INLINE vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
HN_VEC_INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
HN_VEC_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
HN_VEC_INLINE vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
HN_VEC_INLINE vf vf_round(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
HN_VEC_INLINE vf vf_floor(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
HN_VEC_INLINE vf vf_ceil(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
HN_VEC_INLINE vf vf_trunc(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
HN_VEC_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
HN_VEC_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
HN_VEC_INLINE vm vf_lt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
HN_VEC_INLINE vm vf_le(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
HN_VEC_INLINE vm vf_eq(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
HN_VEC_INLINE vm vf_unordered(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q); }
HN_VEC_INLINE vf vf_blend(vm m, vf a, vf b) { return _mm512_mask_blend_ps(m, b, a); }

HN_VEC_INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
HN_VEC_INLINE vi vi_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
HN_VEC_INLINE vi vi_mul(vi a, vi b) { return _mm512_mullo_epi32(a, b); }
HN_VEC_INLINE vi vi_and(vi a, vi b) { return _mm512_and_si512(a, b); }
HN_VEC_INLINE vi vi_or(vi a, vi b) { return _mm512_or_si512(a, b); }
HN_VEC_INLINE vi vi_xor(vi a, vi b) { return _mm512_xor_si512(a, b); }
HN_VEC_INLINE vi vi_min(vi a, vi b) { return _mm512_min_epi32(a, b); }
HN_VEC_INLINE vi vi_max(vi a, vi b) { return _mm512_max_epi32(a, b); }
HN_VEC_INLINE vm vi_eq(vi a, vi b) { return _mm512_cmpeq_epi32_mask(a, b); }
HN_VEC_INLINE vm vi_gt(vi a, vi b) { return _mm512_cmpgt_epi32_mask(a, b); }
HN_VEC_INLINE vi vi_shl(vi a, int n) { return _mm512_sll_epi32(a, _mm_cvtsi32_si128(n)); }
HN_VEC_INLINE vi vi_shr(vi a, int n) { return _mm512_srl_epi32(a, _mm_cvtsi32_si128(n)); }
HN_VEC_INLINE vi vi_sar(vi a, int n) { return _mm512_sra_epi32(a, _mm_cvtsi32_si128(n)); }
HN_VEC_INLINE vi vi_blend(vm m, vi a, vi b) { return _mm512_mask_blend_epi32(m, b, a); }

HN_VEC_INLINE vf vf_of_int(vi a) { return _mm512_cvtepi32_ps(a); }
HN_VEC_INLINE vi vf_trunc_int(vf a) { return _mm512_cvttps_epi32(a); }
HN_VEC_INLINE vi vf_round_int(vf a) { return _mm512_cvtps_epi32(a); }

/* Halves the vector three times: lane i with lane i + 8, + 4, + 2, + 1. */
#define HN_VEC_REDUCE(a, step)                                                                                         \
    __m256 r8 = step(256, _mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));                                    \
    __m128 r4 = step(, _mm256_castps256_ps128(r8), _mm256_extractf128_ps(r8, 1));                                      \
    __m128 r2 = step(, r4, _mm_movehl_ps(r4, r4));                                                                     \
    return _mm_cvtss_f32(step(, r2, _mm_movehdup_ps(r2)))
#define HN_VEC_ADD(width, a, b) _mm##width##_add_ps(a, b)
#define HN_VEC_MAX(width, a, b) _mm##width##_max_ps(a, b)
#define HN_VEC_MIN(width, a, b) _mm##width##_min_ps(a, b)
HN_VEC_INLINE float vf_sum(vf a) { HN_VEC_REDUCE(a, HN_VEC_ADD); }
HN_VEC_INLINE float vf_max_all(vf a) { HN_VEC_REDUCE(a, HN_VEC_MAX); }
HN_VEC_INLINE float vf_min_all(vf a) { HN_VEC_REDUCE(a, HN_VEC_MIN); }
HN_VEC_INLINE int32_t vi_sum(vi a) {
    __m256i r8 = _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
    __m128i r4 = _mm_add_epi32(_mm256_castsi256_si128(r8), _mm256_extracti128_si256(r8, 1));
    __m128i r2 = _mm_add_epi32(r4, _mm_shuffle_epi32(r4, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(r2, _mm_shuffle_epi32(r2, 0xB1)));
}

HN_VEC_INLINE vi vi_load_s8(const int8_t *p) { return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)); }
HN_VEC_INLINE vi vi_load_u8(const uint8_t *p) { return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)); }
HN_VEC_INLINE void vi_store_s8(int8_t *p, vi a) { _mm_storeu_si128((__m128i *)p, _mm512_cvtsepi32_epi8(a)); }
HN_VEC_INLINE void vi_store_u8(uint8_t *p, vi a) {
    _mm_storeu_si128((__m128i *)p, _mm512_cvtusepi32_epi8(vi_max(a, _mm512_setzero_si512())));
}
HN_VEC_INLINE vf vf_load_half(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
HN_VEC_INLINE void vf_store_half(uint16_t *p, vf a) {
    _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

/* Two rounds exchange lanes inside quarters, two exchange quarters. */
HN_VEC_INLINE void vf_transpose(vf row[16]) {
    vf t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(row[i], row[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        for (int j = 0; j < 2; j++) {
            __m512d a = _mm512_castps_pd(t[i + j]), b = _mm512_castps_pd(t[i + j + 2]);
            row[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
            row[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
        }
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_f32x4(row[i], row[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(row[i], row[i + 4], 0xDD);
        t[i + 8] = _mm512_shuffle_f32x4(row[i + 8], row[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_f32x4(row[i + 8], row[i + 12], 0xDD);
    }
    for (int i = 0; i < 4; i++) {
        row[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
        row[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xDD);
        row[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
        row[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xDD);
    }
}

#endif
