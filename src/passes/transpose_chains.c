/* Transposes that follow each other become one; those that only move dimensions of size 1 become a Reshape. */
#include "passes/pipeline.h"
#include "passes/rewrite.h"

static bool read_perm(const hn_node *node, int64_t *perm, int *rank) {
    int n;
    const int64_t *list = hn_attrs_ints(node->attrs, "perm", &n);
    *rank = node->in[0] ? node->in[0]->info.shape.rank : -1;
    if (*rank < 0 || (list && n != *rank)) return false;
    for (int i = 0; i < *rank; i++) {
        perm[i] = list ? list[i] : *rank - 1 - i;
        if (perm[i] < 0 || perm[i] >= *rank) return false;
    }
    return true;
}

static hone_status merge(hn_rewrite *r, hn_node *node) {
    int64_t first[HONE_MAX_RANK], second[HONE_MAX_RANK], both[HONE_MAX_RANK];
    int rank, rank_before;
    hn_node *before = hn_made_by(node->in[0], HN_OP_transpose);
    if (!before || !read_perm(node, second, &rank) || !read_perm(before, first, &rank_before)) return HONE_OK;
    if (rank != rank_before) return HONE_OK;
    for (int i = 0; i < rank; i++) both[i] = first[second[i]];
    const int64_t *own = hn_arena_copy(&r->model->arena, both, (size_t)rank * sizeof *both);
    HN_TRY_ALLOC(own);
    const hn_attrs attrs = hn_rewrite_attr(r, node->attrs, hn_attr_of_ints("perm", own, rank));
    return hn_rewrite_morph(r, node, HN_OP_transpose, attrs, 1, &before->in[0]);
}

/* The dimensions that are not 1 stay in order, so no element moves. */
static bool moves_nothing(const hn_shape *shape, const int64_t *perm) {
    int64_t last = -1;
    bool moved = false;
    for (int i = 0; i < shape->rank; i++) {
        moved = moved || perm[i] != i;
        if (hn_dim_is(shape->dim[perm[i]], 1)) continue;
        if (perm[i] < last) return false;
        last = perm[i];
    }
    return moved;
}

static hone_status make_view(hn_rewrite *r, hn_node *node) {
    int64_t perm[HONE_MAX_RANK];
    int rank;
    if (!read_perm(node, perm, &rank) || !moves_nothing(&node->in[0]->info.shape, perm)) return HONE_OK;
    const hn_shape *shape = &node->out[0]->info.shape;
    for (int i = 0; i < shape->rank; i++)
        if (hn_dim_has_unknown(shape->dim[i])) return HONE_OK;
    const char *name = hn_arena_format(&r->model->arena, "%s_shape", node->name);
    HN_TRY_ALLOC(name);
    hn_value *in[2] = {node->in[0], NULL};
    HN_TRY(hn_rewrite_dims(r, node, name, HONE_INT64, false, shape->dim, shape->rank, &in[1]));
    const hn_attrs attrs = hn_rewrite_attr(r, (hn_attrs){0}, hn_attr_of_int("allowzero", 1));
    return hn_rewrite_morph(r, node, HN_OP_reshape, attrs, 2, in);
}

static hone_status simplify(hn_rewrite *r, hn_node *node) {
    if (node->op->id != HN_OP_transpose) return HONE_OK;
    HN_TRY(merge(r, node));
    return make_view(r, node);
}

hone_status hn_pass_transpose_chains(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, simplify);
}
