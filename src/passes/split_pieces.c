/* Slices and single picks (Gather of one constant index) of one value that together are the whole of an axis become one
 * Split: one walk over memory, and an operator that kernels know in every layout. */
#include "passes/pipeline.h"
#include "passes/reshape_form.h"

#define MOST_PIECES HN_QUERY_ARGS

typedef struct piece {
    hn_node *node;
    int64_t first, end;
} piece;

typedef struct pieces {
    const hn_value *whole;
    int axis, n;
    int64_t size; /* of the axis */
    piece at[MOST_PIECES];
} pieces;

/* Marks number the nodes of the whole model in execution order. */
static uintptr_t number(hn_graph *graph, uintptr_t place) {
    for (hn_node *node = graph->first; node; node = node->next) {
        for (int i = 0; i < node->n_body; i++) place = number(node->body[i], place);
        node->mark = (void *)++place;
    }
    return place;
}

static bool one_int(const hn_value *value, int64_t *out) {
    int n;
    return hn_constant_ints(value, 1, out, &n) && n == 1;
}

static int64_t clamp(int64_t at, int64_t size) {
    if (at < 0) at += size;
    return at < 0 ? 0 : at > size ? size : at;
}

static bool find_axis(const hn_value *whole, int64_t axis, int *out, int64_t *size) {
    const hn_shape *shape = &whole->info.shape;
    if (axis < 0) axis += shape->rank;
    if (axis < 0 || axis >= shape->rank || !hn_dim_is_const(shape->dim[axis])) return false;
    *out = (int)axis;
    *size = shape->dim[axis].value;
    return true;
}

static bool read_slice(const hn_node *node, int *axis, int64_t *size, piece *out) {
    int64_t first, end, along = 0, step = 1;
    if (!one_int(node->in[1], &first) || !one_int(node->in[2], &end)) return false;
    if (hn_node_input(node, 3) && !one_int(node->in[3], &along)) return false;
    if (hn_node_input(node, 4) && (!one_int(node->in[4], &step) || step != 1)) return false;
    if (!find_axis(node->in[0], along, axis, size)) return false;
    *out = (piece){NULL, clamp(first, *size), clamp(end, *size)};
    return true;
}

/* A pick drops its axis, which a Reshape does for the piece of a Split. */
static bool read_pick(const hn_node *node, int *axis, int64_t *size, piece *out) {
    int64_t index;
    if (!one_int(node->in[1], &index) || !hn_reshape_can_name(node->in[0], &node->out[0]->info.shape)) return false;
    if (!find_axis(node->in[0], hn_attrs_int(node->attrs, "axis", 0), axis, size)) return false;
    if (index < 0) index += *size;
    *out = (piece){NULL, index, index + 1};
    return index >= 0 && index < *size;
}

static bool read_piece(hn_node *node, int *axis, int64_t *size, piece *out) {
    const bool known = node->op->id == HN_OP_slice    ? read_slice(node, axis, size, out)
                       : node->op->id == HN_OP_gather ? read_pick(node, axis, size, out)
                                                      : false;
    out->node = node;
    return known && out->first < out->end;
}

static bool insert_sorted(pieces *p, const piece *one) {
    if (p->n == MOST_PIECES) return false;
    int at = p->n++;
    for (; at > 0 && p->at[at - 1].first > one->first; at--) p->at[at] = p->at[at - 1];
    p->at[at] = *one;
    return true;
}

/* Collects the pieces along the axis; false unless they are the whole, without overlap, and `last` is the last of them.
 */
static bool collect(pieces *p, const hn_node *last) {
    for (size_t i = 0; i < p->whole->uses.n; i++) {
        const hn_use *use = &p->whole->uses.at[i];
        piece one;
        int axis;
        int64_t size;
        if (!use->node || use->index != 0 || use->node->graph != last->graph) continue;
        if (!read_piece(use->node, &axis, &size, &one) || axis != p->axis) continue;
        if ((uintptr_t)one.node->mark > (uintptr_t)last->mark || !insert_sorted(p, &one)) return false;
    }
    int64_t at = 0;
    for (int i = 0; i < p->n; at = p->at[i++].end)
        if (p->at[i].first != at) return false;
    return at == p->size && p->n > 1;
}

static hn_node *make_split(hn_rewrite *r, const pieces *p) {
    int64_t size[MOST_PIECES];
    hn_node *first = p->at[0].node;
    for (int i = 0; i < p->n; i++) {
        size[i] = p->at[i].end - p->at[i].first;
        if ((uintptr_t)p->at[i].node->mark < (uintptr_t)first->mark) first = p->at[i].node;
    }
    const char *name = hn_arena_format(&r->model->arena, "%s_split", first->name);
    hn_value *sizes = name ? hn_ir_constant_ints(first->graph, name, size, p->n) : NULL;
    if (!sizes) return NULL;
    hn_value *in[2] = {first->in[0], sizes};
    const hn_attrs attrs = hn_rewrite_attr(r, (hn_attrs){0}, hn_attr_of_int("axis", p->axis));
    hn_node *split = hn_ir_node(first->graph, first, hn_op_at(HN_OP_split), name, attrs, 2, in, p->n);
    if (split) split->file_offset = first->file_offset;
    return split;
}

static hone_status use_piece(hn_rewrite *r, hn_node *node, hn_value *by) {
    if (node->op->id == HN_OP_gather) return hn_reshape_morph(r, node, by);
    hn_rewrite_replace(r, node->out[0], by);
    hn_rewrite_sweep(r, node);
    return HONE_OK;
}

static hone_status split(hn_rewrite *r, hn_node *node) {
    pieces p = {.n = 0};
    piece own;
    if (!read_piece(node, &p.axis, &p.size, &own)) return HONE_OK;
    p.whole = node->in[0];
    if (!collect(&p, node)) return HONE_OK;
    hn_node *made = make_split(r, &p);
    HN_TRY_ALLOC(made);
    HN_TRY(hn_ir_infer_node(made, r->diag));
    for (int i = 0; i < p.n; i++) HN_TRY(use_piece(r, p.at[i].node, made->out[i]));
    return HONE_OK;
}

hone_status hn_pass_split_pieces(hn_model *model, bool *changed, hn_diag *diag) {
    (void)number(model->main, 0);
    return hn_rewrite_nodes(model, changed, diag, split);
}
