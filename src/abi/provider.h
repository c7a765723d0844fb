/* Providers offer kernels for queries. The CPU list, the reference, later the CUDA generator and plugins are providers.
 *
 * Build time:  supports(query) -> cost -> prepare(query) -> config blob -> pack constants
 * Load time:   find by name -> supports + prepare again, compare -> bind to the best body for the CPU at hand
 * Run time:    for each phase: tasks(args, phase) tasks, each run(args) on any worker, in any order */
#ifndef HN_ABI_PROVIDER_H
#define HN_ABI_PROVIDER_H

#include "abi/query.h"

#define HN_CONFIG_BYTES 256 /* a kernel's own build-time decisions, pointer-free */

/* One task of one kernel call. */
typedef struct hn_args {
    const hn_query *query;
    const void *config;
    const void *const *packed; /* per value number: packed constant, or NULL when not packed */
    hn_tensor *val;            /* per value number: dims and strides as they are now; temporaries have data NULL */
    void *shared;              /* scratch of all tasks, 64-byte aligned */
    void *worker;              /* scratch of this worker, 64-byte aligned */
    int phase, task;
} hn_args;

/* One implementation for one instruction set. */
typedef struct hn_kernel_body {
    uint32_t features; /* HN_CPU_* needed; 0 runs everywhere */
    hone_status (*run)(const hn_args *args);
} hn_kernel_body;

typedef struct hn_kernel {
    const char *name; /* stable plan identifier, e.g. "f32_gemm_conv" */
    uint32_t version; /* raise when packing, config or results change */
    /* Can this kernel run the query (operators, types, layouts, attributes, ranks)? */
    bool (*supports)(const hn_query *query);
    /* Estimated seconds for the opt shapes; the cheapest supporting kernel wins until the tuner measures. */
    double (*cost)(const hn_query *query);
    /* Fills `config` (HN_CONFIG_BYTES, zeroed before) from the query alone. NULL: no config. */
    hone_status (*prepare)(const hn_query *query, void *config, hn_diag *diag);
    /* Bytes of the packed form of constant `val`, 0 when it is used as it is. NULL: nothing is packed. */
    size_t (*packed_size)(const hn_query *query, const void *config, int val);
    void (*pack)(const hn_query *query, const void *config, int val, const hn_tensor *from, void *to);
    /* Scratch for the shapes in args->val. NULL: none. */
    void (*workspace)(const hn_args *args, size_t *shared, size_t *per_worker);
    /* NULL: one phase, one task. */
    int (*phases)(const hn_args *args);
    int (*tasks)(const hn_args *args, int phase);
    const hn_kernel_body *body; /* best first; the last has features 0 */
    int n_body;
    bool inplace; /* output 0 may share memory with any input of the same size and layout */
} hn_kernel;

typedef struct hn_provider {
    const char *name; /* "cpu" */
    const hn_kernel *const *kernel;
    int n_kernel;
} hn_provider;

/* The first body that `features` allow. */
const hn_kernel_body *hn_kernel_bind(const hn_kernel *kernel, uint32_t features);
const hn_kernel *hn_provider_find(const hn_provider *provider, const char *name);
/* The cheapest supporting kernel, or NULL. */
const hn_kernel *hn_provider_choose(const hn_provider *provider, const hn_query *query);

#endif
