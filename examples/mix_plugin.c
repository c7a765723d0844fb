/* A plugin with one operator: com.example.Mix(a, b), (1 - share) * a + share * b of two tensors of equal shape.
 *   cc -shared -fPIC -Iinclude examples/mix_plugin.c -o mix.so
 *   hone run model.onnx --plugin mix.so --random */
#include <stdio.h>
#include "hone/plugin.h"

enum { PART = 4096 }; /* elements of one task */

static int64_t count(const hone_call_tensor *t) {
    int64_t n = 1;
    for (int d = 0; d < t->rank; d++) n *= t->dim[d];
    return n;
}

static hone_status infer(const hone_plugin_host *host, const hone_call *call) {
    const hone_call_tensor *a = host->input(call, 0), *b = host->input(call, 1);
    hone_call_tensor *out = host->output(call, 0);
    char text[96];
    if (a->dtype != HONE_FLOAT32 || b->dtype != HONE_FLOAT32)
        return host->fail(call, HONE_INVALID_MODEL, "Mix takes two tensors of float32");
    if (a->rank >= 0 && b->rank >= 0 && a->rank != b->rank) {
        snprintf(text, sizeof text, "Mix takes two tensors of one rank, these have %d and %d", a->rank, b->rank);
        return host->fail(call, HONE_INVALID_MODEL, text);
    }
    for (int d = 0; d < a->rank && d < b->rank; d++)
        if (a->dim[d] >= 0 && b->dim[d] >= 0 && a->dim[d] != b->dim[d])
            return host->fail(call, HONE_INVALID_MODEL, "Mix takes two tensors of one shape");
    out->dtype = HONE_FLOAT32;
    out->rank = a->rank;
    for (int d = 0; d < a->rank; d++) out->dim[d] = HONE_DIM_OF(0, d);
    return HONE_OK;
}

static void mix(const hone_plugin_host *host, const hone_call *call, int64_t first, int64_t end) {
    const float *a = (const float *)host->input(call, 0)->data, *b = (const float *)host->input(call, 1)->data;
    const float share = host->attr_float(call, "share", 0.5f);
    float *out = (float *)host->output(call, 0)->data;
    for (int64_t i = first; i < end; i++) out[i] = (1 - share) * a[i] + share * b[i];
}

static hone_status run(const hone_plugin_host *host, const hone_call *call) {
    mix(host, call, 0, count(host->input(call, 0)));
    return HONE_OK;
}

static int tasks(const hone_plugin_host *host, const hone_call *call) {
    return (int)((count(host->input(call, 0)) + PART - 1) / PART);
}

static hone_status run_task(const hone_plugin_host *host, const hone_call *call, int task) {
    const int64_t n = count(host->input(call, 0)), first = (int64_t)task * PART;
    mix(host, call, first, first + PART < n ? first + PART : n);
    return HONE_OK;
}

static const hone_plugin_op ops[] = {{"com.example", "Mix", 2, 2, 1, 1, HONE_PLUGIN_PURE, infer, run, tasks, run_task}};

#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION 1
#endif
static const hone_plugin plugin = {HONE_PLUGIN_ABI, PLUGIN_VERSION, "mix", ops, 1};

#ifdef __cplusplus
extern "C"
#endif
    __attribute__((visibility("default"))) const hone_plugin *
    hone_plugin_get(uint32_t abi) {
    return abi == HONE_PLUGIN_ABI ? &plugin : NULL;
}
