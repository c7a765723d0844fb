/* What reports and provenance share. */
#ifndef HN_BUILDER_REPORT_H
#define HN_BUILDER_REPORT_H

#include "ir/graph.h"

/* For an integer graph input whose elements index an axis of known size (a Gather, also behind casts and changes of
 * shape): that size; 0 otherwise. The smallest of all axes that it indexes. (port_facts.c) */
int64_t hn_build_index_limit(const hn_value *input);

#endif
