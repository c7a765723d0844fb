/* What passes ask about values and nodes. */
#include <string.h>
#include "base/dtype.h"
#include "passes/rewrite.h"

hn_node *hn_made_by(const hn_value *value, hn_op_id op) {
    if (!value || !value->producer || value->index != 0) return NULL;
    return value->producer->op->id == op ? value->producer : NULL;
}

hn_node *hn_made_only_for(const hn_value *value, hn_op_id op) {
    return value && value->uses.n == 1 && value->uses.at[0].node ? hn_made_by(value, op) : NULL;
}

hn_value *hn_node_input(const hn_node *node, int i) { return i < node->n_in ? node->in[i] : NULL; }

hone_dtype hn_value_dtype(const hn_value *value) {
    if (!value || !value->info.type || value->info.type->kind != HN_KIND_TENSOR) return HONE_NO_DTYPE;
    return value->info.type->dtype;
}

bool hn_only_first_output(const hn_node *node) {
    for (int i = 1; i < node->n_out; i++)
        if (hn_ir_has_uses(node->out[i])) return false;
    return node->n_out > 0 && node->out[0];
}

static bool is_real(const hn_tensor *t) {
    return hn_dtype_is_float(t->dtype) || hn_dtype_is_int(t->dtype) || t->dtype == HONE_BOOL;
}

bool hn_constant_scalar(const hn_value *value, double *out) {
    if (!hn_ir_is_constant(value) || !is_real(value->info.data) || hn_tensor_count(value->info.data) != 1) return false;
    *out = hn_tensor_real(value->info.data, 0);
    return true;
}

bool hn_constant_all(const hn_value *value, double wanted) {
    if (!hn_ir_is_constant(value) || !is_real(value->info.data)) return false;
    const hn_tensor *t = value->info.data;
    const int64_t n = hn_tensor_count(t);
    for (int64_t i = 0; i < n; i++)
        if (!(hn_tensor_real(t, i) == wanted)) return false;
    return n > 0;
}

bool hn_constant_ints(const hn_value *value, int max, int64_t *out, int *n) {
    if (!hn_ir_is_constant(value) || !hn_dtype_is_int(value->info.data->dtype)) return false;
    const hn_tensor *t = value->info.data;
    const int64_t count = hn_tensor_count(t);
    if (count < 0 || count > max) return false;
    for (int64_t i = 0; i < count; i++) out[i] = hn_tensor_int(t, i);
    *n = (int)count;
    return true;
}

bool hn_same_shape(const hn_shape *a, const hn_shape *b) {
    if (a->rank < 0 || a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++)
        if (!hn_dim_same(a->dim[i], b->dim[i])) return false;
    return true;
}
