/* Depthwise convolution over channels-last tensors: one line of the output at a time. */
#ifndef HN_KERNELS_DEPTHWISE_H
#define HN_KERNELS_DEPTHWISE_H

#include "kernels/cpu/conv/conv_shape.h"

/* One output line. A tap is a kernel position whose input line exists; taps come in groups of one kernel row. */
typedef struct hn_depthwise {
    const hn_conv *conv;
    const hn_conv_extent *extent;
    const hn_epilogue_run *epilogue;
    const float *const *line;    /* [lines]: input lines, at column 0 */
    const float *const *weights; /* [lines]: of the kernel row, [kernel width][channels rounded up to 16] */
    int lines;
    float *out;    /* base of the output tensor */
    size_t offset; /* of the line in it, in elements */
} hn_depthwise;

typedef void hn_depthwise_fn(const hn_depthwise *line);
hn_depthwise_fn hn_depthwise_line_generic, hn_depthwise_line_avx2, hn_depthwise_line_avx512;

#endif
