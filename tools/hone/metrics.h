/* How far one array lies from another. */
#ifndef HONE_METRICS_H
#define HONE_METRICS_H

#include "tool.h"

typedef struct tolerance {
    double rtol, atol, min_cosine; /* min_cosine below -1: not asked */
    bool given;                    /* rtol or atol on the command line: they hold for integers, too */
} tolerance;

/* Collected over samples; zero-initialize. */
typedef struct metrics {
    int64_t count, samples;
    int64_t unlike; /* elements of which one alone is not finite, or that are infinite with different signs */
    double max_abs, sum_abs, sum_squares, peak; /* peak: largest |a| */
    double cosine;                              /* least over the samples */
    double excess;                              /* largest of max_abs / allowed, over the samples */
    double allowed;                             /* at the sample with the largest excess */
    int64_t rows, top1, top5;                   /* rows 0: not counted */
    double worst_a, worst_b;
    int64_t worst; /* element with the largest difference */
    bool other_shape;
} metrics;

void metrics_add(metrics *m, const hone_value *a, const hone_value *b, const tolerance *t);
bool metrics_pass(const metrics *m, const tolerance *t);
double metrics_mean(const metrics *m);
double metrics_rmse(const metrics *m);
/* Infinite when the arrays are the same. */
double metrics_psnr(const metrics *m);

#endif
