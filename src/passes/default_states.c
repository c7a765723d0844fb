/* Initial states of RNN, GRU and LSTM that are all zeros are what the operator takes without them. */
#include "passes/pipeline.h"
#include "passes/rewrite.h"

#define DEEPEST 16

/* Filled with zeros, whatever its size turns out to be. */
static bool is_zero(const hn_value *value) {
    for (int i = 0; value && i < DEEPEST; i++) {
        if (hn_ir_is_constant(value)) return hn_constant_all(value, 0);
        const hn_node *node = value->producer;
        if (!node) return false;
        if (node->op->id == HN_OP_constant_of_shape) {
            const hn_attr *fill = hn_attrs_find(node->attrs, "value");
            return !fill || (fill->kind == HN_ATTR_TENSOR && hn_tensor_count(fill->tensor) == 1 &&
                             fill->tensor->dtype != HONE_STRING && hn_tensor_real(fill->tensor, 0) == 0);
        }
        if (!(node->op->facts & (HN_MOVE | HN_VIEW)) || node->op->id == HN_OP_concat) return false;
        value = node->in[0];
    }
    return false;
}

static hone_status drop(hn_rewrite *r, hn_node *node) {
    const bool lstm = node->op->id == HN_OP_lstm;
    if (!lstm && node->op->id != HN_OP_gru && node->op->id != HN_OP_rnn) return HONE_OK;
    for (int i = 5; i < (lstm ? 7 : 6) && i < node->n_in; i++) {
        hn_value *state = node->in[i];
        if (!state || !is_zero(state)) continue;
        hn_ir_set_input(node, i, NULL);
        r->changed = true;
        if (state->producer) hn_rewrite_sweep(r, state->producer);
    }
    return r->model->failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

hone_status hn_pass_default_states(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, drop);
}
