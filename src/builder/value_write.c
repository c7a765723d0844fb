/* Values to serialized ONNX data. Every message is written twice: the first time only its bytes are counted, since its
 * size stands in front of it. */
#include <string.h>
#include "abi/value.h"
#include "builder/model.h"

/* Field numbers of TensorProto, of SequenceProto and OptionalProto, and of MapProto. */
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_STRINGS = 6, TENSOR_NAME = 8, TENSOR_RAW = 9 };
enum { LIST_NAME = 1, LIST_ELEM_TYPE = 2, LIST_TENSORS = 3, LIST_SEQUENCES = 5, LIST_MAPS = 6, LIST_OPTIONALS = 7 };
enum { MAP_NAME = 1, MAP_KEY_TYPE = 2, MAP_KEYS = 3, MAP_STRING_KEYS = 4, MAP_VALUES = 5 };
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

/* Counts bytes, and writes them too when `at` is set. */
typedef struct sink {
    uint8_t *at;
    size_t n;
} sink;

static void put(sink *s, const void *bytes, size_t n) {
    if (s->at && n) memcpy(s->at + s->n, bytes, n);
    s->n += n;
}

static void put_varint(sink *s, uint64_t value) {
    uint8_t byte;
    for (; value >= 0x80; value >>= 7) put(s, (byte = (uint8_t)(value | 0x80), &byte), 1);
    put(s, (byte = (uint8_t)value, &byte), 1);
}

static void put_number(sink *s, unsigned field, uint64_t value) {
    put_varint(s, field << 3 | WIRE_VARINT);
    put_varint(s, value);
}

static void put_bytes(sink *s, unsigned field, const void *bytes, size_t n) {
    put_varint(s, field << 3 | WIRE_BYTES);
    put_varint(s, n);
    put(s, bytes, n);
}

static void put_name(sink *s, unsigned field, const char *name) {
    if (name && *name) put_bytes(s, field, name, strlen(name));
}

static void put_value(sink *s, const hone_value *value, const char *name);

static void put_message(sink *s, unsigned field, const hone_value *value) {
    sink count = {0};
    put_value(&count, value, NULL);
    put_varint(s, field << 3 | WIRE_BYTES);
    put_varint(s, count.n);
    put_value(s, value, NULL);
}

static void put_tensor(sink *s, const hone_value *value, const char *name) {
    for (int i = 0; i < hone_value_rank(value); i++) put_number(s, TENSOR_DIMS, (uint64_t)hone_value_dims(value)[i]);
    put_number(s, TENSOR_TYPE, (uint64_t)hone_value_dtype(value));
    put_name(s, TENSOR_NAME, name);
    if (hone_value_dtype(value) != HONE_STRING) {
        put_bytes(s, TENSOR_RAW, hone_value_data(value), hone_value_bytes(value));
        return;
    }
    size_t n;
    const char *text;
    for (int64_t i = 0; (text = hone_value_string(value, i, &n)); i++) put_bytes(s, TENSOR_STRINGS, text, n);
}

/* Field of items by their kind, and SequenceProto.DataType of it. */
static const struct {
    unsigned field, type;
} forms[] = {[HONE_TENSOR] = {LIST_TENSORS, 1},
             [HONE_SEQUENCE] = {LIST_SEQUENCES, 3},
             [HONE_OPTIONAL] = {LIST_OPTIONALS, 5},
             [HONE_MAP] = {LIST_MAPS, 4}};

static void put_list(sink *s, const hone_value *value, const char *name) {
    put_name(s, LIST_NAME, name);
    /* What an empty optional would hold is undefined (0); an empty sequence is one of tensors. */
    const bool nothing = value->kind == HONE_OPTIONAL && !value->n;
    put_number(s, LIST_ELEM_TYPE, nothing ? 0 : forms[hone_value_kind(hone_value_item(value, 0))].type);
    for (int64_t i = 0; i < hone_value_count(value); i++)
        put_message(s, forms[hone_value_kind(hone_value_item(value, i))].field, hone_value_item(value, i));
}

static void put_keys(sink *s, const hone_value *keys) {
    const int64_t *number = hone_value_data(keys);
    size_t n;
    const char *text;
    put_number(s, MAP_KEY_TYPE, (uint64_t)hone_value_dtype(keys));
    for (int64_t i = 0; number && i < hn_tensor_count(&keys->tensor); i++) put_number(s, MAP_KEYS, (uint64_t)number[i]);
    for (int64_t i = 0; (text = hone_value_string(keys, i, &n)); i++) put_bytes(s, MAP_STRING_KEYS, text, n);
}

/* A vector's elements as the scalars of a SequenceProto. */
static void put_scalars(sink *s, const hone_value *values) {
    const size_t size = hn_element_size(values->tensor.dtype);
    put_number(s, LIST_ELEM_TYPE, forms[HONE_TENSOR].type);
    for (int64_t i = 0; i < hn_tensor_count(&values->tensor); i++) {
        hone_value one = {.tensor = {.dtype = values->tensor.dtype}, .bytes = size};
        one.tensor.data = (char *)values->tensor.data + (size_t)i * size;
        put_message(s, LIST_TENSORS, &one);
    }
}

static void put_map(sink *s, const hone_value *value, const char *name) {
    const hone_value *values = hone_value_item(value, 1);
    put_name(s, MAP_NAME, name);
    put_keys(s, hone_value_item(value, 0));
    sink count = {0};
    put_scalars(&count, values);
    put_varint(s, MAP_VALUES << 3 | WIRE_BYTES);
    put_varint(s, count.n);
    put_scalars(s, values);
}

static void put_value(sink *s, const hone_value *value, const char *name) {
    if (hone_value_kind(value) == HONE_TENSOR) put_tensor(s, value, name);
    else if (hone_value_kind(value) == HONE_MAP) put_map(s, value, name);
    else put_list(s, value, name);
}

/* All items are there, and maps hold tensors of whole bytes. */
static bool is_complete(const hone_value *value) {
    if (!value) return false;
    for (int64_t i = 0; i < hone_value_count(value); i++) {
        const hone_value *item = hone_value_item(value, i);
        if (!is_complete(item)) return false;
        if (value->kind == HONE_MAP && (item->kind != HONE_TENSOR || hone_dtype_bits(item->tensor.dtype) % 8))
            return false;
    }
    return true;
}

/* The block's size lies in front of it, for hone_bytes_destroy. */
enum { BLOCK_HEAD = 16 };

hone_status hone_value_write_onnx(const hone_value *value, const char *name, void **bytes, size_t *size) {
    if (!bytes || !size || !is_complete(value)) return HONE_INVALID_ARGUMENT;
    *bytes = NULL, *size = 0;
    sink s = {0};
    put_value(&s, value, name);
    const size_t block_size = s.n + BLOCK_HEAD;
    uint8_t *block = hn_alloc(NULL, block_size, 16);
    HN_TRY_ALLOC(block);
    memcpy(block, &block_size, sizeof block_size);
    s = (sink){.at = block + BLOCK_HEAD};
    put_value(&s, value, name);
    *bytes = block + BLOCK_HEAD;
    *size = s.n;
    return HONE_OK;
}

void hone_bytes_destroy(void **bytes) {
    if (!bytes || !*bytes) return;
    uint8_t *block = (uint8_t *)*bytes - BLOCK_HEAD;
    size_t size;
    memcpy(&size, block, sizeof size);
    hn_release(NULL, block, size);
    *bytes = NULL;
}
