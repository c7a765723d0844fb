/* Data movement over tensors of dimension expressions. */
#include "ops/element.h"

#include "base/dtype.h"
#include "ops/block.h"

/* Input i as integers: its data, or its elements if all are constant. NULL when they are not known. */
static const hn_tensor *integers(const hn_infer *infer, int i, const hn_tensor *dims, hn_arena *scratch) {
    if (infer->in[i].data) return infer->in[i].data;
    if (!dims) return NULL;
    const hn_dim *dim = dims->data;
    hn_tensor *made = HN_NEW(scratch, hn_tensor);
    if (!made) return NULL;
    *made = *dims;
    made->dtype = hn_infer_dtype(infer, i);
    made->data = hn_arena_alloc(scratch, hn_tensor_bytes(made));
    if (!made->data) return NULL;
    for (int64_t k = 0; k < hn_tensor_count(dims); k++) {
        if (!hn_dim_is_const(dim[k])) return NULL;
        hn_block_store_i64(made, k, &dim[k].value, 1);
    }
    return made;
}

/* The inputs of the call; false when one is not known. */
static bool gather(const hn_infer *infer, const hn_tensor *const *in, const hn_tensor **to, hn_arena *scratch) {
    bool all_dims = infer->op->max_in == HN_ANY;
    for (int i = 0; i < infer->n_in; i++) {
        if (!hn_infer_has(infer, i)) continue;
        to[i] = i == 0 || all_dims ? in[i] : integers(infer, i, in[i], scratch);
        if (!to[i]) return false;
    }
    return true;
}

bool hn_ops_element_move(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    hn_arena scratch;
    hn_arena_init(&scratch, infer->diag ? infer->diag->arena.allocator : NULL);
    const hn_tensor **inputs = HN_NEW_ARRAY(&scratch, const hn_tensor *, infer->n_in);
    bool known = inputs && gather(infer, in, inputs, &scratch);
    if (known) {
        hn_call call = {.op = infer->op, .attrs = infer->attrs, .n_in = infer->n_in, .n_out = infer->n_out};
        call.in = inputs;
        call.out = out;
        call.scratch = &scratch;
        known = infer->op->ref(&call) == HONE_OK;
    }
    hn_arena_free(&scratch);
    return known;
}

hn_dim hn_ops_fit_element(const hn_infer *infer, hone_dtype dtype, hn_dim d) {
    int bits = dtype == HONE_BOOL ? 1 : hone_dtype_bits(dtype);
    bool is_signed = hn_dtype_is_signed_int(dtype);
    int64_t low = d.value, high = d.value, end = (int64_t)(UINT64_MAX >> (bits >= 64 ? 1 : 64 - bits + is_signed));
    if (hn_dim_is_unknown(d)) return d;
    if (!hn_dim_is_const(d)) hn_dim_range(infer->exprs, d, &low, &high);
    bool assumed = bits >= 32 && !hn_dim_is_const(d) && (is_signed || low >= 0);
    return assumed || (low >= (is_signed ? -end - 1 : 0) && high <= end) ? d : HN_UNKNOWN_DIM;
}
