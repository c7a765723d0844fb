/* Reading and writing .npy. */
#include "npy.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "shapes.h"

#define MAGIC "\x93NUMPY"

static const struct {
    hone_dtype dtype;
    const char *descr; /* little endian; '|' where order means nothing */
} types[] = {
    {HONE_FLOAT32, "<f4"},   {HONE_FLOAT64, "<f8"},     {HONE_FLOAT16, "<f2"}, {HONE_INT8, "|i1"},
    {HONE_INT16, "<i2"},     {HONE_INT32, "<i4"},       {HONE_INT64, "<i8"},   {HONE_UINT8, "|u1"},
    {HONE_UINT16, "<u2"},    {HONE_UINT32, "<u4"},      {HONE_UINT64, "<u8"},  {HONE_BOOL, "|b1"},
    {HONE_COMPLEX64, "<c8"}, {HONE_COMPLEX128, "<c16"},
};
enum { TYPE_COUNT = sizeof types / sizeof *types };

const char *npy_descr(hone_dtype dtype) {
    for (int i = 0; i < TYPE_COUNT; i++)
        if (types[i].dtype == dtype) return types[i].descr;
    return NULL;
}

bool is_npy(const void *bytes, size_t n) { return n >= 10 && memcmp(bytes, MAGIC, 6) == 0; }

/* ---- the header: a Python dictionary of three entries ---- */

typedef struct header {
    const char *what;
    const char *text; /* NUL-terminated copy */
    hone_dtype dtype;
    bool swapped, fortran;
    int rank;
    int64_t dim[HONE_MAX_RANK];
} header;

static const char *entry(const header *h, const char *key) {
    const char *at = strstr(h->text, key);
    if (!at) fail("%s: the .npy header has no %s", h->what, key);
    at += strlen(key);
    while (*at == ' ' || *at == ':') at++;
    return at;
}

static hone_dtype raw_items(const char *descr, hone_dtype wanted) {
    const long bytes = strtol(descr + 2, NULL, 10);
    const bool nameless = wanted != HONE_NO_DTYPE && !npy_descr(wanted);
    return nameless && bytes * 8 == hone_dtype_bits(wanted) ? wanted : HONE_NO_DTYPE;
}

static void read_descr(header *h, hone_dtype wanted) {
    char descr[16] = {0};
    const char *at = entry(h, "'descr'");
    if (*at == '\'')
        for (size_t i = 0; i + 1 < sizeof descr && at[i + 1] && at[i + 1] != '\''; i++) descr[i] = at[i + 1];
    if (descr[0] == '=') descr[0] = '<';
    h->swapped = descr[0] == '>';
    for (int i = 0; i < TYPE_COUNT; i++)
        if (strcmp(types[i].descr + 1, descr + (descr[0] != 0)) == 0) h->dtype = types[i].dtype;
    if (!h->dtype && descr[1] == 'V') h->dtype = raw_items(descr, wanted);
    if (!h->dtype)
        fail_hint("save numbers or bools; other types can come as ONNX .pb", "%s: element type %s is not supported",
                  h->what, *descr ? descr : "of several fields");
}

static void read_shape(header *h) {
    const char *at = entry(h, "'shape'");
    if (*at++ != '(') fail("%s: the .npy header has no shape", h->what);
    for (;;) {
        while (*at == ' ' || *at == ',') at++;
        if (*at == ')') return;
        char *end;
        errno = 0;
        const long long extent = strtoll(at, &end, 10);
        if (end == at || errno || extent < 0) fail("%s: the .npy header has a malformed shape", h->what);
        if (h->rank == HONE_MAX_RANK) fail("%s: more than %d dimensions", h->what, HONE_MAX_RANK);
        h->dim[h->rank++] = extent;
        at = end;
    }
}

static size_t data_offset(const uint8_t *bytes, size_t n, const char *what, header *h) {
    if (!is_npy(bytes, n) || bytes[6] < 1 || bytes[6] > 3 || n < 12) fail("%s: not an .npy array", what);
    const bool wide = bytes[6] >= 2;
    const size_t start = wide ? 12 : 10;
    size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (wide) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > n - start) fail("%s: the .npy header is truncated", what);
    h->text = text_copy((const char *)bytes + start, length);
    return start + length;
}

/* ---- the bytes ---- */

static void swap_bytes(uint8_t *at, size_t bytes, size_t item) {
    for (; bytes >= item; bytes -= item, at += item)
        for (size_t i = 0; i < item / 2; i++) {
            const uint8_t c = at[i];
            at[i] = at[item - 1 - i], at[item - 1 - i] = c;
        }
}

/* Column-major source: walks the row-major result and counts the source's place along. */
static void copy_fortran(uint8_t *to, const uint8_t *from, const header *h, size_t item, size_t count) {
    int64_t index[HONE_MAX_RANK] = {0}, stride[HONE_MAX_RANK];
    int64_t step = 1;
    for (int i = 0; i < h->rank; i++) stride[i] = step, step *= h->dim[i];
    int64_t place = 0;
    for (size_t k = 0; k < count; k++) {
        memcpy(to + k * item, from + (size_t)place * item, item);
        for (int i = h->rank - 1; i >= 0; i--) {
            place += stride[i];
            if (++index[i] < h->dim[i]) break;
            place -= stride[i] * h->dim[i];
            index[i] = 0;
        }
    }
}

hone_value *read_npy(const void *bytes, size_t n, hone_dtype wanted, const char *what) {
    header h = {.what = what};
    const size_t start = data_offset(bytes, n, what, &h);
    read_descr(&h, wanted);
    h.fortran = strncmp(entry(&h, "'fortran_order'"), "True", 4) == 0;
    read_shape(&h);
    hone_value *value;
    if (hone_value_create(h.dtype, h.rank, h.dim, NULL, &value) != HONE_OK)
        fail("%s: no memory for %s elements of %s", what, shape_text(h.rank, h.dim), hone_dtype_name(h.dtype));
    const size_t size = hone_value_bytes(value), item = (size_t)hone_dtype_bits(h.dtype) / 8;
    if (n - start < size)
        fail("%s: truncated: %s of %s takes %zu bytes, the array has %zu", what, shape_text(h.rank, h.dim),
             hone_dtype_name(h.dtype), size, n - start);
    uint8_t *to = hone_value_data(value);
    const uint8_t *from = (const uint8_t *)bytes + start;
    if (h.fortran && h.rank > 1 && size) copy_fortran(to, from, &h, item, size / item);
    else if (size) memcpy(to, from, size);
    const bool complex = h.dtype == HONE_COMPLEX64 || h.dtype == HONE_COMPLEX128;
    if (h.swapped) swap_bytes(to, size, complex ? item / 2 : item);
    if (h.dtype == HONE_BOOL)
        for (size_t i = 0; i < size; i++) to[i] = to[i] != 0;
    return value;
}

char *npy_header(const hone_value *value, size_t *n) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    const int rank = hone_value_rank(value);
    hn_str_add(&text, "{'descr': '%s', 'fortran_order': False, 'shape': (", npy_descr(hone_value_dtype(value)));
    for (int i = 0; i < rank; i++)
        hn_str_add(&text, "%s%" PRId64 "%s", i ? ", " : "", hone_value_dims(value)[i], rank == 1 ? "," : "");
    hn_str_add(&text, "), }");
    while ((10 + text.n + 1) % 64) hn_str_append(&text, " ", 1);
    hn_str_append(&text, "\n", 1);
    const size_t length = text.n;
    char *all = take(10 + length, 1);
    memcpy(all, MAGIC "\x01\x00", 8);
    all[8] = (char)(length & 0xFF), all[9] = (char)(length >> 8);
    memcpy(all + 10, text_done(&text), length);
    *n = 10 + length;
    return all;
}
