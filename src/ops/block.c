/* Conversions between blocks of elements and the four types that arithmetic runs in. */
#include "ops/block.h"

#include <math.h>
#include "base/dtype.h"
#include "base/half.h"

hn_block_kind hn_block_kind_of(hone_dtype dtype) {
    if (hn_dtype_is_float(dtype)) return HN_BLOCK_F64;
    if (hn_dtype_is_signed_int(dtype)) return HN_BLOCK_I64;
    return hn_dtype_is_unsigned_int(dtype) || dtype == HONE_BOOL ? HN_BLOCK_U64 : HN_BLOCK_NONE;
}

/* Towards zero, between `low` and `high`; both ends must be numbers that double holds or rounds outwards. */
static int64_t clamp_signed(double v, int bits) {
    double end = ldexp(1, bits - 1);
    if (v >= end) return (int64_t)(UINT64_MAX >> (65 - bits));
    if (v <= -end) return -(int64_t)(UINT64_MAX >> (65 - bits)) - 1;
    return isnan(v) ? 0 : (int64_t)v;
}

static uint64_t clamp_unsigned(double v, int bits) {
    if (v >= ldexp(1, bits)) return UINT64_MAX >> (64 - bits);
    return v > 0 ? (uint64_t)v : 0;
}

int64_t hn_block_to_i64(double v) { return clamp_signed(v, 64); }

uint64_t hn_block_to_u64(double v) { return clamp_unsigned(v, 64); }

#define PLAIN(v)    (v)
#define TO_FLOAT(v) ((float)(v))
#define TO_I64(v)   clamp_signed((v), 64)
#define TO_U64(v)   clamp_unsigned((v), 64)
#define AS_I64(v)   ((int64_t)(v))
#define AS_U64(v)   ((uint64_t)(v))
#define IS_TRUE(v)  ((v) != 0)

#define LOAD_CASE(constant, type, convert, decode)                                                                     \
    case HONE_##constant: {                                                                                            \
        const type *from = (const type *)t->data + first;                                                              \
        for (int i = 0; i < n; i++) to[i] = convert(decode(from[i]));                                                  \
        break;                                                                                                         \
    }

/* The rest (8-bit floats, packed types) goes element by element. */
#define DEFINE_LOAD(name, type, from_float, from_int)                                                                  \
    static void load_rest_##name(type *to, const hn_tensor *t, int64_t first, int n) {                                 \
        bool integer = hn_dtype_is_int(t->dtype);                                                                      \
        for (int i = 0; i < n; i++)                                                                                    \
            to[i] = integer ? from_int(hn_tensor_int(t, first + i)) : from_float(hn_tensor_real(t, first + i));        \
    }                                                                                                                  \
    void hn_block_load_##name(type *to, const hn_tensor *t, int64_t first, int n) {                                    \
        switch (t->dtype) {                                                                                            \
            LOAD_CASE(FLOAT32, float, from_float, PLAIN)                                                               \
            LOAD_CASE(FLOAT64, double, from_float, PLAIN)                                                              \
            LOAD_CASE(FLOAT16, uint16_t, from_float, hn_half_to_float)                                                 \
            LOAD_CASE(BFLOAT16, uint16_t, from_float, hn_bfloat_to_float)                                              \
            LOAD_CASE(INT8, int8_t, from_int, PLAIN)                                                                   \
            LOAD_CASE(INT16, int16_t, from_int, PLAIN)                                                                 \
            LOAD_CASE(INT32, int32_t, from_int, PLAIN)                                                                 \
            LOAD_CASE(INT64, int64_t, from_int, PLAIN)                                                                 \
            LOAD_CASE(UINT8, uint8_t, from_int, PLAIN)                                                                 \
            LOAD_CASE(UINT16, uint16_t, from_int, PLAIN)                                                               \
            LOAD_CASE(UINT32, uint32_t, from_int, PLAIN)                                                               \
            LOAD_CASE(UINT64, uint64_t, from_int, PLAIN)                                                               \
            LOAD_CASE(BOOL, uint8_t, from_int, IS_TRUE)                                                                \
        default:                                                                                                       \
            load_rest_##name(to, t, first, n);                                                                         \
        }                                                                                                              \
    }

DEFINE_LOAD(f32, float, TO_FLOAT, TO_FLOAT)
DEFINE_LOAD(f64, double, PLAIN, PLAIN)
DEFINE_LOAD(i64, int64_t, TO_I64, AS_I64)
DEFINE_LOAD(u64, uint64_t, TO_U64, AS_U64)

/* Sets the bits of packed element `index`; the unused rest of the tensor's last byte becomes 0. */
static void put_packed(hn_tensor *t, int64_t count, int64_t index, int bits, int value) {
    int per_byte = 8 / bits, shift = (int)(index % per_byte) * bits, mask = ((1 << bits) - 1) << shift;
    uint8_t *byte = (uint8_t *)t->data + index / per_byte;
    int kept = index == count - 1 ? (1 << shift) - 1 : ~mask;
    *byte = (uint8_t)((*byte & kept) | (value << shift & mask));
}

static bool is_small_float(hone_dtype dtype) { return hn_dtype_is_float(dtype) && hone_dtype_bits(dtype) <= 8; }

static void store_small_floats(hn_tensor *t, int64_t first, const float *from, int n) {
    int64_t count = hn_tensor_count(t);
    for (int i = 0; i < n; i++) {
        uint8_t code = hn_float8_from_float(t->dtype, from[i], true);
        if (t->dtype == HONE_FLOAT4E2M1) put_packed(t, count, first + i, 4, code);
        else ((uint8_t *)t->data)[first + i] = code;
    }
}

/* Packed integers from values already reduced to their range. */
static void store_packed_ints(hn_tensor *t, int64_t first, const int64_t *from, int n) {
    int64_t count = hn_tensor_count(t);
    int bits = hone_dtype_bits(t->dtype);
    for (int i = 0; i < n; i++) put_packed(t, count, first + i, bits, (int)(from[i] & ((1 << bits) - 1)));
}

#define STORE_CASE(constant, type, convert)                                                                            \
    case HONE_##constant: {                                                                                            \
        type *to = (type *)t->data + first;                                                                            \
        for (int i = 0; i < n; i++) to[i] = (type)convert(from[i]);                                                    \
        break;                                                                                                         \
    }

#define CLAMP_8(v)   clamp_signed((v), 8)
#define CLAMP_16(v)  clamp_signed((v), 16)
#define CLAMP_32(v)  clamp_signed((v), 32)
#define CLAMP_U8(v)  clamp_unsigned((v), 8)
#define CLAMP_U16(v) clamp_unsigned((v), 16)
#define CLAMP_U32(v) clamp_unsigned((v), 32)

#define STORE_FLOAT_CASES(half, bfloat)                                                                                \
    STORE_CASE(FLOAT32, float, PLAIN)                                                                                  \
    STORE_CASE(FLOAT64, double, PLAIN)                                                                                 \
    STORE_CASE(FLOAT16, uint16_t, half)                                                                                \
    STORE_CASE(BFLOAT16, uint16_t, bfloat)                                                                             \
    STORE_CASE(BOOL, uint8_t, IS_TRUE)

/* Values for the types that are written element by element, at most HN_BLOCK at a time. */
#define STORE_REST(to_int)                                                                                             \
    for (int done = 0; done < n; done += HN_BLOCK) {                                                                   \
        float as_float[HN_BLOCK];                                                                                      \
        int64_t as_int[HN_BLOCK];                                                                                      \
        int part = n - done < HN_BLOCK ? n - done : HN_BLOCK;                                                          \
        if (is_small_float(t->dtype)) {                                                                                \
            for (int i = 0; i < part; i++) as_float[i] = (float)from[done + i];                                        \
            store_small_floats(t, first + done, as_float, part);                                                       \
        } else if (hn_dtype_is_int(t->dtype)) {                                                                        \
            for (int i = 0; i < part; i++) as_int[i] = to_int(from[done + i]);                                         \
            store_packed_ints(t, first + done, as_int, part);                                                          \
        }                                                                                                              \
    }

#define CLAMP_PACKED(v)                                                                                                \
    (hn_dtype_is_signed_int(t->dtype) ? clamp_signed((v), hone_dtype_bits(t->dtype))                                   \
                                      : (int64_t)clamp_unsigned((v), hone_dtype_bits(t->dtype)))

#define DEFINE_STORE_FLOAT(name, type, half, bfloat)                                                                   \
    void hn_block_store_##name(hn_tensor *t, int64_t first, const type *from, int n) {                                 \
        switch (t->dtype) {                                                                                            \
            STORE_FLOAT_CASES(half, bfloat)                                                                            \
            STORE_CASE(INT8, int8_t, CLAMP_8)                                                                          \
            STORE_CASE(INT16, int16_t, CLAMP_16)                                                                       \
            STORE_CASE(INT32, int32_t, CLAMP_32)                                                                       \
            STORE_CASE(INT64, int64_t, TO_I64)                                                                         \
            STORE_CASE(UINT8, uint8_t, CLAMP_U8)                                                                       \
            STORE_CASE(UINT16, uint16_t, CLAMP_U16)                                                                    \
            STORE_CASE(UINT32, uint32_t, CLAMP_U32)                                                                    \
            STORE_CASE(UINT64, uint64_t, TO_U64)                                                                       \
        default:                                                                                                       \
            STORE_REST(CLAMP_PACKED);                                                                                  \
        }                                                                                                              \
    }

#define INT_TO_HALF(v)   hn_half_from_double((double)(v))
#define INT_TO_BFLOAT(v) hn_bfloat_from_double((double)(v))

#define DEFINE_STORE_INT(name, type)                                                                                   \
    void hn_block_store_##name(hn_tensor *t, int64_t first, const type *from, int n) {                                 \
        switch (t->dtype) {                                                                                            \
            STORE_FLOAT_CASES(INT_TO_HALF, INT_TO_BFLOAT)                                                              \
            STORE_CASE(INT8, int8_t, PLAIN)                                                                            \
            STORE_CASE(INT16, int16_t, PLAIN)                                                                          \
            STORE_CASE(INT32, int32_t, PLAIN)                                                                          \
            STORE_CASE(INT64, int64_t, PLAIN)                                                                          \
            STORE_CASE(UINT8, uint8_t, PLAIN)                                                                          \
            STORE_CASE(UINT16, uint16_t, PLAIN)                                                                        \
            STORE_CASE(UINT32, uint32_t, PLAIN)                                                                        \
            STORE_CASE(UINT64, uint64_t, PLAIN)                                                                        \
        default:                                                                                                       \
            STORE_REST(AS_I64);                                                                                        \
        }                                                                                                              \
    }

DEFINE_STORE_FLOAT(f32, float, hn_half_from_float, hn_bfloat_from_float)
DEFINE_STORE_FLOAT(f64, double, hn_half_from_double, hn_bfloat_from_double)
DEFINE_STORE_INT(i64, int64_t)
DEFINE_STORE_INT(u64, uint64_t)
