/* The build side's inner interfaces: state of one build, and its stages in the order in which build.c runs them. */
#ifndef HN_BUILDER_BUILDER_H
#define HN_BUILDER_BUILDER_H

#include "builder/config.h"
#include "ir/graph.h"

/* What the selection decided about a node; hangs on node->mark. */
typedef struct hn_choice {
    const hn_kernel *dense;  /* cheapest kernel over dense activations, or NULL */
    const hn_kernel *last;   /* cheapest kernel over channels-last activations, or NULL */
    const hn_kernel *kernel; /* the one taken; NULL: reference */
    uint8_t device;          /* 0: CPU; 1: the pretended device */
} hn_choice;

typedef struct hn_build {
    hn_model *model;
    const hone_build_config *config; /* NULL: defaults */
    bool as_is;                      /* no fusion: every operator of the model by itself */
    hn_diag *diag;
    hn_arena arena; /* everything that ends with the build */
    uint32_t features;
    int threads;
    /* Per profile, n_symbol ranges; the bounds over all profiles in low, best (opt of profile 0) and high. */
    int n_symbol, n_profile;
    hn_plan_range *range;
    bool *bounded; /* per profile */
    int64_t *low, *best, *high;
    const char *batch;        /* symbol that all inputs and outputs of the model lead with, or NULL */
    hn_query *query;          /* room for the query that is being asked about */
    const char *index_limits; /* "'ids':30522": sizes of the axes that inputs index */
} hn_build;

/* build.c: all stages; the model is used up. */
HONE_MUST_USE hone_status hn_build_plan(hn_model *model, const hone_build_config *config, bool as_is, const char *path,
                                        hn_diag *diag);

/* build.c: everything up to the choice of kernels and layouts; the model becomes what the plan will hold. */
HONE_MUST_USE hone_status hn_build_choose(hn_build *build);
/* build.c: features and threads from the configuration. */
hone_status hn_build_target(hn_build *build);
/* port_facts.c: batch and index_limits, before a profile fixes dims and passes hide operators. */
hone_status hn_build_port_facts(hn_build *build);

/* profile.c: dims that every profile fixes become constants; fills the symbol ranges. */
hone_status hn_build_specialize(hn_build *build);
hone_status hn_build_profiles(hn_build *build);

/* lower.c: a node (a group or a single operator) as a query. Activations of the output's rank (3 at least) are taken to
 * lie in `layout`. False when it has no flat form: unknown shapes, too many operators or values. */
bool hn_build_query(const hn_build *build, const hn_node *node, hn_layout layout, hn_query *out);
/* The query of a node as selection left it: chosen kernel's layout; a reorder has its two layouts. */
bool hn_build_chosen_query(const hn_build *build, const hn_node *node, hn_query *out);
/* The layout in which a node takes input i (or gives outputs) when its activations lie in `layout`. */
hn_layout hn_build_port_layout(const hn_node *node, const hn_value *value, hn_layout layout);

/* regroup.c: a group that no kernel takes loses operators from its tail until `taken` says yes, or is dissolved whole.
 * The first node of what it became goes to *first. */
typedef bool hn_taker(const hn_build *build, const hn_node *node);
hone_status hn_build_regroup(hn_build *build, hn_node *group, hn_taker *taken, hn_node **first);
/* select.c: kernels for nodes and groups. Then layouts, with reorders made explicit. */
hone_status hn_build_select(hn_build *build);
hone_status hn_build_layouts(hn_build *build);
static inline hn_choice *hn_build_choice(const hn_node *node) { return node->mark; }

/* emit.c: the chosen program as plan records; writes the file. */
hone_status hn_build_emit(hn_build *build, const char *path);

/* meta.c: provenance as key and value pairs, in a fixed order. */
typedef struct hn_meta_pair {
    const char *key, *value;
} hn_meta_pair;
hone_status hn_build_meta(hn_build *build, const hn_meta_pair **pair, int *n);

#endif
