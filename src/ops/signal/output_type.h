/* The attribute output_datatype of operators that make signals from nothing. */
#ifndef HN_OPS_SIGNAL_OUTPUT_TYPE_H
#define HN_OPS_SIGNAL_OUTPUT_TYPE_H

#include "abi/operator.h"

/* float32 when it is absent; fails when it names no number. */
hone_status hn_signal_output_type(const hn_infer *infer, hone_dtype *out);

#endif
