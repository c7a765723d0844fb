/* What the files of the writer share.
 *
 *   onnx_write.c         ModelProto and GraphProto; the file, and the one beside it for large weights
 *   onnx_write_node.c    NodeProto: the newest form back into the form of the opset, attributes, bodies
 *   onnx_write_value.c   types, shapes, tensors
 *   onnx_export*.c       the conversions; onnx_export.def says which operator needs which, up to which opset */
#ifndef HN_FRONTEND_ONNX_WRITE_H
#define HN_FRONTEND_ONNX_WRITE_H

#include "frontend/onnx/onnx.h"
#include "frontend/onnx/onnx_proto.h"
#include "frontend/onnx/pb_write.h"

#define HN_ONNX_UNNAMED_WRITTEN    21   /* of a model that names no opset of ai.onnx, should one be needed */
#define HN_ONNX_EXTERNAL_ALIGNMENT 4096 /* of weights beside the model, so that readers can map them */

typedef struct hn_onnx_out {
    hn_model *model;
    const hn_onnx_write_options *options;
    hn_diag *diag;
    hn_arena scratch; /* until the file is written */
    int64_t opset;
    hn_map domains; /* other than ai.onnx that nodes are of */
    bool standard;  /* some node is of ai.onnx */
    hn_map used;    /* ids of the constants that nodes were written with */
    /* Weights that go to the file beside the model; `location` NULL: none do. */
    const char *location;
    hn_vec(const hn_tensor *) external;
    uint64_t external_size;
} hn_onnx_out;

/* An operand of a node that is being written: a value of the graph, or a constant made for this node. */
typedef struct hn_onnx_operand {
    const hn_value *value;   /* NULL: absent, or made here */
    const hn_tensor *tensor; /* made here */
    const char *suffix;      /* of the made constant's name */
} hn_onnx_operand;

typedef hn_vec(hn_attr) hn_onnx_export_attrs;

/* A node on its way into the file: conversions change type, attributes and operands. */
typedef struct hn_onnx_export {
    hn_onnx_out *out;
    const hn_node *node;
    const char *type; /* name in files, with the domain before it where that is not ai.onnx */
    hn_onnx_export_attrs attrs;
    hn_vec(hn_onnx_operand) in;
} hn_onnx_export;

typedef hone_status hn_onnx_export_fn(hn_onnx_export *e);

/* One row of onnx_export.def: how `op` is written in opsets up to `last`. */
typedef struct hn_onnx_export_row {
    const char *op;
    int last;
    hn_onnx_export_fn *convert;
} hn_onnx_export_row;

/* The row for `op` at `opset`, or NULL: it is written as it stands. (onnx_export.c) */
const hn_onnx_export_row *hn_onnx_find_export(const char *op, int64_t opset);

/* Functions named in onnx_export.def. */
hn_onnx_export_fn hn_onnx_axes_to_attr, hn_onnx_limits_to_attr, hn_onnx_pads_to_attr, hn_onnx_pads_of_all_axes,
    hn_onnx_slice_to_attr, hn_onnx_split_to_attr, hn_onnx_split_uncounted, hn_onnx_k_to_attr, hn_onnx_ratio_to_attr,
    hn_onnx_old_softmax, hn_onnx_scale_of_groups, hn_onnx_inference_only, hn_onnx_cast_to_type, hn_onnx_to_scatter,
    hn_onnx_gemm_with_c, hn_onnx_targets_without_zero, hn_onnx_to_upsample_7, hn_onnx_to_upsample_9,
    hn_onnx_to_resize_10, hn_onnx_to_resize_11, hn_onnx_own_seed_only, hn_onnx_dft_axis_to_attr, hn_onnx_old_grid_modes,
    hn_onnx_old_roi_place, hn_onnx_no_batch_scan, hn_onnx_element_or_tensor;

/* What conversions use (onnx_export.c). HONE_UNSUPPORTED, with the node and the opset. */
HONE_MUST_USE hone_status hn_onnx_cannot_export(const hn_onnx_export *e, const char *why);
/* Value, tensor of a constant operand; NULL when it is absent or computed. */
const hn_value *hn_onnx_export_value(const hn_onnx_export *e, size_t i);
const hn_tensor *hn_onnx_export_constant(const hn_onnx_export *e, size_t i);
bool hn_onnx_export_has(const hn_onnx_export *e, size_t i);
const hn_attr *hn_onnx_export_get(const hn_onnx_export *e, const char *name);
void hn_onnx_export_drop(hn_onnx_export *e, const char *name);
HONE_MUST_USE hone_status hn_onnx_export_set(hn_onnx_export *e, hn_attr attr);
/* A constant as operand `i`; the bytes are copied. */
HONE_MUST_USE hone_status hn_onnx_export_make(hn_onnx_export *e, size_t i, const char *suffix, hone_dtype dtype,
                                              int rank, const int64_t *dim, const void *data);

/* ---- parts (onnx_write_node.c, onnx_write_value.c) ---- */

/* Bytes of `graph`: its nodes, the constants that live in it, inputs and outputs. */
HONE_MUST_USE hone_status hn_onnx_write_graph(hn_onnx_out *out, const hn_graph *graph, hn_pb_out *to);
/* Appends the node to `nodes`, and the constants that were made for it to `initializers`: fields of a GraphProto. */
HONE_MUST_USE hone_status hn_onnx_write_node(hn_onnx_out *out, const hn_node *node, hn_pb_out *nodes,
                                             hn_pb_out *initializers);
/* Field `number` of `to`: a TensorProto; `name` may be NULL. */
void hn_onnx_write_tensor(hn_onnx_out *out, const hn_tensor *tensor, const char *name, hn_pb_out *to, uint32_t number);
/* Appends fields of a message of the file that the model came from as they stand there: those whose bits are set. */
void hn_onnx_write_as_read(hn_onnx_out *out, hn_bytes message, uint32_t fields, hn_pb_out *to);
/* A ValueInfoProto with type and shape, as far as they are known. */
void hn_onnx_write_value(hn_onnx_out *out, const hn_value *value, hn_pb_out *to, uint32_t number);
void hn_onnx_write_type(hn_onnx_out *out, const hn_type *type, hn_pb_out *to, uint32_t number);

#endif
