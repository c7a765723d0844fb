/* Arithmetic with per-channel constants behind a convolution or a Gemm goes into its weights and bias. MatMul keeps its
 * bias outside, where a group takes it. */
#include "passes/channel_affine.h"
#include "passes/pipeline.h"

/* Element c of a constant that has one element, or one per channel, for an output of `rank`. */
typedef struct operand {
    const float *data;
    bool single;
} operand;

static bool read_operand(const hn_value *value, int rank, int axis, int64_t n, operand *out) {
    if (!hn_ir_is_constant(value) || hn_value_dtype(value) != HONE_FLOAT32) return false;
    const hn_tensor *t = value->info.data;
    if (t->rank > rank) return false;
    for (int i = 0; i < t->rank; i++)
        if (t->dim[i] != 1 && (i + rank - t->rank != axis || t->dim[i] != n)) return false;
    *out = (operand){t->data, hn_tensor_count(t) == 1};
    return true;
}

static bool is_affine(hn_op_id op) { return op == HN_OP_add || op == HN_OP_sub || op == HN_OP_mul || op == HN_OP_div; }

/* node = f(input `side`); the constant is on the other side. */
static bool read_affine(const hn_node *node, int side, const operand *k, hn_channel_affine *f) {
    for (int64_t c = 0; c < f->n; c++) {
        const double value = k->data[k->single ? 0 : c];
        switch (node->op->id) {
        case HN_OP_add:
            f->shift[c] = value;
            break;
        case HN_OP_sub:
            f->scale[c] = side ? -1 : 1;
            f->shift[c] = side ? value : -value;
            break;
        case HN_OP_mul:
            f->scale[c] = value;
            break;
        default:
            if (side || value == 0) return false;
            f->scale[c] = 1 / value;
            break;
        }
    }
    return true;
}

static hone_status fold(hn_rewrite *r, hn_node *node) {
    if (!is_affine(node->op->id)) return HONE_OK;
    for (int side = 0; side < 2; side++) {
        int64_t n;
        int axis;
        operand k;
        hn_channel_affine f;
        hn_node *anchor = hn_affine_anchor(node->in[side], &n, &axis);
        if (!anchor || anchor->op->id == HN_OP_matmul) continue;
        const hn_shape *shape = &node->in[side]->info.shape;
        if (!hn_same_shape(shape, &node->out[0]->info.shape)) continue;
        if (!read_operand(node->in[1 - side], shape->rank, axis, n, &k)) continue;
        if (!hn_affine_init(r, n, &f)) return HONE_OUT_OF_MEMORY;
        if (read_affine(node, side, &k, &f)) return hn_affine_absorb(r, anchor, node, &f);
    }
    return HONE_OK;
}

hone_status hn_pass_affine_fold(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, fold);
}
