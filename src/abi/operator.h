/* Operators: identity and facts (from ops.def, the only list), shape inference and the reference call. */
#ifndef HN_ABI_OPERATOR_H
#define HN_ABI_OPERATOR_H

#include "abi/attribute.h"

/* Facts of an operator; passes ask for these and do not switch on operator codes where a fact will do. */
enum {
    HN_FOLD = 1u << 0,        /* same inputs, same outputs, no side effect: constants fold, equal nodes merge */
    HN_INPLACE = 1u << 1,     /* output 0 may overwrite an input of the same shape and element size */
    HN_VIEW = 1u << 2,        /* output 0 is input 0's bytes under another shape */
    HN_MOVE = 1u << 3,        /* copies elements without looking at them: any element type, HN_DTYPE_DIM too */
    HN_ELEMENTWISE = 1u << 4, /* element i of the output depends on element i of the broadcast inputs only */
    HN_COMMUTES = 1u << 5,    /* inputs may be exchanged */
    HN_ACTIVATION =
        1u << 6, /* elementwise over one tensor input; others, if any, are scalars or per-channel constants */
    HN_DATA_SHAPE = 1u << 7, /* output sizes depend on input data; the kernel calls `resize` */
    HN_RANDOM = 1u << 8,
    HN_CONTROL = 1u << 9,      /* has bodies that run */
    HN_QUANT = 1u << 10,       /* QuantizeLinear / DequantizeLinear */
    HN_INTERNAL_OP = 1u << 11, /* ours: never read from or written to a model file */
    HN_OBJECTS = 1u << 12      /* takes or gives sequences, optionals or maps; other operators take tensors only */
};

typedef enum hn_op_id {
#define HN_OP(id, name, min_in, max_in, min_out, max_out, facts, host) HN_OP_##id,
#include "abi/ops.def"
#undef HN_OP
    HN_OP_COUNT
} hn_op_id;

/* Bodies of If, Loop and Scan (and calls of functions) inside one another. Everything that walks bodies may recurse. */
#define HN_MAX_NESTING 64

#define HN_ANY     (-1)        /* any number of inputs or outputs */
#define HN_HOST(i) (1u << (i)) /* infer wants to see the data of input i */

/* What is known about a value before (or while) running. */
typedef struct hn_shape {
    int32_t rank; /* -1: unknown */
    hn_dim dim[HONE_MAX_RANK];
} hn_shape;

typedef struct hn_info {
    const hn_type *type;   /* NULL or kind NONE: absent or unknown */
    hn_shape shape;        /* of tensors */
    const hn_tensor *data; /* dense bytes, when known (constants; at run time the inputs named by `host`) */
    const hn_dim *element; /* integer or bool tensors of known small size: each element as an expression; else NULL */
} hn_info;

typedef struct hn_op hn_op;

/* One inference. `in` entries of absent inputs have type NULL. The function fills out[i].type and out[i].shape for all
 * n_out outputs (unknown rank and dims stay unknown: never an error), and reports contradictions. With `exprs` NULL
 * every dim is constant and nothing is allocated: that is the runtime's use. */
typedef struct hn_infer {
    const hn_op *op;
    hn_attrs attrs;
    int n_in, n_out;
    const hn_info *in;
    hn_info *out;
    hn_expr_pool *exprs;
    hn_diag *diag;
} hn_infer;
typedef hone_status hn_infer_fn(hn_infer *infer);

/* Runs the operator's inference. HONE_INVALID_MODEL also when a value that is no tensor meets an operator for tensors.
 */
HONE_MUST_USE hone_status hn_infer_run(hn_infer *infer);

/* Elements of small integer outputs as expressions. `out` holds hn_dim tensors (HN_DTYPE_DIM) of the inferred shape.
 * `in` likewise, NULL where the elements are not known. Returns false when nothing can be said. */
typedef bool hn_element_fn(const hn_infer *infer, const hn_tensor *const *in, hn_tensor *const *out);

/* One evaluation by the reference. Tensors are dense in logical order; `out` has shape and memory, entries of outputs
 * nobody wants are NULL. Data-shaped outputs have rank and upper bounds and get memory by `resize`. */
typedef struct hn_call {
    const hn_op *op;
    hn_attrs attrs;
    int n_in, n_out;
    const hn_tensor *const *in; /* NULL entries: absent */
    hn_tensor *const *out;
    hone_status (*resize)(struct hn_call *call, int out, int rank, const int64_t *dim);
    void *owner;          /* of whoever made the call; for `resize` */
    hn_arena *scratch;    /* emptied after the call */
    hn_arena *lasting;    /* where strings and objects that the operator makes live on */
    uint64_t seed;        /* random operators */
    struct hn_pool *pool; /* for the fast form of an operator of a plugin; NULL: run alone, by the reference */
    hn_diag *diag;
} hn_call;
typedef hone_status hn_ref_fn(hn_call *call);

struct hn_op {
    const char *name; /* as ONNX spells it, "domain.Name" outside ai.onnx; our own start with "hone." */
    hn_op_id id;
    int8_t min_in, max_in, min_out, max_out;
    uint32_t facts, host;
    hn_infer_fn *infer;
    hn_ref_fn *ref;
    hn_element_fn *element; /* NULL: not known */
    const void *plugin;     /* of operators that a plugin brings (abi/plugin_op.h) */
};

/* Whether input i may not be absent: the first ones, and all where there may be any number. Loop tells what it leaves
 * out by the place. */
static inline bool hn_op_needs(const hn_op *op, int64_t i) {
    return op->max_in == HN_ANY ? !(op->facts & HN_CONTROL) : i < op->min_in;
}

/* The table of operators; defined by the ops room (ops/registry.c). hn_op_find gives NULL for an unknown name. */
const hn_op *hn_op_at(hn_op_id id);
const hn_op *hn_op_find(const char *name);

/* ---- helpers for infer functions (infer_support.c) ---- */

/* Rank of input i, or -1. */
int hn_infer_rank(const hn_infer *infer, int i);
bool hn_infer_has(const hn_infer *infer, int i); /* input i is present */
hone_dtype hn_infer_dtype(const hn_infer *infer, int i);
/* Sets type tensor(dtype) and shape. `shape` may be NULL: unknown rank. */
void hn_infer_set(hn_infer *infer, int out, hone_dtype dtype, const hn_shape *shape);
/* Output 0 has the type and shape of input i. */
hone_status hn_infer_like(hn_infer *infer, int i);
/* The elements of integer input i (from data or element expressions), at most `max`. *n = -1 when not known. Fails when
 * the input is known not to be a vector (scalars count as one element) or to be longer than `max`. */
hone_status hn_infer_elements(const hn_infer *infer, int i, int max, hn_dim *out, int *n);
/* Output `out` is a value of `type`, which is no tensor type. */
void hn_infer_set_object(hn_infer *infer, int out, const hn_type *type);
/* The object that input i holds when its data is known, else NULL. */
const struct hn_object *hn_infer_object(const hn_infer *infer, int i);
/* Axis attribute or value in [-rank, rank) to [0, rank). */
hone_status hn_infer_axis(const hn_infer *infer, int64_t axis, int rank, int *out);
/* Multidirectional broadcast of two shapes; unknown with known>1 gives known; fails on contradiction of constants. */
hone_status hn_infer_broadcast(const hn_infer *infer, const hn_shape *a, const hn_shape *b, hn_shape *out);
/* The dim that both must be: prefers a constant, then a symbol; fails when both are constants and differ. */
hone_status hn_infer_unify(const hn_infer *infer, hn_dim a, hn_dim b, const char *what, hn_dim *out);

/* "[1,batch,?]" for a message: lives as long as the messages do, never NULL. */
const char *hn_infer_shape_text(const hn_infer *infer, const hn_shape *s);

/* Shape helpers. */
hn_shape hn_shape_unknown(void);
hn_shape hn_shape_of_tensor(const hn_tensor *t);
bool hn_shape_is_static(const hn_shape *s);
/* Dims to numbers; false when one is not constant. */
bool hn_shape_constant(const hn_shape *s, int64_t *dim);
void hn_shape_print(hn_str *out, const hn_shape *s, const hn_expr_pool *pool);
void hn_info_print(hn_str *out, const hn_info *info, const hn_expr_pool *pool);

#endif
