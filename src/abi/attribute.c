/* Looking attributes up, comparing and hashing them. */
#include "abi/attribute.h"

#include <string.h>
#include "base/map.h"

const hn_attr *hn_attrs_find(hn_attrs attrs, const char *name) {
    uint32_t low = 0, high = attrs.n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(attrs.at[middle].name, name);
        if (order == 0) return &attrs.at[middle];
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

static const hn_attr *find_kind(hn_attrs attrs, const char *name, hn_attr_kind kind) {
    const hn_attr *found = hn_attrs_find(attrs, name);
    return found && found->kind == kind ? found : NULL;
}

int64_t hn_attrs_int(hn_attrs attrs, const char *name, int64_t otherwise) {
    const hn_attr *found = find_kind(attrs, name, HN_ATTR_INT);
    return found ? found->i : otherwise;
}

float hn_attrs_float(hn_attrs attrs, const char *name, float otherwise) {
    const hn_attr *found = find_kind(attrs, name, HN_ATTR_FLOAT);
    return found ? found->f : otherwise;
}

static bool same_bytes(hn_bytes a, hn_bytes b) { return a.n == b.n && (a.n == 0 || memcmp(a.data, b.data, a.n) == 0); }

bool hn_attrs_text_is(hn_attrs attrs, const char *name, const char *otherwise, const char *text) {
    const hn_attr *found = find_kind(attrs, name, HN_ATTR_STRING);
    if (!found) return strcmp(otherwise, text) == 0;
    return same_bytes(found->s, (hn_bytes){text, strlen(text)});
}

const int64_t *hn_attrs_ints(hn_attrs attrs, const char *name, int *n) {
    const hn_attr *found = find_kind(attrs, name, HN_ATTR_INTS);
    *n = found && found->n <= INT32_MAX ? (int)found->n : 0;
    return found ? found->ints : NULL;
}

const float *hn_attrs_floats(hn_attrs attrs, const char *name, int *n) {
    const hn_attr *found = find_kind(attrs, name, HN_ATTR_FLOATS);
    *n = found && found->n <= INT32_MAX ? (int)found->n : 0;
    return found ? found->floats : NULL;
}

hone_status hn_attrs_ints_exact(hn_attrs attrs, const char *name, int n, int64_t otherwise, int64_t *out,
                                hn_diag *diag) {
    const hn_attr *found = find_kind(attrs, name, HN_ATTR_INTS);
    if (found && (int64_t)found->n != n)
        HN_FAIL(diag, HONE_INVALID_MODEL, "attribute %s has %u values where %d are needed", name, found->n, n);
    for (int i = 0; i < n; i++) out[i] = found ? found->ints[i] : otherwise;
    return HONE_OK;
}

static bool same_tensor(const hn_tensor *a, const hn_tensor *b) {
    if (a->dtype != b->dtype || a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return false;
    size_t bytes = hn_tensor_bytes(a);
    if (a->dtype != HONE_STRING) return bytes == 0 || (bytes != SIZE_MAX && memcmp(a->data, b->data, bytes) == 0);
    const hn_bytes *left = a->data, *right = b->data;
    for (size_t i = 0; i < bytes / sizeof *left; i++)
        if (!same_bytes(left[i], right[i])) return false;
    return true;
}

static bool same_strings(const hn_attr *a, const hn_attr *b) {
    for (uint32_t i = 0; i < a->n; i++)
        if (!same_bytes(a->strings[i], b->strings[i])) return false;
    return true;
}

static bool same_dims(const hn_attr *a, const hn_attr *b) {
    for (uint32_t i = 0; i < a->n; i++)
        if (!hn_dim_same(a->dims[i], b->dims[i])) return false;
    return true;
}

static bool same_list(const hn_attr *a, const hn_attr *b) {
    if (a->n != b->n) return false;
    switch (a->kind) {
    case HN_ATTR_INTS:
        return a->n == 0 || memcmp(a->ints, b->ints, a->n * sizeof *a->ints) == 0;
    case HN_ATTR_FLOATS:
        return a->n == 0 || memcmp(a->floats, b->floats, a->n * sizeof *a->floats) == 0;
    case HN_ATTR_STRINGS:
        return same_strings(a, b);
    default:
        return same_dims(a, b);
    }
}

static bool same_attr(const hn_attr *a, const hn_attr *b) {
    if (a->kind != b->kind || strcmp(a->name, b->name) != 0) return false;
    switch (a->kind) {
    case HN_ATTR_INT:
    case HN_ATTR_GRAPH:
        return a->i == b->i;
    case HN_ATTR_FLOAT:
        return memcmp(&a->f, &b->f, sizeof a->f) == 0;
    case HN_ATTR_STRING:
        return same_bytes(a->s, b->s);
    case HN_ATTR_TENSOR:
        return same_tensor(a->tensor, b->tensor);
    case HN_ATTR_TYPE:
        return hn_type_same(a->type, b->type);
    default:
        return same_list(a, b);
    }
}

bool hn_attrs_same(hn_attrs a, hn_attrs b) {
    if (a.n != b.n) return false;
    for (uint32_t i = 0; i < a.n; i++)
        if (!same_attr(&a.at[i], &b.at[i])) return false;
    return true;
}

static uint64_t hash_strings(const hn_bytes *at, size_t n, uint64_t hash) {
    for (size_t i = 0; i < n; i++) hash = hn_hash(at[i].data, at[i].n, hash);
    return hash;
}

static uint64_t hash_tensor(const hn_tensor *t, uint64_t hash) {
    size_t bytes = hn_tensor_bytes(t);
    hash = hn_hash(t->dim, (size_t)t->rank * sizeof *t->dim, hash + (uint64_t)t->dtype);
    if (t->dtype == HONE_STRING) return hash_strings(t->data, bytes / sizeof(hn_bytes), hash);
    return hn_hash(t->data, bytes == SIZE_MAX ? 0 : bytes, hash);
}

/* Expressions and types take part by their number only: equal attributes still hash alike. */
static uint64_t hash_attr(const hn_attr *a, uint64_t hash) {
    hash = hn_hash(a->name, strlen(a->name), hash + (uint64_t)a->kind);
    switch (a->kind) {
    case HN_ATTR_INT:
    case HN_ATTR_GRAPH:
        return hn_hash(&a->i, sizeof a->i, hash);
    case HN_ATTR_FLOAT:
        return hn_hash(&a->f, sizeof a->f, hash);
    case HN_ATTR_STRING:
        return hn_hash(a->s.data, a->s.n, hash);
    case HN_ATTR_INTS:
        return hn_hash(a->ints, a->n * sizeof *a->ints, hash);
    case HN_ATTR_FLOATS:
        return hn_hash(a->floats, a->n * sizeof *a->floats, hash);
    case HN_ATTR_STRINGS:
        return hash_strings(a->strings, a->n, hash);
    case HN_ATTR_TENSOR:
        return hash_tensor(a->tensor, hash);
    default:
        return hn_hash(&a->n, sizeof a->n, hash);
    }
}

uint64_t hn_attrs_hash(hn_attrs attrs) {
    uint64_t hash = attrs.n;
    for (uint32_t i = 0; i < attrs.n; i++) hash = hash_attr(&attrs.at[i], hash);
    return hash;
}
