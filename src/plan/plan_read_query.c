/* Reading queries in compact form (plan_write_query.c): every number is checked before it is used. */
#include <string.h>
#include "plan/plan_query.h"

typedef struct reader {
    const uint8_t *at;
    size_t left;
} reader;

static bool take(reader *r, void *to, size_t n) {
    if (n > r->left) return false;
    memcpy(to, r->at, n);
    r->at += n, r->left -= n;
    return true;
}

static bool read_head(reader *r, hn_query *q) {
    hn_plan_query_head h;
    if (!take(r, &h, sizeof h)) return false;
    if (h.n_op < 1 || h.n_op > HN_QUERY_OPS || h.n_val > HN_QUERY_VALS || h.attr_bytes > HN_QUERY_ATTR_BYTES)
        return false;
    if (h.n_in > h.n_val || h.n_out > h.n_val) return false;
    q->n_op = h.n_op, q->n_val = h.n_val, q->n_in = h.n_in, q->n_out = h.n_out;
    q->features = h.features, q->attr_bytes = h.attr_bytes, q->threads = h.threads, q->strictness = h.strictness;
    return take(r, q->attr, q->attr_bytes);
}

/* Roles stand in order: inputs and constants first, so that a step's arguments can be told apart. */
static bool read_value(reader *r, const hn_query *q, int i, hn_qval *v) {
    if (!take(r, v, offsetof(hn_qval, dim))) return false;
    if (v->rank > HONE_MAX_RANK || v->role > HN_ROLE_OUT || v->layout > HN_LAYOUT_CHANNELS_LAST) return false;
    if (hone_dtype_bits((hone_dtype)v->dtype) <= 0) return false;
    if (v->layout == HN_LAYOUT_CHANNELS_LAST && v->rank < 3) return false;
    if ((i < q->n_in) != (v->role == HN_ROLE_IN || v->role == HN_ROLE_CONST)) return false;
    return take(r, v->dim, v->rank * sizeof v->dim[0]);
}

static bool read_operator(reader *r, const hn_query *q, hn_qop *op) {
    uint8_t counts[4];
    uint16_t range[2];
    char name[256];
    if (!take(r, counts, sizeof counts) || !take(r, range, sizeof range) || !take(r, name, counts[0])) return false;
    name[counts[0]] = 0;
    const hn_op *known = hn_op_find(name);
    if (!known || counts[1] > HN_QUERY_ARGS || counts[2] > HN_QUERY_ARGS) return false;
    op->op = (uint16_t)known->id, op->n_in = counts[1], op->n_out = counts[2];
    op->attr_offset = range[0], op->attr_bytes = range[1];
    if (op->attr_offset % 8 || op->attr_offset > q->attr_bytes || op->attr_bytes > q->attr_bytes - op->attr_offset)
        return false;
    if (op->n_in < known->min_in || (known->max_in >= 0 && op->n_in > known->max_in)) return false;
    if (op->n_out < known->min_out || (known->max_out >= 0 && op->n_out > known->max_out)) return false;
    if (!take(r, op->in, op->n_in) || !take(r, op->out, op->n_out)) return false;
    for (int i = 0; i < op->n_in; i++)
        if (op->in[i] < -1 || op->in[i] >= q->n_val || (op->in[i] < 0 && hn_op_needs(known, i))) return false;
    for (int i = 0; i < op->n_out; i++)
        if (op->out[i] < -1 || op->out[i] >= q->n_val || (op->out[i] >= 0 && op->out[i] < q->n_in)) return false;
    return true;
}

hone_status hn_plan_query_decode(const void *bytes, size_t n, hn_query *out, hn_diag *diag) {
    reader r = {bytes, n};
    memset(out, 0, sizeof *out);
    bool ok = read_head(&r, out);
    int n_out = 0;
    for (int i = 0; ok && i < out->n_val; i++) {
        ok = read_value(&r, out, i, &out->val[i]);
        n_out += out->val[i].role == HN_ROLE_OUT;
    }
    for (int i = 0; ok && i < out->n_op; i++) ok = read_operator(&r, out, &out->op[i]);
    if (!ok || r.left || n_out != out->n_out)
        HN_FAIL(diag, HONE_MALFORMED, "damaged plan: a kernel's query does not read");
    return HONE_OK;
}
