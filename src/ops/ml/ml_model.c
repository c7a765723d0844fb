/* Rows, labels and scores. */
#include "ops/ml/ml_model.h"
#include <math.h>
#include "ops/block.h"

/* ---- rows ---- */

hone_status hn_ml_rows(const hn_infer *infer, hn_dim *rows, hn_dim *features) {
    const int rank = hn_infer_rank(infer, 0);
    HN_TRY(hn_ops_check_type(infer, 0, HN_ML_TYPES));
    *rows = *features = HN_UNKNOWN_DIM;
    if (rank < 0) return HONE_OK;
    if (rank != 1 && rank != 2) HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input of rank %d; allowed: 1, 2", rank);
    *rows = rank == 2 ? infer->in[0].shape.dim[0] : hn_dim_const(1);
    *features = infer->in[0].shape.dim[rank == 2];
    return HONE_OK;
}

int64_t hn_ml_row_count(const hn_tensor *x) { return x->rank == 2 ? x->dim[0] : 1; }
int64_t hn_ml_feature_count(const hn_tensor *x) { return x->dim[x->rank == 2]; }

hone_status hn_ml_check_coefficients(const hn_infer *infer, int64_t n, int64_t groups, hn_dim features) {
    int64_t want;
    if (!hn_dim_is_const(features)) return HONE_OK;
    if (!__builtin_mul_overflow(groups, features.value, &want) && want == n) return HONE_OK;
    HN_FAIL(infer->diag, HONE_INVALID_MODEL,
            "%lld numbers in an attribute where %lld for each of %lld features are needed", (long long)n,
            (long long)groups, (long long)features.value);
}

/* ---- labels ---- */

hone_status hn_ml_read_labels(hn_attrs attrs, const char *numbers, hn_ml_labels *out, hn_diag *diag) {
    const hn_attr *text = hn_attrs_find(attrs, "classlabels_strings");
    int n;
    *out = (hn_ml_labels){.number = hn_attrs_ints(attrs, numbers, &n)};
    out->n = n;
    if (!text || text->kind != HN_ATTR_STRINGS || !text->n) return HONE_OK;
    if (n) HN_FAIL(diag, HONE_INVALID_MODEL, "classlabels_strings and %s are both given", numbers);
    *out = (hn_ml_labels){.text = text->strings, .n = text->n};
    return HONE_OK;
}

void hn_ml_set_labels(hn_infer *infer, const hn_ml_labels *labels, hn_dim rows) {
    const hn_shape shape = {.rank = 1, .dim = {rows}};
    hn_infer_set(infer, 0, labels->text ? HONE_STRING : HONE_INT64, &shape);
}

void hn_ml_store_label(hn_call *call, const hn_ml_labels *labels, int64_t row, int64_t k) {
    hn_tensor *out = call->out[0];
    if (!out) return;
    if (labels->text) ((hn_bytes *)out->data)[row] = k < labels->n ? labels->text[k] : (hn_bytes){"", 0};
    else ((int64_t *)out->data)[row] = k < labels->n ? labels->number[k] : k;
}

/* ---- scores ---- */

hone_status hn_ml_read_transform(hn_attrs attrs, hn_ml_transform *out, hn_diag *diag) {
    static const char *const words[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT", NULL};
    int index;
    HN_TRY(hn_ops_word(attrs, "post_transform", words, &index, diag));
    *out = (hn_ml_transform)index;
    return HONE_OK;
}

double hn_ml_logistic(double x) {
    const double y = 1 / (1 + exp(-fabs(x)));
    return x < 0 ? 1 - y : y;
}

/* Winitzki's approximation of the inverse of the error function, which the operators are defined by. */
static double probit(double p) {
    const double x = p * 2 - 1, sign = x < 0 ? -1 : 1, inside = (1 - x) * (1 + x), logarithm = log(inside);
    if (inside == 0) return 0;
    const double v = 2 / (3.14159265358979323846 * 0.147) + 0.5 * logarithm;
    return 1.41421356 * sign * sqrt(-v + sqrt(v * v - logarithm / 0.147));
}

static void softmax(double *score, int64_t n, bool keep_zero) {
    double most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++) most = score[i] > most ? score[i] : most;
    for (int64_t i = 0; i < n; i++) {
        const bool zero = keep_zero && fabs(score[i]) <= 1e-7;
        score[i] = zero ? score[i] * exp(-most) : exp(score[i] - most);
        sum += score[i];
    }
    for (int64_t i = 0; i < n; i++) score[i] = sum == 0 && keep_zero ? 0.5 : score[i] / sum;
}

static void transform_all(double *score, int64_t n, hn_ml_transform transform) {
    if (transform == HN_ML_SOFTMAX || transform == HN_ML_SOFTMAX_ZERO)
        softmax(score, n, transform == HN_ML_SOFTMAX_ZERO);
    for (int64_t i = 0; i < n && transform == HN_ML_LOGISTIC; i++) score[i] = hn_ml_logistic(score[i]);
    for (int64_t i = 0; i < n && transform == HN_ML_PROBIT; i++) score[i] = probit(score[i]);
}

int64_t hn_ml_finish_scores(double *score, int64_t n, hn_ml_transform transform, hn_ml_second second) {
    if (n == 1 && transform != HN_ML_PROBIT && second != HN_ML_ONE_SCORE) {
        score[1] = score[0];
        score[0] = second == HN_ML_COMPLEMENT && transform != HN_ML_LOGISTIC ? 1 - score[1] : -score[1];
        if (transform == HN_ML_LOGISTIC) transform_all(score, 2, transform);
        return 2;
    }
    if (n > 1 || transform == HN_ML_PROBIT) transform_all(score, n, transform);
    return n;
}

int64_t hn_ml_largest(const double *score, int64_t n) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (score[i] > score[best]) best = i;
    return best;
}
