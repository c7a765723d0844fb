/* Resize rows over the generic body of vec.h. */
#define HN_VEC_ISA 0
#include "kernels/cpu/resize/resize_body.h"
