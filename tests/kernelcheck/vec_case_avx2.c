/* The prelude's operations over the avx2 body of vec.h. */
#define HN_VEC_ISA 256
#include "vec_case_body.h"
