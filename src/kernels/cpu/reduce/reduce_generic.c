/* Reductions over the generic body of vec.h. */
#define HN_VEC_ISA 0
#include "kernels/cpu/reduce/reduce_body.h"
