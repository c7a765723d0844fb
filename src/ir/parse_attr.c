/* Attributes of the text form. */
#include <string.h>
#include "ir/hir_text.h"

#define MOST_DIMS 1024

/* An item of a list; its form tells which list it is. */
typedef struct item {
    hn_attr_kind kind; /* INT, FLOAT or STRING */
    int64_t i;
    float f;
    hn_bytes s;
} item;

static hone_status read_item(hn_hir_reader *r, item *out) {
    hn_bytes word = hn_hir_token(r);
    double real;
    if (!word.n) {
        out->kind = HN_ATTR_STRING;
        return hn_hir_quoted(r, &out->s);
    }
    if (word.data[word.n - 1] == 'f') {
        out->kind = HN_ATTR_FLOAT;
        word.n--;
        if (!hn_hir_real(word, &real)) return hn_hir_fault(r, "number expected, not '%.*s'", (int)word.n, word.data);
        out->f = (float)real;
        return HONE_OK;
    }
    out->kind = HN_ATTR_INT;
    if (hn_hir_int64(word, &out->i)) return HONE_OK;
    return hn_hir_fault(r, "value expected, not '%.*s'", (int)word.n, word.data);
}

typedef hn_vec(item) item_list;

static hone_status pack_items(hn_hir_reader *r, const item_list *list, hn_attr *out) {
    hn_arena *arena = &r->model->arena;
    const size_t n = list->n;
    int64_t *ints = HN_NEW_ARRAY(arena, int64_t, n);
    float *floats = HN_NEW_ARRAY(arena, float, n);
    hn_bytes *strings = HN_NEW_ARRAY(arena, hn_bytes, n);
    if (!ints || !floats || !strings || n > UINT32_MAX) return HONE_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (list->at[i].kind != list->at[0].kind) return hn_hir_fault(r, "a list of different kinds of values");
        ints[i] = list->at[i].i;
        floats[i] = list->at[i].f;
        strings[i] = list->at[i].s;
    }
    out->n = (uint32_t)n;
    if (list->at[0].kind == HN_ATTR_INT) out->kind = HN_ATTR_INTS, out->ints = ints;
    else if (list->at[0].kind == HN_ATTR_FLOAT) out->kind = HN_ATTR_FLOATS, out->floats = floats;
    else out->kind = HN_ATTR_STRINGS, out->strings = strings;
    return HONE_OK;
}

static hone_status read_list(hn_hir_reader *r, hn_attr *out) {
    item_list list = {0};
    do {
        item next = {0};
        HN_TRY(read_item(r, &next));
        if (!hn_vec_push(&r->model->arena, &list, next)) return HONE_OUT_OF_MEMORY;
    } while (hn_hir_take(r, ','));
    HN_TRY(hn_hir_expect(r, ']'));
    return pack_items(r, &list, out);
}

static hone_status read_dims(hn_hir_reader *r, hn_attr *out) {
    hn_dim *dims = HN_NEW_ARRAY(&r->model->arena, hn_dim, MOST_DIMS);
    int n;
    HN_TRY_ALLOC(dims);
    HN_TRY(hn_hir_expect(r, '['));
    HN_TRY(hn_hir_dims(r, dims, MOST_DIMS, &n));
    out->kind = HN_ATTR_DIMS;
    out->n = (uint32_t)n;
    out->dims = dims;
    return HONE_OK;
}

static hone_status read_tensor(hn_hir_reader *r, hn_attr *out) {
    hn_tensor *t = HN_NEW(&r->model->arena, hn_tensor);
    HN_TRY_ALLOC(t);
    out->kind = HN_ATTR_TENSOR;
    out->tensor = t;
    return hn_hir_tensor(r, t);
}

static hone_status read_body(hn_hir_reader *r, hn_attr *out) {
    out->kind = HN_ATTR_GRAPH;
    if (hn_hir_int64(hn_hir_token(r), &out->i) && out->i >= 0) return HONE_OK;
    return hn_hir_fault(r, "number of a body expected");
}

/* The empty lists have words of their own; false when none comes. */
static bool take_empty_list(hn_hir_reader *r, hn_attr *out) {
    static const struct {
        const char *word;
        hn_attr_kind kind;
    } kinds[] = {{"ints", HN_ATTR_INTS}, {"floats", HN_ATTR_FLOATS}, {"strings", HN_ATTR_STRINGS}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!hn_hir_take_word(r, kinds[i].word)) continue;
        out->kind = kinds[i].kind;
        return true;
    }
    return false;
}

static hone_status read_value(hn_hir_reader *r, hn_attr *out) {
    item single = {0};
    hn_shape unused;
    if (take_empty_list(r, out)) {
        out->ints = HN_NEW(&r->model->arena, int64_t);
        HN_TRY_ALLOC(out->ints);
        HN_TRY(hn_hir_expect(r, '['));
        return hn_hir_expect(r, ']');
    }
    if (hn_hir_take(r, '[')) return read_list(r, out);
    if (hn_hir_take_word(r, "dims")) return read_dims(r, out);
    if (hn_hir_take_word(r, "tensor")) return read_tensor(r, out);
    if (hn_hir_take_word(r, "body")) return read_body(r, out);
    if (hn_hir_take_word(r, "type")) {
        out->kind = HN_ATTR_TYPE;
        return hn_hir_type(r, &out->type, &unused);
    }
    HN_TRY(read_item(r, &single));
    out->kind = single.kind;
    if (single.kind == HN_ATTR_INT) out->i = single.i;
    else if (single.kind == HN_ATTR_FLOAT) out->f = single.f;
    else out->s = single.s;
    return HONE_OK;
}

hone_status hn_hir_attrs(hn_hir_reader *r, hn_attrs *out) {
    *out = (hn_attrs){0};
    if (!hn_hir_take(r, '{')) return HONE_OK;
    do {
        hn_attr a = {0};
        bool ok;
        HN_TRY(hn_hir_name(r, &a.name));
        HN_TRY(hn_hir_expect(r, ':'));
        HN_TRY(read_value(r, &a));
        if (hn_attrs_find(*out, a.name)) return hn_hir_fault(r, "attribute '%s' stands here twice", a.name);
        *out = hn_ir_attrs_set(r->model, *out, a, &ok);
        if (!ok) return HONE_OUT_OF_MEMORY;
    } while (hn_hir_take(r, ','));
    return hn_hir_expect(r, '}');
}
