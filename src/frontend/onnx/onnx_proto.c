/* Field tables of onnx.proto. Fields that neither change what a model computes nor document it (device placement, say)
 * have no row and are skipped. */
#include "frontend/onnx/onnx_proto.h"

#define ROW(type, number, kind, member)                                                                                \
    { number, HN_PB_##kind, offsetof(hn_onnx_##type##_proto, member), #member }
#define READER(type)                                                                                                   \
    hone_status hn_onnx_read_##type(const hn_pb *pb, hn_bytes bytes, hn_onnx_##type##_proto *out) {                    \
        return hn_pb_read(pb, bytes, type##_rules, sizeof type##_rules / sizeof *type##_rules, out, sizeof *out);      \
    }

static const hn_pb_rule model_rules[] = {
    ROW(model, 1, INT, ir_version), ROW(model, 2, BYTES, producer_name), ROW(model, 3, BYTES, producer_version),
    ROW(model, 4, BYTES, domain),   ROW(model, 5, INT, model_version),   ROW(model, 6, BYTES, doc_string),
    ROW(model, 7, BYTES, graph),    ROW(model, 8, LIST, opset_import),   ROW(model, 14, LIST, metadata),
    ROW(model, 20, LIST, training), ROW(model, 25, LIST, functions),
};
READER(model)

static const hn_pb_rule graph_rules[] = {
    ROW(graph, 1, LIST, node),        ROW(graph, 2, BYTES, name),
    ROW(graph, 5, LIST, initializer), ROW(graph, 10, BYTES, doc_string),
    ROW(graph, 11, LIST, input),      ROW(graph, 12, LIST, output),
    ROW(graph, 13, LIST, value_info), ROW(graph, 15, LIST, sparse_initializer),
};
READER(graph)

static const hn_pb_rule node_rules[] = {
    ROW(node, 1, LIST, input),    ROW(node, 2, LIST, output),    ROW(node, 3, BYTES, name),
    ROW(node, 4, BYTES, op_type), ROW(node, 5, LIST, attribute), ROW(node, 6, BYTES, doc_string),
    ROW(node, 7, BYTES, domain),  ROW(node, 8, BYTES, overload),
};
READER(node)

static const hn_pb_rule attribute_rules[] = {
    ROW(attribute, 1, BYTES, name),
    ROW(attribute, 2, FLOAT, f),
    ROW(attribute, 3, INT, i),
    ROW(attribute, 4, BYTES, s),
    ROW(attribute, 5, BYTES, t),
    ROW(attribute, 6, BYTES, g),
    ROW(attribute, 7, FLOATS, floats),
    ROW(attribute, 8, INTS, ints),
    ROW(attribute, 9, LIST, strings),
    ROW(attribute, 10, LIST, tensors),
    ROW(attribute, 11, LIST, graphs),
    ROW(attribute, 14, BYTES, tp),
    ROW(attribute, 15, LIST, types),
    ROW(attribute, 20, INT, type),
    ROW(attribute, 21, BYTES, ref_attr_name),
    ROW(attribute, 22, BYTES, sparse_tensor),
    ROW(attribute, 23, LIST, sparse_tensors),
};
READER(attribute)

static const hn_pb_rule function_rules[] = {
    ROW(function, 1, BYTES, name),      ROW(function, 4, LIST, input),
    ROW(function, 5, LIST, output),     ROW(function, 6, LIST, attribute),
    ROW(function, 7, LIST, node),       ROW(function, 9, LIST, opset_import),
    ROW(function, 10, BYTES, domain),   ROW(function, 11, LIST, attribute_proto),
    ROW(function, 13, BYTES, overload),
};
READER(function)

static const hn_pb_rule tensor_rules[] = {
    ROW(tensor, 1, INTS, dims),
    ROW(tensor, 2, INT, data_type),
    ROW(tensor, 3, BYTES, segment),
    {HN_ONNX_FLOAT_DATA, HN_PB_LATER, 0, "float_data"},
    {HN_ONNX_INT32_DATA, HN_PB_LATER, 0, "int32_data"},
    ROW(tensor, 6, LIST, string_data),
    {HN_ONNX_INT64_DATA, HN_PB_LATER, 0, "int64_data"},
    ROW(tensor, 8, BYTES, name),
    ROW(tensor, 9, BYTES, raw_data),
    {HN_ONNX_DOUBLE_DATA, HN_PB_LATER, 0, "double_data"},
    {HN_ONNX_UINT64_DATA, HN_PB_LATER, 0, "uint64_data"},
    ROW(tensor, 13, LIST, external_data),
    ROW(tensor, 14, INT, data_location),
};
READER(tensor)

static const hn_pb_rule sparse_rules[] = {
    ROW(sparse, 1, BYTES, values),
    ROW(sparse, 2, BYTES, indices),
    ROW(sparse, 3, INTS, dims),
};
READER(sparse)

static const hn_pb_rule value_info_rules[] = {ROW(value_info, 1, BYTES, name), ROW(value_info, 2, BYTES, type)};
READER(value_info)

static const hn_pb_rule type_rules[] = {
    ROW(type, 1, BYTES, tensor), ROW(type, 4, BYTES, sequence),      ROW(type, 5, BYTES, map),
    ROW(type, 7, BYTES, opaque), ROW(type, 8, BYTES, sparse_tensor), ROW(type, 9, BYTES, optional),
};
READER(type)

static const hn_pb_rule tensor_type_rules[] = {ROW(tensor_type, 1, INT, elem_type), ROW(tensor_type, 2, BYTES, shape)};
READER(tensor_type)

static const hn_pb_rule list_type_rules[] = {ROW(list_type, 1, BYTES, elem_type)};
READER(list_type)

static const hn_pb_rule map_type_rules[] = {ROW(map_type, 1, INT, key_type), ROW(map_type, 2, BYTES, value_type)};
READER(map_type)

static const hn_pb_rule data_list_rules[] = {
    ROW(data_list, 1, BYTES, name), ROW(data_list, 3, LIST, tensor),   ROW(data_list, 5, LIST, sequence),
    ROW(data_list, 6, LIST, map),   ROW(data_list, 7, LIST, optional),
};
READER(data_list)

static const hn_pb_rule data_map_rules[] = {
    ROW(data_map, 1, BYTES, name),       ROW(data_map, 2, INT, key_type), ROW(data_map, 3, INTS, keys),
    ROW(data_map, 4, LIST, string_keys), ROW(data_map, 5, BYTES, values),
};
READER(data_map)

static const hn_pb_rule shape_rules[] = {ROW(shape, 1, LIST, dim)};
READER(shape)

static const hn_pb_rule dim_rules[] = {ROW(dim, 1, INT, dim_value), ROW(dim, 2, BYTES, dim_param)};
READER(dim)

static const hn_pb_rule opset_rules[] = {ROW(opset, 1, BYTES, domain), ROW(opset, 2, INT, version)};
READER(opset)

static const hn_pb_rule pair_rules[] = {ROW(pair, 1, BYTES, key), ROW(pair, 2, BYTES, value)};
READER(pair)

const char *hn_onnx_kind_name(int64_t kind) {
    static const char *const names[] = {
        "UNDEFINED", "FLOAT",   "INT",    "STRING",        "TENSOR",         "GRAPH",      "FLOATS",     "INTS",
        "STRINGS",   "TENSORS", "GRAPHS", "SPARSE_TENSOR", "SPARSE_TENSORS", "TYPE_PROTO", "TYPE_PROTOS"};
    return kind >= 0 && kind < (int64_t)(sizeof names / sizeof *names) ? names[kind] : "?";
}
