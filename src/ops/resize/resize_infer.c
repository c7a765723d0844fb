/* Shape of Resize: from sizes or from scales, for the axes they speak of. */
#include "abi/resize.h"
#include <math.h>
#include "ops/checks.h"
#include "ops/registry.h"

static hone_status read_words(hn_attrs attrs, hn_resize *out, hn_diag *diag) {
    static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
    static const char *const nearests[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL};
    static const char *const coordinates[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize",
        NULL};
    static const char *const policies[] = {"stretch", "not_larger", "not_smaller", NULL};
    int mode, nearest, coordinate, policy;
    HN_TRY(hn_ops_word(attrs, "mode", modes, &mode, diag));
    HN_TRY(hn_ops_word(attrs, "nearest_mode", nearests, &nearest, diag));
    HN_TRY(hn_ops_word(attrs, "coordinate_transformation_mode", coordinates, &coordinate, diag));
    HN_TRY(hn_ops_word(attrs, "keep_aspect_ratio_policy", policies, &policy, diag));
    out->mode = (hn_resize_mode)mode;
    out->nearest = (hn_resize_nearest)nearest;
    out->coordinates = (hn_resize_coordinates)coordinate;
    out->policy = (hn_resize_policy)policy;
    return HONE_OK;
}

static hone_status read_axes(hn_attrs attrs, int rank, hn_resize *out, hn_diag *diag) {
    unsigned seen = 0;
    const int64_t *axes = hn_attrs_ints(attrs, "axes", &out->n_axes);
    if (!axes) out->n_axes = rank;
    if (out->n_axes > rank) HN_FAIL(diag, HONE_INVALID_MODEL, "%d axes for an input of rank %d", out->n_axes, rank);
    for (int i = 0; i < out->n_axes; i++) {
        int64_t axis = axes ? axes[i] : i;
        if (axis < -rank || axis >= rank)
            HN_FAIL(diag, HONE_INVALID_MODEL, "attribute axes[%d] is %lld; allowed: [%d, %d)", i, (long long)axis,
                    -rank, rank);
        out->axis[i] = (int)(axis < 0 ? axis + rank : axis);
        if (seen >> out->axis[i] & 1)
            HN_FAIL(diag, HONE_INVALID_MODEL, "attribute axes names axis %d twice", out->axis[i]);
        seen |= 1u << out->axis[i];
    }
    return HONE_OK;
}

hone_status hn_resize_read(hn_attrs attrs, int rank, hn_resize *out, hn_diag *diag) {
    *out = (hn_resize){0};
    HN_TRY(read_words(attrs, out, diag));
    out->antialias = hn_attrs_int(attrs, "antialias", 0) != 0;
    out->exclude_outside = hn_attrs_int(attrs, "exclude_outside", 0) != 0;
    out->cubic_a = hn_attrs_float(attrs, "cubic_coeff_a", -0.75f);
    out->extrapolation = hn_attrs_float(attrs, "extrapolation_value", 0);
    return read_axes(attrs, rank, out, diag);
}

float hn_resize_common_scale(const hn_resize *r, const int64_t *in, const int64_t *asked) {
    float common = 1;
    for (int i = 0; i < r->n_axes; i++) {
        float scale = (float)asked[i] / (float)in[r->axis[i]];
        bool better = r->policy == HN_RESIZE_NOT_LARGER ? scale < common : scale > common;
        if (i == 0 || better) common = scale;
    }
    return common;
}

int64_t hn_resize_scaled(int64_t in, float scale) {
    double size = floor((double)scale * (double)in + 0.5);
    return size >= 0 && size < 0x1p62 ? (int64_t)size : -1;
}

typedef enum presence { ABSENT, UNCERTAIN, PRESENT } presence;

/* An optional list input counts as absent when it is empty, as exporters write it. */
static presence presence_of(const hn_infer *infer, int i) {
    if (!hn_infer_has(infer, i)) return ABSENT;
    const hn_shape *s = &infer->in[i].shape;
    if (s->rank != 1 || !hn_dim_is_const(s->dim[0])) return UNCERTAIN;
    return s->dim[0].value == 0 ? ABSENT : PRESENT;
}

static hone_status apply_sizes(const hn_infer *infer, const hn_resize *r, hn_shape *out) {
    hn_dim element[HONE_MAX_RANK];
    int64_t in[HONE_MAX_RANK], asked[HONE_MAX_RANK];
    int n;
    HN_TRY(hn_infer_elements(infer, 3, HONE_MAX_RANK, element, &n));
    if (n >= 0 && n != r->n_axes) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%d sizes for %d axes", n, r->n_axes);
    bool constant = n >= 0;
    for (int i = 0; i < r->n_axes; i++) {
        hn_dim size = n < 0 ? HN_UNKNOWN_DIM : element[i], now = out->dim[r->axis[i]];
        if (hn_dim_is_const(size) && size.value < 0)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "sizes[%d] is %lld", i, (long long)size.value);
        constant = constant && hn_dim_is_const(size) && hn_dim_is_const(now);
        if (r->policy != HN_RESIZE_STRETCH && hn_dim_is_const(now) && now.value == 0)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "axis %d is empty: it has no ratio to keep", r->axis[i]);
        asked[i] = size.value;
        in[r->axis[i]] = now.value;
        out->dim[r->axis[i]] = r->policy == HN_RESIZE_STRETCH ? size : HN_UNKNOWN_DIM;
    }
    if (r->policy == HN_RESIZE_STRETCH || !constant) return HONE_OK;
    float scale = hn_resize_common_scale(r, in, asked);
    for (int i = 0; i < r->n_axes; i++) out->dim[r->axis[i]] = hn_dim_const(hn_resize_scaled(in[r->axis[i]], scale));
    return HONE_OK;
}

static hone_status apply_scales(const hn_infer *infer, const hn_resize *r, hn_shape *out) {
    const hn_tensor *data = infer->in[2].data;
    const hn_shape *shape = &infer->in[2].shape;
    HN_TRY(hn_ops_check_rank(infer, 2, 1));
    bool sized = shape->rank == 1 && hn_dim_is_const(shape->dim[0]);
    int64_t n = data ? hn_tensor_count(data) : sized ? shape->dim[0].value : r->n_axes;
    if (n != r->n_axes) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%lld scales for %d axes", (long long)n, r->n_axes);
    for (int i = 0; i < r->n_axes; i++) {
        hn_dim *dim = &out->dim[r->axis[i]];
        float scale = data ? (float)hn_tensor_real(data, i) : 0;
        if (data && !(scale > 0 && isfinite(scale)))
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "scales[%d] is %g; it must be positive", i, (double)scale);
        *dim = data ? hn_dim_scale(infer->exprs, *dim, scale) : HN_UNKNOWN_DIM;
    }
    return HONE_OK;
}

static hone_status check_types(const hn_infer *infer, const hn_resize *r) {
    const uint32_t value = HN_TYPES_NUMBER | HN_TYPE(BOOL) | HN_TYPE(COMPLEX64) | HN_TYPE(COMPLEX128);
    if (r->mode != HN_RESIZE_NEAREST && hn_infer_dtype(infer, 0) == HONE_STRING)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "texts cannot be interpolated: with them, mode must be nearest");
    HN_TRY(hn_ops_check_type(infer, 0, value | HN_TYPE(STRING)));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPES_FLOAT_NO_BF));
    HN_TRY(hn_ops_check_type(infer, 2, HN_TYPE(FLOAT32)));
    return hn_ops_check_type(infer, 3, HN_TYPE(INT64));
}

hone_status hn_ops_infer_resize(hn_infer *infer) {
    hn_resize r;
    int rank = hn_infer_rank(infer, 0);
    HN_TRY(hn_resize_read(infer->attrs, rank < 0 ? HONE_MAX_RANK : rank, &r, infer->diag));
    HN_TRY(check_types(infer, &r));
    hn_infer_like(infer, 0);
    presence sizes = presence_of(infer, 3), scales = presence_of(infer, 2);
    if (sizes == PRESENT && scales == PRESENT)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "scales and sizes are both given");
    if (sizes == ABSENT && scales == ABSENT)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "neither scales nor sizes are given");
    if (r.coordinates == HN_RESIZE_TF_CROP && !hn_infer_has(infer, 1))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "tf_crop_and_resize needs the input roi");
    if (rank < 0) return HONE_OK;
    if (sizes != ABSENT && scales == ABSENT) return apply_sizes(infer, &r, &infer->out[0].shape);
    if (scales != ABSENT && sizes == ABSENT) return apply_scales(infer, &r, &infer->out[0].shape);
    for (int i = 0; i < r.n_axes; i++) infer->out[0].shape.dim[r.axis[i]] = HN_UNKNOWN_DIM;
    return HONE_OK;
}
