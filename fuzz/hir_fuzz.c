/* libFuzzer: any text as a model. What parses must print, read back and print the same; what can be inferred must come
 * through all passes sound, or with an error. */
#include <stdlib.h>
#include <string.h>
#include "passes/passes.h"

#define BUDGET ((size_t)64 << 20) /* bytes of one model; seeds of large tensors take few characters */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *allocate(void *user, size_t size, size_t alignment) {
    size_t *left = user;
    if (size > *left) return NULL;
    void *memory = hn_alloc(NULL, size, alignment);
    if (memory) *left -= size;
    return memory;
}

static void release(void *user, void *memory, size_t size) {
    if (memory) *(size_t *)user += size;
    hn_release(NULL, memory, size);
}

static const char *print(const hn_model *model, hn_arena *arena) {
    hn_str text;
    hn_str_init(&text, arena);
    hn_ir_print(&text, model, false);
    return hn_str_text(&text);
}

static void read_back(const hn_model *model, const hone_allocator *allocator) {
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_model *again;
    const char *first = print(model, &arena);
    const hone_status status = first ? hn_ir_parse(first, strlen(first), allocator, &again, NULL) : HONE_OUT_OF_MEMORY;
    if (status == HONE_OK) {
        const char *second = print(again, &arena);
        if (second && strcmp(first, second) != 0) abort();
        hn_model_destroy(&again);
    } else if (status != HONE_OUT_OF_MEMORY) {
        abort();
    }
    hn_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const hn_passes_options options = {.pipeline = &hn_pipeline_build, .group = true};
    size_t left = BUDGET;
    const hone_allocator allocator = {allocate, release, &left};
    hn_diag diag;
    hn_model *model;
    hn_diag_init(&diag, NULL);
    if (hn_ir_parse((const char *)data, size, &allocator, &model, &diag) == HONE_OK) {
        read_back(model, &allocator);
        if (hn_ir_infer(model, &diag) == HONE_OK) {
            const hone_status status = hn_passes_run(model, &options, &diag);
            if (status == HONE_INTERNAL) abort();
            if (status == HONE_OK) read_back(model, &allocator);
        }
        hn_model_destroy(&model);
    }
    hn_diag_free(&diag);
    return 0;
}
