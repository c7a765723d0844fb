/* What the operators of sequences and optionals share. */
#ifndef HN_OPS_SEQUENCE_H
#define HN_OPS_SEQUENCE_H

#include "abi/object.h"
#include "ops/checks.h"

/* Element of a position input, counted from the front: [0, n) or [0, n] when `end` is allowed. NULL position: the last
 * one, or the end. HONE_INVALID_ARGUMENT when it lies outside. */
hone_status hn_sequence_position(hn_diag *diag, const hn_tensor *position, int64_t n, bool end, int64_t *out);

#endif
