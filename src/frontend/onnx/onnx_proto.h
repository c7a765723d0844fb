/* The messages of onnx.proto as structs. Texts and submessages are spans into the file; a reader fills one level only.
 */
#ifndef HN_FRONTEND_ONNX_PROTO_H
#define HN_FRONTEND_ONNX_PROTO_H

#include "frontend/onnx/pb.h"

/* AttributeProto.AttributeType. */
typedef enum hn_onnx_kind {
    HN_ONNX_UNDEFINED = 0,
    HN_ONNX_FLOAT = 1,
    HN_ONNX_INT = 2,
    HN_ONNX_STRING = 3,
    HN_ONNX_TENSOR = 4,
    HN_ONNX_GRAPH = 5,
    HN_ONNX_FLOATS = 6,
    HN_ONNX_INTS = 7,
    HN_ONNX_STRINGS = 8,
    HN_ONNX_TENSORS = 9,
    HN_ONNX_GRAPHS = 10,
    HN_ONNX_SPARSE_TENSOR = 11,
    HN_ONNX_SPARSE_TENSORS = 12,
    HN_ONNX_TYPE_PROTO = 13,
    HN_ONNX_TYPE_PROTOS = 14
} hn_onnx_kind;
/* As onnx.proto spells it ("FLOATS"); "?" for other numbers. */
const char *hn_onnx_kind_name(int64_t kind);

typedef struct hn_onnx_model_proto {
    hn_pb_head head;
    int64_t ir_version, model_version;
    hn_bytes producer_name, producer_version, domain, doc_string, graph;
    hn_pb_list opset_import, metadata, training, functions;
} hn_onnx_model_proto;

typedef struct hn_onnx_graph_proto {
    hn_pb_head head;
    hn_bytes name, doc_string;
    hn_pb_list node, initializer, sparse_initializer, input, output, value_info;
} hn_onnx_graph_proto;

typedef struct hn_onnx_node_proto {
    hn_pb_head head;
    hn_bytes name, op_type, domain, overload, doc_string;
    hn_pb_list input, output, attribute;
} hn_onnx_node_proto;

typedef struct hn_onnx_attribute_proto {
    hn_pb_head head;
    hn_bytes name, ref_attr_name, s, t, g, sparse_tensor, tp;
    int64_t type, i;
    float f;
    hn_pb_ints ints;
    hn_pb_floats floats;
    hn_pb_list strings, tensors, graphs, sparse_tensors, types;
} hn_onnx_attribute_proto;

typedef struct hn_onnx_function_proto {
    hn_pb_head head;
    hn_bytes name, domain, overload;
    hn_pb_list input, output, attribute, attribute_proto, node, opset_import;
} hn_onnx_function_proto;

/* Field numbers of the typed data of a TensorProto. */
enum {
    HN_ONNX_FLOAT_DATA = 4,
    HN_ONNX_INT32_DATA = 5,
    HN_ONNX_INT64_DATA = 7,
    HN_ONNX_DOUBLE_DATA = 10,
    HN_ONNX_UINT64_DATA = 11
};

typedef struct hn_onnx_tensor_proto {
    hn_pb_head head;
    hn_pb_ints dims;
    int64_t data_type, data_location;
    hn_bytes segment, name, raw_data;
    hn_pb_list string_data, external_data;
} hn_onnx_tensor_proto;

typedef struct hn_onnx_sparse_proto {
    hn_pb_head head;
    hn_bytes values, indices;
    hn_pb_ints dims;
} hn_onnx_sparse_proto;

typedef struct hn_onnx_value_info_proto {
    hn_pb_head head;
    hn_bytes name, type;
} hn_onnx_value_info_proto;

typedef struct hn_onnx_type_proto {
    hn_pb_head head;
    hn_bytes tensor, sequence, map, optional, sparse_tensor, opaque;
} hn_onnx_type_proto;

/* TypeProto.Tensor, .SparseTensor, .Sequence, .Optional and .Map have an element in field 1 or 2. */
typedef struct hn_onnx_tensor_type_proto {
    hn_pb_head head;
    int64_t elem_type;
    hn_bytes shape;
} hn_onnx_tensor_type_proto;

typedef struct hn_onnx_list_type_proto {
    hn_pb_head head;
    hn_bytes elem_type;
} hn_onnx_list_type_proto;

typedef struct hn_onnx_map_type_proto {
    hn_pb_head head;
    int64_t key_type;
    hn_bytes value_type;
} hn_onnx_map_type_proto;

typedef struct hn_onnx_shape_proto {
    hn_pb_head head;
    hn_pb_list dim;
} hn_onnx_shape_proto;

typedef struct hn_onnx_dim_proto {
    hn_pb_head head;
    int64_t dim_value;
    hn_bytes dim_param;
} hn_onnx_dim_proto;

/* SequenceProto and OptionalProto (onnx-data.proto): their items by kind, at most one kind of them. */
typedef struct hn_onnx_data_list_proto {
    hn_pb_head head;
    hn_bytes name;
    hn_pb_list tensor, sequence, map, optional;
} hn_onnx_data_list_proto;

typedef struct hn_onnx_data_map_proto {
    hn_pb_head head;
    hn_bytes name;
    int64_t key_type;
    hn_pb_ints keys;
    hn_pb_list string_keys;
    hn_bytes values; /* a SequenceProto */
} hn_onnx_data_map_proto;

typedef struct hn_onnx_opset_proto {
    hn_pb_head head;
    hn_bytes domain;
    int64_t version;
} hn_onnx_opset_proto;

typedef struct hn_onnx_pair_proto {
    hn_pb_head head;
    hn_bytes key, value;
} hn_onnx_pair_proto;

/* Each fills one struct; HONE_MALFORMED when the bytes are no such message, HONE_OUT_OF_MEMORY. */
#define HN_ONNX_READER(name)                                                                                           \
    HONE_MUST_USE hone_status hn_onnx_read_##name(const hn_pb *pb, hn_bytes bytes, hn_onnx_##name##_proto *out)
HN_ONNX_READER(model);
HN_ONNX_READER(graph);
HN_ONNX_READER(node);
HN_ONNX_READER(attribute);
HN_ONNX_READER(function);
HN_ONNX_READER(tensor);
HN_ONNX_READER(sparse);
HN_ONNX_READER(value_info);
HN_ONNX_READER(type);
HN_ONNX_READER(tensor_type);
HN_ONNX_READER(list_type);
HN_ONNX_READER(map_type);
HN_ONNX_READER(shape);
HN_ONNX_READER(dim);
HN_ONNX_READER(data_list);
HN_ONNX_READER(data_map);
HN_ONNX_READER(opset);
HN_ONNX_READER(pair);

#endif
