/* Public values: making, reading, and turning into objects of the runtime and back. */
#include "abi/value.h"

#include <string.h>
#include "base/diag.h"

#define VALUE_ALIGNMENT 64

/* ---- making ---- */

/* Checks the description and makes a value without memory. */
static hone_status describe(hone_dtype dtype, int rank, const int64_t *dim, const hone_allocator *allocator,
                            hone_value **out) {
    if (!out) return HONE_INVALID_ARGUMENT;
    *out = NULL;
    if (!hn_dtype_is_known(dtype) || rank < 0 || rank > HONE_MAX_RANK || (rank > 0 && !dim))
        return HONE_INVALID_ARGUMENT;
    hn_tensor tensor = {.dtype = dtype};
    hn_tensor_set_shape(&tensor, rank, dim);
    size_t bytes = hn_tensor_bytes(&tensor);
    if (bytes == SIZE_MAX) return HONE_INVALID_ARGUMENT;
    hone_value *value = hn_alloc(allocator, sizeof *value, _Alignof(hone_value));
    if (!value) return HONE_OUT_OF_MEMORY;
    *value = (hone_value){.tensor = tensor, .bytes = bytes, .allocator = allocator};
    *out = value;
    return HONE_OK;
}

hone_status hone_value_wrap(hone_dtype dtype, int rank, const int64_t *dim, void *data, size_t bytes,
                            hone_value **out) {
    if (dtype == HONE_STRING) return HONE_UNSUPPORTED;
    hone_status status = describe(dtype, rank, dim, NULL, out);
    if (status != HONE_OK) return status;
    if ((*out)->bytes != bytes || (bytes && !data)) {
        hone_value_destroy(out);
        return HONE_INVALID_ARGUMENT;
    }
    (*out)->tensor.data = data;
    return HONE_OK;
}

hone_status hone_value_create(hone_dtype dtype, int rank, const int64_t *dim, const hone_allocator *allocator,
                              hone_value **out) {
    hone_status status = describe(dtype, rank, dim, allocator, out);
    if (status != HONE_OK) return status;
    size_t bytes = (*out)->bytes ? (*out)->bytes : 1; /* an empty tensor has an address, too */
    void *data = hn_alloc(allocator, bytes, VALUE_ALIGNMENT);
    if (!data) {
        hone_value_destroy(out);
        return HONE_OUT_OF_MEMORY;
    }
    (*out)->tensor.data = memset(data, 0, bytes);
    (*out)->owned_bytes = bytes;
    return HONE_OK;
}

static bool list_can_have(hone_kind kind, int64_t n) {
    if (n < 0 || n > (int64_t)(SIZE_MAX / 2 / sizeof(hone_value *))) return false;
    return kind == HONE_SEQUENCE || (kind == HONE_OPTIONAL && n <= 1) || (kind == HONE_MAP && n == 2);
}

hone_status hone_value_create_list(hone_kind kind, int64_t n, const hone_allocator *allocator, hone_value **out) {
    if (!out) return HONE_INVALID_ARGUMENT;
    *out = NULL;
    if (!list_can_have(kind, n)) return HONE_INVALID_ARGUMENT;
    hone_value *value = hn_alloc(allocator, sizeof *value, _Alignof(hone_value));
    HN_TRY_ALLOC(value);
    *value = (hone_value){.kind = kind, .n = n, .allocator = allocator};
    if (n && !(value->item = hn_alloc(allocator, (size_t)n * sizeof *value->item, sizeof *value->item))) {
        hn_release(allocator, value, sizeof *value);
        return HONE_OUT_OF_MEMORY;
    }
    if (n) memset(value->item, 0, (size_t)n * sizeof *value->item);
    *out = value;
    return HONE_OK;
}

static void release_text(const hone_value *value, hn_bytes text) {
    if (text.n) hn_release(value->allocator, (void *)(uintptr_t)text.data, text.n);
}

static void release_texts(const hone_value *value) {
    const hn_bytes *at = value->tensor.data;
    for (int64_t i = 0, n = hn_tensor_count(&value->tensor); i < n; i++) release_text(value, at[i]);
}

void hone_value_destroy(hone_value **value) {
    if (!value || !*value) return;
    hone_value *old = *value;
    for (int64_t i = 0; i < old->n; i++) hone_value_destroy(&old->item[i]);
    if (old->n) hn_release(old->allocator, old->item, (size_t)old->n * sizeof *old->item);
    if (old->owned_bytes && old->tensor.dtype == HONE_STRING) release_texts(old);
    if (old->owned_bytes) hn_release(old->allocator, old->tensor.data, old->owned_bytes);
    hn_release(old->allocator, old, sizeof *old);
    *value = NULL;
}

/* ---- reading and filling ---- */

hone_kind hone_value_kind(const hone_value *value) { return value ? value->kind : HONE_TENSOR; }

hone_dtype hone_value_dtype(const hone_value *value) { return value ? value->tensor.dtype : HONE_NO_DTYPE; }

int hone_value_rank(const hone_value *value) { return value ? value->tensor.rank : 0; }

const int64_t *hone_value_dims(const hone_value *value) { return value ? value->tensor.dim : NULL; }

void *hone_value_data(const hone_value *value) {
    return value && value->tensor.dtype != HONE_STRING ? value->tensor.data : NULL;
}

size_t hone_value_bytes(const hone_value *value) { return value ? value->bytes : 0; }

static hn_bytes *string_at(const hone_value *value, int64_t index) {
    if (!value || value->kind != HONE_TENSOR || value->tensor.dtype != HONE_STRING) return NULL;
    if (index < 0 || index >= hn_tensor_count(&value->tensor)) return NULL;
    return (hn_bytes *)value->tensor.data + index;
}

const char *hone_value_string(const hone_value *value, int64_t index, size_t *size) {
    const hn_bytes *text = string_at(value, index);
    if (size) *size = text ? text->n : 0;
    return !text ? NULL : text->n ? text->data : "";
}

hone_status hone_value_set_string(hone_value *value, int64_t index, const char *text, size_t size) {
    hn_bytes *to = string_at(value, index);
    if (!to || !value->owned_bytes || (size && !text)) return HONE_INVALID_ARGUMENT;
    char *copy = size ? hn_alloc(value->allocator, size, 1) : NULL;
    if (size && !copy) return HONE_OUT_OF_MEMORY;
    if (size) memcpy(copy, text, size);
    release_text(value, *to);
    *to = (hn_bytes){copy, size};
    return HONE_OK;
}

int64_t hone_value_count(const hone_value *value) { return value ? value->n : 0; }

const hone_value *hone_value_item(const hone_value *value, int64_t index) {
    return value && index >= 0 && index < value->n ? value->item[index] : NULL;
}

hone_status hone_value_set_item(hone_value *value, int64_t index, hone_value **item) {
    if (!value || !item || !*item || *item == value || index < 0 || index >= value->n) return HONE_INVALID_ARGUMENT;
    hone_value_destroy(&value->item[index]);
    value->item[index] = *item;
    *item = NULL;
    return HONE_OK;
}

/* ---- objects ---- */

static hone_kind kind_of(const hn_type *type) {
    static const hone_kind kinds[] = {
        [HN_KIND_SEQUENCE] = HONE_SEQUENCE, [HN_KIND_OPTIONAL] = HONE_OPTIONAL, [HN_KIND_MAP] = HONE_MAP};
    return kinds[type->kind];
}

static hone_status to_item(const hone_value *value, const hn_type *type, hn_arena *arena, hn_tensor *out) {
    if (!value || !type) return HONE_INVALID_ARGUMENT;
    if (type->kind != HN_KIND_TENSOR) return hn_value_to_object(value, type, arena, out);
    if (value->kind != HONE_TENSOR || value->tensor.dtype != type->dtype) return HONE_INVALID_ARGUMENT;
    *out = value->tensor;
    return HONE_OK;
}

hone_status hn_value_to_object(const hone_value *value, const hn_type *type, hn_arena *arena, hn_tensor *out) {
    if (value->kind != kind_of(type)) return HONE_INVALID_ARGUMENT;
    hn_object *object = hn_object_new(arena, type, value->n);
    HN_TRY_ALLOC(object);
    for (int64_t i = 0; i < value->n; i++) {
        const hn_type *item = type->kind == HN_KIND_MAP && i == 0 ? hn_type_tensor(type->dtype) : type->elem;
        HN_TRY(to_item(value->item[i], item, arena, &object->item[i]));
    }
    if (type->kind == HN_KIND_MAP && hn_tensor_count(&object->item[0]) != hn_tensor_count(&object->item[1]))
        return HONE_INVALID_ARGUMENT;
    return hn_object_wrap(arena, out, object) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

static hone_status show_items(const hn_object *object, hn_arena *arena, hone_value *out) {
    *out = (hone_value){.kind = kind_of(object->type), .n = object->n};
    out->item = HN_NEW_ARRAY(arena, hone_value *, object->n);
    HN_TRY_ALLOC(out->item);
    for (int64_t i = 0; i < object->n; i++) {
        out->item[i] = HN_NEW(arena, hone_value);
        HN_TRY_ALLOC(out->item[i]);
        HN_TRY(hn_value_show(&object->item[i], arena, out->item[i]));
    }
    return HONE_OK;
}

hone_status hn_value_show(const hn_tensor *t, hn_arena *arena, hone_value *out) {
    if (t->dtype == HN_DTYPE_OBJECT) return show_items(hn_object_in(t), arena, out);
    *out = (hone_value){.tensor = *t, .bytes = hn_tensor_bytes(t)};
    return HONE_OK;
}

static hone_status copy_items(const hn_object *object, hone_value *to) {
    for (int64_t i = 0; i < object->n; i++) {
        hone_value *item;
        HN_TRY(hn_value_copy(&object->item[i], &item));
        HN_TRY(hone_value_set_item(to, i, &item));
    }
    return HONE_OK;
}

static hone_status copy_texts(const hn_tensor *t, hone_value *to) {
    const hn_bytes *from = t->data;
    for (int64_t i = 0, n = hn_tensor_count(t); i < n; i++)
        HN_TRY(hone_value_set_string(to, i, from[i].data, from[i].n));
    return HONE_OK;
}

hone_status hn_value_copy(const hn_tensor *t, hone_value **out) {
    hone_status status;
    if (t->dtype == HN_DTYPE_OBJECT) {
        HN_TRY(hone_value_create_list(kind_of(hn_object_in(t)->type), hn_object_in(t)->n, NULL, out));
        status = copy_items(hn_object_in(t), *out);
    } else {
        HN_TRY(hone_value_create(t->dtype, t->rank, t->dim, NULL, out));
        if (t->dtype != HONE_STRING) hn_tensor_copy(&(*out)->tensor, t);
        status = t->dtype == HONE_STRING ? copy_texts(t, *out) : HONE_OK;
    }
    if (status != HONE_OK) hone_value_destroy(out);
    return status;
}
