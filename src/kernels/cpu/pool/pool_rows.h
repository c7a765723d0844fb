/* Pooling over channels-last float tensors. */
#ifndef HN_KERNELS_POOL_ROWS_H
#define HN_KERNELS_POOL_ROWS_H

#include "kernels/cpu/kernel.h"

#define HN_POOL_AXES 3

typedef struct hn_pool_config {
    uint8_t average, whole, auto_pad,
        include_pad; /* whole: over all positions; auto_pad: 0 explicit, 1 upper, 2 lower */
    uint8_t spatial;
    int32_t kernel[HN_POOL_AXES], stride[HN_POOL_AXES], dilation[HN_POOL_AXES], pad[HN_POOL_AXES],
        pad_end[HN_POOL_AXES];
} hn_pool_config;

/* One call; axes are depth, height, width with leading axes of size 1. Strides in elements; channels have stride 1. */
typedef struct hn_pool_run {
    hn_pool_config config;
    const float *x;
    float *y;
    int64_t batch, channels, in[HN_POOL_AXES], out[HN_POOL_AXES];
    int64_t x_batch, x_axis[HN_POOL_AXES], y_batch, y_axis[HN_POOL_AXES];
    int64_t pad[HN_POOL_AXES], pad_end[HN_POOL_AXES];
} hn_pool_run;

/* The window of one output position: taps inside the input, and what the sum is divided by. */
typedef struct hn_pool_window {
    int64_t first[HN_POOL_AXES], n[HN_POOL_AXES]; /* first tap's input position, taps */
    float scale;
} hn_pool_window;

/* Reads the call; false when the shapes do not fit. */
bool hn_pool_start(const hn_args *args, hn_pool_run *run);
/* Output positions (batch, depth, height, width in order) of one task. */
void hn_pool_range(const hn_pool_run *run, int task, int64_t *first, int64_t *end);
void hn_pool_window_at(const hn_pool_run *run, const int64_t *at, hn_pool_window *window);

#endif
