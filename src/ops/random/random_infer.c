/* Shapes of random tensors. */
#include "ops/checks.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"

/* The type that attribute `dtype` names, `otherwise` when it is absent or 0. */
static hone_status result_type(const hn_infer *infer, uint32_t allowed, hone_dtype otherwise, hone_dtype *out) {
    const int64_t asked = hn_attrs_int(infer->attrs, "dtype", 0);
    *out = otherwise;
    if (!asked) return HONE_OK;
    if (asked < 0 || asked > 31 || !(allowed >> asked & 1))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute dtype %lld (%s) is not allowed for %s", (long long)asked,
                asked > 0 && asked < 32 ? hone_dtype_name((hone_dtype)asked) : "no type", infer->op->name);
    *out = (hone_dtype)asked;
    return HONE_OK;
}

hone_status hn_ops_infer_random_shape(hn_infer *infer) {
    int n;
    const int64_t *size = hn_attrs_ints(infer->attrs, "shape", &n);
    hone_dtype dtype;
    hn_shape out = {.rank = n};
    HN_TRY(result_type(infer, HN_TYPES_FLOAT, HONE_FLOAT32, &dtype));
    HN_TRY(hn_shape_check_rank(infer, n));
    for (int i = 0; i < n; i++) out.dim[i] = hn_dim_const(size[i]);
    HN_TRY(hn_shape_check_sizes(infer, &out));
    hn_infer_set(infer, 0, dtype, &out);
    return HONE_OK;
}

static void like(hn_infer *infer, hone_dtype dtype) {
    hn_infer_set(infer, 0, dtype, hn_infer_has(infer, 0) ? &infer->in[0].shape : NULL);
}

hone_status hn_ops_infer_random_like(hn_infer *infer) {
    hone_dtype dtype;
    HN_TRY(result_type(infer, HN_TYPES_FLOAT, hn_infer_dtype(infer, 0), &dtype));
    if (dtype != HONE_NO_DTYPE && ((unsigned)dtype > 31 || !(HN_TYPES_FLOAT >> dtype & 1)))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the input is %s: attribute dtype must name a float type",
                hone_dtype_name(dtype));
    like(infer, dtype);
    return HONE_OK;
}

hone_status hn_ops_infer_bernoulli(hn_infer *infer) {
    hone_dtype dtype;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    HN_TRY(result_type(infer, HN_TYPES_NUMBER | HN_TYPE(BOOL), hn_infer_dtype(infer, 0), &dtype));
    like(infer, dtype);
    return HONE_OK;
}

hone_status hn_ops_infer_multinomial(hn_infer *infer) {
    const int64_t samples = hn_attrs_int(infer->attrs, "sample_size", 1);
    hn_shape out = {.rank = 2, .dim = {HN_UNKNOWN_DIM, hn_dim_const(samples)}};
    hone_dtype dtype;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT));
    HN_TRY(hn_ops_check_rank(infer, 0, 2));
    HN_TRY(result_type(infer, HN_TYPE(INT32) | HN_TYPE(INT64), HONE_INT32, &dtype));
    if (hn_infer_rank(infer, 0) == 2) out.dim[0] = infer->in[0].shape.dim[0];
    HN_TRY(hn_shape_check_sizes(infer, &out));
    hn_infer_set(infer, 0, dtype, &out);
    return HONE_OK;
}

hone_status hn_ops_infer_dropout(hn_infer *infer) {
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPES_FLOAT | HN_TYPES_FLOAT8));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPES_FLOAT | HN_TYPES_FLOAT8));
    HN_TRY(hn_ops_check_type(infer, 2, HN_TYPE(BOOL)));
    HN_TRY(hn_infer_like(infer, 0));
    hn_infer_set(infer, 1, HONE_BOOL, hn_infer_has(infer, 0) ? &infer->in[0].shape : NULL);
    return HONE_OK;
}
