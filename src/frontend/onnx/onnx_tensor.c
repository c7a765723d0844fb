/* Tensors: raw bytes in place, typed fields decoded, strings as spans. */
#include "frontend/onnx/onnx_tensor.h"

#include <string.h>
#include "base/dtype.h"
#include "frontend/onnx/onnx.h"

#define TEXT_SHOWN 120

const char *hn_onnx_show(const hn_pb *pb, hn_bytes bytes) {
    const size_t n = bytes.n < TEXT_SHOWN ? bytes.n : TEXT_SHOWN;
    char *text = hn_arena_alloc(pb->arena, n + 4);
    if (!text) return "";
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)bytes.data[i];
        text[i] = c < 32 || c == 127 ? '?' : (char)c;
    }
    if (n < bytes.n) memcpy(text + n, "...", 4);
    return text;
}

hone_status hn_onnx_dtype(hn_diag *diag, int64_t number, hone_dtype *out) {
    *out = (hone_dtype)number;
    if (number >= 0 && number <= INT16_MAX && hn_dtype_is_known(*out)) return HONE_OK;
    if (number == 27 || number == 28)
        HN_FAIL(diag, HONE_UNSUPPORTED, "the 6-bit float type %s is not supported",
                number == 27 ? "FLOAT6E2M3" : "FLOAT6E3M2");
    if (number == 0) HN_FAIL(diag, HONE_INVALID_MODEL, "the element type is not given");
    HN_FAIL(diag, HONE_INVALID_MODEL, "element type %lld does not exist (ONNX knows 1 to 28)", (long long)number);
}

hone_status hn_onnx_tensor_header(const hn_onnx_source *source, int64_t data_type, const hn_pb_ints *dims,
                                  hn_tensor *out) {
    hn_diag *diag = source->pb.diag;
    *out = (hn_tensor){0};
    HN_TRY(hn_onnx_dtype(diag, data_type, &out->dtype));
    if (dims->n > HONE_MAX_RANK)
        HN_FAIL(diag, HONE_UNSUPPORTED, "the tensor has %zu dimensions; at most %d are supported", dims->n,
                HONE_MAX_RANK);
    for (size_t i = 0; i < dims->n; i++)
        if (dims->at[i] < 0)
            HN_FAIL(diag, HONE_INVALID_MODEL, "dimension %zu of the tensor is negative: %lld", i,
                    (long long)dims->at[i]);
    hn_tensor_set_shape(out, (int)dims->n, dims->at);
    if (hn_tensor_bytes(out) > SIZE_MAX / 2)
        HN_FAIL(diag, HONE_INVALID_MODEL, "the tensor's dimensions multiply to more bytes than memory can hold");
    return HONE_OK;
}

/* ---- bytes as they are ---- */

static size_t alignment_of(hone_dtype dtype) {
    const size_t size = hn_element_size(dtype);
    return size > 8 ? 8 : size ? size : 1;
}

static bool has_other_than_0_and_1(const uint8_t *at, size_t n) {
    uint8_t all = 0;
    for (size_t i = 0; i < n; i++) all |= at[i];
    return all > 1;
}

/* Uses `bytes` in place when they are aligned; a bool that is neither 0 nor 1 counts as 1, which takes a copy. */
static hone_status adopt(const hn_onnx_source *source, const void *bytes, size_t n, hn_tensor *out) {
    const bool fix = out->dtype == HONE_BOOL && has_other_than_0_and_1(bytes, n);
    if (!fix && (uintptr_t)bytes % alignment_of(out->dtype) == 0) {
        out->data = (void *)(uintptr_t)bytes;
        return HONE_OK;
    }
    uint8_t *copy = hn_arena_alloc_aligned(source->arena, n, 64);
    HN_TRY_ALLOC(copy);
    if (n) memcpy(copy, bytes, n);
    for (size_t i = 0; fix && i < n; i++) copy[i] = copy[i] != 0;
    out->data = copy;
    return HONE_OK;
}

static hone_status decode_raw(const hn_onnx_source *source, hn_bytes raw, hn_tensor *out) {
    const size_t size = hn_tensor_bytes(out);
    if (raw.n != size) {
        hn_str shape;
        hn_str_init(&shape, source->pb.arena);
        hn_tensor_print(&shape, out);
        const char *text = hn_str_text(&shape);
        HN_FAIL(source->pb.diag, HONE_INVALID_MODEL, "raw_data at byte %llu has %zu bytes, but %s takes %zu",
                (unsigned long long)hn_pb_offset(&source->pb, raw.data), raw.n, text ? text : "the shape", size);
    }
    return adopt(source, raw.data, size, out);
}

/* ---- typed fields ---- */

typedef struct typed_field {
    uint32_t number;
    hn_pb_wire wire;
    size_t unit; /* bytes of the tensor that one entry of the field gives */
    const char *name;
} typed_field;

static typed_field field_of(hone_dtype dtype) {
    const size_t size = hn_element_size(dtype);
    switch (dtype) {
    case HONE_FLOAT32:
    case HONE_COMPLEX64:
        return (typed_field){HN_ONNX_FLOAT_DATA, HN_PB_FIXED32, 4, "float_data"};
    case HONE_FLOAT64:
    case HONE_COMPLEX128:
        return (typed_field){HN_ONNX_DOUBLE_DATA, HN_PB_FIXED64, 8, "double_data"};
    case HONE_INT64:
        return (typed_field){HN_ONNX_INT64_DATA, HN_PB_VARINT, 8, "int64_data"};
    case HONE_UINT32:
    case HONE_UINT64:
        return (typed_field){HN_ONNX_UINT64_DATA, HN_PB_VARINT, size, "uint64_data"};
    default:
        return (typed_field){HN_ONNX_INT32_DATA, HN_PB_VARINT, size, "int32_data"};
    }
}

/* Entries of int32_data carry small integers by value and floats by their bits: both readings of the width are fine. */
static bool entry_fits(const typed_field *field, uint64_t value) {
    if (field->number == HN_ONNX_UINT64_DATA) return field->unit == 8 || value <= UINT32_MAX;
    if (field->number != HN_ONNX_INT32_DATA || field->unit == 4) return true;
    const int bits = (int)field->unit * 8;
    const int32_t v = (int32_t)(uint32_t)value;
    return v >= -(1 << (bits - 1)) && v < 1 << bits;
}

static hone_status fill_typed(const hn_onnx_source *source, const hn_onnx_tensor_proto *proto, const typed_field *field,
                              size_t count, hn_tensor *out) {
    uint8_t *to = hn_arena_alloc_aligned(source->arena, count * field->unit, 64);
    HN_TRY_ALLOC(to);
    hn_pb_numbers numbers = hn_pb_numbers_open(&source->pb, proto->head.bytes, field->number, field->wire);
    for (size_t i = 0; i < count; i++, to += field->unit) {
        uint64_t value;
        bool more;
        HN_TRY(hn_pb_numbers_next(&numbers, &value, &more));
        if (!entry_fits(field, value))
            HN_FAIL(source->pb.diag, HONE_INVALID_MODEL, "%s[%zu] = %lld does not fit into %s", field->name, i,
                    (long long)(field->unit < 4 ? (int64_t)(int32_t)(uint32_t)value : (int64_t)value),
                    hone_dtype_name(out->dtype));
        if (out->dtype == HONE_BOOL) value = value != 0;
        memcpy(to, &value, field->unit); /* little endian: the low bytes come first */
    }
    out->data = to - count * field->unit;
    return HONE_OK;
}

static hone_status decode_typed(const hn_onnx_source *source, const hn_onnx_tensor_proto *proto, hn_tensor *out) {
    const typed_field field = field_of(out->dtype);
    const size_t size = hn_tensor_bytes(out);
    size_t count;
    HN_TRY(hn_pb_numbers_count(&source->pb, proto->head.bytes, field.number, field.wire, &count));
    if (count != size / field.unit || size % field.unit)
        HN_FAIL(source->pb.diag, HONE_INVALID_MODEL, "%s holds %zu entries, but %lld elements of %s take %zu",
                field.name, count, (long long)hn_tensor_count(out), hone_dtype_name(out->dtype), size / field.unit);
    if (field.wire != HN_PB_VARINT) {
        hn_bytes block;
        HN_TRY(hn_pb_numbers_block(&source->pb, proto->head.bytes, field.number, &block));
        if (block.data) return adopt(source, block.data, size, out);
    }
    return fill_typed(source, proto, &field, count, out);
}

static hone_status decode_strings(const hn_onnx_source *source, const hn_onnx_tensor_proto *proto, hn_tensor *out) {
    const int64_t count = hn_tensor_count(out);
    if ((uint64_t)count != proto->string_data.n)
        HN_FAIL(source->pb.diag, HONE_INVALID_MODEL, "string_data holds %zu strings, but the shape has %lld elements",
                proto->string_data.n, (long long)count);
    hn_bytes *at = HN_NEW_ARRAY(source->arena, hn_bytes, count);
    HN_TRY_ALLOC(at);
    if (count) memcpy(at, proto->string_data.at, (size_t)count * sizeof *at);
    out->data = at;
    return HONE_OK;
}

hone_status hn_onnx_decode_tensor(const hn_onnx_source *source, const hn_onnx_tensor_proto *proto, hn_tensor *out) {
    HN_TRY(hn_onnx_tensor_header(source, proto->data_type, &proto->dims, out));
    if (hn_pb_has(&proto->head, 3))
        HN_FAIL(source->pb.diag, HONE_UNSUPPORTED, "the tensor is stored in segments, which nothing writes any more");
    if (proto->data_location != 0 && proto->data_location != 1)
        HN_FAIL(source->pb.diag, HONE_INVALID_MODEL, "data_location is %lld; 0 (inside) or 1 (external) was expected",
                (long long)proto->data_location);
    if (proto->data_location == 1) {
        const void *data;
        if (out->dtype == HONE_STRING)
            HN_FAIL(source->pb.diag, HONE_INVALID_MODEL, "strings cannot be stored as external data");
        HN_TRY(hn_onnx_external_data(source, proto, hn_tensor_bytes(out), &data));
        return adopt(source, data, hn_tensor_bytes(out), out);
    }
    if (out->dtype == HONE_STRING) return decode_strings(source, proto, out);
    if (proto->raw_data.n) return decode_raw(source, proto->raw_data, out);
    return decode_typed(source, proto, out);
}

hone_status hn_onnx_tensor(const void *bytes, size_t n, hn_arena *arena, const char **name, hn_tensor *out,
                           hn_diag *diag) {
    hn_arena scratch;
    hn_arena_init(&scratch, arena->allocator);
    const hn_onnx_source source = {{bytes, &scratch, diag}, arena, NULL};
    hn_onnx_tensor_proto proto;
    hone_status status = hn_onnx_read_tensor(&source.pb, (hn_bytes){bytes, n}, &proto);
    if (status == HONE_OK) status = hn_onnx_decode_tensor(&source, &proto, out);
    if (status == HONE_OK && name) {
        *name = hn_arena_string(arena, proto.name.data, proto.name.n);
        if (!*name) status = HONE_OUT_OF_MEMORY;
    }
    hn_arena_free(&scratch);
    return status;
}
