/* Weighted reads between elements. */
#include "ops/vision/sample.h"
#include <math.h>

void hn_sample_linear(hn_sample *s, int axis, double x, int64_t size, int64_t stride) {
    const double low = floor(x);
    s->taps = 2;
    for (int k = 0; k < 2; k++) {
        const double at = low + k;
        const bool inside = at >= 0 && at < (double)size;
        s->offset[axis][k] = inside ? (int64_t)at * stride : 0;
        s->weight[axis][k] = inside ? (k ? x - low : 1 - (x - low)) : 0;
    }
}

double hn_sample_read(const hn_sample *s, const double *plane) {
    int at[HN_SAMPLE_AXES] = {0};
    double sum = 0;
    for (int axis = 0; axis >= 0;) {
        int64_t offset = 0;
        double weight = 1;
        for (int i = 0; i < s->n; i++) {
            offset += s->offset[i][at[i]];
            weight *= s->weight[i][at[i]];
        }
        if (weight != 0) sum += weight * plane[offset];
        for (axis = s->n - 1; axis >= 0 && ++at[axis] == s->taps; axis--) at[axis] = 0;
    }
    return sum;
}
