/* Inside the plan room: the checks that stand between a file and the runtime. */
#ifndef HN_PLAN_PLAN_VERIFY_H
#define HN_PLAN_PLAN_VERIFY_H

#include "plan/plan.h"

/* Every number in the tables against every other. */
hone_status hn_plan_verify(const hn_plan *plan, hn_diag *diag);
/* Strings and objects are made before they are read, each block belongs to one step; after the other checks. */
hone_status hn_plan_verify_order(const hn_plan *plan, hn_diag *diag);
uint64_t hn_plan_header_hash(const hn_plan_header *header, const hn_plan_section *table);

#endif
