/* Transposes that follow each other, perhaps with dimensions of size 1 added or dropped in between, become one; those
 * that only move dimensions of size 1 become a Reshape. */
#include "passes/pipeline.h"
#include "passes/reshape_form.h"

typedef struct order {
    int n;
    int64_t at[HONE_MAX_RANK];
} order;

static bool read_perm(const hn_node *node, order *perm) {
    const int64_t *list = hn_attrs_ints(node->attrs, "perm", &perm->n);
    const int rank = node->in[0] ? node->in[0]->info.shape.rank : -1;
    if (rank < 0 || (list && perm->n != rank)) return false;
    perm->n = rank;
    for (int i = 0; i < rank; i++) {
        perm->at[i] = list ? list[i] : rank - 1 - i;
        if (perm->at[i] < 0 || perm->at[i] >= rank) return false;
    }
    return true;
}

static hone_status become(hn_rewrite *r, hn_node *node, hn_value *from, const order *perm) {
    const int64_t *own = hn_arena_copy(&r->model->arena, perm->at, (size_t)perm->n * sizeof *perm->at);
    HN_TRY_ALLOC(own);
    const hn_attrs attrs = hn_rewrite_attr(r, (hn_attrs){0}, hn_attr_of_ints("perm", own, perm->n));
    return hn_rewrite_morph(r, node, HN_OP_transpose, attrs, 1, &from);
}

static hone_status merge(hn_rewrite *r, hn_node *node) {
    order first, second, both;
    const hn_node *before = hn_made_by(node->in[0], HN_OP_transpose);
    if (!before || !read_perm(node, &second) || !read_perm(before, &first) || first.n != second.n) return HONE_OK;
    both.n = first.n;
    for (int i = 0; i < both.n; i++) both.at[i] = first.at[second.at[i]];
    return become(r, node, before->in[0], &both);
}

/* ---- across a Reshape ---- */

/* Dimensions of `shape` that are not 1, in order. */
static order wide_dims(const hn_shape *shape) {
    order wide = {.n = 0};
    for (int i = 0; i < shape->rank; i++)
        if (!hn_dim_is(shape->dim[i], 1)) wide.at[wide.n++] = i;
    return wide;
}

/* The Reshape adds or drops ones and does nothing else. */
static bool keeps_wide_dims(const hn_shape *from, const hn_shape *to) {
    const order a = wide_dims(from), b = wide_dims(to);
    for (int i = 0; i < a.n && i < b.n; i++)
        if (!hn_dim_same(from->dim[a.at[i]], to->dim[b.at[i]])) return false;
    return a.n == b.n && from->rank >= 0 && to->rank >= 0;
}

/* The order of x's dimensions in which those that are not 1 come out of both transposes; ones go to the front. */
static bool combine(const hn_node *outer, const hn_node *middle, const hn_node *inner, order *perm) {
    order first, second;
    if (!read_perm(inner, &first) || !read_perm(outer, &second)) return false;
    const hn_shape *x = &inner->in[0]->info.shape;
    const order before = wide_dims(&middle->in[0]->info.shape), after = wide_dims(&middle->out[0]->info.shape);
    perm->n = 0;
    for (int i = 0; i < x->rank; i++)
        if (hn_dim_is(x->dim[i], 1)) perm->at[perm->n++] = i;
    for (int i = 0; i < second.n; i++)
        for (int k = 0; k < after.n; k++)
            if (after.at[k] == second.at[i]) perm->at[perm->n++] = first.at[before.at[k]];
    return perm->n == x->rank;
}

static hone_status merge_across(hn_rewrite *r, hn_node *node) {
    order perm;
    const hn_node *middle = node->in[0]->uses.n == 1 && node->in[0]->index == 0 ? node->in[0]->producer : NULL;
    if (!middle || !hn_is_reshape(middle)) return HONE_OK;
    const hn_node *inner = hn_made_by(middle->in[0], HN_OP_transpose);
    if (!inner || !keeps_wide_dims(&middle->in[0]->info.shape, &middle->out[0]->info.shape)) return HONE_OK;
    if (!combine(node, middle, inner, &perm)) return HONE_OK;
    const int64_t *own = hn_arena_copy(&r->model->arena, perm.at, (size_t)perm.n * sizeof *perm.at);
    const char *name = hn_arena_format(&r->model->arena, "%s_merged", node->name);
    if (!own || !name) return HONE_OUT_OF_MEMORY;
    const hn_attrs attrs = hn_rewrite_attr(r, (hn_attrs){0}, hn_attr_of_ints("perm", own, perm.n));
    hn_value *moved;
    HN_TRY(hn_rewrite_insert(r, node, HN_OP_transpose, name, attrs, 1, &inner->in[0], &moved));
    if (hn_reshape_can_name(moved, &node->out[0]->info.shape)) return hn_reshape_morph(r, node, moved);
    hn_rewrite_sweep(r, moved->producer);
    return HONE_OK;
}

/* ---- views ---- */

/* The dimensions that are not 1 stay in order, so no element moves. */
static bool moves_nothing(const hn_node *node) {
    order perm;
    int64_t last = -1;
    bool moved = false;
    if (!read_perm(node, &perm)) return false;
    for (int i = 0; i < perm.n; i++) {
        moved = moved || perm.at[i] != i;
        if (hn_dim_is(node->in[0]->info.shape.dim[perm.at[i]], 1)) continue;
        if (perm.at[i] < last) return false;
        last = perm.at[i];
    }
    return moved;
}

static hone_status simplify(hn_rewrite *r, hn_node *node) {
    if (node->op->id != HN_OP_transpose) return HONE_OK;
    HN_TRY(merge(r, node));
    if (moves_nothing(node) && hn_reshape_can_name(node->in[0], &node->out[0]->info.shape))
        return hn_reshape_morph(r, node, node->in[0]);
    return merge_across(r, node);
}

hone_status hn_pass_transpose_chains(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, simplify);
}
