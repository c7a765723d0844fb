/* ONNX files to IR. */
#ifndef HN_FRONTEND_ONNX_H
#define HN_FRONTEND_ONNX_H

#include "ir/graph.h"

/* Reads `path` (mapped; constants point into the mapping or into external data files, which the model keeps open) and
 * infers types and shapes. Up to ten faults are reported to `diag`, each with node, op, location, shapes and a hint.
 * HONE_MALFORMED: not protobuf, truncated; HONE_INVALID_MODEL: breaks ONNX rules; HONE_UNSUPPORTED: an operator or
 * version that Hone does not know; HONE_IO_ERROR: cannot read; on failure *out is NULL. */
HONE_MUST_USE hone_status hn_onnx_load(const char *path, const hone_allocator *allocator, hn_model **out,
                                       hn_diag *diag);
/* The same from memory that outlives the model; external data is looked for in `folder` (NULL: refused). */
HONE_MUST_USE hone_status hn_onnx_load_memory(const void *bytes, size_t n, const char *folder,
                                              const hone_allocator *allocator, hn_model **out, hn_diag *diag);
/* One serialized TensorProto (.pb test data): the tensor's bytes live in `arena` or point into `bytes`. */
HONE_MUST_USE hone_status hn_onnx_tensor(const void *bytes, size_t n, hn_arena *arena, const char **name,
                                         hn_tensor *out, hn_diag *diag);

#endif
