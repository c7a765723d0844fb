/* Running a case: by reference, and by every body of a kernel with one and several threads. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/cpu.h"
#include "kernelcheck.h"
#include "kernels/cpu/cpu_provider.h"

#define WORKERS 3

static const uint32_t feature_sets[] = {0, HN_CPU_AVX2, HN_CPU_AVX2 | HN_CPU_AVX512};
static const char *const feature_names[] = {"generic", "avx2", "avx512"};
#define FEATURE_SETS (sizeof feature_sets / sizeof feature_sets[0])

double kc_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Inputs and constants get the first numbers, as in every real query; the last operator's output is the result. */
static void finish(kc_case *c) {
    hn_query *q = &c->query, old = *q;
    hn_tensor tensor[HN_QUERY_VALS];
    memcpy(tensor, c->tensor, sizeof tensor);
    int number[HN_QUERY_VALS], n = 0;
    q->val[q->op[q->n_op - 1].out[0]].role = old.val[q->op[q->n_op - 1].out[0]].role = HN_ROLE_OUT;
    for (int round = 0; round < 2; round++) {
        for (int v = 0; v < q->n_val; v++)
            if ((old.val[v].role <= HN_ROLE_CONST) == (round == 0)) number[v] = n++;
        if (round == 0) q->n_in = (uint16_t)n;
    }
    for (int v = 0; v < q->n_val; v++) {
        q->val[number[v]] = old.val[v];
        c->tensor[number[v]] = tensor[v];
    }
    for (int i = 0; i < q->n_op; i++) {
        for (int k = 0; k < q->op[i].n_in; k++)
            if (q->op[i].in[k] >= 0) q->op[i].in[k] = (int8_t)number[q->op[i].in[k]];
        q->op[i].out[0] = (int8_t)number[q->op[i].out[0]];
    }
    q->n_out = 1;
}

static void run_reference(kc_case *c) {
    for (int i = 0; i < c->query.n_op; i++) {
        const hn_qop *op = &c->query.op[i];
        const hn_tensor *in[HN_QUERY_ARGS];
        hn_tensor *out = &c->tensor[op->out[0]];
        for (int k = 0; k < op->n_in; k++) in[k] = op->in[k] >= 0 ? &c->tensor[op->in[k]] : NULL;
        hn_call call = {.op = hn_op_at((hn_op_id)op->op),
                        .n_in = op->n_in,
                        .n_out = 1,
                        .in = in,
                        .out = &out,
                        .scratch = &c->arena,
                        .diag = &c->diag};
        if (hn_query_attrs(&c->query, i, &c->arena, &call.attrs, &c->diag) != HONE_OK) abort();
        if (call.op->ref(&call) != HONE_OK) abort();
    }
}

/* One kernel call with its own memory. */
typedef struct call {
    const hn_kernel *kernel;
    const hn_kernel_body *body;
    hn_query query;
    _Alignas(16) char config[HN_CONFIG_BYTES];
    hn_tensor tensor[HN_QUERY_VALS];
    kc_buffer value[HN_QUERY_VALS], packed[HN_QUERY_VALS], shared, worker[WORKERS];
    const void *packed_data[HN_QUERY_VALS];
    hn_args args;
} call;

static bool prepare(call *k, const kc_case *c, const hn_kernel *kernel, uint32_t features, int threads) {
    *k = (call){.kernel = kernel, .body = hn_kernel_bind(kernel, features), .query = c->query};
    k->query.threads = (uint16_t)threads;
    if (!k->body || !kernel->supports(&k->query)) return false;
    if (kernel->prepare && kernel->prepare(&k->query, k->config, NULL) != HONE_OK) return false;
    for (int v = 0; v < k->query.n_val; v++) {
        const hn_qval *val = &k->query.val[v];
        k->tensor[v] = c->tensor[v];
        if (val->layout == HN_LAYOUT_CHANNELS_LAST) hn_tensor_set_channels_last(&k->tensor[v]);
        k->tensor[v].data = NULL;
        if (val->role == HN_ROLE_TEMP) continue;
        k->value[v] = kc_buffer_create(hn_tensor_bytes(&k->tensor[v]), false);
        k->tensor[v].data = k->value[v].data;
        if (val->role != HN_ROLE_OUT) hn_tensor_copy(&k->tensor[v], &c->tensor[v]);
        size_t bytes =
            val->role == HN_ROLE_CONST && kernel->packed_size ? kernel->packed_size(&k->query, k->config, v) : 0;
        if (bytes == 0) continue;
        k->packed[v] = kc_buffer_create(bytes, true);
        kernel->pack(&k->query, k->config, v, &k->tensor[v], k->packed[v].data);
        k->packed_data[v] = k->packed[v].data;
        /* A packed constant is all that remains in a plan. */
        k->tensor[v].data = NULL;
    }
    k->args = (hn_args){.query = &k->query, .config = k->config, .packed = k->packed_data, .val = k->tensor};
    size_t shared = 0, worker = 0;
    if (kernel->workspace) kernel->workspace(&k->args, &shared, &worker);
    k->shared = kc_buffer_create(shared, true);
    k->args.shared = k->shared.data;
    for (int i = 0; i < WORKERS; i++) k->worker[i] = kc_buffer_create(worker, true);
    return true;
}

static void release(call *k) {
    for (int v = 0; v < HN_QUERY_VALS; v++) {
        kc_buffer_destroy(&k->value[v]);
        kc_buffer_destroy(&k->packed[v]);
    }
    kc_buffer_destroy(&k->shared);
    for (int i = 0; i < WORKERS; i++) kc_buffer_destroy(&k->worker[i]);
}

/* All tasks, the last first, on workers in turn. */
static hone_status run(call *k) {
    int phases = k->kernel->phases ? k->kernel->phases(&k->args) : 1;
    for (int phase = 0; phase < phases; phase++) {
        int tasks = k->kernel->tasks ? k->kernel->tasks(&k->args, phase) : 1;
        for (int task = tasks - 1; task >= 0; task--) {
            k->args.phase = phase;
            k->args.task = task;
            k->args.worker = k->worker[tasks > 1 ? task % WORKERS : 0].data;
            hone_status status = k->body->run(&k->args);
            if (status != HONE_OK) return status;
        }
    }
    return HONE_OK;
}

static const char *memory_fault(const call *k) {
    for (int v = 0; v < k->query.n_val; v++) {
        if (k->value[v].map && !kc_buffer_intact(&k->value[v])) return "wrote outside a value";
        if (k->packed[v].map && !kc_buffer_intact(&k->packed[v])) return "wrote outside a packed constant";
    }
    if (!kc_buffer_intact(&k->shared)) return "wrote outside shared scratch";
    for (int i = 0; i < WORKERS; i++)
        if (!kc_buffer_intact(&k->worker[i])) return "wrote outside worker scratch";
    return NULL;
}

static bool is_close(float got, float want, float scale, bool exact) {
    if (isnan(want)) return isnan(got);
    if (isinf(want) || exact) return got == want;
    return fabsf(got - want) <= 2e-5f * fabsf(want) + 2e-6f * scale;
}

/* The largest finite number among the values computed: what errors are measured against. */
static float scale_of(const kc_case *c) {
    float scale = 1;
    for (int i = 0; i < c->query.n_op; i++) {
        const hn_tensor *t = &c->tensor[c->query.op[i].out[0]];
        const float *data = t->data;
        for (int64_t k = 0, count = hn_tensor_count(t); k < count; k++)
            if (fabsf(data[k]) > scale && !isinf(data[k])) scale = fabsf(data[k]);
    }
    return scale;
}

/* The text says what differs first; NULL: nothing. */
static const char *difference(const kc_case *c, const float *got, char *text, size_t size) {
    const hn_tensor *want = &c->tensor[c->query.op[c->query.n_op - 1].out[0]];
    const float *data = want->data;
    int64_t count = hn_tensor_count(want);
    float scale = scale_of(c);
    for (int64_t i = 0; i < count; i++) {
        if (is_close(got[i], data[i], scale, c->integers)) continue;
        snprintf(text, size, "element %lld is %.9g, the reference gives %.9g", (long long)i, (double)got[i],
                 (double)data[i]);
        return text;
    }
    return NULL;
}

/* Same bits, where all NaN count as one. */
static bool same_bits(const float *a, const float *b, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (memcmp(a + i, b + i, sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i]))) return false;
    return true;
}

/* Runs one body; the result, in logical order, goes to `result`. */
static const char *check_one(const kc_case *c, const hn_kernel *kernel, uint32_t features, int threads, float *result,
                             char *text, size_t size) {
    call k;
    const char *fault = NULL;
    if (!prepare(&k, c, kernel, features, threads)) {
        fault = "not supported";
    } else if (run(&k) != HONE_OK) {
        fault = "run failed";
    } else if (!(fault = memory_fault(&k))) {
        int out = c->query.op[c->query.n_op - 1].out[0];
        hn_tensor logical = c->tensor[out];
        logical.data = result;
        hn_tensor_copy(&logical, &k.tensor[out]);
        fault = difference(c, result, text, size);
    }
    release(&k);
    return fault;
}

static void report(kc_case *c, const char *kernel, const char *where, int threads, const char *fault) {
    if (fault) {
        c->suite->failed++;
        printf("FAIL %s %s (%s, threads %d): %s\n", kernel, c->name, where, threads, fault);
    } else {
        c->suite->passed++;
    }
}

static void check_all(kc_case *c, const hn_kernel *kernel) {
    static const int threads[] = {1, 4};
    int64_t count = hn_tensor_count(&c->tensor[c->query.op[c->query.n_op - 1].out[0]]);
    float *first = malloc((size_t)count * sizeof(float) + 1), *result = malloc((size_t)count * sizeof(float) + 1);
    if (!first || !result) abort();
    bool have = false;
    for (size_t f = 0; f < FEATURE_SETS; f++) {
        if (feature_sets[f] & ~hn_cpu_features()) continue;
        for (int t = 0; t < 2; t++) {
            char text[160];
            const char *fault = check_one(c, kernel, feature_sets[f], threads[t], result, text, sizeof text);
            if (!fault && have && !same_bits(first, result, count)) fault = "other bits than the first run";
            if (!have && !fault) memcpy(first, result, (size_t)count * sizeof(float));
            have = have || !fault;
            report(c, kernel->name, feature_names[f], threads[t], fault);
        }
    }
    free(first);
    free(result);
}

static void bench_all(kc_case *c, const hn_kernel *kernel) {
    for (size_t f = 1; f < FEATURE_SETS; f++) {
        call k;
        if ((feature_sets[f] & ~hn_cpu_features()) || !prepare(&k, c, kernel, feature_sets[f], 1)) continue;
        double best = 1e9, begin = kc_now();
        for (int i = 0; i < 3 || (kc_now() - begin < 0.3 && i < 1000); i++) {
            double t = kc_now();
            if (run(&k) != HONE_OK) abort();
            t = kc_now() - t;
            if (t < best) best = t;
            double peak = kc_peak(feature_sets[f]);
            if (peak > c->suite->peak[f]) c->suite->peak[f] = peak;
        }
        printf("%-14s %-44s %-7s %9.1f us %8.1f Gop/s %5.1f %% of peak\n", kernel->name, c->name, feature_names[f],
               1e6 * best, 1e-9 * c->operations / best, 100 * c->operations / best / c->suite->peak[f]);
        release(&k);
    }
}

static void end(kc_case *c) {
    hn_arena_free(&c->arena);
    hn_diag_free(&c->diag);
    free(c);
}

void kc_check(kc_case *c, const char *name) {
    const hn_kernel *kernel = hn_provider_find(&hn_cpu_provider, name);
    if (!kernel) abort();
    if (!c->suite->filter || strstr(name, c->suite->filter)) {
        finish(c);
        if (c->suite->bench && c->operations > 0) {
            bench_all(c, kernel);
        } else {
            run_reference(c);
            check_all(c, kernel);
        }
    }
    end(c);
}

void kc_check_refused(kc_case *c, const char *name) {
    const hn_kernel *kernel = hn_provider_find(&hn_cpu_provider, name);
    if (!kernel) abort();
    if (!c->suite->filter || strstr(name, c->suite->filter)) {
        finish(c);
        report(c, name, "supports", 1, kernel->supports(&c->query) ? "claims to support it" : NULL);
    }
    end(c);
}
