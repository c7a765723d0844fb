/* What happens to the values of a dense kernel before they are stored: the query's operators behind the anchor.
 *
 * Built once from the query (hn_epilogue, pointer-free, part of a kernel's config), bound to the tensors of a call
 * (hn_epilogue_run), applied per output tile. A bias, then a residual tensor, then a clamp stay in registers; what
 * comes after them runs over the stored tile while it is in the first-level cache. */
#ifndef HN_KERNELS_EPILOGUE_H
#define HN_KERNELS_EPILOGUE_H

#include "abi/provider.h"

typedef enum hn_epilogue_kind {
    HN_EPILOGUE_ADD, /* a tensor of the output's shape */
    HN_EPILOGUE_SUB,
    HN_EPILOGUE_SUB_FROM, /* operand - x */
    HN_EPILOGUE_MUL,
    HN_EPILOGUE_ADD_CHANNEL, /* a constant per output channel, or one for all */
    HN_EPILOGUE_SUB_CHANNEL,
    HN_EPILOGUE_MUL_CHANNEL,
    HN_EPILOGUE_DIV_CHANNEL,
    HN_EPILOGUE_CLAMP,      /* to [a, b] */
    HN_EPILOGUE_LEAKY_RELU, /* slope a */
    HN_EPILOGUE_SIGMOID,
    HN_EPILOGUE_TANH,
    HN_EPILOGUE_HARD_SIGMOID, /* a x + b */
    HN_EPILOGUE_HARD_SWISH,
    HN_EPILOGUE_SILU, /* x sigmoid(a x) */
    HN_EPILOGUE_GELU,
    HN_EPILOGUE_GELU_TANH
} hn_epilogue_kind;

typedef struct hn_epilogue_step {
    uint8_t kind;
    int8_t val, val2; /* operand; for CLAMP the constants that hold a and b; -1: none */
    float a, b;
} hn_epilogue_step;

#define HN_EPILOGUE_STEPS (HN_QUERY_OPS - 1)

typedef struct hn_epilogue {
    int8_t out; /* value number of the result */
    uint8_t n;
    hn_epilogue_step step[HN_EPILOGUE_STEPS];
} hn_epilogue;

/* One step with its operands found. */
typedef struct hn_epilogue_step_run {
    hn_epilogue_kind kind;
    bool scalar;          /* the per-channel constant is one number */
    const float *operand; /* tensor of the output's layout, or per-channel constant */
    float a, b;
} hn_epilogue_step_run;

typedef struct hn_epilogue_run {
    const float *bias;     /* per channel; NULL: none */
    const float *residual; /* tensor of the output's layout; NULL: none */
    float low, high;
    int n;
    hn_epilogue_step_run step[HN_EPILOGUE_STEPS];
} hn_epilogue_run;

/* Reads ops 1.. of the query, whose anchor (op 0) yields a float32 tensor with the channels on `axis`. False when an
 * operator is not known here, reads anything but the running value, constants and tensors of the same shape and layout,
 * or when the group has more than one output. */
bool hn_epilogue_parse(const hn_query *query, int axis, hn_epilogue *out);
/* Finds operands in args->val. `bias` is the anchor's own (NULL: none). HONE_INVALID_ARGUMENT when a tensor operand has
 * not the output's shape. */
hone_status hn_epilogue_bind(const hn_epilogue *epilogue, const hn_args *args, const float *bias, hn_epilogue_run *out);

#endif
