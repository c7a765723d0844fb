/* Fourier transform by splitting off the smallest prime factor of the length, again and again: n log n for lengths with
 * small factors, n * n for primes. */
#include "ops/signal/fourier.h"
#include <math.h>
#include "ops/matmul/panel.h"

#define PI 3.14159265358979323846

hone_status hn_fourier_prepare(hn_call *call, int64_t n, bool inverse, hn_fourier *f) {
    int64_t numbers;
    if (__builtin_mul_overflow(n, (int64_t)2, &numbers)) return HONE_OUT_OF_MEMORY;
    f->n = n;
    HN_TRY_ALLOC(f->in = hn_panel_scratch(call, numbers));
    HN_TRY_ALLOC(f->out = hn_panel_scratch(call, numbers));
    HN_TRY_ALLOC(f->root = hn_panel_scratch(call, numbers));
    HN_TRY_ALLOC(f->product = hn_panel_scratch(call, numbers));
    for (int64_t i = 0; i < n; i++) {
        const double angle = 2 * PI * (double)i / (double)n;
        f->root[i] = (hn_complex){cos(angle), inverse ? sin(angle) : -sin(angle)};
    }
    return HONE_OK;
}

static int64_t smallest_factor(int64_t n) {
    for (int64_t p = 2; p <= n / p; p++)
        if (n % p == 0) return p;
    return n;
}

/* Joins `p` transforms of m numbers, one behind the other in `out`, into one of p * m. */
static void join(hn_fourier *f, hn_complex *out, int64_t p, int64_t m) {
    const int64_t n = p * m, step = f->n / n;
    for (int64_t k = 0; k < n; k++) {
        hn_complex sum = {0, 0};
        for (int64_t r = 0; r < p; r++) {
            const hn_complex a = out[r * m + k % m], w = f->root[(int64_t)((__int128)r * k % n) * step];
            sum.re += a.re * w.re - a.im * w.im;
            sum.im += a.re * w.im + a.im * w.re;
        }
        f->product[k] = sum;
    }
    for (int64_t k = 0; k < n; k++) out[k] = f->product[k];
}

static void transform(hn_fourier *f, const hn_complex *in, int64_t stride, hn_complex *out, int64_t n) {
    if (n <= 1) {
        if (n) out[0] = in[0];
        return;
    }
    const int64_t p = smallest_factor(n), m = n / p;
    for (int64_t r = 0; r < p; r++) transform(f, in + r * stride, stride * p, out + r * m, m);
    join(f, out, p, m);
}

void hn_fourier_run(hn_fourier *f, bool inverse) {
    transform(f, f->in, 1, f->out, f->n);
    for (int64_t i = 0; i < f->n && inverse; i++) {
        f->out[i].re /= (double)f->n;
        f->out[i].im /= (double)f->n;
    }
}
