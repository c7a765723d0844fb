/* libFuzzer: any bytes as an ONNX model, and as a tensor. External data comes from the folder of the seeds. */
#include "frontend/onnx/onnx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hn_diag diag;
    hn_model *model;
    hn_arena arena;
    hn_tensor tensor;
    const char *name;
    hn_diag_init(&diag, NULL);
    hn_arena_init(&arena, NULL);
    if (hn_onnx_load_memory(data, size, "fuzz/corpus/onnx", NULL, &model, &diag) == HONE_OK) hn_model_destroy(&model);
    if (size < 4096 && hn_onnx_tensor(data, size, &arena, &name, &tensor, &diag) == HONE_OK)
        if (tensor.dtype != HONE_STRING && hn_tensor_count(&tensor) > 0)
            (void)((volatile char *)tensor.data)[hn_tensor_bytes(&tensor) - 1];
    hn_arena_free(&arena);
    hn_diag_free(&diag);
    return 0;
}
