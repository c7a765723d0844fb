/* Optimization profiles: from input shapes to ranges of symbols. */
#include <inttypes.h>
#include <string.h>
#include "builder/builder.h"

static const hn_profile_range *find_range(const hn_build *build, int profile, const char *input) {
    if (!build->config) return NULL;
    for (size_t i = 0; i < build->config->ranges.n; i++) {
        const hn_profile_range *r = &build->config->ranges.at[i];
        if (r->profile == profile && strcmp(r->input, input) == 0) return r;
    }
    return NULL;
}

static const hn_value *find_input(const hn_build *build, const char *name) {
    const hn_graph *main = build->model->main;
    for (size_t i = 0; i < main->inputs.n; i++)
        if (strcmp(main->inputs.at[i]->name, name) == 0) return main->inputs.at[i];
    return NULL;
}

static hone_status check_range_against(const hn_build *build, const hn_profile_range *r) {
    const hn_value *input = find_input(build, r->input);
    if (!input) {
        hn_str names;
        hn_str_init(&names, &build->model->arena);
        for (size_t i = 0; i < build->model->main->inputs.n; i++)
            hn_str_add(&names, "%s%s", i ? ", " : "", build->model->main->inputs.at[i]->name);
        HN_FAIL(build->diag, HONE_INVALID_ARGUMENT, "the model has no input '%s'; its inputs are: %s", r->input,
                hn_str_text(&names) ? hn_str_text(&names) : "");
    }
    const hn_shape *s = &input->info.shape;
    if (s->rank >= 0 && s->rank != r->rank)
        HN_FAIL(build->diag, HONE_INVALID_ARGUMENT, "input '%s' has rank %d, the profile gives %d dimensions", r->input,
                s->rank, r->rank);
    for (int i = 0; i < s->rank; i++)
        if (hn_dim_is_const(s->dim[i]) && (r->min[i] != s->dim[i].value || r->max[i] != s->dim[i].value))
            HN_FAIL(build->diag, HONE_INVALID_ARGUMENT,
                    "dimension %d of input '%s' is fixed at %" PRId64 ", the profile asks for %" PRId64 " to %" PRId64,
                    i, r->input, s->dim[i].value, r->min[i], r->max[i]);
    return HONE_OK;
}

/* Symbol number of a dim that is a plain symbol, or -1. */
static int symbol_of(const hn_build *build, hn_dim d) {
    for (int s = 0; s < hn_expr_symbol_count(build->model->exprs); s++)
        if (hn_dim_same(d, hn_expr_symbol(build->model->exprs, hn_expr_symbol_name(build->model->exprs, s)))) return s;
    return -1;
}

static hone_status clash(const hn_build *build, int profile, const char *input, int i, const char *symbol) {
    HN_FAIL(build->diag, HONE_INVALID_ARGUMENT,
            "profile %d: dimension %d of input '%s' contradicts another dimension with the same symbol '%s'", profile,
            i, input, symbol);
}

/* Ranges of one profile from the inputs it names; the rest stays unbounded. */
static hone_status fill_profile(hn_build *build, int profile, hn_plan_range *range) {
    const hn_graph *main = build->model->main;
    for (int s = 0; s < build->n_symbol; s++) range[s] = (hn_plan_range){0, 1, -1};
    for (size_t n = 0; n < main->inputs.n; n++) {
        const hn_value *input = main->inputs.at[n];
        const hn_profile_range *r = find_range(build, profile, input->name);
        for (int i = 0; r && i < input->info.shape.rank; i++) {
            const int s = symbol_of(build, input->info.shape.dim[i]);
            if (s < 0) continue;
            const hn_plan_range mine = {r->min[i], r->opt[i], r->max[i]};
            if (range[s].max >= 0 && memcmp(&range[s], &mine, sizeof mine) != 0)
                return clash(build, profile, input->name, i, hn_expr_symbol_name(build->model->exprs, s));
            range[s] = mine;
        }
    }
    return HONE_OK;
}

static hone_status allocate_ranges(hn_build *build) {
    build->n_symbol = hn_expr_symbol_count(build->model->exprs);
    build->n_profile = build->config && build->config->n_profile ? build->config->n_profile : 1;
    const size_t symbols = (size_t)build->n_symbol;
    build->range = HN_NEW_ARRAY(&build->arena, hn_plan_range, symbols * (size_t)build->n_profile);
    build->bounded = HN_NEW_ARRAY(&build->arena, bool, build->n_profile);
    build->low = HN_NEW_ARRAY(&build->arena, int64_t, symbols);
    build->best = HN_NEW_ARRAY(&build->arena, int64_t, symbols);
    build->high = HN_NEW_ARRAY(&build->arena, int64_t, symbols);
    return build->range && build->bounded && build->low && build->best && build->high ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static bool is_input_symbol(const hn_build *build, int s) {
    const hn_graph *main = build->model->main;
    for (size_t n = 0; n < main->inputs.n; n++)
        for (int i = 0; i < main->inputs.at[n]->info.shape.rank; i++)
            if (symbol_of(build, main->inputs.at[n]->info.shape.dim[i]) == s) return true;
    return false;
}

hone_status hn_build_profiles(hn_build *build) {
    HN_TRY(allocate_ranges(build));
    for (int s = 0; s < build->n_symbol; s++) build->low[s] = INT64_MAX;
    for (int p = 0; p < build->n_profile; p++) {
        hn_plan_range *range = build->range + (size_t)p * (size_t)build->n_symbol;
        HN_TRY(fill_profile(build, p, range));
        build->bounded[p] = true;
        for (int s = 0; s < build->n_symbol; s++) {
            /* A symbol that no input has any more (fixed, or of a hint only) bounds nothing. */
            if (!is_input_symbol(build, s)) range[s] = (hn_plan_range){0, 0, 0};
            if (range[s].max < 0) build->bounded[p] = false;
            if (range[s].min < build->low[s]) build->low[s] = range[s].min;
            if (p == 0) build->best[s] = range[s].opt;
            if (range[s].max < 0 || build->high[s] < 0) build->high[s] = -1;
            else if (range[s].max > build->high[s]) build->high[s] = range[s].max;
        }
    }
    return HONE_OK;
}

static void substitute_graph(hn_expr_pool *pool, hn_graph *graph, const hn_dim *replacement, int n);

static void substitute_value(hn_expr_pool *pool, hn_value *value, const hn_dim *replacement, int n) {
    hn_info *info = &value->info;
    for (int i = 0; i < info->shape.rank; i++)
        info->shape.dim[i] = hn_dim_substitute(pool, info->shape.dim[i], replacement, n);
    if (!info->data) info->element = NULL; /* inference finds them again */
}

static void substitute_graph(hn_expr_pool *pool, hn_graph *graph, const hn_dim *replacement, int n) {
    for (size_t i = 0; i < graph->inputs.n; i++) substitute_value(pool, graph->inputs.at[i], replacement, n);
    for (hn_node *node = graph->first; node; node = node->next) {
        for (int i = 0; i < node->n_out; i++)
            if (node->out[i]) substitute_value(pool, node->out[i], replacement, n);
        for (int i = 0; i < node->n_body; i++) substitute_graph(pool, node->body[i], replacement, n);
    }
}

/* An input of unknown rank, or with a dim that is no symbol, gets fresh symbols, so that every input dim can be bound.
 */
static hone_status name_input_dims(hn_build *build) {
    const hn_graph *main = build->model->main;
    for (size_t n = 0; n < main->inputs.n; n++) {
        const hn_type *type = main->inputs.at[n]->info.type;
        hn_shape *s = &main->inputs.at[n]->info.shape;
        if (type && type->kind > HN_KIND_TENSOR) continue;
        if (s->rank < 0) {
            const hn_profile_range *r = find_range(build, 0, main->inputs.at[n]->name);
            if (!r)
                HN_FAIL(build->diag, HONE_INVALID_ARGUMENT,
                        "input '%s' has no declared rank: give its shape with --shapes", main->inputs.at[n]->name);
            s->rank = r->rank;
            for (int i = 0; i < s->rank; i++) s->dim[i] = HN_UNKNOWN_DIM;
        }
        for (int i = 0; i < s->rank; i++) {
            if (hn_dim_is_const(s->dim[i]) || symbol_of(build, s->dim[i]) >= 0) continue;
            const char *name = hn_arena_format(&build->arena, "%s_d%d", main->inputs.at[n]->name, i);
            HN_TRY_ALLOC(name);
            s->dim[i] = hn_expr_symbol(build->model->exprs, name);
        }
    }
    return HONE_OK;
}

hone_status hn_build_specialize(hn_build *build) {
    for (size_t i = 0; build->config && i < build->config->ranges.n; i++)
        HN_TRY(check_range_against(build, &build->config->ranges.at[i]));
    HN_TRY(name_input_dims(build));
    HN_TRY(hn_build_profiles(build));
    hn_expr_pool *pool = build->model->exprs;
    hn_dim *replacement = HN_NEW_ARRAY(&build->arena, hn_dim, build->n_symbol);
    HN_TRY_ALLOC(replacement);
    for (int s = 0; s < build->n_symbol; s++) {
        const bool fixed = build->high[s] >= 0 && build->low[s] == build->high[s] && is_input_symbol(build, s);
        replacement[s] = fixed ? hn_dim_const(build->low[s]) : HN_UNKNOWN_DIM;
        hn_expr_set_bounds(pool, s, build->low[s], build->high[s] < 0 ? INT64_MAX : build->high[s]);
    }
    substitute_graph(pool, build->model->main, replacement, build->n_symbol);
    build->model->specialized = true;
    return hn_ir_infer(build->model, build->diag);
}
