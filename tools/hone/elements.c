/* Reading and writing elements by type. */
#include "elements.h"

#include <math.h>
#include <string.h>
#include "base/half.h"

/* Columns: type, C type. */
#define PLAIN_TYPES(X)                                                                                                 \
    X(HONE_FLOAT32, float)                                                                                             \
    X(HONE_FLOAT64, double)                                                                                            \
    X(HONE_INT8, int8_t)                                                                                               \
    X(HONE_INT16, int16_t)                                                                                             \
    X(HONE_INT32, int32_t)                                                                                             \
    X(HONE_INT64, int64_t)                                                                                             \
    X(HONE_UINT8, uint8_t)                                                                                             \
    X(HONE_UINT16, uint16_t)                                                                                           \
    X(HONE_UINT32, uint32_t)                                                                                           \
    X(HONE_UINT64, uint64_t)                                                                                           \
    X(HONE_BOOL, uint8_t)

bool is_integer_type(hone_dtype dtype) {
    switch (dtype) {
    case HONE_INT8:
    case HONE_INT16:
    case HONE_INT32:
    case HONE_INT64:
    case HONE_UINT8:
    case HONE_UINT16:
    case HONE_UINT32:
    case HONE_UINT64:
    case HONE_INT4:
    case HONE_UINT4:
    case HONE_INT2:
    case HONE_UINT2:
        return true;
    default:
        return false;
    }
}

bool is_float_type(hone_dtype dtype) {
    return !is_integer_type(dtype) && dtype != HONE_BOOL && dtype != HONE_STRING && dtype != HONE_COMPLEX64 &&
           dtype != HONE_COMPLEX128;
}

int64_t value_count(const hone_value *value) {
    int64_t n = 1;
    for (int i = 0; i < hone_value_rank(value); i++) n *= hone_value_dims(value)[i];
    return n;
}

/* ---- types narrower than a byte: low bits first ---- */

static unsigned get_bits(const uint8_t *data, int64_t index, int bits) {
    const int64_t at = index * bits;
    return (unsigned)(data[at / 8] >> (at % 8)) & ((1u << bits) - 1);
}

static void set_bits(uint8_t *data, int64_t index, int bits, unsigned x) {
    const int64_t at = index * bits;
    const unsigned mask = ((1u << bits) - 1) << (at % 8);
    data[at / 8] = (uint8_t)((data[at / 8] & ~mask) | ((x << (at % 8)) & mask));
}

static double get_narrow(hone_dtype dtype, const uint8_t *data, int64_t index) {
    const int bits = hone_dtype_bits(dtype);
    const unsigned x = get_bits(data, index, bits);
    if (dtype == HONE_FLOAT4E2M1) return (double)hn_float8_to_float(dtype, (uint8_t)x);
    const bool negative = (dtype == HONE_INT4 || dtype == HONE_INT2) && x >> (bits - 1);
    return (double)x - (negative ? (double)(1u << bits) : 0);
}

/* ---- get and set ---- */

double element_get(const hone_value *value, int64_t index) {
    const void *data = hone_value_data(value);
    const hone_dtype dtype = hone_value_dtype(value);
    switch (dtype) {
#define X(type, c)                                                                                                     \
    case type:                                                                                                         \
        return (double)((const c *)data)[index];
        PLAIN_TYPES(X)
#undef X
    case HONE_FLOAT16:
        return (double)hn_half_to_float(((const uint16_t *)data)[index]);
    case HONE_BFLOAT16:
        return (double)hn_bfloat_to_float(((const uint16_t *)data)[index]);
    case HONE_COMPLEX64:
        return (double)((const float *)data)[2 * index];
    case HONE_COMPLEX128:
        return ((const double *)data)[2 * index];
    case HONE_INT4:
    case HONE_UINT4:
    case HONE_INT2:
    case HONE_UINT2:
    case HONE_FLOAT4E2M1:
        return get_narrow(dtype, data, index);
    case HONE_STRING:
        return NAN;
    default:
        return (double)hn_float8_to_float(dtype, ((const uint8_t *)data)[index]);
    }
}

static double limited(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

static double rounded(hone_dtype dtype, double x) {
    const int bits = hone_dtype_bits(dtype);
    const bool is_signed = dtype == HONE_INT8 || dtype == HONE_INT16 || dtype == HONE_INT32 || dtype == HONE_INT64 ||
                           dtype == HONE_INT4 || dtype == HONE_INT2;
    const double top = bits == 64 ? 9e18 : ldexp(1, bits - is_signed) - 1;
    return limited(nearbyint(x), is_signed ? -top - 1 : 0, top);
}

void element_set(hone_value *value, int64_t index, double x) {
    void *data = hone_value_data(value);
    const hone_dtype dtype = hone_value_dtype(value);
    if (is_integer_type(dtype)) x = rounded(dtype, x);
    switch (dtype) {
#define X(type, c)                                                                                                     \
    case type:                                                                                                         \
        ((c *)data)[index] = (c)x;                                                                                     \
        return;
        PLAIN_TYPES(X)
#undef X
    case HONE_FLOAT16:
        ((uint16_t *)data)[index] = hn_half_from_double(x);
        return;
    case HONE_BFLOAT16:
        ((uint16_t *)data)[index] = hn_bfloat_from_double(x);
        return;
    case HONE_COMPLEX64:
        ((float *)data)[2 * index] = (float)x;
        return;
    case HONE_COMPLEX128:
        ((double *)data)[2 * index] = x;
        return;
    case HONE_INT4:
    case HONE_UINT4:
    case HONE_INT2:
    case HONE_UINT2:
        set_bits(data, index, hone_dtype_bits(dtype), (unsigned)(int)x);
        return;
    case HONE_FLOAT4E2M1:
        set_bits(data, index, 4, hn_float8_from_float(dtype, (float)x, true));
        return;
    default:
        ((uint8_t *)data)[index] = hn_float8_from_float(dtype, (float)x, true);
    }
}
