/* Scaling and shifting the channels of a convolution's or a Gemm's result by changing its weights and bias. */
#ifndef HN_PASSES_CHANNEL_AFFINE_H
#define HN_PASSES_CHANNEL_AFFINE_H

#include "passes/rewrite.h"

/* y[c] = scale[c] * x[c] + shift[c] for c in [0, n); one scratch array each. */
typedef struct hn_channel_affine {
    int64_t n;
    double *scale, *shift;
} hn_channel_affine;

/* The Conv, ConvTranspose, Gemm or MatMul of two matrices that makes `value` for this use only, in float32 with
 * constant weights and bias; NULL when there is none. *n is its number of channels, *axis their place in the output. */
hn_node *hn_affine_anchor(const hn_value *value, int64_t *n, int *axis);
/* Identity over n channels; false when out of memory. */
bool hn_affine_init(hn_rewrite *r, int64_t n, hn_channel_affine *out);
/* Makes `last`, whose output is the affine function of the anchor's, the anchor with new constants (computed in double,
 * rounded once); it takes the anchor's node name. Nothing happens when a new constant would overflow. */
hone_status hn_affine_absorb(hn_rewrite *r, hn_node *anchor, hn_node *last, const hn_channel_affine *f);

#endif
