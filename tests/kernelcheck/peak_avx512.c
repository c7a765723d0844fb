/* Peak of the avx512 body of vec.h. */
#define HN_VEC_ISA 512
#include "peak_body.h"
