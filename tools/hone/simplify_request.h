/* What a command line asks of hone_simplify, in Hone's spelling or onnxsim's. */
#ifndef HONE_SIMPLIFY_REQUEST_H
#define HONE_SIMPLIFY_REQUEST_H

#include "args.h"
#include "hone/simplify.h"

/* Operands: IN OUT [N], N the number of random inputs of the check (0: none). Ends the program on a mistake. */
hone_simplify_options simplify_request(const args *a, const char **in, const char **out);

#endif
