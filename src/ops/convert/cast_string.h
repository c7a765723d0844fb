/* Casts between strings and numbers. */
#ifndef HN_OPS_CAST_STRING_H
#define HN_OPS_CAST_STRING_H

#include "abi/operator.h"

/* Cast where exactly one of input and output holds strings. HONE_INVALID_ARGUMENT names an element that is no number.
 */
hone_status hn_ops_cast_string(hn_call *call);

#endif
