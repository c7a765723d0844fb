/* Operands of attention: [batch, heads, length, size], or [batch, length, heads * size] with the heads counted by an
 * attribute. */
#ifndef HN_OPS_ATTENTION_HEADS_H
#define HN_OPS_ATTENTION_HEADS_H

#include "abi/operator.h"

/* Sizes of an operand as inference knows them. */
typedef struct hn_heads_shape {
    hn_dim batch, heads, length, size;
} hn_heads_shape;

/* Reads input i, which has rank 3 or 4; for rank 3 the attribute `name` must count its heads and divide its last dim.
 * All sizes are unknown when the rank is. */
hone_status hn_heads_infer(const hn_infer *infer, int i, const char *name, hn_heads_shape *out);
/* Dim k of input i when it has `rank` dims, else unknown. */
hn_dim hn_heads_dim(const hn_infer *infer, int i, int rank, int k);
/* Input i, when present, has exactly these dims as far as they are known. */
hone_status hn_heads_check(const hn_infer *infer, int i, int rank, const hn_dim *want);

/* An operand when running: where its rows of `size` elements lie. */
typedef struct hn_heads {
    const hn_tensor *t;
    int64_t batch, heads, length, size;
} hn_heads;

/* `heads` counts the heads of a tensor of rank 3. */
hn_heads hn_heads_of(const hn_tensor *t, int64_t heads);
/* Number of the first element of a row. */
int64_t hn_heads_row(const hn_heads *h, int64_t batch, int64_t head, int64_t row);

#endif
