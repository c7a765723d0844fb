/* The list of CPU kernels, from kernels.def. */
#include "kernels/cpu/cpu_provider.h"
#include "kernels/cpu/kernel.h"

static const hn_kernel *const kernels[] = {
#define HN_KERNEL(name) &hn_kernel_##name,
#include "kernels/cpu/kernels.def"
#undef HN_KERNEL
};

const hn_provider hn_cpu_provider = {"cpu", kernels, HN_KERNEL_BODY_COUNT(kernels)};
