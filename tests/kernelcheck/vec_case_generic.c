/* The prelude's operations over the generic body of vec.h. */
#define HN_VEC_ISA 0
#include "vec_case_body.h"
