/* Arithmetic that the rows of families are written in: one name for double, int64_t and uint64_t. Integers wrap. */
#ifndef HN_OPS_NUMERIC_H
#define HN_OPS_NUMERIC_H

#include <math.h>
#include "ops/block.h"

#define HN_GENERIC(x, name) _Generic((x), double : name##_f64, int64_t : name##_i64, uint64_t : name##_u64)

#define negate(x)         HN_GENERIC(x, negate)(x)
#define absolute(x)       HN_GENERIC(x, absolute)(x)
#define sign(x)           HN_GENERIC(x, sign)(x)
#define sum(x, y)         HN_GENERIC(x, sum)(x, y)
#define difference(x, y)  HN_GENERIC(x, difference)(x, y)
#define product(x, y)     HN_GENERIC(x, product)(x, y)
#define quotient(x, y)    HN_GENERIC(x, quotient)(x, y)
#define power(x, y)       HN_GENERIC(x, power)(x, y)
#define floor_mod(x, y)   HN_GENERIC(x, floor_mod)(x, y)
#define trunc_mod(x, y)   HN_GENERIC(x, trunc_mod)(x, y)
#define shift_left(x, y)  _Generic((x), int64_t : shift_left_i64, uint64_t : shift_left_u64)(x, y)
#define shift_right(x, y) _Generic((x), int64_t : shift_right_i64, uint64_t : shift_right_u64)(x, y)
#define lesser(x, y)      HN_GENERIC(x, lesser)(x, y)
#define greater(x, y)     HN_GENERIC(x, greater)(x, y)

static inline bool is_nan(double x) { return isnan(x); }
static inline double negate_f64(double x) { return -x; }
static inline int64_t negate_i64(int64_t x) { return (int64_t)(0 - (uint64_t)x); }
static inline uint64_t negate_u64(uint64_t x) { return 0 - x; }
static inline double absolute_f64(double x) { return fabs(x); }
static inline int64_t absolute_i64(int64_t x) { return x < 0 ? negate_i64(x) : x; }
static inline uint64_t absolute_u64(uint64_t x) { return x; }

static inline double sign_f64(double x) { return isnan(x) ? x : (x > 0) - (x < 0); }
static inline int64_t sign_i64(int64_t x) { return (x > 0) - (x < 0); }
static inline uint64_t sign_u64(uint64_t x) { return x > 0; }

static inline double sum_f64(double x, double y) { return x + y; }
static inline int64_t sum_i64(int64_t x, int64_t y) { return (int64_t)((uint64_t)x + (uint64_t)y); }
static inline uint64_t sum_u64(uint64_t x, uint64_t y) { return x + y; }
static inline double difference_f64(double x, double y) { return x - y; }
static inline int64_t difference_i64(int64_t x, int64_t y) { return (int64_t)((uint64_t)x - (uint64_t)y); }
static inline uint64_t difference_u64(uint64_t x, uint64_t y) { return x - y; }
static inline double product_f64(double x, double y) { return x * y; }
static inline int64_t product_i64(int64_t x, int64_t y) { return (int64_t)((uint64_t)x * (uint64_t)y); }
static inline uint64_t product_u64(uint64_t x, uint64_t y) { return x * y; }

/* Integer divisors are not 0: the caller has looked. */
static inline double quotient_f64(double x, double y) { return x / y; }
static inline int64_t quotient_i64(int64_t x, int64_t y) { return y == -1 ? negate_i64(x) : x / y; }
static inline uint64_t quotient_u64(uint64_t x, uint64_t y) { return x / y; }
static inline double trunc_mod_f64(double x, double y) { return fmod(x, y); }
static inline int64_t trunc_mod_i64(int64_t x, int64_t y) { return y == -1 ? 0 : x % y; }
static inline uint64_t trunc_mod_u64(uint64_t x, uint64_t y) { return x % y; }

/* The remainder has the sign of the divisor. */
static inline double floor_mod_f64(double x, double y) {
    double r = fmod(x, y);
    if (r == 0) return copysign(0, y);
    return (r < 0) != (y < 0) ? r + y : r;
}
static inline int64_t floor_mod_i64(int64_t x, int64_t y) {
    int64_t r = trunc_mod_i64(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
static inline uint64_t floor_mod_u64(uint64_t x, uint64_t y) { return x % y; }

/* Integer powers wrap; a negative exponent gives the real power without its fraction, and 0 to it the largest number.
 */
static inline double power_f64(double x, double y) { return pow(x, y); }
static inline uint64_t power_u64(uint64_t x, uint64_t y) {
    uint64_t result = 1;
    for (; y; y >>= 1, x *= x)
        if (y & 1) result *= x;
    return result;
}
static inline int64_t power_i64(int64_t x, int64_t y) {
    if (y >= 0) return (int64_t)power_u64((uint64_t)x, (uint64_t)y);
    if (x == 0) return INT64_MAX;
    return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
}

/* Shifts by a negative number of bits, or by more than there are, leave what the sign extends to. */
static inline uint64_t shift_left_u64(uint64_t x, uint64_t y) { return y < 64 ? x << y : 0; }
static inline int64_t shift_left_i64(int64_t x, int64_t y) { return (int64_t)shift_left_u64((uint64_t)x, (uint64_t)y); }
static inline uint64_t shift_right_u64(uint64_t x, uint64_t y) { return y < 64 ? x >> y : 0; }
static inline int64_t shift_right_i64(int64_t x, int64_t y) {
    int bits = y < 0 || y > 63 ? 63 : (int)y;
    return x < 0 ? ~(~x >> bits) : x >> bits;
}

/* Either being NaN gives NaN. */
static inline double lesser_f64(double x, double y) {
    double least = x < y ? x : y;
    return isnan(x) ? x : least;
}
static inline int64_t lesser_i64(int64_t x, int64_t y) { return x < y ? x : y; }
static inline uint64_t lesser_u64(uint64_t x, uint64_t y) { return x < y ? x : y; }
static inline double greater_f64(double x, double y) {
    double most = x > y ? x : y;
    return isnan(x) ? x : most;
}
static inline int64_t greater_i64(int64_t x, int64_t y) { return x > y ? x : y; }
static inline uint64_t greater_u64(uint64_t x, uint64_t y) { return x > y ? x : y; }

/* The value of a row's expression in the type that the row runs in. */
static inline double as_f64(double v) { return v; }
static inline int64_t as_i64(int64_t v) { return v; }
static inline uint64_t as_u64(uint64_t v) { return v; }
#define result_f64(v) as_f64(v)
#define result_i64(v) _Generic((v), double : hn_block_to_i64, default : as_i64)(v)
#define result_u64(v) _Generic((v), double : hn_block_to_u64, default : as_u64)(v)

/* Parameters of a row: attributes under a local name. */
#define NO_PARAMS
#define PARAM(name, attribute, otherwise)        const double name = hn_attrs_float(attrs, attribute, otherwise);
#define PARAM_FLAG(name, attribute, otherwise)   const bool name = hn_attrs_int(attrs, attribute, otherwise) != 0;
#define PARAM_WORD(name, attribute, plain, word) const bool name = hn_attrs_text_is(attrs, attribute, plain, word);

#endif
