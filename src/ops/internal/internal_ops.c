/* hone.Shape, a small integer tensor of dim expressions, hone.Reorder, which only changes how elements are stored, and
 * hone.Fail, which stands for a branch that cannot work. */
#include <string.h>
#include "base/dtype.h"
#include "ops/block.h"
#include "ops/registry.h"

/* The attribute dims, or NULL. */
static const hn_attr *find_dims(hn_attrs attrs) {
    const hn_attr *dims = hn_attrs_find(attrs, "dims");
    return dims && dims->kind == HN_ATTR_DIMS ? dims : NULL;
}

hone_status hn_ops_infer_shape_value(hn_infer *infer) {
    const hn_attr *dims = find_dims(infer->attrs);
    bool scalar = hn_attrs_int(infer->attrs, "scalar", 0) != 0;
    hone_dtype dtype = (hone_dtype)hn_attrs_int(infer->attrs, "dtype", HONE_INT64);
    if (!dims) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute dims is missing or no list of dims");
    if (scalar && dims->n != 1) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "a scalar of %u dims; it needs one", dims->n);
    if (!hn_dtype_is_int(dtype) && dtype != HONE_BOOL)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute dtype is %s; allowed: integers and bool",
                hone_dtype_name(dtype));
    hn_shape out = {.rank = scalar ? 0 : 1, .dim = {hn_dim_const(dims->n)}};
    hn_infer_set(infer, 0, dtype, &out);
    return HONE_OK;
}

hone_status hn_ops_ref_shape_value(hn_call *call) {
    const hn_attr *dims = find_dims(call->attrs);
    if (!call->out[0]) return HONE_OK;
    if (!dims || hn_tensor_count(call->out[0]) != dims->n)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "attribute dims does not fit the output");
    for (uint32_t i = 0; i < dims->n; i++) {
        if (!hn_dim_is_const(dims->dims[i]))
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "element %u of the shape is not a number", i);
        hn_block_store_i64(call->out[0], i, &dims->dims[i].value, 1);
    }
    return HONE_OK;
}

bool hn_ops_element_shape_value(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    const hn_attr *dims = find_dims(infer->attrs);
    (void)in;
    if (!dims || !out[0] || hn_tensor_count(out[0]) != dims->n) return false;
    if (dims->n) memcpy(out[0]->data, dims->dims, dims->n * sizeof(hn_dim));
    return true;
}

hone_status hn_ops_infer_reorder(hn_infer *infer) { return hn_infer_like(infer, 0); }

hone_status hn_ops_ref_reorder(hn_call *call) {
    if (call->out[0]) hn_tensor_copy(call->out[0], call->in[0]);
    return HONE_OK;
}

static hone_status refuse_to_run(hn_attrs attrs, hn_diag *diag) {
    const hn_attr *text = hn_attrs_find(attrs, "text");
    const bool given = text && text->kind == HN_ATTR_STRING;
    HN_FAIL(diag, HONE_INVALID_ARGUMENT, "this branch cannot work for these shapes: %.*s", given ? (int)text->s.n : 0,
            given ? text->s.data : "");
}

/* Building says nothing about the outputs; running fails. */
hone_status hn_ops_infer_fail(hn_infer *infer) {
    return infer->exprs ? HONE_OK : refuse_to_run(infer->attrs, infer->diag);
}

hone_status hn_ops_ref_fail(hn_call *call) { return refuse_to_run(call->attrs, call->diag); }
