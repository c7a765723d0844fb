/* Complex tensors as two real ones, for operators that treat both parts alike; a real tensor has one part, itself. */
#ifndef HN_OPS_PARTS_H
#define HN_OPS_PARTS_H

#include "abi/tensor.h"

int hn_parts_of(hone_dtype dtype);
/* Elements [first, first + n) of a dense tensor, their real (0) or imaginary (1) part, as double, and back with one
 * rounding. */
void hn_part_load(double *to, const hn_tensor *t, int part, int64_t first, int64_t n);
void hn_part_store(hn_tensor *t, int part, int64_t first, int64_t n, const double *from);

#endif
