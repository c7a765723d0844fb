/* Which axes a reduction takes. */
#ifndef HN_OPS_REDUCE_REDUCE_H
#define HN_OPS_REDUCE_REDUCE_H

#include "abi/operator.h"

/* Sets bit k of *mask for every reduced axis k of an input of `rank`, given `n` axes (n = 0: all, or none when
 * noop_with_empty_axes says so). Fails with `code` on an axis out of range. */
hone_status hn_reduce_mask(hn_attrs attrs, const int64_t *axes, int n, int rank, unsigned *mask, hone_status code,
                           hn_diag *diag);
/* As above from the inputs of an inference; *known is false when the axes are not. */
hone_status hn_reduce_infer_mask(const hn_infer *infer, unsigned *mask, bool *known);

#endif
