/* Steps of expansions. */
#include "frontend/onnx/onnx_expand.h"

#include <stdarg.h>

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

hn_value *hn_expand_size(hn_onnx_expansion *e, hn_value *x, int64_t axis) {
    const hn_attr range[2] = {hn_attr_of_int("end", axis + 1), hn_attr_of_int("start", axis)};
    return hn_expand_op(e, HN_OP_shape, range, 2, 1, &x);
}

hn_value *hn_expand_numbers(hn_onnx_expansion *e, hn_value *count) {
    static const int64_t zero = 0, one = 1;
    hn_value *scalar = hn_expand(e, HN_OP_squeeze, count, hn_expand_int(e, 0));
    return hn_expand(e, HN_OP_range, hn_expand_ints(e, &zero, -1), scalar, hn_expand_ints(e, &one, -1));
}

hn_value *hn_expand_unsqueeze(hn_onnx_expansion *e, hn_value *x, const int64_t *axes, int n) {
    return hn_expand(e, HN_OP_unsqueeze, x, hn_expand_ints(e, axes, n));
}

hn_value *hn_expand_reshape(hn_onnx_expansion *e, hn_value *x, const int64_t *shape, int rank) {
    return hn_expand(e, HN_OP_reshape, x, hn_expand_ints(e, shape, rank));
}

hn_value *hn_expand_channels(hn_onnx_expansion *e, hn_value *x, int rank, bool last) {
    int64_t perm[HONE_MAX_RANK] = {0};
    if (rank < 3 || rank > HONE_MAX_RANK)
        return hn_expand_refuse(e, "%s has its channels last, and their number of axes is not known", e->node->type);
    for (int i = 1; i < rank; i++) perm[i] = last ? i + 1 : i - 1;
    perm[last ? rank - 1 : 1] = last ? 1 : rank - 1;
    return hn_expand_transpose(e, x, perm, rank);
}

static const int64_t heads_first[4] = {0, 2, 1, 3}; /* its own inverse */

hn_value *hn_expand_split_heads(hn_onnx_expansion *e, hn_value *x, int64_t heads) {
    const int64_t shape[4] = {0, 0, heads, -1};
    return hn_expand_transpose(e, hn_expand_reshape(e, x, shape, 4), heads_first, 4);
}

hn_value *hn_expand_join_heads(hn_onnx_expansion *e, hn_value *x) {
    static const int64_t shape[3] = {0, 0, -1};
    return hn_expand_reshape(e, hn_expand_transpose(e, x, heads_first, 4), shape, 3);
}

hn_value *hn_expand_refuse(hn_onnx_expansion *e, const char *format, ...) {
    hn_onnx_import *import = e->node->scope->import;
    va_list args;
    if (e->status != HONE_OK) return NULL;
    va_start(args, format);
    const char *text = hn_arena_format_v(&import->scratch, format, args);
    va_end(args);
    e->status = hn_diag_add(import->diag, HONE_ERROR, HONE_UNSUPPORTED, "%s", text ? text : "");
    return NULL;
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
