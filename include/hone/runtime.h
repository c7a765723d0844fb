/* Running plans: load an engine, make contexts, give inputs, run, read outputs.
 *
 *   hone_engine *engine;   hone_engine_load("model.plan", NULL, messages, &engine)
 *   hone_context *context; hone_context_create(engine, NULL, messages, &context)
 *   hone_context_set_input(context, "x", value); hone_context_run(context); hone_context_output(context, 0)
 *
 * An engine is immutable and may be shared by any number of contexts in any number of threads; a context is used by one
 * thread at a time. Within a bounded profile, running allocates nothing. */
#ifndef HONE_RUNTIME_H
#define HONE_RUNTIME_H

#include "hone/plugin.h"
#include "hone/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hone_engine hone_engine;
typedef struct hone_context hone_context;

/* `size` must be sizeof the struct: it tells which fields the caller knows. Zero means the default everywhere. */
typedef struct hone_engine_options {
    size_t size;
    const hone_allocator *allocator; /* default: malloc */
    int threads;                     /* workers of the engine's pool, the caller's thread included; 0: physical cores */
    const hone_plugins *plugins;     /* operators of plugins; must outlive the engine; default: none */
    const char *features; /* instruction-set limit: "generic", "avx2", "avx512", "amx"; NULL: all there are */
    bool verify_weights;  /* hash the weights too */
} hone_engine_options;

/* Maps the plan at `path`, verifies header, tables and steps, binds kernels. `options` and `messages` may be NULL.
 * Errors: HONE_IO_ERROR, HONE_MALFORMED, HONE_VERSION_MISMATCH, HONE_UNSUPPORTED (a kernel this machine lacks),
 * HONE_OUT_OF_MEMORY. On failure *out is NULL. */
HONE_API HONE_MUST_USE hone_status hone_engine_load(const char *path, const hone_engine_options *options,
                                                    hone_messages *messages, hone_engine **out);
/* The same from memory (64-byte aligned), which must outlive the engine. */
HONE_API HONE_MUST_USE hone_status hone_engine_load_memory(const void *bytes, size_t size,
                                                           const hone_engine_options *options, hone_messages *messages,
                                                           hone_engine **out);
/* All contexts must be destroyed before. */
HONE_API void hone_engine_destroy(hone_engine **engine);

/* What an input or output is. Dims that vary are -1; `symbol[i]` then tells by which expression ("batch", "2*length"),
 * "?" when only running tells, and is "" for fixed ones. Strings and arrays live as long as the engine. */
typedef struct hone_port {
    const char *name;
    hone_kind kind;
    const char *type; /* "float32", "sequence(float32)", "map(int64,float32)" */
    hone_dtype dtype; /* of tensors */
    int rank;         /* -1: known at run time only */
    int64_t dim[HONE_MAX_RANK];
    const char *symbol[HONE_MAX_RANK];
} hone_port;

HONE_API int hone_engine_input_count(const hone_engine *engine);
HONE_API int hone_engine_output_count(const hone_engine *engine);
/* HONE_INVALID_ARGUMENT when `index` is out of range. */
HONE_API hone_status hone_engine_input(const hone_engine *engine, int index, hone_port *out);
HONE_API hone_status hone_engine_output(const hone_engine *engine, int index, hone_port *out);
HONE_API int hone_engine_threads(const hone_engine *engine);

/* Optimization profiles: ranges of input shapes. An unbounded profile has max -1 in every varying dim. */
HONE_API int hone_engine_profile_count(const hone_engine *engine);
typedef enum hone_profile_bound { HONE_PROFILE_MIN, HONE_PROFILE_OPT, HONE_PROFILE_MAX } hone_profile_bound;
/* Shape of input `input` at a bound of profile `profile`, rank entries into `dim` (HONE_MAX_RANK of them). */
HONE_API hone_status hone_engine_profile_shape(const hone_engine *engine, int profile, int input,
                                               hone_profile_bound bound, int64_t *dim);
/* A value of the plan's META section ("opset", "model_sha256", "library_version", ...), NULL when absent. */
HONE_API const char *hone_engine_meta(const hone_engine *engine, const char *key);

#define HONE_PROFILE_AUTO (-1)

#define HONE_LOOP_LIMIT 10000000

typedef struct hone_context_options {
    size_t size;
    int profile;                     /* HONE_PROFILE_AUTO: the tightest that fits the shapes given */
    const hone_allocator *allocator; /* default: the engine's */
    uint64_t memory_limit;           /* bytes of the arena, and of each output; 0: none */
    uint64_t loop_limit;             /* rounds of all Loops and Scans in one run; 0: HONE_LOOP_LIMIT */
} hone_context_options;

/* Makes a context; `options` NULL means HONE_PROFILE_AUTO. With one bounded profile (named or the only one) all memory
 * for its largest shapes is allocated here. Errors: HONE_INVALID_ARGUMENT (no such profile), HONE_OUT_OF_MEMORY. */
HONE_API HONE_MUST_USE hone_status hone_context_create(const hone_engine *engine, const hone_context_options *options,
                                                       hone_messages *messages, hone_context **out);
HONE_API void hone_context_destroy(hone_context **context);

/* Binds an input by name. The value's memory is read in place when the context runs, so it must stay until then; the
 * shape is taken over at once. Errors (text in the context's messages): HONE_INVALID_ARGUMENT for an unknown name, a
 * wrong type or rank, a fixed dim that differs. */
HONE_API HONE_MUST_USE hone_status hone_context_set_input(hone_context *context, const char *name,
                                                          const hone_value *value);
/* Lets output `name` be written into `value` (its type must fit; its bytes must suffice when running tells the size)
 * until called again with NULL. Strings and lists refuse: HONE_UNSUPPORTED. */
HONE_API HONE_MUST_USE hone_status hone_context_set_output(hone_context *context, const char *name, hone_value *value);
/* Runs. Errors: HONE_INVALID_ARGUMENT (an input is missing, data refused by an operator such as an index out of range),
 * HONE_OUT_OF_PROFILE, HONE_OUT_OF_MEMORY, HONE_CANCELLED. After an error the context can be used again. */
HONE_API HONE_MUST_USE hone_status hone_context_run(hone_context *context);
/* Output of the last run, valid until the next run or destroy; NULL before the first successful one. */
HONE_API const hone_value *hone_context_output(const hone_context *context, int index);
/* Faults and notes of the last call that took this context. */
HONE_API const hone_messages *hone_context_messages(const hone_context *context);
/* The profile that the last run used; -1 before. */
HONE_API int hone_context_profile(const hone_context *context);

/* Called before and after every step on the calling thread. `outputs` of the step can be read in the after-call only
 * (dense or not: `value` NULL asks nothing). Return false to stop: the run ends with HONE_CANCELLED. */
typedef struct hone_step_event {
    int step; /* index into the engine's steps */
    bool after;
    const char *name; /* node name */
    const char *op;   /* fused operators, "Conv+Relu" */
    double seconds;   /* of this step (after-call) */
} hone_step_event;
typedef bool (*hone_step_fn)(void *user, const hone_step_event *event);
HONE_API void hone_context_set_step_callback(hone_context *context, hone_step_fn fn, void *user);

/* Output `output` of the step just finished, as a dense copy; only from inside a step callback's after-call. The caller
 * destroys the value. */
HONE_API HONE_MUST_USE hone_status hone_context_step_output(hone_context *context, int step, int output,
                                                            hone_value **out);

/* Memory of a context in bytes. */
typedef struct hone_memory {
    uint64_t arena;      /* planned storage in use now */
    uint64_t arena_live; /* largest sum of values that are live at once: the lower bound of `arena` */
    uint64_t heap;       /* high-water mark of storage whose size only running tells */
    uint64_t scratch;    /* kernel workspaces */
    uint64_t outputs;
    uint64_t allocations; /* calls to the allocator made by this context since it was made */
} hone_memory;
HONE_API void hone_context_memory(const hone_context *context, hone_memory *out);

/* Version of this library, "MAJOR.MINOR.PATCH". */
HONE_API const char *hone_version(void);

#ifdef __cplusplus
}
#endif
#endif
