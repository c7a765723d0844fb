/* Types of values and the tensor descriptor that references, kernels and the runtime share. */
#ifndef HN_ABI_TENSOR_H
#define HN_ABI_TENSOR_H

#include "base/str.h"
#include "base/shape_expr.h"

/* Element type of tensors whose elements are hn_dim expressions. It never leaves the process: shape arithmetic runs the
 * ordinary reference of a data-movement operator over such tensors, so no operator needs a second set of rules. */
#define HN_DTYPE_DIM ((hone_dtype)64)

typedef enum hn_kind {
    HN_KIND_NONE, /* absent optional input or output */
    HN_KIND_TENSOR,
    HN_KIND_SEQUENCE,
    HN_KIND_OPTIONAL,
    HN_KIND_MAP,
} hn_kind;

/* What a value is, without its shape. Recursive and immutable; compare with hn_type_same. */
typedef struct hn_type {
    hn_kind kind;
    hone_dtype dtype;           /* tensor element; map key */
    const struct hn_type *elem; /* sequence, optional and map element */
} hn_type;

/* Shared constant types: a tensor of `dtype`; NULL for a number that is no element type. */
const hn_type *hn_type_tensor(hone_dtype dtype);
/* A shared constant type: sequence or optional of a tensor type, optional of a sequence of tensors, sequence of a map.
 * NULL for what no operator makes. */
const hn_type *hn_type_of(hn_kind kind, const hn_type *elem);
/* A shared constant type: map from int64 or string to tensors of `dtype`; else NULL. */
const hn_type *hn_type_map(hone_dtype key, hone_dtype dtype);
bool hn_type_same(const hn_type *a, const hn_type *b);
/* "float32", "sequence(float32)", "map(int64,float32)"; "?" for NULL. */
void hn_type_print(hn_str *out, const hn_type *type);
/* Reads what hn_type_print writes from [*at, end) and moves *at behind it. *out is NULL when that is no type; new types
 * are made in `arena`. */
HONE_MUST_USE hone_status hn_type_parse(const char **at, const char *end, hn_arena *arena, const hn_type **out);

/* A view of elements in memory. Strides count elements (not bytes) and are never negative; 0 repeats an element.
 * Sub-byte types are always dense and packed, low bits first. Strings are hn_bytes elements. A sequence, optional or
 * map is a scalar of HN_DTYPE_OBJECT (abi/object.h). */
typedef struct hn_tensor {
    hone_dtype dtype;
    int32_t rank;
    int64_t dim[HONE_MAX_RANK];
    int64_t stride[HONE_MAX_RANK];
    void *data;
} hn_tensor;

/* Bytes of one element (16 for strings and HN_DTYPE_DIM, 1 for sub-byte types). */
size_t hn_element_size(hone_dtype dtype);
/* Elements, or -1 when a dimension is negative or the product overflows. */
int64_t hn_tensor_count(const hn_tensor *t);
/* Bytes of the dense form; SIZE_MAX on overflow. */
size_t hn_tensor_bytes(const hn_tensor *t);
/* Sets rank, dims and dense row-major strides. */
void hn_tensor_set_shape(hn_tensor *t, int rank, const int64_t *dim);
/* Strides of channels-last storage for logical dims N, C, spatial...; rank >= 3, otherwise dense. */
void hn_tensor_set_channels_last(hn_tensor *t);
bool hn_tensor_is_dense(const hn_tensor *t);
/* Copies elements between tensors of the same type and dims, whatever their strides. */
void hn_tensor_copy(hn_tensor *to, const hn_tensor *from);
/* Element `index` of a dense integer or bool tensor as int64 (uint64 wraps). */
int64_t hn_tensor_int(const hn_tensor *t, int64_t index);
/* Element `index` of a dense real tensor as double. */
double hn_tensor_real(const hn_tensor *t, int64_t index);
/* "float32[1,3,224,224]" */
void hn_tensor_print(hn_str *out, const hn_tensor *t);

#endif
