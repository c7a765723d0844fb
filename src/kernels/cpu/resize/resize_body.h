/* Rows of Resize over vec.h, 16 channels at a time; included once per instruction set. */
#include <string.h>
#include "kernels/cpu/resize/resize_kernel.h"
#include "kernels/cpu/vec.h"

static void weigh(const hn_resize_sum *sum, const float *x, float *y, int64_t channels) {
    for (int64_t c = 0; c < channels; c += 16) {
        const int n = channels - c < 16 ? (int)(channels - c) : 16;
        vf acc = vf_mul(vf_set(sum->weight[0]), vf_load_first(x + sum->offset[0] + c, n));
        for (int k = 1; k < sum->n; k++)
            acc = vf_fma(vf_set(sum->weight[k]), vf_load_first(x + sum->offset[k] + c, n), acc);
        vf_store_first(y + c, n, acc);
    }
}

static void resize_position(const hn_resize_run *run, const hn_resize_sum *sum, float *y) {
    const int64_t channels = run->y->dim[1];
    const float *x = run->x->data;
    if (run->channels)
        for (int64_t c = 0; c < channels; c++) y[c] = hn_resize_channel(run, sum, c);
    else if (sum->n == 0) memset(y, 0, (size_t)channels * sizeof *y);
    else if (sum->n == 1 && sum->weight[0] == 1) memcpy(y, x + sum->offset[0], (size_t)channels * sizeof *y);
    else weigh(sum, x, y, channels);
}

static void resize_row(const hn_resize_run *run, int64_t row) {
    hn_resize_sum of_row, sum;
    const int last = run->rank - 1;
    float *y;
    hn_resize_row(run, row, &of_row, &y);
    for (int64_t i = 0; i < run->y->dim[last]; i++) {
        hn_resize_position(run, &of_row, i, &sum);
        resize_position(run, &sum, y + i * run->y->stride[last]);
    }
}

hone_status HN_VEC_NAME(hn_f32_resize)(const hn_args *args);
hone_status HN_VEC_NAME(hn_f32_resize)(const hn_args *args) {
    hn_resize_run run;
    int64_t first, end;
    if (!hn_resize_start(args, &run)) return HONE_INVALID_ARGUMENT;
    if (args->phase == 0) return HONE_OK;
    hn_resize_rows(&run, args->task, &first, &end);
    for (int64_t i = first; i < end; i++) resize_row(&run, i);
    return HONE_OK;
}
