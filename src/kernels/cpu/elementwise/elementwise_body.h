/* Rows of an elementwise program over vec.h; included once per instruction set. */
#include "kernels/cpu/elementwise/elementwise.h"
#include "kernels/cpu/math.h"

/* The lanes of one input: in place where it is contiguous, otherwise repeated or collected in the worker's buffer. */
static const float *row_input(const float *data, int64_t stride, int n, float *buffer) {
    if (stride == 1) return data;
    if (stride == 0) {
        const vf value = vf_set(*data);
        for (int i = 0; i < n; i += 16) vf_store(buffer + i, value);
    } else {
        for (int i = 0; i < n; i++) buffer[i] = data[i * stride];
    }
    return buffer;
}

#define LANES(expression)                                                                                              \
    for (int i = 0; i < n; i += 16) {                                                                                  \
        const vf x = vf_load_first(x_at + i, n - i), y = y_at ? vf_load_first(y_at + i, n - i) : x;                    \
        (void)y;                                                                                                       \
        vf_store_first(to + i, n - i, expression);                                                                     \
    }                                                                                                                  \
    break

static void run_step(const hn_lane_step *s, const float *x_at, const float *y_at, float *to, int n) {
    const vf a = vf_set(s->a), b = vf_set(s->b);
    switch ((hn_lane_op)s->op) {
#define HN_LANE_RUN(name, inputs, expression)                                                                          \
    case HN_LANE_##name:                                                                                               \
        LANES(expression);
        HN_LANE_OPS(HN_LANE_RUN)
#undef HN_LANE_RUN
    case HN_LANE_gelu_tanh:
        LANES(vf_gelu_tanh(x));
    }
}

static void run_row(const hn_lane_run *run, const int64_t *offset, int64_t first, int n) {
    const float *at[HN_QUERY_VALS] = {0};
    float *const buffer = run->args->worker;
    const int inner = run->walk.rank - 1;
    for (int t = 1; t < run->walk.n; t++) {
        const int v = run->val[t];
        const int64_t stride = run->walk.stride[t][inner];
        const float *data = (const float *)run->args->val[v].data + offset[t] + first * stride;
        at[v] = row_input(data, stride, n, buffer + (size_t)v * HN_ELEMENTWISE_BLOCK);
    }
    for (int i = 0; i < run->program.n; i++) {
        const hn_lane_step *s = &run->program.step[i];
        float *to = buffer + (size_t)s->out * HN_ELEMENTWISE_BLOCK;
        if (i + 1 == run->program.n)
            to = (float *)run->args->val[run->val[0]].data + offset[0] + first * run->walk.stride[0][inner];
        run_step(s, at[s->x], s->y < 0 ? NULL : at[s->y], to, n);
        at[s->out] = to;
    }
}

hone_status HN_VEC_NAME(hn_f32_elementwise)(const hn_args *args);
hone_status HN_VEC_NAME(hn_f32_elementwise)(const hn_args *args) { return hn_lane_task(args, run_row); }
