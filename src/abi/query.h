/* The flat form of a fused group: timing-cache key, plan record and kernel-check input alike. No pointers. */
#ifndef HN_ABI_QUERY_H
#define HN_ABI_QUERY_H

#include "abi/operator.h"

#define HN_QUERY_OPS        12
#define HN_QUERY_VALS       48
#define HN_QUERY_ARGS       32 /* inputs (or outputs) of one operator in a query */
#define HN_QUERY_ATTR_BYTES 1024

typedef enum hn_role { HN_ROLE_IN, HN_ROLE_CONST, HN_ROLE_TEMP, HN_ROLE_OUT } hn_role;

/* How a value lies in memory; IR shapes and hn_tensor dims stay in logical ONNX order, strides tell the rest. */
typedef enum hn_layout {
    HN_LAYOUT_DENSE,        /* row-major in logical order */
    HN_LAYOUT_CHANNELS_LAST /* N, spatial..., C */
} hn_layout;

/* Facts about constant bytes that kernels may rely on. */
enum {
    HN_CONST_SCALAR = 1u << 0,     /* one element */
    HN_CONST_PER_CHANNEL = 1u << 1 /* varies along the channel axis of the anchor's output only */
};

typedef struct hn_qdim {
    int64_t min, opt, max; /* max -1: unbounded */
    int64_t multiple;      /* always a multiple of this */
} hn_qdim;

typedef struct hn_qval {
    uint8_t dtype, rank, role, layout;
    uint32_t const_facts;
    hn_qdim dim[HONE_MAX_RANK];
} hn_qval;

typedef struct hn_qop {
    uint16_t op; /* hn_op_id; a plan stores the name */
    uint8_t n_in, n_out;
    int8_t in[HN_QUERY_ARGS]; /* value numbers, -1: absent */
    int8_t out[HN_QUERY_ARGS];
    uint16_t attr_offset, attr_bytes;
} hn_qop;

/* Values are numbered: inputs and constants in the order the group takes them, then temporaries and outputs. Operators
 * are in execution order; the anchor (the one that is not elementwise, if any) is op[0] by construction of the groups.
 */
typedef struct hn_query {
    uint16_t n_op, n_val, n_in, n_out; /* n_in: values with role IN or CONST; n_out: values with role OUT */
    uint32_t features;                 /* HN_CPU_* that the plan may assume when it is tuned; 0 when neutral */
    uint16_t threads;
    uint16_t strictness; /* 0: float reassociation inside a reduction allowed; 1: reference order */
    uint32_t attr_bytes;
    hn_qop op[HN_QUERY_OPS];
    _Alignas(8) uint8_t attr[HN_QUERY_ATTR_BYTES];
    hn_qval val[HN_QUERY_VALS]; /* last: long-lived copies may end behind val[n_val - 1] (HN_QUERY_SIZE) */
} hn_query;

/* Bytes of a query with `n_val` values. */
#define HN_QUERY_SIZE(n_val) (offsetof(hn_query, val) + (size_t)(n_val) * sizeof(hn_qval))

/* Attributes of operator `i`, decoded into `arena`. */
hone_status hn_query_attrs(const hn_query *query, int i, hn_arena *arena, hn_attrs *out, hn_diag *diag);
/* True when every dim of value `i` is the same for all shapes of the profile; the dims are then copied to `dim`. */
bool hn_query_static_dims(const hn_query *query, int i, int64_t *dim);

#endif
