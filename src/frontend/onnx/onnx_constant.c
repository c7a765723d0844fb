/* Nodes `Constant`: their one attribute, whatever its kind, becomes a constant of the graph. */
#include "frontend/onnx/onnx_import.h"

#include <string.h>

static const struct {
    const char *name;
    hn_onnx_kind kind;
} forms[] = {
    {"value", HN_ONNX_TENSOR},        {"sparse_value", HN_ONNX_SPARSE_TENSOR},
    {"value_float", HN_ONNX_FLOAT},   {"value_floats", HN_ONNX_FLOATS},
    {"value_int", HN_ONNX_INT},       {"value_ints", HN_ONNX_INTS},
    {"value_string", HN_ONNX_STRING}, {"value_strings", HN_ONNX_STRINGS},
};

static hone_status choose(hn_onnx_node *node, const hn_onnx_attribute **out, hn_onnx_kind *kind) {
    hn_diag *diag = node->scope->import->diag;
    *out = NULL;
    for (size_t i = 0; i < node->n_given; i++)
        for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
            if (strcmp(node->given[i].name, forms[k].name) != 0) continue;
            if (*out)
                HN_FAIL(diag, HONE_INVALID_MODEL, "Constant has both '%s' and '%s'; one of them decides", (*out)->name,
                        node->given[i].name);
            *out = &node->given[i];
            *kind = forms[k].kind;
        }
    if (!*out)
        HN_FAIL(diag, HONE_INVALID_MODEL, "Constant has no value (value, sparse_value, value_float, value_ints, ...)");
    const int64_t type = (*out)->proto.type;
    if (type != HN_ONNX_UNDEFINED && type != (int64_t)*kind)
        HN_FAIL(diag, HONE_INVALID_MODEL, "attribute '%s' is of kind %s; Constant takes %s here", (*out)->name,
                hn_onnx_kind_name(type), hn_onnx_kind_name(*kind));
    return HONE_OK;
}

/* A scalar (n < 0) or a vector of `n` elements, borrowed. */
static hone_status simple(hn_tensor *out, hone_dtype dtype, const void *data, int64_t n) {
    *out = (hn_tensor){.dtype = dtype};
    hn_tensor_set_shape(out, n < 0 ? 0 : 1, &n);
    out->data = (void *)(uintptr_t)(data ? data : "");
    return HONE_OK;
}

static hone_status read_value(hn_onnx_node *node, const hn_onnx_attribute *attribute, hn_onnx_kind kind,
                              hn_tensor *out) {
    const hn_onnx_source *source = &node->scope->import->source;
    const hn_onnx_attribute_proto *p = &attribute->proto;
    hn_onnx_tensor_proto tensor;
    hn_bytes name;
    switch (kind) {
    case HN_ONNX_TENSOR:
        if (!p->t.data) HN_FAIL(source->pb.diag, HONE_INVALID_MODEL, "attribute 'value' holds no tensor");
        HN_TRY(hn_onnx_read_tensor(&source->pb, p->t, &tensor));
        return hn_onnx_decode_tensor(source, &tensor, out);
    case HN_ONNX_SPARSE_TENSOR:
        return hn_onnx_decode_sparse(source, p->sparse_tensor, &name, out);
    case HN_ONNX_FLOAT:
        return simple(out, HONE_FLOAT32, &p->f, -1);
    case HN_ONNX_FLOATS:
        return simple(out, HONE_FLOAT32, p->floats.at, (int64_t)p->floats.n);
    case HN_ONNX_INT:
        return simple(out, HONE_INT64, &p->i, -1);
    case HN_ONNX_INTS:
        return simple(out, HONE_INT64, p->ints.at, (int64_t)p->ints.n);
    case HN_ONNX_STRING:
        return simple(out, HONE_STRING, &p->s, -1);
    default:
        return simple(out, HONE_STRING, p->strings.at, (int64_t)p->strings.n);
    }
}

hone_status hn_onnx_import_constant(hn_onnx_node *node, hn_value **out) {
    hn_onnx_scope *scope = node->scope;
    hn_onnx_import *import = scope->import;
    const hn_onnx_attribute *attribute;
    hn_onnx_kind kind = HN_ONNX_TENSOR;
    hn_tensor tensor;
    if (node->proto.output.n != 1 || !node->proto.output.at[0].n || node->proto.input.n)
        HN_FAIL(import->diag, HONE_INVALID_MODEL, "Constant has %zu inputs and %zu outputs; 0 and 1 are expected",
                node->proto.input.n, node->proto.output.n);
    HN_TRY(choose(node, &attribute, &kind));
    HN_TRY(read_value(node, attribute, kind, &tensor));
    const char *name = hn_onnx_value_name(scope, node->proto.output.at[0]);
    HN_TRY_ALLOC(name);
    const bool in_place = kind == HN_ONNX_TENSOR || kind == HN_ONNX_SPARSE_TENSOR;
    *out = (in_place ? hn_ir_constant : hn_ir_constant_copy)(scope->graph, name, &tensor);
    return *out ? HONE_OK : HONE_OUT_OF_MEMORY;
}
