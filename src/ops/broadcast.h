/* Walks the elements of up to three tensors that broadcast to one output, row by row.
 *
 *   hn_broadcast b;
 *   for (bool more = hn_broadcast_begin(&b, out, in, n); more; more = hn_broadcast_next(&b))
 *       ... b.length outputs from element b.out on; input i: from element b.at[i] on, step b.step[i] (0 or 1)
 *
 * Dimensions that lie behind one another in every tensor are merged, so rows are as long as they can be; HN_BLOCK is
 * the longest. */
#ifndef HN_OPS_BROADCAST_H
#define HN_OPS_BROADCAST_H

#include "abi/tensor.h"

#define HN_BROADCAST_INPUTS 3

typedef struct hn_broadcast {
    int length; /* elements of this row */
    int64_t out;
    int64_t at[HN_BROADCAST_INPUTS];
    int step[HN_BROADCAST_INPUTS];
    /* how far the walk is; for the two functions only */
    int n_in, rank;
    int64_t column, columns;
    int64_t dim[HONE_MAX_RANK], index[HONE_MAX_RANK], row[HN_BROADCAST_INPUTS];
    int64_t stride[HN_BROADCAST_INPUTS][HONE_MAX_RANK];
} hn_broadcast;

/* Begins the walk over all elements of dense `out`; `in` are dense and broadcast to it, entries beyond the rank of an
 * input count as 1. False when there is no element. */
bool hn_broadcast_begin(hn_broadcast *b, const hn_tensor *out, const hn_tensor *const *in, int n_in);
bool hn_broadcast_next(hn_broadcast *b);

/* The row of input i as doubles or 64-bit integers: b->length of them. */
void hn_broadcast_load_f64(const hn_broadcast *b, const hn_tensor *t, int i, double *to);
void hn_broadcast_load_i64(const hn_broadcast *b, const hn_tensor *t, int i, int64_t *to);
void hn_broadcast_load_u64(const hn_broadcast *b, const hn_tensor *t, int i, uint64_t *to);

#endif
