/* Every operation of the vector prelude on the same lanes, for comparing its bodies bit by bit. */
#ifndef KERNELCHECK_VEC_CASE_H
#define KERNELCHECK_VEC_CASE_H

#include <stddef.h>
#include <stdint.h>

#define VEC_CASE_MOST 2048 /* words of results, at most */

/* Three vectors of lanes; `n` is a tail length in 0..16. Writes results to `out` and returns how many. */
typedef size_t vec_case_fn(const float *a, const float *b, const float *c, int n, uint32_t *out);
vec_case_fn vec_case_generic, vec_case_avx2, vec_case_avx512;

/* exp, tanh, erf, sigmoid of 16 lanes. */
typedef void vec_math_fn(const float *x, float *exp, float *tanh, float *erf, float *sigmoid);
vec_math_fn vec_math_generic, vec_math_avx2, vec_math_avx512;

#endif
