/* Reductions of float tensors of any strides over any axes. */
#ifndef HN_KERNELS_REDUCE_H
#define HN_KERNELS_REDUCE_H

#include "kernels/cpu/kernel.h"

typedef enum hn_reduce_kind { HN_REDUCE_SUM, HN_REDUCE_MEAN, HN_REDUCE_MAX, HN_REDUCE_MIN } hn_reduce_kind;

typedef struct hn_reduce_dims {
    int n;
    int64_t dim[HONE_MAX_RANK], x[HONE_MAX_RANK], y[HONE_MAX_RANK]; /* strides in elements; y only of kept dims */
    int64_t count;                                                  /* product */
} hn_reduce_dims;

/* One task. The lanes run along the axis in which the input is contiguous, which is reduced itself or kept. */
typedef struct hn_reduce_run {
    hn_reduce_kind kind;
    const float *x;
    float *y;
    hn_reduce_dims kept, reduced; /* all axes but that of the lanes */
    int64_t length, y_lane;       /* of the lanes' axis; its stride in the output when it is kept */
    bool lanes_reduced;
    float count;        /* elements of one result */
    int64_t first, end; /* units: kept positions, times blocks of 16 lanes when those are kept */
} hn_reduce_run;

/* Reads the call; false when axes or shapes do not fit. */
bool hn_reduce_start(const hn_args *args, hn_reduce_run *run);
/* Offsets of position `at` of the kept dims. */
void hn_reduce_offsets(const hn_reduce_dims *dims, int64_t at, int64_t *x, int64_t *y);

#endif
