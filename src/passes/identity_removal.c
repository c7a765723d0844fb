/* Nodes that give back their input. */
#include "passes/pipeline.h"
#include "passes/rewrite.h"

#define MOST_INTS 16

static bool all_ints(const hn_value *value, int64_t low, int64_t high) {
    int64_t list[MOST_INTS];
    int n;
    if (!hn_constant_ints(value, MOST_INTS, list, &n)) return false;
    for (int i = 0; i < n; i++)
        if (list[i] < low || list[i] > high) return false;
    return true;
}

static bool keeps_shape(const hn_node *node, int input) {
    return node->in[input] && hn_same_shape(&node->in[input]->info.shape, &node->out[0]->info.shape);
}

static bool is_identity_perm(const hn_node *node) {
    const int rank = node->in[0]->info.shape.rank;
    int n;
    const int64_t *perm = hn_attrs_ints(node->attrs, "perm", &n);
    if (!perm) return rank == 0 || rank == 1;
    for (int i = 0; i < n; i++)
        if (perm[i] != i) return false;
    return true;
}

static bool is_training(const hn_node *dropout) {
    const hn_value *mode = hn_node_input(dropout, 2);
    return mode && !hn_constant_all(mode, 0);
}

/* The input that comes out of a shape or movement operator, or -1. */
static int unmoved_input(const hn_node *node) {
    switch (node->op->id) {
    case HN_OP_concat:
    case HN_OP_sum:
    case HN_OP_mean:
    case HN_OP_min:
    case HN_OP_max:
        return node->n_in == 1 ? 0 : -1;
    case HN_OP_expand:
    case HN_OP_tile:
        return keeps_shape(node, 0) ? 0 : -1;
    case HN_OP_slice: /* the same sizes with steps forward are everything */
        return keeps_shape(node, 0) && (!hn_node_input(node, 4) || all_ints(node->in[4], 1, INT64_MAX)) ? 0 : -1;
    case HN_OP_pad:
        return all_ints(node->in[1], 0, 0) ? 0 : -1;
    case HN_OP_transpose:
        return is_identity_perm(node) ? 0 : -1;
    case HN_OP_split:
        return node->n_out == 1 && keeps_shape(node, 0) ? 0 : -1;
    default:
        return (node->op->facts & HN_VIEW) && keeps_shape(node, 0) ? 0 : -1;
    }
}

/* Broadcasting the number `other` cannot change the shape of `value`. */
static bool is_number_beside(const hn_value *other, const hn_value *value) {
    if (!hn_ir_is_constant(other) || hn_tensor_count(other->info.data) != 1) return false;
    return other->info.data->rank == 0 || other->info.data->rank <= value->info.shape.rank;
}

/* The input of arithmetic whose other side is neutral, or -1. */
static int unchanged_input(const hn_node *node) {
    double neutral;
    switch (node->op->id) {
    case HN_OP_add:
    case HN_OP_sub:
        neutral = 0;
        break;
    case HN_OP_mul:
    case HN_OP_div:
    case HN_OP_pow:
        neutral = 1;
        break;
    default:
        return -1;
    }
    for (int i = 0; i < 2 && node->in[0] && node->in[1]; i++) {
        const hn_value *kept = node->in[i], *other = node->in[1 - i];
        if (i == 1 && !(node->op->facts & HN_COMMUTES)) break;
        if (hn_constant_all(other, neutral) && (keeps_shape(node, i) || is_number_beside(other, kept))) return i;
    }
    return -1;
}

static int same_input(const hn_node *node) {
    switch (node->op->id) {
    case HN_OP_identity:
        return 0;
    case HN_OP_dropout:
        return is_training(node) ? -1 : 0;
    case HN_OP_cast:
    case HN_OP_cast_like:
        return 0; /* of the same type, as the caller checks */
    case HN_OP_clip:
        return !hn_node_input(node, 1) && !hn_node_input(node, 2) ? 0 : -1;
    default:
        break;
    }
    const int unmoved = unmoved_input(node);
    return unmoved >= 0 ? unmoved : unchanged_input(node);
}

static hone_status remove_identity(hn_rewrite *r, hn_node *node) {
    if (!(node->op->facts & HN_FOLD) || !hn_only_first_output(node) || node->n_in < 1) return HONE_OK;
    for (int i = 0; i < node->n_in && i < node->op->min_in; i++)
        if (!node->in[i]) return HONE_OK;
    const int input = same_input(node);
    if (input < 0 || !node->in[input]) return HONE_OK;
    hn_value *by = node->in[input];
    const bool any_type = node->op->id == HN_OP_identity;
    const hone_dtype dtype = hn_value_dtype(by);
    if (!any_type && (dtype == HONE_NO_DTYPE || dtype != hn_value_dtype(node->out[0]))) return HONE_OK;
    hn_rewrite_bypass(r, node, by);
    return HONE_OK;
}

hone_status hn_pass_identity_removal(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, remove_identity);
}
