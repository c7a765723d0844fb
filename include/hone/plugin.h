/* Operators of your own: a shared library that exports
 *
 *   const hone_plugin *hone_plugin_get(uint32_t abi);
 *
 * which returns its description, or NULL when it does not speak that version. An operator tells the shapes of its
 * outputs (infer) and computes them (run); a second, parallel form is optional (tasks, run_task). Hone hands both a
 * call and a table of functions to look into it. Plugins run in the program's own process with its rights: what they
 * crash, crashes the program; what they return is checked.
 *
 * Operators are functions of tensors: attributes that are graphs are refused, since a body belongs to the scheduling
 * and the memory of whoever runs it. Write branches and loops with If, Loop and Scan around such operators. */
#ifndef HONE_PLUGIN_H
#define HONE_PLUGIN_H

#include "hone/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HONE_PLUGIN_ABI 1

/* One inference or run; valid until the function returns. */
typedef struct hone_call hone_call;

/* A tensor, dense in row-major order. While shapes are inferred a dim may be unknown (HONE_DIM_UNKNOWN), the rank too
 * (-1), and `data` is NULL unless the values are known. */
typedef struct hone_call_tensor {
    hone_dtype dtype;
    int32_t rank;
    int64_t dim[HONE_MAX_RANK];
    void *data;
} hone_call_tensor;

#define HONE_DIM_UNKNOWN (-1)
/* For outputs of infer: as large as dim `axis` of input `input`, known or not. */
#define HONE_DIM_OF(input, axis) (-2 - ((int64_t)(input)*HONE_MAX_RANK + (axis)))

/* What Hone offers; a later version may append functions, `size` tells. */
typedef struct hone_plugin_host {
    size_t size;
    int (*input_count)(const hone_call *call);
    int (*output_count)(const hone_call *call);
    /* NULL: absent. */
    const hone_call_tensor *(*input)(const hone_call *call, int index);
    /* NULL: nobody wants it. infer fills dtype, rank and dim; run finds memory in `data`. */
    hone_call_tensor *(*output)(const hone_call *call, int index);
    /* Attributes; the default or NULL when absent or of another kind. Lists and texts live as long as the call. */
    int64_t (*attr_int)(const hone_call *call, const char *name, int64_t otherwise);
    float (*attr_float)(const hone_call *call, const char *name, float otherwise);
    const char *(*attr_text)(const hone_call *call, const char *name, size_t *size);
    const int64_t *(*attr_ints)(const hone_call *call, const char *name, int *n);
    const float *(*attr_floats)(const hone_call *call, const char *name, int *n);
    /* Memory until the call ends, 64-byte aligned, not zeroed; NULL: none left. Not from run_task. */
    void *(*scratch)(const hone_call *call, size_t size);
    /* In run of an operator with HONE_PLUGIN_DATA_SHAPE: gives output `index` its shape and memory. */
    hone_status (*resize)(const hone_call *call, int index, int rank, const int64_t *dim);
    /* Notes what is wrong, in a sentence with the numbers that show it, and returns `status`. Of tasks that fail at
     * once the first one is heard. */
    hone_status (*fail)(const hone_call *call, hone_status status, const char *text);
} hone_plugin_host;

enum {
    HONE_PLUGIN_PURE = 1,      /* same inputs, same outputs, no effect: constants may be computed beforehand */
    HONE_PLUGIN_DATA_SHAPE = 2 /* running tells the shapes of the outputs */
};

typedef struct hone_plugin_op {
    const char *domain, *name;                            /* as in the model file, plain ASCII */
    int min_inputs, max_inputs, min_outputs, max_outputs; /* at most 127; max -1: any number */
    unsigned flags;
    /* Types and shapes of the outputs, and checks of inputs and attributes. Unknown dims are never an error. */
    hone_status (*infer)(const hone_plugin_host *host, const hone_call *call);
    /* Computes the outputs on the calling thread: the form that others are judged by. */
    hone_status (*run)(const hone_plugin_host *host, const hone_call *call);
    /* Optional fast form: the number of tasks, and each of them, on any thread and in any order. */
    int (*tasks)(const hone_plugin_host *host, const hone_call *call);
    hone_status (*run_task)(const hone_plugin_host *host, const hone_call *call, int task);
} hone_plugin_op;

typedef struct hone_plugin {
    uint32_t abi;     /* HONE_PLUGIN_ABI */
    uint32_t version; /* of the plugin: a plan runs only with the version that it was built with */
    const char *name;
    const hone_plugin_op *op;
    int n_op;
} hone_plugin;

typedef const hone_plugin *hone_plugin_get_fn(uint32_t abi);

/* ---- the side of the program ---- */

/* Plugins that are open; they stay so until the set is destroyed, after every model and engine that was given it. */
typedef struct hone_plugins hone_plugins;
HONE_API HONE_MUST_USE hone_status hone_plugins_create(const hone_allocator *allocator, hone_plugins **out);
/* Opens the shared library at `path`. Errors: HONE_IO_ERROR (no such library), HONE_UNSUPPORTED (one for another
 * processor), HONE_VERSION_MISMATCH (another HONE_PLUGIN_ABI), HONE_MALFORMED (no plugin, a damaged or incomplete one),
 * HONE_INVALID_ARGUMENT (an operator comes twice). */
HONE_API HONE_MUST_USE hone_status hone_plugins_open(hone_plugins *plugins, const char *path, hone_messages *messages);
HONE_API void hone_plugins_destroy(hone_plugins **plugins);

#ifdef __cplusplus
}
#endif
#endif
