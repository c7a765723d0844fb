/* Making Reshape nodes to shapes that may be known in part. */
#ifndef HN_PASSES_RESHAPE_FORM_H
#define HN_PASSES_RESHAPE_FORM_H

#include "passes/rewrite.h"

/* A view that only renames dimensions (Reshape, Flatten, Squeeze ...; not Identity), with one output. */
bool hn_is_reshape(const hn_node *node);
/* True when a Reshape of `from` can name `shape`: at most one dimension beside constants, or every dimension known; for
 * a model file at most one dimension beside constants and those of `from` in the same place. */
bool hn_reshape_can_name(const hn_value *from, const hn_shape *shape);
/* Makes `node` a Reshape of `from` to the shape that its output has, which can be named. */
hone_status hn_reshape_morph(hn_rewrite *r, hn_node *node, hn_value *from);
/* A new Reshape of `from` before `before`. */
hone_status hn_reshape_insert(hn_rewrite *r, hn_node *before, const char *name, hn_value *from, const hn_shape *shape,
                              hn_value **out);

#endif
