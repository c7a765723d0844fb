/* Row pointers of an implicit GEMM: for every kernel position, the input pixel under each output position. */
#ifndef HN_KERNELS_CONV_TABLE_H
#define HN_KERNELS_CONV_TABLE_H

#include "kernels/cpu/conv/conv_shape.h"

typedef struct hn_conv_table {
    const hn_conv *conv;
    const hn_conv_extent *extent;
    const float *x;     /* channels-last */
    const float *zeros; /* stands for pixels in the padding */
    const float **row;  /* [taps][stride] */
    int64_t stride;
} hn_conv_table;

/* Pointers for output positions [first, first + rows), rows <= stride. */
void hn_conv_table_fill(const hn_conv_table *table, int64_t first, int rows);

#endif
