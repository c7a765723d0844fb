/* The model of a simplification: reading it, fixing shapes of inputs, dropping outputs, counting. */
#include <inttypes.h>
#include <string.h>
#include "builder/simplify_steps.h"
#include "frontend/onnx/onnx.h"

/* ---- counting ---- */

static hone_status operator_named(hn_simplify *s, const char *name, hn_simplify_operator **out) {
    for (size_t i = 0; i < s->operators.n; i++) {
        *out = s->operators.at[i];
        if (strcmp((*out)->name, name) == 0) return HONE_OK;
    }
    *out = HN_NEW(&s->arena, hn_simplify_operator);
    HN_TRY_ALLOC(*out);
    (*out)->name = hn_arena_string(&s->arena, name, strlen(name));
    return (*out)->name && hn_vec_push(&s->arena, &s->operators, *out) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

typedef struct tally {
    hn_simplify *s;
    int64_t nodes, op[HN_OP_COUNT];
    bool after;
} tally;

/* What a kept node means is not in the file. */
static hone_status count(tally *t, const hn_graph *graph) {
    for (const hn_node *node = graph->first; node; node = node->next) {
        const hn_graph *meaning = hn_ir_meaning(node);
        t->nodes++;
        if (node->op == hn_op_at(node->op->id)) t->op[node->op->id]++;
        else {
            hn_simplify_operator *other;
            HN_TRY(operator_named(t->s, node->op->name, &other));
            *(t->after ? &other->after : &other->before) += 1;
        }
        for (int i = 0; i < node->n_body; i++)
            if (node->body[i] != meaning) HN_TRY(count(t, node->body[i]));
    }
    for (size_t i = 0; i < graph->outputs.n; i++) t->nodes += hn_ir_is_constant(graph->outputs.at[i]); /* of Constant */
    return HONE_OK;
}

hone_status hn_simplify_count(hn_simplify *s, const hn_model *model, bool after) {
    tally t = {.s = s, .after = after};
    hn_simplify_counts *counts = after ? &s->after : &s->before;
    for (size_t i = s->operators.n; i < HN_OP_COUNT; i++) {
        hn_simplify_operator *known;
        HN_TRY(operator_named(s, hn_op_at((hn_op_id)i)->name, &known));
    }
    for (size_t i = 0; i < s->operators.n; i++) *(after ? &s->operators.at[i]->after : &s->operators.at[i]->before) = 0;
    HN_TRY(count(&t, model->main));
    for (int i = 0; i < HN_OP_COUNT; i++) *(after ? &s->operators.at[i]->after : &s->operators.at[i]->before) = t.op[i];
    counts->nodes = t.nodes;
    return HONE_OK;
}

uint64_t hn_simplify_bytes(const hn_model *model) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < model->files.n; i++) bytes += model->files.at[i].size;
    return bytes;
}

/* ---- shapes ---- */

static const char *port_names(hn_simplify *s, hn_value *const *port, size_t n) {
    hn_str names;
    hn_str_init(&names, &s->arena);
    for (size_t i = 0; i < n; i++) hn_str_add(&names, "%s'%s'", i ? ", " : "", port[i]->name);
    const char *text = hn_str_text(&names);
    return text ? text : "";
}

static hone_status find_input(hn_simplify *s, const hn_model *model, const char *name, hn_value **out) {
    const hn_graph *main = model->main;
    for (size_t i = 0; i < main->inputs.n; i++) {
        *out = main->inputs.at[i];
        if (name ? strcmp((*out)->name, name) == 0 : main->inputs.n == 1) return HONE_OK;
    }
    HN_FAIL(s->diag, HONE_INVALID_ARGUMENT, "%s%s%s; its inputs are %s",
            name ? "the model has no input '" : "a shape without a name is for models with one input", name ? name : "",
            name ? "'" : "", port_names(s, main->inputs.at, main->inputs.n));
}

/* Number of a dim that is a plain symbol, or -1. */
static int symbol_of(hn_expr_pool *pool, hn_dim dim) {
    if (hn_dim_is_const(dim) || hn_dim_has_unknown(dim)) return -1;
    for (int i = 0; i < hn_expr_symbol_count(pool); i++)
        if (hn_dim_same(dim, hn_expr_symbol(pool, hn_expr_symbol_name(pool, i)))) return i;
    return -1;
}

static hone_status fix_shape(hn_simplify *s, hn_model *model, const hone_named_shape *shape, hn_dim *replacement) {
    hn_value *input = NULL;
    HN_TRY(find_input(s, model, shape->name, &input));
    hn_shape *known = &input->info.shape;
    if (known->rank >= 0 && known->rank != shape->rank)
        HN_FAIL(s->diag, HONE_INVALID_ARGUMENT, "input '%s' has rank %d; the shape given has %d dimensions",
                input->name, known->rank, shape->rank);
    for (int i = 0; i < shape->rank; i++) {
        const int symbol = known->rank < 0 ? -1 : symbol_of(model->exprs, known->dim[i]);
        if (shape->dim[i] < 0)
            HN_FAIL(s->diag, HONE_INVALID_ARGUMENT, "dimension %d of input '%s' is to be %" PRId64, i, input->name,
                    shape->dim[i]);
        if (symbol >= 0 && hn_dim_is_const(replacement[symbol]) && replacement[symbol].value != shape->dim[i])
            HN_FAIL(s->diag, HONE_INVALID_ARGUMENT,
                    "dimension %d of input '%s' is to be %" PRId64 ", but its symbol '%s' is %" PRId64 " elsewhere", i,
                    input->name, shape->dim[i], hn_expr_symbol_name(model->exprs, symbol), replacement[symbol].value);
        if (symbol >= 0) replacement[symbol] = hn_dim_const(shape->dim[i]);
        known->dim[i] = hn_dim_const(shape->dim[i]);
    }
    known->rank = shape->rank;
    return HONE_OK;
}

/* What was inferred came from the old shapes. */
static void forget_shapes(hn_graph *graph) {
    for (hn_node *node = graph->first; node; node = node->next) {
        for (int i = 0; i < node->n_out; i++) {
            if (!node->out[i]) continue;
            node->out[i]->info.shape = hn_shape_unknown();
            node->out[i]->info.element = NULL;
        }
        for (int i = 0; i < node->n_body; i++) {
            const hn_graph *body = node->body[i];
            for (size_t k = 0; k < body->inputs.n; k++) body->inputs.at[k]->info.shape = hn_shape_unknown();
            forget_shapes(node->body[i]);
        }
    }
}

static hone_status fix_shapes(hn_simplify *s, hn_model *model) {
    const int n_symbols = hn_expr_symbol_count(model->exprs);
    hn_dim *replacement = HN_NEW_ARRAY(&s->arena, hn_dim, n_symbols);
    HN_TRY_ALLOC(replacement);
    if (!s->options.n_shape) return HONE_OK;
    model->reshaped = true;
    for (int i = 0; i < n_symbols; i++) replacement[i] = HN_UNKNOWN_DIM;
    for (int i = 0; i < s->options.n_shape; i++) HN_TRY(fix_shape(s, model, &s->options.shape[i], replacement));
    for (size_t i = 0; i < model->main->inputs.n; i++) {
        hn_shape *known = &model->main->inputs.at[i]->info.shape;
        for (int k = 0; k < known->rank; k++)
            known->dim[k] = hn_dim_substitute(model->exprs, known->dim[k], replacement, n_symbols);
    }
    forget_shapes(model->main);
    return hn_ir_infer(model, s->diag);
}

/* ---- outputs ---- */

static hone_status drop_output(hn_simplify *s, hn_model *model, const char *name) {
    hn_graph *main = model->main;
    for (size_t i = 0; i < main->outputs.n; i++) {
        if (strcmp(main->outputs.at[i]->name, name) != 0) continue;
        if (main->outputs.n == 1)
            HN_FAIL(s->diag, HONE_INVALID_ARGUMENT, "without its output '%s' the model would have none", name);
        hn_ir_remove_output(main, (int)i);
        return HONE_OK;
    }
    HN_FAIL(s->diag, HONE_INVALID_ARGUMENT, "the model has no output '%s'; its outputs are %s", name,
            port_names(s, main->outputs.at, main->outputs.n));
}

/* Names that the check speaks of must be there. */
static hone_status check_names(hn_simplify *s, const hn_model *model) {
    hn_value *unused;
    for (int i = 0; i < s->options.n_test_shape; i++)
        HN_TRY(find_input(s, model, s->options.test_shape[i].name, &unused));
    for (int i = 0; i < s->options.n_input; i++) HN_TRY(find_input(s, model, s->options.input[i].name, &unused));
    return HONE_OK;
}

static hone_status prepare(hn_simplify *s, hn_model *model) {
    HN_TRY(check_names(s, model));
    for (int i = 0; i < s->options.n_unused_output; i++) HN_TRY(drop_output(s, model, s->options.unused_output[i]));
    HN_TRY(fix_shapes(s, model));
    return model->failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

hone_status hn_simplify_load(hn_simplify *s, bool for_file, hn_model **out) {
    const hn_onnx_load_options how = {.plugins = s->options.plugins,
                                      .for_file = for_file,
                                      .expand = s->expand,
                                      .opset = s->options.opset,
                                      .sort = true};
    HN_TRY(hn_onnx_load_with(s->in, &how, s->options.allocator, out, s->diag));
    const hone_status status = prepare(s, *out);
    if (status != HONE_OK) hn_model_destroy(out);
    return status;
}
