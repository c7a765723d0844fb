/* Views as copies, shapes as numbers, and tensors filled by a rule. */
#include <string.h>
#include "base/dtype.h"
#include "base/half.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

/* Input i if it is present and holds one number. */
static hone_status one_number(hn_call *call, int i, const hn_tensor **out) {
    *out = i < call->n_in ? call->in[i] : NULL;
    if (!*out || hn_tensor_count(*out) == 1) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "input %d has %lld elements where one is needed", i,
            (long long)hn_tensor_count(*out));
}

hone_status hn_call_int(hn_call *call, int i, int64_t otherwise, int64_t *out) {
    const hn_tensor *t;
    HN_TRY(one_number(call, i, &t));
    *out = t ? hn_tensor_int(t, 0) : otherwise;
    return HONE_OK;
}

hone_status hn_call_real(hn_call *call, int i, double otherwise, double *out) {
    const hn_tensor *t;
    HN_TRY(one_number(call, i, &t));
    *out = t ? hn_tensor_real(t, 0) : otherwise;
    return HONE_OK;
}

hone_status hn_ops_ref_view(hn_call *call) {
    size_t bytes = hn_tensor_bytes(call->in[0]);
    if (!call->out[0] || bytes == 0) return HONE_OK;
    if (bytes == SIZE_MAX || bytes != hn_tensor_bytes(call->out[0]))
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "input and output differ in their number of elements");
    memcpy(call->out[0]->data, call->in[0]->data, bytes);
    return HONE_OK;
}

hone_status hn_ops_ref_shape(hn_call *call) {
    int first, last;
    if (!call->out[0]) return HONE_OK;
    hn_shape_window(call->attrs, call->in[0]->rank, &first, &last);
    memcpy(call->out[0]->data, call->in[0]->dim + first, (size_t)(last - first) * sizeof(int64_t));
    return HONE_OK;
}

hone_status hn_ops_ref_size(hn_call *call) {
    if (call->out[0]) *(int64_t *)call->out[0]->data = hn_tensor_count(call->in[0]);
    return HONE_OK;
}

hone_status hn_ops_ref_constant_of_shape(hn_call *call) {
    const hn_attr *value = hn_attrs_find(call->attrs, "value");
    hn_tensor *out = call->out[0];
    if (!out) return HONE_OK;
    const int64_t count = hn_tensor_count(out);
    const size_t size = hn_element_size(out->dtype);
    if (!value) memset(out->data, 0, (size_t)count * size);
    for (int64_t i = 0; value && i < count; i++)
        memcpy((char *)out->data + (size_t)i * size, value->tensor->data, size);
    return HONE_OK;
}

/* ---- Range ---- */

/* Integers wrap: arithmetic is done on 64 unsigned bits. */
static void range_of_integers(hn_tensor *out, int64_t start, int64_t delta) {
    const int64_t count = hn_tensor_count(out);
    uint64_t value = (uint64_t)start;
    for (int64_t i = 0; i < count; i++, value += (uint64_t)delta) {
        if (out->dtype == HONE_INT64) ((uint64_t *)out->data)[i] = value;
        else if (out->dtype == HONE_INT32) ((uint32_t *)out->data)[i] = (uint32_t)value;
        else ((uint16_t *)out->data)[i] = (uint16_t)value;
    }
}

/* In the precision of the type, 16-bit types in float: start + i * delta, each product rounded once. */
static void range_of_reals(hn_tensor *out, double start, double delta) {
    const int64_t count = hn_tensor_count(out);
    for (int64_t i = 0; i < count; i++) {
        float value = (float)start + (float)i * (float)delta;
        if (out->dtype == HONE_FLOAT64) ((double *)out->data)[i] = start + (double)i * delta;
        else if (out->dtype == HONE_FLOAT32) ((float *)out->data)[i] = value;
        else if (out->dtype == HONE_FLOAT16) ((uint16_t *)out->data)[i] = hn_half_from_float(value);
        else ((uint16_t *)out->data)[i] = hn_bfloat_from_float(value);
    }
}

hone_status hn_ops_ref_range(hn_call *call) {
    hn_tensor *out = call->out[0];
    int64_t start, delta;
    double real_start, real_delta;
    if (!out) return HONE_OK;
    HN_TRY(hn_call_int(call, 0, 0, &start));
    HN_TRY(hn_call_int(call, 2, 1, &delta));
    HN_TRY(hn_call_real(call, 0, 0, &real_start));
    HN_TRY(hn_call_real(call, 2, 1, &real_delta));
    if (hn_dtype_is_int(out->dtype)) range_of_integers(out, start, delta);
    else range_of_reals(out, real_start, real_delta);
    return HONE_OK;
}

/* ---- EyeLike ---- */

/* The bits of 1, lowest byte first. */
static uint64_t one_of(hone_dtype dtype) {
    switch (dtype) {
    case HONE_FLOAT32:
        return 0x3f800000;
    case HONE_FLOAT64:
        return UINT64_C(0x3ff0000000000000);
    case HONE_FLOAT16:
        return 0x3c00;
    case HONE_BFLOAT16:
        return 0x3f80;
    default:
        return 1;
    }
}

hone_status hn_ops_ref_eye_like(hn_call *call) {
    hn_tensor *out = call->out[0];
    if (!out) return HONE_OK;
    const int64_t k = hn_attrs_int(call->attrs, "k", 0), rows = out->dim[0], columns = out->dim[1];
    const size_t size = hn_element_size(out->dtype);
    const uint64_t one = one_of(out->dtype);
    memset(out->data, 0, hn_tensor_bytes(out));
    if (k >= columns || k <= -rows) return HONE_OK;
    for (int64_t row = k < 0 ? -k : 0; row < rows && row + k < columns; row++)
        memcpy((char *)out->data + (size_t)(row * columns + row + k) * size, &one, size);
    return HONE_OK;
}
