/* Steps of expansions. */
#include "frontend/onnx/onnx_expand.h"

static bool failed(hn_onnx_expansion *e, hone_status status) {
    if (e->status == HONE_OK) e->status = status;
    return e->status != HONE_OK;
}

static const char *step_name(hn_onnx_expansion *e, const char *what) {
    const char *name = hn_onnx_format(e->node->scope->import, "%s_%d", what, e->steps++);
    if (!name) failed(e, HONE_OUT_OF_MEMORY);
    return name;
}

void hn_expand_many(hn_onnx_expansion *e, hn_op_id op, const hn_attr *attrs, uint32_t n_attrs, int n_in,
                    hn_value *const *in, int n_out, hn_value **out) {
    for (int i = 0; i < n_out; i++) out[i] = NULL;
    if (e->status != HONE_OK) return;
    const char *name = step_name(e, hn_op_at(op)->name);
    if (!name) return;
    failed(e, hn_onnx_emit_many(e->node, name, op, attrs, n_attrs, n_in, in, n_out, out));
}

hn_value *hn_expand_op(hn_onnx_expansion *e, hn_op_id op, const hn_attr *attrs, uint32_t n_attrs, int n_in,
                       hn_value *const *in) {
    hn_value *out;
    hn_expand_many(e, op, attrs, n_attrs, n_in, in, 1, &out);
    return out;
}

hn_value *hn_expand_ints(hn_onnx_expansion *e, const int64_t *value, int n) {
    hn_value *out = NULL;
    const char *name = e->status == HONE_OK ? step_name(e, "ints") : NULL;
    if (name) failed(e, hn_onnx_ints(e->node, name, value, n, &out));
    return out;
}

hn_value *hn_expand_int(hn_onnx_expansion *e, int64_t value) { return hn_expand_ints(e, &value, 1); }

hn_value *hn_expand_number(hn_onnx_expansion *e, float value, hn_value *like) {
    hn_value *out = NULL;
    const char *name = e->status == HONE_OK ? step_name(e, "number") : NULL;
    if (name) failed(e, hn_onnx_scalar_like(e->node, name, like, value, &out));
    return out;
}

hn_value *hn_expand_transpose(hn_onnx_expansion *e, hn_value *x, const int64_t *perm, int rank) {
    int64_t *kept = HN_NEW_ARRAY(&e->node->scope->import->model->arena, int64_t, rank);
    if (!kept) failed(e, HONE_OUT_OF_MEMORY);
    for (int i = 0; kept && i < rank; i++) kept[i] = perm[i];
    return hn_expand_with(e, HN_OP_transpose, hn_attr_of_ints("perm", kept, rank), x);
}

hn_value *hn_expand_slice(hn_onnx_expansion *e, hn_value *x, int64_t first, int64_t last, int64_t axis) {
    return hn_expand(e, HN_OP_slice, x, hn_expand_int(e, first), hn_expand_int(e, last), hn_expand_int(e, axis));
}

hn_value *hn_expand_cast(hn_onnx_expansion *e, hn_value *x, hone_dtype to) {
    return hn_expand_with(e, HN_OP_cast, hn_attr_of_int("to", to), x);
}

hone_status hn_expand_end(hn_onnx_expansion *e, int i, hn_value *value) {
    if (e->status == HONE_OK && i < e->node->n_out) e->node->result[i] = value;
    return e->status;
}

hone_status hn_expand_check(hn_onnx_node *node, size_t least, size_t most) {
    hn_diag *diag = node->scope->import->diag;
    while (node->in.n > least && !node->in.at[node->in.n - 1]) node->in.n--;
    if (node->in.n < least || node->in.n > most)
        HN_FAIL(diag, HONE_INVALID_MODEL, "%s has %zu inputs; allowed: %zu to %zu", node->type, node->in.n, least,
                most);
    for (size_t i = 0; i < least; i++)
        if (!node->in.at[i])
            HN_FAIL(diag, HONE_INVALID_MODEL, "input %zu of %s is required, but its name is empty", i, node->type);
    return HONE_OK;
}

bool hn_expand_wants(const hn_onnx_node *node, size_t i) {
    return i < node->proto.output.n && node->proto.output.at[i].n > 0;
}

int64_t hn_expand_int_attr(const hn_onnx_node *node, const char *name, int64_t otherwise) {
    const hn_attr *attr = hn_onnx_get_attr(node, name);
    return attr && attr->kind == HN_ATTR_INT ? attr->i : otherwise;
}

float hn_expand_float_attr(const hn_onnx_node *node, const char *name, float otherwise) {
    const hn_attr *attr = hn_onnx_get_attr(node, name);
    return attr && attr->kind == HN_ATTR_FLOAT ? attr->f : otherwise;
}
