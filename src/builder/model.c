/* Loading models for the public interface; their text form. */
#include <string.h>
#include "builder/model.h"
#include "frontend/onnx/onnx.h"

hone_status hone_model_load(const char *path, const hone_allocator *allocator, hone_messages *messages,
                            hone_model **out) {
    return hone_model_load_with(path, NULL, allocator, messages, out);
}

hone_status hone_model_load_with(const char *path, const hone_plugins *plugins, const hone_allocator *allocator,
                                 hone_messages *messages, hone_model **out) {
    if (!out) return HONE_INVALID_ARGUMENT;
    *out = NULL;
    if (!path) HN_FAIL(messages, HONE_INVALID_ARGUMENT, "a path is needed");
    hone_model *model = hn_alloc(allocator, sizeof *model, 16);
    HN_TRY_ALLOC(model);
    *model = (hone_model){.allocator = allocator};
    hone_status status = hn_onnx_load_with(path, &(hn_onnx_load_options){.plugins = plugins, .sort = true}, allocator,
                                           &model->model, messages);
    if (status != HONE_OK) hone_model_destroy(&model);
    *out = model;
    return status;
}

void hone_model_destroy(hone_model **model) {
    if (!model || !*model) return;
    hn_model_destroy(&(*model)->model);
    hn_release((*model)->allocator, *model, sizeof **model);
    *model = NULL;
}

hone_status hn_text_copy(const char *text, char **out) {
    *out = NULL;
    HN_TRY_ALLOC(text);
    const size_t n = strlen(text) + 1;
    size_t *block = hn_alloc(NULL, sizeof(size_t) * 2 + n, 16);
    HN_TRY_ALLOC(block);
    block[0] = sizeof(size_t) * 2 + n;
    *out = memcpy(block + 2, text, n);
    return HONE_OK;
}

void hone_text_destroy(char **text) {
    if (!text || !*text) return;
    size_t *block = (size_t *)(void *)*text - 2;
    hn_release(NULL, block, block[0]);
    *text = NULL;
}

hone_status hone_model_text(const hone_model *model, bool whole, char **text) {
    if (!model || !model->model || !text) return HONE_INVALID_ARGUMENT;
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    hn_str out;
    hn_str_init(&out, &arena);
    hn_ir_print(&out, model->model, whole);
    hone_status status = hn_text_copy(hn_str_text(&out), text);
    hn_arena_free(&arena);
    return status;
}

hone_status hone_model_save_shapes(const hone_model *model, const char *path, hone_messages *messages) {
    if (!model || !model->model || !path)
        HN_FAIL(messages, HONE_INVALID_ARGUMENT, "a loaded model and a path are needed");
    return hn_onnx_write_shapes(model->model, path, messages);
}
