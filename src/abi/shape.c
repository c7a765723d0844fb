/* Shapes as far as they are known: making, testing and printing them. */
#include "abi/operator.h"

hn_shape hn_shape_unknown(void) { return (hn_shape){.rank = -1}; }

hn_shape hn_shape_of_tensor(const hn_tensor *t) {
    hn_shape shape = {.rank = t->rank};
    for (int i = 0; i < t->rank; i++) shape.dim[i] = hn_dim_const(t->dim[i]);
    return shape;
}

bool hn_shape_is_static(const hn_shape *s) {
    for (int i = 0; i < s->rank; i++)
        if (!hn_dim_is_const(s->dim[i])) return false;
    return s->rank >= 0;
}

bool hn_shape_constant(const hn_shape *s, int64_t *dim) {
    if (!hn_shape_is_static(s)) return false;
    for (int i = 0; i < s->rank; i++) dim[i] = s->dim[i].value;
    return true;
}

void hn_shape_print(hn_str *out, const hn_shape *s, const hn_expr_pool *pool) {
    if (s->rank < 0) {
        hn_str_add(out, "[...]");
        return;
    }
    hn_str_add(out, "[");
    for (int i = 0; i < s->rank; i++) {
        if (i) hn_str_add(out, ",");
        if (hn_dim_is_unknown(s->dim[i])) hn_str_add(out, "?");
        else hn_dim_print(out, s->dim[i], pool);
    }
    hn_str_add(out, "]");
}

void hn_info_print(hn_str *out, const hn_info *info, const hn_expr_pool *pool) {
    if (!info->type || info->type->kind == HN_KIND_NONE) {
        hn_str_add(out, "nothing");
        return;
    }
    hn_type_print(out, info->type);
    if (info->type->kind == HN_KIND_TENSOR) hn_shape_print(out, &info->shape, pool);
}
