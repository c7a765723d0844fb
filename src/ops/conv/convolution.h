/* Sizes of a convolution that its two references share. */
#ifndef HN_OPS_CONV_CONVOLUTION_H
#define HN_OPS_CONV_CONVOLUTION_H

#include "ops/conv/window.h"

typedef struct hn_convolution {
    hn_window w;                                     /* kernel known, automatic padding resolved */
    int64_t in[HN_MAX_SPATIAL], out[HN_MAX_SPATIAL]; /* spatial sizes */
    int64_t in_count, out_count, kernel_count;       /* their products */
    int64_t group, channels, filters;                /* channels and filters of one group */
    const double *bias;                              /* scratch: group * filters; NULL: none */
} hn_convolution;

/* Reads attributes and sizes of Conv (`transposed`: ConvTranspose) for known tensors, and the bias. */
hone_status hn_convolution_read(hn_call *call, bool transposed, hn_convolution *out);

#endif
