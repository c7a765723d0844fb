/* Instance normalization over the generic body of vec.h. */
#define HN_VEC_ISA 0
#include "kernels/cpu/normalize/instance_norm_body.h"
