/* Narrow floating-point formats. Every conversion to a narrow format goes through one rounding routine that works on
 * the bits of a double, which holds every float exactly. */
#include "base/half.h"

#include <string.h>

#define DOUBLE_MANTISSA 52
#define DOUBLE_BIAS     1023

static uint64_t bits_of_double(double d) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static uint32_t bits_of_float(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static float float_of_bits(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static bool is_nan_bits(uint64_t bits) { return (bits & INT64_MAX) > (uint64_t)0x7FF << DOUBLE_MANTISSA; }

/* The code of a magnitude in a format with `mantissa` stored bits and exponent bias `bias`, rounded to nearest even as
 * if exponents had no upper limit (infinity gives a code beyond every finite one). The sign bit of `bits` is ignored.
 */
static inline uint32_t round_code(uint64_t bits, int mantissa, int bias) {
    int biased = (int)(bits >> DOUBLE_MANTISSA & 0x7FF), shift = DOUBLE_MANTISSA - mantissa;
    if (biased == 0) return 0; /* a double below 2^-1022 is below half of every narrow format's least value */
    uint64_t significand = (bits & (((uint64_t)1 << DOUBLE_MANTISSA) - 1)) | (uint64_t)1 << DOUBLE_MANTISSA;
    int exponent = biased - DOUBLE_BIAS + bias;
    if (exponent < 1) shift += 1 - exponent; /* subnormal in the narrow format */
    if (shift > DOUBLE_MANTISSA + 2) return 0;
    uint64_t kept = significand >> shift, rest = significand & (((uint64_t)1 << shift) - 1);
    uint64_t half = (uint64_t)1 << (shift - 1);
    kept += rest > half || (rest == half && (kept & 1));
    return (uint32_t)kept + (exponent < 1 ? 0 : (uint32_t)(exponent - 1) << mantissa);
}

float hn_half_to_float(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 0x1F, mantissa = h & 0x3FF;
    if (exponent == 0) {
        float magnitude = (float)mantissa * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    uint32_t wide = exponent == 0x1F ? 0xFF : exponent + 127 - 15;
    return float_of_bits(sign | wide << 23 | mantissa << 13);
}

/* NaN keeps its sign and the top of its payload and is made quiet, as the F16C instructions do. */
uint16_t hn_half_from_double(double d) {
    uint64_t bits = bits_of_double(d);
    uint16_t sign = (uint16_t)(bits >> 48 & 0x8000);
    if (is_nan_bits(bits)) return (uint16_t)(sign | 0x7E00 | (bits >> 42 & 0x1FF));
    uint32_t code = round_code(bits, 10, 15);
    return (uint16_t)(sign | (code > 0x7C00 ? 0x7C00 : code));
}

uint16_t hn_half_from_float(float f) { return hn_half_from_double((double)f); }

float hn_bfloat_to_float(uint16_t b) { return float_of_bits((uint32_t)b << 16); }

uint16_t hn_bfloat_from_float(float f) {
    uint32_t bits = bits_of_float(f);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

uint16_t hn_bfloat_from_double(double d) {
    uint64_t bits = bits_of_double(d);
    uint16_t sign = (uint16_t)(bits >> 48 & 0x8000);
    if (is_nan_bits(bits)) return (uint16_t)(sign | 0x7FC0 | (bits >> 45 & 0x3F));
    uint32_t code = round_code(bits, 7, 127);
    return (uint16_t)(sign | (code > 0x7F80 ? 0x7F80 : code));
}

/* Formats of 8 bits and less with a sign. `overflow` and `nan` are codes without sign, except in the formats whose only
 * NaN is the code of minus zero (`single_nan`). */
typedef struct narrow_format {
    uint8_t mantissa, bias;
    uint8_t sign; /* the sign bit */
    uint8_t largest;
    uint8_t overflow; /* what a value beyond `largest` becomes without saturation */
    uint8_t nan;
    bool single_nan;
} narrow_format;

static const narrow_format *format_of(hone_dtype dtype) {
    static const narrow_format e4m3fn = {3, 7, 0x80, 0x7E, 0x7F, 0x7F, false};
    static const narrow_format e4m3fnuz = {3, 8, 0x80, 0x7F, 0x80, 0x80, true};
    static const narrow_format e5m2 = {2, 15, 0x80, 0x7B, 0x7C, 0x7E, false};
    static const narrow_format e5m2fnuz = {2, 16, 0x80, 0x7F, 0x80, 0x80, true};
    static const narrow_format e2m1 = {1, 1, 0x08, 0x07, 0x07, 0x00, false};
    switch (dtype) {
    case HONE_FLOAT8E4M3FN:
        return &e4m3fn;
    case HONE_FLOAT8E4M3FNUZ:
        return &e4m3fnuz;
    case HONE_FLOAT8E5M2:
        return &e5m2;
    case HONE_FLOAT8E5M2FNUZ:
        return &e5m2fnuz;
    case HONE_FLOAT4E2M1:
        return &e2m1;
    default:
        return NULL;
    }
}

static float power_of_two(int exponent) {
    if (exponent < -126) return float_of_bits((uint32_t)1 << (exponent + 149));
    return float_of_bits((uint32_t)(exponent + 127) << 23);
}

float hn_float8_to_float(hone_dtype dtype, uint8_t bits) {
    const float not_a_number = float_of_bits(0x7FC00000);
    if (dtype == HONE_FLOAT8E8M0) return bits == 0xFF ? not_a_number : power_of_two((int)bits - 127);
    const narrow_format *format = format_of(dtype);
    if (!format) return not_a_number;
    uint32_t code = bits & (format->sign - 1u), exponent = code >> format->mantissa;
    bool negative = bits & format->sign;
    if (format->single_nan && negative && code == 0) return not_a_number;
    if (code > format->largest) {
        if (code != format->overflow || format->overflow == format->nan) return not_a_number;
        return float_of_bits(negative ? 0xFF800000 : 0x7F800000);
    }
    uint32_t fraction = code & ((1u << format->mantissa) - 1);
    if (exponent) fraction |= 1u << format->mantissa;
    int power = (exponent ? (int)exponent : 1) - format->bias - format->mantissa;
    float magnitude = (float)fraction * power_of_two(power);
    return negative ? -magnitude : magnitude;
}

uint8_t hn_float8e8m0_from_float(float f, hn_e8m0_round round, bool saturate) {
    uint32_t bits = bits_of_float(f), exponent = bits >> 23 & 0xFF, fraction = bits & 0x7FFFFF;
    if (exponent == 0xFF) return 0xFF;
    bool up = false;
    if (round == HN_E8M0_UP) up = fraction != 0;
    if (round == HN_E8M0_NEAREST) up = fraction > 0x400000 || (fraction == 0x400000 && exponent > 0);
    if (up && saturate && exponent == 0xFE) up = false;
    return (uint8_t)(exponent + up);
}

uint8_t hn_float8_from_float(hone_dtype dtype, float f, bool saturate) {
    if (dtype == HONE_FLOAT8E8M0) return hn_float8e8m0_from_float(f, HN_E8M0_UP, saturate);
    const narrow_format *format = format_of(dtype);
    if (!format) return 0;
    uint64_t bits = bits_of_double((double)f);
    uint8_t sign = bits >> 63 ? format->sign : 0;
    if (is_nan_bits(bits)) return dtype == HONE_FLOAT4E2M1 ? format->sign : (uint8_t)(sign | format->nan);
    uint32_t code = round_code(bits, format->mantissa, format->bias);
    if (code > format->largest) code = saturate ? format->largest : format->overflow;
    if (format->single_nan && code == 0) return 0;
    return (uint8_t)(sign | code);
}
