/* Tools that passes share: walking a model, replacing nodes and values, asking about constants.
 *
 * A rule looks at one node and may change it and what lies before it, never what comes after: patterns are matched from
 * their last node upwards. New nodes are inferred at once, so shapes stay up to date. */
#ifndef HN_PASSES_REWRITE_H
#define HN_PASSES_REWRITE_H

#include "ir/graph.h"

/* One pass at work. */
typedef struct hn_rewrite {
    hn_model *model;
    hn_arena scratch; /* lives as long as the pass */
    bool changed;
    hn_diag *diag;
} hn_rewrite;

typedef hone_status hn_rewrite_fn(hn_rewrite *r, hn_node *node);
/* Calls `rule` for every node in execution order, bodies of a node before the node itself; not inside groups. */
hone_status hn_rewrite_nodes(hn_model *model, bool *changed, hn_diag *diag, hn_rewrite_fn *rule);

/* ---- changes; each sets r->changed ---- */

/* Makes `node` compute its first output in another way; name, origin and output stay. Its other outputs must be unused;
 * they go. Producers that nobody needs any more are removed. */
hone_status hn_rewrite_morph(hn_rewrite *r, hn_node *node, hn_op_id op, hn_attrs attrs, int n_in, hn_value *const *in);
/* A new node with one output before `before`; `out` may be NULL. */
hone_status hn_rewrite_insert(hn_rewrite *r, hn_node *before, hn_op_id op, const char *name, hn_attrs attrs, int n_in,
                              hn_value *const *in, hn_value **out);
/* True when all uses of `value` may become uses of `by` without a graph's output losing its name or its own value. */
bool hn_rewrite_may_bypass(const hn_value *value, const hn_value *by);
/* Uses of the first output become uses of `by`, and the node goes. Nothing happens when hn_rewrite_may_bypass says no.
 */
void hn_rewrite_bypass(hn_rewrite *r, hn_node *node, hn_value *by);
/* `fresh`, which this rule has made, stands in for `value` and takes its name and origin. */
void hn_rewrite_replace(hn_rewrite *r, hn_value *value, hn_value *fresh);
/* Two nodes exchange name, origin and place in the file. */
void hn_rewrite_swap_names(hn_node *a, hn_node *b);
/* Removes the node if nothing uses it, then its producers likewise. */
void hn_rewrite_sweep(hn_rewrite *r, hn_node *node);

/* A constant whose dense bytes live in the model's arena. NULL when out of memory. */
hn_value *hn_rewrite_floats(hn_rewrite *r, hn_graph *graph, const char *name, int rank, const int64_t *dim,
                            const float *data);
hn_value *hn_rewrite_scalar(hn_rewrite *r, hn_graph *graph, const char *name, float value);
/* Attributes of a hone.Shape that gives `dim`, which are copied; sets model->failed when out of memory. */
hn_attrs hn_rewrite_shape_attrs(hn_rewrite *r, hone_dtype dtype, bool scalar, const hn_dim *dim, int n);
/* Dims as a value before `before`: a constant if all are, otherwise a hone.Shape. No dim may be unknown. `scalar`: rank
 * 0, with n = 1. */
hone_status hn_rewrite_dims(hn_rewrite *r, hn_node *before, const char *name, hone_dtype dtype, bool scalar,
                            const hn_dim *dim, int n, hn_value **out);
/* `attrs` with one entry set; sets model->failed when out of memory. */
hn_attrs hn_rewrite_attr(hn_rewrite *r, hn_attrs attrs, hn_attr attr);

/* ---- questions ---- */

/* Whether an operator or attribute that came with opset `since` may be made. */
bool hn_may_make(const hn_model *model, int since);

/* The node that makes `value` as its first output when it is of this operator, else NULL. */
hn_node *hn_made_by(const hn_value *value, hn_op_id op);
/* As hn_made_by, and this one use is the only one. */
hn_node *hn_made_only_for(const hn_value *value, hn_op_id op);
hn_value *hn_node_input(const hn_node *node, int i); /* NULL when absent */
hone_dtype hn_value_dtype(const hn_value *value);    /* HONE_NO_DTYPE unless a tensor */
/* Nothing uses outputs 1 and up. */
bool hn_only_first_output(const hn_node *node);
/* A real constant with one element. */
bool hn_constant_scalar(const hn_value *value, double *out);
/* A real constant whose elements all equal `wanted`. */
bool hn_constant_all(const hn_value *value, double wanted);
/* An integer constant of at most `max` elements. */
bool hn_constant_ints(const hn_value *value, int max, int64_t *out, int *n);
/* Both ranks known and every dim provably equal. */
bool hn_same_shape(const hn_shape *a, const hn_shape *b);
/* Some graph, main or body, has `value` among its outputs. */
bool hn_is_output(const hn_value *value);

#endif
