/* The discrete Fourier transform of one line of complex numbers, of any length. */
#ifndef HN_OPS_SIGNAL_FOURIER_H
#define HN_OPS_SIGNAL_FOURIER_H

#include "abi/operator.h"

typedef struct hn_complex {
    double re, im;
} hn_complex;

typedef struct hn_fourier {
    int64_t n;
    hn_complex *in, *out;       /* n numbers each: set `in`, read `out` */
    hn_complex *root, *product; /* the n-th roots of one, conjugate for the inverse; scratch */
} hn_fourier;

/* Scratch memory for a transform of `n` numbers; `inverse` also divides by n. HONE_OUT_OF_MEMORY when there is none. */
hone_status hn_fourier_prepare(hn_call *call, int64_t n, bool inverse, hn_fourier *f);
/* out = transform of in. */
void hn_fourier_run(hn_fourier *f, bool inverse);

#endif
