/* Forming hone.Group nodes: what may belong to one, and moving nodes into its body. */
#ifndef HN_PASSES_GROUP_FORM_H
#define HN_PASSES_GROUP_FORM_H

#include "passes/rewrite.h"

/* Nodes of one graph that may become a group, in execution order. */
typedef struct hn_grouping {
    hn_rewrite *r;
    int n;
    hn_node *node[HN_QUERY_OPS];
    int n_port;        /* inputs and outputs of all members: not fewer than the values of the group */
    size_t attr_bytes; /* of all members, as a query holds them */
} hn_grouping;

/* An elementwise operator over float32 tensors with one output of known rank. */
bool hn_group_is_float_elementwise(const hn_node *node);
/* Adds the node at its place in the order; false, and nothing changes, when a query could not hold the group. */
bool hn_group_add(hn_grouping *g, hn_node *node);
bool hn_group_has(const hn_grouping *g, const hn_node *node);
/* Moves the members into the body of a new group in the place of the last one, whose output must be the only one that
 * is used outside and becomes the group's. The group takes node name and origin of `anchor`, a member. */
hone_status hn_group_form(hn_grouping *g, hn_node *anchor);

/* Calls `rule` for every node from the last to the first, bodies too; it may group the node with later or earlier ones.
 * While it runs, marks number the nodes of each graph in execution order. */
hone_status hn_group_nodes(hn_model *model, bool *changed, hn_diag *diag, hn_rewrite_fn *rule);

#endif
