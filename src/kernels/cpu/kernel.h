/* For files that define kernels: prototypes of all rows, and the list of bodies of one written over vec.h. */
#ifndef HN_KERNELS_KERNEL_H
#define HN_KERNELS_KERNEL_H

#include "abi/provider.h"
#include "base/cpu.h"

#define HN_KERNEL(name) extern const hn_kernel hn_kernel_##name;
#include "kernels/cpu/kernels.def"
#undef HN_KERNEL

/* Declares run_generic, run_avx2 and run_avx512 and the array `bodies` of them, best first. */
#if defined(__x86_64__)
#define HN_KERNEL_BODIES(bodies, run)                                                                                  \
    hone_status run##_generic(const hn_args *args);                                                                    \
    hone_status run##_avx2(const hn_args *args);                                                                       \
    hone_status run##_avx512(const hn_args *args);                                                                     \
    static const hn_kernel_body bodies[] = {                                                                           \
        {HN_CPU_AVX512 | HN_CPU_AVX2, run##_avx512}, {HN_CPU_AVX2, run##_avx2}, {0, run##_generic}}
#else
#define HN_KERNEL_BODIES(bodies, run)                                                                                  \
    hone_status run##_generic(const hn_args *args);                                                                    \
    static const hn_kernel_body bodies[] = {{0, run##_generic}}
#endif
#define HN_KERNEL_BODY_COUNT(bodies) ((int)(sizeof(bodies) / sizeof(bodies)[0]))

#endif
