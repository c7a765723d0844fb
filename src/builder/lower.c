/* From a node of the graph to the flat query that kernels are asked with. */
#include <string.h>
#include "builder/builder.h"

static int max_rank(const hn_node *node) {
    int rank = -1;
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i] && node->out[i]->info.shape.rank > rank) rank = node->out[i]->info.shape.rank;
    for (int i = 0; i < node->n_in; i++)
        if (node->in[i] && !hn_ir_is_constant(node->in[i]) && node->in[i]->info.shape.rank > rank)
            rank = node->in[i]->info.shape.rank;
    return rank;
}

hn_layout hn_build_port_layout(const hn_node *node, const hn_value *value, hn_layout layout) {
    const int rank = value->info.shape.rank;
    if (layout == HN_LAYOUT_DENSE || hn_ir_is_constant(value) || rank < 3 || rank != max_rank(node))
        return HN_LAYOUT_DENSE;
    return layout;
}

static uint32_t constant_facts(const hn_value *value) {
    if (!hn_ir_is_constant(value)) return 0;
    uint32_t facts = 0;
    int wide = 0;
    for (int i = 0; i < value->info.shape.rank; i++) wide += !hn_dim_is(value->info.shape.dim[i], 1);
    if (wide == 0) facts |= HN_CONST_SCALAR;
    if (wide <= 1) facts |= HN_CONST_PER_CHANNEL;
    return facts;
}

static bool fill_dim(const hn_build *build, hn_dim d, hn_qdim *out) {
    out->multiple = 1;
    if (hn_dim_is_const(d)) {
        out->min = out->opt = out->max = d.value;
        return d.value >= 0;
    }
    if (hn_dim_has_unknown(d)) return false;
    const int n = build->n_symbol;
    if (!hn_dim_eval(d, build->best, n, &out->opt) || out->opt < 0) out->opt = 1;
    if (!hn_dim_eval(d, build->low, n, &out->min) || out->min < 0) out->min = 0;
    bool bounded = true;
    for (int s = 0; s < n; s++) bounded = bounded && build->high[s] >= 0;
    if (!bounded || !hn_dim_eval(d, build->high, n, &out->max)) out->max = -1;
    return true;
}

static bool fill_value(const hn_build *build, const hn_value *value, hn_role role, hn_layout layout, hn_qval *out) {
    const hn_info *info = &value->info;
    if (!info->type || info->type->kind != HN_KIND_TENSOR || info->type->dtype == HONE_STRING || info->shape.rank < 0)
        return false;
    out->dtype = (uint8_t)info->type->dtype;
    out->rank = (uint8_t)info->shape.rank;
    out->role = (uint8_t)role;
    out->layout = (uint8_t)layout;
    out->const_facts = constant_facts(value);
    for (int i = 0; i < info->shape.rank; i++)
        if (!fill_dim(build, info->shape.dim[i], &out->dim[i])) return false;
    return true;
}

typedef struct lowering {
    const hn_build *build;
    const hn_node *node;
    hn_layout layout;
    hn_query *query;
    const hn_value *value[HN_QUERY_VALS];
    hn_str attr;
} lowering;

static int find_value(const lowering *l, const hn_value *value) {
    for (int i = 0; i < l->query->n_val; i++)
        if (l->value[i] == value) return i;
    return -1;
}

/* `outer` gives layout and constness where `value` is a parameter inside a group's body. */
static bool add_value(lowering *l, const hn_value *value, const hn_value *outer, hn_role role) {
    if (l->query->n_val == HN_QUERY_VALS) return false;
    const hn_layout layout = hn_build_port_layout(l->node, outer, l->layout);
    l->value[l->query->n_val] = value;
    return fill_value(l->build, outer, role, layout, &l->query->val[l->query->n_val++]);
}

static bool add_operator(lowering *l, const hn_node *node) {
    hn_query *q = l->query;
    if (q->n_op == HN_QUERY_OPS || node->n_in > HN_QUERY_ARGS || node->n_out > HN_QUERY_ARGS || node->n_body ||
        node->op->plugin)
        return false;
    hn_qop *op = &q->op[q->n_op++];
    op->op = (uint16_t)node->op->id;
    op->n_in = (uint8_t)node->n_in;
    op->n_out = (uint8_t)node->n_out;
    for (int i = 0; i < node->n_in; i++) {
        op->in[i] = (int8_t)(node->in[i] ? find_value(l, node->in[i]) : -1);
        if (node->in[i] && op->in[i] < 0) return false;
    }
    for (int i = 0; i < node->n_out; i++) op->out[i] = (int8_t)(node->out[i] ? find_value(l, node->out[i]) : -1);
    const size_t start = l->attr.n;
    if (hn_attrs_encode(node->attrs, &l->attr, NULL) != HONE_OK || l->attr.failed || l->attr.n > HN_QUERY_ATTR_BYTES)
        return false;
    op->attr_offset = (uint16_t)start;
    op->attr_bytes = (uint16_t)(l->attr.n - start);
    return true;
}

static bool lower_single(lowering *l) {
    const hn_node *node = l->node;
    for (int i = 0; i < node->n_in; i++) {
        const hn_value *v = node->in[i];
        if (v && find_value(l, v) < 0 && !add_value(l, v, v, hn_ir_is_constant(v) ? HN_ROLE_CONST : HN_ROLE_IN))
            return false;
    }
    l->query->n_in = l->query->n_val;
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i] && !add_value(l, node->out[i], node->out[i], HN_ROLE_OUT)) return false;
    return add_operator(l, node);
}

static const hn_value *group_output(const hn_node *node, const hn_value *inner) {
    const hn_graph *body = node->body[0];
    for (size_t i = 0; i < body->outputs.n; i++)
        if (body->outputs.at[i] == inner) return node->out[i];
    return NULL;
}

static bool lower_group(lowering *l) {
    const hn_node *node = l->node;
    const hn_graph *body = node->body[0];
    for (int i = 0; i < node->n_in; i++) {
        const hn_value *v = node->in[i];
        if (!v || !add_value(l, body->inputs.at[i], v, hn_ir_is_constant(v) ? HN_ROLE_CONST : HN_ROLE_IN)) return false;
    }
    l->query->n_in = l->query->n_val;
    for (const hn_node *n = body->first; n; n = n->next)
        for (int i = 0; i < n->n_out; i++) {
            if (!n->out[i]) continue;
            const hn_value *outer = group_output(node, n->out[i]);
            if (!add_value(l, n->out[i], outer ? outer : n->out[i], outer ? HN_ROLE_OUT : HN_ROLE_TEMP)) return false;
        }
    for (const hn_node *n = body->first; n; n = n->next)
        if (!add_operator(l, n)) return false;
    return true;
}

bool hn_build_query(const hn_build *build, const hn_node *node, hn_layout layout, hn_query *out) {
    memset(out, 0, sizeof *out);
    lowering l = {.build = build, .node = node, .layout = layout, .query = out};
    hn_arena scratch;
    hn_arena_init(&scratch, build->arena.allocator);
    hn_str_init(&l.attr, &scratch);
    const bool ok = node->op->id == HN_OP_group ? lower_group(&l) : lower_single(&l);
    if (l.attr.failed) build->model->failed = true; /* not "no flat form" but "no memory to find out" */
    if (ok && l.attr.n) memcpy(out->attr, l.attr.data, l.attr.n);
    hn_arena_free(&scratch);
    if (!ok) return false;
    out->attr_bytes = (uint32_t)l.attr.n;
    for (int i = 0; i < out->n_val; i++) out->n_out += out->val[i].role == HN_ROLE_OUT;
    out->threads = (uint16_t)build->threads;
    return out->n_out > 0;
}

bool hn_build_chosen_query(const hn_build *build, const hn_node *node, hn_query *out) {
    const hn_choice *choice = hn_build_choice(node);
    const bool last = choice->kernel && choice->kernel == choice->last && node->out[0] &&
                      node->out[0]->layout == HN_LAYOUT_CHANNELS_LAST;
    if (!hn_build_query(build, node, last ? HN_LAYOUT_CHANNELS_LAST : HN_LAYOUT_DENSE, out)) return false;
    if (node->op->id == HN_OP_reorder) {
        out->val[0].layout = (uint8_t)node->in[0]->layout;
        out->val[1].layout = (uint8_t)node->out[0]->layout;
    }
    return true;
}
