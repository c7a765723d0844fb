/* TypeProto: element types, shapes, and the symbols that named and unnamed dimensions become. */
#include "frontend/onnx/onnx_import.h"

#include <string.h>
#include "base/dtype.h"

#define MAX_TYPE_DEPTH 16

/* ---- symbols ---- */

static bool is_symbol(const hn_onnx_import *import, const char *name) {
    const hn_expr_pool *pool = import->model->exprs;
    for (int i = 0; i < hn_expr_symbol_count(pool); i++)
        if (strcmp(hn_expr_symbol_name(pool, i), name) == 0) return true;
    return false;
}

static hone_status new_symbol(hn_onnx_import *import, const char *text, hn_dim *out) {
    const char *name = text;
    for (int i = 2; name && is_symbol(import, name); i++) name = hn_onnx_format(import, "%s_%d", text, i);
    HN_TRY_ALLOC(name);
    *out = hn_expr_symbol(import->model->exprs, name);
    return hn_dim_is_unknown(*out) ? HONE_OUT_OF_MEMORY : HONE_OK;
}

/* Names that exporters write when they mean "some number". */
static bool is_unnamed(hn_bytes param) {
    return param.n == 0 || hn_onnx_text_is(param, "?", 1) || hn_onnx_text_is(param, "-1", 2);
}

static hone_status named_symbol(hn_onnx_import *import, hn_bytes param, hn_dim *out) {
    const char *text;
    hn_dim *known = hn_map_get(&import->symbols, param.data, param.n);
    if (!known) {
        HN_TRY(hn_onnx_text(import, param, &text));
        known = HN_NEW(&import->scratch, hn_dim);
        HN_TRY_ALLOC(known);
        HN_TRY(new_symbol(import, text, known));
        HN_TRY_ALLOC(hn_map_put(&import->symbols, param.data, param.n, known));
    }
    *out = *known;
    return HONE_OK;
}

/* ---- shapes ---- */

static hone_status import_dim(hn_onnx_import *import, hn_bytes bytes, int axis, const char *input, hn_dim *out) {
    hn_onnx_dim_proto dim;
    HN_TRY(hn_onnx_read_dim(&import->source.pb, bytes, &dim));
    *out = HN_UNKNOWN_DIM;
    if (hn_pb_has(&dim.head, 1) && dim.dim_value >= 0) *out = hn_dim_const(dim.dim_value);
    if (!input || hn_dim_is_const(*out)) return HONE_OK;
    if (hn_pb_has(&dim.head, 1) && dim.dim_value != -1)
        HN_FAIL(import->diag, HONE_INVALID_MODEL, "dimension %d is negative: %lld", axis, (long long)dim.dim_value);
    if (!is_unnamed(dim.dim_param)) return named_symbol(import, dim.dim_param, out);
    const char *name = hn_onnx_format(import, "%s_d%d", input, axis);
    HN_TRY_ALLOC(name);
    return new_symbol(import, name, out);
}

/* The constant dims alone must not overflow: a product of the others cannot be smaller, unless one is 0. */
static hone_status check_size(hn_onnx_import *import, hone_dtype dtype, const hn_shape *shape) {
    hn_tensor t = {.dtype = dtype, .rank = shape->rank};
    for (int i = 0; i < shape->rank; i++) t.dim[i] = hn_dim_is_const(shape->dim[i]) ? shape->dim[i].value : 1;
    if (hn_tensor_bytes(&t) <= SIZE_MAX / 2) return HONE_OK;
    hn_str text;
    hn_str_init(&text, &import->scratch);
    hn_shape_print(&text, shape, import->model->exprs);
    const char *shown = hn_str_text(&text);
    HN_FAIL(import->diag, HONE_INVALID_MODEL, "the shape %s multiplies to more bytes than memory can hold",
            shown ? shown : "");
}

static hone_status import_shape(hn_onnx_import *import, hn_bytes bytes, hone_dtype dtype, const char *input,
                                hn_shape *shape) {
    hn_onnx_shape_proto proto;
    HN_TRY(hn_onnx_read_shape(&import->source.pb, bytes, &proto));
    if (proto.dim.n > HONE_MAX_RANK)
        HN_FAIL(import->diag, HONE_UNSUPPORTED, "the shape has %zu dimensions; at most %d are supported", proto.dim.n,
                HONE_MAX_RANK);
    shape->rank = (int32_t)proto.dim.n;
    for (int i = 0; i < shape->rank; i++) HN_TRY(import_dim(import, proto.dim.at[i], i, input, &shape->dim[i]));
    return check_size(import, dtype, shape);
}

/* ---- types ---- */

static hone_status import_tensor_type(hn_onnx_import *import, hn_bytes bytes, const char *input, const hn_type **type,
                                      hn_shape *shape) {
    hn_onnx_tensor_type_proto proto;
    hone_dtype dtype;
    HN_TRY(hn_onnx_read_tensor_type(&import->source.pb, bytes, &proto));
    HN_TRY(hn_onnx_dtype(import->diag, proto.elem_type, &dtype));
    *type = hn_type_tensor(dtype);
    if (shape && hn_pb_has(&proto.head, 2)) return import_shape(import, proto.shape, dtype, input, shape);
    return HONE_OK;
}

static hone_status new_type(hn_onnx_import *import, hn_kind kind, hone_dtype key, const hn_type *elem,
                            const hn_type **type) {
    static const char *const words[] = {
        [HN_KIND_SEQUENCE] = "a sequence", [HN_KIND_OPTIONAL] = "an optional", [HN_KIND_MAP] = "a map"};
    if (!elem) HN_FAIL(import->diag, HONE_INVALID_MODEL, "the type of %s does not tell what it holds", words[kind]);
    hn_type *made = HN_NEW(&import->model->arena, hn_type);
    HN_TRY_ALLOC(made);
    *made = (hn_type){kind, key, elem};
    *type = made;
    return HONE_OK;
}

static hone_status import_any(hn_onnx_import *import, hn_bytes bytes, const char *input, int depth,
                              const hn_type **type, hn_shape *shape);

static hone_status import_list_type(hn_onnx_import *import, hn_bytes bytes, hn_kind kind, int depth,
                                    const hn_type **type) {
    hn_onnx_list_type_proto proto;
    const hn_type *elem;
    HN_TRY(hn_onnx_read_list_type(&import->source.pb, bytes, &proto));
    HN_TRY(import_any(import, proto.elem_type, NULL, depth + 1, &elem, NULL));
    return new_type(import, kind, HONE_NO_DTYPE, elem, type);
}

static hone_status import_map_type(hn_onnx_import *import, hn_bytes bytes, int depth, const hn_type **type) {
    hn_onnx_map_type_proto proto;
    hone_dtype key;
    const hn_type *elem;
    HN_TRY(hn_onnx_read_map_type(&import->source.pb, bytes, &proto));
    HN_TRY(hn_onnx_dtype(import->diag, proto.key_type, &key));
    if (key != HONE_STRING && !hn_dtype_is_int(key))
        HN_FAIL(import->diag, HONE_INVALID_MODEL, "the keys of a map cannot be %s", hone_dtype_name(key));
    HN_TRY(import_any(import, proto.value_type, NULL, depth + 1, &elem, NULL));
    return new_type(import, HN_KIND_MAP, key, elem, type);
}

static hone_status import_any(hn_onnx_import *import, hn_bytes bytes, const char *input, int depth,
                              const hn_type **type, hn_shape *shape) {
    hn_onnx_type_proto proto;
    hn_diag *diag = import->diag;
    *type = NULL;
    if (depth > MAX_TYPE_DEPTH)
        HN_FAIL(diag, HONE_UNSUPPORTED, "the type is nested more than %d levels deep", MAX_TYPE_DEPTH);
    HN_TRY(hn_onnx_read_type(&import->source.pb, bytes, &proto));
    if (hn_pb_has(&proto.head, 1)) return import_tensor_type(import, proto.tensor, input, type, shape);
    if (hn_pb_has(&proto.head, 4)) return import_list_type(import, proto.sequence, HN_KIND_SEQUENCE, depth, type);
    if (hn_pb_has(&proto.head, 9)) return import_list_type(import, proto.optional, HN_KIND_OPTIONAL, depth, type);
    if (hn_pb_has(&proto.head, 5)) return import_map_type(import, proto.map, depth, type);
    if (hn_pb_has(&proto.head, 8)) HN_FAIL(diag, HONE_UNSUPPORTED, "sparse tensors are supported as initializers only");
    if (hn_pb_has(&proto.head, 7)) HN_FAIL(diag, HONE_UNSUPPORTED, "opaque types are not supported");
    return HONE_OK;
}

hone_status hn_onnx_import_type(hn_onnx_import *import, hn_bytes bytes, const char *input, const hn_type **type,
                                hn_shape *shape) {
    if (shape) *shape = hn_shape_unknown();
    return import_any(import, bytes, input, 0, type, shape);
}

/* ---- symbols of all inputs ---- */

static hone_status name_dims(hn_onnx_import *import, const hn_pb *quiet, hn_bytes input) {
    hn_onnx_value_info_proto info;
    hn_onnx_type_proto type;
    hn_onnx_tensor_type_proto tensor;
    hn_onnx_shape_proto shape;
    HN_TRY(hn_onnx_read_value_info(quiet, input, &info));
    HN_TRY(hn_onnx_read_type(quiet, info.type, &type));
    HN_TRY(hn_onnx_read_tensor_type(quiet, type.tensor, &tensor));
    HN_TRY(hn_onnx_read_shape(quiet, tensor.shape, &shape));
    for (size_t i = 0; i < shape.dim.n && i < HONE_MAX_RANK; i++) {
        hn_onnx_dim_proto dim;
        hn_dim unused;
        HN_TRY(hn_onnx_read_dim(quiet, shape.dim.at[i], &dim));
        if (!hn_pb_has(&dim.head, 1) && !is_unnamed(dim.dim_param))
            HN_TRY(named_symbol(import, dim.dim_param, &unused));
    }
    return HONE_OK;
}

/* Faults of the inputs themselves are reported when they are imported. */
hone_status hn_onnx_name_symbols(hn_onnx_import *import, const hn_pb_list *inputs) {
    const hn_pb quiet = {import->source.pb.base, import->source.pb.arena, NULL};
    for (size_t i = 0; i < inputs->n; i++)
        if (name_dims(import, &quiet, inputs->at[i]) == HONE_OUT_OF_MEMORY) return HONE_OUT_OF_MEMORY;
    return HONE_OK;
}
