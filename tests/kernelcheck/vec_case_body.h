/* See vec_case.h. */
#include <string.h>
#include "kernels/cpu/math.h"
#include "vec_case.h"

static void put(uint32_t **out, vf x) {
    vf_store((float *)(void *)*out, x);
    *out += 16;
}
static void put_int(uint32_t **out, vi x) {
    vi_store((int32_t *)(void *)*out, x);
    *out += 16;
}
static void put_float(uint32_t **out, float x) { memcpy((*out)++, &x, sizeof x); }

static void arithmetic(vf a, vf b, vf c, uint32_t **out) {
    put(out, vf_add(a, b)), put(out, vf_sub(a, b)), put(out, vf_mul(a, b)), put(out, vf_div(a, b));
    put(out, vf_min(a, b)), put(out, vf_max(a, b)), put(out, vf_fma(a, b, c)), put(out, vf_fnma(a, b, c));
    put(out, vf_sqrt(a)), put(out, vf_round(a)), put(out, vf_floor(a)), put(out, vf_ceil(a)), put(out, vf_trunc(a));
    put(out, vf_neg(a)), put(out, vf_abs(a)), put(out, vf_copysign(a, b)), put(out, vf_clamp(a, b, c));
    put(out, vf_set(3)), put(out, vf_zero());
    put_float(out, vf_sum(a)), put_float(out, vf_max_all(a)), put_float(out, vf_min_all(a));
}

static void comparisons(vf a, vf b, vf c, uint32_t **out) {
    vm masks[] = {vf_lt(a, b), vf_le(a, b), vf_eq(a, b), vf_gt(a, b), vf_ge(a, b), vf_unordered(a, b)};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        *(*out)++ = vm_bits(masks[i]);
        *(*out)++ = vm_bits(vm_not(masks[i]));
        *(*out)++ = vm_bits(vm_and(masks[i], masks[0]));
        *(*out)++ = vm_bits(vm_or(masks[i], masks[1]));
        put(out, vf_blend(masks[i], b, c));
        put_int(out, vi_blend(masks[i], vf_bits(b), vf_bits(c)));
    }
}

static void integers(vf a, vf b, uint32_t **out) {
    vi x = vf_bits(a), y = vf_bits(b);
    put_int(out, vi_add(x, y)), put_int(out, vi_sub(x, y)), put_int(out, vi_mul(x, y)), put_int(out, vi_and(x, y));
    put_int(out, vi_or(x, y)), put_int(out, vi_xor(x, y)), put_int(out, vi_min(x, y)), put_int(out, vi_max(x, y));
    put_int(out, vi_shl(x, 5)), put_int(out, vi_shr(x, 5)), put_int(out, vi_sar(x, 5)), put_int(out, vi_set(-7));
    *(*out)++ = vm_bits(vi_eq(x, y)), *(*out)++ = vm_bits(vi_gt(x, y)), *(*out)++ = vm_bits(vi_lt(x, y));
    *(*out)++ = (uint32_t)vi_sum(x);
    put(out, vf_of_int(x)), put_int(out, vf_trunc_int(a)), put_int(out, vf_round_int(a)), put(out, vf_of_bits(x));
}

static void memory(const float *p, int n, uint32_t **out) {
    int32_t index[16], words[16];
    for (int i = 0; i < 16; i++) index[i] = (i * 7 + n) % 16;
    memcpy(words, p, sizeof words);
    put(out, vf_load_first(p, n)), put_int(out, vi_load_part(words, vm_first(n))),
        put(out, vf_gather(p, vi_load(index)));
    for (int i = 0; i < 2; i++) put(out, vf_set(1));
    vf_store_first((float *)(void *)(*out - 32), n, vf_load(p));
    vi_store_part((int32_t *)(void *)(*out - 16), vm_first(n), vi_load(words));
    put_int(out, vi_load_s8((const int8_t *)p)), put_int(out, vi_load_u8((const uint8_t *)p));
    put(out, vf_load_half((const uint16_t *)(const void *)p));
    vi_store_s8((int8_t *)*out, vi_load(words)), *out += 4;
    vi_store_u8((uint8_t *)*out, vi_load(words)), *out += 4;
    vi_store_s8((int8_t *)*out, vi_sar(vi_load(words), 23)), *out += 4;
    vi_store_u8((uint8_t *)*out, vi_sar(vi_load(words), 22)), *out += 4;
    vf_store_half((uint16_t *)*out, vf_load(p)), *out += 8;
}

static void transposed(const float *p, uint32_t **out) {
    vf row[16];
    for (int i = 0; i < 16; i++) row[i] = vf_add(vf_load(p), vf_set((float)i));
    vf_transpose(row);
    for (int i = 0; i < 16; i++) put(out, row[i]);
}

size_t HN_VEC_NAME(vec_case)(const float *a, const float *b, const float *c, int n, uint32_t *out) {
    uint32_t *begin = out;
    arithmetic(vf_load(a), vf_load(b), vf_load(c), &out);
    comparisons(vf_load(a), vf_load(b), vf_load(c), &out);
    integers(vf_load(a), vf_load(b), &out);
    memory(a, n, &out);
    transposed(a, &out);
    put(&out, vf_exp(vf_load(a))), put(&out, vf_tanh(vf_load(a))), put(&out, vf_erf(vf_load(a)));
    put(&out, vf_gelu(vf_load(a))), put(&out, vf_gelu_tanh(vf_load(a))), put(&out, vf_silu(vf_load(a)));
    put(&out, vf_hard_swish(vf_load(a)));
    return (size_t)(out - begin);
}

void HN_VEC_NAME(vec_math)(const float *x, float *exp, float *tanh, float *erf, float *sigmoid) {
    vf_store(exp, vf_exp(vf_load(x)));
    vf_store(tanh, vf_tanh(vf_load(x)));
    vf_store(erf, vf_erf(vf_load(x)));
    vf_store(sigmoid, vf_sigmoid(vf_load(x)));
}
