/* What users of a plan want to know of its inputs and passes may hide: which axis an integer input indexes, so that
 * random data for it can be legal; and whether all inputs and outputs lead with one batch, so that many rows can be run
 * in slices.
 */
#include <inttypes.h>
#include "builder/builder.h"
#include "builder/report.h"

/* Values looked at before giving up: graphs are walked as trees here. */
enum { MAX_VISITS = 4096, MAX_DEPTH = 64 };

typedef struct search {
    int64_t limit; /* smallest axis so far; 0: none */
    int visits, depth;
} search;

static void follow(search *s, const hn_value *value);

/* Size of the axis that Gather and its sisters index; 0 when unknown. */
static int64_t indexed_axis(const hn_node *node) {
    const hn_shape *shape = &node->in[0]->info.shape;
    int64_t axis = hn_attrs_int(node->attrs, "axis", 0);
    if (axis < 0) axis += shape->rank;
    if (axis < 0 || axis >= shape->rank || !hn_dim_is_const(shape->dim[axis])) return 0;
    return shape->dim[axis].value;
}

static void follow_use(search *s, const hn_use *use) {
    const hn_node *node = use->node;
    const hn_op_id id = node->op->id;
    if ((id == HN_OP_gather || id == HN_OP_gather_elements) && use->index == 1 && node->in[0]) {
        const int64_t size = indexed_axis(node);
        if (size > 0 && (!s->limit || size < s->limit)) s->limit = size;
    }
    if (id == HN_OP_group && (size_t)use->index < node->body[0]->inputs.n)
        follow(s, node->body[0]->inputs.at[use->index]);
    const bool moves = (node->op->facts & HN_MOVE) || id == HN_OP_cast; /* hands the same numbers on */
    if (!moves || (use->index != 0 && id != HN_OP_concat)) return;
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i]) follow(s, node->out[i]);
}

static void follow(search *s, const hn_value *value) {
    if (s->visits >= MAX_VISITS || s->depth >= MAX_DEPTH) return;
    s->visits++, s->depth++;
    for (size_t i = 0; i < value->uses.n; i++) {
        const hn_use *use = &value->uses.at[i];
        const hn_node *group = use->node ? NULL : use->graph->owner;
        if (use->node) follow_use(s, use);
        else if (group && group->op->id == HN_OP_group && use->index < group->n_out && group->out[use->index])
            follow(s, group->out[use->index]);
    }
    s->depth--;
}

int64_t hn_build_index_limit(const hn_value *input) {
    const hn_type *type = input->info.type;
    if (!type || type->kind != HN_KIND_TENSOR || (type->dtype != HONE_INT32 && type->dtype != HONE_INT64)) return 0;
    search s = {0};
    follow(&s, input);
    return s.limit;
}

/* "ids:30522,types:2"; names that would not read back that way are quoted. */
static const char *limits_text(hn_build *build) {
    const hn_graph *main = build->model->main;
    hn_str text;
    hn_str_init(&text, &build->arena);
    for (size_t i = 0; i < main->inputs.n; i++) {
        const int64_t limit = hn_build_index_limit(main->inputs.at[i]);
        if (limit) hn_str_add(&text, "%s'%s':%" PRId64, text.n ? "," : "", main->inputs.at[i]->name, limit);
    }
    return hn_str_text(&text);
}

static bool leads_with(const hn_value *value, hn_dim batch) {
    const hn_type *type = value->info.type;
    return type && type->kind == HN_KIND_TENSOR && value->info.shape.rank > 0 &&
           hn_dim_same(value->info.shape.dim[0], batch);
}

/* The symbol that all inputs and outputs lead with, NULL when there is none. */
static const char *batch_symbol(const hn_build *build) {
    const hn_graph *main = build->model->main;
    if (!main->inputs.n || main->inputs.at[0]->info.shape.rank < 1) return NULL;
    const hn_dim batch = main->inputs.at[0]->info.shape.dim[0];
    for (size_t i = 0; i < main->inputs.n; i++)
        if (!leads_with(main->inputs.at[i], batch)) return NULL;
    for (size_t i = 0; i < main->outputs.n; i++)
        if (!leads_with(main->outputs.at[i], batch)) return NULL;
    for (int s = 0; s < hn_expr_symbol_count(build->model->exprs); s++) {
        const char *name = hn_expr_symbol_name(build->model->exprs, s);
        if (hn_dim_same(hn_expr_symbol(build->model->exprs, name), batch)) return name;
    }
    return NULL;
}

hone_status hn_build_port_facts(hn_build *build) {
    build->batch = batch_symbol(build);
    build->index_limits = limits_text(build);
    return build->index_limits ? HONE_OK : HONE_OUT_OF_MEMORY;
}
