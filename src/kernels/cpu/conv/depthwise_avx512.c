/* Depthwise convolution over the avx512 body of vec.h. */
#define HN_VEC_ISA 512
#include "kernels/cpu/conv/depthwise_body.h"
