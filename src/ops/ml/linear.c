/* LinearClassifier and LinearRegressor. */
#include "ops/matmul/panel.h"
#include "ops/ml/ml_model.h"
#include "ops/registry.h"

/* Results for each row: as many as there are intercepts, else as the coefficients make. */
static int64_t result_count(hn_attrs attrs, int64_t features) {
    int intercepts, coefficients;
    hn_attrs_floats(attrs, "intercepts", &intercepts);
    hn_attrs_floats(attrs, "coefficients", &coefficients);
    return intercepts ? intercepts : features > 0 ? coefficients / features : 0;
}

/* score[results] of one row. */
static void score_row(hn_attrs attrs, const double *x, int64_t features, int64_t results, double *score) {
    int intercepts, coefficients;
    const float *intercept = hn_attrs_floats(attrs, "intercepts", &intercepts);
    const float *coefficient = hn_attrs_floats(attrs, "coefficients", &coefficients);
    for (int64_t r = 0; r < results; r++) {
        score[r] = intercepts ? intercept[r] : 0;
        for (int64_t i = 0; i < features; i++) score[r] += x[i] * coefficient[r * features + i];
    }
}

/* ---- classifier ---- */

static bool adds_second(int64_t classes, const hn_ml_labels *labels) { return classes == 1 && labels->n == 2; }

hone_status hn_ops_infer_ml_linear_classifier(hn_infer *infer) {
    hn_ml_labels labels;
    hn_ml_transform transform;
    hn_dim rows, features;
    int coefficients;
    hn_attrs_floats(infer->attrs, "coefficients", &coefficients);
    HN_TRY(hn_ml_read_labels(infer->attrs, "classlabels_ints", &labels, infer->diag));
    HN_TRY(hn_ml_read_transform(infer->attrs, &transform, infer->diag));
    HN_TRY(hn_ml_rows(infer, &rows, &features));
    const int64_t classes = result_count(infer->attrs, hn_dim_is_const(features) ? features.value : 0);
    /* ONNX Runtime reads as many as it needs and ignores the rest, which files in the wild have. */
    const bool surplus = classes && hn_dim_is_const(features) && coefficients / classes > features.value;
    if (classes && !surplus) HN_TRY(hn_ml_check_coefficients(infer, coefficients, classes, features));
    hn_shape scores = {.rank = 2, .dim = {rows, hn_dim_const(adds_second(classes, &labels) ? 2 : classes)}};
    if (!classes && !hn_dim_is_const(features)) scores.dim[1] = HN_UNKNOWN_DIM;
    hn_ml_set_labels(infer, &labels, rows);
    hn_infer_set(infer, 1, HONE_FLOAT32, &scores);
    return HONE_OK;
}

/* One score of a row is that of the second of two classes; of a single class, whose label stands against 0 or "". */
static void store_label(hn_call *call, const hn_ml_labels *labels, int64_t row, const double *score, int64_t classes) {
    static const int64_t zero = 0;
    static const hn_bytes nothing = {"", 0};
    const hn_ml_labels against = {labels->text ? &nothing : NULL, &zero, 1};
    const bool single = classes == 1 && labels->n == 1, positive = score[0] > 0;
    if (single) hn_ml_store_label(call, positive ? labels : &against, row, 0);
    else hn_ml_store_label(call, labels, row, classes == 1 ? positive : hn_ml_largest(score, classes));
}

hone_status hn_ops_ref_ml_linear_classifier(hn_call *call) {
    const hn_tensor *x = call->in[0];
    const int64_t rows = hn_ml_row_count(x), features = hn_ml_feature_count(x);
    const int64_t classes = result_count(call->attrs, features);
    hn_tensor *out = call->n_out > 1 ? call->out[1] : NULL;
    hn_ml_labels labels;
    hn_ml_transform transform;
    double *row, *score;
    HN_TRY(hn_ml_read_labels(call->attrs, "classlabels_ints", &labels, call->diag));
    HN_TRY(hn_ml_read_transform(call->attrs, &transform, call->diag));
    HN_TRY_ALLOC(row = hn_panel_scratch(call, features));
    HN_TRY_ALLOC(score = hn_panel_scratch(call, classes + 1));
    const bool second = adds_second(classes, &labels);
    for (int64_t r = 0; r < rows; r++) {
        hn_panel_load(row, x, r * features, features);
        score_row(call->attrs, row, features, classes, score);
        store_label(call, &labels, r, score, classes);
        const int64_t n = hn_ml_finish_scores(score, classes, transform, second ? HN_ML_COMPLEMENT : HN_ML_ONE_SCORE);
        if (out) hn_panel_store(out, r * out->dim[1], n < out->dim[1] ? n : out->dim[1], score);
    }
    return HONE_OK;
}

/* ---- regressor ---- */

hone_status hn_ops_infer_ml_linear_regressor(hn_infer *infer) {
    const int64_t targets = hn_attrs_int(infer->attrs, "targets", 1);
    hn_ml_transform transform;
    hn_dim rows, features;
    int coefficients, intercepts;
    hn_attrs_floats(infer->attrs, "coefficients", &coefficients);
    hn_attrs_floats(infer->attrs, "intercepts", &intercepts);
    HN_TRY(hn_ml_read_transform(infer->attrs, &transform, infer->diag));
    HN_TRY(hn_ml_rows(infer, &rows, &features));
    if (targets < 1 || (intercepts && intercepts != targets))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%lld targets and %d intercepts", (long long)targets, intercepts);
    HN_TRY(hn_ml_check_coefficients(infer, coefficients, targets, features));
    const hn_shape out = {.rank = 2, .dim = {rows, hn_dim_const(targets)}};
    hn_infer_set(infer, 0, HONE_FLOAT32, &out);
    return HONE_OK;
}

hone_status hn_ops_ref_ml_linear_regressor(hn_call *call) {
    const hn_tensor *x = call->in[0];
    const int64_t rows = hn_ml_row_count(x), features = hn_ml_feature_count(x);
    const int64_t targets = hn_attrs_int(call->attrs, "targets", 1);
    hn_ml_transform transform;
    double *row, *score;
    if (!call->out[0]) return HONE_OK;
    HN_TRY(hn_ml_read_transform(call->attrs, &transform, call->diag));
    HN_TRY_ALLOC(row = hn_panel_scratch(call, features));
    HN_TRY_ALLOC(score = hn_panel_scratch(call, targets + 1));
    for (int64_t r = 0; r < rows; r++) {
        hn_panel_load(row, x, r * features, features);
        score_row(call->attrs, row, features, targets, score);
        hn_ml_finish_scores(score, targets, transform, HN_ML_ONE_SCORE);
        hn_panel_store(call->out[0], r * targets, targets, score);
    }
    return HONE_OK;
}
