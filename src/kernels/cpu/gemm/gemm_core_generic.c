/* The GEMM core over the generic body of vec.h. */
#define HN_VEC_ISA 0
#include "kernels/cpu/gemm/gemm_core_body.h"
