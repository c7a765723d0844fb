/* MatMul(Softmax(MatMul(q, transposed k) * scale + mask), v) becomes Attention, for q, k and v of one batch and the
 * same heads in four dimensions. */
#include "passes/pipeline.h"
#include "passes/product.h"

#define ATTENTION_SINCE 23
#define RANK            4

/* What the pattern is made of. `turned` holds the keys with their last two dimensions exchanged. */
typedef struct attention {
    hn_value *query, *turned, *value, *mask;
    double scale;
} attention;

static bool is_float_of_rank_4(const hn_value *value) {
    return hn_value_dtype(value) == HONE_FLOAT32 && value->info.shape.rank == RANK;
}

/* `*value` without the numbers it is multiplied by, which go into the scale. */
static bool take_scale(attention *a, hn_value **value) {
    hn_product p;
    if (!hn_product_of(*value, &p) || p.n != 1 || !hn_same_shape(&p.factor[0]->info.shape, &(*value)->info.shape))
        return false;
    a->scale *= p.constant;
    *value = p.factor[0];
    return true;
}

/* scores = q * turned, perhaps scaled. */
static bool take_scores(attention *a, hn_value *scores) {
    if (scores->uses.n != 1 || !take_scale(a, &scores)) return false;
    const hn_node *matmul = hn_made_only_for(scores, HN_OP_matmul);
    if (!matmul || !is_float_of_rank_4(matmul->in[0]) || !is_float_of_rank_4(matmul->in[1])) return false;
    a->query = matmul->in[0];
    a->turned = matmul->in[1];
    return take_scale(a, &a->query) && take_scale(a, &a->turned);
}

/* The mask is added without changing the shape of the scores, and covers all keys. */
static bool is_mask(const hn_value *mask, const hn_value *scores) {
    const hn_shape *shape = &mask->info.shape;
    return hn_value_dtype(mask) == HONE_FLOAT32 && scores->info.shape.rank == RANK && shape->rank >= 2 &&
           shape->rank <= RANK && hn_dim_same(shape->dim[shape->rank - 1], scores->info.shape.dim[RANK - 1]);
}

static bool take_logits(attention *a, hn_value *logits) {
    const hn_node *sum = hn_made_only_for(logits, HN_OP_add);
    if (!sum) return take_scores(a, logits);
    for (int i = 0; i < 2; i++) {
        if (!is_mask(sum->in[1 - i], sum->in[i]) || !hn_same_shape(&sum->in[i]->info.shape, &logits->info.shape))
            continue;
        *a = (attention){.value = a->value, .mask = sum->in[1 - i], .scale = 1};
        if (take_scores(a, sum->in[i])) return true;
    }
    return false;
}

static bool over_last(const hn_node *softmax) {
    const int64_t axis = hn_attrs_int(softmax->attrs, "axis", -1);
    return axis == -1 || axis == RANK - 1;
}

/* No dimension of batch or heads is spread over another, which Attention does not do. */
static bool same_batch_and_heads(const attention *a) {
    const hn_shape *q = &a->query->info.shape, *k = &a->turned->info.shape, *v = &a->value->info.shape;
    for (int i = 0; i < 2; i++)
        if (!hn_dim_same(q->dim[i], k->dim[i]) || !hn_dim_same(q->dim[i], v->dim[i])) return false;
    return hn_dim_same(q->dim[3], k->dim[2]) && hn_dim_same(k->dim[3], v->dim[2]);
}

static bool find(const hn_node *node, attention *a) {
    *a = (attention){.value = node->in[1], .scale = 1};
    const hn_node *softmax = hn_made_only_for(node->in[0], HN_OP_softmax);
    if (!softmax || !is_float_of_rank_4(softmax->in[0]) || !is_float_of_rank_4(a->value) || !over_last(softmax))
        return false;
    return take_logits(a, softmax->in[0]) && same_batch_and_heads(a) && a->scale > 0;
}

static hone_status name_part(const hn_rewrite *r, const hn_node *node, const char *part, const char **out) {
    *out = hn_arena_format(&r->model->arena, "%s_%s", node->name, part);
    return *out ? HONE_OK : HONE_OUT_OF_MEMORY;
}

/* The keys as they were before the exchange, or exchanged once more. */
static hone_status turn_back(hn_rewrite *r, hn_node *node, hn_value *turned, hn_value **out) {
    const char *name;
    int64_t *perm = HN_NEW_ARRAY(&r->model->arena, int64_t, RANK);
    HN_TRY_ALLOC(perm);
    for (int i = 0; i < RANK; i++) perm[i] = i < 2 ? i : 5 - i;
    const hn_node *transpose = hn_made_by(turned, HN_OP_transpose);
    const hn_attr *old = transpose ? hn_attrs_find(transpose->attrs, "perm") : NULL;
    if (old && old->kind == HN_ATTR_INTS && old->n == RANK) {
        for (int i = 0; i < RANK; i++) perm[i] = old->ints[i < 2 ? i : 5 - i];
        turned = transpose->in[0];
    }
    *out = turned;
    if (perm[0] == 0 && perm[1] == 1 && perm[2] == 2) return HONE_OK;
    HN_TRY(name_part(r, node, "keys", &name));
    const hn_attr order = {.name = "perm", .kind = HN_ATTR_INTS, .n = RANK, .ints = perm};
    return hn_rewrite_insert(r, node, HN_OP_transpose, name, hn_rewrite_attr(r, (hn_attrs){0}, order), 1, &turned, out);
}

/* Some engines ask for a row of the mask for each query. False in *can where their number is open. */
static hone_status spread_mask(hn_rewrite *r, hn_node *node, attention *a, bool *can) {
    const char *name;
    hn_value *in[2] = {a->mask, NULL};
    const hn_dim queries = a->query->info.shape.dim[2];
    *can = true;
    if (!a->mask || hn_dim_same(a->mask->info.shape.dim[a->mask->info.shape.rank - 2], queries)) return HONE_OK;
    *can = hn_dim_is_const(queries);
    if (!*can) return HONE_OK;
    const hn_dim target[2] = {queries, hn_dim_const(1)};
    HN_TRY(name_part(r, node, "rows", &name));
    HN_TRY(hn_rewrite_dims(r, node, name, HONE_INT64, false, target, 2, &in[1]));
    HN_TRY(name_part(r, node, "mask", &name));
    return hn_rewrite_insert(r, node, HN_OP_expand, name, (hn_attrs){0}, 2, in, &a->mask);
}

static hone_status fuse(hn_rewrite *r, hn_node *node) {
    attention a;
    bool can;
    if (node->op->id != HN_OP_matmul || !hn_may_make(r->model, ATTENTION_SINCE) || !find(node, &a)) return HONE_OK;
    HN_TRY(spread_mask(r, node, &a, &can));
    if (!can) return HONE_OK;
    hn_value *in[4] = {a.query, NULL, a.value, a.mask};
    HN_TRY(turn_back(r, node, a.turned, &in[1]));
    const hn_attrs attrs = hn_rewrite_attr(r, (hn_attrs){0}, hn_attr_of_float("scale", (float)a.scale));
    return hn_rewrite_morph(r, node, HN_OP_attention, attrs, a.mask ? 4 : 3, in);
}

hone_status hn_pass_attention_fuse(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, fuse);
}
