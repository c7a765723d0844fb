/* Element functions: what an operator makes of small integer tensors whose elements are expressions. */
#ifndef HN_OPS_ELEMENT_H
#define HN_OPS_ELEMENT_H

#include "abi/operator.h"

/* Operators that move elements: runs the operator's own reference over tensors of HN_DTYPE_DIM. Input 0 (of operators
 * with any number of inputs: each) is a tensor of dims; the others are integers whose data or constant elements are
 * known. */
hn_element_fn hn_ops_element_move;

/* `d` as an element of type `dtype` (integer or bool): itself when it fits, unknown when it does not or may not.
 * Symbolic elements are sizes and fit into 32 bits by assumption; into fewer when their bounds say so. */
hn_dim hn_ops_fit_element(const hn_infer *infer, hone_dtype dtype, hn_dim d);

hn_element_fn hn_ops_element_unary;
hn_element_fn hn_ops_element_binary;
hn_element_fn hn_ops_element_compare;
hn_element_fn hn_ops_element_where;
hn_element_fn hn_ops_element_clip;
hn_element_fn hn_ops_element_cast;

hn_element_fn hn_ops_element_shape;
hn_element_fn hn_ops_element_size;
hn_element_fn hn_ops_element_constant_of_shape;
hn_element_fn hn_ops_element_range;

hn_element_fn hn_ops_element_reduce;
hn_element_fn hn_ops_element_cum_sum;
hn_element_fn hn_ops_element_shape_value;

#endif
