/* Lookups in the list of element types. */
#include "base/dtype.h"

#include <string.h>

enum class { NONE, FLOAT, SIGNED, UNSIGNED, BOOL, COMPLEX, STRING };

typedef struct facts {
    const char *name;
    int bits;
    enum class class;
} facts;

#define HN_DTYPE(number, constant, name, bits, class)                                                                  \
    _Static_assert(HONE_##constant == (number), "dtypes.def and hone_dtype disagree");
#include "base/dtypes.def"
#undef HN_DTYPE

static const facts table[] = {
#define HN_DTYPE(number, constant, name, bits, class) [number] = {name, bits, class},
#include "base/dtypes.def"
#undef HN_DTYPE
};

static const facts *look_up(hone_dtype dtype) {
    static const facts unknown = {"?", 0, NONE};
    size_t number = (size_t)dtype;
    return number < sizeof table / sizeof *table && table[number].name ? &table[number] : &unknown;
}

const char *hone_dtype_name(hone_dtype dtype) { return look_up(dtype)->name; }

int hone_dtype_bits(hone_dtype dtype) { return look_up(dtype)->bits; }

bool hn_dtype_is_float(hone_dtype dtype) { return look_up(dtype)->class == FLOAT; }

bool hn_dtype_is_signed_int(hone_dtype dtype) { return look_up(dtype)->class == SIGNED; }

bool hn_dtype_is_unsigned_int(hone_dtype dtype) { return look_up(dtype)->class == UNSIGNED; }

bool hn_dtype_is_int(hone_dtype dtype) { return hn_dtype_is_signed_int(dtype) || hn_dtype_is_unsigned_int(dtype); }

bool hn_dtype_is_complex(hone_dtype dtype) { return look_up(dtype)->class == COMPLEX; }

bool hn_dtype_is_reference(hone_dtype dtype) { return dtype == HONE_STRING || dtype == HN_DTYPE_OBJECT; }

bool hn_dtype_is_known(hone_dtype dtype) { return look_up(dtype)->class != NONE; }

size_t hn_dtype_bytes(hone_dtype dtype, int64_t count) {
    const facts *type = look_up(dtype);
    bool wide = hn_dtype_is_reference(dtype) || dtype == HN_DTYPE_OPAQUE128;
    if (count < 0 || (type->class == NONE && !wide)) return SIZE_MAX;
    size_t n = (size_t)count, bytes;
    if (!wide && type->bits < 8) {
        size_t per_byte = 8 / (size_t)type->bits;
        return n / per_byte + (n % per_byte != 0);
    }
    size_t each = wide ? HN_DTYPE_WIDE_BYTES : (size_t)type->bits / 8;
    return __builtin_mul_overflow(n, each, &bytes) ? SIZE_MAX : bytes;
}

hone_dtype hn_dtype_parse(const char *name) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].name && strcmp(table[i].name, name) == 0) return (hone_dtype)i;
    return HONE_NO_DTYPE;
}
