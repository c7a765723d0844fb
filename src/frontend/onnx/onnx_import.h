/* What the files of the importer share: one import, its scopes of names, the node being imported.
 *
 *   onnx_load.c      file or memory -> ModelProto, opsets, functions, provenance; inference at the end
 *   onnx_graph.c     GraphProto: initializers, inputs, nodes, outputs
 *   onnx_node.c      NodeProto: operator, inputs, conversion to the newest opset, outputs
 *   onnx_attribute.c attributes: references, kinds against onnx_attrs.def, bodies
 *   onnx_function.c  calls of local functions, inlined
 *   onnx_keep.c      nodes that go back into a file as they came
 *   onnx_call.c      what conversions use; onnx_convert_*.c the conversions, onnx_map.def who uses which
 *
 * Faults: a function that fails has reported why. The loops over nodes, initializers, ... note the status and go on,
 * until ten faults are known; values behind a fault are FAULTY and silence the nodes that use them. */
#ifndef HN_FRONTEND_ONNX_IMPORT_H
#define HN_FRONTEND_ONNX_IMPORT_H

#include "frontend/onnx/onnx_tensor.h"
#include "ir/graph.h"

#define HN_ONNX_OLDEST 1
#define HN_ONNX_NEWEST 28

#define HN_ONNX_OLDEST_WRITTEN 7

#define HN_ONNX_MAX_INLINED (1u << 17) /* nodes that calls of functions may become: nested calls multiply */

typedef struct hn_onnx_scope hn_onnx_scope;
typedef struct hn_onnx_function hn_onnx_function;

/* Operator set versions that a model or a function imports. */
typedef struct hn_onnx_opset {
    const char *domain; /* "" is ai.onnx */
    int64_t version;
} hn_onnx_opset;
typedef hn_vec(hn_onnx_opset) hn_onnx_opsets;

typedef struct hn_onnx_import {
    hn_model *model;
    hn_diag *diag;
    hn_arena scratch; /* until the import ends */
    hn_onnx_source source;
    hn_onnx_files files;
    hn_map functions;   /* domain, name, overload (each with its NUL) -> hn_onnx_function */
    hn_map unknown;     /* operators nobody knows -> how often and where first */
    hn_map warned;      /* texts of warnings that were given */
    hn_map reserved;    /* names of the main graph's values: no other value may take them */
    hn_map symbols;     /* dim_param -> name of its symbol */
    hone_status status; /* of the first fault */
    bool stop;          /* going on makes no sense */
    uint32_t inlined;   /* nodes made by calls of functions */
    bool unsorted;      /* a node stands before one whose output it takes */
    bool sort;          /* take nodes in the order of execution, whatever that of the file */
} hn_onnx_import;

/* What a name stands for. */
typedef enum hn_onnx_state { HN_ONNX_VALUE, HN_ONNX_ABSENT, HN_ONNX_FAULTY } hn_onnx_state;
typedef struct hn_onnx_name {
    hn_onnx_state state;
    hn_value *value;
    const char *maker; /* "the initializers", "node 'x'", ...: for messages */
    bool listed;       /* a graph output */
    bool read;         /* some node or output names it */
} hn_onnx_name;

/* A graph or function body whose nodes are being imported into `graph`. */
struct hn_onnx_scope {
    hn_onnx_import *import;
    const hn_onnx_scope *parent; /* whose names can be captured; NULL: main graph or function */
    const hn_onnx_scope *caller; /* for a function or body: the scope around it, for depth and recursion */
    hn_graph *graph;
    hn_graph *around; /* while `graph` is what a kept node means: where that node goes */
    hn_map names;     /* -> hn_onnx_name */
    const hn_onnx_opsets *opsets;
    const hn_pb_list *nodes;
    const char *path;                      /* field path for messages: "graph", "functions[2]" */
    const char *prefix;                    /* of names made here: "" or "call/" */
    hn_onnx_function *function;            /* NULL: a graph */
    const struct hn_onnx_attribute *given; /* attributes of the call of `function` */
    size_t n_given;
    int depth;
    bool lost; /* a node could not be read: names may be missing because of that */
};

/* An attribute with references to the function's caller resolved. */
typedef struct hn_onnx_attribute {
    const char *name;
    hn_onnx_attribute_proto proto;
    const hn_onnx_scope *scope; /* where it was written: its graphs see the names of this scope */
    size_t node, index;         /* field path; node SIZE_MAX: a default of the scope's function */
} hn_onnx_attribute;

typedef hn_vec(hn_attr) hn_onnx_attr_list;
typedef hn_vec(hn_value *) hn_onnx_value_list;
typedef hn_vec(hn_graph *) hn_onnx_graph_list;

/* The node being imported; conversions change op, attrs and in, or emit nodes and set result. */
typedef struct hn_onnx_node {
    hn_onnx_scope *scope;
    size_t index; /* in its graph */
    hn_onnx_node_proto proto;
    const char *type, *domain; /* of the operator, as in the file; "" is ai.onnx */
    const char *key;           /* in the tables of operators and attributes: "type" or "domain.type" */
    const char *overload;
    const char *shown; /* name for messages */
    const char *name;  /* name for the IR */
    int64_t opset;     /* version of its domain */
    hn_onnx_attribute *given;
    size_t n_given;

    const hn_op *op;
    hn_onnx_attr_list attrs;
    hn_onnx_graph_list bodies;
    hn_onnx_value_list in;
    hn_value **result; /* n_out of them; NULL until made */
    int n_out;
} hn_onnx_node;

/* ---- faults (onnx_scope.c) ---- */

/* Remembers a fault. HONE_OK: go on; else: stop with this status (ten faults are known, or out of memory). */
HONE_MUST_USE hone_status hn_onnx_note(hn_onnx_import *import, hone_status status);
/* Index of the next message. */
size_t hn_onnx_mark(const hn_onnx_import *import);
/* A warning, given once per text. */
HONE_MUST_USE hone_status hn_onnx_warn(hn_onnx_import *import, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Text in scratch memory; NULL when out of memory. */
const char *hn_onnx_format(hn_onnx_import *import, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *hn_onnx_shown(hn_onnx_import *import, hn_bytes text);
/* Both texts in one; NULL when out of memory. */
const char *hn_onnx_join(hn_onnx_import *import, const char *a, const char *b);
/* Place of a message: "graph.node[3] (byte 120)". NULL when out of memory. */
const char *hn_onnx_place(const hn_onnx_scope *scope, const char *field, size_t index, hn_bytes bytes);
/* `text` as a C string in scratch memory; HONE_MALFORMED when it contains a zero byte. */
HONE_MUST_USE hone_status hn_onnx_text(hn_onnx_import *import, hn_bytes text, const char **out);
static inline bool hn_onnx_text_is(hn_bytes text, const char *expected, size_t n) {
    return text.n == n && (n == 0 || __builtin_memcmp(text.data, expected, n) == 0);
}
/* The candidate that differs least from `text`, when it is close enough to be meant; else NULL. Call for each candidate
 * with *best and *distance kept (start with NULL and 0). */
void hn_onnx_suggest(const char *text, const char *candidate, const char **best, int *distance);

/* ---- names (onnx_scope.c) ---- */

void hn_onnx_scope_init(hn_onnx_scope *scope, hn_onnx_import *import, hn_graph *graph);
/* HONE_INVALID_MODEL when the name is taken in this scope already. */
HONE_MUST_USE hone_status hn_onnx_define(hn_onnx_scope *scope, hn_bytes name, hn_onnx_state state, hn_value *value,
                                         const char *maker);
/* NULL: not (yet) defined here or in the scopes around. */
hn_onnx_name *hn_onnx_lookup(const hn_onnx_scope *scope, hn_bytes name);
/* A name for the IR that leaves the names of the main graph's values alone. NULL: out of memory. */
const char *hn_onnx_value_name(const hn_onnx_scope *scope, hn_bytes name);
const char *hn_onnx_node_name(const hn_onnx_scope *scope, const char *name);
/* Reports that `name`, input of node `index`, is not defined: never, only later, or in a cycle. (onnx_order.c) */
/* The same nodes in an order in which each comes behind what it needs, as far as there is one. */
HONE_MUST_USE hone_status hn_onnx_sort_nodes(const hn_onnx_scope *scope, const hn_pb_list *nodes, hn_pb_list *out);
HONE_MUST_USE hone_status hn_onnx_explain_missing(const hn_onnx_scope *scope, size_t index, hn_bytes name);

/* ---- parts ---- */

/* Version of `domain`, or 0. */
int64_t hn_onnx_opset_of(const hn_onnx_opsets *opsets, const char *domain);
HONE_MUST_USE hone_status hn_onnx_read_opsets(hn_onnx_import *import, const hn_pb_list *list, hn_onnx_opsets *out);

/* Type of a TypeProto, in the model's arena; *shape gets its dims as constants and unknowns, dims of an input as
 * symbols when `input` (its name) is given. (onnx_type.c) */
HONE_MUST_USE hone_status hn_onnx_import_type(hn_onnx_import *import, hn_bytes bytes, const char *input,
                                              const hn_type **type, hn_shape *shape);
/* Makes the symbols of all named dims of the inputs, in the order of the file. */
HONE_MUST_USE hone_status hn_onnx_name_symbols(hn_onnx_import *import, const hn_pb_list *inputs);

/* Warns where declared outputs and inner values contradict the inferred ones. (onnx_outputs.c) */
HONE_MUST_USE hone_status hn_onnx_compare_declared(hn_onnx_import *import, const hn_onnx_graph_proto *graph);

/* Gives values whose types are not known those that the file declares. */
HONE_MUST_USE hone_status hn_onnx_take_declared(hn_onnx_import *import, const hn_onnx_graph_proto *graph);

/* Fills scope->graph. */
HONE_MUST_USE hone_status hn_onnx_import_graph(hn_onnx_scope *scope, const hn_onnx_graph_proto *proto);
HONE_MUST_USE hone_status hn_onnx_import_nodes(hn_onnx_scope *scope, const hn_pb_list *nodes);
/* Node `index` of the scope; outputs become names of the scope, FAULTY ones after a fault. */
HONE_MUST_USE hone_status hn_onnx_import_node(hn_onnx_scope *scope, hn_bytes bytes, size_t index);

/* Reports the operators that nobody knows, each once; the status of the import. */
HONE_MUST_USE hone_status hn_onnx_report_unknown(hn_onnx_import *import);

/* Reads and resolves the attributes of a node: node->given. */
HONE_MUST_USE hone_status hn_onnx_resolve_attributes(hn_onnx_node *node);
/* Checks node->given against the operator and turns it into node->attrs and node->bodies. */
HONE_MUST_USE hone_status hn_onnx_import_attributes(hn_onnx_node *node);
/* The same as they stand in the file, for an operator that is not known or goes back as it came. */
HONE_MUST_USE hone_status hn_onnx_import_own_attributes(hn_onnx_node *node);
/* Whether the operator (its name in files) has the attribute in this opset. */
bool hn_onnx_has_attribute(const char *type, const char *name, int64_t opset);
/* The value of a node `Constant`. */
HONE_MUST_USE hone_status hn_onnx_import_constant(hn_onnx_node *node, hn_value **out);

HONE_MUST_USE hone_status hn_onnx_read_functions(hn_onnx_import *import, const hn_pb_list *list);
/* NULL: no local function has this identity. */
hn_onnx_function *hn_onnx_find_function(const hn_onnx_node *node);
/* Imports the function's nodes in the place of `node`, whose results and inputs are set: entry i of `inputs` is what
 * input i stands for. */
HONE_MUST_USE hone_status hn_onnx_inline(hn_onnx_node *node, hn_onnx_function *function, const hn_onnx_name *inputs,
                                         size_t n_inputs);

/* Makes the IR node(s) of a node whose op, attrs and in are as in the file. (onnx_call.c) */
HONE_MUST_USE hone_status hn_onnx_build_node(hn_onnx_node *node);
/* The same in a model that goes back into a file: what the file could not hold in one node is kept. (onnx_keep.c) */
HONE_MUST_USE hone_status hn_onnx_build_or_keep(hn_onnx_node *node);
/* Keeps the node of an operator that nobody knows, whose `in` is set. */
HONE_MUST_USE hone_status hn_onnx_keep_unknown(hn_onnx_node *node);

#endif
