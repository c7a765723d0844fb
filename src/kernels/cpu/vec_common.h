/* What the bodies of the vector prelude share; include vec.h instead. */
#ifndef HN_KERNELS_VEC_COMMON_H
#define HN_KERNELS_VEC_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HN_VEC_INLINE static inline __attribute__((always_inline, unused))

/* Unrolls the loop that follows; its trip count must be a constant after inlining. */
#if defined(__clang__)
#define HN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define HN_UNROLL _Pragma("GCC unroll 64")
#endif

#endif
