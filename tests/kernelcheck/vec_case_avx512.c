/* The prelude's operations over the avx512 body of vec.h. */
#define HN_VEC_ISA 512
#include "vec_case_body.h"
