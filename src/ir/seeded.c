/* Stand-ins for constants too large to print: data that follow from a seed and carry it. The first 64 elements spell
 * the bits of the seed (types without plain numbers: the first 8 bytes hold it), the rest are small numbers drawn from
 * it. */
#include <string.h>
#include "base/half.h"
#include "ir/hir_text.h"

static uint64_t draw(uint64_t seed, uint64_t i) {
    uint64_t x = seed + (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* Bytes that are made at a time; 1 for types whose elements are not plain numbers. */
static size_t unit_of(hone_dtype dtype) {
    switch (dtype) {
    case HONE_FLOAT32:
    case HONE_FLOAT64:
    case HONE_FLOAT16:
    case HONE_BFLOAT16:
    case HONE_INT64:
    case HONE_INT32:
    case HONE_INT16:
    case HONE_UINT64:
    case HONE_UINT32:
    case HONE_UINT16:
        return hn_element_size(dtype);
    default:
        return 1;
    }
}

static bool is_raw(hone_dtype dtype) {
    return unit_of(dtype) == 1 && dtype != HONE_BOOL && dtype != HONE_INT8 && dtype != HONE_UINT8;
}

/* In [-0.5, 0.5], exact in half precision. */
static double real_at(uint64_t seed, uint64_t i) {
    if (i < 64) return seed >> i & 1 ? 0.5 : -0.5;
    return ((double)(draw(seed, i) >> 52) - 2048) / 4096;
}

static uint64_t whole_at(hone_dtype dtype, uint64_t seed, uint64_t i) {
    if (is_raw(dtype)) return i < 8 ? seed >> (8 * i) & 0xFF : draw(seed, i) & 0x11;
    return i < 64 ? seed >> i & 1 : draw(seed, i) & (dtype == HONE_BOOL ? 1 : 3);
}

/* The bits of unit i, low bytes first. */
static uint64_t bits_at(hone_dtype dtype, uint64_t seed, uint64_t i) {
    const double real = real_at(seed, i);
    const float single = (float)real;
    uint32_t narrow;
    uint64_t wide;
    switch (dtype) {
    case HONE_FLOAT32:
        memcpy(&narrow, &single, sizeof narrow);
        return narrow;
    case HONE_FLOAT64:
        memcpy(&wide, &real, sizeof wide);
        return wide;
    case HONE_FLOAT16:
        return hn_half_from_float(single);
    case HONE_BFLOAT16:
        return hn_bfloat_from_float(single);
    default:
        return whole_at(dtype, seed, i);
    }
}

void hn_hir_seed_fill(hn_tensor *t, uint64_t seed) {
    const size_t unit = unit_of(t->dtype), n = hn_tensor_bytes(t) / unit;
    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = bits_at(t->dtype, seed, i);
        memcpy((char *)t->data + i * unit, &bits, unit);
    }
}

/* The seed that the first units would spell. */
static uint64_t spelled(const hn_tensor *t, size_t unit) {
    uint64_t seed = 0;
    if (is_raw(t->dtype)) {
        memcpy(&seed, t->data, sizeof seed);
        return seed;
    }
    for (unsigned i = 0; i < 64; i++) {
        const uint64_t one = bits_at(t->dtype, UINT64_MAX, i);
        if (memcmp((const char *)t->data + i * unit, &one, unit) == 0) seed |= UINT64_C(1) << i;
    }
    return seed;
}

uint64_t hn_hir_seed_of(const hn_tensor *t) {
    const size_t unit = unit_of(t->dtype), n = hn_tensor_bytes(t) / unit;
    const uint64_t seed = spelled(t, unit);
    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = bits_at(t->dtype, seed, i);
        if (memcmp((const char *)t->data + i * unit, &bits, unit) != 0) return hn_hash(t->data, hn_tensor_bytes(t), 0);
    }
    return seed;
}
