/* Maps to tensors and back: DictVectorizer, CastMap, ZipMap. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "abi/object.h"
#include "ops/block.h"
#include "ops/ml/ml_model.h"
#include "ops/registry.h"

/* ---- types ---- */

/* The type of input 0, which must be a map with keys of one of the `keys`; NULL while it is not known. */
static hone_status map_type(const hn_infer *infer, uint32_t keys, const hn_type **out) {
    *out = NULL;
    if (!hn_infer_has(infer, 0)) return HONE_OK;
    const hn_type *type = infer->in[0].type;
    if (type->kind != HN_KIND_MAP || !type->elem || type->elem->kind != HN_KIND_TENSOR)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "input 0 is no map to numbers or text");
    if (!(keys >> type->dtype & 1))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "the keys of input 0 are %s", hone_dtype_name(type->dtype));
    *out = type;
    return HONE_OK;
}

static bool same_text(hn_bytes a, hn_bytes b) { return a.n == b.n && (!a.n || memcmp(a.data, b.data, a.n) == 0); }

static const hn_attr *texts_of(hn_attrs attrs, const char *name) {
    const hn_attr *attr = hn_attrs_find(attrs, name);
    return attr && attr->kind == HN_ATTR_STRINGS && attr->n ? attr : NULL;
}

/* ---- DictVectorizer ---- */

hone_status hn_ops_infer_ml_dict_vectorizer(hn_infer *infer) {
    const hn_attr *text = texts_of(infer->attrs, "string_vocabulary");
    const hn_type *type;
    int n;
    hn_attrs_ints(infer->attrs, "int64_vocabulary", &n);
    if ((text != NULL) == (n > 0))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "one of string_vocabulary and int64_vocabulary must be given");
    HN_TRY(map_type(infer, text ? HN_TYPE(STRING) : HN_TYPE(INT64), &type));
    const hn_shape out = {.rank = 2, .dim = {hn_dim_const(1), hn_dim_const(text ? (int64_t)text->n : n)}};
    hn_infer_set(infer, 0, type ? type->elem->dtype : HONE_NO_DTYPE, &out);
    return HONE_OK;
}

/* The place of word `i` of the vocabulary among the keys, or -1. */
static int64_t find_key(const hn_tensor *keys, const hn_attr *text, const int64_t *number, int64_t i) {
    const int64_t n = hn_tensor_count(keys);
    for (int64_t k = 0; k < n; k++)
        if (text ? same_text(((const hn_bytes *)keys->data)[k], text->strings[i]) : hn_tensor_int(keys, k) == number[i])
            return k;
    return -1;
}

hone_status hn_ops_ref_ml_dict_vectorizer(hn_call *call) {
    const hn_object *map = hn_object_in(call->in[0]);
    const hn_tensor *values = hn_object_values(map);
    const hn_attr *text = texts_of(call->attrs, "string_vocabulary");
    hn_tensor *out = call->out[0];
    int n;
    const int64_t *number = hn_attrs_ints(call->attrs, "int64_vocabulary", &n);
    if (!out) return HONE_OK;
    const size_t size = hn_element_size(out->dtype);
    memset(out->data, 0, hn_tensor_bytes(out));
    for (int64_t i = 0; i < out->dim[1]; i++) {
        const int64_t k = find_key(hn_object_keys(map), text, number, i);
        if (out->dtype == HONE_STRING && k < 0) ((hn_bytes *)out->data)[i].data = "";
        if (k >= 0) memcpy((char *)out->data + (size_t)i * size, (const char *)values->data + (size_t)k * size, size);
    }
    return HONE_OK;
}

/* ---- CastMap ---- */

static const char *const casts[] = {"TO_FLOAT", "TO_STRING", "TO_INT64", NULL};
static const hone_dtype cast_types[] = {HONE_FLOAT32, HONE_STRING, HONE_INT64};
static const char *const forms[] = {"DENSE", "SPARSE", NULL};
enum { DENSE, SPARSE };

hone_status hn_ops_infer_ml_cast_map(hn_infer *infer) {
    const int64_t most = hn_attrs_int(infer->attrs, "max_map", 1);
    const hn_object *map = hn_infer_object(infer, 0);
    const hn_type *type;
    int cast, form;
    HN_TRY(hn_ops_word(infer->attrs, "cast_to", casts, &cast, infer->diag));
    HN_TRY(hn_ops_word(infer->attrs, "map_form", forms, &form, infer->diag));
    HN_TRY(map_type(infer, HN_TYPE(INT64), &type));
    if (form == SPARSE && (most < 1 || most > INT32_MAX))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "attribute max_map is %lld; it must be positive", (long long)most);
    hn_shape out = {.rank = 2, .dim = {hn_dim_const(1), HN_UNKNOWN_DIM}};
    if (form == SPARSE) out.dim[1] = hn_dim_const(most);
    else if (map) out.dim[1] = hn_dim_const(hn_tensor_count(hn_object_keys(map)));
    hn_infer_set(infer, 0, cast_types[cast], &out);
    return HONE_OK;
}

static hone_status text_to_real(hn_call *call, hn_bytes text, double *out) {
    char *copy = hn_arena_string(call->scratch, text.data, text.n), *end;
    HN_TRY_ALLOC(copy);
    *out = strtod(copy, &end);
    if (text.n && end == copy + text.n) return HONE_OK;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "\"%.40s\" is no number", copy);
}

static hone_status real_to_text(hn_call *call, double value, hn_bytes *out) {
    const char *text = hn_arena_format(call->lasting, "%f", value);
    HN_TRY_ALLOC(text);
    *out = (hn_bytes){text, strlen(text)};
    return HONE_OK;
}

/* Value `k` of the map as element `i` of the output. */
static hone_status cast_value(hn_call *call, const hn_tensor *values, int64_t k, int64_t i) {
    hn_tensor *out = call->out[0];
    const bool text = values->dtype == HONE_STRING;
    double real = 0;
    if (text && out->dtype == HONE_STRING) {
        ((hn_bytes *)out->data)[i] = ((const hn_bytes *)values->data)[k];
        return HONE_OK;
    }
    if (text) HN_TRY(text_to_real(call, ((const hn_bytes *)values->data)[k], &real));
    else real = hn_tensor_real(values, k);
    if (out->dtype == HONE_STRING) return real_to_text(call, real, &((hn_bytes *)out->data)[i]);
    hn_block_store_f64(out, i, &real, 1);
    return HONE_OK;
}

/* How many keys are smaller: the place of key `k` in a dense row. */
static int64_t rank_of(const hn_tensor *keys, int64_t k) {
    int64_t smaller = 0;
    for (int64_t i = 0, n = hn_tensor_count(keys); i < n; i++)
        smaller += hn_tensor_int(keys, i) < hn_tensor_int(keys, k);
    return smaller;
}

hone_status hn_ops_ref_ml_cast_map(hn_call *call) {
    const hn_object *map = hn_object_in(call->in[0]);
    const hn_tensor *keys = hn_object_keys(map);
    const bool sparse = !hn_attrs_text_is(call->attrs, "map_form", "DENSE", "DENSE");
    hn_tensor *out = call->out[0];
    if (!out) return HONE_OK;
    memset(out->data, 0, hn_tensor_bytes(out));
    for (int64_t i = 0; out->dtype == HONE_STRING && i < out->dim[1]; i++) ((hn_bytes *)out->data)[i].data = "";
    for (int64_t k = 0, n = hn_tensor_count(keys); k < n; k++) {
        const int64_t key = hn_tensor_int(keys, k), at = sparse ? key : rank_of(keys, k);
        if (key < 0) HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "key %lld is negative", (long long)key);
        if (at < out->dim[1]) HN_TRY(cast_value(call, hn_object_values(map), k, at));
    }
    return HONE_OK;
}

/* ---- ZipMap ---- */

hone_status hn_ops_infer_ml_zip_map(hn_infer *infer) {
    const hn_attr *text = texts_of(infer->attrs, "classlabels_strings");
    hn_dim rows, columns;
    int n;
    hn_attrs_ints(infer->attrs, "classlabels_int64s", &n);
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(FLOAT32)));
    HN_TRY(hn_ml_rows(infer, &rows, &columns));
    if ((text != NULL) == (n > 0))
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "one of classlabels_strings and classlabels_int64s must be given");
    const int64_t labels = text ? (int64_t)text->n : n;
    if (hn_dim_is_const(columns) && columns.value != labels)
        HN_FAIL(infer->diag, HONE_INVALID_MODEL, "%lld columns for %lld labels", (long long)columns.value,
                (long long)labels);
    const hn_type *map = hn_type_map(text ? HONE_STRING : HONE_INT64, HONE_FLOAT32);
    hn_infer_set_object(infer, 0, hn_type_of(HN_KIND_SEQUENCE, map));
    return HONE_OK;
}

/* One map: the labels, and a row of the input. */
static hone_status zip_row(hn_call *call, const hn_type *type, const hn_tensor *labels, int64_t row, hn_tensor *item) {
    const hn_tensor *x = call->in[0];
    hn_object *map = hn_object_new(call->lasting, type, 2);
    hn_tensor values = {.dtype = HONE_FLOAT32, .data = (float *)x->data + row * labels->dim[0]};
    HN_TRY_ALLOC(map);
    hn_tensor_set_shape(&values, 1, labels->dim);
    map->item[0] = *labels;
    HN_TRY(hn_object_keep(call->lasting, &map->item[1], &values));
    return hn_object_wrap(call->lasting, item, map) ? HONE_OK : HONE_OUT_OF_MEMORY;
}

hone_status hn_ops_ref_ml_zip_map(hn_call *call) {
    const hn_attr *text = texts_of(call->attrs, "classlabels_strings");
    const int64_t rows = hn_ml_row_count(call->in[0]), columns = hn_ml_feature_count(call->in[0]);
    const hn_type *type = hn_type_map(text ? HONE_STRING : HONE_INT64, HONE_FLOAT32);
    int n;
    const int64_t *number = hn_attrs_ints(call->attrs, "classlabels_int64s", &n);
    hn_tensor given = {.dtype = type->dtype, .data = (void *)(uintptr_t)(text ? (const void *)text->strings : number)};
    hn_tensor labels;
    if (!call->out[0]) return HONE_OK;
    hn_tensor_set_shape(&given, 1, &columns);
    HN_TRY(hn_object_keep(call->lasting, &labels, &given));
    hn_object *list = hn_object_new(call->lasting, hn_type_of(HN_KIND_SEQUENCE, type), rows);
    HN_TRY_ALLOC(list);
    for (int64_t r = 0; r < rows; r++) HN_TRY(zip_row(call, type, &labels, r, &list->item[r]));
    hn_object_put(call->out[0], list);
    return HONE_OK;
}
