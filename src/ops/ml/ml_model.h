/* What models of ai.onnx.ml share: rows of features in, labels and scores out. */
#ifndef HN_OPS_ML_ML_MODEL_H
#define HN_OPS_ML_ML_MODEL_H

#include "abi/operator.h"
#include "ops/checks.h"

#define HN_ML_TYPES (HN_TYPE(FLOAT32) | HN_TYPE(FLOAT64) | HN_TYPE(INT32) | HN_TYPE(INT64))

/* ---- rows ---- */

/* Checks the type and rank (1 or 2) of input 0; the number of rows and of features, a vector being one row. */
hone_status hn_ml_rows(const hn_infer *infer, hn_dim *rows, hn_dim *features);
/* The same of a tensor. */
int64_t hn_ml_row_count(const hn_tensor *x);
int64_t hn_ml_feature_count(const hn_tensor *x);
/* Fails when an attribute of `n` numbers does not have `groups` of them for each feature (which may be unknown). */
hone_status hn_ml_check_coefficients(const hn_infer *infer, int64_t n, int64_t groups, hn_dim features);

/* ---- labels ---- */

/* The classes of a classifier, by text or by number. */
typedef struct hn_ml_labels {
    const hn_bytes *text; /* NULL: numbers */
    const int64_t *number;
    int64_t n;
} hn_ml_labels;

/* Reads classlabels_strings or the attribute `numbers`. HONE_INVALID_MODEL when both are there. */
hone_status hn_ml_read_labels(hn_attrs attrs, const char *numbers, hn_ml_labels *out, hn_diag *diag);
/* Output 0: a vector of labels. */
void hn_ml_set_labels(hn_infer *infer, const hn_ml_labels *labels, hn_dim rows);
/* Stores label `k`; classes without labels are their numbers. */
void hn_ml_store_label(hn_call *call, const hn_ml_labels *labels, int64_t row, int64_t k);

/* ---- scores ---- */

typedef enum hn_ml_transform {
    HN_ML_NONE,
    HN_ML_SOFTMAX,
    HN_ML_LOGISTIC,
    HN_ML_SOFTMAX_ZERO,
    HN_ML_PROBIT
} hn_ml_transform;

/* How the score of one class becomes two. */
typedef enum hn_ml_second {
    HN_ML_ONE_SCORE,  /* it does not */
    HN_ML_COMPLEMENT, /* 1 - s, s */
    HN_ML_OPPOSITE    /* -s, s */
} hn_ml_second;

hone_status hn_ml_read_transform(hn_attrs attrs, hn_ml_transform *out, hn_diag *diag);
/* Transforms n scores in place; there is room for one more. How many there are then. */
int64_t hn_ml_finish_scores(double *score, int64_t n, hn_ml_transform transform, hn_ml_second second);
/* The first of the largest; 0 when there is none. */
int64_t hn_ml_largest(const double *score, int64_t n);
double hn_ml_logistic(double x);

#endif
