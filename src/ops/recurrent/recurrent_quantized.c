/* What DynamicQuantizeLSTM rounds: weights are stored in 8 bits, inputs and states are rounded as they come. */
#include <math.h>
#include "ops/recurrent/recurrent.h"

void hn_recurrent_see(hn_recurrent_grid *grid, const double *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const float value = (float)x[i];
        if (value < grid->low) grid->low = value;
        if (value > grid->high) grid->high = value;
    }
}

void hn_recurrent_lay(hn_recurrent_grid *grid) {
    grid->scale = (grid->high - grid->low) / 255;
    if (!(grid->scale > 0)) grid->scale = 1;
    grid->zero = rintf(fminf(fmaxf(-grid->low / grid->scale, 0), 255));
}

void hn_recurrent_round(const hn_recurrent_grid *grid, const double *x, int64_t n, double *to) {
    for (int64_t i = 0; i < n; i++) {
        const float step = fminf(fmaxf(rintf((float)x[i] / grid->scale) + grid->zero, 0), 255);
        to[i] = (double)(step - grid->zero) * (double)grid->scale;
    }
}

/* Entry of a parameter that has one number a direction or one a gate's unit. */
static int64_t entry(const hn_tensor *t, int64_t d, int64_t unit) { return t->rank == 2 ? d * t->dim[1] + unit : d; }

void hn_recurrent_dequantize(const hn_call *call, int weights, int64_t d, int g, double *to) {
    const int at = weights == 1 ? HN_RECURRENT_W_SCALE : HN_RECURRENT_R_SCALE;
    const hn_tensor *w = call->in[weights], *scale = call->in[at];
    const hn_tensor *zero = at + 1 < call->n_in ? call->in[at + 1] : NULL;
    const int64_t columns = w->dim[1], units = w->dim[2], hidden = units / 4;
    for (int64_t j = 0; j < hidden; j++) {
        const int64_t unit = g * hidden + j;
        const double factor = hn_tensor_real(scale, entry(scale, d, unit));
        const int64_t origin = zero ? hn_tensor_int(zero, entry(zero, d, unit)) : 0;
        for (int64_t k = 0; k < columns; k++)
            to[j * columns + k] = (double)(hn_tensor_int(w, (d * columns + k) * units + unit) - origin) * factor;
    }
}
