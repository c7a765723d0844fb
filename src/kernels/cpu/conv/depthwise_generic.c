/* Depthwise convolution over the generic body of vec.h. */
#define HN_VEC_ISA 0
#include "kernels/cpu/conv/depthwise_body.h"
