/* Public values: dense tensors over owned or borrowed memory. */
#include "abi/tensor.h"

#include <string.h>
#include "base/dtype.h"

#define VALUE_ALIGNMENT 64

/* Checks the description and makes a value without memory. */
static hone_status describe(hone_dtype dtype, int rank, const int64_t *dim, const hone_allocator *allocator,
                            hone_value **out) {
    if (!out) return HONE_INVALID_ARGUMENT;
    *out = NULL;
    if (dtype == HONE_STRING) return HONE_UNSUPPORTED;
    if (!hn_dtype_is_known(dtype) || rank < 0 || rank > HONE_MAX_RANK || (rank > 0 && !dim))
        return HONE_INVALID_ARGUMENT;
    hn_tensor tensor = {.dtype = dtype};
    hn_tensor_set_shape(&tensor, rank, dim);
    size_t bytes = hn_tensor_bytes(&tensor);
    if (bytes == SIZE_MAX) return HONE_INVALID_ARGUMENT;
    hone_value *value = hn_alloc(allocator, sizeof *value, _Alignof(hone_value));
    if (!value) return HONE_OUT_OF_MEMORY;
    *value = (hone_value){.tensor = tensor, .bytes = bytes, .allocator = allocator};
    *out = value;
    return HONE_OK;
}

hone_status hone_value_wrap(hone_dtype dtype, int rank, const int64_t *dim, void *data, size_t bytes,
                            hone_value **out) {
    hone_status status = describe(dtype, rank, dim, NULL, out);
    if (status != HONE_OK) return status;
    if ((*out)->bytes != bytes || (bytes && !data)) {
        hone_value_destroy(out);
        return HONE_INVALID_ARGUMENT;
    }
    (*out)->tensor.data = data;
    return HONE_OK;
}

hone_status hone_value_create(hone_dtype dtype, int rank, const int64_t *dim, const hone_allocator *allocator,
                              hone_value **out) {
    hone_status status = describe(dtype, rank, dim, allocator, out);
    if (status != HONE_OK) return status;
    size_t bytes = (*out)->bytes ? (*out)->bytes : 1; /* an empty tensor has an address, too */
    void *data = hn_alloc(allocator, bytes, VALUE_ALIGNMENT);
    if (!data) {
        hone_value_destroy(out);
        return HONE_OUT_OF_MEMORY;
    }
    (*out)->tensor.data = memset(data, 0, bytes);
    (*out)->owned_bytes = bytes;
    return HONE_OK;
}

void hone_value_destroy(hone_value **value) {
    if (!value || !*value) return;
    hone_value *old = *value;
    if (old->owned_bytes) hn_release(old->allocator, old->tensor.data, old->owned_bytes);
    hn_release(old->allocator, old, sizeof *old);
    *value = NULL;
}

hone_dtype hone_value_dtype(const hone_value *value) { return value ? value->tensor.dtype : HONE_NO_DTYPE; }

int hone_value_rank(const hone_value *value) { return value ? value->tensor.rank : 0; }

const int64_t *hone_value_dims(const hone_value *value) { return value ? value->tensor.dim : NULL; }

void *hone_value_data(const hone_value *value) { return value ? value->tensor.data : NULL; }

size_t hone_value_bytes(const hone_value *value) { return value ? value->bytes : 0; }
