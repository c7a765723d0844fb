/* Shapes of MatMul (NumPy's rules: leading dims broadcast, vectors get a dim that is dropped again) and Gemm. */
#include "ops/checks.h"
#include "ops/registry.h"

#define PRODUCT_TYPES (HN_TYPES_FLOAT | HN_TYPE(INT32) | HN_TYPE(INT64) | HN_TYPE(UINT32) | HN_TYPE(UINT64))

static hone_status check_types(const hn_infer *infer) {
    HN_TRY(hn_ops_check_type(infer, 0, PRODUCT_TYPES));
    for (int i = 1; i < infer->n_in; i++) HN_TRY(hn_ops_check_same_type(infer, 0, i));
    return HONE_OK;
}

/* The dims in front of the matrix. */
static hn_shape batch_of(const hn_shape *s) {
    hn_shape batch = *s;
    batch.rank = s->rank > 2 ? s->rank - 2 : 0;
    return batch;
}

hone_status hn_ops_infer_matmul(hn_infer *infer) {
    HN_TRY(check_types(infer));
    hone_dtype dtype = hn_infer_dtype(infer, 0);
    const hn_shape *a = &infer->in[0].shape, *b = &infer->in[1].shape;
    if (a->rank == 0 || b->rank == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "an operand of MatMul is a scalar");
    if (a->rank < 0 || b->rank < 0) {
        hn_infer_set(infer, 0, dtype, NULL);
        return HONE_OK;
    }
    hn_dim inner;
    hn_dim of_b = b->dim[b->rank > 1 ? b->rank - 2 : 0];
    HN_TRY(hn_infer_unify(infer, a->dim[a->rank - 1], of_b, "inner dimension", &inner));
    hn_shape batch_a = batch_of(a), batch_b = batch_of(b), out;
    HN_TRY(hn_infer_broadcast(infer, &batch_a, &batch_b, &out));
    if (a->rank > 1) out.dim[out.rank++] = a->dim[a->rank - 2];
    if (b->rank > 1) out.dim[out.rank++] = b->dim[b->rank - 1];
    hn_infer_set(infer, 0, dtype, &out);
    return HONE_OK;
}

/* Rows and columns of matrix i after the transposition its attribute asks for. */
static hone_status matrix_dims(const hn_infer *infer, int i, const char *transposed, hn_dim *rows, hn_dim *columns) {
    *rows = *columns = HN_UNKNOWN_DIM;
    int rank = hn_infer_rank(infer, i);
    if (rank < 0) return HONE_OK;
    if (rank != 2) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "operand %d of Gemm has rank %d, not 2", i, rank);
    int swap = hn_attrs_int(infer->attrs, transposed, 0) != 0;
    *rows = infer->in[i].shape.dim[swap];
    *columns = infer->in[i].shape.dim[!swap];
    return HONE_OK;
}

hone_status hn_ops_infer_gemm(hn_infer *infer) {
    HN_TRY(check_types(infer));
    hn_shape out = {.rank = 2};
    hn_dim k_a, k_b, inner;
    HN_TRY(matrix_dims(infer, 0, "transA", &out.dim[0], &k_a));
    HN_TRY(matrix_dims(infer, 1, "transB", &k_b, &out.dim[1]));
    HN_TRY(hn_infer_unify(infer, k_a, k_b, "inner dimension", &inner));
    HN_TRY(hn_ops_check_fits(infer, 2, &out));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

hone_status hn_ops_infer_det(hn_infer *infer) {
    hn_shape out = infer->in[0].shape;
    hn_dim side;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    if (out.rank >= 0) {
        if (out.rank < 2)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input of rank %d; square matrices are needed", out.rank);
        HN_TRY(hn_infer_unify(infer, out.dim[out.rank - 1], out.dim[out.rank - 2], "side of the matrix", &side));
        out.rank -= 2;
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}
