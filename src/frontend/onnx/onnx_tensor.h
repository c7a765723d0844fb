/* TensorProto and SparseTensorProto to hn_tensor. */
#ifndef HN_FRONTEND_ONNX_TENSOR_H
#define HN_FRONTEND_ONNX_TENSOR_H

#include "abi/tensor.h"
#include "base/file.h"
#include "base/map.h"
#include "frontend/onnx/onnx_proto.h"

/* External data files of one model: each is mapped once; the list belongs to the model, which unmaps them. */
typedef struct hn_onnx_files {
    const char *folder;                          /* NULL: external data is refused */
    hn_map opened;                               /* location -> hn_onnx_file */
    bool (*keep)(void *owner, hn_map_file file); /* hands a mapping to the model; false when out of memory */
    void *owner;
} hn_onnx_files;

/* Where tensors come from and where their bytes may go. */
typedef struct hn_onnx_source {
    hn_pb pb;             /* its arena is scratch */
    hn_arena *arena;      /* of bytes that cannot be used in place */
    hn_onnx_files *files; /* NULL: external data is refused */
} hn_onnx_source;

/* Dense tensor of `proto`: bytes are used in place where they are aligned for their type, else copied.
 * HONE_INVALID_MODEL: type, dims and bytes contradict each other; HONE_UNSUPPORTED; HONE_IO_ERROR: external file. */
HONE_MUST_USE hone_status hn_onnx_decode_tensor(const hn_onnx_source *source, const hn_onnx_tensor_proto *proto,
                                                hn_tensor *out);
/* The same of a SparseTensorProto, as a dense tensor; *name is the name of its values. */
HONE_MUST_USE hone_status hn_onnx_decode_sparse(const hn_onnx_source *source, hn_bytes bytes, hn_bytes *name,
                                                hn_tensor *out);
/* Element type, rank and dims of `out`, checked; no data. */
HONE_MUST_USE hone_status hn_onnx_tensor_header(const hn_onnx_source *source, int64_t data_type, const hn_pb_ints *dims,
                                                hn_tensor *out);
/* The bytes that external_data names, `size` of them. */
HONE_MUST_USE hone_status hn_onnx_external_data(const hn_onnx_source *source, const hn_onnx_tensor_proto *proto,
                                                size_t size, const void **data);
/* Checked element type; HONE_INVALID_MODEL or HONE_UNSUPPORTED with text for other numbers. */
HONE_MUST_USE hone_status hn_onnx_dtype(hn_diag *diag, int64_t number, hone_dtype *out);

/* `bytes` as text for a message: shortened, without control characters; lives in the arena of `pb`. */
const char *hn_onnx_show(const hn_pb *pb, hn_bytes bytes);

#endif
