/* Peak of the avx2 body of vec.h. */
#define HN_VEC_ISA 256
#include "peak_body.h"
