/* Shape of Einsum: the size of each label from the operands that have it. */
#include "ops/checks.h"
#include "ops/matmul/einsum.h"
#include "ops/registry.h"

/* A size of 1 gives way to another; unknown sizes to known ones. */
static hone_status merge(const hn_infer *infer, int label, hn_dim *size, hn_dim other) {
    if (label >= HN_EINSUM_LETTERS) {
        const hn_shape a = {.rank = 1, .dim = {*size}}, b = {.rank = 1, .dim = {other}};
        hn_shape both;
        HN_TRY(hn_infer_broadcast(infer, &a, &b, &both));
        *size = both.dim[0];
        return HONE_OK;
    }
    if (hn_dim_is(other, 1) && !hn_dim_is_unknown(*size)) return HONE_OK;
    if (hn_dim_is(*size, 1)) *size = other;
    return hn_infer_unify(infer, *size, other, "size of a label", size);
}

static hone_status label_sizes(const hn_infer *infer, const hn_einsum *e, hn_dim *size) {
    for (int label = 0; label < HN_EINSUM_LABELS; label++) size[label] = hn_dim_const(1);
    bool seen[HN_EINSUM_LABELS] = {false};
    for (int i = 0; i < e->n; i++)
        for (int d = 0; d < e->term[i].rank; d++) {
            const int label = e->term[i].label[d];
            const hn_dim dim = infer->in[i].shape.dim[d];
            if (!seen[label]) size[label] = dim;
            else HN_TRY(merge(infer, label, &size[label], dim));
            seen[label] = true;
        }
    for (int label = 0; label < HN_EINSUM_LABELS; label++)
        if (!seen[label]) size[label] = HN_UNKNOWN_DIM;
    return HONE_OK;
}

hone_status hn_ops_infer_einsum(hn_infer *infer) {
    hn_einsum e;
    int rank[HN_EINSUM_OPERANDS];
    hn_dim size[HN_EINSUM_LABELS];
    hn_shape out = hn_shape_unknown();
    hone_dtype dtype = HONE_NO_DTYPE;
    bool all_known = true;
    for (int i = 0; i < infer->n_in && i < HN_EINSUM_OPERANDS; i++) {
        HN_TRY(hn_ops_check_type(infer, i, HN_TYPES_NUMBER));
        HN_TRY(hn_ops_check_same_type(infer, 0, i));
        rank[i] = hn_infer_rank(infer, i);
        all_known &= rank[i] >= 0;
        if (dtype == HONE_NO_DTYPE) dtype = hn_infer_dtype(infer, i);
    }
    HN_TRY(hn_einsum_read(infer->attrs, infer->n_in, rank, &e, infer->diag));
    HN_TRY(label_sizes(infer, &e, size));
    out.rank = e.out.rank;
    for (int d = 0; d < out.rank; d++) {
        out.dim[d] = size[e.out.label[d]];
        /* an operand that is not known may widen a 1 */
        if (!all_known && hn_dim_is(out.dim[d], 1)) out.dim[d] = HN_UNKNOWN_DIM;
    }
    hn_infer_set(infer, 0, dtype, &out);
    return HONE_OK;
}
