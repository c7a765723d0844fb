/* A point between the elements of a plane: the elements around it and their weights, axis by axis. */
#ifndef HN_OPS_VISION_SAMPLE_H
#define HN_OPS_VISION_SAMPLE_H

#include "abi/operator.h"

enum { HN_SAMPLE_AXES = HONE_MAX_RANK - 2, HN_SAMPLE_TAPS = 4 };

typedef struct hn_sample {
    int n, taps;                                    /* axes; elements on each */
    int64_t offset[HN_SAMPLE_AXES][HN_SAMPLE_TAPS]; /* element of the plane that a tap adds to those of other axes */
    double weight[HN_SAMPLE_AXES][HN_SAMPLE_TAPS];  /* 0 outside of the plane: such an element is not read */
} hn_sample;

/* The two taps of linear interpolation at x on an axis of `size` elements that lie `stride` apart; outside is zero. */
void hn_sample_linear(hn_sample *s, int axis, double x, int64_t size, int64_t stride);
/* Sum of the elements of the plane that begins at `plane`, weighted. */
double hn_sample_read(const hn_sample *s, const double *plane);

#endif
