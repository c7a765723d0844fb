/* Reductions over the avx2 body of vec.h. */
#define HN_VEC_ISA 256
#include "kernels/cpu/reduce/reduce_body.h"
