/* Differences, cosine, agreement of the largest elements. */
#include "metrics.h"

#include <math.h>
#include <string.h>
#include "elements.h"

static bool same_shape(const hone_value *a, const hone_value *b) {
    const int rank = hone_value_rank(a);
    return rank == hone_value_rank(b) &&
           memcmp(hone_value_dims(a), hone_value_dims(b), (size_t)rank * sizeof(int64_t)) == 0;
}

/* One element pair; true when both are numbers that can be subtracted. */
static bool comparable(metrics *m, double a, double b) {
    if (isfinite(a) && isfinite(b)) return true;
    if (!(isnan(a) && isnan(b)) && a != b) m->unlike++;
    return false;
}

/* Strings are equal or not. */
static void add_strings(metrics *m, const hone_value *a, const hone_value *b) {
    const int64_t n = value_count(a);
    for (int64_t i = 0; i < n; i++) {
        size_t length, other;
        const char *x = hone_value_string(a, i, &length), *y = hone_value_string(b, i, &other);
        if (!x || !y || length != other || memcmp(x, y, length) != 0) m->unlike++;
    }
    m->count += n;
    m->cosine = 1;
    m->samples++;
}

typedef struct sums {
    double aa, bb, ab, max_abs, peak;
} sums;

static void add_elements(metrics *m, const hone_value *a, const hone_value *b, sums *s) {
    const int64_t n = value_count(a);
    for (int64_t i = 0; i < n; i++) {
        const double x = element_get(a, i), y = element_get(b, i), d = fabs(x - y);
        if (!comparable(m, x, y)) continue;
        if (d > m->max_abs || (!m->samples && !i)) m->worst = i, m->worst_a = x, m->worst_b = y;
        if (d > m->max_abs) m->max_abs = d;
        if (d > s->max_abs) s->max_abs = d;
        if (fabs(x) > s->peak) s->peak = fabs(x);
        m->sum_abs += d, m->sum_squares += d * d;
        s->aa += x * x, s->bb += y * y, s->ab += x * y;
    }
    m->count += n;
}

/* Cosine of two vectors; those without length are alike when both are. */
static double cosine_of(const sums *s) {
    if (s->aa == 0 || s->bb == 0) return s->aa == s->bb ? 1 : 0;
    const double product = s->aa * s->bb; /* its root is exact when both are the same vector */
    return s->ab / (isnormal(product) ? sqrt(product) : sqrt(s->aa) * sqrt(s->bb));
}

/* Does b agree about the largest element of a's row, does it have it among its five largest? */
static void add_row(metrics *m, const hone_value *a, const hone_value *b, int64_t start, int64_t n) {
    int64_t best = 0, above = 0;
    for (int64_t i = 1; i < n; i++)
        if (element_get(a, start + i) > element_get(a, start + best)) best = i;
    const double mine = element_get(b, start + best);
    for (int64_t i = 0; i < n; i++)
        if (element_get(b, start + i) > mine) above++;
    m->rows++;
    m->top1 += above == 0;
    m->top5 += above < 5;
}

static void add_rows(metrics *m, const hone_value *a, const hone_value *b) {
    const int rank = hone_value_rank(a);
    const int64_t classes = rank >= 1 ? hone_value_dims(a)[rank - 1] : 0, n = value_count(a);
    if (classes < 2 || !is_float_type(hone_value_dtype(a)) || n == 0) return;
    for (int64_t at = 0; at < n; at += classes) add_row(m, a, b, at, classes);
}

void metrics_add(metrics *m, const hone_value *a, const hone_value *b, const tolerance *t) {
    if (!same_shape(a, b)) {
        m->other_shape = true;
        return;
    }
    if (hone_value_dtype(a) == HONE_STRING) {
        add_strings(m, a, b);
        return;
    }
    sums s = {0};
    add_elements(m, a, b, &s);
    add_rows(m, a, b);
    const bool exact = !is_float_type(hone_value_dtype(a)) && !t->given;
    const double allowed = exact ? 0 : t->atol + t->rtol * s.peak;
    const double excess = s.max_abs == 0 ? 0 : allowed > 0 ? s.max_abs / allowed : INFINITY;
    if (!m->samples || excess > m->excess) m->excess = excess, m->allowed = allowed;
    const double cosine = cosine_of(&s);
    if (!m->samples || cosine < m->cosine) m->cosine = cosine;
    if (s.peak > m->peak) m->peak = s.peak;
    m->samples++;
}

bool metrics_pass(const metrics *m, const tolerance *t) {
    return !m->other_shape && !m->unlike && m->excess <= 1 && (t->min_cosine < -1 || m->cosine >= t->min_cosine);
}

double metrics_mean(const metrics *m) { return m->count ? m->sum_abs / (double)m->count : 0; }

double metrics_rmse(const metrics *m) { return m->count ? sqrt(m->sum_squares / (double)m->count) : 0; }

double metrics_psnr(const metrics *m) {
    const double rmse = metrics_rmse(m);
    return rmse > 0 ? 20 * log10(m->peak / rmse) : INFINITY;
}
