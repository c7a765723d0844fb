/* Applies epilogue steps to a stored tile (see epilogue.h); included by kernel bodies. */
#ifndef HN_KERNELS_EPILOGUE_BODY_H
#define HN_KERNELS_EPILOGUE_BODY_H

#include "kernels/cpu/gemm/epilogue.h"
#include "kernels/cpu/math.h"

/* A tile of the output: `rows` rows of `n` columns at element `offset` of `c`, rows `stride` apart. */
typedef struct epilogue_tile {
    float *c;
    size_t offset, stride, channel;
    int rows, n;
} epilogue_tile;

/* Runs `expression` of x (and y, the operand's lanes) over the tile. */
#define HN_EPILOGUE_EACH(operand_lanes, expression)                                                                    \
    for (int row = 0; row < tile->rows; row++) {                                                                       \
        for (int column = 0; column < tile->n; column += 16) {                                                         \
            size_t at = tile->offset + (size_t)row * tile->stride + (size_t)column;                                    \
            int n = tile->n - column;                                                                                  \
            vf x = vf_load_first(tile->c + at, n);                                                                     \
            vf y = operand_lanes;                                                                                      \
            (void)y;                                                                                                   \
            vf_store_first(tile->c + at, n, expression);                                                               \
        }                                                                                                              \
    }                                                                                                                  \
    break
#define HN_EPILOGUE_TENSOR vf_load_first(step->operand + at, n)
#define HN_EPILOGUE_CHANNEL                                                                                            \
    (step->scalar ? vf_set(step->operand[0]) : vf_load_first(step->operand + tile->channel + (size_t)column, n))

static void epilogue_step(const hn_epilogue_step_run *step, const epilogue_tile *tile) {
    vf a = vf_set(step->a), b = vf_set(step->b);
    switch (step->kind) {
    case HN_EPILOGUE_ADD:
        HN_EPILOGUE_EACH(HN_EPILOGUE_TENSOR, vf_add(x, y));
    case HN_EPILOGUE_SUB:
        HN_EPILOGUE_EACH(HN_EPILOGUE_TENSOR, vf_sub(x, y));
    case HN_EPILOGUE_SUB_FROM:
        HN_EPILOGUE_EACH(HN_EPILOGUE_TENSOR, vf_sub(y, x));
    case HN_EPILOGUE_MUL:
        HN_EPILOGUE_EACH(HN_EPILOGUE_TENSOR, vf_mul(x, y));
    case HN_EPILOGUE_ADD_CHANNEL:
        HN_EPILOGUE_EACH(HN_EPILOGUE_CHANNEL, vf_add(x, y));
    case HN_EPILOGUE_SUB_CHANNEL:
        HN_EPILOGUE_EACH(HN_EPILOGUE_CHANNEL, vf_sub(x, y));
    case HN_EPILOGUE_MUL_CHANNEL:
        HN_EPILOGUE_EACH(HN_EPILOGUE_CHANNEL, vf_mul(x, y));
    case HN_EPILOGUE_DIV_CHANNEL:
        HN_EPILOGUE_EACH(HN_EPILOGUE_CHANNEL, vf_div(x, y));
    case HN_EPILOGUE_CLAMP:
        HN_EPILOGUE_EACH(a, vf_clamp(x, a, b));
    case HN_EPILOGUE_LEAKY_RELU:
        HN_EPILOGUE_EACH(a, vf_blend(vf_lt(x, vf_zero()), vf_mul(a, x), x));
    case HN_EPILOGUE_SIGMOID:
        HN_EPILOGUE_EACH(a, vf_sigmoid(x));
    case HN_EPILOGUE_TANH:
        HN_EPILOGUE_EACH(a, vf_tanh(x));
    case HN_EPILOGUE_HARD_SIGMOID:
        HN_EPILOGUE_EACH(a, vf_hard_sigmoid(x, a, b));
    case HN_EPILOGUE_HARD_SWISH:
        HN_EPILOGUE_EACH(a, vf_hard_swish(x));
    case HN_EPILOGUE_SILU:
        HN_EPILOGUE_EACH(a, vf_mul(x, vf_sigmoid(vf_mul(a, x))));
    case HN_EPILOGUE_GELU:
        HN_EPILOGUE_EACH(a, vf_gelu(x));
    case HN_EPILOGUE_GELU_TANH:
        HN_EPILOGUE_EACH(a, vf_gelu_tanh(x));
    }
}

static inline void epilogue_rest(const hn_epilogue_run *epilogue, const epilogue_tile *tile) {
    for (int i = 0; i < epilogue->n; i++) epilogue_step(&epilogue->step[i], tile);
}

#endif
