/* Reading and walking decision trees. */
#include "ops/ml/forest.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ops/matmul/panel.h"

/* ---- attributes ---- */

static hone_status read_ints(hn_call *call, const char *name, int64_t n, const int64_t **out) {
    int have;
    *out = hn_attrs_ints(call->attrs, name, &have);
    if (have == n) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_MODEL, "attribute %s has %d entries where %lld are needed", name, have,
            (long long)n);
}

/* The numbers of a list of floats or of a tensor `<name>_as_tensor` or `name`; zeros when `n` of them may be missing.
 */
static hone_status read_reals(hn_call *call, const char *name, bool optional, int64_t n, double **out) {
    char longer[64];
    snprintf(longer, sizeof longer, "%s_as_tensor", name);
    const hn_attr *attr = hn_attrs_find(call->attrs, longer);
    if (!attr) attr = hn_attrs_find(call->attrs, name);
    const bool tensor = attr && attr->kind == HN_ATTR_TENSOR, list = attr && attr->kind == HN_ATTR_FLOATS;
    const int64_t have = tensor ? hn_tensor_count(attr->tensor) : list ? (int64_t)attr->n : 0;
    if (have != n && !(optional && !have))
        HN_FAIL(call->diag, HONE_INVALID_MODEL, "attribute %s has %lld entries where %lld are needed", name,
                (long long)have, (long long)n);
    HN_TRY_ALLOC(*out = hn_panel_scratch(call, n));
    for (int64_t i = 0; i < have; i++) (*out)[i] = tensor ? hn_tensor_real(attr->tensor, i) : attr->floats[i];
    return HONE_OK;
}

static hone_status read_missing(hn_call *call, hn_forest *f, int64_t n) {
    int have;
    const int64_t *missing = hn_attrs_ints(call->attrs, "nodes_missing_value_tracks_true", &have);
    if (have && have != n)
        HN_FAIL(call->diag, HONE_INVALID_MODEL,
                "attribute nodes_missing_value_tracks_true has %d entries where %lld are needed", have, (long long)n);
    for (int64_t i = 0; i < have; i++) f->node[i].missing_is_true = missing[i] != 0;
    return HONE_OK;
}

static hone_status check_node(hn_call *call, const hn_forest *f, int64_t i, int64_t features) {
    const hn_tree_node *n = &f->node[i];
    if (n->mode == HN_TREE_LEAF) return HONE_OK;
    if (n->feature < 0 || n->feature >= features)
        HN_FAIL(call->diag, HONE_INVALID_MODEL, "node %lld asks for feature %lld; there are %lld", (long long)i,
                (long long)n->feature, (long long)features);
    if (n->yes < 0 || n->yes >= f->n_nodes || n->no < 0 || n->no >= f->n_nodes)
        HN_FAIL(call->diag, HONE_INVALID_MODEL, "a branch of node %lld leads nowhere", (long long)i);
    return HONE_OK;
}

static hone_status check_target(hn_call *call, int64_t target, int64_t targets) {
    if (target >= 0 && target < targets) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_MODEL, "a leaf votes for %lld; allowed: 0 to %lld", (long long)target,
            (long long)targets - 1);
}

/* ---- nodes by the numbers of their tree and of themselves ---- */

typedef struct key {
    int64_t tree, node, index;
} key;

static int by_key(const void *x, const void *y) {
    const key *a = x, *b = y;
    if (a->tree != b->tree) return a->tree < b->tree ? -1 : 1;
    if (a->node != b->node) return a->node < b->node ? -1 : 1;
    return 0;
}

static int64_t find(const key *keys, int64_t n, int64_t tree, int64_t node) {
    const key wanted = {tree, node, 0};
    const key *found = n ? bsearch(&wanted, keys, (size_t)n, sizeof *keys, by_key) : NULL;
    return found ? found->index : -1;
}

static hone_status sort_keys(hn_call *call, const int64_t *tree, const int64_t *node, int64_t n, key **out) {
    int64_t numbers;
    if (__builtin_mul_overflow(n, (int64_t)3, &numbers)) return HONE_OUT_OF_MEMORY;
    HN_TRY_ALLOC(*out = hn_panel_scratch(call, numbers));
    for (int64_t i = 0; i < n; i++) (*out)[i] = (key){tree[i], node[i], i};
    if (n > 1) qsort(*out, (size_t)n, sizeof **out, by_key);
    for (int64_t i = 1; i < n; i++)
        if (by_key(&(*out)[i - 1], &(*out)[i]) == 0)
            HN_FAIL(call->diag, HONE_INVALID_MODEL, "node %lld of tree %lld is there twice", (long long)(*out)[i].node,
                    (long long)(*out)[i].tree);
    return HONE_OK;
}

static hone_status read_modes(hn_call *call, hn_forest *f) {
    static const char *const words[] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE", "BRANCH_GT",
                                        "BRANCH_EQ",  "BRANCH_NEQ", "",           "LEAF"};
    const hn_attr *modes = hn_attrs_find(call->attrs, "nodes_modes");
    if (!modes || modes->kind != HN_ATTR_STRINGS || (int64_t)modes->n != f->n_nodes)
        HN_FAIL(call->diag, HONE_INVALID_MODEL, "attribute nodes_modes needs %lld entries", (long long)f->n_nodes);
    for (int64_t i = 0; i < f->n_nodes; i++) {
        const hn_bytes mode = modes->strings[i];
        int k = 0;
        while (k < 8 && (mode.n != strlen(words[k]) || !mode.n || memcmp(words[k], mode.data, mode.n) != 0)) k++;
        if (k == 8) HN_FAIL(call->diag, HONE_INVALID_MODEL, "the mode of node %lld has no meaning", (long long)i);
        f->node[i].mode = (hn_tree_mode)k;
    }
    return HONE_OK;
}

static hone_status read_branches(hn_call *call, hn_forest *f, const int64_t *tree, const key *keys) {
    const int64_t *yes, *no, *feature;
    double *split;
    HN_TRY(read_ints(call, "nodes_truenodeids", f->n_nodes, &yes));
    HN_TRY(read_ints(call, "nodes_falsenodeids", f->n_nodes, &no));
    HN_TRY(read_ints(call, "nodes_featureids", f->n_nodes, &feature));
    HN_TRY(read_reals(call, "nodes_values", false, f->n_nodes, &split));
    for (int64_t i = 0; i < f->n_nodes; i++) {
        hn_tree_node *n = &f->node[i];
        n->feature = feature[i];
        n->split = split[i];
        n->yes = n->mode == HN_TREE_LEAF ? -1 : find(keys, f->n_nodes, tree[i], yes[i]);
        n->no = n->mode == HN_TREE_LEAF ? -1 : find(keys, f->n_nodes, tree[i], no[i]);
    }
    return read_missing(call, f, f->n_nodes);
}

/* Roots are the nodes that no branch leads to. */
static hone_status find_roots(hn_call *call, hn_forest *f) {
    HN_TRY_ALLOC(f->root = hn_panel_scratch(call, f->n_nodes));
    for (int64_t i = 0; i < f->n_nodes; i++) {
        if (f->node[i].mode == HN_TREE_LEAF) continue;
        f->root[f->node[i].yes] = 1;
        f->root[f->node[i].no] = 1;
    }
    for (int64_t i = 0; i < f->n_nodes; i++)
        if (!f->root[i]) f->root[f->n_roots++] = i;
    return HONE_OK;
}

/* Votes sorted by their leaf. */
static hone_status read_votes(hn_call *call, const char *prefix, int64_t targets, const key *keys, hn_forest *f) {
    char name[4][32];
    const int64_t *tree, *node, *id;
    double *weight;
    int n;
    static const char *const suffix[4] = {"treeids", "nodeids", "ids", "weights"};
    for (int i = 0; i < 4; i++) snprintf(name[i], sizeof name[i], "%s_%s", prefix, suffix[i]);
    tree = hn_attrs_ints(call->attrs, name[0], &n);
    HN_TRY(read_ints(call, name[1], n, &node));
    HN_TRY(read_ints(call, name[2], n, &id));
    HN_TRY(read_reals(call, name[3], false, n, &weight));
    HN_TRY_ALLOC(f->vote = hn_panel_scratch(call, 2 * (int64_t)n));
    for (int i = 0; i < n; i++) {
        const int64_t leaf = find(keys, f->n_nodes, tree[i], node[i]);
        if (leaf < 0) HN_FAIL(call->diag, HONE_INVALID_MODEL, "vote %d belongs to no node", i);
        HN_TRY(check_target(call, id[i], targets));
        f->node[leaf].n++;
    }
    for (int64_t i = 1; i < f->n_nodes; i++) f->node[i].first = f->node[i - 1].first + f->node[i - 1].n;
    for (int64_t i = 0; i < f->n_nodes; i++) f->node[i].n = 0;
    for (int i = 0; i < n; i++) {
        hn_tree_node *leaf = &f->node[find(keys, f->n_nodes, tree[i], node[i])];
        f->vote[leaf->first + leaf->n++] = (hn_tree_vote){id[i], weight[i]};
    }
    return HONE_OK;
}

static hone_status new_nodes(hn_call *call, int64_t n, hn_forest *f) {
    int64_t numbers;
    *f = (hn_forest){.n_nodes = n};
    if (__builtin_mul_overflow(n, (int64_t)(sizeof(hn_tree_node) / 8 + 1), &numbers)) return HONE_OUT_OF_MEMORY;
    HN_TRY_ALLOC(f->node = hn_panel_scratch(call, numbers));
    return HONE_OK;
}

hone_status hn_forest_read_named(hn_call *call, const char *votes, int64_t features, int64_t targets, hn_forest *out) {
    int n;
    const int64_t *tree = hn_attrs_ints(call->attrs, "nodes_treeids", &n), *node;
    key *keys;
    HN_TRY(new_nodes(call, n, out));
    HN_TRY(read_ints(call, "nodes_nodeids", n, &node));
    HN_TRY(sort_keys(call, tree, node, n, &keys));
    HN_TRY(read_modes(call, out));
    HN_TRY(read_branches(call, out, tree, keys));
    for (int64_t i = 0; i < n; i++) HN_TRY(check_node(call, out, i, features));
    HN_TRY(find_roots(call, out));
    return read_votes(call, votes, targets, keys, out);
}

/* ---- TreeEnsemble ---- */

static hone_status read_leaves(hn_call *call, int64_t first, int64_t leaves, int64_t targets, hn_forest *f) {
    const int64_t *target;
    double *weight;
    HN_TRY(read_ints(call, "leaf_targetids", leaves, &target));
    HN_TRY(read_reals(call, "leaf_weights", false, leaves, &weight));
    HN_TRY_ALLOC(f->vote = hn_panel_scratch(call, 2 * leaves));
    for (int64_t i = 0; i < leaves; i++) {
        HN_TRY(check_target(call, target[i], targets));
        f->vote[i] = (hn_tree_vote){target[i], weight[i]};
        f->node[first + i] = (hn_tree_node){.mode = HN_TREE_LEAF, .first = i, .n = 1};
    }
    return HONE_OK;
}

/* The place of a branch: leaves stand behind the inner nodes. */
static int64_t place_of(int64_t id, bool leaf, int64_t inner, int64_t leaves) {
    if (id < 0 || id >= (leaf ? leaves : inner)) return -1;
    return leaf ? inner + id : id;
}

static hone_status read_inner(hn_call *call, int64_t n, int64_t leaves, hn_forest *f) {
    const int64_t *yes, *no, *yes_leaf, *no_leaf, *feature;
    const hn_attr *modes = hn_attrs_find(call->attrs, "nodes_modes");
    double *split;
    HN_TRY(read_ints(call, "nodes_truenodeids", n, &yes));
    HN_TRY(read_ints(call, "nodes_falsenodeids", n, &no));
    HN_TRY(read_ints(call, "nodes_trueleafs", n, &yes_leaf));
    HN_TRY(read_ints(call, "nodes_falseleafs", n, &no_leaf));
    HN_TRY(read_ints(call, "nodes_featureids", n, &feature));
    HN_TRY(read_reals(call, "nodes_splits", false, n, &split));
    if (!modes || modes->kind != HN_ATTR_TENSOR || modes->tensor->dtype != HONE_UINT8 ||
        hn_tensor_count(modes->tensor) != n)
        HN_FAIL(call->diag, HONE_INVALID_MODEL, "attribute nodes_modes needs %lld entries of type uint8", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        const int64_t mode = hn_tensor_int(modes->tensor, i);
        if (mode > HN_TREE_MEMBER)
            HN_FAIL(call->diag, HONE_INVALID_MODEL, "the mode of node %lld is %lld; allowed: 0 to %d", (long long)i,
                    (long long)mode, HN_TREE_MEMBER);
        f->node[i] = (hn_tree_node){.mode = (hn_tree_mode)mode, .feature = feature[i], .split = split[i]};
        f->node[i].yes = place_of(yes[i], yes_leaf[i] != 0, n, leaves);
        f->node[i].no = place_of(no[i], no_leaf[i] != 0, n, leaves);
    }
    return read_missing(call, f, n);
}

/* Values of MEMBER nodes, in their order, each set ended by a NaN. */
static hone_status read_members(hn_call *call, int64_t inner, hn_forest *f) {
    const hn_attr *attr = hn_attrs_find(call->attrs, "membership_values");
    const int64_t n = attr && attr->kind == HN_ATTR_TENSOR ? hn_tensor_count(attr->tensor) : 0;
    int64_t at = 0;
    HN_TRY(read_reals(call, "membership_values", true, n, &f->member));
    for (int64_t i = 0; i < inner; i++) {
        if (f->node[i].mode != HN_TREE_MEMBER) continue;
        f->node[i].first = at;
        while (at < n && !isnan(f->member[at])) at++;
        f->node[i].n = at - f->node[i].first;
        if (at++ >= n)
            HN_FAIL(call->diag, HONE_INVALID_MODEL, "membership_values has no set for node %lld", (long long)i);
    }
    return HONE_OK;
}

static hone_status read_roots(hn_call *call, int64_t inner, hn_forest *f) {
    int n;
    const int64_t *root = hn_attrs_ints(call->attrs, "tree_roots", &n);
    HN_TRY_ALLOC(f->root = hn_panel_scratch(call, n));
    f->n_roots = n;
    for (int i = 0; i < n; i++) {
        if (root[i] < 0 || root[i] >= inner)
            HN_FAIL(call->diag, HONE_INVALID_MODEL, "tree_roots[%d] is %lld; allowed: 0 to %lld", i, (long long)root[i],
                    (long long)inner - 1);
        f->root[i] = root[i];
    }
    return HONE_OK;
}

hone_status hn_forest_read(hn_call *call, int64_t features, int64_t targets, hn_forest *out) {
    int inner, leaves;
    hn_attrs_ints(call->attrs, "nodes_featureids", &inner);
    hn_attrs_ints(call->attrs, "leaf_targetids", &leaves);
    HN_TRY(new_nodes(call, (int64_t)inner + leaves, out));
    HN_TRY(read_inner(call, inner, leaves, out));
    HN_TRY(read_leaves(call, inner, leaves, targets, out));
    HN_TRY(read_members(call, inner, out));
    for (int64_t i = 0; i < inner; i++) HN_TRY(check_node(call, out, i, features));
    return read_roots(call, inner, out);
}

/* ---- walking ---- */

static bool is_member(const hn_forest *f, const hn_tree_node *n, double x) {
    for (int64_t i = 0; i < n->n; i++)
        if (f->member[n->first + i] == x) return true;
    return false;
}

static bool holds(const hn_forest *f, const hn_tree_node *n, double x) {
    if (isnan(x)) return n->missing_is_true || n->mode == HN_TREE_NEQ;
    switch (n->mode) {
    case HN_TREE_LEQ:
        return x <= n->split;
    case HN_TREE_LT:
        return x < n->split;
    case HN_TREE_GTE:
        return x >= n->split;
    case HN_TREE_GT:
        return x > n->split;
    case HN_TREE_EQ:
        return x == n->split;
    case HN_TREE_NEQ:
        return x != n->split;
    default:
        return is_member(f, n, x);
    }
}

const hn_tree_node *hn_forest_leaf(const hn_forest *f, int64_t t, const double *x) {
    const hn_tree_node *n = &f->node[f->root[t]];
    for (int64_t steps = 0; steps <= f->n_nodes; steps++) {
        if (n->mode == HN_TREE_LEAF) return n;
        n = &f->node[holds(f, n, x[n->feature]) ? n->yes : n->no];
    }
    return NULL;
}
