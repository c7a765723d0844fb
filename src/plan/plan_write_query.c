/* Queries in compact form: the parts that are in use, one after the other, and nothing else. Host byte order is little
 * endian by the format's definition. */
#include <string.h>
#include "plan/plan_query.h"

hone_status hn_plan_query_encode(const hn_query *query, hn_str *out, hn_diag *diag) {
    (void)diag;
    const hn_plan_query_head head = {query->n_op,    query->n_val,      query->n_in,
                                     query->n_out,   query->features,   query->attr_bytes,
                                     query->threads, query->strictness, 0};
    hn_str_append(out, (const char *)&head, sizeof head);
    hn_str_append(out, (const char *)query->attr, query->attr_bytes);
    for (int i = 0; i < query->n_val; i++) {
        const hn_qval *v = &query->val[i];
        hn_str_append(out, (const char *)v, offsetof(hn_qval, dim));
        hn_str_append(out, (const char *)v->dim, v->rank * sizeof v->dim[0]);
    }
    for (int i = 0; i < query->n_op; i++) {
        const hn_qop *op = &query->op[i];
        const char *name = hn_op_at((hn_op_id)op->op)->name;
        const uint8_t counts[4] = {(uint8_t)strlen(name), op->n_in, op->n_out, 0};
        const uint16_t range[2] = {op->attr_offset, op->attr_bytes};
        hn_str_append(out, (const char *)counts, sizeof counts);
        hn_str_append(out, (const char *)range, sizeof range);
        hn_str_append(out, name, counts[0]);
        hn_str_append(out, (const char *)op->in, op->n_in);
        hn_str_append(out, (const char *)op->out, op->n_out);
    }
    return out->failed ? HONE_OUT_OF_MEMORY : HONE_OK;
}
