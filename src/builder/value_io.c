/* Values from serialized ONNX data: TensorProto, SequenceProto, OptionalProto, MapProto. */
#include <string.h>
#include "abi/value.h"
#include "builder/model.h"
#include "frontend/onnx/onnx.h"
#include "frontend/onnx/onnx_proto.h"

enum { DEEPEST = 8 };

typedef struct reader {
    hn_pb pb;
    hn_arena arena;
    const char *name; /* of the outermost value */
    int depth;
} reader;

static hone_status read_value(reader *r, hone_kind kind, hn_bytes bytes, hone_value **out);

static hone_status read_tensor(reader *r, hn_bytes bytes, hone_value **out) {
    hn_tensor tensor;
    HN_TRY(hn_onnx_tensor(bytes.data, bytes.n, &r->arena, r->depth == 1 ? &r->name : NULL, &tensor, r->pb.diag));
    return hn_value_copy(&tensor, out);
}

static hone_status keep_name(reader *r, hn_bytes name) {
    if (r->depth > 1) return HONE_OK;
    r->name = hn_arena_string(&r->arena, name.data, name.n);
    return r->name ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status read_items(reader *r, hone_kind kind, const hn_pb_list *items, hone_value *list) {
    for (size_t i = 0; i < items->n; i++) {
        hone_value *item;
        HN_TRY(read_value(r, kind, items->at[i], &item));
        const hone_status status = hone_value_set_item(list, (int64_t)i, &item);
        hone_value_destroy(&item);
        HN_TRY(status);
    }
    return HONE_OK;
}

static hone_status read_list(reader *r, hone_kind kind, hn_bytes bytes, hone_value **out) {
    hn_onnx_data_list_proto p;
    HN_TRY(hn_onnx_read_data_list(&r->pb, bytes, &p));
    HN_TRY(keep_name(r, p.name));
    const struct {
        hone_kind kind;
        const hn_pb_list *items;
    } lists[] = {
        {HONE_TENSOR, &p.tensor}, {HONE_SEQUENCE, &p.sequence}, {HONE_MAP, &p.map}, {HONE_OPTIONAL, &p.optional}};
    int found = 0;
    for (int i = 1; i < 4; i++)
        if (lists[i].items->n) found = i;
    for (int i = 0; i < 4; i++)
        if (i != found && lists[i].items->n)
            HN_FAIL(r->pb.diag, HONE_MALFORMED, "a list holds values of several kinds");
    const size_t n = lists[found].items->n;
    if (kind == HONE_OPTIONAL && n > 1) HN_FAIL(r->pb.diag, HONE_MALFORMED, "an optional holds %zu values", n);
    HN_TRY(hone_value_create_list(kind, (int64_t)n, NULL, out));
    return read_items(r, lists[found].kind, lists[found].items, *out);
}

static hone_status read_keys(const hn_onnx_data_map_proto *p, hn_diag *diag, hone_value **out) {
    const bool strings = p->key_type == HONE_STRING;
    const int64_t n = (int64_t)(strings ? p->string_keys.n : p->keys.n);
    if (!strings && p->key_type != HONE_INT64)
        HN_FAIL(diag, HONE_UNSUPPORTED, "the keys of a map are of type %lld; int64 and string are known",
                (long long)p->key_type);
    HN_TRY(hone_value_create((hone_dtype)p->key_type, 1, &n, NULL, out));
    if (!strings && n) memcpy(hone_value_data(*out), p->keys.at, (size_t)n * sizeof *p->keys.at);
    for (int64_t i = 0; strings && i < n; i++)
        HN_TRY(hone_value_set_string(*out, i, p->string_keys.at[i].data, p->string_keys.at[i].n));
    return HONE_OK;
}

/* The values of a map are scalars, one tensor each: one vector takes them all. */
static hone_status join_values(const hone_value *list, hn_diag *diag, hone_value **out) {
    const int64_t n = hone_value_count(list);
    const hone_dtype dtype = n ? hone_value_dtype(hone_value_item(list, 0)) : HONE_FLOAT32;
    HN_TRY(hone_value_create(dtype, 1, &n, NULL, out));
    const size_t size = hn_element_size(dtype);
    for (int64_t i = 0; i < n; i++) {
        const hone_value *item = hone_value_item(list, i);
        if (hone_value_kind(item) != HONE_TENSOR || hone_value_dtype(item) != dtype ||
            hn_tensor_count(&item->tensor) != 1 || hone_dtype_bits(dtype) % 8)
            HN_FAIL(diag, HONE_UNSUPPORTED, "value %lld of a map is no scalar of the first one's type", (long long)i);
        size_t length;
        const char *text = hone_value_string(item, 0, &length);
        if (text) HN_TRY(hone_value_set_string(*out, i, text, length));
        else memcpy((char *)(*out)->tensor.data + (size_t)i * size, item->tensor.data, size);
    }
    return HONE_OK;
}

static hone_status read_map(reader *r, hn_bytes bytes, hone_value **out) {
    hn_onnx_data_map_proto p;
    hone_value *keys = NULL, *list = NULL, *values = NULL;
    HN_TRY(hn_onnx_read_data_map(&r->pb, bytes, &p));
    HN_TRY(keep_name(r, p.name));
    HN_TRY(hone_value_create_list(HONE_MAP, 2, NULL, out));
    hone_status status = read_keys(&p, r->pb.diag, &keys);
    if (status == HONE_OK) status = read_value(r, HONE_SEQUENCE, p.values, &list);
    if (status == HONE_OK) status = join_values(list, r->pb.diag, &values);
    if (status == HONE_OK) status = hone_value_set_item(*out, 0, &keys);
    if (status == HONE_OK) status = hone_value_set_item(*out, 1, &values);
    hone_value_destroy(&keys);
    hone_value_destroy(&list);
    hone_value_destroy(&values);
    return status;
}

static hone_status read_value(reader *r, hone_kind kind, hn_bytes bytes, hone_value **out) {
    *out = NULL;
    if (r->depth == DEEPEST)
        HN_FAIL(r->pb.diag, HONE_UNSUPPORTED, "lists are nested more than %d levels deep", DEEPEST);
    r->depth++;
    const hone_status status = kind == HONE_TENSOR ? read_tensor(r, bytes, out)
                               : kind == HONE_MAP  ? read_map(r, bytes, out)
                                                   : read_list(r, kind, bytes, out);
    r->depth--;
    if (status != HONE_OK) hone_value_destroy(out);
    return status;
}

hone_status hone_value_read_onnx(hone_kind kind, const void *bytes, size_t size, hone_messages *messages, char **name,
                                 hone_value **out) {
    if (!out || (size && !bytes) || kind < HONE_TENSOR || kind > HONE_MAP) return HONE_INVALID_ARGUMENT;
    *out = NULL;
    if (name) *name = NULL;
    reader r = {.name = ""};
    hn_arena_init(&r.arena, NULL);
    r.pb = (hn_pb){bytes, &r.arena, messages};
    hone_status status = read_value(&r, kind, (hn_bytes){bytes, size}, out);
    if (status == HONE_OK && name) status = hn_text_copy(r.name, name);
    if (status != HONE_OK) hone_value_destroy(out);
    hn_arena_free(&r.arena);
    return status;
}
