/* Sizes that a chain of nodes computes from shapes are taken from a value that has them: where some value in front has
 * dimensions equal to the numbers that are wanted, Shape of it (with constants and other such pieces beside it) stands
 * in for the chain when that takes fewer nodes. For model files; plans know sizes as expressions. */
#include "passes/pipeline.h"
#include "passes/rewrite.h"

#define MOST_SIZES       HONE_MAX_RANK
#define MOST_OWN         64 /* nodes of a chain that are looked at */
#define PARTS_OF_A_SHAPE 15 /* opset from which Shape gives a part */

/* Elements [first, first + n) of what is wanted: constants, or dimensions from `axis` on of `value`. */
typedef struct piece {
    const hn_value *value; /* NULL: constants */
    int axis, first, n;
} piece;

typedef struct search {
    const hn_dim *wanted;
    int n;
    piece at[MOST_SIZES];
    int n_pieces, cost;
} search;

/* ---- what is wanted ---- */

static bool has_known_elements(const hn_value *value) {
    return value && value->info.element && value->info.shape.rank >= 0 && value->info.shape.rank <= 1;
}

/* Something other than more arithmetic over known sizes reads the value. */
static bool is_end_of_chain(const hn_value *value) {
    for (size_t i = 0; i < value->uses.n; i++) {
        const hn_node *user = value->uses.at[i].node;
        if (!user || user->n_body || !has_known_elements(user->out[0])) return true;
    }
    return false;
}

static bool is_candidate(const hn_node *node, int *n) {
    const hn_value *value = node->out[0];
    if (node->n_out != 1 || !has_known_elements(value) || node->op->id == HN_OP_shape || !is_end_of_chain(value))
        return false;
    const bool scalar = value->info.shape.rank == 0;
    if (!scalar && !hn_dim_is_const(value->info.shape.dim[0])) return false;
    if (!scalar && (value->info.shape.dim[0].value < 1 || value->info.shape.dim[0].value > MOST_SIZES)) return false;
    *n = scalar ? 1 : (int)value->info.shape.dim[0].value;
    return hn_value_dtype(value) == HONE_INT64;
}

/* ---- what the chain costs ---- */

static bool is_among(hn_node *const *list, int n, const hn_node *node) {
    for (int i = 0; i < n; i++)
        if (list[i] == node) return true;
    return false;
}

static bool all_uses_among(const hn_node *node, hn_node *const *list, int n) {
    for (int k = 0; k < node->n_out; k++)
        for (size_t i = 0; node->out[k] && i < node->out[k]->uses.n; i++)
            if (!node->out[k]->uses.at[i].node || !is_among(list, n, node->out[k]->uses.at[i].node)) return false;
    return true;
}

/* Nodes that go with `node`: itself, and those that only such nodes read. */
static int count_own(hn_node *node) {
    hn_node *own[MOST_OWN] = {node};
    int n = 1;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < own[i]->n_in; k++) {
            hn_node *from = own[i]->in[k] ? own[i]->in[k]->producer : NULL;
            if (!from || n == MOST_OWN || is_among(own, n, from) || !all_uses_among(from, own, n)) continue;
            own[n++] = from;
        }
    return n;
}

/* ---- where the sizes come from ---- */

static void match(const hn_value *value, const search *s, int first, piece *best) {
    const hn_shape *shape = &value->info.shape;
    if (hn_ir_is_constant(value) || hn_value_dtype(value) == HONE_NO_DTYPE) return;
    for (int axis = 0; axis < shape->rank; axis++) {
        int n = 0;
        while (first + n < s->n && axis + n < shape->rank && hn_dim_same(shape->dim[axis + n], s->wanted[first + n]))
            n++;
        if (n > best->n) *best = (piece){value, axis, first, n};
    }
}

/* Values of the graph that are made in front of `before`, then those around it. */
static void match_all(const hn_graph *graph, const hn_node *before, const search *s, int first, piece *best) {
    for (; graph; before = graph->owner, graph = before ? before->graph : NULL) {
        for (size_t i = 0; i < graph->inputs.n; i++) match(graph->inputs.at[i], s, first, best);
        for (const hn_node *node = graph->first; node && node != before; node = node->next)
            for (int i = 0; i < node->n_out; i++)
                if (node->out[i]) match(node->out[i], s, first, best);
    }
}

static int constants_from(const search *s, int first) {
    int n = 0;
    while (first + n < s->n && hn_dim_is_const(s->wanted[first + n])) n++;
    return n;
}

static bool is_whole(const piece *p) { return p->axis == 0 && p->n == p->value->info.shape.rank; }

/* Shape gives the piece by itself. */
static bool is_one_node(const hn_model *model, const piece *p) {
    return is_whole(p) || hn_may_make(model, PARTS_OF_A_SHAPE);
}

static bool find_pieces(const hn_node *node, search *s) {
    const hn_model *model = node->graph->model;
    for (int first = 0; first < s->n; first += s->at[s->n_pieces++].n) {
        piece best = {NULL, 0, first, constants_from(s, first)};
        match_all(node->graph, node, s, first, &best);
        if (!best.n) return false;
        s->at[s->n_pieces] = best;
        s->cost += !best.value ? 0 : is_one_node(model, &best) ? 1 : 2;
    }
    s->cost += s->n_pieces > 1;
    return true;
}

/* ---- the new nodes ---- */

static const char *name_of(hn_rewrite *r, const hn_node *node, const char *suffix, int i) {
    const char *name = hn_arena_format(&r->model->arena, "%s_%s%d", node->name, suffix, i);
    if (!name) r->model->failed = true;
    return name;
}

static hn_attrs shape_attrs(hn_rewrite *r, const piece *p) {
    hn_attrs attrs = {0};
    if (is_whole(p)) return attrs;
    attrs = hn_rewrite_attr(r, attrs, hn_attr_of_int("start", p->axis));
    return hn_rewrite_attr(r, attrs, hn_attr_of_int("end", p->axis + p->n));
}

/* Start and end of the piece, after the shape that is cut. */
static hone_status cut_operands(hn_rewrite *r, hn_node *node, const piece *p, const char *name, hn_value **in) {
    const int64_t first = p->axis, end = p->axis + p->n;
    HN_TRY(hn_rewrite_insert(r, node, HN_OP_shape, name, (hn_attrs){0}, 1,
                             &(hn_value *){(hn_value *)(uintptr_t)p->value}, &in[0]));
    in[1] = hn_ir_constant_ints(node->graph, name, &first, 1);
    in[2] = hn_ir_constant_ints(node->graph, name, &end, 1);
    return in[1] && in[2] ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status make_piece(hn_rewrite *r, hn_node *node, const search *s, int i, hn_value **out) {
    const piece *p = &s->at[i];
    const char *name = name_of(r, node, "sizes", i), *part = name_of(r, node, "part", i);
    int64_t numbers[MOST_SIZES];
    hn_value *in[3] = {(hn_value *)(uintptr_t)p->value, NULL, NULL};
    if (!name || !part) return HONE_OUT_OF_MEMORY;
    for (int k = 0; !p->value && k < p->n; k++) numbers[k] = s->wanted[p->first + k].value;
    if (!p->value) {
        *out = hn_ir_constant_ints(node->graph, name, numbers, p->n);
        return *out ? HONE_OK : HONE_OUT_OF_MEMORY;
    }
    if (is_one_node(r->model, p)) return hn_rewrite_insert(r, node, HN_OP_shape, name, shape_attrs(r, p), 1, in, out);
    HN_TRY(cut_operands(r, node, p, name, in));
    return hn_rewrite_insert(r, node, HN_OP_slice, part, (hn_attrs){0}, 3, in, out);
}

/* The node itself becomes the last of the new ones. */
static hone_status make_vector(hn_rewrite *r, hn_node *node, const search *s) {
    const piece *only = &s->at[0];
    hn_value *in[MOST_SIZES] = {(hn_value *)(uintptr_t)only->value};
    if (s->n_pieces == 1 && is_one_node(r->model, only))
        return hn_rewrite_morph(r, node, HN_OP_shape, shape_attrs(r, only), 1, in);
    if (s->n_pieces == 1) {
        const char *name = name_of(r, node, "sizes", 0);
        HN_TRY_ALLOC(name);
        HN_TRY(cut_operands(r, node, only, name, in));
        return hn_rewrite_morph(r, node, HN_OP_slice, (hn_attrs){0}, 3, in);
    }
    for (int i = 0; i < s->n_pieces; i++) HN_TRY(make_piece(r, node, s, i, &in[i]));
    return hn_rewrite_morph(r, node, HN_OP_concat, hn_rewrite_attr(r, (hn_attrs){0}, hn_attr_of_int("axis", 0)),
                            s->n_pieces, in);
}

/* A single number without dimensions is picked from the whole shape. */
static hone_status make_scalar(hn_rewrite *r, hn_node *node, const search *s) {
    hn_value *value = (hn_value *)(uintptr_t)s->at[0].value, *in[2];
    const int64_t axis = s->at[0].axis;
    const char *name = name_of(r, node, "sizes", 0);
    HN_TRY_ALLOC(name);
    HN_TRY(hn_rewrite_insert(r, node, HN_OP_shape, name, (hn_attrs){0}, 1, &value, &in[0]));
    in[1] = hn_ir_constant_ints(node->graph, name, &axis, -1);
    HN_TRY_ALLOC(in[1]);
    return hn_rewrite_morph(r, node, HN_OP_gather, (hn_attrs){0}, 2, in);
}

static hone_status replace(hn_rewrite *r, hn_node *node) {
    search s = {.n_pieces = 0};
    if (!is_candidate(node, &s.n)) return HONE_OK;
    s.wanted = node->out[0]->info.element;
    const bool scalar = node->out[0]->info.shape.rank == 0;
    if (!find_pieces(node, &s) || !s.cost || (scalar && !s.at[0].value)) return HONE_OK;
    if (scalar) s.cost = 2;
    if (s.cost >= count_own(node)) return HONE_OK;
    return scalar ? make_scalar(r, node, &s) : make_vector(r, node, &s);
}

hone_status hn_pass_shape_sources(hn_model *model, bool *changed, hn_diag *diag) {
    return hn_rewrite_nodes(model, changed, diag, replace);
}
