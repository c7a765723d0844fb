/* Copies the input under output positions into rows of a matrix, for convolutions whose channels are too few for the
 * GEMM core to read in place (the first layer of a network). */
#ifndef HN_KERNELS_CONV_GATHER_H
#define HN_KERNELS_CONV_GATHER_H

#include "kernels/cpu/conv/conv_shape.h"

#define HN_GATHER_RUNS 512 /* contiguous pieces of one position, at most */

/* Row i of `to` (taps * channels floats) is what output position row + i sees: for a channels-last input in the order
 * (kernel position, channel), for a dense one (channel, kernel position). */
typedef void hn_conv_gather_fn(const hn_conv *conv, const hn_conv_extent *extent, const float *x, int64_t row, int rows,
                               float *to);
hn_conv_gather_fn hn_conv_gather_generic, hn_conv_gather_avx2, hn_conv_gather_avx512;

/* Pieces of one position: rows of the kernel, for each channel when the input is dense. */
static inline int64_t hn_conv_runs(const hn_conv *conv) {
    return (int64_t)conv->kernel[0] * conv->kernel[1] * (conv->x_dense ? conv->channels : 1);
}

#endif
