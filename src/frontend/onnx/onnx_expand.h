/* Expansions: operators that become several others as they are read.
 *
 *   hn_onnx_expansion e = {node};
 *   hn_value *sum = hn_expand(&e, HN_OP_add, x, bias);
 *   return hn_expand_end(&e, 0, hn_expand(&e, HN_OP_relu, sum));
 *
 * After a failure every step gives NULL, and hn_expand_end the status. */
#ifndef HN_FRONTEND_ONNX_EXPAND_H
#define HN_FRONTEND_ONNX_EXPAND_H

#include "frontend/onnx/onnx_convert.h"

typedef struct hn_onnx_expansion {
    hn_onnx_node *node;
    int steps; /* made so far: their names count on */
    hone_status status;
} hn_onnx_expansion;

/* A step with attributes and n_out outputs; inputs may be NULL where they are absent. */
void hn_expand_many(hn_onnx_expansion *e, hn_op_id op, const hn_attr *attrs, uint32_t n_attrs, int n_in,
                    hn_value *const *in, int n_out, hn_value **out);
/* The same with one output. */
hn_value *hn_expand_op(hn_onnx_expansion *e, hn_op_id op, const hn_attr *attrs, uint32_t n_attrs, int n_in,
                       hn_value *const *in);
#define HN_EXPAND_INPUTS(...)                                                                                          \
    (int)(sizeof((hn_value *[]){__VA_ARGS__}) / sizeof(hn_value *)), (hn_value *[]) { __VA_ARGS__ }
#define hn_expand(e, op, ...)            hn_expand_op(e, op, NULL, 0, HN_EXPAND_INPUTS(__VA_ARGS__))
#define hn_expand_with(e, op, attr, ...) hn_expand_op(e, op, (const hn_attr[]){attr}, 1, HN_EXPAND_INPUTS(__VA_ARGS__))

/* Constants: n 64-bit integers (n -1: a scalar), a number of the element type of `like`. */
hn_value *hn_expand_ints(hn_onnx_expansion *e, const int64_t *value, int n);
hn_value *hn_expand_int(hn_onnx_expansion *e, int64_t value); /* a vector of one */
hn_value *hn_expand_number(hn_onnx_expansion *e, float value, hn_value *like);
/* Steps that several expansions take. `perm` has `rank` entries. */
hn_value *hn_expand_transpose(hn_onnx_expansion *e, hn_value *x, const int64_t *perm, int rank);
hn_value *hn_expand_slice(hn_onnx_expansion *e, hn_value *x, int64_t first, int64_t last, int64_t axis);
hn_value *hn_expand_cast(hn_onnx_expansion *e, hn_value *x, hone_dtype to);
/* Size of dim `axis`, as a vector of one. */
hn_value *hn_expand_size(hn_onnx_expansion *e, hn_value *x, int64_t axis);
/* 0, 1, ... below `count`, a vector of one. */
hn_value *hn_expand_numbers(hn_onnx_expansion *e, hn_value *count);
/* x with axes of one; a reshape to `rank` sizes. */
hn_value *hn_expand_unsqueeze(hn_onnx_expansion *e, hn_value *x, const int64_t *axes, int n);
hn_value *hn_expand_reshape(hn_onnx_expansion *e, hn_value *x, const int64_t *shape, int rank);
/* The channels of x move from axis 1 to the end (`last`), or back. */
hn_value *hn_expand_channels(hn_onnx_expansion *e, hn_value *x, int rank, bool last);
/* [batch, length, heads * size] to [batch, heads, length, size], and back. */
hn_value *hn_expand_split_heads(hn_onnx_expansion *e, hn_value *x, int64_t heads);
hn_value *hn_expand_join_heads(hn_onnx_expansion *e, hn_value *x);

/* Output i of the node is `value`; gives the status so far. */
HONE_MUST_USE hone_status hn_expand_end(hn_onnx_expansion *e, int i, hn_value *value);
/* A fault that is found between steps; gives NULL. */
hn_value *hn_expand_refuse(hn_onnx_expansion *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fails unless the node has `least` to `most` inputs, the first `least` of them present. */
HONE_MUST_USE hone_status hn_expand_check(hn_onnx_node *node, size_t least, size_t most);
/* Someone names output i. */
bool hn_expand_wants(const hn_onnx_node *node, size_t i);

/* Attributes of the node. */
int64_t hn_expand_int_attr(const hn_onnx_node *node, const char *name, int64_t otherwise);
float hn_expand_float_attr(const hn_onnx_node *node, const char *name, float otherwise);

/* ---- shared between families ---- */

/* LayerNormalization of the word, position and segment embeddings in[0..7), as EmbedLayerNormalization has them. */
typedef struct hn_expand_embedding {
    hn_value *ids, *segments, *words, *positions, *segment_words, *gamma, *beta, *mask, *position_ids;
} hn_expand_embedding;
HONE_MUST_USE hone_status hn_expand_embed(hn_onnx_expansion *e, const hn_expand_embedding *in);

/* Attention over q, k, v ([batch, length, hidden] or [batch, heads, length, size], all alike). The mask of the node
 * (any of its forms) and a bias are added to the scores. With `past_length` (one number) the past tensors are buffers
 * with room for what comes, of which so many rows are filled; `beams` [batch, beams, rows] then says which beam wrote
 * each row. */
typedef struct hn_expand_heads {
    hn_value *q, *k, *v, *mask, *bias, *past_key, *past_value, *past_length, *beams;
    hn_value *present_key, *present_value; /* results, when `wants_present` */
    bool wants_present;
} hn_expand_heads;
hn_value *hn_expand_attend(hn_onnx_expansion *e, hn_expand_heads *heads);
/* The buffer [batch, heads, rows, size] with `now` written behind the first `start` [batch] rows, and zeros behind
 * that. It grows to `total` (one number) rows where it has fewer; NULL: it stays. */
hn_value *hn_expand_cached(hn_onnx_expansion *e, hn_value *buffer, hn_value *now, hn_value *start, hn_value *total);
/* Rotates x [batch, heads, length, size] at positions [batch, length]. */
hn_value *hn_expand_rotate(hn_onnx_expansion *e, hn_value *x, hn_value *cosines, hn_value *sines, hn_value *positions,
                           bool interleaved);
/* The rest of Attention and QAttention after the projection [batch, length, q + k + v]: `given` holds mask, bias, the
 * length of a shared buffer, and both halves of the past in past_key. */
HONE_MUST_USE hone_status hn_expand_self_attention(hn_onnx_expansion *e, hn_value *projected,
                                                   const hn_expand_heads *given);

#endif
