/* Who runs what: for every node the cheapest kernel over dense and over channels-last activations. */
#include <string.h>
#include "builder/builder.h"
#include "kernels/cpu/cpu_provider.h"

static const hn_kernel *ask(const hn_build *build, const hn_node *node, hn_layout layout, hn_query *query) {
    return hn_build_query(build, node, layout, query) ? hn_provider_choose(&hn_cpu_provider, query) : NULL;
}

/* A channels-last form exists only where some activation has channels. */
static bool has_channels(const hn_node *node) {
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i] &&
            hn_build_port_layout(node, node->out[i], HN_LAYOUT_CHANNELS_LAST) == HN_LAYOUT_CHANNELS_LAST)
            return true;
    return false;
}

/* Puts the operators of a group back into the graph; returns the first of them. */
static hn_node *dissolve(hn_node *group) {
    hn_graph *graph = group->graph, *body = group->body[0];
    hn_model *model = graph->model;
    for (size_t i = 0; i < body->inputs.n; i++) hn_ir_replace_uses(body->inputs.at[i], group->in[i]);
    hn_node *first = NULL;
    while (body->first) {
        hn_node *inner = body->first;
        hn_node *copy =
            hn_ir_node(graph, group, inner->op, inner->name, inner->attrs, inner->n_in, inner->in, inner->n_out);
        if (!copy) return NULL;
        copy->origin = inner->origin;
        copy->file_offset = inner->file_offset;
        for (int i = 0; i < inner->n_out; i++) {
            if (!inner->out[i]) {
                copy->out[i] = NULL;
                continue;
            }
            copy->out[i]->info = inner->out[i]->info;
            copy->out[i]->origin = inner->out[i]->origin;
            for (size_t k = 0; k < body->outputs.n; k++)
                if (body->outputs.at[k] == inner->out[i] && group->out[k])
                    hn_ir_replace_uses(group->out[k], copy->out[i]);
            hn_ir_replace_uses(inner->out[i], copy->out[i]);
        }
        if (!first) first = copy;
        hn_ir_remove(inner);
    }
    hn_ir_remove(group);
    return model->failed ? NULL : first;
}

static bool takes_mock(const hn_build *build, const hn_node *node) {
    return hn_config_int(build->config, "mock-device") && !node->graph->owner && (node->op->facts & HN_ELEMENTWISE);
}

static hone_status select_graph(hn_build *build, hn_graph *graph, bool reference, hn_query *query) {
    for (hn_node *node = graph->first, *next; node; node = next) {
        next = node->next;
        hn_choice *choice = HN_NEW(&build->arena, hn_choice);
        HN_TRY_ALLOC(choice);
        node->mark = choice;
        if (node->op->id == HN_OP_group || !node->n_body) {
            if (takes_mock(build, node)) choice->device = 1;
            else if (!reference) {
                choice->dense = ask(build, node, HN_LAYOUT_DENSE, query);
                if (has_channels(node)) choice->last = ask(build, node, HN_LAYOUT_CHANNELS_LAST, query);
            }
        }
        if (node->op->id == HN_OP_group) {
            if (!choice->dense && !choice->last) {
                next = dissolve(node);
                HN_TRY_ALLOC(next);
            }
            continue;
        }
        for (int i = 0; i < node->n_body; i++) HN_TRY(select_graph(build, node->body[i], reference, query));
    }
    return HONE_OK;
}

hone_status hn_build_select(hn_build *build) {
    hn_query *query = HN_NEW(&build->arena, hn_query);
    HN_TRY_ALLOC(query);
    return select_graph(build, build->model->main, hn_config_int(build->config, "reference"), query);
}
