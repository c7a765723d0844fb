/* What a command works on: an ONNX model or a plan, and the engine made from it. */
#ifndef HONE_SOURCE_H
#define HONE_SOURCE_H

#include <jansson.h>
#include "args.h"
#include "hone/build.h"
#include "hone/runtime.h"
#include "shapes.h"
#include "tensors.h"

typedef struct source {
    const char *path;
    bool is_plan;
    hone_model *model;   /* NULL for plans, and once it was built */
    hone_engine *engine; /* NULL until prepared */
    /* Inputs and outputs as the file declares them; index_limit: the size of the axis that an input indexes, or 0. */
    hone_port *input, *output;
    int64_t *index_limit;
    int n_input, n_output;
    const char *batch;                                 /* symbol that all inputs and outputs lead with, or NULL */
    double parse_seconds, build_seconds, load_seconds; /* the first two: 0 for plans */
    uint64_t plan_bytes;
    bool want_report; /* set between opening and preparing: keep the plan's report */
    json_t *report;
} source;

/* Opens a model (reads and checks it) or a plan (loads the engine at once). On a fault prints it and ends the program.
 */
void source_open(source *s, const args *a, const char *path);
/* Builds a model into a temporary plan with each of the `n` shape lists as a profile (0: as declared) and loads the
 * engine; nothing to do for a plan. `reference`: no fusion, reference kernels only. `observe`: NULL or value names. */
void source_prepare(source *s, const args *a, const shape_list *shapes, int n, bool reference, const char *observe);
void source_close(source *s);

/* True when the file is a plan. Ends the program when it cannot be read. */
bool is_plan_file(const char *path);
/* The report of a model or plan file, parsed; ends the program on faults. */
json_t *parse_report(const char *text);
json_t *model_report(const hone_model *model, char **text);
json_t *plan_report(const char *path, bool verify_weights, char **text);
/* Reads a model; on a fault prints it. */
hone_status load_model(const args *a, const char *path, hone_model **out);
/* The plugins of the command line, opened on first sight; NULL: none. */
const hone_plugins *tool_plugins(const args *a);
/* Build options of the command line into a configuration. */
hone_build_config *build_config(const args *a);
#endif
