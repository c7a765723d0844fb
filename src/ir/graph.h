/* The intermediate representation: one model, graphs of nodes over values.
 *
 *   hn_model  owns the arena, the expression pool and every mapped file; everything below lives as long as it does
 *     hn_graph  main graph, bodies of If/Loop/Scan, bodies of fused groups
 *       hn_node   operator, attributes, inputs, outputs, bodies; a linked list in execution order
 *       hn_value  graph input, constant (info.data, no producer) or node output; knows its uses
 *
 * Values are in SSA form. A node in a body may use values of the enclosing graphs directly (a capture), except in the
 * body of a hone.Group, whose inputs are explicit: body input i stands for node input i, body output i for node output
 * i. Shapes are in logical ONNX order; `layout` only says how the value will lie in memory.
 *
 * Functions that make something return NULL when out of memory. */
#ifndef HN_IR_GRAPH_H
#define HN_IR_GRAPH_H

#include "abi/plugin_op.h"
#include "abi/query.h"
#include "base/file.h"
#include "base/map.h"
#include "base/growable.h"

typedef struct hn_model hn_model;
typedef struct hn_graph hn_graph;
typedef struct hn_node hn_node;
typedef struct hn_value hn_value;

/* One use of a value: input `index` of `node`, or output `index` of `graph` when node is NULL. */
typedef struct hn_use {
    hn_node *node;
    hn_graph *graph;
    int index;
} hn_use;

struct hn_value {
    uint32_t id;        /* unique in the model */
    const char *name;   /* unique in the model, never empty */
    const char *origin; /* name in the source file; NULL when a pass made it up */
    hn_info info;
    hn_graph *graph;
    hn_node *producer; /* NULL: graph input or constant */
    int index;         /* output number of the producer, or input number of the graph */
    bool is_input;
    hn_layout layout;
    hn_vec(hn_use) uses;
    void *mark; /* scratch of the pass that runs now */
};

struct hn_node {
    uint32_t id;
    const hn_op *op;
    const char *name;     /* unique in the model, never empty */
    const char *origin;   /* name in the source file; the anchor's for a group; NULL when made up */
    uint64_t file_offset; /* where the source file has it; 0 unknown */
    hn_bytes proto;       /* its message there, with documentation and metadata; borrowed from the file */
    hn_attrs attrs;
    hn_value **in;  /* NULL: absent */
    hn_value **out; /* NULL: not wanted */
    int n_in, n_out;
    hn_graph **body;
    int n_body;
    hn_graph *graph;
    hn_node *prev, *next;
    void *mark;
};

struct hn_graph {
    hn_model *model;
    const char *name;
    hn_bytes proto; /* its message in the file; borrowed */
    hn_node *owner; /* NULL: main graph */
    hn_node *first, *last;
    int n_nodes;
    hn_vec(hn_value *) inputs;
    hn_vec(hn_value *) outputs;
};

/* A node that goes back into its file as it came, since the operator is not known or has no other form in the file's
 * opset: its `op` is the head of one of these, with the name as in files. Attributes name bodies as usual; one more
 * body, the last, says what the node means, if that is known: nodes that use the values around it directly, and give
 * the outputs that are there, in order. Passes do not enter it. (kept.c) */
typedef struct hn_kept_op {
    hn_op op;        /* of HN_OP_kept */
    int64_t opset;   /* of its domain, in which it was written */
    size_t n_domain; /* characters of the name that are the domain, a dot behind them; 0: ai.onnx */
} hn_kept_op;

/* Where the model came from; copied into the plan's META section. */
typedef struct hn_provenance {
    const char *producer, *producer_version, *domain, *doc, *graph_name, *graph_doc;
    int64_t ir_version, opset, model_version;
    const char *path;          /* source file, or NULL */
    char sha256[65];           /* of the source file; "" when not computed */
    hn_vec(const char *) keys; /* metadata_props of the file */
    hn_vec(const char *) values;
    hn_vec(const char *) domains; /* that the file imports, "" among them, with their versions */
    hn_vec(int64_t) versions;
} hn_provenance;

struct hn_model {
    hn_arena arena;
    hn_expr_pool *exprs;
    hn_graph *main;
    hn_provenance provenance;
    uint32_t next_id;
    bool for_file;               /* it goes back into a model file: passes make standard operators of its opset only */
    int64_t file_opset;          /* for_file: opset in which it will be written; 0: any */
    int64_t growth_left;         /* for_file: bytes by which folding may still make the weights larger */
    uint64_t fold_limit;         /* bytes of the largest constant that folding makes; 0: no limit */
    bool expanded;               /* for_file: what is known of a kept node takes its place */
    bool opaque;                 /* for_file: there are operators that nobody knows, so types may be unknown, too */
    const hone_plugins *plugins; /* more operators; borrowed, may be NULL */
    bool specialized;            /* inputs have other shapes than the file declares: branches may turn out dead */
    bool failed; /* an allocation inside a rewiring function without a status failed: whoever drives passes must stop */
    hn_bytes proto;               /* for_file: its message in the file; borrowed */
    hn_map declared;              /* for_file: name of an input or output -> hn_bytes, its message in the file */
    bool reshaped;                /* for_file: inputs have other shapes than in the file */
    hn_map names;                 /* all value and node names in use */
    hn_vec(hn_map_file) files;    /* mappings that constants point into */
    hn_vec(hn_value *) unread;    /* constants of the source that nothing in it reads */
    const hone_message *disorder; /* the first node of the source that stood before what it needs; NULL: none did */
};

HONE_MUST_USE hone_status hn_model_create(const hone_allocator *allocator, hn_model **out);
void hn_model_destroy(hn_model **model);

/* `hint` when it is free, otherwise hint with a suffix; the name is then taken. */
const char *hn_ir_unique_name(hn_model *model, const char *hint);

hn_graph *hn_ir_graph(hn_model *model, const char *name);
hn_value *hn_ir_input(hn_graph *graph, const char *name, const hn_type *type, const hn_shape *shape);
/* A constant; `data` is borrowed (mapped file or model arena), its info is filled from it. */
hn_value *hn_ir_constant(hn_graph *graph, const char *name, const hn_tensor *data);
/* A constant whose bytes are copied into the model's arena. */
hn_value *hn_ir_constant_copy(hn_graph *graph, const char *name, const hn_tensor *data);
/* Integer constants for rewrites: a vector, or a scalar when n is -1. */
hn_value *hn_ir_constant_ints(hn_graph *graph, const char *name, const int64_t *value, int n);
bool hn_ir_is_constant(const hn_value *value);

/* A node before `before` (NULL: at the end). Attributes are borrowed; out values are made with names derived from
 * `name` (entries can be renamed through hn_ir_rename), with unknown info. */
hn_node *hn_ir_node(hn_graph *graph, hn_node *before, const hn_op *op, const char *name, hn_attrs attrs, int n_in,
                    hn_value *const *in, int n_out);
/* Gives `node` its bodies (array copied) and sets their owner. */
bool hn_ir_set_bodies(hn_node *node, hn_graph *const *body, int n);
bool hn_ir_rename(hn_value *value, const char *name);
bool hn_ir_add_output(hn_graph *graph, hn_value *value);
void hn_ir_remove_output(hn_graph *graph, int index);
void hn_ir_set_output(hn_graph *graph, int index, hn_value *value);
void hn_ir_set_input(hn_node *node, int index, hn_value *value);
/* All uses of `value` (nested graphs and graph outputs too) become uses of `by`. When `value` was a graph output of the
 * main graph, `by` takes over its name if it can (not an input, a constant or an output itself) so that output names
 * stay. */
void hn_ir_replace_uses(hn_value *value, hn_value *by);
/* Unlinks a node whose outputs have no uses left; its bodies go with it. */
void hn_ir_remove(hn_node *node);
/* Into the graph of `before`, which may be another one; NULL: to the end of its own. */
void hn_ir_move_before(hn_node *node, hn_node *before);
/* The same for a graph that may still be empty; `before` NULL: to its end. */
void hn_ir_move_to(hn_node *node, hn_graph *graph, hn_node *before);
/* The values of its outputs are no longer used by the graph. */
void hn_ir_drop_outputs(hn_graph *graph);
/* Moves all nodes and constants of `body` into `graph` before `before`, or to its end. The body's inputs must have no
 * uses left. */
void hn_ir_splice(hn_graph *body, hn_graph *graph, hn_node *before);
bool hn_ir_has_uses(const hn_value *value);

/* What a kept node means, or NULL: nobody knows. */
hn_graph *hn_ir_meaning(const hn_node *node);
/* Puts what they mean in the place of all kept nodes of the model that mean something. */
void hn_ir_expand_kept(hn_model *model);
/* The first node of an operator that nobody knows, or NULL. */
const hn_node *hn_ir_find_unknown(const hn_graph *graph);
/* Its bodies are the node's own business: passes do not look inside. */
static inline bool hn_ir_is_closed(const hn_node *node) {
    return node->op->id == HN_OP_group || node->op->id == HN_OP_kept;
}
/* The only using node when there is exactly one use and it is a node in the same graph; else NULL. */
hn_node *hn_ir_single_user(const hn_value *value);

/* Attribute lists: a copy of `attrs` in the model's arena with one entry set (replaced or added, sorted by name). */
hn_attrs hn_ir_attrs_set(hn_model *model, hn_attrs attrs, hn_attr attr, bool *ok);
hn_attr hn_attr_of_int(const char *name, int64_t value);
hn_attr hn_attr_of_ints(const char *name, const int64_t *value, int n);
hn_attr hn_attr_of_float(const char *name, float value);

/* Types, shapes, constants' elements and shape expressions of every value, in execution order, bodies included. Keeps
 * what a value's info already declares when inference knows less, reports contradictions (up to ten) with node, op,
 * types and shapes of the inputs. (infer.c, infer_control.c) */
HONE_MUST_USE hone_status hn_ir_infer(hn_model *model, hn_diag *diag);
HONE_MUST_USE hone_status hn_ir_infer_node(hn_node *node, hn_diag *diag);
/* Structure: SSA, order, uses and users agree, arity, names unique, groups closed. A failure is a bug of the last pass.
 */
HONE_MUST_USE hone_status hn_ir_verify(const hn_model *model, hn_diag *diag);

/* Text form (.hir), see print.c for its grammar. Constants of more than 64 elements print as a hash and read back as
 * seeded data of that type and shape, unless `whole` is set. */
void hn_ir_print(hn_str *out, const hn_model *model, bool whole);
HONE_MUST_USE hone_status hn_ir_parse(const char *text, size_t n, const hone_allocator *allocator, hn_model **out,
                                      hn_diag *diag);
/* Number of nodes, bodies included. */
int hn_ir_count_nodes(const hn_graph *graph);

#endif
