/* Why an input has no value: a producer that comes later, a cycle, or nothing at all; and the order of execution, for
 * files that are not in it. Runs only after a fault, so it reads the nodes again instead of keeping them. */
#include "frontend/onnx/onnx_import.h"

#include <string.h>

#define CYCLE_SHOWN 8

typedef struct node_list {
    hn_onnx_node_proto *at;
    size_t n;
    hn_map producers;          /* output name -> &at[i] */
    hn_onnx_node_proto **from; /* search: the node through which i was reached */
} node_list;

static hone_status read_nodes(const hn_pb *pb, const hn_pb_list *spans, node_list *out) {
    *out = (node_list){.n = spans->n};
    hn_map_init(&out->producers, pb->arena);
    out->at = HN_NEW_ARRAY(pb->arena, hn_onnx_node_proto, spans->n);
    out->from = HN_NEW_ARRAY(pb->arena, hn_onnx_node_proto *, spans->n);
    if (!out->at || !out->from) return HONE_OUT_OF_MEMORY;
    for (size_t i = 0; i < spans->n; i++) {
        const hone_status status = hn_onnx_read_node(pb, spans->at[i], &out->at[i]);
        if (status == HONE_OUT_OF_MEMORY) return status;
        for (size_t k = 0; status == HONE_OK && k < out->at[i].output.n; k++) {
            const hn_bytes name = out->at[i].output.at[k];
            if (name.n && !hn_map_put(&out->producers, name.data, name.n, &out->at[i])) return HONE_OUT_OF_MEMORY;
        }
    }
    return HONE_OK;
}

static hn_onnx_node_proto *producer(const node_list *list, hn_bytes name) {
    return name.n ? hn_map_get(&list->producers, name.data, name.n) : NULL;
}

/* Breadth first from `start` towards its inputs; true when `goal` is reached. */
static bool depends_on(const hn_pb *pb, node_list *list, hn_onnx_node_proto *start, const hn_onnx_node_proto *goal) {
    hn_vec(hn_onnx_node_proto *) queue = {0};
    if (!hn_vec_push(pb->arena, &queue, start)) return false;
    list->from[start - list->at] = start;
    for (size_t i = 0; i < queue.n; i++) {
        hn_onnx_node_proto *node = queue.at[i];
        if (node == goal) return true;
        for (size_t k = 0; k < node->input.n; k++) {
            hn_onnx_node_proto *next = producer(list, node->input.at[k]);
            if (!next || list->from[next - list->at]) continue;
            list->from[next - list->at] = node;
            if (!hn_vec_push(pb->arena, &queue, next)) return false;
        }
    }
    return false;
}

static const char *node_text(const hn_pb *pb, const node_list *list, const hn_onnx_node_proto *node) {
    if (node->name.n) return hn_onnx_show(pb, node->name);
    return hn_arena_format(pb->arena, "node %td (%s)", node - list->at, hn_onnx_show(pb, node->op_type));
}

/* "a -> b -> c": each takes an output of the one before; `goal` was reached from `start` by going backwards. */
static const char *cycle_text(const hn_pb *pb, const node_list *list, const hn_onnx_node_proto *start,
                              const hn_onnx_node_proto *goal) {
    hn_str text;
    hn_str_init(&text, pb->arena);
    const hn_onnx_node_proto *node = goal;
    for (int i = 0; i < CYCLE_SHOWN && node != start; i++, node = list->from[node - list->at])
        hn_str_add(&text, "%s -> ", node_text(pb, list, node));
    if (node != start) hn_str_add(&text, "... -> ");
    hn_str_add(&text, "%s -> %s", node_text(pb, list, start), node_text(pb, list, goal));
    return hn_str_text(&text);
}

static const char *closest_name(const hn_onnx_scope *scope, const char *name) {
    const char *best = NULL;
    int distance = 0;
    for (; scope; scope = scope->parent)
        for (size_t i = 0; i < scope->names.n; i++) hn_onnx_suggest(name, scope->names.entry[i].key, &best, &distance);
    return best;
}

static hone_status explain_undefined(const hn_onnx_scope *scope, const hn_pb *pb, hn_bytes name) {
    hn_diag *diag = pb->diag;
    const char *shown = hn_onnx_show(pb, name), *close = closest_name(scope, shown);
    const size_t first = hn_onnx_mark(scope->import);
    hn_diag_add(diag, HONE_ERROR, HONE_INVALID_MODEL,
                "input '%s' does not exist: no %s, initializer or node before this one has that name", shown,
                scope->function ? "function input" : "graph input");
    if (close) hn_diag_hint(diag, first, "did you mean '%s'?", close);
    hn_diag_hint(diag, first, "the part of the model that makes '%s' is missing: export the model again", shown);
    return HONE_INVALID_MODEL;
}

/* A body may use what nodes around it make, but only those before the node that holds the body. */
static hone_status explain_outside(const hn_onnx_scope *scope, const hn_pb *pb, hn_bytes name) {
    const hn_pb quiet = {pb->base, pb->arena, NULL};
    for (const hn_onnx_scope *outer = scope->parent; outer; outer = outer->parent) {
        node_list list;
        const size_t first = hn_onnx_mark(scope->import);
        HN_TRY(read_nodes(&quiet, outer->nodes, &list));
        const hn_onnx_node_proto *maker = producer(&list, name);
        if (!maker) continue;
        scope->import->unsorted = true;
        hn_diag_add(pb->diag, HONE_ERROR, HONE_INVALID_MODEL,
                    "input '%s' of a body is made by %s of %s, which does not come before the node that holds the body",
                    hn_onnx_show(pb, name), node_text(pb, &list, maker), outer->path);
        hn_diag_hint(pb->diag, first, "ONNX wants nodes in the order of execution: sort them and save the model again");
        return HONE_INVALID_MODEL;
    }
    return explain_undefined(scope, pb, name);
}

static hone_status explain(const hn_onnx_scope *scope, const hn_pb *pb, size_t index, hn_bytes name) {
    node_list list;
    hn_diag *diag = pb->diag;
    const size_t first = hn_onnx_mark(scope->import);
    const hn_pb quiet = {pb->base, pb->arena, NULL};
    HN_TRY(read_nodes(&quiet, scope->nodes, &list));
    hn_onnx_node_proto *maker = producer(&list, name), *user = &list.at[index];
    if (!maker) return explain_outside(scope, pb, name);
    const char *shown = hn_onnx_show(pb, name);
    if (depends_on(pb, &list, maker, user)) {
        const char *cycle = cycle_text(pb, &list, maker, user);
        hn_diag_add(diag, HONE_ERROR, HONE_INVALID_MODEL, "the nodes form a cycle: %s", cycle ? cycle : shown);
        hn_diag_hint(diag, first, "a graph may not feed a node from its own result: cut the edge '%s', or use Loop",
                     shown);
        return HONE_INVALID_MODEL;
    }
    scope->import->unsorted = true;
    hn_diag_add(diag, HONE_ERROR, HONE_INVALID_MODEL,
                "input '%s' is used before it is made: its node %s has number %td, this one has number %zu", shown,
                node_text(pb, &list, maker), maker - list.at, index);
    hn_diag_hint(diag, first, "ONNX wants nodes in the order of execution: sort them and save the model again");
    return HONE_INVALID_MODEL;
}

hone_status hn_onnx_explain_missing(const hn_onnx_scope *scope, size_t index, hn_bytes name) {
    hn_arena temporary;
    hn_arena_init(&temporary, scope->import->scratch.allocator);
    const hn_pb pb = {scope->import->source.pb.base, &temporary, scope->import->diag};
    const hone_status status = explain(scope, &pb, index, name);
    hn_arena_free(&temporary);
    return status;
}

/* ---- sorting ---- */

typedef hn_vec(size_t) index_list;

/* The nodes of `list` whose outputs `node` or its bodies take. Faults of what is read are the import's business. */
static hone_status find_needs(const hn_pb *pb, const node_list *list, const hn_onnx_node_proto *node, int depth,
                              index_list *out);

static hone_status find_needs_of_body(const hn_pb *pb, const node_list *list, hn_bytes body, int depth,
                                      index_list *out) {
    hn_onnx_graph_proto graph;
    hn_onnx_node_proto node;
    const hone_status status = hn_onnx_read_graph(pb, body, &graph);
    if (status != HONE_OK) return status == HONE_OUT_OF_MEMORY ? status : HONE_OK;
    for (size_t i = 0; i < graph.node.n; i++) {
        const hone_status read = hn_onnx_read_node(pb, graph.node.at[i], &node);
        if (read == HONE_OUT_OF_MEMORY) return read;
        if (read == HONE_OK) HN_TRY(find_needs(pb, list, &node, depth + 1, out));
    }
    for (size_t i = 0; i < graph.output.n; i++) {
        hn_onnx_value_info_proto info;
        const hone_status read = hn_onnx_read_value_info(pb, graph.output.at[i], &info);
        if (read == HONE_OUT_OF_MEMORY) return read;
        const hn_onnx_node_proto *maker = read == HONE_OK ? producer(list, info.name) : NULL;
        if (maker) HN_TRY_ALLOC(hn_vec_push(pb->arena, out, (size_t)(maker - list->at)));
    }
    return HONE_OK;
}

static hone_status find_needs(const hn_pb *pb, const node_list *list, const hn_onnx_node_proto *node, int depth,
                              index_list *out) {
    for (size_t i = 0; i < node->input.n; i++) {
        const hn_onnx_node_proto *maker = producer(list, node->input.at[i]);
        if (maker && maker != node) HN_TRY_ALLOC(hn_vec_push(pb->arena, out, (size_t)(maker - list->at)));
    }
    for (size_t i = 0; i < node->attribute.n && depth < HN_MAX_NESTING; i++) {
        hn_onnx_attribute_proto attribute;
        const hone_status read = hn_onnx_read_attribute(pb, node->attribute.at[i], &attribute);
        if (read == HONE_OUT_OF_MEMORY) return read;
        if (read != HONE_OK) continue;
        if (attribute.g.data) HN_TRY(find_needs_of_body(pb, list, attribute.g, depth, out));
        for (size_t k = 0; k < attribute.graphs.n; k++)
            HN_TRY(find_needs_of_body(pb, list, attribute.graphs.at[k], depth, out));
    }
    return HONE_OK;
}

/* A node that waits for `needs`, of which those before `next` have been dealt with. */
typedef struct waiting {
    size_t node, next;
    index_list needs;
} waiting;

typedef struct sorter {
    const hn_pb *pb;
    node_list list;
    bool *seen;
    hn_vec(waiting) stack;
} sorter;

static hone_status begin_node(sorter *s, size_t i) {
    waiting w = {.node = i};
    s->seen[i] = true;
    HN_TRY(find_needs(s->pb, &s->list, &s->list.at[i], 0, &w.needs));
    return hn_vec_push(s->pb->arena, &s->stack, w) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

/* Node `i` behind all that it needs and that has no place yet; of a cycle, some node comes first. */
static hone_status place_node(sorter *s, size_t i, const hn_pb_list *nodes, hn_pb_list *out, hn_arena *arena) {
    HN_TRY(begin_node(s, i));
    while (s->stack.n) {
        waiting *top = &s->stack.at[s->stack.n - 1];
        if (top->next < top->needs.n) {
            const size_t need = top->needs.at[top->next++];
            if (!s->seen[need]) HN_TRY(begin_node(s, need));
            continue;
        }
        HN_TRY_ALLOC(hn_vec_push(arena, out, nodes->at[top->node]));
        s->stack.n--;
    }
    return HONE_OK;
}

static hone_status sort_all(sorter *s, const hn_pb_list *nodes, hn_pb_list *out, hn_arena *arena) {
    HN_TRY(read_nodes(s->pb, nodes, &s->list));
    s->seen = HN_NEW_ARRAY(s->pb->arena, bool, nodes->n);
    HN_TRY_ALLOC(s->seen);
    for (size_t i = 0; i < nodes->n; i++)
        if (!s->seen[i]) HN_TRY(place_node(s, i, nodes, out, arena));
    return HONE_OK;
}

hone_status hn_onnx_sort_nodes(const hn_onnx_scope *scope, const hn_pb_list *nodes, hn_pb_list *out) {
    hn_onnx_import *import = scope->import;
    hn_arena temporary;
    *out = (hn_pb_list){0};
    hn_arena_init(&temporary, import->scratch.allocator);
    const hn_pb pb = {import->source.pb.base, &temporary, NULL};
    sorter s = {.pb = &pb};
    const hone_status status = sort_all(&s, nodes, out, &import->scratch);
    hn_arena_free(&temporary);
    return status;
}
