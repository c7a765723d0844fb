/* Plain C body of the vector prelude (see vec.h). */
#ifndef HN_KERNELS_VEC_GENERIC_H
#define HN_KERNELS_VEC_GENERIC_H

#include <string.h>
#include "base/half.h"
#include "kernels/cpu/vec_common.h"

typedef struct vf {
    float at[16];
} vf;
typedef struct vi {
    int32_t at[16];
} vi;
typedef uint32_t vm;

#define HN_VEC_EACH for (int i = 0; i < 16; i++)
/* Functions that compute each lane from the same lane of their operands. */
#define HN_VEC_UNARY(name, to, from, expression)                                                                       \
    HN_VEC_INLINE to name(from a) {                                                                                    \
        to r;                                                                                                          \
        HN_VEC_EACH r.at[i] = expression;                                                                              \
        return r;                                                                                                      \
    }
#define HN_VEC_BINARY(name, type, expression)                                                                          \
    HN_VEC_INLINE type name(type a, type b) {                                                                          \
        type r;                                                                                                        \
        HN_VEC_EACH r.at[i] = expression;                                                                              \
        return r;                                                                                                      \
    }
#define HN_VEC_COMPARE(name, type, expression)                                                                         \
    HN_VEC_INLINE vm name(type a, type b) {                                                                            \
        vm r = 0;                                                                                                      \
        HN_VEC_EACH r |= (vm)(expression) << i;                                                                        \
        return r;                                                                                                      \
    }

HN_VEC_INLINE vm vm_first(int n) { return (vm)((1u << n) - 1); }
HN_VEC_INLINE vm vm_and(vm a, vm b) { return a & b; }
HN_VEC_INLINE vm vm_or(vm a, vm b) { return a | b; }
HN_VEC_INLINE vm vm_not(vm a) { return ~a & 0xFFFF; }
HN_VEC_INLINE uint32_t vm_bits(vm a) { return a; }

HN_VEC_INLINE vf vf_set(float x) {
    vf r;
    HN_VEC_EACH r.at[i] = x;
    return r;
}
HN_VEC_INLINE vf vf_zero(void) { return vf_set(0); }
HN_VEC_INLINE vf vf_load(const float *p) {
    vf r;
    memcpy(&r, p, sizeof r);
    return r;
}
HN_VEC_INLINE void vf_store(float *p, vf a) { memcpy(p, &a, sizeof a); }
HN_VEC_INLINE vf vf_load_part(const float *p, vm m) {
    vf r;
    HN_VEC_EACH r.at[i] = m >> i & 1 ? p[i] : 0;
    return r;
}
HN_VEC_INLINE void vf_store_part(float *p, vm m, vf a) { HN_VEC_EACH if (m >> i & 1) p[i] = a.at[i]; }
HN_VEC_INLINE vi vi_set(int32_t x) {
    vi r;
    HN_VEC_EACH r.at[i] = x;
    return r;
}
HN_VEC_INLINE vi vi_load(const int32_t *p) {
    vi r;
    memcpy(&r, p, sizeof r);
    return r;
}
HN_VEC_INLINE void vi_store(int32_t *p, vi a) { memcpy(p, &a, sizeof a); }
HN_VEC_INLINE vi vi_load_part(const int32_t *p, vm m) {
    vi r;
    HN_VEC_EACH r.at[i] = m >> i & 1 ? p[i] : 0;
    return r;
}
HN_VEC_INLINE void vi_store_part(int32_t *p, vm m, vi a) { HN_VEC_EACH if (m >> i & 1) p[i] = a.at[i]; }
HN_VEC_INLINE vi vf_bits(vf a) {
    vi r;
    memcpy(&r, &a, sizeof r);
    return r;
}
HN_VEC_INLINE vf vf_of_bits(vi a) {
    vf r;
    memcpy(&r, &a, sizeof r);
    return r;
}
/* Lane i is p[index i]. */
HN_VEC_INLINE vf vf_gather(const float *p, vi index) {
    vf r;
    HN_VEC_EACH r.at[i] = p[index.at[i]];
    return r;
}

HN_VEC_BINARY(vf_add, vf, a.at[i] + b.at[i])
HN_VEC_BINARY(vf_sub, vf, a.at[i] - b.at[i])
HN_VEC_BINARY(vf_mul, vf, a.at[i] * b.at[i])
HN_VEC_BINARY(vf_div, vf, a.at[i] / b.at[i])
HN_VEC_BINARY(vf_min, vf, a.at[i] < b.at[i] ? a.at[i] : b.at[i])
HN_VEC_BINARY(vf_max, vf, a.at[i] > b.at[i] ? a.at[i] : b.at[i])
HN_VEC_UNARY(vf_sqrt, vf, vf, __builtin_sqrtf(a.at[i]))
HN_VEC_UNARY(vf_round, vf, vf, __builtin_rintf(a.at[i]))
HN_VEC_UNARY(vf_floor, vf, vf, __builtin_floorf(a.at[i]))
HN_VEC_UNARY(vf_ceil, vf, vf, __builtin_ceilf(a.at[i]))
HN_VEC_UNARY(vf_trunc, vf, vf, __builtin_truncf(a.at[i]))
/* a * b + c and c - a * b, rounded once. */
HN_VEC_INLINE vf vf_fma(vf a, vf b, vf c) {
    HN_VEC_EACH c.at[i] = __builtin_fmaf(a.at[i], b.at[i], c.at[i]);
    return c;
}
HN_VEC_INLINE vf vf_fnma(vf a, vf b, vf c) {
    HN_VEC_EACH c.at[i] = __builtin_fmaf(-a.at[i], b.at[i], c.at[i]);
    return c;
}
HN_VEC_COMPARE(vf_lt, vf, a.at[i] < b.at[i])
HN_VEC_COMPARE(vf_le, vf, a.at[i] <= b.at[i])
HN_VEC_COMPARE(vf_eq, vf, a.at[i] == b.at[i])
/* Where a or b is NaN. */
HN_VEC_COMPARE(vf_unordered, vf, a.at[i] != a.at[i] || b.at[i] != b.at[i])
/* Lane of a where m, else of b. */
HN_VEC_INLINE vf vf_blend(vm m, vf a, vf b) {
    HN_VEC_EACH b.at[i] = m >> i & 1 ? a.at[i] : b.at[i];
    return b;
}

HN_VEC_BINARY(vi_add, vi, (int32_t)((uint32_t)a.at[i] + (uint32_t)b.at[i]))
HN_VEC_BINARY(vi_sub, vi, (int32_t)((uint32_t)a.at[i] - (uint32_t)b.at[i]))
HN_VEC_BINARY(vi_mul, vi, (int32_t)((uint32_t)a.at[i] * (uint32_t)b.at[i]))
HN_VEC_BINARY(vi_and, vi, a.at[i] & b.at[i])
HN_VEC_BINARY(vi_or, vi, a.at[i] | b.at[i])
HN_VEC_BINARY(vi_xor, vi, a.at[i] ^ b.at[i])
HN_VEC_BINARY(vi_min, vi, a.at[i] < b.at[i] ? a.at[i] : b.at[i])
HN_VEC_BINARY(vi_max, vi, a.at[i] > b.at[i] ? a.at[i] : b.at[i])
HN_VEC_COMPARE(vi_eq, vi, a.at[i] == b.at[i])
HN_VEC_COMPARE(vi_gt, vi, a.at[i] > b.at[i])
/* Shifts of every lane by n bits, n in 0..31. */
HN_VEC_INLINE vi vi_shl(vi a, int n) {
    HN_VEC_EACH a.at[i] = (int32_t)((uint32_t)a.at[i] << n);
    return a;
}
HN_VEC_INLINE vi vi_shr(vi a, int n) {
    HN_VEC_EACH a.at[i] = (int32_t)((uint32_t)a.at[i] >> n);
    return a;
}
HN_VEC_INLINE vi vi_sar(vi a, int n) {
    HN_VEC_EACH a.at[i] >>= n;
    return a;
}
HN_VEC_INLINE vi vi_blend(vm m, vi a, vi b) {
    HN_VEC_EACH b.at[i] = m >> i & 1 ? a.at[i] : b.at[i];
    return b;
}

HN_VEC_UNARY(vf_of_int, vf, vi, (float)a.at[i])
/* Toward zero; out of range and NaN give INT32_MIN. */
HN_VEC_UNARY(vf_trunc_int, vi, vf, a.at[i] >= -0x1p31f && a.at[i] < 0x1p31f ? (int32_t)a.at[i] : INT32_MIN)
/* To nearest, ties to even. */
HN_VEC_INLINE vi vf_round_int(vf a) { return vf_trunc_int(vf_round(a)); }

HN_VEC_INLINE float vf_sum(vf a) {
    for (int n = 8; n > 0; n /= 2)
        for (int i = 0; i < n; i++) a.at[i] += a.at[i + n];
    return a.at[0];
}
HN_VEC_INLINE float vf_max_all(vf a) {
    for (int n = 8; n > 0; n /= 2)
        for (int i = 0; i < n; i++) a.at[i] = a.at[i] > a.at[i + n] ? a.at[i] : a.at[i + n];
    return a.at[0];
}
HN_VEC_INLINE float vf_min_all(vf a) {
    for (int n = 8; n > 0; n /= 2)
        for (int i = 0; i < n; i++) a.at[i] = a.at[i] < a.at[i + n] ? a.at[i] : a.at[i + n];
    return a.at[0];
}
HN_VEC_INLINE int32_t vi_sum(vi a) {
    uint32_t r = 0;
    HN_VEC_EACH r += (uint32_t)a.at[i];
    return (int32_t)r;
}

/* 16 narrow elements from and to memory; integers saturate, floats round to nearest even. */
HN_VEC_INLINE vi vi_load_s8(const int8_t *p) {
    vi r;
    HN_VEC_EACH r.at[i] = p[i];
    return r;
}
HN_VEC_INLINE vi vi_load_u8(const uint8_t *p) {
    vi r;
    HN_VEC_EACH r.at[i] = p[i];
    return r;
}
HN_VEC_INLINE void vi_store_s8(int8_t *p, vi a) {
    HN_VEC_EACH p[i] = (int8_t)(a.at[i] < -128 ? -128 : a.at[i] > 127 ? 127 : a.at[i]);
}
HN_VEC_INLINE void vi_store_u8(uint8_t *p, vi a) {
    HN_VEC_EACH p[i] = (uint8_t)(a.at[i] < 0 ? 0 : a.at[i] > 255 ? 255 : a.at[i]);
}
HN_VEC_INLINE vf vf_load_half(const uint16_t *p) {
    vf r;
    HN_VEC_EACH r.at[i] = hn_half_to_float(p[i]);
    return r;
}
HN_VEC_INLINE void vf_store_half(uint16_t *p, vf a) { HN_VEC_EACH p[i] = hn_half_from_float(a.at[i]); }

/* Row i becomes column i. */
HN_VEC_INLINE void vf_transpose(vf row[16]) {
    for (int i = 1; i < 16; i++) {
        for (int j = 0; j < i; j++) {
            float t = row[i].at[j];
            row[i].at[j] = row[j].at[i];
            row[j].at[i] = t;
        }
    }
}

#endif
