/* Element types, values, allocator and message callbacks: what every Hone header shares. */
#ifndef HONE_TYPES_H
#define HONE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hone/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HONE_MAX_RANK 8

/* Element types; the numbers are those of ONNX TensorProto.DataType and are pinned. */
typedef enum hone_dtype {
    HONE_NO_DTYPE = 0,
    HONE_FLOAT32 = 1,
    HONE_UINT8 = 2,
    HONE_INT8 = 3,
    HONE_UINT16 = 4,
    HONE_INT16 = 5,
    HONE_INT32 = 6,
    HONE_INT64 = 7,
    HONE_STRING = 8,
    HONE_BOOL = 9,
    HONE_FLOAT16 = 10,
    HONE_FLOAT64 = 11,
    HONE_UINT32 = 12,
    HONE_UINT64 = 13,
    HONE_COMPLEX64 = 14,
    HONE_COMPLEX128 = 15,
    HONE_BFLOAT16 = 16,
    HONE_FLOAT8E4M3FN = 17,
    HONE_FLOAT8E4M3FNUZ = 18,
    HONE_FLOAT8E5M2 = 19,
    HONE_FLOAT8E5M2FNUZ = 20,
    HONE_UINT4 = 21,
    HONE_INT4 = 22,
    HONE_FLOAT4E2M1 = 23,
    HONE_FLOAT8E8M0 = 24,
    HONE_UINT2 = 25,
    HONE_INT2 = 26
} hone_dtype;

/* Short name as NumPy and ml_dtypes spell it ("float32", "int64", "bfloat16"); "?" for an unknown number. */
HONE_API const char *hone_dtype_name(hone_dtype dtype);

/* Bits of one element (32 for float32, 4 for int4); 0 for strings and unknown numbers. */
HONE_API int hone_dtype_bits(hone_dtype dtype);

/* Memory source for everything a handle owns. `allocate` returns at least `size` bytes aligned to `alignment` (a power
 * of two, at most 4096) or NULL; `release` gets the same size back. Both may be called from several threads. */
typedef struct hone_allocator {
    void *(*allocate)(void *user, size_t size, size_t alignment);
    void (*release)(void *user, void *memory, size_t size);
    void *user;
} hone_allocator;

typedef enum hone_severity { HONE_VERBOSE = 0, HONE_INFO = 1, HONE_WARNING = 2, HONE_ERROR = 3 } hone_severity;

/* One message: a fault found in a model, a refused request, a warning. Every string may be empty, none is NULL.
 * Strings live as long as the list they came from. */
typedef struct hone_message {
    hone_severity severity;
    hone_status status;
    const char *text;     /* what is wrong, with the values that show it */
    const char *node;     /* name of the node concerned */
    const char *op;       /* its operator */
    const char *location; /* file offset or field path */
    const char *hint;     /* one next step */
} hone_message;

/* A list of messages that functions append to; ten errors at the most are kept, the rest are counted. */
typedef struct hone_messages hone_messages;

HONE_API HONE_MUST_USE hone_status hone_messages_create(const hone_allocator *allocator, hone_messages **out);
HONE_API void hone_messages_destroy(hone_messages **list);
HONE_API size_t hone_messages_count(const hone_messages *list);
HONE_API const hone_message *hone_messages_at(const hone_messages *list, size_t index);
/* Number of errors that did not fit into the list. */
HONE_API size_t hone_messages_dropped(const hone_messages *list);

/* Where log lines go (none by default); process-wide. Pass NULL to switch off. */
typedef void (*hone_log_fn)(void *user, hone_severity severity, const char *line);
HONE_API void hone_log_set(hone_log_fn fn, void *user, hone_severity least);

/* Called during long work with the share done (0..1), what is being done, and the seconds left as now estimated
 * (negative: unknown). Return false to cancel: the running function ends with HONE_CANCELLED. */
typedef bool (*hone_progress_fn)(void *user, double share, const char *what, double seconds_left);

/* What a value is. Lists hold values: a sequence any number of one type, an optional none or one, a map two tensors,
 * its keys and its values. */
typedef enum hone_kind { HONE_TENSOR = 0, HONE_SEQUENCE = 1, HONE_OPTIONAL = 2, HONE_MAP = 3 } hone_kind;

/* A tensor (element type, shape and elements, dense in row-major order) or a list of values. */
typedef struct hone_value hone_value;

/* A tensor over the caller's memory, which must outlive the value; `bytes` is checked against shape and type. Not for
 * strings (HONE_UNSUPPORTED). */
HONE_API HONE_MUST_USE hone_status hone_value_wrap(hone_dtype dtype, int rank, const int64_t *dim, void *data,
                                                   size_t bytes, hone_value **out);
/* A tensor that owns zeroed memory; strings are empty. */
HONE_API HONE_MUST_USE hone_status hone_value_create(hone_dtype dtype, int rank, const int64_t *dim,
                                                     const hone_allocator *allocator, hone_value **out);
/* A list of `n` items that are not set yet. HONE_INVALID_ARGUMENT: HONE_TENSOR, a negative `n`, more than one item in
 * an optional, other than two in a map. */
HONE_API HONE_MUST_USE hone_status hone_value_create_list(hone_kind kind, int64_t n, const hone_allocator *allocator,
                                                          hone_value **out);
/* Releases the value with its items and texts. */
HONE_API void hone_value_destroy(hone_value **value);
HONE_API hone_kind hone_value_kind(const hone_value *value);
/* Of tensors; a list has HONE_NO_DTYPE, rank 0, no data and 0 bytes. */
HONE_API hone_dtype hone_value_dtype(const hone_value *value);
HONE_API int hone_value_rank(const hone_value *value);
HONE_API const int64_t *hone_value_dims(const hone_value *value);
/* The elements; NULL for strings. */
HONE_API void *hone_value_data(const hone_value *value);
HONE_API size_t hone_value_bytes(const hone_value *value);

/* Element `index` of a string tensor (its text need not end with NUL; `size` bytes), NULL when there is none. */
HONE_API const char *hone_value_string(const hone_value *value, int64_t index, size_t *size);
/* Copies a text into element `index` of a tensor from hone_value_create. Errors: HONE_INVALID_ARGUMENT,
 * HONE_OUT_OF_MEMORY. */
HONE_API HONE_MUST_USE hone_status hone_value_set_string(hone_value *value, int64_t index, const char *text,
                                                         size_t size);
/* Items of a list: their number, and each (NULL: not set, or out of range). */
HONE_API int64_t hone_value_count(const hone_value *value);
HONE_API const hone_value *hone_value_item(const hone_value *value, int64_t index);
/* Sets item `index`; the list takes *item over and nulls it. HONE_INVALID_ARGUMENT: no such item. */
HONE_API HONE_MUST_USE hone_status hone_value_set_item(hone_value *value, int64_t index, hone_value **item);

#ifdef __cplusplus
}
#endif
#endif
