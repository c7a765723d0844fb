/* DFT and STFT: lines of a tensor through hn_fourier. */
#include <string.h>
#include "ops/matmul/panel.h"
#include "ops/registry.h"
#include "ops/shape/shape.h"
#include "ops/signal/fourier.h"

/* Reads `n` numbers of `parts` doubles each, `stride` numbers apart. */
static void load_line(hn_complex *to, const hn_tensor *t, int64_t first, int64_t stride, int64_t parts, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double part[2] = {0, 0};
        hn_panel_load(part, t, (first + i * stride) * parts, parts);
        to[i] = (hn_complex){part[0], part[1]};
    }
}

static void store_line(const hn_complex *from, hn_tensor *t, int64_t first, int64_t stride, int64_t parts, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const double part[2] = {from[i].re, from[i].im};
        hn_panel_store(t, (first + i * stride) * parts, parts, part);
    }
}

/* The half that is not given is the conjugate of the other; the ends are real. */
static void mirror(hn_complex *line, int64_t n) {
    if (n) line[0].im = 0;
    if (n % 2 == 0 && n) line[n / 2].im = 0;
    for (int64_t i = n / 2 + 1; i < n; i++) line[i] = (hn_complex){line[n - i].re, -line[n - i].im};
}

/* ---- DFT ---- */

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

hone_status hn_ops_ref_dft(hn_call *call) {
    const hn_tensor *x = call->in[0];
    const bool inverse = hn_attrs_int(call->attrs, "inverse", 0) != 0;
    const bool onesided = hn_attrs_int(call->attrs, "onesided", 0) != 0;
    hn_tensor *y = call->out[0];
    hn_fourier f;
    int64_t axis, length;
    if (!y || hn_tensor_count(y) == 0) return HONE_OK;
    HN_TRY(hn_call_int(call, 2, -2, &axis));
    if (axis < 0) axis += x->rank;
    const int64_t have = x->dim[axis], kept = y->dim[axis], parts = x->dim[x->rank - 1];
    HN_TRY(hn_call_int(call, 1, onesided && inverse ? 2 * (have - 1) : have, &length));
    HN_TRY(hn_fourier_prepare(call, length, inverse, &f));
    const int64_t inner = hn_panel_count(x->rank - 1 - (int)axis - 1, x->dim + axis + 1);
    const int64_t outer = hn_panel_count((int)axis, x->dim), read = onesided && inverse ? length / 2 + 1 : length;
    for (int64_t line = 0; line < outer * inner; line++) {
        const int64_t from = line / inner * have * inner + line % inner,
                      to = line / inner * kept * inner + line % inner;
        memset(f.in, 0, (size_t)length * sizeof *f.in);
        load_line(f.in, x, from, inner, parts, smaller(have, read));
        if (onesided && inverse) mirror(f.in, length);
        hn_fourier_run(&f, inverse);
        store_line(f.out, y, to, inner, y->dim[y->rank - 1], kept);
    }
    return HONE_OK;
}

/* ---- STFT ---- */

hone_status hn_ops_ref_stft(hn_call *call) {
    const hn_tensor *x = call->in[0], *w = call->n_in > 2 ? call->in[2] : NULL;
    const int64_t signal = x->dim[1], parts = x->dim[2];
    hn_tensor *y = call->out[0];
    double *window = NULL;
    hn_fourier f;
    int64_t step, length;
    if (!y || hn_tensor_count(y) == 0) return HONE_OK;
    HN_TRY(hn_call_int(call, 1, 1, &step));
    HN_TRY(hn_call_int(call, 3, w ? w->dim[0] : signal, &length));
    if (w) HN_TRY_ALLOC(window = hn_panel_load_all(call, w));
    HN_TRY(hn_fourier_prepare(call, length, false, &f));
    for (int64_t frame = 0; frame < y->dim[0] * y->dim[1]; frame++) {
        const int64_t batch = frame / y->dim[1], at = frame % y->dim[1] * step;
        load_line(f.in, x, batch * signal + at, 1, parts, length);
        for (int64_t i = 0; i < length && window; i++) {
            f.in[i].re *= window[i];
            f.in[i].im *= window[i];
        }
        hn_fourier_run(&f, false);
        store_line(f.out, y, frame * y->dim[2], 1, 2, y->dim[2]);
    }
    return HONE_OK;
}
