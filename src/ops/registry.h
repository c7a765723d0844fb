/* Declares the inference and reference function of every row of every family; the file that defines one includes this.
 */
#ifndef HN_OPS_REGISTRY_H
#define HN_OPS_REGISTRY_H

#include "abi/operator.h"
#include "ops/element.h"

#define HN_IMPL(id, infer_fn, ref_fn, element_fn)                                                                      \
    hn_infer_fn infer_fn;                                                                                              \
    hn_ref_fn ref_fn;
#include "ops/families.inc"
#undef HN_IMPL

#endif
