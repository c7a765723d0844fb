/* Who runs what: for every node the cheapest kernel over dense and over channels-last activations. */
#include <string.h>
#include "builder/builder.h"
#include "kernels/cpu/cpu_provider.h"

/* A kernel is bound before anything runs: what its operator wants to see of its inputs must be known by then. */
static bool hosts_are_known(const hn_node *node) {
    for (int i = 0; i < node->n_in && i < 32; i++) {
        const hn_value *v = node->in[i];
        if (!(node->op->host & HN_HOST(i)) || !v || hn_ir_is_constant(v)) continue;
        if (!v->producer || v->producer->op->id != HN_OP_shape_value) return false;
    }
    return true;
}

static const hn_kernel *ask(const hn_build *build, const hn_node *node, hn_layout layout) {
    return hn_build_query(build, node, layout, build->query) ? hn_provider_choose(&hn_cpu_provider, build->query)
                                                             : NULL;
}

/* A channels-last form exists only where some activation has channels. */
static bool has_channels(const hn_node *node) {
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i] &&
            hn_build_port_layout(node, node->out[i], HN_LAYOUT_CHANNELS_LAST) == HN_LAYOUT_CHANNELS_LAST)
            return true;
    return false;
}

/* Some kernel takes the node; asked before anything is decided about it. */
static bool is_taken(const hn_build *build, const hn_node *node) {
    return ask(build, node, HN_LAYOUT_DENSE) || (has_channels(node) && ask(build, node, HN_LAYOUT_CHANNELS_LAST));
}

static bool never_taken(const hn_build *build, const hn_node *node) {
    (void)build, (void)node;
    return false;
}

/* Strings stay with the host. */
static bool has_strings(const hn_node *node) {
    bool found = false;
    for (int i = 0; i < node->n_in; i++)
        found |= node->in[i] && node->in[i]->info.type && node->in[i]->info.type->dtype == HONE_STRING;
    for (int i = 0; i < node->n_out; i++)
        found |= node->out[i] && node->out[i]->info.type && node->out[i]->info.type->dtype == HONE_STRING;
    return found;
}

static bool takes_mock(const hn_build *build, const hn_node *node) {
    if (has_strings(node)) return false;
    return hn_config_int(build->config, "mock-device") && !node->graph->owner && (node->op->facts & HN_ELEMENTWISE);
}

static hone_status select_graph(hn_build *build, hn_graph *graph, bool reference) {
    for (hn_node *node = graph->first, *next; node; node = next) {
        next = node->next;
        hn_choice *choice = HN_NEW(&build->arena, hn_choice);
        HN_TRY_ALLOC(choice);
        node->mark = choice;
        if (node->op->id == HN_OP_group || !node->n_body) {
            if (takes_mock(build, node)) choice->device = 1;
            else if (!reference && hosts_are_known(node)) {
                choice->dense = ask(build, node, HN_LAYOUT_DENSE);
                if (has_channels(node)) choice->last = ask(build, node, HN_LAYOUT_CHANNELS_LAST);
            }
        }
        if (node->op->id == HN_OP_group) {
            if (!choice->dense && !choice->last)
                HN_TRY(hn_build_regroup(build, node, reference ? never_taken : is_taken, &next));
            continue;
        }
        for (int i = 0; i < node->n_body; i++) HN_TRY(select_graph(build, node->body[i], reference));
    }
    return HONE_OK;
}

hone_status hn_build_select(hn_build *build) {
    build->query = HN_NEW(&build->arena, hn_query);
    HN_TRY_ALLOC(build->query);
    return select_graph(build, build->model->main, hn_config_int(build->config, "reference"));
}
