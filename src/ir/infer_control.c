/* Types and shapes through If, Loop, Scan and kept nodes: a body is inferred like any graph, its results are joined
 * with what comes in from outside until nothing changes. */
#include <string.h>
#include "ir/infer.h"

static hone_status expect_bodies(const hn_node *node, int n, hn_diag *diag) {
    if (node->n_body != n)
        HN_FAIL(diag, HONE_INVALID_MODEL, "%s needs %d bodies, has %d", node->op->name, n, node->n_body);
    return HONE_OK;
}

static hone_status expect_ports(const hn_node *node, const char *what, size_t have, int want, hn_diag *diag) {
    if (want >= 0 && have == (size_t)want) return HONE_OK;
    HN_FAIL(diag, HONE_INVALID_MODEL, "the body of %s has %zu %s where %d are needed", node->op->name, have, what,
            want);
}

static bool types_clash(const hn_type *a, const hn_type *b) { return a && b && !hn_type_same(a, b); }

/* A condition or a number of rounds. */
static hone_status expect_type(const hn_node *node, const hn_value *value, const char *what, hone_dtype dtype,
                               hn_diag *diag) {
    const hn_type *type = value ? value->info.type : NULL;
    if (!type || hn_type_same(type, hn_type_tensor(dtype))) return HONE_OK;
    HN_FAIL(diag, HONE_INVALID_MODEL, "the %s of %s is '%s' of type %s, where %s is needed", what, node->op->name,
            value->name, type->kind == HN_KIND_TENSOR ? hone_dtype_name(type->dtype) : "other than tensor",
            hone_dtype_name(dtype));
}

static void set_info(hn_value *value, const hn_type *type, const hn_shape *shape) {
    if (!value) return;
    value->info = (hn_info){.type = type, .shape = *shape};
}

/* ---- If ---- */

int hn_ir_known_condition(const hn_value *value) {
    if (!value) return -1;
    const hn_info *info = &value->info;
    if (info->data && info->data->dtype == HONE_BOOL && hn_tensor_count(info->data) == 1)
        return hn_tensor_int(info->data, 0) != 0;
    const bool single = info->shape.rank == 0 || (info->shape.rank == 1 && hn_dim_is(info->shape.dim[0], 1));
    if (!info->element || !single || !hn_dim_is_const(*info->element)) return -1;
    return info->element->value != 0;
}

static hone_status expect_branch(const hn_node *node, int branch, hn_diag *diag) {
    const hn_graph *body = node->body[branch];
    HN_TRY(expect_ports(node, "inputs", body->inputs.n, 0, diag));
    return expect_ports(node, "outputs", body->outputs.n, node->n_out, diag);
}

static hone_status infer_branch(hn_node *node, int branch, bool taken, hn_diag *diag) {
    /* Exporters leave branches behind that cannot work for the shapes at hand because they never run: no fault. */
    const hone_status status = hn_ir_infer_graph(node->body[branch], taken ? diag : NULL);
    return taken || status == HONE_OUT_OF_MEMORY ? status : HONE_OK;
}

static bool always_fails(const hn_graph *body) { return body->first && body->first->op->id == HN_OP_fail; }

/* Puts a node that fails with the first text of `why` in the place of all nodes of `body`. */
static hone_status give_up_branch(hn_graph *body, const hn_diag *why) {
    hn_model *model = body->model;
    hn_node *last = body->last;
    const hone_message *m = why->n ? &why->at[0] : NULL;
    hn_attr text = {.name = "text", .kind = HN_ATTR_STRING};
    text.s.data = m ? hn_arena_format(&model->arena, "%s (node '%s', %s)", m->text, m->node, m->op) : "";
    HN_TRY_ALLOC(text.s.data);
    text.s.n = strlen(text.s.data);
    bool ok = true;
    const hn_attrs attrs = hn_ir_attrs_set(model, (hn_attrs){0}, text, &ok);
    hn_node *fail = hn_ir_node(body, NULL, hn_op_at(HN_OP_fail), "cannot_work", attrs, 0, NULL, (int)body->outputs.n);
    if (!ok || !fail) return HONE_OUT_OF_MEMORY;
    for (int i = 0; i < fail->n_out; i++) {
        fail->out[i]->info.type = body->outputs.at[i]->info.type;
        hn_ir_set_output(body, i, fail->out[i]);
    }
    for (hn_node *n = last, *before; n; n = before) {
        before = n->prev;
        hn_ir_remove(n);
    }
    return model->failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}

/* With the shapes that a build fixes, a branch may turn out not to work that will never run, because its condition asks
 * about these shapes in a way that only running can tell. */
static hone_status infer_unsure(hn_node *node, hn_diag *diag) {
    hn_diag why[2];
    hone_status status[2];
    for (int b = 0; b < 2; b++) {
        hn_diag_init(&why[b], node->graph->model->arena.allocator);
        status[b] = hn_ir_infer_graph(node->body[b], &why[b]);
    }
    const int bad = status[0] != HONE_OK ? 0 : 1;
    hone_status result = HONE_OK;
    if (status[0] == HONE_OUT_OF_MEMORY || status[1] == HONE_OUT_OF_MEMORY) result = HONE_OUT_OF_MEMORY;
    else if (status[0] != HONE_OK && status[1] != HONE_OK) result = infer_branch(node, 0, true, diag);
    else if (status[bad] != HONE_OK && node->n_out > 0) result = give_up_branch(node->body[bad], &why[bad]);
    for (int b = 0; b < 2; b++) hn_diag_free(&why[b]);
    return result;
}

static hone_status infer_branches(hn_node *node, int known, hn_diag *diag) {
    HN_TRY(expect_branch(node, 0, diag));
    HN_TRY(expect_branch(node, 1, diag));
    if (known < 0 && node->graph->model->specialized) return infer_unsure(node, diag);
    for (int b = 0; b < 2; b++) HN_TRY(infer_branch(node, b, known < 0 || known == b, diag));
    return HONE_OK;
}

static hone_status infer_if(hn_node *node, hn_diag *diag) {
    HN_TRY(expect_bodies(node, 2, diag));
    HN_TRY(expect_type(node, node->in[0], "condition", HONE_BOOL, diag));
    const int condition = hn_ir_known_condition(node->in[0]);
    int known = condition < 0 ? -1 : !condition;
    HN_TRY(infer_branches(node, known, diag));
    for (int b = 0; b < 2; b++)
        if (known < 0 && always_fails(node->body[b])) known = !b;
    for (int i = 0; i < node->n_out; i++) {
        const hn_info *a = &node->body[known == 1]->outputs.at[i]->info;
        const hn_info *b = &node->body[known != 0]->outputs.at[i]->info;
        if (types_clash(a->type, b->type))
            HN_FAIL(diag, HONE_INVALID_MODEL, "output %d has different types in the two branches (%s and %s)", i,
                    hone_dtype_name(a->type->dtype), hone_dtype_name(b->type->dtype));
        const hn_shape joined = hn_ir_shape_join(&a->shape, &b->shape);
        set_info(node->out[i], a->type ? a->type : b->type, &joined);
    }
    return HONE_OK;
}

/* ---- Loop ---- */

#define PATIENCE 2 /* rounds; loops inside loops multiply them */

/* Shapes found in an earlier round must not fill the gaps of this one. */
static void forget_shapes(hn_graph *graph) {
    for (hn_node *n = graph->first; n; n = n->next) {
        for (int i = 0; i < n->n_body; i++) forget_shapes(n->body[i]);
        for (int i = 0; i < n->n_out; i++)
            if (n->out[i]) n->out[i]->info = (hn_info){.type = n->out[i]->info.type, .shape = hn_shape_unknown()};
    }
}

/* One round: body inputs carry `state`; *stable when the body gives back the same shapes. Otherwise the shapes are
 * widened, or with `give_up` nothing is said about them any more. */
static hone_status loop_round(hn_node *node, hn_shape *state, int n_state, bool give_up, bool *stable, hn_diag *diag) {
    hn_graph *body = node->body[0];
    for (int i = 0; i < n_state; i++) {
        hn_value *in = body->inputs.at[2 + i];
        const hn_type *type = node->in[2 + i] ? node->in[2 + i]->info.type : in->info.type;
        set_info(in, type, &state[i]);
    }
    forget_shapes(body);
    HN_TRY(hn_ir_infer_graph(body, diag));
    *stable = true;
    for (int i = 0; i < n_state; i++) {
        const hn_info *out = &body->outputs.at[1 + i]->info;
        const hn_shape joined = hn_ir_shape_join(&state[i], &out->shape);
        bool same = joined.rank == state[i].rank;
        for (int k = 0; same && k < joined.rank; k++)
            same = hn_dim_same(joined.dim[k], state[i].dim[k]) ||
                   (hn_dim_is_unknown(joined.dim[k]) && hn_dim_is_unknown(state[i].dim[k]));
        if (!same) *stable = false;
        state[i] = joined;
    }
    for (int i = 0; i < n_state && !*stable && give_up; i++) state[i] = hn_shape_unknown();
    return HONE_OK;
}

static void set_scan_output(hn_value *out, const hn_info *element, hn_dim length, int axis) {
    hn_shape shape = element->shape;
    if (shape.rank >= HONE_MAX_RANK) shape.rank = -1;
    if (shape.rank >= 0) {
        memmove(&shape.dim[axis + 1], &shape.dim[axis], (size_t)(shape.rank - axis) * sizeof shape.dim[0]);
        shape.dim[axis] = length;
        shape.rank++;
    }
    set_info(out, element->type, &shape);
}

static hone_status infer_loop(hn_node *node, hn_diag *diag) {
    HN_TRY(expect_bodies(node, 1, diag));
    hn_graph *body = node->body[0];
    const int n_state = node->n_in - 2, n_scan = (int)body->outputs.n - 1 - n_state;
    HN_TRY(expect_ports(node, "inputs", body->inputs.n, n_state + 2, diag));
    HN_TRY(expect_ports(node, "outputs", body->outputs.n, n_scan < 0 ? 1 + n_state : (int)body->outputs.n, diag));
    if (node->n_out > n_state + n_scan)
        HN_FAIL(diag, HONE_INVALID_MODEL, "Loop has %d outputs, its body provides %d", node->n_out, n_state + n_scan);
    HN_TRY(expect_type(node, node->in[0], "number of rounds", HONE_INT64, diag));
    HN_TRY(expect_type(node, node->in[1], "condition", HONE_BOOL, diag));
    hn_shape scalar = {.rank = 0};
    set_info(body->inputs.at[0], hn_type_tensor(HONE_INT64), &scalar);
    set_info(body->inputs.at[1], hn_type_tensor(HONE_BOOL), &scalar);
    hn_arena scratch;
    hn_arena_init(&scratch, node->graph->model->arena.allocator);
    hn_shape *state = HN_NEW_ARRAY(&scratch, hn_shape, n_state);
    hone_status status = state ? HONE_OK : HONE_OUT_OF_MEMORY;
    for (int i = 0; state && i < n_state; i++)
        state[i] = node->in[2 + i] ? node->in[2 + i]->info.shape : hn_shape_unknown();
    /* Each round that is not stable widens a dimension or a rank, so the rounds are bounded. */
    bool stable = false;
    for (int round = 0; status == HONE_OK && !stable && round <= n_state * (HONE_MAX_RANK + 1); round++)
        status = loop_round(node, state, n_state, round >= PATIENCE, &stable, diag);
    for (int i = 0; status == HONE_OK && i < node->n_out; i++) {
        const hn_info *out = &body->outputs.at[1 + i]->info;
        if (i < n_state) set_info(node->out[i], out->type, &state[i]);
        else if (node->out[i]) set_scan_output(node->out[i], out, HN_UNKNOWN_DIM, 0);
    }
    hn_arena_free(&scratch);
    return status;
}

/* ---- Scan ---- */

static hone_status scan_axis(const hn_node *node, const char *name, int i, int rank, int *axis, hn_diag *diag) {
    int n;
    const int64_t *list = hn_attrs_ints(node->attrs, name, &n);
    int64_t value = list && i < n ? list[i] : 0;
    if (rank >= 0 && (value < -rank || value >= rank))
        HN_FAIL(diag, HONE_INVALID_MODEL, "%s[%d] is %lld, outside rank %d", name, i, (long long)value, rank);
    *axis = (int)(value < 0 && rank >= 0 ? value + rank : value);
    return HONE_OK;
}

/* The element that a scan input gives to the body: its shape without the scanned axis. */
static hone_status scan_input(const hn_node *node, int i, int port, hn_dim *length, hn_diag *diag) {
    const hn_value *from = node->in[port];
    hn_value *to = node->body[0]->inputs.at[port];
    if (!from) HN_FAIL(diag, HONE_INVALID_MODEL, "input %d of Scan is missing", port);
    hn_shape shape = from->info.shape;
    int axis;
    HN_TRY(scan_axis(node, "scan_input_axes", i, shape.rank, &axis, diag));
    if (shape.rank == 0) HN_FAIL(diag, HONE_INVALID_MODEL, "scan input '%s' is a scalar", from->name);
    if (shape.rank > 0) {
        *length = shape.dim[axis];
        memmove(&shape.dim[axis], &shape.dim[axis + 1], (size_t)(shape.rank - axis - 1) * sizeof shape.dim[0]);
        shape.rank--;
    }
    set_info(to, from->info.type, &shape);
    return HONE_OK;
}

/* ONNX requires states to keep their shape. */
static hone_status check_state(const hn_node *node, int i, hn_diag *diag) {
    const hn_shape *before = &node->body[0]->inputs.at[i]->info.shape;
    const hn_shape *after = &node->body[0]->outputs.at[i]->info.shape;
    if (before->rank < 0 || after->rank < 0) return HONE_OK;
    if (before->rank != after->rank)
        HN_FAIL(diag, HONE_INVALID_MODEL, "state %d of Scan has rank %d, the body makes rank %d of it", i, before->rank,
                after->rank);
    for (int d = 0; d < before->rank; d++)
        if (hn_dim_is_const(before->dim[d]) && hn_dim_is_const(after->dim[d]) &&
            before->dim[d].value != after->dim[d].value)
            HN_FAIL(diag, HONE_INVALID_MODEL, "axis %d of state %d of Scan has %lld elements, the body makes it %lld",
                    d, i, (long long)before->dim[d].value, (long long)after->dim[d].value);
    return HONE_OK;
}

static hone_status infer_scan(hn_node *node, hn_diag *diag) {
    HN_TRY(expect_bodies(node, 1, diag));
    hn_graph *body = node->body[0];
    const int64_t n_scan = hn_attrs_int(node->attrs, "num_scan_inputs", 0);
    const int64_t n_state = node->n_in - n_scan;
    if (n_scan < 1 || n_state < 0)
        HN_FAIL(diag, HONE_INVALID_MODEL, "num_scan_inputs is %lld with %d inputs", (long long)n_scan, node->n_in);
    HN_TRY(expect_ports(node, "inputs", body->inputs.n, node->n_in, diag));
    HN_TRY(expect_ports(node, "outputs", body->outputs.n, node->n_out, diag));
    if (node->n_out < n_state) HN_FAIL(diag, HONE_INVALID_MODEL, "Scan has fewer outputs than states");
    hn_dim length = HN_UNKNOWN_DIM;
    for (int i = 0; i < (int)n_state; i++)
        set_info(body->inputs.at[i], node->in[i] ? node->in[i]->info.type : NULL,
                 node->in[i] ? &node->in[i]->info.shape : &(hn_shape){.rank = -1});
    for (int i = 0; i < (int)n_scan; i++) HN_TRY(scan_input(node, i, (int)n_state + i, &length, diag));
    HN_TRY(hn_ir_infer_graph(body, diag));
    for (int i = 0; i < (int)n_state; i++) HN_TRY(check_state(node, i, diag));
    for (int i = 0; i < node->n_out; i++) {
        const hn_info *out = &body->outputs.at[i]->info;
        if (!node->out[i]) continue;
        if (i < n_state) {
            set_info(node->out[i], out->type, &out->shape);
            continue;
        }
        int axis;
        const int rank = out->shape.rank;
        HN_TRY(scan_axis(node, "scan_output_axes", i - (int)n_state, rank < 0 ? -1 : rank + 1, &axis, diag));
        set_scan_output(node->out[i], out, length, axis);
    }
    return HONE_OK;
}

/* ---- kept nodes ---- */

/* Bodies that attributes of such a node name run under rules that nobody knows: what can be told is. */
static hone_status infer_kept(hn_node *node, hn_diag *diag) {
    const hn_graph *meaning = hn_ir_meaning(node);
    size_t k = 0;
    for (int i = 0; i < node->n_body; i++) {
        const bool known = node->body[i] == meaning;
        const hone_status status = hn_ir_infer_graph(node->body[i], known ? diag : NULL);
        if (status == HONE_OUT_OF_MEMORY || (known && status != HONE_OK)) return status;
    }
    for (int i = 0; meaning && i < node->n_out; i++) {
        if (!node->out[i]) continue;
        node->out[i]->info = meaning->outputs.at[k++]->info;
        node->out[i]->info.data = NULL;
    }
    return HONE_OK;
}

hone_status hn_ir_infer_control(hn_node *node, hn_diag *diag) {
    switch (node->op->id) {
    case HN_OP_kept:
        return infer_kept(node, diag);
    case HN_OP_if_:
        return infer_if(node, diag);
    case HN_OP_loop:
        return infer_loop(node, diag);
    case HN_OP_scan:
        return infer_scan(node, diag);
    default:
        HN_FAIL(diag, HONE_INTERNAL, "operator %s is not control flow", node->op->name);
    }
}
