/* AVX2 body of the vector prelude: pairs of registers (see vec.h; meanings are documented in vec_generic.h). */
#ifndef HN_KERNELS_VEC_AVX2_H
#define HN_KERNELS_VEC_AVX2_H

#include <immintrin.h>
#include "kernels/cpu/vec_common.h"

typedef struct vf {
    __m256 low, high;
} vf;
typedef struct vi {
    __m256i low, high;
} vi;
typedef struct vm {
    __m256i low, high;
} vm; /* lanes are 0 or -1 */

#define HN_VEC_UNARY(name, to, from, intrinsic)                                                                        \
    HN_VEC_INLINE to name(from a) { return (to){intrinsic(a.low), intrinsic(a.high)}; }
#define HN_VEC_BINARY(name, type, intrinsic)                                                                           \
    HN_VEC_INLINE type name(type a, type b) { return (type){intrinsic(a.low, b.low), intrinsic(a.high, b.high)}; }
#define HN_VEC_TERNARY(name, intrinsic)                                                                                \
    HN_VEC_INLINE vf name(vf a, vf b, vf c) {                                                                          \
        return (vf){intrinsic(a.low, b.low, c.low), intrinsic(a.high, b.high, c.high)};                                \
    }
#define HN_VEC_ROUND(name, mode)                                                                                       \
    HN_VEC_INLINE vf name(vf a) {                                                                                      \
        return (vf){_mm256_round_ps(a.low, (mode) | _MM_FROUND_NO_EXC),                                                \
                    _mm256_round_ps(a.high, (mode) | _MM_FROUND_NO_EXC)};                                              \
    }
#define HN_VEC_COMPARE(name, how)                                                                                      \
    HN_VEC_INLINE vm name(vf a, vf b) {                                                                                \
        return (vm){_mm256_castps_si256(_mm256_cmp_ps(a.low, b.low, how)),                                             \
                    _mm256_castps_si256(_mm256_cmp_ps(a.high, b.high, how))};                                          \
    }
#define HN_VEC_SHIFT(name, intrinsic)                                                                                  \
    HN_VEC_INLINE vi name(vi a, int n) {                                                                               \
        __m128i count = _mm_cvtsi32_si128(n);                                                                          \
        return (vi){intrinsic(a.low, count), intrinsic(a.high, count)};                                                \
    }

HN_VEC_INLINE vm vm_first(int n) {
    __m256i count = _mm256_set1_epi32(n);
    return (vm){_mm256_cmpgt_epi32(count, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)),
                _mm256_cmpgt_epi32(count, _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15))};
}
HN_VEC_BINARY(vm_and, vm, _mm256_and_si256)
HN_VEC_BINARY(vm_or, vm, _mm256_or_si256)
HN_VEC_INLINE vm vm_not(vm a) {
    __m256i ones = _mm256_set1_epi32(-1);
    return (vm){_mm256_xor_si256(a.low, ones), _mm256_xor_si256(a.high, ones)};
}
HN_VEC_INLINE uint32_t vm_bits(vm a) {
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(a.low)) |
           (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(a.high)) << 8;
}

HN_VEC_INLINE vf vf_set(float x) { return (vf){_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
HN_VEC_INLINE vf vf_zero(void) { return (vf){_mm256_setzero_ps(), _mm256_setzero_ps()}; }
HN_VEC_INLINE vf vf_load(const float *p) { return (vf){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
HN_VEC_INLINE void vf_store(float *p, vf a) {
    _mm256_storeu_ps(p, a.low);
    _mm256_storeu_ps(p + 8, a.high);
}
HN_VEC_INLINE vf vf_load_part(const float *p, vm m) {
    return (vf){_mm256_maskload_ps(p, m.low), _mm256_maskload_ps(p + 8, m.high)};
}
HN_VEC_INLINE void vf_store_part(float *p, vm m, vf a) {
    _mm256_maskstore_ps(p, m.low, a.low);
    _mm256_maskstore_ps(p + 8, m.high, a.high);
}
HN_VEC_INLINE vi vi_set(int32_t x) { return (vi){_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
HN_VEC_INLINE vi vi_load(const int32_t *p) {
    return (vi){_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 8))};
}
HN_VEC_INLINE void vi_store(int32_t *p, vi a) {
    _mm256_storeu_si256((__m256i *)p, a.low);
    _mm256_storeu_si256((__m256i *)(p + 8), a.high);
}
HN_VEC_INLINE vi vi_load_part(const int32_t *p, vm m) {
    return (vi){_mm256_maskload_epi32(p, m.low), _mm256_maskload_epi32(p + 8, m.high)};
}
HN_VEC_INLINE void vi_store_part(int32_t *p, vm m, vi a) {
    _mm256_maskstore_epi32(p, m.low, a.low);
    _mm256_maskstore_epi32(p + 8, m.high, a.high);
}
HN_VEC_UNARY(vf_bits, vi, vf, _mm256_castps_si256)
HN_VEC_UNARY(vf_of_bits, vf, vi, _mm256_castsi256_ps)
HN_VEC_INLINE vf vf_gather(const float *p, vi index) {
    return (vf){_mm256_i32gather_ps(p, index.low, 4), _mm256_i32gather_ps(p, index.high, 4)};
}

HN_VEC_BINARY(vf_add, vf, _mm256_add_ps)
HN_VEC_BINARY(vf_sub, vf, _mm256_sub_ps)
HN_VEC_BINARY(vf_mul, vf, _mm256_mul_ps)
HN_VEC_BINARY(vf_div, vf, _mm256_div_ps)
HN_VEC_BINARY(vf_min, vf, _mm256_min_ps)
HN_VEC_BINARY(vf_max, vf, _mm256_max_ps)
HN_VEC_UNARY(vf_sqrt, vf, vf, _mm256_sqrt_ps)
HN_VEC_ROUND(vf_round, _MM_FROUND_TO_NEAREST_INT)
HN_VEC_ROUND(vf_floor, _MM_FROUND_TO_NEG_INF)
HN_VEC_ROUND(vf_ceil, _MM_FROUND_TO_POS_INF)
HN_VEC_ROUND(vf_trunc, _MM_FROUND_TO_ZERO)
HN_VEC_TERNARY(vf_fma, _mm256_fmadd_ps)
HN_VEC_TERNARY(vf_fnma, _mm256_fnmadd_ps)
HN_VEC_COMPARE(vf_lt, _CMP_LT_OQ)
HN_VEC_COMPARE(vf_le, _CMP_LE_OQ)
HN_VEC_COMPARE(vf_eq, _CMP_EQ_OQ)
HN_VEC_COMPARE(vf_unordered, _CMP_UNORD_Q)
HN_VEC_INLINE vf vf_blend(vm m, vf a, vf b) {
    return (vf){_mm256_blendv_ps(b.low, a.low, _mm256_castsi256_ps(m.low)),
                _mm256_blendv_ps(b.high, a.high, _mm256_castsi256_ps(m.high))};
}

HN_VEC_BINARY(vi_add, vi, _mm256_add_epi32)
HN_VEC_BINARY(vi_sub, vi, _mm256_sub_epi32)
HN_VEC_BINARY(vi_mul, vi, _mm256_mullo_epi32)
HN_VEC_BINARY(vi_and, vi, _mm256_and_si256)
HN_VEC_BINARY(vi_or, vi, _mm256_or_si256)
HN_VEC_BINARY(vi_xor, vi, _mm256_xor_si256)
HN_VEC_BINARY(vi_min, vi, _mm256_min_epi32)
HN_VEC_BINARY(vi_max, vi, _mm256_max_epi32)
HN_VEC_INLINE vm vi_eq(vi a, vi b) {
    return (vm){_mm256_cmpeq_epi32(a.low, b.low), _mm256_cmpeq_epi32(a.high, b.high)};
}
HN_VEC_INLINE vm vi_gt(vi a, vi b) {
    return (vm){_mm256_cmpgt_epi32(a.low, b.low), _mm256_cmpgt_epi32(a.high, b.high)};
}
HN_VEC_SHIFT(vi_shl, _mm256_sll_epi32)
HN_VEC_SHIFT(vi_shr, _mm256_srl_epi32)
HN_VEC_SHIFT(vi_sar, _mm256_sra_epi32)
HN_VEC_INLINE vi vi_blend(vm m, vi a, vi b) {
    return (vi){_mm256_blendv_epi8(b.low, a.low, m.low), _mm256_blendv_epi8(b.high, a.high, m.high)};
}

HN_VEC_UNARY(vf_of_int, vf, vi, _mm256_cvtepi32_ps)
HN_VEC_UNARY(vf_trunc_int, vi, vf, _mm256_cvttps_epi32)
HN_VEC_UNARY(vf_round_int, vi, vf, _mm256_cvtps_epi32)

/* Lane i with lane i + 8, + 4, + 2, + 1. */
#define HN_VEC_REDUCE(a, what)                                                                                         \
    __m256 r8 = _mm256_##what##_ps((a).low, (a).high);                                                                 \
    __m128 r4 = _mm_##what##_ps(_mm256_castps256_ps128(r8), _mm256_extractf128_ps(r8, 1));                             \
    __m128 r2 = _mm_##what##_ps(r4, _mm_movehl_ps(r4, r4));                                                            \
    return _mm_cvtss_f32(_mm_##what##_ps(r2, _mm_movehdup_ps(r2)))
HN_VEC_INLINE float vf_sum(vf a) { HN_VEC_REDUCE(a, add); }
HN_VEC_INLINE float vf_max_all(vf a) { HN_VEC_REDUCE(a, max); }
HN_VEC_INLINE float vf_min_all(vf a) { HN_VEC_REDUCE(a, min); }
HN_VEC_INLINE int32_t vi_sum(vi a) {
    __m256i r8 = _mm256_add_epi32(a.low, a.high);
    __m128i r4 = _mm_add_epi32(_mm256_castsi256_si128(r8), _mm256_extracti128_si256(r8, 1));
    __m128i r2 = _mm_add_epi32(r4, _mm_shuffle_epi32(r4, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(r2, _mm_shuffle_epi32(r2, 0xB1)));
}

HN_VEC_INLINE vi vi_load_s8(const int8_t *p) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)p);
    return (vi){_mm256_cvtepi8_epi32(bytes), _mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8))};
}
HN_VEC_INLINE vi vi_load_u8(const uint8_t *p) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)p);
    return (vi){_mm256_cvtepu8_epi32(bytes), _mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8))};
}
/* 16 int32 to 16 int16 with saturation, lanes in order. */
HN_VEC_INLINE __m256i hn_vec_pack16(vi a) { return _mm256_permute4x64_epi64(_mm256_packs_epi32(a.low, a.high), 0xD8); }
HN_VEC_INLINE void vi_store_s8(int8_t *p, vi a) {
    __m256i words = hn_vec_pack16(a);
    _mm_storeu_si128((__m128i *)p, _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
}
HN_VEC_INLINE void vi_store_u8(uint8_t *p, vi a) {
    __m256i words = hn_vec_pack16(a);
    _mm_storeu_si128((__m128i *)p, _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
}
HN_VEC_INLINE vf vf_load_half(const uint16_t *p) {
    return (vf){_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)),
                _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p + 8)))};
}
HN_VEC_INLINE void vf_store_half(uint16_t *p, vf a) {
    _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph(a.low, _MM_FROUND_TO_NEAREST_INT));
    _mm_storeu_si128((__m128i *)(p + 8), _mm256_cvtps_ph(a.high, _MM_FROUND_TO_NEAREST_INT));
}

/* An 8x8 block in place. */
HN_VEC_INLINE void hn_vec_transpose8(__m256 row[8]) {
    __m256 t[8];
    for (int i = 0; i < 8; i += 4) {
        for (int j = 0; j < 2; j++) {
            __m256 a = _mm256_unpacklo_ps(row[i], row[i + 1]), b = _mm256_unpacklo_ps(row[i + 2], row[i + 3]);
            if (j == 1) a = _mm256_unpackhi_ps(row[i], row[i + 1]), b = _mm256_unpackhi_ps(row[i + 2], row[i + 3]);
            t[i + 2 * j] = _mm256_shuffle_ps(a, b, 0x44);
            t[i + 2 * j + 1] = _mm256_shuffle_ps(a, b, 0xEE);
        }
    }
    for (int i = 0; i < 4; i++) {
        row[i] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x20);
        row[i + 4] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x31);
    }
}
HN_VEC_INLINE void vf_transpose(vf row[16]) {
    __m256 a[8], b[8], c[8], d[8];
    for (int i = 0; i < 8; i++) {
        a[i] = row[i].low, b[i] = row[i].high;
        c[i] = row[i + 8].low, d[i] = row[i + 8].high;
    }
    hn_vec_transpose8(a), hn_vec_transpose8(b), hn_vec_transpose8(c), hn_vec_transpose8(d);
    for (int i = 0; i < 8; i++) {
        row[i] = (vf){a[i], c[i]};
        row[i + 8] = (vf){b[i], d[i]};
    }
}

#endif
