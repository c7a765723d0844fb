/* Numbers of the text form. strtod would read them by the rules of the host program's locale. */
#include <math.h>
#include <string.h>
#include "ir/hir_text.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool hn_hir_integer(hn_bytes text, bool *negative, uint64_t *magnitude) {
    size_t i = text.n && text.data[0] == '-';
    *negative = i == 1;
    *magnitude = 0;
    if (i == text.n) return false;
    for (; i < text.n; i++)
        if (!is_digit(text.data[i]) || __builtin_mul_overflow(*magnitude, UINT64_C(10), magnitude) ||
            __builtin_add_overflow(*magnitude, (uint64_t)(text.data[i] - '0'), magnitude))
            return false;
    return true;
}

bool hn_hir_int64(hn_bytes text, int64_t *out) {
    bool negative;
    uint64_t magnitude;
    if (!hn_hir_integer(text, &negative, &magnitude) || magnitude > (uint64_t)INT64_MAX + negative) return false;
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* Digits with at most one point: their value without the point, and the power of ten that the point stands for. Digits
 * beyond the 19th count for their place only: the printer writes 17. */
static bool read_digits(const char **at, const char *end, uint64_t *value, int *power) {
    bool point = false, any = false;
    int kept = 0;
    *value = 0;
    *power = 0;
    for (; *at < end && (is_digit(**at) || **at == '.'); (*at)++) {
        if (**at == '.') {
            if (point) return false;
            point = true;
            continue;
        }
        any = true;
        if (*power > 5000 || *power < -5000) return false;
        if (kept < 19) {
            *value = *value * 10 + (uint64_t)(**at - '0');
            kept += *value > 0;
            *power -= point;
        } else {
            *power += !point;
        }
    }
    return any;
}

static bool read_exponent(const char *at, const char *end, int *power) {
    int64_t exponent;
    if (at == end) return true;
    if (*at++ != 'e') return false;
    if (at < end && *at == '+') at++;
    if (!hn_hir_int64((hn_bytes){at, (size_t)(end - at)}, &exponent) || exponent > 5000 || exponent < -5000)
        return false;
    *power += (int)exponent;
    return true;
}

bool hn_hir_real(hn_bytes text, double *out) {
    const char *at = text.data, *end = text.data + text.n;
    uint64_t digits;
    int power;
    const bool negative = at < end && *at == '-';
    at += negative;
    const size_t rest = (size_t)(end - at);
    if (rest == 3 && memcmp(at, "inf", 3) == 0) {
        *out = INFINITY;
    } else if (rest == 3 && memcmp(at, "nan", 3) == 0) {
        *out = NAN;
    } else {
        if (!read_digits(&at, end, &digits, &power) || !read_exponent(at, end, &power)) return false;
        /* Long doubles keep 17 digits apart from the doubles next to the one that was printed. */
        *out = (double)(power < 0 ? (long double)digits / powl(10, -power) : (long double)digits * powl(10, power));
        if (digits == 0) *out = 0;
    }
    if (negative) *out = -*out;
    return true;
}
