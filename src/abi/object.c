/* Making and copying objects. */
#include "abi/object.h"

#include <string.h>
#include "base/diag.h"

hn_object *hn_object_new(hn_arena *arena, const hn_type *type, int64_t n) {
    hn_object *object = HN_NEW(arena, hn_object);
    if (!object) return NULL;
    *object = (hn_object){type, n, HN_NEW_ARRAY(arena, hn_tensor, n)};
    return object->item ? object : NULL;
}

hone_status hn_object_keep(hn_arena *arena, hn_tensor *item, const hn_tensor *from) {
    const size_t bytes = hn_tensor_bytes(from);
    *item = *from;
    item->data = bytes == SIZE_MAX ? NULL : hn_arena_alloc_aligned(arena, bytes, 64);
    HN_TRY_ALLOC(item->data);
    if (bytes) memcpy(item->data, from->data, bytes);
    return HONE_OK;
}

bool hn_object_wrap(hn_arena *arena, hn_tensor *out, const hn_object *object) {
    *out = (hn_tensor){.dtype = HN_DTYPE_OBJECT, .data = HN_NEW(arena, hn_object_ref)};
    if (out->data) hn_object_put(out, object);
    return out->data != NULL;
}

static hone_status own_strings(hn_arena *arena, hn_tensor *t) {
    hn_bytes *at = t->data;
    for (int64_t i = 0, n = hn_tensor_count(t); i < n; i++)
        if (at[i].n && !(at[i].data = hn_arena_copy(arena, at[i].data, at[i].n))) return HONE_OUT_OF_MEMORY;
    return HONE_OK;
}

/* Items are shared, so an object that is changed must be a copy. */
static hone_status own_items(hn_arena *arena, hn_tensor *t) {
    const hn_object *from = hn_object_in(t);
    hn_object *to = hn_object_new(arena, from->type, from->n);
    HN_TRY_ALLOC(to);
    for (int64_t i = 0; i < from->n; i++) {
        HN_TRY(hn_object_keep(arena, &to->item[i], &from->item[i]));
        HN_TRY(hn_object_own(arena, &to->item[i]));
    }
    hn_object_put(t, to);
    return HONE_OK;
}

hone_status hn_object_own(hn_arena *arena, hn_tensor *t) {
    if (t->dtype == HONE_STRING) return own_strings(arena, t);
    return t->dtype == HN_DTYPE_OBJECT ? own_items(arena, t) : HONE_OK;
}
