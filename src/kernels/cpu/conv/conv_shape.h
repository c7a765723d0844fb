/* Convolution as kernels see it: attributes parsed once from the query, geometry of one call. Spatial axes are depth,
 * height, width; a 1-D or 2-D convolution has leading axes of size 1. */
#ifndef HN_KERNELS_CONV_SHAPE_H
#define HN_KERNELS_CONV_SHAPE_H

#include "kernels/cpu/gemm/epilogue.h"

#define HN_CONV_AXES 3

typedef enum hn_conv_auto_pad { HN_CONV_PAD_EXPLICIT, HN_CONV_PAD_SAME_UPPER, HN_CONV_PAD_SAME_LOWER } hn_conv_auto_pad;

typedef struct hn_conv {
    int8_t x, w, bias; /* value numbers; bias -1: none */
    uint8_t spatial;   /* axes of the model, 1..3 */
    uint8_t auto_pad;
    bool x_dense; /* input in logical order (N, C, spatial) */
    int32_t group;
    int32_t channels, filters; /* of one group */
    int32_t kernel[HN_CONV_AXES], stride[HN_CONV_AXES], dilation[HN_CONV_AXES], pad[HN_CONV_AXES];
    hn_epilogue epilogue;
} hn_conv;

/* One call. */
typedef struct hn_conv_extent {
    int64_t batch, in[HN_CONV_AXES], out[HN_CONV_AXES], pad[HN_CONV_AXES]; /* pad: before the first element */
    int64_t x_batch, x_channel, x_axis[HN_CONV_AXES];                      /* strides of the input, in elements */
    int64_t rows;                                                          /* batch times output positions */
} hn_conv_extent;

/* Position of one output row (along the width axis). */
typedef struct hn_conv_line {
    int64_t batch, at[HN_CONV_AXES - 1]; /* depth, height */
} hn_conv_line;

/* Reads a query whose anchor is a float32 Conv with constant weights and channels-last output. False when it is
 * anything else. */
bool hn_conv_parse(const hn_query *query, hn_conv *out);
/* Geometry of the shapes in args->val. HONE_INVALID_ARGUMENT when they do not fit the weights. */
hone_status hn_conv_extent_of(const hn_conv *conv, const hn_args *args, hn_conv_extent *out);
static inline int64_t hn_conv_taps(const hn_conv *conv) {
    return (int64_t)conv->kernel[0] * conv->kernel[1] * conv->kernel[2];
}
/* The line that output row `row` (a position in batch, depth, height, width order) lies on. */
hn_conv_line hn_conv_line_of(const hn_conv_extent *extent, int64_t row);
/* Opt-shape estimate: output positions and input elements of the query, for cost functions. */
void hn_conv_sizes(const hn_query *query, const hn_conv *conv, double *rows, double *bytes);

#endif
