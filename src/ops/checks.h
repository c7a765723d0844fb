/* Checks that inference functions of several families share: element types, broadcasting one way, attribute words. */
#ifndef HN_OPS_CHECKS_H
#define HN_OPS_CHECKS_H

#include "abi/operator.h"

/* Sets of element types, one bit each. */
#define HN_TYPE(name)        (UINT32_C(1) << HONE_##name)
#define HN_TYPES_FLOAT       (HN_TYPE(FLOAT32) | HN_TYPE(FLOAT16) | HN_TYPE(BFLOAT16) | HN_TYPE(FLOAT64))
#define HN_TYPES_FLOAT_TO_32 (HN_TYPES_FLOAT & ~HN_TYPE(FLOAT64))
#define HN_TYPES_FLOAT_NO_BF (HN_TYPES_FLOAT & ~HN_TYPE(BFLOAT16))
#define HN_TYPES_UNSIGNED    (HN_TYPE(UINT8) | HN_TYPE(UINT16) | HN_TYPE(UINT32) | HN_TYPE(UINT64))
#define HN_TYPES_SIGNED      (HN_TYPE(INT8) | HN_TYPE(INT16) | HN_TYPE(INT32) | HN_TYPE(INT64))
#define HN_TYPES_NUMBER      (HN_TYPES_FLOAT | HN_TYPES_UNSIGNED | HN_TYPES_SIGNED)
#define HN_TYPES_FLOAT8                                                                                                \
    (HN_TYPE(FLOAT8E4M3FN) | HN_TYPE(FLOAT8E4M3FNUZ) | HN_TYPE(FLOAT8E5M2) | HN_TYPE(FLOAT8E5M2FNUZ))

/* Input i, when present and of known type, must be a tensor of one of the `allowed` types; the message names them. */
hone_status hn_ops_check_type(const hn_infer *infer, int i, uint32_t allowed);
/* Inputs i and j, when present and known, must have the same element type. */
hone_status hn_ops_check_same_type(const hn_infer *infer, int i, int j);
/* Input i, when present, must have this rank or an unknown one. */
hone_status hn_ops_check_rank(const hn_infer *infer, int i, int rank);
/* Input i, when present, must be broadcastable to `shape` without widening it (ONNX: unidirectional). */
hone_status hn_ops_check_fits(const hn_infer *infer, int i, const hn_shape *shape);
/* Input i, when present, must be a vector of `size` elements. */
hone_status hn_ops_check_vector(const hn_infer *infer, int i, hn_dim size);
/* Infers by the rule of another operator over inputs from[0..n) (at most 4), all taken to be of type `dtype`; the shape
 * of its output 0. */
hone_status hn_ops_infer_through(const hn_infer *infer, hn_infer_fn *rule, hone_dtype dtype, const int *from, int n,
                                 hn_shape *shape);
/* The index in `words` (NULL-terminated) of a text attribute, which is words[0] when absent. */
hone_status hn_ops_word(hn_attrs attrs, const char *name, const char *const *words, int *out, hn_diag *diag);

#endif
