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

/* A tensor value: element type, shape and bytes, dense in row-major order. */
typedef struct hone_value hone_value;

/* A tensor over the caller's memory, which must outlive the value; `bytes` is checked against shape and type. */
HONE_API HONE_MUST_USE hone_status hone_value_wrap(hone_dtype dtype, int rank, const int64_t *dim, void *data,
                                                   size_t bytes, hone_value **out);
/* A tensor that owns zeroed memory. */
HONE_API HONE_MUST_USE hone_status hone_value_create(hone_dtype dtype, int rank, const int64_t *dim,
                                                     const hone_allocator *allocator, hone_value **out);
HONE_API void hone_value_destroy(hone_value **value);
HONE_API hone_dtype hone_value_dtype(const hone_value *value);
HONE_API int hone_value_rank(const hone_value *value);
HONE_API const int64_t *hone_value_dims(const hone_value *value);
HONE_API void *hone_value_data(const hone_value *value);
HONE_API size_t hone_value_bytes(const hone_value *value);

#ifdef __cplusplus
}
#endif
#endif
