/* The grammar of shapes on the command line: `name:1x3x224x224,mask:1x128`. */
#ifndef HONE_SHAPES_H
#define HONE_SHAPES_H

#include "tool.h"

typedef struct named_shape {
    const char *name;
    int rank;
    int64_t dim[HONE_MAX_RANK];
} named_shape;

typedef struct shape_list {
    named_shape *at;
    int n;
} shape_list;

/* Commas between inputs, `x` between extents; `name:` is a scalar; a name may be quoted ('a:0' or "a:0"), else the last
 * colon splits. Ends the program on a mistake; `option` names where the text came from. */
shape_list parse_shapes(const char *option, const char *text);
const named_shape *find_shape(const shape_list *list, const char *name);
/* Splits `NAME:REST`, NAME quoted or not; false without a colon. `rest` points into `text`. */
bool split_name(const char *text, char **name, const char **rest);
/* "1x3x224x224"; dims below 0 are "?". */
const char *shape_text(int rank, const int64_t *dim);

#endif
