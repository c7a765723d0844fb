/* Types, tensors and attributes of the text form. */
#include <string.h>
#include "base/dtype.h"
#include "base/half.h"
#include "ir/hir_text.h"

#define MOST_FILLED ((size_t)1 << 30) /* bytes of seeded constants in one model */

/* ---- types ---- */

static hone_status read_dtype(hn_hir_reader *r, hone_dtype *out) {
    const hn_bytes word = hn_hir_token(r);
    char name[32] = "";
    if (word.n && word.n < sizeof name) memcpy(name, word.data, word.n);
    *out = hn_dtype_parse(name);
    return *out == HONE_NO_DTYPE ? hn_hir_fault(r, "element type expected, not '%s'", name) : HONE_OK;
}

static hone_status read_shape(hn_hir_reader *r, hn_shape *out) {
    HN_TRY(hn_hir_expect(r, '['));
    if (strncmp(r->at, "...]", 4) == 0) {
        r->at += 4;
        out->rank = -1;
        return HONE_OK;
    }
    return hn_hir_dims(r, out->dim, HONE_MAX_RANK, &out->rank);
}

static hone_status read_list_type(hn_hir_reader *r, const hn_type **type) {
    HN_TRY(hn_type_parse(&r->at, r->at + strlen(r->at), &r->model->arena, type));
    return *type ? HONE_OK : hn_hir_fault(r, "type expected: sequence(...), optional(...) or map(key,...)");
}

hone_status hn_hir_type(hn_hir_reader *r, const hn_type **type, hn_shape *shape) {
    static const char *const lists[] = {"sequence(", "optional(", "map("};
    hone_dtype dtype;
    *type = NULL;
    *shape = hn_shape_unknown();
    if (hn_hir_take(r, '?')) return HONE_OK;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (strncmp(r->at, lists[i], strlen(lists[i])) == 0) return read_list_type(r, type);
    HN_TRY(read_dtype(r, &dtype));
    *type = hn_type_tensor(dtype);
    return read_shape(r, shape);
}

/* ---- elements ---- */

static hone_status store_real(hn_hir_reader *r, hn_tensor *t, int64_t i, hn_bytes word) {
    double value;
    if (!hn_hir_real(word, &value)) return hn_hir_fault(r, "number expected, not '%.*s'", (int)word.n, word.data);
    if (t->dtype == HONE_FLOAT32) ((float *)t->data)[i] = (float)value;
    else if (t->dtype == HONE_FLOAT64) ((double *)t->data)[i] = value;
    else if (t->dtype == HONE_FLOAT16) ((uint16_t *)t->data)[i] = hn_half_from_double(value);
    else ((uint16_t *)t->data)[i] = hn_bfloat_from_double(value);
    return HONE_OK;
}

static hone_status store_integer(hn_hir_reader *r, hn_tensor *t, int64_t i, hn_bytes word) {
    bool negative;
    uint64_t magnitude, most = t->dtype == HONE_BOOL ? 1 : UINT64_MAX >> (64 - hone_dtype_bits(t->dtype));
    const bool is_signed = hn_dtype_is_signed_int(t->dtype);
    const bool ok = hn_hir_integer(word, &negative, &magnitude);
    if (is_signed) most = most / 2 + negative;
    if (!ok || magnitude > most || (negative && !is_signed && magnitude))
        return hn_hir_fault(r, "%s expected, not '%.*s'", hone_dtype_name(t->dtype), (int)word.n, word.data);
    const uint64_t bits = negative ? 0 - magnitude : magnitude;
    const size_t size = hn_element_size(t->dtype);
    memcpy((char *)t->data + (size_t)i * size, &bits, size); /* low bytes first */
    return HONE_OK;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static hone_status read_bytes(hn_hir_reader *r, hn_tensor *t) {
    const size_t n = hn_tensor_bytes(t);
    if (!hn_hir_take(r, 'x')) return hn_hir_fault(r, "'x' and bytes expected");
    for (size_t i = 0; i < n; i++, r->at += 2) {
        const int high = hex_digit(r->at[0]), low = high < 0 ? -1 : hex_digit(r->at[1]);
        if (low < 0) return hn_hir_fault(r, "%zu bytes expected, found %zu", n, i);
        ((uint8_t *)t->data)[i] = (uint8_t)(high << 4 | low);
    }
    return HONE_OK;
}

static bool is_real(hone_dtype t) {
    return t == HONE_FLOAT32 || t == HONE_FLOAT64 || t == HONE_FLOAT16 || t == HONE_BFLOAT16;
}

static bool is_whole(hone_dtype t) { return t == HONE_BOOL || (hn_dtype_is_int(t) && hone_dtype_bits(t) >= 8); }

static hone_status read_elements(hn_hir_reader *r, hn_tensor *t) {
    const int64_t n = hn_tensor_count(t);
    if (n > 0 && !is_real(t->dtype) && !is_whole(t->dtype) && t->dtype != HONE_STRING) {
        HN_TRY(read_bytes(r, t));
        return hn_hir_expect(r, '}');
    }
    for (int64_t i = 0; i < n; i++) {
        if (i) HN_TRY(hn_hir_expect(r, ','));
        if (t->dtype == HONE_STRING) HN_TRY(hn_hir_quoted(r, &((hn_bytes *)t->data)[i]));
        else if (is_real(t->dtype)) HN_TRY(store_real(r, t, i, hn_hir_token(r)));
        else HN_TRY(store_integer(r, t, i, hn_hir_token(r)));
    }
    return hn_hir_expect(r, '}');
}

/* Memory for the elements; listed ones take at least two characters each. */
static hone_status make_room(hn_hir_reader *r, hn_tensor *t, bool listed) {
    const size_t bytes = hn_tensor_bytes(t);
    const int64_t n = hn_tensor_count(t);
    if (bytes == SIZE_MAX) return hn_hir_fault(r, "the tensor is too large");
    if (listed && (uint64_t)n / 8 > strlen(r->at)) return hn_hir_fault(r, "%lld elements expected", (long long)n);
    if (!listed) {
        if (n <= HN_HIR_INLINE || t->dtype == HONE_STRING) return hn_hir_fault(r, "elements expected, not a seed");
        if (bytes > MOST_FILLED - r->filled) return hn_hir_fault(r, "the constants are too large");
        r->filled += bytes;
    }
    t->data = hn_arena_alloc_aligned(&r->model->arena, bytes, 64);
    return t->data ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status read_seed(hn_hir_reader *r, hn_tensor *t) {
    uint64_t seed = 0;
    for (int i = 0; i < 16; i++, r->at++) {
        const int digit = hex_digit(*r->at);
        if (digit < 0) return hn_hir_fault(r, "16 hexadecimal digits expected");
        seed = seed << 4 | (uint64_t)digit;
    }
    HN_TRY(make_room(r, t, false));
    hn_hir_seed_fill(t, seed);
    return HONE_OK;
}

hone_status hn_hir_tensor(hn_hir_reader *r, hn_tensor *out) {
    hn_shape shape;
    int64_t dim[HONE_MAX_RANK];
    *out = (hn_tensor){0};
    HN_TRY(read_dtype(r, &out->dtype));
    HN_TRY(read_shape(r, &shape));
    if (!hn_shape_constant(&shape, dim)) return hn_hir_fault(r, "constant dimensions expected");
    hn_tensor_set_shape(out, shape.rank, dim);
    if (hn_tensor_count(out) < 0) return hn_hir_fault(r, "the tensor is too large");
    HN_TRY(hn_hir_expect(r, '='));
    if (hn_hir_take(r, '@')) return read_seed(r, out);
    HN_TRY(hn_hir_expect(r, '{'));
    HN_TRY(make_room(r, out, true));
    return read_elements(r, out);
}
