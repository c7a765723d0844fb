/* What reports and provenance share. */
#ifndef HN_BUILDER_REPORT_H
#define HN_BUILDER_REPORT_H

#include "builder/model.h"

/* For an integer graph input whose elements index an axis of known size (a Gather, also behind casts and changes of
 * shape): that size; 0 otherwise. The smallest of all axes that it indexes. (port_facts.c) */
int64_t hn_build_index_limit(const hn_value *input);

/* How the nodes of one operator would be run. */
typedef struct hn_op_runs {
    int64_t count;
    int64_t fast, reference; /* by kernels of their own or in a group; by the reference */
    int64_t control;         /* If, Loop, Scan */
    /* the rest costs nothing: folded, merged into others, views */
} hn_op_runs;
/* Such a list has a row for each operator of ours and behind them one for each of the model's plugins. */
size_t hn_build_runs_count(const hn_model *model);
size_t hn_build_runs_row(const hn_op *op);
/* Chooses who runs what and fills `runs` (counts are set); may change the model. */
typedef hone_status hn_chooser(void *user, hn_model *model, hn_op_runs *runs);
/* The JSON report of a model; `choose` NULL: without the choice of kernels. (report.c) */
HONE_MUST_USE hone_status hn_build_report(const hone_model *model, hn_chooser *choose, void *user, char **json);

/* audit.c: what is suspicious in a sound model, as warnings with node, operator and hint. At most HN_AUDIT_MOST, and
 * how many more there are. */
#define HN_AUDIT_MOST 20
void hn_build_audit(const hn_model *model, hn_diag *diag);

#endif
