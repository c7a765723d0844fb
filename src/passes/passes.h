/* The pass pipeline: graph in, equivalent and simpler graph out. */
#ifndef HN_PASSES_PASSES_H
#define HN_PASSES_PASSES_H

#include "ir/graph.h"

/* Facts about a graph that passes need and may break; the driver computes what is missing. */
enum {
    HN_FACT_INFERRED = 1u << 0, /* types and shapes are up to date */
    HN_FACT_ORDERED = 1u << 1   /* nodes are in execution order (always kept; checked by the verifier) */
};

typedef struct hn_pass {
    const char *name;
    uint32_t needs; /* facts that must hold before */
    uint32_t keeps; /* facts that still hold after a change */
    hone_status (*run)(hn_model *model, bool *changed, hn_diag *diag);
} hn_pass;

/* Two tables: passes that repeat until none changes anything, and those that run once behind them. */
typedef struct hn_pipeline {
    const hn_pass *round, *once;
    int n_round, n_once;
} hn_pipeline;

/* Towards kernels: composite operators, then groups. */
extern const hn_pipeline hn_pipeline_build;
/* Towards a model file: fewer nodes, standard operators of the file's opset only. */
extern const hn_pipeline hn_pipeline_simplify;

typedef struct hn_passes_options {
    const hn_pipeline *pipeline;
    bool group;             /* run the passes that run once */
    const char *skip;       /* passes to leave out, "a,b"; NULL: none */
    const char *dump_after; /* pass name, or NULL */
    hone_status (*dump)(void *user, const hn_model *model, hn_diag *diag);
    bool (*progress)(void *user, double share, const char *what); /* false: cancel */
    bool (*changed)(void *user, const char *pass); /* after a pass that changed something; false: that is enough */
    void *user;
} hn_passes_options;

/* Runs the pipeline. Output names, order and semantics of the model stay. */
HONE_MUST_USE hone_status hn_passes_run(hn_model *model, const hn_passes_options *options, hn_diag *diag);
/* Whether the list "a,b,c" (NULL: empty) has the name of `n` characters. */
bool hn_passes_listed(const char *list, const char *name, size_t n);
/* Whether the pipeline has a pass of this name (`n` characters); the message that it has none, with those it has. */
bool hn_passes_know(const hn_pipeline *pipeline, const char *name, size_t n);
hone_status hn_passes_unknown(const hn_pipeline *pipeline, const char *name, size_t n, hn_diag *diag);
/* Runs one pass by name (golden tests); HONE_INVALID_ARGUMENT for an unknown name. */
HONE_MUST_USE hone_status hn_passes_run_one(hn_model *model, const char *name, hn_diag *diag);

#endif
