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
typedef struct hn_onnx_load_options {
    const hone_plugins *plugins; /* more operators, which outlive the model; may be NULL */
    bool for_file;               /* the model goes back into a file: what the file has for one node stays one node */
    bool expand;                 /* for_file: unless Hone reads it as several */
    int64_t opset;               /* for_file: of that file; 0: as it is; below 0: the newest */
    bool sort;                   /* nodes in another order than that of execution are sorted (model->disorder) */
} hn_onnx_load_options;
HONE_MUST_USE hone_status hn_onnx_load_with(const char *path, const hn_onnx_load_options *options,
                                            const hone_allocator *allocator, hn_model **out, hn_diag *diag);
/* The same from memory that outlives the model; external data is looked for in `folder` (NULL: refused). */
HONE_MUST_USE hone_status hn_onnx_load_memory(const void *bytes, size_t n, const char *folder,
                                              const hone_allocator *allocator, hn_model **out, hn_diag *diag);
/* One serialized TensorProto (.pb test data): the tensor's bytes live in `arena` or point into `bytes`. */
HONE_MUST_USE hone_status hn_onnx_tensor(const void *bytes, size_t n, hn_arena *arena, const char **name,
                                         hn_tensor *out, hn_diag *diag);

typedef struct hn_onnx_write_options {
    int64_t opset; /* of ai.onnx; 0: the one of the file that the model came from; below 0: the newest */
    uint64_t
        external_above; /* weights of more bytes in all go to <path>.data; 0: where the format's limit asks for it */
    bool shapes;        /* also write what is known about types and shapes of inner values */
} hn_onnx_write_options;

/* A model written under temporary names. */
typedef struct hn_onnx_pending {
    hn_file_writer model, weights;
    bool beside;    /* there are weights beside the model */
    uint64_t bytes; /* of all files */
} hn_onnx_pending;

/* Writes the model in the spelling of the opset, to appear at `path` when it is committed. The same model gives the
 * same bytes. HONE_UNSUPPORTED when a node has no form in the opset; after a failure nothing is left. */
HONE_MUST_USE hone_status hn_onnx_write(hn_model *model, const char *path, const hn_onnx_write_options *options,
                                        hn_onnx_pending *out, hn_diag *diag);
/* Weights first: whoever sees the model finds them. */
HONE_MUST_USE hone_status hn_onnx_commit(hn_onnx_pending *pending, hn_diag *diag);
void hn_onnx_abort(hn_onnx_pending *pending);

/* A copy of the file that the model came from, at `path`, in which the types and shapes of all inner values of the main
 * graph stand as value_info, as far as they are known; whole or absent. (onnx_shapes.c) */
HONE_MUST_USE hone_status hn_onnx_write_shapes(hn_model *model, const char *path, hn_diag *diag);

#endif
