/* libFuzzer: any bytes as an ONNX model, which is built and run if it could be read, and written and read again, and as
 * a tensor. External data comes from the folder of the seeds. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../tests/unit/plan/plan_mutate.h"
#include "builder/model.h"
#include "frontend/onnx/onnx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small enough that no operator works for long, whatever sizes the model asks for. */
static const hone_context_options limits = {
    .size = sizeof limits, .profile = HONE_PROFILE_AUTO, .memory_limit = 1 << 18, .loop_limit = 1000};

static void run_plan(const char *path) {
    hone_engine *engine;
    hone_context *context;
    int steps = 2000;
    const hone_engine_options options = {.size = sizeof options, .threads = 1};
    if (hone_engine_load(path, &options, NULL, &engine) != HONE_OK) abort(); /* what we built, we load */
    if (hone_context_create(engine, &limits, NULL, &context) == HONE_OK) {
        hone_context_set_step_callback(context, plan_within_budget, &steps);
        if (!plan_feed(engine, context)) abort();
        hone_context_destroy(&context);
    }
    hone_engine_destroy(&engine);
}

/* A model of few bytes can hold constants of many: those are built for nothing. */
static bool is_small(const hn_model *model) {
    size_t bytes = 0;
    for (const hn_node *node = model->main->first; node; node = node->next)
        for (int i = 0; i < node->n_in; i++)
            if (node->in[i] && hn_ir_is_constant(node->in[i])) bytes += hn_tensor_bytes(node->in[i]->info.data);
    return bytes < 1 << 20 && hn_ir_count_nodes(model->main) < 1000;
}

static void build_and_run(hn_model *loaded) {
    hone_model model = {.model = loaded};
    char path[64];
    snprintf(path, sizeof path, "/tmp/hone-onnx-fuzz-%d.plan", (int)getpid());
    if (is_small(loaded) && hone_build(&model, NULL, path, NULL) == HONE_OK) run_plan(path);
    unlink(path);
    hn_model_destroy(&model.model);
}

/* What we write, we read; what a model declares of its values may contradict itself, in the next reading before others.
 */
static void write_and_read(hn_model *model, const char *path) {
    const hn_onnx_write_options as_it_is = {.shapes = true};
    hn_onnx_pending pending;
    hn_model *again;
    if (hn_onnx_write(model, path, &as_it_is, &pending, NULL) != HONE_OK) return;
    if (hn_onnx_commit(&pending, NULL) != HONE_OK) abort();
    const hn_onnx_load_options how = {.for_file = true};
    if (hn_onnx_load_with(path, &how, NULL, &again, NULL) == HONE_MALFORMED) abort();
    hn_model_destroy(&again);
}

/* The way of `hone simplify`, without passes: nodes in any order, and those that nobody knows stay. */
static void rewrite(const uint8_t *data, size_t size) {
    const hn_onnx_load_options how = {.for_file = true, .sort = true};
    char path[64];
    hn_model *model;
    snprintf(path, sizeof path, "/tmp/hone-onnx-fuzz-%d.onnx", (int)getpid());
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) abort();
    if (hn_onnx_load_with(path, &how, NULL, &model, NULL) == HONE_OK) {
        if (is_small(model)) write_and_read(model, path);
        hn_model_destroy(&model);
    }
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hn_diag diag;
    hn_model *model;
    hn_arena arena;
    hn_tensor tensor;
    const char *name;
    hn_diag_init(&diag, NULL);
    hn_arena_init(&arena, NULL);
    if (hn_onnx_load_memory(data, size, "fuzz/corpus/onnx", NULL, &model, &diag) == HONE_OK) build_and_run(model);
    rewrite(data, size);
    if (size < 4096 && hn_onnx_tensor(data, size, &arena, &name, &tensor, &diag) == HONE_OK)
        if (tensor.dtype != HONE_STRING && hn_tensor_count(&tensor) > 0)
            (void)((volatile char *)tensor.data)[hn_tensor_bytes(&tensor) - 1];
    hn_arena_free(&arena);
    hn_diag_free(&diag);
    return 0;
}
