/* Shapes of operators that permute, repeat or rearrange elements. */
#include "ops/checks.h"
#include "ops/movement/movement.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

hone_status hn_ops_infer_transpose(hn_infer *infer) {
    const hn_shape *in = &infer->in[0].shape;
    hn_shape out = {.rank = in->rank};
    int n;
    const int64_t *perm = hn_attrs_ints(infer->attrs, "perm", &n);
    uint32_t seen = 0;
    for (int i = 0; perm && i < n; i++) {
        if (n > HONE_MAX_RANK || perm[i] < 0 || perm[i] >= n || seen >> perm[i] & 1)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute perm does not name each of %d axes once", n);
        seen |= 1u << perm[i];
    }
    if (perm && in->rank >= 0 && n != in->rank)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute perm names %d axes; the input has rank %d", n, in->rank);
    for (int i = 0; i < in->rank; i++) out.dim[i] = in->dim[perm ? (int)perm[i] : in->rank - 1 - i];
    if (in->rank < 0 && perm) {
        out.rank = n;
        for (int i = 0; i < n; i++) out.dim[i] = HN_UNKNOWN_DIM;
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

hone_status hn_ops_infer_expand(hn_infer *infer) {
    hn_shape asked, out;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_WHOLE_BYTES));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    HN_TRY(hn_shape_from_input(infer, 1, &asked));
    HN_TRY(hn_shape_check_sizes(infer, &asked));
    HN_TRY(hn_infer_broadcast(infer, &infer->in[0].shape, &asked, &out));
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

hone_status hn_ops_infer_tile(hn_infer *infer) {
    const hn_shape *in = &infer->in[0].shape;
    hn_shape repeats, out;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_WHOLE_BYTES));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    HN_TRY(hn_shape_from_input(infer, 1, &repeats));
    HN_TRY(hn_shape_check_sizes(infer, &repeats));
    if (in->rank >= 0 && repeats.rank >= 0 && in->rank != repeats.rank)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%d repeats are given for a tensor of rank %d", repeats.rank,
                in->rank);
    out.rank = in->rank >= 0 ? in->rank : repeats.rank;
    for (int i = 0; i < out.rank; i++) {
        bool known = in->rank >= 0 && repeats.rank >= 0;
        out.dim[i] = known ? hn_dim_mul(infer->exprs, in->dim[i], repeats.dim[i]) : HN_UNKNOWN_DIM;
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

/* ---- DepthToSpace, SpaceToDepth ---- */

static const char *const block_modes[] = {"DCR", "CRD", NULL};

static hone_status check_blocks(const hn_infer *infer, hn_dim *block) {
    const int64_t size = hn_attrs_int(infer->attrs, "blocksize", 0);
    int mode;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_WHOLE_BYTES));
    HN_TRY(hn_ops_check_rank(infer, 0, 4));
    HN_TRY(hn_ops_word(infer->attrs, "mode", block_modes, &mode, infer->diag));
    if (size < 1 || size > INT32_MAX)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute blocksize is %lld", (long long)size);
    *block = hn_dim_const(size);
    return HONE_OK;
}

static hone_status divide(const hn_infer *infer, hn_dim size, hn_dim by, const char *what, hn_dim *out) {
    if (hn_dim_is_const(size) && size.value % by.value != 0)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%s %lld is not a multiple of %lld", what, (long long)size.value,
                (long long)by.value);
    *out = hn_dim_floor_div(infer->exprs, size, by);
    return HONE_OK;
}

hone_status hn_ops_infer_depth_to_space(hn_infer *infer) {
    const hn_shape *in = &infer->in[0].shape;
    hn_shape out = {.rank = 4, .dim = {HN_UNKNOWN_DIM, HN_UNKNOWN_DIM, HN_UNKNOWN_DIM, HN_UNKNOWN_DIM}};
    hn_dim block;
    HN_TRY(check_blocks(infer, &block));
    if (in->rank == 4) {
        out.dim[0] = in->dim[0];
        HN_TRY(divide(infer, in->dim[1], hn_dim_mul(infer->exprs, block, block), "number of channels", &out.dim[1]));
        for (int i = 2; i < 4; i++) out.dim[i] = hn_dim_mul(infer->exprs, in->dim[i], block);
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

hone_status hn_ops_infer_space_to_depth(hn_infer *infer) {
    const hn_shape *in = &infer->in[0].shape;
    hn_shape out = {.rank = 4, .dim = {HN_UNKNOWN_DIM, HN_UNKNOWN_DIM, HN_UNKNOWN_DIM, HN_UNKNOWN_DIM}};
    hn_dim block;
    HN_TRY(check_blocks(infer, &block));
    if (in->rank == 4) {
        out.dim[0] = in->dim[0];
        out.dim[1] = hn_dim_mul(infer->exprs, in->dim[1], hn_dim_mul(infer->exprs, block, block));
        HN_TRY(divide(infer, in->dim[2], block, "height", &out.dim[2]));
        HN_TRY(divide(infer, in->dim[3], block, "width", &out.dim[3]));
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

/* ---- Trilu, ReverseSequence ---- */

hone_status hn_ops_infer_trilu(hn_infer *infer) {
    const int rank = hn_infer_rank(infer, 0);
    hn_dim k;
    int n;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_WHOLE_BYTES));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    if (rank == 0 || rank == 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the input has rank %d; matrices are needed", rank);
    HN_TRY(hn_infer_elements(infer, 1, 1, &k, &n));
    return hn_infer_like(infer, 0);
}

hone_status hn_ops_infer_reverse_sequence(hn_infer *infer) {
    const hn_shape *in = &infer->in[0].shape;
    const int64_t batch = hn_attrs_int(infer->attrs, "batch_axis", 1),
                  time = hn_attrs_int(infer->attrs, "time_axis", 0);
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_WHOLE_BYTES));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    if (in->rank == 0 || in->rank == 1)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the input has rank %d; 2 is the least", in->rank);
    if (!(batch == 0 && time == 1) && !(batch == 1 && time == 0))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "batch_axis %lld and time_axis %lld are not 0 and 1", (long long)batch,
                (long long)time);
    HN_TRY(hn_ops_check_vector(infer, 1, in->rank < 0 ? HN_UNKNOWN_DIM : in->dim[batch]));
    return hn_infer_like(infer, 0);
}
