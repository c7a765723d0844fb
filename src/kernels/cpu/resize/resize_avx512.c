/* Resize rows over the avx512 body of vec.h. */
#define HN_VEC_ISA 512
#include "kernels/cpu/resize/resize_body.h"
