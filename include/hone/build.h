/* Building plans from models, and looking into models and plans. Coarse functions: reports come back as JSON text. */
#ifndef HONE_BUILD_H
#define HONE_BUILD_H

#include "hone/plugin.h"
#include "hone/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hone_model hone_model;
typedef struct hone_build_config hone_build_config;

/* Reads an ONNX file and checks it: structure, operators, attributes, types, shapes. On failure *out is NULL and
 * `messages` holds up to ten faults. Errors: HONE_IO_ERROR, HONE_MALFORMED, HONE_INVALID_MODEL, HONE_UNSUPPORTED,
 * HONE_OUT_OF_MEMORY. */
HONE_API HONE_MUST_USE hone_status hone_model_load(const char *path, const hone_allocator *allocator,
                                                   hone_messages *messages, hone_model **out);
/* The same with the operators of `plugins` (NULL: none), which must outlive the model. */
HONE_API HONE_MUST_USE hone_status hone_model_load_with(const char *path, const hone_plugins *plugins,
                                                        const hone_allocator *allocator, hone_messages *messages,
                                                        hone_model **out);
HONE_API void hone_model_destroy(hone_model **model);

/* Settings of one build. `options.def` lists the keys that hone_build_config_set takes ("threads", "memory-limit",
 * ...). */
HONE_API HONE_MUST_USE hone_status hone_build_config_create(hone_build_config **out);
HONE_API void hone_build_config_destroy(hone_build_config **config);
/* Sets an option from text. Errors: HONE_INVALID_ARGUMENT, with key, value and what is allowed in `messages`. */
HONE_API HONE_MUST_USE hone_status hone_build_config_set(hone_build_config *config, const char *key, const char *value,
                                                         hone_messages *messages);
/* Range of an input in profile number `profile` (0, 1, ... without gaps): `rank` dims each. min and max may be NULL:
 * equal to opt. Dims of inputs that no profile names are taken at their declared value; when symbolic, the build is
 * unbounded. */
HONE_API HONE_MUST_USE hone_status hone_build_config_profile(hone_build_config *config, int profile, const char *input,
                                                             int rank, const int64_t *min, const int64_t *opt,
                                                             const int64_t *max, hone_messages *messages);
HONE_API void hone_build_config_progress(hone_build_config *config, hone_progress_fn fn, void *user);

/* Optimizes the model and writes a plan to `path` (whole or not at all). The model is consumed: it is left empty and
 * can only be destroyed. `config` NULL: defaults. Same model, config and library: same bytes. */
HONE_API HONE_MUST_USE hone_status hone_build(hone_model *model, const hone_build_config *config, const char *path,
                                              hone_messages *messages);

/* Sets *current to whether the plan at `path` is what hone_build would write there: intact, of this library version,
 * from this model, external data and config. A missing or damaged file is no error, it is just not current. */
HONE_API HONE_MUST_USE hone_status hone_build_is_current(const hone_model *model, const hone_build_config *config,
                                                         const char *path, hone_messages *messages, bool *current);

/* A JSON report: nodes, operators, inputs, outputs, shapes of a model; what runs where. The caller releases it with
 * hone_text_destroy. */
HONE_API HONE_MUST_USE hone_status hone_model_report(const hone_model *model, hone_messages *messages, char **json);
/* Writes a copy of the file that the model was read from to `path` (whole or not at all), with the inferred types and
 * shapes of all inner values of its main graph as value_info; nothing else changes. */
HONE_API HONE_MUST_USE hone_status hone_model_save_shapes(const hone_model *model, const char *path,
                                                          hone_messages *messages);
/* What can be said about a model that was read without a fault: suspicious things (quantization without a scale,
 * weights that nothing reads, ...) are warnings in `messages`; the JSON report is that of hone_model_report with, in
 * "operators", how many nodes fast kernels and references would run, built with `config` (NULL: defaults). Uses the
 * model up, as hone_build does. */
HONE_API HONE_MUST_USE hone_status hone_model_check(hone_model *model, const hone_build_config *config,
                                                    hone_messages *messages, char **json);
/* A JSON report of a plan file: meta, profiles, inputs, outputs, steps (name, op, fused, kernel, provider, shapes),
 * memory. `verify_weights` hashes the weights too. */
HONE_API HONE_MUST_USE hone_status hone_plan_report(const char *path, bool verify_weights, hone_messages *messages,
                                                    char **json);
/* The model in Hone's text form; `whole` prints every constant. */
HONE_API HONE_MUST_USE hone_status hone_model_text(const hone_model *model, bool whole, char **text);
HONE_API void hone_text_destroy(char **text);

/* Reads one serialized ONNX TensorProto, SequenceProto, OptionalProto or MapProto (the backend suite's .pb files; the
 * bytes do not tell which) into a value that owns its memory. `name` (may be NULL) gets its name, released with
 * hone_text_destroy. The values of a map must be scalars of one type and become one tensor. */
HONE_API HONE_MUST_USE hone_status hone_value_read_onnx(hone_kind kind, const void *bytes, size_t size,
                                                        hone_messages *messages, char **name, hone_value **out);
/* The inverse; the caller releases *bytes with hone_bytes_destroy. */
HONE_API HONE_MUST_USE hone_status hone_value_write_onnx(const hone_value *value, const char *name, void **bytes,
                                                         size_t *size);
HONE_API void hone_bytes_destroy(void **bytes);

#ifdef __cplusplus
}
#endif
#endif
