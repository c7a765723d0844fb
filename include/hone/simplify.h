/* Cleaning up model files: ONNX in, smaller and equivalent ONNX out. */
#ifndef HONE_SIMPLIFY_H
#define HONE_SIMPLIFY_H

#include "hone/plugin.h"
#include "hone/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hone_named_shape {
    const char *name; /* NULL: the only input */
    int rank;
    int64_t dim[HONE_MAX_RANK];
} hone_named_shape;

typedef struct hone_named_value {
    const char *name;
    const hone_value *value;
} hone_named_value;

/* `size` must be sizeof the struct: it tells which fields the caller knows. Zero means the default everywhere. */
typedef struct hone_simplify_options {
    size_t size;
    const hone_named_shape *shape; /* inputs that have these shapes from now on */
    int n_shape;
    const char *const *unused_output; /* outputs that go, with what only they need */
    int n_unused_output;
    const char *skip; /* passes to leave out, "bn_fold,cse"; "all": none runs */
    const char
        *recover; /* composite operators to make where the opset has them: "gelu,layernorm,activation,attention" */
    uint64_t fold_limit; /* bytes of the largest tensor that folding may make; 0: only the growth of all counts */
    int64_t opset;       /* of the result; 0: as before; below 0: the newest */
    uint64_t
        external_above; /* weights of more bytes in all go to <out>.data; 0: where the format's limit asks for it */
    int samples;        /* random inputs on which before and after must agree; 0: one; below 0: no check */
    const hone_named_shape *test_shape; /* of those inputs, where dimensions vary */
    int n_test_shape;
    const hone_named_value *input; /* inputs of the check that are not drawn at random */
    int n_input;
    double rtol, atol; /* |before - after| <= rtol * max|before| + atol, for each output; 0: 1e-4 and 1e-5 */
    uint64_t seed;
    int threads; /* of the check; 0: physical cores */
    hone_progress_fn progress;
    void *progress_user;
    const hone_plugins *plugins;     /* operators of plugins, for the check; NULL: none */
    const hone_allocator *allocator; /* of models, engines and values; NULL: malloc */
} hone_simplify_options;

/* Reads the model `in` and writes it, simplified, to `out` (whole or not at all; `out` may be `in`): inputs and outputs
 * keep names and order, documentation and metadata stay, the same model gives the same bytes. Operators of other
 * domains go back as they came, also such that nobody knows; then the result cannot be checked. Unless switched off,
 * both forms are run and compared; on a mismatch the pass that caused it is looked for and named, nothing is written,
 * and the status is HONE_INTERNAL. The result is never more than 5 % larger than the model. `*json` (may be NULL;
 * released with hone_text_destroy) gets a report, after a mismatch too: nodes, operators and bytes before and after,
 * changes by pass, differences of the outputs. Errors: as hone_model_load; HONE_INVALID_ARGUMENT; HONE_UNSUPPORTED when
 * the opset lacks an operator; HONE_CANCELLED. */
HONE_API HONE_MUST_USE hone_status hone_simplify(const char *in, const char *out, const hone_simplify_options *options,
                                                 hone_messages *messages, char **json);

#ifdef __cplusplus
}
#endif
#endif
