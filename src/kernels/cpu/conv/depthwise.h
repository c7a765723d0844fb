/* Depthwise convolution over channels-last tensors: a block of output positions at a time. */
#ifndef HN_KERNELS_DEPTHWISE_H
#define HN_KERNELS_DEPTHWISE_H

#include "kernels/cpu/gemm/epilogue.h"

typedef struct hn_depthwise {
    const float *const *row; /* [taps][row_stride]: the input pixel under each position, or a row of zeros */
    int64_t row_stride;
    int rows, taps;
    size_t channels;
    const float *weights; /* [taps][channels rounded up to 16] */
    float *out;           /* base of the output tensor */
    size_t offset;        /* of the first position in it, in elements */
    const hn_epilogue_run *epilogue;
} hn_depthwise;

/* Each element is one chain of fused multiply-adds from the bias on over the taps in order. */
typedef void hn_depthwise_fn(const hn_depthwise *block);
hn_depthwise_fn hn_depthwise_run_generic, hn_depthwise_run_avx2, hn_depthwise_run_avx512;

#endif
