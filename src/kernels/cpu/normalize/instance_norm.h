/* InstanceNormalization and GroupNormalization of float tensors. */
#ifndef HN_KERNELS_INSTANCE_NORM_H
#define HN_KERNELS_INSTANCE_NORM_H

#include "kernels/cpu/kernel.h"

typedef struct hn_instance_config {
    int32_t groups; /* 0: each channel is one */
    float epsilon;
} hn_instance_config;

/* One task. A unit is a group of one batch element when dense, and 16 channels of one when channels last. */
typedef struct hn_instance_run {
    const float *x, *scale, *shift;
    float *y;
    bool channels_last;
    int64_t channels, positions; /* positions: product of the spatial extents */
    int64_t group;               /* channels of one group; 1 when channels last */
    float epsilon;
    int64_t first, end; /* units of this task */
} hn_instance_run;

/* Reads the call; false when the shapes do not fit. */
bool hn_instance_start(const hn_args *args, hn_instance_run *run);

#endif
