/* Casts between strings and numbers, the same in every locale: floats in the shortest form that reads back. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/dtype.h"
#include "ops/block.h"
#include "ops/convert/cast_string.h"

enum { LONGEST = 400 }; /* characters of a number that are read */

/* ---- to strings ---- */

static int print_real(double x, hone_dtype dtype, char *to, size_t size) {
    if (isnan(x)) return snprintf(to, size, "NaN");
    if (isinf(x)) return snprintf(to, size, x < 0 ? "-INF" : "INF");
    const bool wide = dtype == HONE_FLOAT64;
    int n = 0;
    for (int digits = 1; digits <= (wide ? 17 : 9); digits++) {
        n = snprintf(to, size, "%.*g", digits, x);
        if (wide ? strtod(to, NULL) == x : strtof(to, NULL) == (float)x) break;
    }
    return n;
}

static int print_element(const hn_tensor *t, int64_t i, char *to, size_t size) {
    if (hn_dtype_is_float(t->dtype)) return print_real(hn_tensor_real(t, i), t->dtype, to, size);
    if (t->dtype == HONE_UINT64) return snprintf(to, size, "%llu", (unsigned long long)hn_tensor_int(t, i));
    return snprintf(to, size, "%lld", (long long)hn_tensor_int(t, i));
}

static hone_status print_all(hn_call *call) {
    const hn_tensor *in = call->in[0];
    hn_bytes *out = call->out[0]->data;
    for (int64_t i = 0, n = hn_tensor_count(in); i < n; i++) {
        char text[64];
        const int length = print_element(in, i, text, sizeof text);
        out[i].data = hn_arena_copy(call->lasting, text, (size_t)length);
        HN_TRY_ALLOC(out[i].data);
        out[i].n = (size_t)length;
    }
    return HONE_OK;
}

/* ---- from strings ---- */

static hone_status refuse(hn_call *call, hn_bytes text, int64_t i) {
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "element %lld, '%.*s', is no %s", (long long)i,
            text.n > 40 ? 40 : (int)text.n, text.n ? text.data : "", hone_dtype_name(call->out[0]->dtype));
}

static hone_status read_element(hn_call *call, hn_bytes text, int64_t i) {
    hn_tensor *out = call->out[0];
    char own[LONGEST + 1], *end = own;
    if (!text.n || text.n > LONGEST || memchr(text.data, 0, text.n)) return refuse(call, text, i);
    memcpy(own, text.data, text.n);
    own[text.n] = '\0';
    errno = 0;
    if (hn_dtype_is_float(out->dtype)) {
        const double x = out->dtype == HONE_FLOAT32 ? (double)strtof(own, &end) : strtod(own, &end);
        hn_block_store_f64(out, i, &x, 1);
    } else if (hn_dtype_is_unsigned_int(out->dtype)) {
        const uint64_t x = strtoull(own, &end, 10);
        hn_block_store_u64(out, i, &x, 1);
    } else {
        const int64_t x = strtoll(own, &end, 10);
        hn_block_store_i64(out, i, &x, 1);
    }
    const bool too_large = errno == ERANGE && !hn_dtype_is_float(out->dtype);
    return end == own || *end || too_large ? refuse(call, text, i) : HONE_OK;
}

static hone_status read_all(hn_call *call) {
    const hn_bytes *text = call->in[0]->data;
    for (int64_t i = 0, n = hn_tensor_count(call->in[0]); i < n; i++) HN_TRY(read_element(call, text[i], i));
    return HONE_OK;
}

hone_status hn_ops_cast_string(hn_call *call) {
    const locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    HN_TRY_ALLOC(plain);
    const locale_t before = uselocale(plain); /* of this thread only */
    const hone_status status = call->in[0]->dtype == HONE_STRING ? read_all(call) : print_all(call);
    (void)uselocale(before);
    freelocale(plain);
    return status;
}
