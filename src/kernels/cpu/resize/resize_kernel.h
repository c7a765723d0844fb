/* Resize of channels-last float tensors: each output position is a weighted sum of a few input positions. */
#ifndef HN_KERNELS_RESIZE_H
#define HN_KERNELS_RESIZE_H

#include "kernels/cpu/kernel.h"
#include "abi/resize.h"

#define HN_RESIZE_RANK 5
#define HN_RESIZE_TAPS 256 /* 4 taps on each axis but that of the channels */

/* Input positions and their weights; those that weigh nothing are left out, so an infinity there does not count. */
typedef struct hn_resize_sum {
    int n;
    int64_t offset[HN_RESIZE_TAPS]; /* elements */
    float weight[HN_RESIZE_TAPS];
} hn_resize_sum;

/* One call. Axes in logical order; the maps of all of them lie in shared scratch. */
typedef struct hn_resize_run {
    hn_resize_axis axis[HN_RESIZE_RANK];
    const hn_tensor *x, *y;
    int rank;
    bool channels; /* the channel axis changes as well */
} hn_resize_run;

/* Reads the call and, in phase 0, fills the maps; false when the shapes do not fit. */
bool hn_resize_start(const hn_args *args, hn_resize_run *run);
/* Rows (all axes but channels and the last) of this task. */
void hn_resize_rows(const hn_resize_run *run, int task, int64_t *first, int64_t *end);
/* Taps of a row at channel 0 and last axis 0; *y becomes the row's first element. */
void hn_resize_row(const hn_resize_run *run, int64_t row, hn_resize_sum *sum, float **y);
/* The row's taps combined with those of position `at` of the last axis. */
void hn_resize_position(const hn_resize_run *run, const hn_resize_sum *row, int64_t at, hn_resize_sum *sum);
/* One channel where channels are resized too. */
float hn_resize_channel(const hn_resize_run *run, const hn_resize_sum *sum, int64_t channel);

#endif
