/* CenterCropPad: the middle of the input in the middle of the output, zeros around it. */
#include <string.h>
#include "ops/movement/movement.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

hone_status hn_ops_infer_center_crop_pad(hn_infer *infer) {
    hn_shape out = infer->in[0].shape, size;
    int n;
    const int64_t *axes = hn_attrs_ints(infer->attrs, "axes", &n);
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_WHOLE_BYTES));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT32) | HN_TYPE(INT64)));
    HN_TRY(hn_shape_from_input(infer, 1, &size));
    HN_TRY(hn_shape_check_sizes(infer, &size));
    if (out.rank >= 0 && !axes) n = out.rank;
    if ((axes || out.rank >= 0) && size.rank >= 0 && size.rank != n)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%d sizes for %d axes", size.rank, n);
    for (int i = 0; i < n && out.rank >= 0; i++) {
        int axis;
        HN_TRY(hn_infer_axis(infer, axes ? axes[i] : i, out.rank, &axis));
        out.dim[axis] = size.rank >= 0 ? size.dim[i] : HN_UNKNOWN_DIM;
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

static void clear(hn_tensor *t) {
    memset(t->data, 0, hn_tensor_bytes(t));
    for (int64_t i = 0; t->dtype == HONE_STRING && i < hn_tensor_count(t); i++) ((hn_bytes *)t->data)[i].data = "";
}

hone_status hn_ops_ref_center_crop_pad(hn_call *call) {
    if (!call->out[0] || hn_tensor_count(call->out[0]) == 0) return HONE_OK;
    hn_tensor from = *call->in[0], to = *call->out[0];
    const int64_t size = (int64_t)hn_element_size(to.dtype);
    clear(&to);
    for (int i = 0; i < to.rank; i++) {
        const int64_t excess = to.dim[i] - from.dim[i];
        char **moved = (char **)(excess < 0 ? &from.data : &to.data);
        *moved += (excess < 0 ? -excess : excess) / 2 * (excess < 0 ? from.stride[i] : to.stride[i]) * size;
        if (excess < 0) from.dim[i] = to.dim[i];
        else to.dim[i] = from.dim[i];
    }
    hn_tensor_copy(&to, &from);
    return HONE_OK;
}
