/* A group of elementwise float operators as a little program that runs over rows of the output. */
#ifndef HN_KERNELS_ELEMENTWISE_H
#define HN_KERNELS_ELEMENTWISE_H

#include "kernels/cpu/kernel.h"
#include "kernels/cpu/walk.h"

#define HN_ELEMENTWISE_BLOCK 512 /* elements of a row that are worked on at once: temporaries stay in the L1 cache */

/* Columns: operator, inputs, expression of lanes x, y and parameters a, b. NaN stays NaN. */
#define HN_LANE_OPS(X)                                                                                                 \
    X(add, 2, vf_add(x, y))                                                                                            \
    X(sub, 2, vf_sub(x, y))                                                                                            \
    X(mul, 2, vf_mul(x, y))                                                                                            \
    X(div, 2, vf_div(x, y))                                                                                            \
    X(prelu, 2, vf_blend(vf_lt(x, vf_zero()), vf_mul(x, y), x))                                                        \
    X(relu, 1, vf_max(vf_zero(), x))                                                                                   \
    X(clip, 1, vf_clamp(x, a, b))                                                                                      \
    X(leaky_relu, 1, vf_blend(vf_lt(x, vf_zero()), vf_mul(a, x), x))                                                   \
    X(sigmoid, 1, vf_sigmoid(x))                                                                                       \
    X(tanh, 1, vf_tanh(x))                                                                                             \
    X(erf, 1, vf_erf(x))                                                                                               \
    X(exp, 1, vf_exp(x))                                                                                               \
    X(neg, 1, vf_sub(vf_set(-0.0f), x))                                                                                \
    X(abs, 1, vf_abs(x))                                                                                               \
    X(sqrt, 1, vf_sqrt(x))                                                                                             \
    X(reciprocal, 1, vf_div(vf_set(1.0f), x))                                                                          \
    X(hard_sigmoid, 1, vf_hard_sigmoid(x, a, b))                                                                       \
    X(hard_swish, 1, vf_hard_swish(x))                                                                                 \
    X(swish, 1, vf_mul(x, vf_sigmoid(vf_mul(a, x))))                                                                   \
    X(gelu, 1, vf_gelu(x))

/* Beyond the operators' own identity: the tanh form of Gelu, and squares (Pow by 2). */
typedef enum hn_lane_op {
#define HN_LANE_ENUM(name, n, expression) HN_LANE_##name,
    HN_LANE_OPS(HN_LANE_ENUM)
#undef HN_LANE_ENUM
        HN_LANE_gelu_tanh
} hn_lane_op;

typedef struct hn_lane_step {
    uint8_t op;       /* hn_lane_op */
    int8_t x, y, out; /* query values */
    int8_t low, high; /* Clip's bounds as query values, -1: none */
    float a, b;
} hn_lane_step;

typedef struct hn_lane_program {
    int32_t n;
    hn_lane_step step[HN_QUERY_OPS];
} hn_lane_program;

/* One call, ready to run rows. */
typedef struct hn_lane_run {
    const hn_args *args;
    hn_lane_program program; /* with Clip's bounds read */
    hn_walk walk;
    int val[HN_QUERY_VALS]; /* query value of each tensor of the walk */
} hn_lane_run;

/* Elements [first, first + n) of a row whose tensors begin at offset[]; done by the body of the instruction set. */
typedef void hn_lane_row_fn(const hn_lane_run *run, const int64_t *offset, int64_t first, int n);
/* Runs the rows of one task. */
hone_status hn_lane_task(const hn_args *args, hn_lane_row_fn *row);

#endif
