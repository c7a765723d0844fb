/* The inputs of a run: from files, or drawn at random. */
#ifndef HONE_INPUTS_H
#define HONE_INPUTS_H

#include "source.h"

/* --val-range of one input. */
typedef struct value_range {
    bool given;
    double low, high;
} value_range;

typedef struct inputs {
    const source *source;
    const args *args;
    shape_list shapes;  /* of --shapes, n 0: none */
    tensors files;      /* given by --input and --inputs */
    value_range *range; /* one for each input of the source */
    bool random;        /* the rest may be drawn */
    int64_t samples;
    int profile; /* whose opt shapes stand for dims that nothing else tells */
} inputs;

/* Reads the files. `shapes`: text of --shapes or NULL. `always_random`: --random need not be given. */
void inputs_open(inputs *in, const source *s, const args *a, const char *shapes, bool always_random);
/* One value for each input of the source, in its order; ends the program when one is missing or cannot be drawn. The
 * values belong to the caller. */
tensors inputs_sample(const inputs *in, int64_t sample);
/* The shapes of a sample, for building. */
shape_list inputs_shapes(const tensors *sample);

#endif
