/* Equal constants become one, then equal nodes over equal inputs. A value may serve where its graph is around. */
#include <string.h>
#include "passes/pipeline.h"
#include "passes/rewrite.h"

#define SAMPLE 64 /* bytes at either end of a constant that are hashed; equality is decided on all */

typedef struct search {
    hn_rewrite r;
    hn_map constants, nodes;
} search;

static bool is_around(const hn_graph *outer, const hn_graph *inner) {
    for (; inner; inner = inner->owner ? inner->owner->graph : NULL)
        if (inner == outer) return true;
    return false;
}

/* ---- constants ---- */

typedef struct constant_key {
    int32_t dtype, rank;
    int64_t dim[HONE_MAX_RANK];
    uint64_t head, tail;
} constant_key;

static constant_key key_of_constant(const hn_tensor *t, size_t bytes) {
    constant_key key;
    const size_t sample = bytes < SAMPLE ? bytes : SAMPLE;
    memset(&key, 0, sizeof key);
    key.dtype = (int32_t)t->dtype;
    key.rank = t->rank;
    memcpy(key.dim, t->dim, (size_t)t->rank * sizeof *t->dim);
    if (!sample) return key;
    key.head = hn_hash(t->data, sample, 0);
    key.tail = hn_hash((const char *)t->data + (bytes - sample), sample, 1);
    return key;
}

static hone_status merge_constant(search *s, hn_value *value) {
    const hn_tensor *t = value->info.data;
    const size_t bytes = hn_tensor_bytes(t);
    if (t->dtype == HONE_STRING || bytes == SIZE_MAX || hn_is_output(value) || value->mark == s) return HONE_OK;
    const constant_key key = key_of_constant(t, bytes);
    value->mark = s;
    hn_value *first = hn_map_get(&s->constants, &key, sizeof key);
    if (!first || !is_around(first->graph, value->graph)) {
        HN_TRY_ALLOC(hn_map_put(&s->constants, &key, sizeof key, value));
    } else if (bytes == 0 || first->info.data->data == t->data || memcmp(first->info.data->data, t->data, bytes) == 0) {
        hn_ir_replace_uses(value, first);
        s->r.changed = true;
    }
    return HONE_OK;
}

/* ---- nodes ---- */

typedef struct node_key {
    uint32_t op, n_out;
    uint64_t attrs, inputs;
} node_key;

/* hn_attrs_hash leaves out expressions; they are interned, so their addresses tell them apart. */
static uint64_t hash_dims(hn_attrs attrs, uint64_t hash) {
    for (uint32_t i = 0; i < attrs.n; i++)
        if (attrs.at[i].kind == HN_ATTR_DIMS)
            hash = hn_hash(attrs.at[i].dims, attrs.at[i].n * sizeof *attrs.at[i].dims, hash);
    return hash;
}

static bool is_swapped(const hn_node *node) {
    return (node->op->facts & HN_COMMUTES) && node->n_in == 2 && node->in[0] && node->in[1] &&
           node->in[0]->id > node->in[1]->id;
}

static const hn_value *input_in_order(const hn_node *node, int i) { return node->in[is_swapped(node) ? 1 - i : i]; }

static node_key key_of_node(const hn_node *node) {
    node_key key;
    memset(&key, 0, sizeof key);
    key.op = (uint32_t)node->op->id;
    key.n_out = (uint32_t)node->n_out;
    key.attrs = hash_dims(node->attrs, hn_attrs_hash(node->attrs));
    key.inputs = (uint64_t)node->n_in;
    for (int i = 0; i < node->n_in; i++) {
        const hn_value *in = input_in_order(node, i);
        const uint32_t id = in ? in->id : 0;
        key.inputs = hn_hash(&id, sizeof id, key.inputs);
    }
    return key;
}

static bool same_node(const hn_node *a, const hn_node *b) {
    if (a->op != b->op || a->n_in != b->n_in || a->n_out != b->n_out || !hn_attrs_same(a->attrs, b->attrs))
        return false;
    for (int i = 0; i < a->n_in; i++)
        if (input_in_order(a, i) != input_in_order(b, i)) return false;
    return true;
}

/* All outputs of `node` may become those of `first`. */
static bool may_merge(const hn_node *node, const hn_node *first) {
    for (int i = 0; i < node->n_out; i++) {
        if (!node->out[i]) continue;
        if (!first->out[i] || !hn_rewrite_may_bypass(node->out[i], first->out[i])) return false;
    }
    return true;
}

static hone_status merge_node(search *s, hn_node *node) {
    if (!(node->op->facts & HN_FOLD) || (node->op->facts & (HN_RANDOM | HN_CONTROL)) || node->n_body) return HONE_OK;
    const node_key key = key_of_node(node);
    hn_node *first = hn_map_get(&s->nodes, &key, sizeof key);
    if (!first || !is_around(first->graph, node->graph) || !same_node(first, node)) {
        HN_TRY_ALLOC(hn_map_put(&s->nodes, &key, sizeof key, node));
        return HONE_OK;
    }
    if (!may_merge(node, first)) return HONE_OK;
    for (int i = 0; i < node->n_out; i++)
        if (node->out[i]) hn_ir_replace_uses(node->out[i], first->out[i]);
    s->r.changed = true;
    hn_ir_remove(node);
    return HONE_OK;
}

/* ---- walk ---- */

static hone_status merge_graph(search *s, hn_graph *graph) {
    for (hn_node *node = graph->first, *next; node; node = next) {
        next = node->next;
        for (int i = 0; i < node->n_in; i++)
            if (hn_ir_is_constant(node->in[i])) HN_TRY(merge_constant(s, node->in[i]));
        for (int i = 0; i < node->n_body && !hn_ir_is_closed(node); i++) HN_TRY(merge_graph(s, node->body[i]));
        HN_TRY(merge_node(s, node));
        if (s->r.model->failed) return HONE_OUT_OF_MEMORY;
    }
    return HONE_OK;
}

/* A mark of an earlier pass may lie at the address of this search. */
static void forget_marks(hn_graph *graph) {
    for (hn_node *node = graph->first; node; node = node->next) {
        for (int i = 0; i < node->n_in; i++)
            if (node->in[i]) node->in[i]->mark = NULL;
        for (int i = 0; i < node->n_body; i++) forget_marks(node->body[i]);
    }
}

hone_status hn_pass_cse(hn_model *model, bool *changed, hn_diag *diag) {
    search s = {.r = {.model = model, .diag = diag}};
    hn_arena_init(&s.r.scratch, model->arena.allocator);
    hn_map_init(&s.constants, &s.r.scratch);
    hn_map_init(&s.nodes, &s.r.scratch);
    forget_marks(model->main);
    const hone_status status = merge_graph(&s, model->main);
    hn_arena_free(&s.r.scratch);
    *changed |= s.r.changed;
    return status;
}
