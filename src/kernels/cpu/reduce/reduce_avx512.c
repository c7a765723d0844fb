/* Reductions over the avx512 body of vec.h. */
#define HN_VEC_ISA 512
#include "kernels/cpu/reduce/reduce_body.h"
