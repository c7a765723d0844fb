/* com.example.Mix with one fault, chosen by -DFAULT=n; the table FAULTS of run.py says what Hone must answer. */
#include "hone/plugin.h"

#ifndef FAULT
#define FAULT 0
#endif

static hone_status infer(const hone_plugin_host *host, const hone_call *call) {
    hone_call_tensor *out = host->output(call, 0);
    if (FAULT == 1) return HONE_INVALID_MODEL;
    if (FAULT == 2) return (hone_status)12345;
    if (FAULT == 3) return HONE_OK;
    out->dtype = HONE_FLOAT32;
    out->rank = FAULT == 4 ? 99 : 2;
    out->dim[0] = FAULT == 5 ? (int64_t)1 << 40 : FAULT == 6 ? HONE_DIM_OF(7, 3) : HONE_DIM_OF(0, 0);
    out->dim[1] = FAULT == 5 ? (int64_t)1 << 40 : FAULT == 6 ? INT64_MIN : HONE_DIM_OF(0, 1);
    return FAULT == 7 ? host->fail(call, HONE_OK, NULL) : HONE_OK;
}

static hone_status run(const hone_plugin_host *host, const hone_call *call) {
    const int64_t dim[2] = {1, 1};
    if (FAULT == 8) return HONE_INTERNAL;
    if (FAULT == 9) return host->fail(call, HONE_INVALID_ARGUMENT, "42 is not to its liking");
    if (FAULT == 10) return (hone_status)777;
    return FAULT == 11 ? host->resize(call, 0, 2, dim) : HONE_OK;
}

static int tasks(const hone_plugin_host *host, const hone_call *call) {
    (void)host, (void)call;
    return FAULT == 12 ? -5 : 64;
}

static hone_status run_task(const hone_plugin_host *host, const hone_call *call, int task) {
    (void)task;
    return host->fail(call, HONE_INVALID_ARGUMENT, "a task failed");
}

enum { PARALLEL = FAULT == 12 || FAULT == 13, MUX = FAULT >= 14 && FAULT <= 18 };

static const hone_plugin_op ops[] = {
    {"com.example", "Mix", 2, 2, 1, 1, HONE_PLUGIN_PURE, infer, run, PARALLEL ? tasks : NULL,
     PARALLEL ? run_task : NULL},
    {FAULT == 14 ? "" : "com.example",
     FAULT == 15   ? "Mix"
     : FAULT == 16 ? "Mux\n"
                   : "Mux",
     FAULT == 17 ? 3 : 1, 2, 1, 1, 0, infer, FAULT == 18 ? NULL : run, NULL, NULL},
};

static const hone_plugin plugin = {FAULT == 19 ? HONE_PLUGIN_ABI + 1 : HONE_PLUGIN_ABI, 1,
                                   FAULT == 20 ? "mix\n" : "mix", ops,
                                   FAULT == 21 ? -3
                                   : MUX       ? 2
                                               : 1};

__attribute__((visibility("default"))) const hone_plugin *hone_plugin_get(uint32_t abi) {
    (void)abi;
    return FAULT == 22 ? NULL : &plugin;
}
