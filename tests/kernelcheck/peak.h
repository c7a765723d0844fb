/* See peak_body.h. */
#ifndef KERNELCHECK_PEAK_H
#define KERNELCHECK_PEAK_H

/* Runs `rounds` rounds of multiply-adds; the result only keeps the compiler from dropping them. */
float peak_flops_generic(long rounds);
float peak_flops_avx2(long rounds);
float peak_flops_avx512(long rounds);
long peak_flops_per_round_generic(void);
long peak_flops_per_round_avx2(void);
long peak_flops_per_round_avx512(void);

#endif
