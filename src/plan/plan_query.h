/* Inside the plan room: how a query in compact form begins. Attribute bytes, values and operators follow. */
#ifndef HN_PLAN_PLAN_QUERY_H
#define HN_PLAN_PLAN_QUERY_H

#include "plan/plan.h"

typedef struct hn_plan_query_head {
    uint16_t n_op, n_val, n_in, n_out;
    uint32_t features, attr_bytes;
    uint16_t threads, strictness;
    uint32_t reserved;
} hn_plan_query_head;

#endif
