/* The public model handle. */
#ifndef HN_BUILDER_MODEL_H
#define HN_BUILDER_MODEL_H

#include "builder/builder.h"

struct hone_model {
    hn_model *model; /* NULL once a build consumed it */
    const hone_allocator *allocator;
};

/* A copy of `text` that hone_text_destroy releases; NULL text means out of memory. */
hone_status hn_text_copy(const char *text, char **out);

#endif
