/* Runs a model by the references of its operators, step by step: the judge of what passes do. Small on purpose: If,
 * Loop without scan outputs, groups and everything that has inference and a reference. Included by pass_test.c only. */
#include <math.h>
#include <string.h>
#include "base/dtype.h"
#include "ir/graph.h"
#include "ops/block.h"

typedef struct interpreter {
    const hn_model *model;
    hn_arena arena;
    hn_tensor *value; /* per id */
    int64_t *symbol;  /* values of the dimensions */
    int n_symbol;
    hn_diag *diag;
} interpreter;

static hone_status run_graph(interpreter *it, const hn_graph *graph);

/* Numbers that depend on the name and the place only, so the same model gets the same inputs before and after a pass.
 */
static void fill_input(hn_tensor *t, const char *name) {
    const uint64_t key = hn_hash(name, strlen(name), 7);
    const int64_t n = hn_tensor_count(t);
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits = hn_hash(&i, sizeof i, key);
        if (hn_dtype_is_float(t->dtype)) {
            const double real = (double)(bits >> 40) / (double)(1 << 23) - 1;
            hn_block_store_f64(t, i, &real, 1);
        } else {
            const int64_t whole = (int64_t)(bits % (t->dtype == HONE_BOOL ? 2 : 4));
            hn_block_store_i64(t, i, &whole, 1);
        }
    }
}

static hone_status make_room(interpreter *it, hn_tensor *t) {
    const size_t bytes = hn_tensor_bytes(t);
    t->data = bytes == SIZE_MAX ? NULL : hn_arena_alloc_aligned(&it->arena, bytes, 64);
    return t->data ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status resize(hn_call *call, int out, int rank, const int64_t *dim) {
    hn_tensor_set_shape(call->out[out], rank, dim);
    return make_room(call->owner, call->out[out]);
}

static const hn_tensor *tensor_of(const interpreter *it, const hn_value *value) {
    if (!value) return NULL;
    return hn_ir_is_constant(value) ? value->info.data : &it->value[value->id];
}

static hone_status run_dims(interpreter *it, const hn_node *node) {
    const hn_attr *dims = hn_attrs_find(node->attrs, "dims");
    hn_tensor *t = &it->value[node->out[0]->id];
    const int64_t n = dims->n;
    *t = (hn_tensor){.dtype = (hone_dtype)hn_attrs_int(node->attrs, "dtype", HONE_INT64)};
    hn_tensor_set_shape(t, hn_attrs_int(node->attrs, "scalar", 0) ? 0 : 1, &n);
    HN_TRY(make_room(it, t));
    for (int64_t i = 0; i < n; i++) {
        int64_t number;
        if (!hn_dim_eval(dims->dims[i], it->symbol, it->n_symbol, &number))
            HN_FAIL(it->diag, HONE_INTERNAL, "a dim of %s has no value", node->name);
        hn_block_store_i64(t, i, &number, 1);
    }
    return HONE_OK;
}

static hone_status run_plain(interpreter *it, const hn_node *node) {
    hn_info *in = HN_NEW_ARRAY(&it->arena, hn_info, node->n_in), *out = HN_NEW_ARRAY(&it->arena, hn_info, node->n_out);
    const hn_tensor **from = HN_NEW_ARRAY(&it->arena, const hn_tensor *, node->n_in);
    hn_tensor **to = HN_NEW_ARRAY(&it->arena, hn_tensor *, node->n_out);
    if (!in || !out || !from || !to) return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < node->n_in; i++) {
        from[i] = tensor_of(it, node->in[i]);
        if (from[i])
            in[i] = (hn_info){
                .type = hn_type_tensor(from[i]->dtype), .shape = hn_shape_of_tensor(from[i]), .data = from[i]};
    }
    hn_infer infer = {node->op, node->attrs, node->n_in, node->n_out, in, out, NULL, it->diag};
    HN_TRY(node->op->infer(&infer));
    hn_call call = {
        .op = node->op, .attrs = node->attrs, .n_in = node->n_in, .n_out = node->n_out, .in = from, .out = to};
    call.resize = resize;
    call.owner = it;
    call.scratch = &it->arena;
    call.diag = it->diag;
    for (int i = 0; i < node->n_out; i++) {
        int64_t dim[HONE_MAX_RANK];
        if (!node->out[i]) continue;
        to[i] = &it->value[node->out[i]->id];
        *to[i] = (hn_tensor){.dtype = out[i].type->dtype, .rank = out[i].shape.rank};
        if (node->op->facts & HN_DATA_SHAPE) continue;
        if (!hn_shape_constant(&out[i].shape, dim)) HN_FAIL(it->diag, HONE_INTERNAL, "%s: size unknown", node->name);
        HN_TRY(resize(&call, i, out[i].shape.rank, dim));
    }
    return node->op->ref(&call);
}

static void bind(interpreter *it, const hn_value *to, const hn_value *from) {
    if (to) it->value[to->id] = *tensor_of(it, from);
}

static hone_status run_if(interpreter *it, const hn_node *node) {
    const bool taken = hn_tensor_int(tensor_of(it, node->in[0]), 0) != 0;
    const hn_attr *branch = hn_attrs_find(node->attrs, taken ? "then_branch" : "else_branch");
    const hn_graph *body = node->body[branch->i];
    HN_TRY(run_graph(it, body));
    for (int i = 0; i < node->n_out; i++) bind(it, node->out[i], body->outputs.at[i]);
    return HONE_OK;
}

static hone_status run_loop(interpreter *it, const hn_node *node) {
    const hn_graph *body = node->body[0];
    const int n_state = node->n_in - 2;
    int64_t trips = node->in[0] ? hn_tensor_int(tensor_of(it, node->in[0]), 0) : INT64_MAX;
    bool more = !node->in[1] || hn_tensor_int(tensor_of(it, node->in[1]), 0);
    for (int i = 0; i < n_state; i++) bind(it, body->inputs.at[2 + i], node->in[2 + i]);
    for (int64_t round = 0; more && round < trips; round++) {
        hn_tensor number = {.dtype = HONE_INT64}, condition = {.dtype = HONE_BOOL};
        hn_tensor_set_shape(&number, 0, NULL);
        hn_tensor_set_shape(&condition, 0, NULL);
        HN_TRY(make_room(it, &number));
        HN_TRY(make_room(it, &condition));
        *(int64_t *)number.data = round;
        *(uint8_t *)condition.data = 1;
        it->value[body->inputs.at[0]->id] = number;
        it->value[body->inputs.at[1]->id] = condition;
        HN_TRY(run_graph(it, body));
        more = hn_tensor_int(tensor_of(it, body->outputs.at[0]), 0) != 0;
        for (int i = 0; i < n_state; i++) bind(it, body->inputs.at[2 + i], body->outputs.at[1 + i]);
    }
    for (int i = 0; i < n_state && i < node->n_out; i++) bind(it, node->out[i], body->inputs.at[2 + i]);
    return HONE_OK;
}

static hone_status run_group(interpreter *it, const hn_node *node) {
    const hn_graph *body = node->body[0];
    for (int i = 0; i < node->n_in; i++) bind(it, body->inputs.at[i], node->in[i]);
    HN_TRY(run_graph(it, body));
    for (int i = 0; i < node->n_out; i++) bind(it, node->out[i], body->outputs.at[i]);
    return HONE_OK;
}

static hone_status run_node(interpreter *it, const hn_node *node) {
    switch (node->op->id) {
    case HN_OP_shape_value:
        return run_dims(it, node);
    case HN_OP_if_:
        return run_if(it, node);
    case HN_OP_loop:
        return run_loop(it, node);
    case HN_OP_group:
        return run_group(it, node);
    default:
        return run_plain(it, node);
    }
}

static hone_status run_graph(interpreter *it, const hn_graph *graph) {
    for (const hn_node *node = graph->first; node; node = node->next) {
        const hone_status status = run_node(it, node);
        if (status != HONE_OK) {
            hn_diag_add(it->diag, HONE_ERROR, status, "node %s (%s) does not run", node->name, node->op->name);
            return status;
        }
    }
    return HONE_OK;
}

static hone_status make_input(interpreter *it, const hn_value *input) {
    hn_tensor *t = &it->value[input->id];
    int64_t dim[HONE_MAX_RANK];
    *t = (hn_tensor){.dtype = input->info.type->dtype};
    for (int i = 0; i < input->info.shape.rank; i++)
        if (!hn_dim_eval(input->info.shape.dim[i], it->symbol, it->n_symbol, &dim[i])) return HONE_INVALID_ARGUMENT;
    hn_tensor_set_shape(t, input->info.shape.rank, dim);
    HN_TRY(make_room(it, t));
    fill_input(t, input->name);
    return HONE_OK;
}

/* Runs the main graph on inputs made from their names; symbol number i is `symbols` + i. */
static hone_status interpret(interpreter *it, const hn_model *model, int64_t symbols, hn_diag *diag) {
    *it = (interpreter){.model = model, .diag = diag};
    hn_arena_init(&it->arena, NULL);
    it->n_symbol = hn_expr_symbol_count(model->exprs);
    it->symbol = HN_NEW_ARRAY(&it->arena, int64_t, it->n_symbol);
    it->value = HN_NEW_ARRAY(&it->arena, hn_tensor, (size_t)model->next_id + 1);
    if (!it->symbol || !it->value) return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < it->n_symbol; i++) it->symbol[i] = symbols + i;
    for (size_t i = 0; i < model->main->inputs.n; i++) HN_TRY(make_input(it, model->main->inputs.at[i]));
    return run_graph(it, model->main);
}

/* Same type and dims, and elements that differ by rounding only. */
static bool same_result(const hn_tensor *a, const hn_tensor *b, double tolerance, double *worst) {
    if (a->dtype != b->dtype || a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return false;
    const int64_t n = hn_tensor_count(a);
    for (int64_t i = 0; i < n; i++) {
        const double x = hn_tensor_real(a, i), y = hn_tensor_real(b, i);
        if (isnan(x) && isnan(y)) continue;
        const double error = x == y ? 0 : fabs(x - y) / (1 + fabs(y));
        if (!(error <= *worst)) *worst = error;
        if (!(error <= tolerance)) return false;
    }
    return true;
}
