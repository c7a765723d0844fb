/* Inference over graphs; control flow apart, an operator's own infer function does the work. */
#ifndef HN_IR_INFER_H
#define HN_IR_INFER_H

#include "ir/graph.h"

/* Integer tensors up to this many elements carry their elements as expressions. */
#define HN_MAX_ELEMENTS 512

/* Infers the nodes of one graph in order; collects faults until the list is full. */
hone_status hn_ir_infer_graph(hn_graph *graph, hn_diag *diag);
/* If, Loop and Scan: infers the bodies and joins their results (infer_control.c). */
hone_status hn_ir_infer_control(hn_node *node, hn_diag *diag);
/* Whether a condition (one bool) holds: 0, 1, or -1 when only running tells. */
int hn_ir_known_condition(const hn_value *value);
/* What holds for both: same rank or unknown, dims that are the same or unknown. */
hn_shape hn_ir_shape_join(const hn_shape *a, const hn_shape *b);

#endif
