/* The provider of the CPU's kernels; its list is kernels.def. */
#ifndef HN_KERNELS_CPU_PROVIDER_H
#define HN_KERNELS_CPU_PROVIDER_H

#include "abi/provider.h"

extern const hn_provider hn_cpu_provider;

#endif
