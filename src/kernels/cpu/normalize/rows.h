/* Kernels over contiguous rows of the last axis: softmax and layer normalization. */
#ifndef HN_KERNELS_ROWS_H
#define HN_KERNELS_ROWS_H

#include "kernels/cpu/kernel.h"

typedef struct hn_rows {
    const float *x;
    float *y;
    const float *scale, *shift; /* layer normalization; NULL: one, zero */
    int64_t length, first, end; /* rows of this task */
    float epsilon;
} hn_rows;

/* Rows of a task of a dense tensor with `length` elements each. */
int hn_rows_tasks(int64_t count, int64_t length);
void hn_rows_range(int64_t count, int64_t length, int task, hn_rows *rows);
bool hn_softmax_start(const hn_args *args, hn_rows *rows);
bool hn_layer_norm_start(const hn_args *args, hn_rows *rows);

#endif
