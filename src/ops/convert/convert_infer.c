/* Types and shapes of selection and conversion, and their symbolic elements. */
#include "base/dtype.h"
#include "ops/broadcast.h"
#include "ops/checks.h"
#include "ops/registry.h"

#define QUANTIZED_TYPES                                                                                                \
    (HN_TYPE(INT8) | HN_TYPE(UINT8) | HN_TYPE(INT16) | HN_TYPE(UINT16) | HN_TYPES_FLOAT8 | HN_TYPE(UINT4) |            \
     HN_TYPE(INT4) | HN_TYPE(FLOAT4E2M1) | HN_TYPE(UINT2) | HN_TYPE(INT2))
#define REAL_TYPES  (HN_TYPE(FLOAT32) | HN_TYPE(FLOAT16) | HN_TYPE(BFLOAT16))
#define SCALE_TYPES (REAL_TYPES | HN_TYPE(FLOAT8E8M0))

hone_status hn_ops_infer_where(hn_infer *infer) {
    hn_shape shape;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(BOOL)));
    HN_TRY(hn_ops_check_type(
        infer, 1, HN_TYPES_NUMBER | HN_TYPE(BOOL) | HN_TYPE(STRING) | HN_TYPE(COMPLEX64) | HN_TYPE(COMPLEX128)));
    HN_TRY(hn_ops_check_same_type(infer, 1, 2));
    HN_TRY(hn_infer_broadcast(infer, &infer->in[1].shape, &infer->in[2].shape, &shape));
    HN_TRY(hn_infer_broadcast(infer, &infer->in[0].shape, &shape, &shape));
    hone_dtype dtype = hn_infer_dtype(infer, 1);
    hn_infer_set(infer, 0, dtype == HONE_NO_DTYPE ? hn_infer_dtype(infer, 2) : dtype, &shape);
    return HONE_OK;
}

bool hn_ops_element_where(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    if (!in[0] || !in[1] || !in[2]) return false;
    const hn_dim *c = in[0]->data, *a = in[1]->data, *b = in[2]->data;
    hn_dim *to = out[0]->data;
    hn_broadcast w;
    for (bool more = hn_broadcast_begin(&w, out[0], in, 3); more; more = hn_broadcast_next(&w))
        for (int i = 0; i < w.length; i++)
            to[w.out + i] = hn_dim_select(infer->exprs, c[w.at[0] + i * w.step[0]], a[w.at[1] + i * w.step[1]],
                                          b[w.at[2] + i * w.step[2]]);
    return true;
}

/* A limit has one element; exporters write [1] as well as []. */
static hone_status check_limit(const hn_infer *infer, int i) {
    HN_TRY(hn_ops_check_same_type(infer, 0, i));
    const hn_shape *shape = hn_infer_has(infer, i) ? &infer->in[i].shape : NULL;
    for (int d = 0; shape && d < shape->rank; d++)
        if (hn_dim_is_const(shape->dim[d]) && shape->dim[d].value != 1)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d of shape %s is not a single number", i,
                    hn_infer_shape_text(infer, shape));
    return HONE_OK;
}

hone_status hn_ops_infer_clip(hn_infer *infer) {
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_NUMBER));
    HN_TRY(check_limit(infer, 1));
    HN_TRY(check_limit(infer, 2));
    return hn_infer_like(infer, 0);
}

bool hn_ops_element_clip(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    const hn_dim *limit[2] = {NULL, NULL};
    for (int i = 0; i < infer->n_in; i++) {
        if (!hn_infer_has(infer, i)) continue;
        if (!in[i]) return false;
        if (i > 0) limit[i - 1] = in[i]->data;
    }
    const hn_dim *from = in[0]->data;
    hn_dim *to = out[0]->data;
    for (int64_t i = 0; i < hn_tensor_count(in[0]); i++) {
        hn_dim d = from[i];
        if (limit[0]) d = hn_dim_max(infer->exprs, d, *limit[0]);
        if (limit[1]) d = hn_dim_min(infer->exprs, d, *limit[1]);
        to[i] = d;
    }
    return true;
}

/* The type that Cast and CastLike convert to; NO_DTYPE for a number that is no type, and while the input to be like is
 * unknown. */
static hone_dtype target_type(const hn_infer *infer) {
    if (infer->op->id == HN_OP_cast_like) return hn_infer_dtype(infer, 1);
    int64_t to = hn_attrs_int(infer->attrs, "to", 0);
    return to > 0 && to <= HONE_INT2 ? (hone_dtype)to : HONE_NO_DTYPE;
}

hone_status hn_ops_infer_cast(hn_infer *infer) {
    static const char *const modes[] = {"up", "down", "nearest", NULL};
    int mode;
    hone_dtype from = hn_infer_dtype(infer, 0), to = target_type(infer);
    HN_TRY(hn_ops_word(infer->attrs, "round_mode", modes, &mode, infer->diag));
    if (infer->op->id == HN_OP_cast && to == HONE_NO_DTYPE)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute to: %lld is no element type",
                (long long)hn_attrs_int(infer->attrs, "to", HONE_NO_DTYPE));
    if (hn_dtype_is_complex(from) || hn_dtype_is_complex(to))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "complex numbers cannot be cast");
    hn_infer_set(infer, 0, to, hn_infer_has(infer, 0) ? &infer->in[0].shape : NULL);
    return HONE_OK;
}

hone_status hn_ops_infer_bit_cast(hn_infer *infer) {
    const int64_t to = hn_attrs_int(infer->attrs, "to", HONE_NO_DTYPE);
    const hone_dtype from = hn_infer_dtype(infer, 0);
    if (to <= HONE_NO_DTYPE || to > HONE_INT2 || to == HONE_STRING)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute to: %lld is no type of fixed size", (long long)to);
    if (from != HONE_NO_DTYPE && hone_dtype_bits(from) != hone_dtype_bits((hone_dtype)to))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the bits of %s cannot be read as %s", hone_dtype_name(from),
                hone_dtype_name((hone_dtype)to));
    hn_infer_set(infer, 0, (hone_dtype)to, hn_infer_has(infer, 0) ? &infer->in[0].shape : NULL);
    return HONE_OK;
}

static hn_dim cast_dim(const hn_infer *infer, hone_dtype from, hone_dtype to, hn_dim d) {
    if (from == HONE_BOOL || from == to) return d;
    if (to == HONE_BOOL)
        return hn_dim_equal(infer->exprs, hn_dim_equal(infer->exprs, d, hn_dim_const(0)), hn_dim_const(0));
    return hn_ops_fit_element(infer, to, d);
}

bool hn_ops_element_cast(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out) {
    hone_dtype from = hn_infer_dtype(infer, 0), to = target_type(infer);
    if (!in[0] || !(hn_dtype_is_int(to) || to == HONE_BOOL)) return false;
    const hn_dim *element = in[0]->data;
    hn_dim *result = out[0]->data;
    for (int64_t i = 0; i < hn_tensor_count(in[0]); i++) result[i] = cast_dim(infer, from, to, element[i]);
    return true;
}

/* ---- quantization ---- */

static bool has_one_element(const hn_shape *s) {
    for (int i = 0; i < s->rank; i++)
        if (!hn_dim_is(s->dim[i], 1)) return false;
    return s->rank >= 0;
}

/* Scales of blocks: as many as the input has elements, but for one axis, on which each serves block_size of them. */
static hone_status check_blocks(const hn_infer *infer, const hn_shape *x, const hn_shape *scale, int axis) {
    int64_t block = hn_attrs_int(infer->attrs, "block_size", 0);
    if (block <= 0)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "scale of shape %s needs a positive block_size, not %lld",
                hn_infer_shape_text(infer, scale), (long long)block);
    for (int i = 0; i < x->rank; i++) {
        hn_dim wanted = i == axis ? hn_dim_ceil_div(infer->exprs, x->dim[i], hn_dim_const(block)) : x->dim[i];
        if (hn_dim_is_const(wanted) && hn_dim_is_const(scale->dim[i]) && wanted.value != scale->dim[i].value)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL,
                    "scale of shape %s does not serve input of shape %s in blocks of %lld on axis %d",
                    hn_infer_shape_text(infer, scale), hn_infer_shape_text(infer, x), (long long)block, axis);
    }
    return HONE_OK;
}

/* One scale, one per index of an axis, or blocks. */
static hone_status check_scale(const hn_infer *infer) {
    const hn_shape *x = &infer->in[0].shape, *scale = &infer->in[1].shape;
    int axis = 0;
    hn_dim same;
    if (x->rank < 0 || scale->rank < 0 || has_one_element(scale)) return HONE_OK;
    if (x->rank != 1) HN_TRY(hn_infer_axis(infer, hn_attrs_int(infer->attrs, "axis", 1), x->rank, &axis));
    if (scale->rank == 1 && hn_attrs_int(infer->attrs, "block_size", 0) == 0)
        return hn_infer_unify(infer, x->dim[axis], scale->dim[0], "length of the scale", &same);
    if (scale->rank != x->rank)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "scale of shape %s does not fit input of shape %s",
                hn_infer_shape_text(infer, scale), hn_infer_shape_text(infer, x));
    return check_blocks(infer, x, scale, axis);
}

/* The zero point has the shape of the scale; [1] and [] are the same. */
static hone_status check_zero_point(const hn_infer *infer) {
    if (!hn_infer_has(infer, 2)) return HONE_OK;
    const hn_shape *scale = &infer->in[1].shape, *zero = &infer->in[2].shape;
    if (scale->rank < 0 || zero->rank < 0 || (has_one_element(scale) && has_one_element(zero))) return HONE_OK;
    bool same = scale->rank == zero->rank;
    for (int i = 0; same && i < scale->rank; i++)
        same = !hn_dim_is_const(scale->dim[i]) || !hn_dim_is_const(zero->dim[i]) ||
               scale->dim[i].value == zero->dim[i].value;
    if (same) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "zero point of shape %s beside a scale of shape %s",
            hn_infer_shape_text(infer, zero), hn_infer_shape_text(infer, scale));
}

/* The type that an attribute names, NO_DTYPE when absent or 0. */
static hone_status type_attribute(const hn_infer *infer, const char *name, uint32_t allowed, hone_dtype *out) {
    int64_t value = hn_attrs_int(infer->attrs, name, 0);
    *out = (hone_dtype)value;
    if (value == 0 || (value > 0 && value < 32 && (allowed >> value & 1))) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute %s: type %lld is not allowed", name, (long long)value);
}

hone_status hn_ops_infer_quantize(hn_infer *infer) {
    hone_dtype named, precision, zero = hn_infer_dtype(infer, 2);
    HN_TRY(hn_ops_check_type(infer, 0, REAL_TYPES | HN_TYPE(INT32)));
    HN_TRY(hn_ops_check_type(infer, 1, SCALE_TYPES | HN_TYPE(INT32)));
    HN_TRY(hn_ops_check_type(infer, 2, QUANTIZED_TYPES));
    HN_TRY(type_attribute(infer, "output_dtype", QUANTIZED_TYPES, &named));
    HN_TRY(type_attribute(infer, "precision", REAL_TYPES, &precision));
    if (named != HONE_NO_DTYPE && zero != HONE_NO_DTYPE && named != zero)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "output_dtype is %s but the zero point is %s", hone_dtype_name(named),
                hone_dtype_name(zero));
    HN_TRY(check_scale(infer));
    HN_TRY(check_zero_point(infer));
    hone_dtype from_zero = hn_infer_has(infer, 2) ? zero : HONE_UINT8;
    hn_infer_set(infer, 0, named != HONE_NO_DTYPE ? named : from_zero, &infer->in[0].shape);
    return HONE_OK;
}

hone_status hn_ops_infer_dequantize(hn_infer *infer) {
    hone_dtype named;
    HN_TRY(hn_ops_check_type(infer, 0, QUANTIZED_TYPES | HN_TYPE(INT32)));
    HN_TRY(hn_ops_check_type(infer, 1, SCALE_TYPES));
    HN_TRY(hn_ops_check_same_type(infer, 0, 2));
    HN_TRY(type_attribute(infer, "output_dtype", REAL_TYPES, &named));
    if (named == HONE_NO_DTYPE && hn_infer_dtype(infer, 1) == HONE_FLOAT8E8M0)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "output_dtype is needed beside a scale of type float8_e8m0fnu");
    HN_TRY(check_scale(infer));
    HN_TRY(check_zero_point(infer));
    hn_infer_set(infer, 0, named != HONE_NO_DTYPE ? named : hn_infer_dtype(infer, 1), &infer->in[0].shape);
    return HONE_OK;
}

hone_status hn_ops_infer_dynamic_quantize(hn_infer *infer) {
    hn_shape scalar = {.rank = 0};
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(FLOAT32)));
    hn_infer_set(infer, 0, HONE_UINT8, &infer->in[0].shape);
    hn_infer_set(infer, 1, HONE_FLOAT32, &scalar);
    hn_infer_set(infer, 2, HONE_UINT8, &scalar);
    return HONE_OK;
}
