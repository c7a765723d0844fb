/* Support vector machines: SVMRegressor, and SVMClassifier by the votes of pairs of classes. */
#include <math.h>
#include "ops/matmul/panel.h"
#include "ops/ml/ml_model.h"
#include "ops/registry.h"

static const char *const kernels[] = {"LINEAR", "POLY", "RBF", "SIGMOID", NULL};
enum { LINEAR, POLY, RBF, SIGMOID };

typedef struct machine {
    int kernel;
    double gamma, coef0, degree;
    const float *coefficient, *vector, *rho, *prob_a, *prob_b;
    int n_coefficient, n_vector, n_rho, n_prob;
    const int64_t *per_class;
    int classes;     /* entries of vectors_per_class */
    int64_t vectors; /* support vectors; 0: a linear model */
    hn_ml_transform transform;
} machine;

static hone_status read_kernel(hn_attrs attrs, machine *m, hn_diag *diag) {
    int n;
    const float *parameter = hn_attrs_floats(attrs, "kernel_params", &n);
    HN_TRY(hn_ops_word(attrs, "kernel_type", kernels, &m->kernel, diag));
    if (n && n != 3) HN_FAIL(diag, HONE_INVALID_MODEL, "kernel_params has %d numbers; 3 are needed", n);
    if (!n) return HONE_OK;
    m->gamma = parameter[0];
    m->coef0 = parameter[1];
    m->degree = parameter[2];
    return HONE_OK;
}

static hone_status read_machine(hn_attrs attrs, machine *m, hn_diag *diag) {
    int n;
    *m = (machine){.coefficient = hn_attrs_floats(attrs, "coefficients", &m->n_coefficient)};
    m->coefficient = hn_attrs_floats(attrs, "coefficients", &m->n_coefficient);
    m->vector = hn_attrs_floats(attrs, "support_vectors", &m->n_vector);
    m->rho = hn_attrs_floats(attrs, "rho", &m->n_rho);
    m->prob_a = hn_attrs_floats(attrs, "prob_a", &m->n_prob);
    m->prob_b = hn_attrs_floats(attrs, "prob_b", &n);
    m->per_class = hn_attrs_ints(attrs, "vectors_per_class", &m->classes);
    if (n != m->n_prob) HN_FAIL(diag, HONE_INVALID_MODEL, "prob_a has %d numbers, prob_b %d", m->n_prob, n);
    if (!m->n_rho) HN_FAIL(diag, HONE_INVALID_MODEL, "attribute rho is missing");
    HN_TRY(hn_ml_read_transform(attrs, &m->transform, diag));
    return read_kernel(attrs, m, diag);
}

/* Vectors have as many numbers as there are features. */
static hone_status check_vectors(const hn_infer *infer, const machine *m, hn_dim features) {
    if (!m->vectors || !hn_dim_is_const(features)) return HONE_OK;
    return hn_ml_check_coefficients(infer, m->n_vector, m->vectors, features);
}

static double dot(const double *x, const float *y, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

static double kernel_of(const machine *m, const double *x, const float *y, int64_t n) {
    double sum = 0;
    switch (m->kernel) {
    case POLY:
        return pow(m->gamma * dot(x, y, n) + m->coef0, m->degree);
    case RBF:
        for (int64_t i = 0; i < n; i++) sum += (x[i] - y[i]) * (x[i] - y[i]);
        return exp(-m->gamma * sum);
    case SIGMOID:
        return tanh(m->gamma * dot(x, y, n) + m->coef0);
    default:
        return dot(x, y, n);
    }
}

/* ---- regressor ---- */

hone_status hn_ops_infer_ml_svm_regressor(hn_infer *infer) {
    machine m;
    hn_dim rows, features;
    HN_TRY(read_machine(infer->attrs, &m, infer->diag));
    HN_TRY(hn_ml_rows(infer, &rows, &features));
    m.vectors = hn_attrs_int(infer->attrs, "n_supports", 0);
    if (m.vectors < 0 || (m.vectors && m.n_coefficient != m.vectors))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%lld support vectors and %d coefficients", (long long)m.vectors,
                m.n_coefficient);
    HN_TRY(check_vectors(infer, &m, features));
    if (!m.vectors) HN_TRY(hn_ml_check_coefficients(infer, m.n_coefficient, 1, features));
    const hn_shape out = {.rank = 2, .dim = {rows, hn_dim_const(1)}};
    hn_infer_set(infer, 0, HONE_FLOAT32, &out);
    return HONE_OK;
}

hone_status hn_ops_ref_ml_svm_regressor(hn_call *call) {
    const hn_tensor *x = call->in[0];
    const int64_t rows = hn_ml_row_count(x), n = hn_ml_feature_count(x);
    const bool one_class = hn_attrs_int(call->attrs, "one_class", 0) != 0;
    machine m;
    double *row, score[2];
    if (!call->out[0]) return HONE_OK;
    HN_TRY(read_machine(call->attrs, &m, call->diag));
    m.vectors = hn_attrs_int(call->attrs, "n_supports", 0);
    if (!m.vectors) m.kernel = LINEAR;
    HN_TRY_ALLOC(row = hn_panel_scratch(call, n));
    for (int64_t r = 0; r < rows; r++) {
        hn_panel_load(row, x, r * n, n);
        score[0] = m.rho[0] + (m.vectors ? 0 : dot(row, m.coefficient, n));
        for (int64_t v = 0; v < m.vectors; v++) score[0] += m.coefficient[v] * kernel_of(&m, row, m.vector + v * n, n);
        if (one_class) score[0] = score[0] > 0 ? 1 : -1;
        hn_panel_store(call->out[0], r, 1, score);
    }
    return HONE_OK;
}

/* ---- classifier: sizes ---- */

typedef struct classifier {
    machine m;
    hn_ml_labels labels;
    int64_t classes, pairs;
    bool probable; /* scores become probabilities */
} classifier;

static hone_status count_vectors(classifier *c, hn_diag *diag) {
    machine *m = &c->m;
    for (int i = 0; i < m->classes; i++)
        if (m->per_class[i] < 0 || __builtin_add_overflow(m->vectors, m->per_class[i], &m->vectors))
            HN_FAIL(diag, HONE_INVALID_MODEL, "vectors_per_class[%d] is %lld", i, (long long)m->per_class[i]);
    if (!m->vectors) return HONE_OK;
    if (m->classes != c->classes)
        HN_FAIL(diag, HONE_INVALID_MODEL, "vectors_per_class has %d numbers for %lld classes", m->classes,
                (long long)c->classes);
    int64_t want;
    if (__builtin_mul_overflow(m->vectors, c->classes - 1, &want) || m->n_coefficient != want)
        HN_FAIL(diag, HONE_INVALID_MODEL, "%d coefficients; %lld vectors need one for each other class",
                m->n_coefficient, (long long)m->vectors);
    if (m->n_rho < c->pairs || (m->n_prob && m->n_prob < c->pairs))
        HN_FAIL(diag, HONE_INVALID_MODEL, "rho has %d numbers and prob_a %d; there are %lld pairs of classes", m->n_rho,
                m->n_prob, (long long)c->pairs);
    return HONE_OK;
}

static hone_status read_classifier(hn_attrs attrs, classifier *c, hn_diag *diag) {
    HN_TRY(read_machine(attrs, &c->m, diag));
    HN_TRY(hn_ml_read_labels(attrs, "classlabels_ints", &c->labels, diag));
    c->classes = c->labels.n > 0 ? c->labels.n : 1;
    c->pairs = c->classes * (c->classes - 1) / 2;
    HN_TRY(count_vectors(c, diag));
    if (!c->m.vectors) c->m.kernel = LINEAR;
    c->probable = c->m.vectors && c->m.n_prob;
    return HONE_OK;
}

/* Scores of a row in the output. */
static int64_t score_count(const classifier *c) {
    if (!c->m.vectors || c->probable) return c->classes;
    return c->classes == 2 ? 2 : c->pairs;
}

hone_status hn_ops_infer_ml_svm_classifier(hn_infer *infer) {
    classifier c;
    hn_dim rows, features;
    HN_TRY(read_classifier(infer->attrs, &c, infer->diag));
    HN_TRY(hn_ml_rows(infer, &rows, &features));
    HN_TRY(check_vectors(infer, &c.m, features));
    if (!c.m.vectors) HN_TRY(hn_ml_check_coefficients(infer, c.m.n_coefficient, c.classes, features));
    const hn_shape scores = {.rank = 2, .dim = {rows, hn_dim_const(score_count(&c))}};
    hn_ml_set_labels(infer, &c.labels, rows);
    hn_infer_set(infer, 1, HONE_FLOAT32, &scores);
    return HONE_OK;
}

/* ---- classifier: scores ---- */

typedef struct scratch {
    double *row, *kernel, *score, *votes; /* features; vectors; scores; classes */
    double *q, *share, *product;          /* classes * classes, classes, classes: for probabilities */
} scratch;

static double weighted(const machine *m, const double *kernel, int64_t line, int64_t first, int64_t n) {
    return dot(kernel + first, m->coefficient + line * m->vectors + first, n);
}

/* A score and a vote for each pair of classes. */
static void vote(const classifier *c, const scratch *s, int64_t features) {
    const machine *m = &c->m;
    int64_t pair = 0, first_i = 0;
    for (int64_t v = 0; v < m->vectors; v++) s->kernel[v] = kernel_of(m, s->row, m->vector + v * features, features);
    for (int64_t i = 0; i < c->classes; i++) s->votes[i] = 0;
    for (int64_t i = 0; i < c->classes; first_i += m->per_class[i++]) {
        int64_t first_j = first_i + m->per_class[i];
        for (int64_t j = i + 1; j < c->classes; first_j += m->per_class[j++], pair++) {
            s->score[pair] = m->rho[pair] + weighted(m, s->kernel, j - 1, first_i, m->per_class[i]) +
                             weighted(m, s->kernel, i, first_j, m->per_class[j]);
            s->votes[s->score[pair] > 0 ? i : j]++;
        }
    }
}

/* share * q, and share * that. */
static double multiply(const scratch *s, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        s->product[i] = 0;
        for (int64_t j = 0; j < n; j++) s->product[i] += s->q[i * n + j] * s->share[j];
        sum += s->share[i] * s->product[i];
    }
    return sum;
}

static bool is_settled(const scratch *s, int64_t n, double sum) {
    double worst = 0;
    for (int64_t i = 0; i < n; i++) worst = fmax(worst, fabs(s->product[i] - sum));
    return worst < 0.005 / (double)n;
}

/* Wu, Lin and Weng, "Probability estimates for multi-class classification by pairwise coupling" (2004), method 2: the
 * shares of the classes that fit the probabilities of the pairs best. */
static void couple(const scratch *s, int64_t n) {
    for (int64_t i = 0; i < n; i++) s->share[i] = 1 / (double)n;
    for (int64_t round = 0; round < (n > 100 ? n : 100); round++) {
        double sum = multiply(s, n);
        if (is_settled(s, n, sum)) return;
        for (int64_t t = 0; t < n; t++) {
            const double own = s->q[t * n + t], step = (sum - s->product[t]) / own;
            s->share[t] += step;
            sum = (sum + step * (step * own + 2 * s->product[t])) / ((1 + step) * (1 + step));
            for (int64_t j = 0; j < n; j++) {
                s->product[j] = (s->product[j] + step * s->q[t * n + j]) / (1 + step);
                s->share[j] /= 1 + step;
            }
        }
    }
}

/* Replaces the scores of pairs by probabilities of classes. */
static void make_probable(const classifier *c, const scratch *s) {
    const int64_t n = c->classes;
    int64_t pair = 0;
    for (int64_t i = 0; i < n * n; i++) s->q[i] = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = i + 1; j < n; j++, pair++) {
            double p = 1 - hn_ml_logistic(s->score[pair] * c->m.prob_a[pair] + c->m.prob_b[pair]);
            p = fmin(fmax(p, 1e-7), 1 - 1e-7);
            s->q[i * n + i] += (1 - p) * (1 - p);
            s->q[j * n + j] += p * p;
            s->q[i * n + j] = s->q[j * n + i] = -p * (1 - p);
        }
    }
    couple(s, n);
    for (int64_t i = 0; i < n; i++) s->score[i] = s->share[i];
}

/* ---- classifier ---- */

static hone_status allocate(hn_call *call, const classifier *c, int64_t features, scratch *s) {
    const int64_t n = c->classes;
    HN_TRY_ALLOC(s->row = hn_panel_scratch(call, features));
    HN_TRY_ALLOC(s->kernel = hn_panel_scratch(call, c->m.vectors));
    HN_TRY_ALLOC(s->score = hn_panel_scratch(call, c->pairs + n + 1));
    HN_TRY_ALLOC(s->votes = hn_panel_scratch(call, n));
    if (!c->probable) return HONE_OK;
    HN_TRY_ALLOC(s->q = hn_panel_scratch(call, n * n));
    HN_TRY_ALLOC(s->share = hn_panel_scratch(call, n));
    HN_TRY_ALLOC(s->product = hn_panel_scratch(call, n));
    return HONE_OK;
}

static void classify(hn_call *call, const classifier *c, const scratch *s, int64_t r, int64_t features) {
    hn_tensor *out = call->n_out > 1 ? call->out[1] : NULL;
    const double *by = c->m.vectors ? s->votes : s->score;
    hn_panel_load(s->row, call->in[0], r * features, features);
    if (c->m.vectors) vote(c, s, features);
    for (int64_t k = 0; k < c->classes && !c->m.vectors; k++)
        s->score[k] = c->m.rho[0] + dot(s->row, c->m.coefficient + k * features, features);
    if (c->probable) make_probable(c, s);
    const int64_t best = hn_ml_largest(by, c->classes);
    const hn_ml_second second = c->classes != 2                ? HN_ML_ONE_SCORE
                                : c->m.transform == HN_ML_NONE ? HN_ML_OPPOSITE
                                                               : HN_ML_COMPLEMENT;
    hn_ml_store_label(call, &c->labels, r, best);
    const int64_t n = c->m.vectors && !c->probable ? c->pairs : c->classes;
    const int64_t written = hn_ml_finish_scores(s->score, n, c->m.transform, second);
    if (out) hn_panel_store(out, r * out->dim[1], written < out->dim[1] ? written : out->dim[1], s->score);
}

hone_status hn_ops_ref_ml_svm_classifier(hn_call *call) {
    const int64_t rows = hn_ml_row_count(call->in[0]), features = hn_ml_feature_count(call->in[0]);
    classifier c;
    scratch s = {0};
    HN_TRY(read_classifier(call->attrs, &c, call->diag));
    HN_TRY(allocate(call, &c, features, &s));
    for (int64_t r = 0; r < rows; r++) classify(call, &c, &s, r, features);
    return HONE_OK;
}
