/* What an engine's inputs, outputs and profiles look like from outside. */
#include <string.h>
#include "runtime/engine.h"

/* A varying dim is named after its symbol; one that is computed from symbols is "?", as its text form is the build
 * side's. */
static void describe_dim(const hn_plan *plan, uint32_t expr, int64_t *dim, const char **symbol) {
    static const char unknown[] = "?";
    const hn_plan_expr *e = &plan->expr[expr];
    *symbol = "";
    if (e->n && hn_expr_check(plan->code + e->first, e->n, 0) >= 0 && hn_plan_eval(plan, expr, NULL, dim)) return;
    *dim = -1;
    *symbol = unknown;
    const int s = e->n ? hn_expr_code_symbol(plan->code + e->first, e->n) : -1;
    if (s >= 0) *symbol = hn_plan_text(plan, plan->symbol[s]);
}

static hone_status describe_type(hone_engine *engine, const hn_plan_value *v, hn_diag *diag, hone_port *port,
                                 const hn_type **type) {
    static const hone_kind kinds[] = {HONE_TENSOR, HONE_TENSOR, HONE_SEQUENCE, HONE_OPTIONAL, HONE_MAP};
    *type = hn_type_tensor((hone_dtype)v->dtype);
    port->type = hone_dtype_name((hone_dtype)v->dtype);
    if (*type) return HONE_OK;
    port->type = hn_plan_text(&engine->plan, v->type);
    const char *at = port->type;
    HN_TRY(hn_type_parse(&at, at + strlen(at), &engine->arena, type));
    if (!*type || (*type)->kind == HN_KIND_TENSOR || *at)
        HN_FAIL(diag, HONE_MALFORMED, "'%s' of the plan is of no known type: '%s'", port->name, port->type);
    port->kind = kinds[(*type)->kind];
    port->dtype = HONE_NO_DTYPE;
    return HONE_OK;
}

static hone_status describe_port(hone_engine *engine, uint32_t number, hn_diag *diag, hone_port *port,
                                 const hn_type **type) {
    const hn_plan *plan = &engine->plan;
    const hn_plan_value *v = &plan->value[number - 1];
    port->name = hn_plan_text(plan, v->name);
    port->dtype = (hone_dtype)v->dtype;
    port->rank = v->rank == HN_PLAN_UNRANKED ? -1 : v->rank;
    for (int i = 0; i < port->rank; i++) describe_dim(plan, v->dim[i], &port->dim[i], &port->symbol[i]);
    return describe_type(engine, v, diag, port, type);
}

hone_status hn_engine_describe_ports(hone_engine *engine, hn_diag *diag) {
    engine->input_port = HN_NEW_ARRAY(&engine->arena, hone_port, engine->n_input);
    engine->output_port = HN_NEW_ARRAY(&engine->arena, hone_port, engine->n_output);
    engine->input_type = HN_NEW_ARRAY(&engine->arena, const hn_type *, engine->n_input);
    const hn_type *unused;
    if (!engine->input_port || !engine->output_port || !engine->input_type) return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < engine->n_input; i++)
        HN_TRY(describe_port(engine, engine->input[i], diag, &engine->input_port[i], &engine->input_type[i]));
    for (int i = 0; i < engine->n_output; i++)
        HN_TRY(describe_port(engine, engine->output[i], diag, &engine->output_port[i], &unused));
    return HONE_OK;
}

int hn_engine_find_port(const hone_port *port, int n, const char *name) {
    for (int i = 0; name && i < n; i++)
        if (strcmp(port[i].name, name) == 0) return i;
    return -1;
}

int hone_engine_input_count(const hone_engine *engine) { return engine->n_input; }

int hone_engine_output_count(const hone_engine *engine) { return engine->n_output; }

hone_status hone_engine_input(const hone_engine *engine, int index, hone_port *out) {
    if (index < 0 || index >= engine->n_input || !out) return HONE_INVALID_ARGUMENT;
    *out = engine->input_port[index];
    return HONE_OK;
}

hone_status hone_engine_output(const hone_engine *engine, int index, hone_port *out) {
    if (index < 0 || index >= engine->n_output || !out) return HONE_INVALID_ARGUMENT;
    *out = engine->output_port[index];
    return HONE_OK;
}

int hone_engine_profile_count(const hone_engine *engine) { return (int)engine->plan.n_profile; }

hone_status hone_engine_profile_shape(const hone_engine *engine, int profile, int input, hone_profile_bound bound,
                                      int64_t *dim) {
    if (profile < 0 || profile >= hone_engine_profile_count(engine) || input < 0 || input >= engine->n_input || !dim)
        return HONE_INVALID_ARGUMENT;
    const hn_plan *plan = &engine->plan;
    const hn_plan_range *range = hn_plan_ranges(plan, (uint32_t)profile);
    const hn_plan_value *v = &plan->value[engine->input[input] - 1];
    for (int i = 0; i < v->rank; i++) {
        const hn_plan_expr *e = &plan->expr[v->dim[i]];
        const int s = hn_expr_code_symbol(plan->code + e->first, e->n);
        if (s < 0) dim[i] = engine->input_port[input].dim[i];
        else
            dim[i] = bound == HONE_PROFILE_MIN ? range[s].min : bound == HONE_PROFILE_OPT ? range[s].opt : range[s].max;
    }
    return HONE_OK;
}
