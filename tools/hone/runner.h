/* Running an engine on arrays, in slices where the batch is larger than the profile allows. */
#ifndef HONE_RUNNER_H
#define HONE_RUNNER_H

#include "source.h"

hone_context *new_context(const source *s, const args *a);
/* Sets the inputs and runs; ends the program with the reason when that fails. */
void run_context(hone_context *context, const tensors *in);
/* The outputs of one run under their names. The values belong to the caller. */
tensors run_inputs(hone_context *context, const source *s, const args *a, const tensors *in);

#endif
