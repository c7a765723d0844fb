/* Shape arithmetic of operators that make numbers out of shapes. */
#include "base/dtype.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

bool hn_ops_element_shape(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    const hn_shape *shape = &infer->in[0].shape;
    int first, last;
    (void)in;
    if (!out[0] || shape->rank < 0) return false;
    hn_shape_window(infer->attrs, shape->rank, &first, &last);
    for (int i = first; i < last; i++) ((hn_dim *)out[0]->data)[i - first] = shape->dim[i];
    return true;
}

bool hn_ops_element_size(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    const hn_shape *shape = &infer->in[0].shape;
    (void)in;
    if (!out[0] || shape->rank < 0) return false;
    *(hn_dim *)out[0]->data = hn_shape_product(infer->exprs, shape->dim, shape->rank);
    return true;
}

bool hn_ops_element_constant_of_shape(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    const hn_attr *value = hn_attrs_find(infer->attrs, "value");
    (void)in;
    if (!out[0] || !value || value->kind != HN_ATTR_TENSOR) return false;
    const hone_dtype dtype = value->tensor->dtype;
    const int64_t count = hn_tensor_count(out[0]), number = hn_tensor_int(value->tensor, 0);
    if ((!hn_dtype_is_int(dtype) && dtype != HONE_BOOL) || (dtype == HONE_UINT64 && number < 0)) return false;
    for (int64_t i = 0; i < count; i++) ((hn_dim *)out[0]->data)[i] = hn_dim_const(number);
    return true;
}

bool hn_ops_element_range(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    if (!out[0] || !in[0] || !in[2]) return false;
    const int64_t count = hn_tensor_count(out[0]);
    const hn_dim start = *(const hn_dim *)in[0]->data, delta = *(const hn_dim *)in[2]->data;
    for (int64_t i = 0; i < count; i++)
        ((hn_dim *)out[0]->data)[i] = hn_dim_add(infer->exprs, start, hn_dim_mul(infer->exprs, hn_dim_const(i), delta));
    return true;
}
