/* Attributes of an operator: typed key/value records, the same in the IR, in its text form and in the plan. */
#ifndef HN_ABI_ATTRIBUTE_H
#define HN_ABI_ATTRIBUTE_H

#include "abi/tensor.h"
#include "base/diag.h"

typedef enum hn_attr_kind {
    HN_ATTR_INT,
    HN_ATTR_FLOAT,
    HN_ATTR_STRING,
    HN_ATTR_INTS,
    HN_ATTR_FLOATS,
    HN_ATTR_STRINGS,
    HN_ATTR_TENSOR,
    HN_ATTR_GRAPH, /* index into the node's bodies (IR) or block number (plan) */
    HN_ATTR_DIMS,  /* expressions; only in the IR (hone.Shape), a plan holds their code */
    HN_ATTR_TYPE
} hn_attr_kind;

typedef struct hn_attr {
    const char *name;
    hn_attr_kind kind;
    uint32_t n; /* elements of the list kinds */
    union {
        int64_t i; /* INT, GRAPH */
        float f;
        hn_bytes s;
        const int64_t *ints;
        const float *floats;
        const hn_bytes *strings;
        const hn_tensor *tensor;
        const hn_dim *dims;
        const hn_type *type;
    };
} hn_attr;

typedef struct hn_attrs {
    const hn_attr *at; /* borrowed, sorted by name */
    uint32_t n;
} hn_attrs;

/* NULL when absent. */
const hn_attr *hn_attrs_find(hn_attrs attrs, const char *name);
/* The value, or the default when absent or of another kind (import has checked kinds against the operator). */
int64_t hn_attrs_int(hn_attrs attrs, const char *name, int64_t otherwise);
float hn_attrs_float(hn_attrs attrs, const char *name, float otherwise);
/* True when the attribute is present with exactly this text; `otherwise` is the text assumed when absent. */
bool hn_attrs_text_is(hn_attrs attrs, const char *name, const char *otherwise, const char *text);
/* The list and its length; NULL and 0 when absent. */
const int64_t *hn_attrs_ints(hn_attrs attrs, const char *name, int *n);
const float *hn_attrs_floats(hn_attrs attrs, const char *name, int *n);
/* Copies at most `max` ints; when absent fills `n` entries with `otherwise`. HONE_INVALID_MODEL when the length differs
 * from `n`. */
hone_status hn_attrs_ints_exact(hn_attrs attrs, const char *name, int n, int64_t otherwise, int64_t *out,
                                hn_diag *diag);

/* Same names, kinds and contents (floats by bits). */
bool hn_attrs_same(hn_attrs a, hn_attrs b);
uint64_t hn_attrs_hash(hn_attrs attrs);

/* Flat bytes (8-byte aligned records, little endian) for queries and plans; GRAPH becomes its number; TENSOR is stored
 * whole, TYPE as its text. DIMS are refused (HONE_INTERNAL). */
hone_status hn_attrs_encode(hn_attrs attrs, hn_str *out, hn_diag *diag);
/* Checks bounds of everything; the result's lists point into `bytes` (which must be 8-byte aligned and outlive them),
 * records live in `arena`. */
hone_status hn_attrs_decode(const void *bytes, size_t n, hn_arena *arena, hn_attrs *out, hn_diag *diag);

#endif
