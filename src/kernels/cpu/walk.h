/* Loops over tensors of any strides: dims in the order in which the output lies in memory, neighbours merged where all
 * tensors allow it, so that kernels need not know a layout and run over the longest rows there are. */
#ifndef HN_KERNELS_WALK_H
#define HN_KERNELS_WALK_H

#include "abi/query.h"

typedef struct hn_walk {
    int rank; /* 1 at least */
    int n;    /* tensors; number 0 is the output */
    int64_t dim[HONE_MAX_RANK];
    int64_t stride[HN_QUERY_VALS][HONE_MAX_RANK]; /* in elements; 0 where a tensor is broadcast */
    int64_t rows;                                 /* product of all dims but the last */
} hn_walk;

/* Tensor 0 decides shape and order; the others are broadcast to it (aligned at the last dim). False when one does not
 * fit. */
bool hn_walk_init(hn_walk *walk, int n, const hn_tensor *const *tensor);
/* Element offset of row `row` (all dims but the last) in each tensor. */
void hn_walk_row(const hn_walk *walk, int64_t row, int64_t *offset);

#endif
