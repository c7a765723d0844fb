/* Peak of the generic body of vec.h. */
#define HN_VEC_ISA 0
#include "peak_body.h"
