/* Operands of attention, in both of their forms. */
#include "ops/attention/heads.h"
#include "ops/checks.h"

static hone_status split_hidden(const hn_infer *infer, int i, const char *name, hn_heads_shape *out) {
    const hn_shape *s = &infer->in[i].shape;
    const int64_t heads = hn_attrs_int(infer->attrs, name, 0);
    if (heads < 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL,
                "input %d has rank 3, so attribute %s must count its heads; it is %lld", i, name, (long long)heads);
    if (hn_dim_is_const(s->dim[2]) && s->dim[2].value % heads)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the last dim of input %d is %lld, which %s = %lld does not divide", i,
                (long long)s->dim[2].value, name, (long long)heads);
    *out = (hn_heads_shape){s->dim[0], hn_dim_const(heads), s->dim[1],
                            hn_dim_floor_div(infer->exprs, s->dim[2], hn_dim_const(heads))};
    return HONE_OK;
}

hone_status hn_heads_infer(const hn_infer *infer, int i, const char *name, hn_heads_shape *out) {
    const int rank = hn_infer_rank(infer, i);
    *out = (hn_heads_shape){HN_UNKNOWN_DIM, HN_UNKNOWN_DIM, HN_UNKNOWN_DIM, HN_UNKNOWN_DIM};
    if (rank < 0) return HONE_OK;
    if (rank == 3) return split_hidden(infer, i, name, out);
    if (rank != 4) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d has rank %d; allowed: 3, 4", i, rank);
    const hn_dim *dim = infer->in[i].shape.dim;
    *out = (hn_heads_shape){dim[0], dim[1], dim[2], dim[3]};
    return HONE_OK;
}

hn_dim hn_heads_dim(const hn_infer *infer, int i, int rank, int k) {
    return hn_infer_rank(infer, i) == rank ? infer->in[i].shape.dim[k] : HN_UNKNOWN_DIM;
}

hone_status hn_heads_check(const hn_infer *infer, int i, int rank, const hn_dim *want) {
    hn_dim joined;
    HN_TRY(hn_ops_check_rank(infer, i, rank));
    for (int k = 0; k < rank && hn_infer_rank(infer, i) == rank; k++) {
        const hn_dim have = infer->in[i].shape.dim[k];
        if (hn_dim_is_const(have) && hn_dim_is_const(want[k]) && have.value != want[k].value)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "dim %d of input %d is %lld, not %lld", k, i,
                    (long long)have.value, (long long)want[k].value);
        HN_TRY(hn_infer_unify(infer, have, want[k], "size", &joined));
    }
    return HONE_OK;
}

hn_heads hn_heads_of(const hn_tensor *t, int64_t heads) {
    if (t->rank == 4) return (hn_heads){t, t->dim[0], t->dim[1], t->dim[2], t->dim[3]};
    return (hn_heads){t, t->dim[0], heads, t->dim[1], heads ? t->dim[2] / heads : 0};
}

int64_t hn_heads_row(const hn_heads *h, int64_t batch, int64_t head, int64_t row) {
    const int64_t place =
        h->t->rank == 4 ? (batch * h->heads + head) * h->length + row : (batch * h->length + row) * h->heads + head;
    return place * h->size;
}
