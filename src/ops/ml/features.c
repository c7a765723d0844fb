/* Operators on features: scaling, norms, thresholds, missing values, categories, joining and choosing columns. */
#include <math.h>
#include <string.h>
#include "ops/block.h"
#include "ops/matmul/panel.h"
#include "ops/ml/ml_model.h"
#include "ops/registry.h"

/* Elements of the last dim; 1 of a scalar. */
static int64_t last_dim(const hn_tensor *x) { return x->rank ? x->dim[x->rank - 1] : 1; }

static hn_dim last_dim_of(const hn_infer *infer) {
    const int rank = hn_infer_rank(infer, 0);
    return rank < 0 ? HN_UNKNOWN_DIM : rank == 0 ? hn_dim_const(1) : infer->in[0].shape.dim[rank - 1];
}

/* An attribute of `n` numbers fits when there is one, or one for each feature. */
static hone_status check_per_feature(const hn_infer *infer, const char *name, int n) {
    const hn_dim features = last_dim_of(infer);
    if (n == 1 || !hn_dim_is_const(features) || features.value == n) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute %s has %d numbers; 1 or %lld (features) are needed", name, n,
            (long long)features.value);
}

static hone_status real_like(hn_infer *infer) {
    HN_TRY(hn_ops_check_type(infer, 0, HN_ML_TYPES));
    hn_infer_set(infer, 0, HONE_FLOAT32, hn_infer_has(infer, 0) ? &infer->in[0].shape : NULL);
    return HONE_OK;
}

/* ---- Scaler ---- */

hone_status hn_ops_infer_ml_scaler(hn_infer *infer) {
    int n, m;
    hn_attrs_floats(infer->attrs, "offset", &n);
    hn_attrs_floats(infer->attrs, "scale", &m);
    if (n) HN_TRY(check_per_feature(infer, "offset", n));
    if (m) HN_TRY(check_per_feature(infer, "scale", m));
    return real_like(infer);
}

hone_status hn_ops_ref_ml_scaler(hn_call *call) {
    int n, m;
    const float *offset = hn_attrs_floats(call->attrs, "offset", &n),
                *scale = hn_attrs_floats(call->attrs, "scale", &m);
    const hn_tensor *x = call->in[0];
    double block[HN_BLOCK];
    if (!call->out[0]) return HONE_OK;
    const int64_t count = hn_tensor_count(x), features = last_dim(x);
    for (int64_t at = 0; at < count; at += HN_BLOCK) {
        const int size = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;
        hn_block_load_f64(block, x, at, size);
        for (int i = 0; i < size; i++) {
            const int64_t f = (at + i) % features;
            if (n) block[i] -= offset[n == 1 ? 0 : f];
            if (m) block[i] *= scale[m == 1 ? 0 : f];
        }
        hn_block_store_f64(call->out[0], at, block, size);
    }
    return HONE_OK;
}

/* ---- Normalizer ---- */

static const char *const norms[] = {"MAX", "L1", "L2", NULL};
enum { MAX, L1, L2 };

hone_status hn_ops_infer_ml_normalizer(hn_infer *infer) {
    int norm;
    hn_dim rows, features;
    HN_TRY(hn_ops_word(infer->attrs, "norm", norms, &norm, infer->diag));
    HN_TRY(hn_ml_rows(infer, &rows, &features));
    return real_like(infer);
}

/* The divisor, 1 where it would be 0. */
static double norm_of(const double *x, int64_t n, int norm) {
    double sum = norm == MAX ? -INFINITY : 0;
    for (int64_t i = 0; i < n; i++) {
        if (norm == MAX) sum = x[i] > sum ? x[i] : sum;
        else sum += norm == L1 ? fabs(x[i]) : x[i] * x[i];
    }
    if (norm == L2) sum = sqrt(sum);
    return sum == 0 ? 1 : sum;
}

hone_status hn_ops_ref_ml_normalizer(hn_call *call) {
    const hn_tensor *x = call->in[0];
    const int64_t rows = hn_ml_row_count(x), n = hn_ml_feature_count(x);
    double *row;
    int norm;
    if (!call->out[0]) return HONE_OK;
    HN_TRY(hn_ops_word(call->attrs, "norm", norms, &norm, call->diag));
    HN_TRY_ALLOC(row = hn_panel_scratch(call, n));
    for (int64_t r = 0; r < rows; r++) {
        hn_panel_load(row, x, r * n, n);
        const double divisor = norm_of(row, n, norm);
        for (int64_t i = 0; i < n; i++) row[i] /= divisor;
        hn_panel_store(call->out[0], r * n, n, row);
    }
    return HONE_OK;
}

/* ---- Binarizer ---- */

hone_status hn_ops_infer_ml_binarizer(hn_infer *infer) {
    HN_TRY(hn_ops_check_type(infer, 0, HN_ML_TYPES));
    return hn_infer_like(infer, 0);
}

hone_status hn_ops_ref_ml_binarizer(hn_call *call) {
    const double threshold = hn_attrs_float(call->attrs, "threshold", 0);
    const int64_t count = hn_tensor_count(call->in[0]);
    double block[HN_BLOCK];
    for (int64_t at = 0; at < count && call->out[0]; at += HN_BLOCK) {
        const int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;
        hn_block_load_f64(block, call->in[0], at, n);
        for (int i = 0; i < n; i++) block[i] = block[i] > threshold;
        hn_block_store_f64(call->out[0], at, block, n);
    }
    return HONE_OK;
}

/* ---- Imputer ---- */

static bool is_whole(hone_dtype dtype) { return dtype == HONE_INT32 || dtype == HONE_INT64; }

hone_status hn_ops_infer_ml_imputer(hn_infer *infer) {
    const hone_dtype dtype = hn_infer_dtype(infer, 0);
    int n, m;
    HN_TRY(hn_ops_check_type(infer, 0, HN_ML_TYPES));
    hn_attrs_floats(infer->attrs, "imputed_value_floats", &n);
    hn_attrs_ints(infer->attrs, "imputed_value_int64s", &m);
    if (n && m)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "imputed_value_floats and imputed_value_int64s are both given");
    if (dtype == HONE_NO_DTYPE) return hn_infer_like(infer, 0);
    if (is_whole(dtype) ? !m : !n)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the input is %s: attribute imputed_value_%s must be given",
                hone_dtype_name(dtype), is_whole(dtype) ? "int64s" : "floats");
    HN_TRY(check_per_feature(infer, "imputed_value", n ? n : m));
    return hn_infer_like(infer, 0);
}

static void impute_whole(hn_call *call) {
    int n;
    const int64_t *by = hn_attrs_ints(call->attrs, "imputed_value_int64s", &n), features = last_dim(call->in[0]);
    const int64_t replaced = hn_attrs_int(call->attrs, "replaced_value_int64", 0), count = hn_tensor_count(call->in[0]);
    for (int64_t i = 0; i < count; i++) {
        int64_t value = hn_tensor_int(call->in[0], i);
        if (value == replaced) value = by[n == 1 ? 0 : i % features];
        hn_block_store_i64(call->out[0], i, &value, 1);
    }
}

static void impute_real(hn_call *call) {
    int n;
    const float *by = hn_attrs_floats(call->attrs, "imputed_value_floats", &n);
    const double replaced = hn_attrs_float(call->attrs, "replaced_value_float", 0);
    const int64_t features = last_dim(call->in[0]), count = hn_tensor_count(call->in[0]);
    for (int64_t i = 0; i < count; i++) {
        double value = hn_tensor_real(call->in[0], i);
        if (isnan(replaced) ? isnan(value) : value == replaced) value = by[n == 1 ? 0 : i % features];
        hn_block_store_f64(call->out[0], i, &value, 1);
    }
}

hone_status hn_ops_ref_ml_imputer(hn_call *call) {
    if (!call->out[0]) return HONE_OK;
    if (is_whole(call->in[0]->dtype)) impute_whole(call);
    else impute_real(call);
    return HONE_OK;
}

/* ---- OneHotEncoder ---- */

hone_status hn_ops_infer_ml_one_hot_encoder(hn_infer *infer) {
    const hn_attr *text = hn_attrs_find(infer->attrs, "cats_strings");
    hn_shape out = hn_infer_has(infer, 0) ? infer->in[0].shape : hn_shape_unknown();
    int n;
    hn_attrs_ints(infer->attrs, "cats_int64s", &n);
    const bool by_text = text && text->kind == HN_ATTR_STRINGS && text->n;
    HN_TRY(hn_ops_check_type(infer, 0, by_text ? HN_TYPE(STRING) : HN_ML_TYPES));
    if (by_text == (n > 0))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "one of cats_strings and cats_int64s must be given");
    if (out.rank >= HONE_MAX_RANK)
        HN_FAIL(infer->diag, HONE_UNSUPPORTED, "the result would have %d dims; %d are the most", out.rank + 1,
                HONE_MAX_RANK);
    if (out.rank >= 0) out.dim[out.rank++] = hn_dim_const(by_text ? (int64_t)text->n : n);
    hn_infer_set(infer, 0, HONE_FLOAT32, &out);
    return HONE_OK;
}

static bool same_text(hn_bytes a, hn_bytes b) { return a.n == b.n && (!a.n || memcmp(a.data, b.data, a.n) == 0); }

/* The category of element i, or -1. */
static int64_t category_of(const hn_tensor *x, int64_t i, const hn_attr *text, const int64_t *number, int64_t n) {
    if (x->dtype == HONE_STRING) {
        for (int64_t k = 0; k < n; k++)
            if (same_text(((const hn_bytes *)x->data)[i], text->strings[k])) return k;
        return -1;
    }
    const int64_t value = is_whole(x->dtype) ? hn_tensor_int(x, i) : hn_block_to_i64(hn_tensor_real(x, i));
    for (int64_t k = 0; k < n; k++)
        if (number[k] == value) return k;
    return -1;
}

hone_status hn_ops_ref_ml_one_hot_encoder(hn_call *call) {
    const hn_attr *text = hn_attrs_find(call->attrs, "cats_strings");
    const hn_tensor *x = call->in[0];
    int listed;
    const int64_t *number = hn_attrs_ints(call->attrs, "cats_int64s", &listed);
    const int64_t n = x->dtype == HONE_STRING ? (int64_t)text->n : listed, count = hn_tensor_count(x);
    if (!call->out[0]) return HONE_OK;
    float *out = call->out[0]->data;
    if (count) memset(out, 0, (size_t)(count * n) * sizeof *out);
    for (int64_t i = 0; i < count; i++) {
        const int64_t k = category_of(x, i, text, number, n);
        if (k >= 0) out[i * n + k] = 1;
        else if (!hn_attrs_int(call->attrs, "zeros", 1))
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "element %lld is in no category", (long long)i);
    }
    return HONE_OK;
}

/* ---- FeatureVectorizer ---- */

hone_status hn_ops_infer_ml_feature_vectorizer(hn_infer *infer) {
    int n;
    const int64_t *size = hn_attrs_ints(infer->attrs, "inputdimensions", &n);
    hn_shape out = {.rank = 2, .dim = {HN_UNKNOWN_DIM, hn_dim_const(0)}};
    if (n != infer->n_in)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "inputdimensions has %d numbers for %d inputs", n, infer->n_in);
    for (int i = 0; i < n; i++) {
        const int rank = hn_infer_rank(infer, i);
        HN_TRY(hn_ops_check_type(infer, i, HN_ML_TYPES));
        if (size[i] < 0 || size[i] > INT32_MAX)
            HN_FAIL(infer->diag, HONE_INVALID_MODEL, "inputdimensions[%d] is %lld", i, (long long)size[i]);
        out.dim[1] = hn_dim_add(infer->exprs, out.dim[1], hn_dim_const(size[i]));
        if (rank > 2) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input %d has rank %d; allowed: 1, 2", i, rank);
        if (rank < 0) continue;
        const hn_dim rows = rank == 2 ? infer->in[i].shape.dim[0] : hn_dim_const(1);
        HN_TRY(hn_infer_unify(infer, out.dim[0], rows, "rows of the inputs", &out.dim[0]));
    }
    hn_infer_set(infer, 0, HONE_FLOAT32, &out);
    return HONE_OK;
}

/* Each input is cut or filled with zeros to its size. */
hone_status hn_ops_ref_ml_feature_vectorizer(hn_call *call) {
    hn_tensor *y = call->out[0];
    int n;
    const int64_t *size = hn_attrs_ints(call->attrs, "inputdimensions", &n);
    double *row;
    if (!y) return HONE_OK;
    HN_TRY_ALLOC(row = hn_panel_scratch(call, y->dim[1]));
    for (int64_t r = 0; r < y->dim[0]; r++) {
        int64_t at = 0;
        for (int64_t i = 0; i < y->dim[1]; i++) row[i] = 0;
        for (int i = 0; i < n; i++) {
            const int64_t have = last_dim(call->in[i]), taken = have < size[i] ? have : size[i];
            hn_panel_load(row + at, call->in[i], r * have, taken);
            at += size[i];
        }
        hn_panel_store(y, r * y->dim[1], y->dim[1], row);
    }
    return HONE_OK;
}

/* ---- ArrayFeatureExtractor ---- */

hone_status hn_ops_infer_ml_array_feature_extractor(hn_infer *infer) {
    const int rank = hn_infer_rank(infer, 0), list = hn_infer_rank(infer, 1);
    hn_dim chosen = hn_dim_const(1);
    HN_TRY(hn_ops_check_type(infer, 0, HN_ML_TYPES | HN_TYPE(STRING)));
    HN_TRY(hn_ops_check_type(infer, 1, HN_TYPE(INT64)));
    if (rank == 0) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the input is a scalar");
    for (int i = 0; i < list; i++) chosen = hn_dim_mul(infer->exprs, chosen, infer->in[1].shape.dim[i]);
    if (list < 0) chosen = HN_UNKNOWN_DIM;
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), NULL);
    if (rank < 0) return HONE_OK;
    hn_shape out = infer->in[0].shape;
    if (rank == 1) out = (hn_shape){.rank = 2, .dim = {hn_dim_const(1)}};
    out.dim[out.rank - 1] = chosen;
    hn_infer_set(infer, 0, hn_infer_dtype(infer, 0), &out);
    return HONE_OK;
}

hone_status hn_ops_ref_ml_array_feature_extractor(hn_call *call) {
    const hn_tensor *x = call->in[0], *list = call->in[1];
    const int64_t have = last_dim(x), chosen = hn_tensor_count(list);
    const size_t size = hn_element_size(x->dtype);
    for (int64_t i = 0; i < chosen; i++) {
        const int64_t at = hn_tensor_int(list, i);
        if (at < 0 || at >= have)
            HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "index %lld; allowed: 0 to %lld", (long long)at,
                    (long long)have - 1);
    }
    if (!call->out[0]) return HONE_OK;
    const int64_t count = hn_tensor_count(call->out[0]);
    for (int64_t i = 0; i < count; i++) {
        const int64_t from = i / chosen * have + hn_tensor_int(list, i % chosen);
        memcpy((char *)call->out[0]->data + (size_t)i * size, (const char *)x->data + (size_t)from * size, size);
    }
    return HONE_OK;
}
