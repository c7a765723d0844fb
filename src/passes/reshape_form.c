/* Targets of Reshape: a constant with -1 for the one dimension that is not constant, or all dimensions as expressions;
 * in a model file 0 for dimensions that stay in their place. */
#include "passes/reshape_form.h"

bool hn_is_reshape(const hn_node *node) {
    return (node->op->facts & HN_VIEW) && node->op->id != HN_OP_identity && node->in[0] && hn_only_first_output(node);
}

/* The target with -1 for the only dimension that is not constant; false when there are more, or a zero. */
static bool target_with_wildcard(const hn_shape *shape, hn_dim *target) {
    int open = 0;
    for (int i = 0; i < shape->rank; i++) {
        target[i] = shape->dim[i];
        if (hn_dim_is(shape->dim[i], 0)) return false;
        if (hn_dim_is_const(shape->dim[i])) continue;
        target[i] = hn_dim_const(-1);
        open++;
    }
    return shape->rank >= 0 && open <= 1;
}

/* The same for a model file, where 0 stands for the dimension of `from` in that place. */
static bool target_for_file(const hn_shape *from, const hn_shape *shape, hn_dim *target) {
    int open = 0;
    for (int i = 0; i < shape->rank; i++) {
        target[i] = shape->dim[i];
        if (hn_dim_is(shape->dim[i], 0)) return false;
        if (hn_dim_is_const(shape->dim[i])) continue;
        const bool kept = i < from->rank && hn_dim_same(from->dim[i], shape->dim[i]);
        target[i] = hn_dim_const(kept ? 0 : -1);
        open += !kept;
    }
    return shape->rank >= 0 && open <= 1;
}

bool hn_reshape_can_name(const hn_value *from, const hn_shape *shape) {
    hn_dim unused[HONE_MAX_RANK];
    if (target_with_wildcard(shape, unused)) return true;
    if (from->graph->model->for_file) return target_for_file(&from->info.shape, shape, unused);
    for (int i = 0; i < shape->rank; i++)
        if (hn_dim_has_unknown(shape->dim[i])) return false;
    return shape->rank >= 0;
}

/* Second input and attributes of a Reshape of `from` to `shape`. */
static hone_status make_target(hn_rewrite *r, hn_node *before, const char *name, const hn_value *from,
                               const hn_shape *shape, hn_value **target, hn_attrs *attrs) {
    hn_dim dim[HONE_MAX_RANK];
    bool constant = target_with_wildcard(shape, dim);
    const char *target_name = hn_arena_format(&r->model->arena, "%s_shape", name);
    HN_TRY_ALLOC(target_name);
    *attrs = (hn_attrs){0};
    if (!constant && r->model->for_file) constant = target_for_file(&from->info.shape, shape, dim);
    /* Without a -1, a dimension that turns out as 0 means 0. */
    else if (!constant) *attrs = hn_rewrite_attr(r, *attrs, hn_attr_of_int("allowzero", 1));
    return hn_rewrite_dims(r, before, target_name, HONE_INT64, false, constant ? dim : shape->dim, shape->rank, target);
}

hone_status hn_reshape_morph(hn_rewrite *r, hn_node *node, hn_value *from) {
    hn_value *in[2] = {from, NULL};
    hn_attrs attrs;
    HN_TRY(make_target(r, node, node->name, from, &node->out[0]->info.shape, &in[1], &attrs));
    return hn_rewrite_morph(r, node, HN_OP_reshape, attrs, 2, in);
}

hone_status hn_reshape_insert(hn_rewrite *r, hn_node *before, const char *name, hn_value *from, const hn_shape *shape,
                              hn_value **out) {
    hn_value *in[2] = {from, NULL};
    hn_attrs attrs;
    HN_TRY(make_target(r, before, name, from, shape, &in[1], &attrs));
    return hn_rewrite_insert(r, before, HN_OP_reshape, name, attrs, 2, in, out);
}
