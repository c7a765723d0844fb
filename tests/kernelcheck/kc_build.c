/* Building cases: values, attributes, operators with inferred shapes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernelcheck.h"

int kc_random(kc_suite *suite, int low, int high) {
    suite->seed = suite->seed * 6364136223846793005u + 1442695040888963407u;
    return low + (int)((suite->seed >> 33) % (uint64_t)(high - low + 1));
}

float kc_random_float(kc_suite *suite) { return (float)kc_random(suite, -(1 << 20), (1 << 20) - 1) / (float)(1 << 20); }

kc_case *kc_begin(kc_suite *suite, const char *format, ...) {
    kc_case *c = calloc(1, sizeof *c);
    if (!c) abort();
    c->suite = suite;
    hn_arena_init(&c->arena, NULL);
    hn_diag_init(&c->diag, NULL);
    va_list args;
    va_start(args, format);
    vsnprintf(c->name, sizeof c->name, format, args);
    va_end(args);
    return c;
}

static int add_value(kc_case *c, hn_role role, hn_layout layout, int rank, const int64_t *dim) {
    if (c->query.n_val == HN_QUERY_VALS) abort();
    int v = c->query.n_val++;
    hn_qval *val = &c->query.val[v];
    *val = (hn_qval){.dtype = HONE_FLOAT32, .rank = (uint8_t)rank, .role = (uint8_t)role, .layout = (uint8_t)layout};
    for (int i = 0; i < rank; i++) {
        bool open = c->dynamic && i == 0 && role != HN_ROLE_CONST;
        val->dim[i] = (hn_qdim){open ? 1 : dim[i], dim[i], open ? -1 : dim[i], 1};
    }
    hn_tensor *t = &c->tensor[v];
    t->dtype = HONE_FLOAT32;
    hn_tensor_set_shape(t, rank, dim);
    if (role == HN_ROLE_CONST && hn_tensor_count(t) == 1) val->const_facts = HN_CONST_SCALAR;
    t->data = hn_arena_alloc(&c->arena, hn_tensor_bytes(t));
    if (!t->data) abort();
    return v;
}

static int add_filled(kc_case *c, hn_role role, hn_layout layout, int rank, const int64_t *dim) {
    int v = add_value(c, role, layout, rank, dim);
    float *data = c->tensor[v].data;
    int64_t count = hn_tensor_count(&c->tensor[v]);
    for (int64_t i = 0; i < count; i++)
        data[i] = c->integers ? (float)kc_random(c->suite, -3, 3) : kc_random_float(c->suite);
    return v;
}

int kc_input(kc_case *c, hn_layout layout, int rank, const int64_t *dim) {
    return add_filled(c, HN_ROLE_IN, layout, rank, dim);
}

int kc_const(kc_case *c, int rank, const int64_t *dim) {
    return add_filled(c, HN_ROLE_CONST, HN_LAYOUT_DENSE, rank, dim);
}

int kc_scalar(kc_case *c, float value) {
    int v = add_value(c, HN_ROLE_CONST, HN_LAYOUT_DENSE, 0, NULL);
    *(float *)c->tensor[v].data = value;
    return v;
}

int kc_const_ints(kc_case *c, int n, const int64_t *value) {
    const int64_t dim = n;
    int v = add_value(c, HN_ROLE_CONST, HN_LAYOUT_DENSE, 1, &dim);
    hn_tensor *t = &c->tensor[v];
    c->query.val[v].dtype = HONE_INT64;
    t->dtype = HONE_INT64;
    t->data = hn_arena_copy(&c->arena, value, (size_t)n * sizeof *value);
    if (!t->data) abort();
    return v;
}

static hn_attr *add_attr(kc_case *c, const char *name, hn_attr_kind kind) {
    uint32_t at = c->n_attr++;
    if (at == KC_ATTRS) abort();
    for (; at > 0 && strcmp(c->attr[at - 1].name, name) > 0; at--) c->attr[at] = c->attr[at - 1];
    c->attr[at] = (hn_attr){.name = name, .kind = kind, .n = 1};
    return &c->attr[at];
}

void kc_int(kc_case *c, const char *name, int64_t value) { add_attr(c, name, HN_ATTR_INT)->i = value; }
void kc_float(kc_case *c, const char *name, float value) { add_attr(c, name, HN_ATTR_FLOAT)->f = value; }
void kc_text(kc_case *c, const char *name, const char *value) {
    add_attr(c, name, HN_ATTR_STRING)->s = (hn_bytes){value, strlen(value)};
}
void kc_ints(kc_case *c, const char *name, int n, const int64_t *value) {
    hn_attr *attr = add_attr(c, name, HN_ATTR_INTS);
    attr->n = (uint32_t)n;
    attr->ints = hn_arena_copy(&c->arena, value, (size_t)n * sizeof *value);
}

static void encode_attrs(kc_case *c, hn_qop *op) {
    hn_str bytes;
    hn_str_init(&bytes, &c->arena);
    hn_attrs attrs = {c->attr, c->n_attr};
    if (hn_attrs_encode(attrs, &bytes, &c->diag) != HONE_OK) abort();
    uint32_t offset = (c->query.attr_bytes + 7) / 8 * 8;
    if (offset + bytes.n > sizeof c->query.attr) abort();
    if (bytes.n) memcpy(c->query.attr + offset, bytes.data, bytes.n);
    op->attr_offset = (uint16_t)offset;
    op->attr_bytes = (uint16_t)bytes.n;
    c->query.attr_bytes = offset + op->attr_bytes;
}

/* Constants lie dense, so the first activation decides. */
static hn_layout layout_of(const kc_case *c, int n_in, const int *in) {
    for (int i = 0; i < n_in; i++)
        if (in[i] >= 0 && c->query.val[in[i]].role != HN_ROLE_CONST) return (hn_layout)c->query.val[in[i]].layout;
    return HN_LAYOUT_DENSE;
}

int kc_op(kc_case *c, hn_op_id id, int n_in, const int *in) {
    if (c->query.n_op == HN_QUERY_OPS) abort();
    hn_qop *op = &c->query.op[c->query.n_op++];
    op->op = (uint16_t)id;
    op->n_in = (uint8_t)n_in;
    op->n_out = 1;
    hn_info info[HN_QUERY_ARGS] = {0}, out = {0};
    for (int i = 0; i < n_in; i++) {
        op->in[i] = (int8_t)in[i];
        if (in[i] < 0) continue;
        const hn_tensor *t = &c->tensor[in[i]];
        info[i] = (hn_info){hn_type_tensor(t->dtype), hn_shape_of_tensor(t), t, NULL};
    }
    encode_attrs(c, op);
    const hn_op *meaning = hn_op_at(id);
    hn_infer infer = {meaning, {c->attr, c->n_attr}, n_in, 1, info, &out, NULL, &c->diag};
    int64_t dim[HONE_MAX_RANK];
    if (meaning->infer(&infer) != HONE_OK || !hn_shape_constant(&out.shape, dim)) {
        printf("%s: no shape for %s: %s\n", c->name, meaning->name, c->diag.n ? c->diag.at[0].text : "unknown");
        abort();
    }
    c->n_attr = 0;
    op->out[0] = (int8_t)add_value(c, HN_ROLE_TEMP, layout_of(c, n_in, in), out.shape.rank, dim);
    return op->out[0];
}
