/* Values to and from serialized ONNX TensorProto. */
#include <string.h>
#include "builder/model.h"
#include "frontend/onnx/onnx.h"

/* ---- reading ---- */

static hone_status copy_value(const hn_tensor *from, hn_diag *diag, hone_value **out) {
    if (from->dtype == HONE_STRING) HN_FAIL(diag, HONE_UNSUPPORTED, "a tensor of strings cannot be a value yet");
    HN_TRY(hone_value_create(from->dtype, from->rank, from->dim, NULL, out));
    const size_t bytes = hone_value_bytes(*out);
    if (bytes) memcpy(hone_value_data(*out), from->data, bytes);
    return HONE_OK;
}

hone_status hone_value_read_onnx(const void *bytes, size_t size, hone_messages *messages, char **name,
                                 hone_value **out) {
    if (!out || (size && !bytes)) return HONE_INVALID_ARGUMENT;
    *out = NULL;
    if (name) *name = NULL;
    hn_arena arena;
    hn_arena_init(&arena, NULL);
    const char *own_name = "";
    hn_tensor tensor;
    hone_status status = hn_onnx_tensor(bytes, size, &arena, &own_name, &tensor, messages);
    if (status == HONE_OK) status = copy_value(&tensor, messages, out);
    if (status == HONE_OK && name) status = hn_text_copy(own_name, name);
    if (status != HONE_OK) hone_value_destroy(out);
    hn_arena_free(&arena);
    return status;
}

/* ---- writing ---- */

/* Field numbers of TensorProto; all of them are length-delimited or varints. */
enum { FIELD_DIMS = 1, FIELD_DATA_TYPE = 2, FIELD_NAME = 8, FIELD_RAW_DATA = 9 };
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };
enum { VARINT_BYTES = 10 };

static uint8_t *put_varint(uint8_t *at, uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_number(uint8_t *at, unsigned field, uint64_t value) {
    return put_varint(put_varint(at, field << 3 | WIRE_VARINT), value);
}

static uint8_t *put_bytes(uint8_t *at, unsigned field, const void *bytes, size_t n) {
    at = put_varint(put_varint(at, field << 3 | WIRE_BYTES), n);
    if (n) memcpy(at, bytes, n);
    return at + n;
}

/* The block's size lies in front of it, for hone_bytes_destroy. */
enum { BLOCK_HEAD = 16 };

hone_status hone_value_write_onnx(const hone_value *value, const char *name, void **bytes, size_t *size) {
    if (!value || !bytes || !size) return HONE_INVALID_ARGUMENT;
    *bytes = NULL, *size = 0;
    const size_t data = hone_value_bytes(value), name_size = name ? strlen(name) : 0;
    const size_t most = BLOCK_HEAD + name_size + (size_t)(HONE_MAX_RANK + 4) * 2 * VARINT_BYTES;
    size_t block_size;
    if (__builtin_add_overflow(most, data, &block_size)) return HONE_OUT_OF_MEMORY;
    uint8_t *block = hn_alloc(NULL, block_size, 16);
    HN_TRY_ALLOC(block);
    memcpy(block, &block_size, sizeof block_size);
    uint8_t *at = block + BLOCK_HEAD;
    for (int i = 0; i < hone_value_rank(value); i++)
        at = put_number(at, FIELD_DIMS, (uint64_t)hone_value_dims(value)[i]);
    at = put_number(at, FIELD_DATA_TYPE, (uint64_t)hone_value_dtype(value));
    if (name_size) at = put_bytes(at, FIELD_NAME, name, name_size);
    at = put_bytes(at, FIELD_RAW_DATA, hone_value_data(value), data);
    *bytes = block + BLOCK_HEAD;
    *size = (size_t)(at - block) - BLOCK_HEAD;
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
