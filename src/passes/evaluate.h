/* Running single nodes by their references at build time. */
#ifndef HN_PASSES_EVALUATE_H
#define HN_PASSES_EVALUATE_H

#include "ir/graph.h"

/* One node over constant inputs. */
typedef struct hn_evaluation {
    const hn_node *node;
    hn_arena *scratch;
    hn_info *in, *out;
} hn_evaluation;

/* Infers the outputs' types and shapes from the constants alone. *ok is false when the node cannot be run: an input is
 * no constant, the operator has no reference, a size stays unknown, or the node is at fault (it then fails when it
 * runs).
 */
hone_status hn_evaluate_begin(hn_evaluation *e, const hn_node *node, hn_arena *scratch, bool *ok);
/* Bytes of all outputs that are wanted; 0 for those whose size only running tells. SIZE_MAX on overflow. */
size_t hn_evaluate_bytes(const hn_evaluation *e);
/* Runs the reference. out[i] (n_out entries) get dense bytes in `arena`; data NULL where the output is not wanted. *ok
 * is false when the reference reports a fault. */
hone_status hn_evaluate_run(const hn_evaluation *e, hn_arena *arena, hn_tensor *out, bool *ok);

/* Bytes of an integer or bool tensor, whose type and shape are set, from constant dims; they live in `arena`. */
hone_status hn_evaluate_fill(hn_tensor *t, const hn_dim *dim, hn_arena *arena);

#endif
