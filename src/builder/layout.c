/* Layouts: each node takes the layout its kernel wants; where producer and consumer differ, a reorder is put in
 * between. */
#include <string.h>
#include "builder/builder.h"
#include "kernels/cpu/cpu_provider.h"

/* With kernels for both layouts a node follows its inputs, so that regions grow and reorders stay at their borders. */
static hn_layout wanted(const hn_node *node, const hn_choice *choice) {
    if (!choice->last) return HN_LAYOUT_DENSE;
    if (!choice->dense) return HN_LAYOUT_CHANNELS_LAST;
    int last = 0, dense = 0;
    for (int i = 0; i < node->n_in; i++) {
        const hn_value *v = node->in[i];
        if (!v || hn_build_port_layout(node, v, HN_LAYOUT_CHANNELS_LAST) == HN_LAYOUT_DENSE) continue;
        if (v->layout == HN_LAYOUT_CHANNELS_LAST) last++;
        else dense++;
    }
    return last > 0 && last >= dense ? HN_LAYOUT_CHANNELS_LAST : HN_LAYOUT_DENSE;
}

/* The value in the other layout; one reorder serves all later users in the same graph. */
static hn_value *reordered(hn_build *build, hn_value *value, hn_node *before, hn_layout layout) {
    hn_value *known = value->mark;
    if (known && known->graph == before->graph) return known;
    const char *name =
        hn_arena_format(&build->arena, "%s_%s", value->name, layout == HN_LAYOUT_DENSE ? "dense" : "last");
    if (!name) return NULL;
    hn_node *node = hn_ir_node(before->graph, before, hn_op_at(HN_OP_reorder), name, (hn_attrs){0}, 1, &value, 1);
    hn_choice *choice = HN_NEW(&build->arena, hn_choice);
    if (!node || !choice) return NULL;
    node->mark = choice;
    node->out[0]->info = value->info;
    node->out[0]->info.element = NULL;
    node->out[0]->layout = layout;
    node->out[0]->mark = value;
    value->mark = node->out[0];
    return node->out[0];
}

static hone_status fix_inputs(hn_build *build, hn_node *node, hn_layout layout) {
    for (int i = 0; i < node->n_in; i++) {
        hn_value *v = node->in[i];
        if (!v || hn_ir_is_constant(v)) continue;
        const hn_layout want = hn_build_port_layout(node, v, layout);
        if (v->layout == want) continue;
        hn_value *other = reordered(build, v, node, want);
        HN_TRY_ALLOC(other);
        hn_ir_set_input(node, i, other);
    }
    return HONE_OK;
}

/* Results of a graph are dense: those of the model by contract, those of a body because its caller moves them. */
static hone_status fix_outputs(hn_build *build, hn_graph *graph) {
    for (size_t i = 0; i < graph->outputs.n; i++) {
        hn_value *v = graph->outputs.at[i];
        if (v->layout == HN_LAYOUT_DENSE) continue;
        const char *name = hn_arena_format(&build->arena, "%s_dense", v->name);
        HN_TRY_ALLOC(name);
        hn_node *node = hn_ir_node(graph, NULL, hn_op_at(HN_OP_reorder), name, (hn_attrs){0}, 1, &v, 1);
        hn_choice *choice = HN_NEW(&build->arena, hn_choice);
        if (!node || !choice) return HONE_OUT_OF_MEMORY;
        node->mark = choice;
        hn_value *out = node->out[0];
        out->info = v->info;
        hn_ir_set_output(graph, (int)i, out);
        const char *public_name = v->name; /* the model's output keeps its name */
        v->name = out->name;
        out->name = public_name;
    }
    return HONE_OK;
}

static hone_status layout_graph(hn_build *build, hn_graph *graph) {
    for (hn_node *node = graph->first; node; node = node->next) {
        hn_choice *choice = hn_build_choice(node);
        const hn_layout layout = wanted(node, choice);
        choice->kernel = layout == HN_LAYOUT_CHANNELS_LAST ? choice->last : choice->dense;
        HN_TRY(fix_inputs(build, node, layout));
        for (int i = 0; i < node->n_out; i++)
            if (node->out[i]) node->out[i]->layout = hn_build_port_layout(node, node->out[i], layout);
        if (node->op->id == HN_OP_group) continue;
        for (int i = 0; i < node->n_body; i++) HN_TRY(layout_graph(build, node->body[i]));
    }
    return fix_outputs(build, graph);
}

static void clear_marks(hn_graph *graph) {
    for (size_t i = 0; i < graph->inputs.n; i++) graph->inputs.at[i]->mark = NULL;
    for (hn_node *node = graph->first; node; node = node->next) {
        for (int i = 0; i < node->n_out; i++)
            if (node->out[i]) node->out[i]->mark = NULL;
        for (int i = 0; i < node->n_body; i++) clear_marks(node->body[i]);
    }
}

/* Reorders have a query of their own: input in one layout, output in the other. */
static hone_status select_reorders(hn_build *build, hn_graph *graph, hn_query *query) {
    for (hn_node *node = graph->first; node; node = node->next) {
        if (node->op->id == HN_OP_group) continue;
        for (int i = 0; i < node->n_body; i++) HN_TRY(select_reorders(build, node->body[i], query));
        if (node->op->id != HN_OP_reorder || !hn_build_chosen_query(build, node, query)) continue;
        hn_build_choice(node)->kernel = hn_provider_choose(&hn_cpu_provider, query);
    }
    return HONE_OK;
}

hone_status hn_build_layouts(hn_build *build) {
    clear_marks(build->model->main);
    HN_TRY(layout_graph(build, build->model->main));
    hn_query *query = HN_NEW(&build->arena, hn_query);
    HN_TRY_ALLOC(query);
    if (hn_config_int(build->config, "reference")) return HONE_OK;
    return select_reorders(build, build->model->main, query);
}
