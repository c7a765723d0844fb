/* The table of old spellings, and what conversions into them use. */
#include <string.h>
#include "frontend/onnx/onnx_write.h"

static const hn_onnx_export_row rows[] = {
#define HN_ONNX_EXPORT(op, last, convert) {op, last, hn_onnx_##convert},
#include "frontend/onnx/onnx_export.def"
#undef HN_ONNX_EXPORT
};

const hn_onnx_export_row *hn_onnx_find_export(const char *op, int64_t opset) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (opset <= rows[i].last && strcmp(rows[i].op, op) == 0) return &rows[i];
    return NULL;
}

hone_status hn_onnx_cannot_export(const hn_onnx_export *e, const char *why) {
    hn_diag *diag = e->out->diag;
    const size_t first = diag ? diag->n : 0;
    hn_diag_add(diag, HONE_ERROR, HONE_UNSUPPORTED, "the node cannot be written in opset %lld: %s",
                (long long)e->out->opset, why);
    hn_diag_place(diag, first, e->node->name, e->node->op->name, NULL);
    hn_diag_hint(diag, first, "write the model in a newer opset");
    return HONE_UNSUPPORTED;
}

bool hn_onnx_export_has(const hn_onnx_export *e, size_t i) {
    return i < e->in.n && (e->in.at[i].value || e->in.at[i].tensor);
}

const hn_value *hn_onnx_export_value(const hn_onnx_export *e, size_t i) {
    return i < e->in.n ? e->in.at[i].value : NULL;
}

const hn_tensor *hn_onnx_export_constant(const hn_onnx_export *e, size_t i) {
    const hn_value *value = hn_onnx_export_value(e, i);
    if (i < e->in.n && e->in.at[i].tensor) return e->in.at[i].tensor;
    return value && hn_ir_is_constant(value) ? value->info.data : NULL;
}

const hn_attr *hn_onnx_export_get(const hn_onnx_export *e, const char *name) {
    for (size_t i = 0; i < e->attrs.n; i++)
        if (strcmp(e->attrs.at[i].name, name) == 0) return &e->attrs.at[i];
    return NULL;
}

void hn_onnx_export_drop(hn_onnx_export *e, const char *name) {
    hn_attr *at = (hn_attr *)(uintptr_t)hn_onnx_export_get(e, name);
    if (!at) return;
    const size_t behind = (size_t)(e->attrs.at + e->attrs.n - (at + 1));
    memmove(at, at + 1, behind * sizeof *at);
    e->attrs.n--;
}

hone_status hn_onnx_export_set(hn_onnx_export *e, hn_attr attr) {
    hn_attr *known = (hn_attr *)(uintptr_t)hn_onnx_export_get(e, attr.name);
    if (known) *known = attr;
    else HN_TRY_ALLOC(hn_vec_push(&e->out->scratch, &e->attrs, attr));
    return HONE_OK;
}

hone_status hn_onnx_export_make(hn_onnx_export *e, size_t i, const char *suffix, hone_dtype dtype, int rank,
                                const int64_t *dim, const void *data) {
    hn_arena *arena = &e->out->scratch;
    hn_tensor *t = HN_NEW(arena, hn_tensor);
    HN_TRY_ALLOC(t);
    *t = (hn_tensor){.dtype = dtype};
    hn_tensor_set_shape(t, rank, dim);
    t->data = hn_arena_copy(arena, data, hn_tensor_bytes(t));
    HN_TRY_ALLOC(t->data);
    while (e->in.n <= i) HN_TRY_ALLOC(hn_vec_push(arena, &e->in, (hn_onnx_operand){.value = NULL}));
    e->in.at[i] = (hn_onnx_operand){.tensor = t, .suffix = suffix};
    return HONE_OK;
}
