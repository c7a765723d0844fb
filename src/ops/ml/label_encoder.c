/* LabelEncoder and CategoryMapper: elements of one type looked up in a list, giving elements of another. */
#include <math.h>
#include <string.h>
#include "base/dtype.h"
#include "ops/block.h"
#include "ops/ml/ml_model.h"
#include "ops/registry.h"

/* One side of the table: texts, or numbers of one type. */
typedef struct column {
    hone_dtype dtype;
    int64_t n;
    const hn_bytes *text;
    const float *real;
    const int64_t *whole;
    const hn_tensor *tensor;
} column;

/* The attribute of `names` (of strings, ints, floats, a tensor; NULL: none) that is there; dtype NONE when none is. */
static column read_column(hn_attrs attrs, const char *const names[4]) {
    column c = {.dtype = HONE_NO_DTYPE};
    for (int i = 0; i < 4; i++) {
        const hn_attr *attr = names[i] ? hn_attrs_find(attrs, names[i]) : NULL;
        if (!attr) continue;
        if (attr->kind == HN_ATTR_STRINGS) c = (column){HONE_STRING, attr->n, .text = attr->strings};
        if (attr->kind == HN_ATTR_INTS) c = (column){HONE_INT64, attr->n, .whole = attr->ints};
        if (attr->kind == HN_ATTR_FLOATS) c = (column){HONE_FLOAT32, attr->n, .real = attr->floats};
        if (attr->kind == HN_ATTR_TENSOR)
            c = (column){attr->tensor->dtype, hn_tensor_count(attr->tensor), .tensor = attr->tensor};
    }
    return c;
}

static hn_bytes text_at(const column *c, int64_t i) {
    return c->tensor ? ((const hn_bytes *)c->tensor->data)[i] : c->text[i];
}
static double real_at(const column *c, int64_t i) {
    return c->tensor ? hn_tensor_real(c->tensor, i) : c->whole ? (double)c->whole[i] : c->real[i];
}
static int64_t whole_at(const column *c, int64_t i) { return c->tensor ? hn_tensor_int(c->tensor, i) : c->whole[i]; }

static bool same_text(hn_bytes a, hn_bytes b) { return a.n == b.n && (!a.n || memcmp(a.data, b.data, a.n) == 0); }

static bool is_key(const column *keys, int64_t k, const hn_tensor *x, int64_t i) {
    if (keys->dtype == HONE_STRING) return same_text(text_at(keys, k), ((const hn_bytes *)x->data)[i]);
    if (hn_dtype_is_int(keys->dtype) || keys->dtype == HONE_BOOL) return whole_at(keys, k) == hn_tensor_int(x, i);
    const double a = real_at(keys, k), b = hn_tensor_real(x, i);
    return a == b || (isnan(a) && isnan(b));
}

/* ---- tables ---- */

typedef struct table {
    column keys, values, otherwise;
} table;

static const char *const key_names[4] = {"keys_strings", "keys_int64s", "keys_floats", "keys_tensor"};
static const char *const value_names[4] = {"values_strings", "values_int64s", "values_floats", "values_tensor"};

static hone_status read_table(hn_attrs attrs, table *t, hn_diag *diag) {
    static const char *const tensor[4] = {NULL, NULL, NULL, "default_tensor"};
    const uint32_t allowed = HN_TYPES_NUMBER | HN_TYPE(STRING) | HN_TYPE(BOOL);
    *t = (table){read_column(attrs, key_names), read_column(attrs, value_names), read_column(attrs, tensor)};
    if (!t->keys.n || t->keys.n != t->values.n)
        HN_FAIL(diag, HONE_INVALID_MODEL, "%lld keys and %lld values; as many of each are needed", (long long)t->keys.n,
                (long long)t->values.n);
    const column *both[2] = {&t->keys, &t->values};
    for (int i = 0; i < 2; i++)
        if ((unsigned)both[i]->dtype > 31 || !(allowed >> both[i]->dtype & 1))
            HN_FAIL(diag, HONE_UNSUPPORTED, "keys or values of type %s", hone_dtype_name(both[i]->dtype));
    if (t->otherwise.n && (t->otherwise.n != 1 || t->otherwise.dtype != t->values.dtype))
        HN_FAIL(diag, HONE_INVALID_MODEL, "default_tensor is %s with %lld elements; one of type %s is needed",
                hone_dtype_name(t->otherwise.dtype), (long long)t->otherwise.n, hone_dtype_name(t->values.dtype));
    return HONE_OK;
}

static void store_text(hn_tensor *out, int64_t i, hn_bytes text) { ((hn_bytes *)out->data)[i] = text; }

static void store_from(hn_tensor *out, int64_t i, const column *c, int64_t k) {
    if (out->dtype == HONE_STRING) {
        store_text(out, i, text_at(c, k));
    } else if (hn_dtype_is_int(out->dtype) || out->dtype == HONE_BOOL) {
        const int64_t whole = whole_at(c, k);
        hn_block_store_i64(out, i, &whole, 1);
    } else {
        const double real = real_at(c, k);
        hn_block_store_f64(out, i, &real, 1);
    }
}

static void store_default(hn_call *call, const table *t, int64_t i) {
    hn_tensor *out = call->out[0];
    const hn_attr *text = hn_attrs_find(call->attrs, "default_string");
    const int64_t whole = hn_attrs_int(call->attrs, "default_int64", -1);
    const double real = hn_attrs_float(call->attrs, "default_float", -0.0f);
    if (t->otherwise.n) store_from(out, i, &t->otherwise, 0);
    else if (out->dtype == HONE_STRING)
        store_text(out, i, text && text->kind == HN_ATTR_STRING ? text->s : (hn_bytes){"_Unused", 7});
    else if (hn_dtype_is_int(out->dtype) || out->dtype == HONE_BOOL) hn_block_store_i64(out, i, &whole, 1);
    else hn_block_store_f64(out, i, &real, 1);
}

static void look_up(hn_call *call, const table *t) {
    const int64_t count = hn_tensor_count(call->in[0]);
    for (int64_t i = 0; i < count && call->out[0]; i++) {
        int64_t k = 0;
        while (k < t->keys.n && !is_key(&t->keys, k, call->in[0], i)) k++;
        if (k < t->keys.n) store_from(call->out[0], i, &t->values, k);
        else store_default(call, t, i);
    }
}

/* ---- LabelEncoder ---- */

hone_status hn_ops_infer_ml_label_encoder(hn_infer *infer) {
    table t;
    HN_TRY(read_table(infer->attrs, &t, infer->diag));
    HN_TRY(hn_ops_check_type(infer, 0, UINT32_C(1) << t.keys.dtype));
    hn_infer_set(infer, 0, t.values.dtype, hn_infer_has(infer, 0) ? &infer->in[0].shape : NULL);
    return HONE_OK;
}

hone_status hn_ops_ref_ml_label_encoder(hn_call *call) {
    table t;
    HN_TRY(read_table(call->attrs, &t, call->diag));
    look_up(call, &t);
    return HONE_OK;
}

/* ---- CategoryMapper ---- */

/* The categories as texts and as numbers: keys are of the input's type. */
static hone_status read_categories(hn_attrs attrs, hone_dtype dtype, table *t, hn_diag *diag) {
    static const char *const texts[4] = {"cats_strings", NULL, NULL, NULL}, *const numbers[4] = {NULL, "cats_int64s",
                                                                                                 NULL, NULL};
    const column text = read_column(attrs, texts), number = read_column(attrs, numbers);
    if (!text.n || text.n != number.n)
        HN_FAIL(diag, HONE_INVALID_MODEL, "%lld cats_strings and %lld cats_int64s; as many of each are needed",
                (long long)text.n, (long long)number.n);
    *t = dtype == HONE_STRING ? (table){text, number, {.n = 0}} : (table){number, text, {.n = 0}};
    return HONE_OK;
}

hone_status hn_ops_infer_ml_category_mapper(hn_infer *infer) {
    const hone_dtype dtype = hn_infer_dtype(infer, 0);
    table t;
    HN_TRY(hn_ops_check_type(infer, 0, HN_TYPE(STRING) | HN_TYPE(INT64)));
    HN_TRY(read_categories(infer->attrs, dtype, &t, infer->diag));
    hn_infer_set(infer, 0,
                 dtype == HONE_NO_DTYPE ? dtype
                 : dtype == HONE_STRING ? HONE_INT64
                                        : HONE_STRING,
                 hn_infer_has(infer, 0) ? &infer->in[0].shape : NULL);
    return HONE_OK;
}

hone_status hn_ops_ref_ml_category_mapper(hn_call *call) {
    table t;
    HN_TRY(read_categories(call->attrs, call->in[0]->dtype, &t, call->diag));
    look_up(call, &t);
    return HONE_OK;
}
