/* Attributes as flat bytes. Little endian, every part starts at a multiple of 8; no attributes take no bytes.
 *
 *   header { count, 0 }   record { kind, n, name_bytes, 0, payload_bytes } name\0 payload   record ...
 *
 * Payloads: int and graph 8 bytes; float 4; string, ints, floats as they are; strings: n lengths of 8 bytes, then the
 * texts; type: its text; tensor: shape_code, rank dims, then the elements (of strings: as for strings). */
#include "abi/attribute.h"

#include <string.h>
#include "base/dtype.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "attribute bytes are written in host order, which must be little endian"
#endif

typedef struct header {
    uint32_t count, zero;
} header;

typedef struct record {
    uint32_t kind, n, name_bytes, zero;
    uint64_t payload_bytes;
} record;

typedef struct shape_code {
    int32_t dtype, rank;
} shape_code;

/* ---- writing ---- */

static void pad(hn_str *out, size_t start) {
    static const char zeros[8];
    hn_str_append(out, zeros, -(out->n - start) & 7u);
}

static void add_strings(hn_str *out, const hn_bytes *at, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint64_t length = at[i].n;
        hn_str_append(out, (const char *)&length, sizeof length);
    }
    for (size_t i = 0; i < n; i++) hn_str_append(out, at[i].data, at[i].n);
}

static void add_tensor(hn_str *out, const hn_tensor *t) {
    shape_code code = {(int32_t)t->dtype, t->rank};
    hn_str_append(out, (const char *)&code, sizeof code);
    hn_str_append(out, (const char *)t->dim, (size_t)t->rank * sizeof *t->dim);
    if (t->dtype == HONE_STRING) add_strings(out, t->data, hn_tensor_bytes(t) / sizeof(hn_bytes));
    else hn_str_append(out, t->data, hn_tensor_bytes(t));
}

static void add_payload(hn_str *out, const hn_attr *a) {
    switch (a->kind) {
    case HN_ATTR_FLOAT:
        hn_str_append(out, (const char *)&a->f, sizeof a->f);
        break;
    case HN_ATTR_STRING:
        hn_str_append(out, a->s.data, a->s.n);
        break;
    case HN_ATTR_INTS:
        hn_str_append(out, (const char *)a->ints, a->n * sizeof *a->ints);
        break;
    case HN_ATTR_FLOATS:
        hn_str_append(out, (const char *)a->floats, a->n * sizeof *a->floats);
        break;
    case HN_ATTR_STRINGS:
        add_strings(out, a->strings, a->n);
        break;
    case HN_ATTR_TENSOR:
        add_tensor(out, a->tensor);
        break;
    case HN_ATTR_TYPE:
        hn_type_print(out, a->type);
        break;
    default:
        hn_str_append(out, (const char *)&a->i, sizeof a->i);
        break;
    }
}

static hone_status check_writable(const hn_attr *a, hn_diag *diag) {
    if (a->kind == HN_ATTR_DIMS)
        HN_FAIL(diag, HONE_INTERNAL, "attribute %s is of a kind that has no flat form", a->name);
    if (a->kind == HN_ATTR_TENSOR && hn_tensor_bytes(a->tensor) == SIZE_MAX)
        HN_FAIL(diag, HONE_INTERNAL, "attribute %s holds a tensor without a size", a->name);
    return HONE_OK;
}

static void add_record(hn_str *out, size_t start, const hn_attr *a) {
    size_t at = out->n, name_bytes = strlen(a->name) + 1;
    record r = {(uint32_t)a->kind, a->n, (uint32_t)name_bytes, 0, 0};
    hn_str_append(out, (const char *)&r, sizeof r);
    hn_str_append(out, a->name, name_bytes);
    pad(out, start);
    size_t payload = out->n;
    add_payload(out, a);
    r.payload_bytes = out->n - payload;
    if (!out->failed) memcpy(out->data + at, &r, sizeof r);
    pad(out, start);
}

hone_status hn_attrs_encode(hn_attrs attrs, hn_str *out, hn_diag *diag) {
    size_t start = out->n;
    if (attrs.n == 0) return HONE_OK;
    for (uint32_t i = 0; i < attrs.n; i++) HN_TRY(check_writable(&attrs.at[i], diag));
    header h = {attrs.n, 0};
    hn_str_append(out, (const char *)&h, sizeof h);
    for (uint32_t i = 0; i < attrs.n && !out->failed; i++) add_record(out, start, &attrs.at[i]);
    return out->failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

/* ---- reading ---- */

/* What is left of the bytes. */
typedef struct reader {
    const char *at;
    size_t left;
    hn_arena *arena;
    hn_diag *diag;
} reader;

/* The next `n` bytes, or NULL when so many are not left. */
static const void *take(reader *in, uint64_t n) {
    const char *at = in->at;
    if (n > in->left) return NULL;
    in->at += n;
    in->left -= (size_t)n;
    return at;
}

/* As take, and skips to the next multiple of 8; the bytes begin at one. */
static const void *take_padded(reader *in, uint64_t n) {
    return n > UINT64_MAX - 7 ? NULL : take(in, (n + 7) & ~(uint64_t)7);
}

static hone_status damaged(const reader *in, const char *what) {
    HN_FAIL(in->diag, HONE_MALFORMED, "attributes are damaged: %s, %zu bytes before the end", what, in->left);
}

static hone_status read_strings(reader *payload, uint64_t n, hn_bytes **out) {
    const uint64_t *length = n > payload->left / sizeof *length ? NULL : take(payload, n * sizeof *length);
    if (!length) return damaged(payload, "lengths of strings");
    hn_bytes *text = HN_NEW_ARRAY(payload->arena, hn_bytes, n);
    HN_TRY_ALLOC(text);
    for (uint64_t i = 0; i < n; i++) {
        text[i].data = take(payload, length[i]);
        text[i].n = (size_t)length[i];
        if (!text[i].data) return damaged(payload, "a string");
    }
    *out = text;
    return HONE_OK;
}

static hone_status read_tensor(reader *payload, hn_tensor **out) {
    const shape_code *code = take(payload, sizeof *code);
    if (!code || !hn_dtype_is_known((hone_dtype)code->dtype) || code->rank < 0 || code->rank > HONE_MAX_RANK)
        return damaged(payload, "type and rank of a tensor");
    const int64_t *dim = take(payload, (uint64_t)code->rank * sizeof *dim);
    hn_tensor *t = HN_NEW(payload->arena, hn_tensor);
    HN_TRY_ALLOC(t);
    if (!dim) return damaged(payload, "dimensions of a tensor");
    t->dtype = (hone_dtype)code->dtype;
    hn_tensor_set_shape(t, code->rank, dim);
    *out = t;
    if (hn_tensor_bytes(t) == SIZE_MAX) return damaged(payload, "dimensions of a tensor");
    if (t->dtype == HONE_STRING) {
        hn_bytes *text = NULL;
        HN_TRY(read_strings(payload, (uint64_t)hn_tensor_count(t), &text));
        t->data = text;
    } else {
        union {
            const void *bytes;
            void *data; /* tensors of attributes are never written to */
        } view = {take(payload, hn_tensor_bytes(t))};
        if (!view.bytes) return damaged(payload, "elements of a tensor");
        t->data = view.data;
    }
    return payload->left ? damaged(payload, "a tensor that is too short") : HONE_OK;
}

/* The payload as a list of n elements of `size` bytes; NULL when its length is not just that. */
static const void *exactly(reader *payload, uint64_t n, size_t size) {
    return payload->left / size == n && payload->left % size == 0 ? payload->at : NULL;
}

static hone_status read_payload(reader *payload, hn_attr *a) {
    const void *at = NULL;
    switch (a->kind) {
    case HN_ATTR_INT:
    case HN_ATTR_GRAPH:
        if ((at = exactly(payload, 1, sizeof a->i))) memcpy(&a->i, at, sizeof a->i);
        break;
    case HN_ATTR_FLOAT:
        if ((at = exactly(payload, 1, sizeof a->f))) memcpy(&a->f, at, sizeof a->f);
        break;
    case HN_ATTR_STRING:
        a->s = (hn_bytes){payload->at, payload->left};
        return HONE_OK;
    case HN_ATTR_INTS:
        a->ints = at = exactly(payload, a->n, sizeof *a->ints);
        break;
    case HN_ATTR_FLOATS:
        a->floats = at = exactly(payload, a->n, sizeof *a->floats);
        break;
    case HN_ATTR_STRINGS: {
        hn_bytes *text = NULL;
        HN_TRY(read_strings(payload, a->n, &text));
        a->strings = text;
        return HONE_OK;
    }
    case HN_ATTR_TENSOR: {
        hn_tensor *t = NULL;
        HN_TRY(read_tensor(payload, &t));
        a->tensor = t;
        return HONE_OK;
    }
    case HN_ATTR_TYPE: {
        const char *text = payload->at;
        HN_TRY(hn_type_parse(&text, payload->at + payload->left, payload->arena, &a->type));
        return a->type && text == payload->at + payload->left ? HONE_OK : damaged(payload, "a type");
    }
    default:
        return damaged(payload, "the kind of an attribute");
    }
    return at ? HONE_OK : damaged(payload, "the length of a value");
}

static hone_status read_record(reader *in, hn_attr *a) {
    const record *r = take(in, sizeof *r);
    const char *name = r ? take_padded(in, r->name_bytes) : NULL;
    if (!name || r->name_bytes == 0 || memchr(name, 0, r->name_bytes) != name + r->name_bytes - 1)
        return damaged(in, "the name of an attribute");
    const char *bytes = take_padded(in, r->payload_bytes);
    if (!bytes) return damaged(in, "the value of an attribute");
    reader payload = {bytes, (size_t)r->payload_bytes, in->arena, in->diag};
    a->name = name;
    a->kind = (hn_attr_kind)r->kind;
    a->n = r->n;
    return read_payload(&payload, a);
}

hone_status hn_attrs_decode(const void *bytes, size_t n, hn_arena *arena, hn_attrs *out, hn_diag *diag) {
    reader in = {bytes, n, arena, diag};
    *out = (hn_attrs){0};
    if (n == 0) return HONE_OK;
    const header *h = (uintptr_t)bytes % 8 == 0 ? take(&in, sizeof *h) : NULL;
    if (!h || h->count > in.left / sizeof(record)) return damaged(&in, "their number");
    hn_attr *at = HN_NEW_ARRAY(arena, hn_attr, h->count);
    HN_TRY_ALLOC(at);
    for (uint32_t i = 0; i < h->count; i++) {
        HN_TRY(read_record(&in, &at[i]));
        if (i && strcmp(at[i - 1].name, at[i].name) >= 0) return damaged(&in, "names out of order");
    }
    if (in.left) return damaged(&in, "bytes behind the last one");
    *out = (hn_attrs){at, h->count};
    return HONE_OK;
}
