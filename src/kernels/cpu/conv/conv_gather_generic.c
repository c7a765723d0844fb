/* Gathering over the generic body of vec.h. */
#define HN_VEC_ISA 0
#include "kernels/cpu/conv/conv_gather_body.h"
