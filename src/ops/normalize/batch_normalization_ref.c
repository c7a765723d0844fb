/* BatchNormalization: given statistics, or (training_mode) those of the batch with their running averages as outputs.
 */
#include <math.h>
#include "ops/block.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

/* The input as [images][channels][plane]. */
typedef struct batch {
    const hn_tensor *x;
    int64_t images, channels, plane;
} batch;

static batch view(const hn_tensor *x) {
    int64_t plane = x->rank > 2 ? hn_panel_count(x->rank - 2, x->dim + 2) : 1;
    return (batch){.x = x, .images = x->dim[0], .channels = x->rank > 1 ? x->dim[1] : 1, .plane = plane};
}

/* Sum over a channel of (x - shift), or of its square. */
static double sum_channel(const batch *b, int64_t channel, double shift, bool square) {
    double block[HN_BLOCK], sum = 0;
    for (int64_t image = 0; image < b->images; image++) {
        for (int64_t done = 0; done < b->plane; done += HN_BLOCK) {
            int n = b->plane - done < HN_BLOCK ? (int)(b->plane - done) : HN_BLOCK;
            hn_block_load_f64(block, b->x, (image * b->channels + channel) * b->plane + done, n);
            for (int i = 0; i < n; i++) sum += square ? (block[i] - shift) * (block[i] - shift) : block[i] - shift;
        }
    }
    return sum;
}

static void normalize_channel(const batch *b, hn_tensor *y, int64_t channel, double mean, double factor, double bias) {
    double block[HN_BLOCK];
    for (int64_t image = 0; image < b->images; image++) {
        for (int64_t done = 0; done < b->plane; done += HN_BLOCK) {
            int64_t at = (image * b->channels + channel) * b->plane + done;
            int n = b->plane - done < HN_BLOCK ? (int)(b->plane - done) : HN_BLOCK;
            hn_block_load_f64(block, b->x, at, n);
            for (int i = 0; i < n; i++) block[i] = (block[i] - mean) * factor + bias;
            hn_block_store_f64(y, at, block, n);
        }
    }
}

static void store_running(hn_call *call, int out, int64_t channel, double running, double current) {
    double momentum = hn_attrs_float(call->attrs, "momentum", 0.9f);
    bool training = hn_attrs_int(call->attrs, "training_mode", 0) != 0;
    double value = training ? running * momentum + current * (1 - momentum) : running;
    if (out < call->n_out && call->out[out]) hn_block_store_f64(call->out[out], channel, &value, 1);
}

hone_status hn_ops_ref_batch_normalization(hn_call *call) {
    batch b = view(call->in[0]);
    double *parameter[4], epsilon = hn_attrs_float(call->attrs, "epsilon", 1e-5f);
    bool training = hn_attrs_int(call->attrs, "training_mode", 0) != 0;
    for (int i = 0; i < 4; i++) HN_TRY_ALLOC(parameter[i] = hn_panel_load_all(call, call->in[i + 1]));
    for (int64_t c = 0; c < b.channels; c++) {
        double mean = parameter[2][c], variance = parameter[3][c], count = (double)(b.images * b.plane);
        if (training) {
            mean = sum_channel(&b, c, 0, false) / count;
            variance = sum_channel(&b, c, mean, true) / count;
        }
        store_running(call, 1, c, parameter[2][c], mean);
        store_running(call, 2, c, parameter[3][c], variance);
        double factor = parameter[0][c] / sqrt(variance + epsilon);
        if (call->out[0]) normalize_channel(&b, call->out[0], c, mean, factor, parameter[1][c]);
    }
    return HONE_OK;
}
