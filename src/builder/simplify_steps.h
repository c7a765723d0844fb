/* What the files of the simplifier share.
 *
 *   simplify.c         the route: model in, passes, model out
 *   simplify_model.c   reading it, with what the caller asked of inputs and outputs; counting
 *   simplify_check.c   running two forms of it side by side
 *   simplify_report.c  the JSON report */
#ifndef HN_BUILDER_SIMPLIFY_STEPS_H
#define HN_BUILDER_SIMPLIFY_STEPS_H

#include "builder/builder.h"
#include "hone/runtime.h"
#include "hone/simplify.h"
#include "passes/passes.h"

/* How many nodes there are, bodies included. */
typedef struct hn_simplify_counts {
    int64_t nodes;
    uint64_t bytes;
} hn_simplify_counts;

/* The same of one operator. */
typedef struct hn_simplify_operator {
    const char *name;
    int64_t before, after;
} hn_simplify_operator;

typedef struct hn_simplify_difference {
    const char *output;
    double largest, allowed; /* largest is infinite when shapes or kinds of numbers differ */
} hn_simplify_difference;

typedef enum hn_simplify_verdict { HN_SIMPLIFY_UNCHECKED, HN_SIMPLIFY_SAME, HN_SIMPLIFY_DIFFERS } hn_simplify_verdict;

typedef struct hn_simplify {
    const char *in, *out;
    hone_simplify_options options; /* with defaults filled in */
    const hn_pipeline *pipeline;
    hn_diag *diag;
    hn_arena arena;
    hn_simplify_counts before, after;
    hn_vec(hn_simplify_operator *) operators; /* of ONNX in the order of our list, then others as they come */
    bool expand; /* do not keep nodes as they came: another opset has them in other forms */
    /* Passes that changed something, in order. */
    hn_vec(const char *) changes;
    const char *leaner;  /* passes to leave out besides because the result would be too large, or NULL */
    size_t most_changes; /* stop behind this many */
    hn_simplify_verdict verdict;
    const char *unknown;   /* an operator that is not known, or NULL */
    const char *unchecked; /* why */
    const char *guilty;    /* pass behind which the outputs differ, or NULL */
    hn_vec(hn_simplify_difference) differences;
} hn_simplify;

/* The whole of it with any table of passes; hone_simplify takes the one of model files. `s` holds in, out, options,
 * pipeline, diag and arena. */
HONE_MUST_USE hone_status hn_simplify_run(hn_simplify *s);

/* Reads the model, fixes shapes, drops outputs; `for_file`: to be written again, else to be run. */
HONE_MUST_USE hone_status hn_simplify_load(hn_simplify *s, bool for_file, hn_model **out);
/* Fills s->before, or s->after. */
HONE_MUST_USE hone_status hn_simplify_count(hn_simplify *s, const hn_model *model, bool after);
/* Bytes of the file and of the weights beside it. */
uint64_t hn_simplify_bytes(const hn_model *model);
/* Runs passes until `most_changes` of them have changed something; fills s->changes. */
HONE_MUST_USE hone_status hn_simplify_passes(hn_simplify *s, hn_model *model, size_t most_changes);

/* An original that runs, with its inputs. */
typedef struct hn_simplify_side hn_simplify_side;
/* NULL when it does not run; s->unchecked then says why. `*simplified` is opened along with it and used up. */
HONE_MUST_USE hone_status hn_simplify_open_side(hn_simplify *s, hn_model **simplified, hn_simplify_side **out);
bool hn_simplify_has_other(const hn_simplify_side *side); /* the simplified model is still open */
void hn_simplify_close_side(hn_simplify_side **side);
/* Runs `model`, which is used up, or with NULL the one that was opened along, on the same inputs; fills s->differences.
 */
HONE_MUST_USE hone_status hn_simplify_compare(hn_simplify *s, hn_simplify_side *original, hn_model *model, bool *same);

HONE_MUST_USE hone_status hn_simplify_report(const hn_simplify *s, char **json);

#endif
