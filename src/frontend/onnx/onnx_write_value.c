/* Types, shapes and tensors as messages. */
#include <string.h>
#include "frontend/onnx/onnx_write.h"

#define EXTERNAL_LEAST 1024 /* smaller tensors stay in the model's file */

/* ---- shapes ---- */

/* The import makes names for dimensions that have none; they go back to having none. */
static bool is_made_name(const hn_value *value, int axis, const char *symbol) {
    const size_t n = strlen(value->name);
    char axis_text[4] = {'_', 'd', (char)('0' + axis), 0};
    return value->is_input && strncmp(symbol, value->name, n) == 0 && strcmp(symbol + n, axis_text) == 0;
}

/* The symbol's own name, which the text form may quote. */
static const char *plain_symbol(const hn_onnx_out *out, hn_dim dim) {
    hn_expr_pool *pool = out->model->exprs;
    for (int i = 0; i < hn_expr_symbol_count(pool); i++)
        if (hn_dim_same(dim, hn_expr_symbol(pool, hn_expr_symbol_name(pool, i)))) return hn_expr_symbol_name(pool, i);
    return NULL;
}

static const char *dim_text(hn_onnx_out *out, hn_dim dim) {
    hn_str text;
    const char *symbol = plain_symbol(out, dim);
    if (symbol) return symbol;
    hn_str_init(&text, &out->scratch);
    hn_dim_print(&text, dim, out->model->exprs);
    return hn_str_text(&text);
}

/* The declaration of an input or output in the file that the model came from, as far as it can be read. */
typedef struct declaration {
    hn_onnx_value_info_proto info;
    hn_onnx_shape_proto shape;
    bool has_shape; /* it is declared, and inputs have the shapes of the file */
} declaration;

static void read_declaration(hn_onnx_out *out, const hn_value *value, declaration *d) {
    const hn_bytes *bytes = value->graph->owner ? NULL : hn_map_get_text(&out->model->declared, value->name);
    const hn_pb pb = {(const uint8_t *)(bytes ? bytes->data : NULL), &out->scratch, NULL};
    hn_onnx_type_proto type;
    hn_onnx_tensor_type_proto tensor;
    *d = (declaration){.has_shape = false};
    if (!bytes || hn_onnx_read_value_info(&pb, *bytes, &d->info) != HONE_OK || out->model->reshaped) return;
    if (hn_onnx_read_type(&pb, d->info.type, &type) != HONE_OK || !type.tensor.data) return;
    if (hn_onnx_read_tensor_type(&pb, type.tensor, &tensor) != HONE_OK || !tensor.shape.data) return;
    d->has_shape = hn_onnx_read_shape(&pb, tensor.shape, &d->shape) == HONE_OK;
}

/* What is known counts, then what the file says, then what else can be told. */
static void put_dim(hn_onnx_out *out, const hn_value *value, int axis, const hn_bytes *declared, hn_pb_out *shape) {
    const bool ranked = value->info.shape.rank >= 0;
    const hn_dim dim = ranked ? value->info.shape.dim[axis] : HN_UNKNOWN_DIM;
    const hn_pb pb = {(const uint8_t *)(declared ? declared->data : NULL), &out->scratch, NULL};
    hn_onnx_dim_proto own = {.dim_value = 0};
    hn_pb_out one;
    hn_pb_out_init(&one, &out->scratch);
    if (declared && hn_onnx_read_dim(&pb, *declared, &own) != HONE_OK) own = (hn_onnx_dim_proto){.dim_value = 0};
    if (hn_dim_is_const(dim)) {
        hn_pb_put_int(&one, 1, dim.value);
    } else if (own.dim_param.n) {
        hn_pb_put_bytes(&one, 2, own.dim_param.data, own.dim_param.n);
    } else if (hn_pb_has(&own.head, 1)) {
        hn_pb_put_int(&one, 1, own.dim_value);
    } else if (!hn_dim_has_unknown(dim) && !value->graph->owner) { /* names hold for the main graph */
        const char *text = dim_text(out, dim);
        if (!text) one.failed = true;
        else if (!is_made_name(value, axis, text)) hn_pb_put_text(&one, 2, text);
    }
    if (declared) hn_onnx_write_as_read(out, *declared, 1u << 3, &one); /* denotation */
    hn_pb_put_message(shape, 1, &one);
}

static void put_shape(hn_onnx_out *out, const hn_value *value, const declaration *d, hn_pb_out *tensor) {
    const int known = value->info.shape.rank, rank = known >= 0 ? known : (int)d->shape.dim.n;
    const bool fits = d->has_shape && d->shape.dim.n == (size_t)rank;
    hn_pb_out shape;
    hn_pb_out_init(&shape, &out->scratch);
    for (int i = 0; i < rank; i++) put_dim(out, value, i, fits ? &d->shape.dim.at[i] : NULL, &shape);
    hn_pb_put_message(tensor, 2, &shape);
}

/* ---- types ---- */

static void put_tensor_type(hn_onnx_out *out, hone_dtype dtype, const hn_value *value, const declaration *d,
                            hn_pb_out *to) {
    hn_pb_out tensor;
    hn_pb_out_init(&tensor, &out->scratch);
    hn_pb_put_int(&tensor, 1, dtype);
    if (value && (value->info.shape.rank >= 0 || d->has_shape)) put_shape(out, value, d, &tensor);
    hn_pb_put_message(to, 1, &tensor);
}

void hn_onnx_write_type(hn_onnx_out *out, const hn_type *type, hn_pb_out *to, uint32_t number) {
    hn_pb_out whole, inner;
    hn_pb_out_init(&whole, &out->scratch);
    hn_pb_out_init(&inner, &out->scratch);
    if (type->kind == HN_KIND_TENSOR) put_tensor_type(out, type->dtype, NULL, NULL, &whole);
    if (type->kind == HN_KIND_MAP) hn_pb_put_int(&inner, 1, type->dtype);
    if (type->elem) hn_onnx_write_type(out, type->elem, &inner, type->kind == HN_KIND_MAP ? 2 : 1);
    if (type->kind == HN_KIND_SEQUENCE) hn_pb_put_message(&whole, 4, &inner);
    if (type->kind == HN_KIND_MAP) hn_pb_put_message(&whole, 5, &inner);
    if (type->kind == HN_KIND_OPTIONAL) hn_pb_put_message(&whole, 9, &inner);
    hn_pb_put_message(to, number, &whole);
}

void hn_onnx_write_value(hn_onnx_out *out, const hn_value *value, hn_pb_out *to, uint32_t number) {
    const hn_type *type = value->info.type;
    declaration d;
    hn_pb_out info, whole;
    read_declaration(out, value, &d);
    hn_pb_out_init(&info, &out->scratch);
    hn_pb_put_text(&info, 1, value->name);
    if (type && type->kind == HN_KIND_TENSOR) {
        hn_pb_out_init(&whole, &out->scratch);
        put_tensor_type(out, type->dtype, value, &d, &whole);
        hn_onnx_write_as_read(out, d.info.type, 1u << 6, &whole); /* denotation */
        hn_pb_put_message(&info, 2, &whole);
    } else if (d.info.type.n) { /* shapes inside of other types are not known here */
        hn_pb_put_bytes(&info, 2, d.info.type.data, d.info.type.n);
    } else if (type && type->kind != HN_KIND_NONE) {
        hn_onnx_write_type(out, type, &info, 2);
    }
    hn_onnx_write_as_read(out, d.info.head.bytes, 1u << 3 | 1u << 4, &info); /* doc_string, metadata_props */
    hn_pb_put_message(to, number, &info);
}

void hn_onnx_write_as_read(hn_onnx_out *out, hn_bytes message, uint32_t fields, hn_pb_out *to) {
    const hn_pb pb = {(const uint8_t *)message.data, &out->scratch, NULL};
    hn_pb_reader reader = hn_pb_open(message);
    hn_pb_field field;
    while (hn_pb_next(&pb, &reader, &field) == HONE_OK && field.number)
        if (field.number < 32 && fields >> field.number & 1 && field.wire == HN_PB_LENGTH)
            hn_pb_put_bytes(to, field.number, field.bytes.data, field.bytes.n);
}

/* ---- tensors ---- */

static void put_pair(hn_onnx_out *out, const char *key, const char *value, hn_pb_out *to) {
    hn_pb_out pair;
    hn_pb_out_init(&pair, &out->scratch);
    hn_pb_put_text(&pair, 1, key);
    if (value) hn_pb_put_text(&pair, 2, value);
    else pair.failed = true;
    hn_pb_put_message(to, 13, &pair);
}

static void put_external(hn_onnx_out *out, const hn_tensor *tensor, size_t bytes, hn_pb_out *to) {
    const uint64_t step = HN_ONNX_EXTERNAL_ALIGNMENT, offset = (out->external_size + step - 1) / step * step;
    put_pair(out, "location", out->location, to);
    put_pair(out, "offset", hn_arena_format(&out->scratch, "%llu", (unsigned long long)offset), to);
    put_pair(out, "length", hn_arena_format(&out->scratch, "%zu", bytes), to);
    hn_pb_put_int(to, 14, 1);
    if (!hn_vec_push(&out->scratch, &out->external, tensor)) to->failed = true;
    out->external_size = offset + bytes;
}

void hn_onnx_write_tensor(hn_onnx_out *out, const hn_tensor *tensor, const char *name, hn_pb_out *to, uint32_t number) {
    const int64_t count = hn_tensor_count(tensor);
    const size_t bytes = hn_tensor_bytes(tensor);
    hn_pb_out proto;
    hn_pb_out_init(&proto, &out->scratch);
    for (int i = 0; i < tensor->rank; i++) hn_pb_put_int(&proto, 1, tensor->dim[i]);
    hn_pb_put_int(&proto, 2, tensor->dtype);
    if (name) hn_pb_put_text(&proto, 8, name);
    if (tensor->dtype == HONE_STRING) {
        const hn_bytes *text = tensor->data;
        for (int64_t i = 0; i < count; i++) hn_pb_put_bytes(&proto, 6, text[i].data, text[i].n);
    } else if (out->location && bytes >= EXTERNAL_LEAST) {
        put_external(out, tensor, bytes, &proto);
    } else {
        hn_pb_put_borrowed(&proto, 9, tensor->data, bytes);
    }
    hn_pb_put_message(to, number, &proto);
}
