/* Reading parts of a query. */
#include "abi/query.h"

hone_status hn_query_attrs(const hn_query *query, int i, hn_arena *arena, hn_attrs *out, hn_diag *diag) {
    *out = (hn_attrs){0};
    if (i < 0 || i >= query->n_op || i >= HN_QUERY_OPS)
        HN_FAIL(diag, HONE_MALFORMED, "query has no operator number %d", i);
    const hn_qop *op = &query->op[i];
    if ((size_t)op->attr_offset + op->attr_bytes > sizeof query->attr || op->attr_offset % 8 != 0)
        HN_FAIL(diag, HONE_MALFORMED, "attributes of operator number %d lie outside the query", i);
    return hn_attrs_decode(query->attr + op->attr_offset, op->attr_bytes, arena, out, diag);
}

bool hn_query_static_dims(const hn_query *query, int i, int64_t *dim) {
    const hn_qval *val = &query->val[i];
    for (int d = 0; d < val->rank; d++) {
        if (val->dim[d].min != val->dim[d].max) return false;
        dim[d] = val->dim[d].min;
    }
    return true;
}
