/* Shapes of AffineGrid, GridSample, MaxRoiPool, RoiAlign and DeformConv. */
#include "ops/checks.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

hone_status hn_ops_infer_affine_grid(hn_infer *infer) {
    const hn_shape *theta = &infer->in[0].shape;
    hn_shape size, out = hn_shape_unknown();
    hn_dim same;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    HN_TRY(hn_ops_check_rank(infer, 0, 3));
    HN_TRY(hn_shape_from_input(infer, 1, &size));
    HN_TRY(hn_shape_check_sizes(infer, &size));
    if (size.rank >= 0) {
        if (size.rank != 4 && size.rank != 5)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "size lists %d numbers; allowed: N,C,H,W and N,C,D,H,W",
                    size.rank);
        out = (hn_shape){.rank = size.rank, .dim = {size.dim[0]}};
        for (int i = 2; i < size.rank; i++) out.dim[i - 1] = size.dim[i];
        out.dim[size.rank - 1] = hn_dim_const(size.rank - 2);
    }
    for (int i = 0; i < 3 && theta->rank == 3 && size.rank >= 0; i++) {
        const hn_dim wanted = i == 0 ? size.dim[0] : hn_dim_const(size.rank - 3 + i);
        HN_TRY(hn_infer_unify(infer, theta->dim[i], wanted, "size of theta", &same));
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

static hone_status check_grid(const hn_infer *infer) {
    static const char *const modes[] = {"linear", "nearest", "cubic", NULL};
    static const char *const paddings[] = {"zeros", "border", "reflection", NULL};
    const uint32_t value = HN_TYPES_NUMBER | HN_TYPE(BOOL) | HN_TYPE(COMPLEX64) | HN_TYPE(COMPLEX128);
    int mode, padding;
    HN_TRY(hn_ops_word(infer->attrs, "mode", modes, &mode, infer->diag));
    HN_TRY(hn_ops_word(infer->attrs, "padding_mode", paddings, &padding, infer->diag));
    if (mode != 1 && hn_infer_dtype(infer, 0) == HONE_STRING)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "texts cannot be interpolated: with them, mode must be nearest");
    HN_TRY(hn_ops_check_type(infer, 0, value | HN_TYPE(STRING)));
    return hn_ops_check_type(infer, 1, HN_TYPES_FLOAT);
}

hone_status hn_ops_infer_grid_sample(hn_infer *infer) {
    const hn_shape *x = &infer->in[0].shape, *grid = &infer->in[1].shape;
    hn_shape out = hn_shape_unknown();
    hn_dim same;
    HN_TRY(check_grid(infer));
    out.rank = x->rank >= 0 ? x->rank : grid->rank;
    if (out.rank >= 0) {
        if (out.rank < 3)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input of rank %d; allowed: 3 to %d", out.rank, HONE_MAX_RANK);
        HN_TRY(hn_ops_check_rank(infer, 1, out.rank));
        for (int i = 0; i < out.rank; i++) out.dim[i] = HN_UNKNOWN_DIM;
        for (int i = 0; i < 2 && x->rank >= 0; i++) out.dim[i] = x->dim[i];
    }
    if (grid->rank >= 0) {
        HN_TRY(hn_infer_unify(infer, grid->dim[grid->rank - 1], hn_dim_const(out.rank - 2), "coordinates of a point",
                              &same));
        HN_TRY(hn_infer_unify(infer, out.dim[0], grid->dim[0], "batch", &out.dim[0]));
        for (int i = 2; i < out.rank; i++) out.dim[i] = grid->dim[i - 1];
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

/* [regions, channels, height, width] from an image and a list of regions. */
static hone_status pooled_regions(hn_infer *infer, int64_t columns, int64_t height, int64_t width) {
    const hn_shape *x = &infer->in[0].shape, *rois = &infer->in[1].shape;
    hn_shape out = {.rank = 4, .dim = {HN_UNKNOWN_DIM, HN_UNKNOWN_DIM}};
    hn_dim same;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    HN_TRY(hn_ops_check_same_type(infer, 0, 1));
    HN_TRY(hn_ops_check_rank(infer, 0, 4));
    HN_TRY(hn_ops_check_rank(infer, 1, 2));
    if (height < 1 || width < 1 || height > INT32_MAX || width > INT32_MAX)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "pooled size is %lld x %lld; it must be positive", (long long)height,
                (long long)width);
    if (x->rank == 4) out.dim[1] = x->dim[1];
    if (rois->rank == 2) {
        out.dim[0] = rois->dim[0];
        HN_TRY(hn_infer_unify(infer, rois->dim[1], hn_dim_const(columns), "numbers of a region", &same));
    }
    out.dim[2] = hn_dim_const(height);
    out.dim[3] = hn_dim_const(width);
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

hone_status hn_ops_infer_max_roi_pool(hn_infer *infer) {
    int64_t size[2];
    HN_TRY(hn_attrs_ints_exact(infer->attrs, "pooled_shape", 2, 0, size, infer->diag));
    return pooled_regions(infer, 5, size[0], size[1]);
}

hone_status hn_ops_infer_roi_align(hn_infer *infer) {
    static const char *const modes[] = {"avg", "max", NULL};
    static const char *const coordinates[] = {"half_pixel", "output_half_pixel", NULL};
    const int64_t ratio = hn_attrs_int(infer->attrs, "sampling_ratio", 0);
    int word;
    HN_TRY(hn_ops_word(infer->attrs, "mode", modes, &word, infer->diag));
    HN_TRY(hn_ops_word(infer->attrs, "coordinate_transformation_mode", coordinates, &word, infer->diag));
    if (ratio < 0 || ratio > INT16_MAX)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute sampling_ratio is %lld; allowed: 0 to %d", (long long)ratio,
                INT16_MAX);
    HN_TRY(pooled_regions(infer, 4, hn_attrs_int(infer->attrs, "output_height", 1),
                          hn_attrs_int(infer->attrs, "output_width", 1)));
    HN_TRY(hn_ops_check_type(infer, 2, HN_TYPE(INT64)));
    return infer->n_out > 0 ? hn_ops_check_vector(infer, 2, infer->out[0].shape.dim[0]) : HONE_OK;
}

/* Offsets (`each` = axes) or mask (`each` = 1): [batch, offset_group * kernel * each, output...]. */
static hone_status check_offsets(const hn_infer *infer, int i, const hn_shape *out, int each) {
    const int64_t groups = hn_attrs_int(infer->attrs, "offset_group", 1);
    const hn_shape *s = &infer->in[i].shape, *weight = &infer->in[1].shape;
    if (!hn_infer_has(infer, i) || s->rank < 0 || weight->rank != s->rank) return HONE_OK;
    hn_dim per_point = hn_shape_product(infer->exprs, weight->dim + 2, weight->rank - 2), same;
    HN_TRY(hn_infer_unify(infer, s->dim[0], out->dim[0], "batch", &same));
    HN_TRY(hn_infer_unify(infer, s->dim[1], hn_dim_mul(infer->exprs, per_point, hn_dim_const(groups * each)),
                          "offsets of a point", &same));
    for (int d = 2; d < s->rank; d++)
        HN_TRY(hn_infer_unify(infer, s->dim[d], out->dim[d], "size of offsets and output", &same));
    return HONE_OK;
}

hone_status hn_ops_infer_deform_conv(hn_infer *infer) {
    const int64_t groups = hn_attrs_int(infer->attrs, "offset_group", 1);
    const hn_shape *x = &infer->in[0].shape, *weight = &infer->in[1].shape;
    hn_shape out;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    for (int i = 1; i < infer->n_in; i++) HN_TRY(hn_ops_check_same_type(infer, 0, i));
    if (weight->rank > 0) HN_TRY(hn_ops_check_vector(infer, 3, weight->dim[0]));
    HN_TRY(hn_ops_infer_through(infer, hn_ops_infer_conv, HONE_FLOAT64, (const int[]){0, 1, 3}, 3, &out));
    if (groups < 1 || groups > INT32_MAX ||
        (x->rank > 1 && hn_dim_is_const(x->dim[1]) && x->dim[1].value % groups != 0))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute offset_group is %lld; it must divide the channels",
                (long long)groups);
    for (int i = 2; i < 5; i += 2) {
        if (out.rank < 0) break;
        HN_TRY(hn_ops_check_rank(infer, i, out.rank));
        HN_TRY(check_offsets(infer, i, &out, i == 2 ? out.rank - 2 : 1));
    }
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}
