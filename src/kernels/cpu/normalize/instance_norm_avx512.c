/* Instance normalization over the avx512 body of vec.h. */
#define HN_VEC_ISA 512
#include "kernels/cpu/normalize/instance_norm_body.h"
