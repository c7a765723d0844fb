/* Two sources of outputs and what was found between them. */
#ifndef HONE_COMPARE_H
#define HONE_COMPARE_H

#include "inputs.h"
#include "metrics.h"

typedef enum side_kind { REFERENCE, ENGINE, STORED } side_kind;

typedef struct side {
    const char *path;
    side_kind kind;
    source source;  /* REFERENCE, ENGINE */
    tensors stored; /* STORED */
    hone_context *context;
} side;

typedef struct comparison {
    const char *name;       /* in A */
    const char *other_name; /* in B */
    const char *op;         /* of the step, for layers */
    const char *shape;
    metrics metrics;
} comparison;

typedef struct comparisons {
    comparison *at;
    int n;
} comparisons;

comparison *comparisons_add(comparisons *list, const char *name, const char *other_name);
/* The values inside that both sides have under one name, in B's order, for one set of inputs. */
comparisons compare_layers(side *left, side *right, const tensors *in, const tolerance *t);
/* Sets the inputs of a side by name, or by position where names differ. */
tensors side_inputs(const side *s, const tensors *in);

#endif
