/* Decision trees: what the attributes of the three tree ensembles are read into. */
#ifndef HN_OPS_ML_FOREST_H
#define HN_OPS_ML_FOREST_H

#include "abi/operator.h"

typedef enum hn_tree_mode {
    HN_TREE_LEQ,
    HN_TREE_LT,
    HN_TREE_GTE,
    HN_TREE_GT,
    HN_TREE_EQ,
    HN_TREE_NEQ,
    HN_TREE_MEMBER,
    HN_TREE_LEAF
} hn_tree_mode;

typedef struct hn_tree_node {
    hn_tree_mode mode;
    bool missing_is_true; /* where a NaN goes */
    int64_t feature, yes, no;
    double split;
    int64_t first, n; /* leaf: its votes; MEMBER: its values in `members` */
} hn_tree_node;

typedef struct hn_tree_vote {
    int64_t target;
    double weight;
} hn_tree_vote;

typedef struct hn_forest {
    hn_tree_node *node;
    int64_t n_nodes;
    int64_t *root;
    int64_t n_roots;
    hn_tree_vote *vote;
    double *member;
} hn_forest;

/* Reads the form of TreeEnsembleClassifier and TreeEnsembleRegressor, whose votes have names that start with `votes`
 * ("class", "target"), into scratch memory; checks all of it. */
hone_status hn_forest_read_named(hn_call *call, const char *votes, int64_t features, int64_t targets, hn_forest *out);
/* The same of TreeEnsemble. */
hone_status hn_forest_read(hn_call *call, int64_t features, int64_t targets, hn_forest *out);
/* The leaf of tree `t` that the features lead to; NULL when the nodes run in a circle. */
const hn_tree_node *hn_forest_leaf(const hn_forest *f, int64_t t, const double *x);

#endif
