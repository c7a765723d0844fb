#!/usr/bin/env python3
"""Writes tests/data/onnx: small models for the tests of the ONNX reader, and the seeds of its fuzzer.

good/NAME.onnx    imports without an error. Its inputs are initializers, and behind each output `y` comes an output `expected_y`,
                  an initializer with what ONNX Runtime computes (no such output: only the import is tested)
bad/NAME.onnx     must be refused; bad/expected.tsv says with which status and which words
Needs numpy, onnx and onnxruntime. The files are committed; run this only to change them."""
import math
import os

import numpy as np
import onnx
import onnx.reference
import onnxruntime
from onnx import TensorProto as T, helper as h, numpy_helper

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx")
SEEDS = os.path.join(HERE, "..", "..", "..", "fuzz", "corpus", "onnx")
FLOATS = np.float32
rng = np.random.default_rng(7)
expected_rows = []


def normal(*shape):
    return rng.standard_normal(shape).astype(FLOATS)


def opsets(version, *others):
    return [h.make_opsetid("", version)] + [h.make_opsetid(domain, v) for domain, v in others]


def info(name, dtype=T.FLOAT, shape=None):
    return h.make_tensor_value_info(name, dtype, shape)


def model_of(graph, version, functions=(), others=()):
    model = h.make_model(graph, opset_imports=opsets(version, *others), functions=list(functions))
    model.ir_version = 10
    model.producer_name = "make_onnx_cases"
    return model


def save(folder, name, model):
    data = model if isinstance(model, bytes) else model.SerializeToString()
    for target in (os.path.join(HERE, folder, name + ".onnx"), os.path.join(SEEDS, f"{folder}_{name}.onnx")):
        if target.startswith(SEEDS) and (len(data) > 1500 or name == "exponential"):
            continue
        with open(target, "wb") as file:
            file.write(data)


def save_data(folder, name, data):
    """A file of external data."""
    for target in (os.path.join(HERE, folder, name), os.path.join(SEEDS, name)):
        with open(target, "wb") as file:
            file.write(data)


def evaluate(model):
    """By ONNX Runtime; by the reference of the onnx package what that refuses."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as refusal:
        print(model.graph.name, "by the onnx reference:", str(refusal).split(":", 3)[-1].strip()[:100])
        return onnx.reference.ReferenceEvaluator(model).run(None, {})
    return session.run(None, {})


def good(name, nodes, inputs, outputs, version, functions=(), others=(), dtypes=None, extra=(), run=True,
         expected=None):
    """`inputs` are arrays or TensorProtos; `outputs` are names, computed by ONNX Runtime when `run`, or `expected`."""
    tensors = [v if isinstance(v, T) else numpy_helper.from_array(v, k) for k, v in inputs.items()]
    outs = [info(o, (dtypes or {}).get(o, T.FLOAT)) for o in outputs]
    graph = h.make_graph(nodes, name, [], outs, tensors, sparse_initializer=list(extra))
    model = model_of(graph, version, functions, others)
    if run:
        for output, value in zip(outputs, expected or evaluate(model)):
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), "expected_" + output))
        del model.graph.output[:]
        for out in outs:
            model.graph.output.extend([out, info("expected_" + out.name, out.type.tensor_type.elem_type)])
    save("good", name, model)


def train_batch_norm(x, s, b, m, v, momentum):
    mean, variance = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    column = (slice(None), None, None)
    y = (x - mean[column]) / np.sqrt(variance[column] + FLOATS(1e-5)) * s[column] + b[column]
    kept, new = FLOATS(momentum), FLOATS(1 - momentum)
    return [y, m * kept + mean * new, v * kept + variance * new, mean, variance]


def evaluate_gelu(x):
    return np.array([v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x.ravel()], FLOATS).reshape(x.shape)


def node(op, inputs, outputs, **attributes):
    name = attributes.pop("name", "")
    domain = attributes.pop("domain", "")
    return h.make_node(op, inputs.split(), outputs.split(), name=name, domain=domain, **attributes)


def conversions():
    x = normal(2, 3, 4, 5)
    x3 = normal(2, 3, 4)
    one = {"x": x3}
    good("squeeze_7", [node("Squeeze", "x", "y", axes=[0, 2])], {"x": normal(1, 3, 1, 2)}, ["y"], 7)
    good("squeeze_all_11", [node("Squeeze", "x", "y")], {"x": normal(1, 3, 1, 2)}, ["y"], 11)
    good("unsqueeze_11", [node("Unsqueeze", "x", "y", axes=[0, -1])], one, ["y"], 11)
    for op in ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2", "ReduceLogSumExp"):
        good(f"{op.lower()}_11", [node(op, "x", "y", axes=[0, -1], keepdims=0)], one, ["y"], 11)
    good("reducesum_all_7", [node("ReduceSum", "x", "y")], one, ["y"], 7)
    good("reducemean_17", [node("ReduceMean", "x", "y", axes=[1])], one, ["y"], 17)
    good("clip_7", [node("Clip", "x", "y", min=-0.5, max=0.25)], one, ["y"], 7)
    good("clip_max_10", [node("Clip", "x", "y", max=0.25)], one, ["y"], 10)
    good("clip_double_7", [node("Clip", "x", "y", min=-0.5)], {"x": x3.astype(np.float64)}, ["y"], 7, dtypes={"y": T.DOUBLE})
    good("pad_7", [node("Pad", "x", "y", pads=[0, 1, 2, 1, 0, 0], value=1.5)], one, ["y"], 7)
    good("pad_reflect_10", [node("Pad", "x", "y", pads=[0, 1, 2, 0, 1, 1], mode="reflect")], one, ["y"], 10)
    good("slice_7", [node("Slice", "x", "y", starts=[0, -3], ends=[1, 9223372036854775807], axes=[0, 2])], one, ["y"], 7)
    good("slice_no_axes_9", [node("Slice", "x", "y", starts=[0, 1], ends=[2, 2])], one, ["y"], 9)
    gelu = node("Gelu", "x", "y", domain="com.microsoft")
    good("com_microsoft_1", [gelu], one, ["y"], 17, others=[("com.microsoft", 1)])
    good("com_microsoft_undeclared", [gelu], one, ["y"], 17, expected=[evaluate_gelu(x3)])
    good("split_7", [node("Split", "x", "a b", axis=2, split=[1, 3])], one, ["a", "b"], 7)
    good("split_even_11", [node("Split", "x", "a b", axis=-1)], one, ["a", "b"], 11)
    good("split_even_13", [node("Split", "x", "a b", axis=2)], one, ["a", "b"], 13)
    good("top_k_7", [node("TopK", "x", "v i", k=2, axis=1)], one, ["v", "i"], 7, dtypes={"i": T.INT64})
    good("dropout_7", [node("Dropout", "x", "y", ratio=0.3)], one, ["y"], 7)
    good("dropout_10", [node("Dropout", "x", "y", ratio=0.3)], one, ["y"], 10)
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        for axis in (0, 1, 2, -1, -2):
            good(f"{op.lower()}_11_axis{axis}", [node(op, "x", "y", axis=axis)], one, ["y"], 11)
    good("softmax_nothing_11", [node("Softmax", "x", "y", axis=1)], {"x": normal(2, 3, 0)}, ["y"], 11, expected=[normal(2, 3, 0)])
    good("softmax_default_7", [node("Softmax", "x", "y")], one, ["y"], 7)
    good("softmax_after_ops_12", [node("Relu", "x", "r"), node("Reshape", "r s", "q"), node("Softmax", "q", "y", axis=1)],
         {"x": x3, "s": np.array([2, -1])}, ["y"], 12)
    norm = {"x": x, "s": normal(3), "b": normal(3), "m": normal(3), "v": np.abs(normal(3)) + 0.5}
    good("batch_norm_7", [node("BatchNormalization", "x s b m v", "y", spatial=1)], norm, ["y"], 7)
    good("batch_norm_9", [node("BatchNormalization", "x s b m v", "y")], norm, ["y"], 9)
    group = {"x": normal(2, 6, 4), "s": normal(3), "b": normal(3)}
    good("group_norm_18", [node("GroupNormalization", "x s b", "y", num_groups=3)], group, ["y"], 18)
    image = {"x": normal(1, 2, 4, 6)}
    good("upsample_7", [node("Upsample", "x", "y", scales=[1.0, 1.0, 2.0, 3.0])], image, ["y"], 7)
    good("upsample_linear_9", [node("Upsample", "x s", "y", mode="linear")],
         {**image, "s": np.array([1, 1, 2, 2], FLOATS)}, ["y"], 9)
    for name, scales in (("up", [1, 1, 2, 1.5]), ("down", [1, 1, 0.5, 0.6]), ("mixed", [1, 1, 0.5, 2])):
        good(f"resize_{name}_10", [node("Resize", "x s", "y")], {**image, "s": np.array(scales, FLOATS)}, ["y"], 10, run=name != "mixed")
    good("resize_linear_10", [node("Resize", "x s", "y", mode="linear")],
         {**image, "s": np.array([1, 1, 2, 2], FLOATS)}, ["y"], 10)
    resize = dict(coordinate_transformation_mode="tf_half_pixel_for_nn", nearest_mode="floor")
    good("resize_tf_11", [node("Resize", "x r s", "y", **resize)],
         {**image, "r": np.array([], FLOATS), "s": np.array([1, 1, 2, 2], FLOATS)}, ["y"], 11)
    good("resize_tf_half_11", [node("Resize", "x r s", "y", **resize)],
         {**image, "r": np.array([], FLOATS), "s": np.array([1, 1, 0.5, 0.5], FLOATS)}, ["y"], 11)
    good("resize_sizes_11", [node("Resize", "x r e z", "y", mode="linear")],
         {**image, "r": np.array([], FLOATS), "e": np.array([], FLOATS), "z": np.array([1, 2, 8, 9])}, ["y"], 11)
    good("scatter_9", [node("Scatter", "x i u", "y", axis=1)],
         {"x": normal(3, 3), "i": np.array([[0, 2], [1, 0]]), "u": normal(2, 2)}, ["y"], 9)
    good("prelu_7", [node("PRelu", "x s", "y")], {"x": x3, "s": normal(3, 1)}, ["y"], 7)
    good("gemm_7", [node("Gemm", "a b c", "y", alpha=0.5, transB=1)], {"a": normal(2, 3), "b": normal(4, 3), "c": normal(4)}, ["y"], 7)
    good("dropout_mask_7", [node("Dropout", "x", "y m")], one, ["y", "m"], 7,
         expected=[x3, np.ones_like(x3)])
    good("batch_norm_training_9", [h.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y", "m2", "v2"])], norm, ["y"], 9, run=False)
    good("constant_of_shape", [node("ConstantOfShape", "s", "y", value=h.make_tensor("v", T.FLOAT, [1], [2.5]))],
         {"s": np.array([2, 2])}, ["y"], 9)
    good("rnn_activations", [h.make_node("RNN", ["x", "w", "r"], ["", "y"], hidden_size=2, activations=["LeakyRelu"], activation_alpha=[0.5])],
         {"x": normal(3, 1, 2), "w": normal(1, 2, 2), "r": normal(1, 2, 2)}, ["y"], 14)
    bare = node("Concat", "x x", "y", axis=-1)
    for attribute in bare.attribute:
        attribute.ClearField("type")
    good("attribute_without_type", [bare], one, ["y"], 13, expected=[np.concatenate([x3, x3], -1)])
    good("optional_inputs", [node("Clip", "x", "a", name="low"), node("Clip", "x", "y")], one, ["y"], 13)
    clip = h.make_node("Clip", ["x", "", "m"], ["y"])
    good("empty_input", [clip], {"x": x3, "m": np.array(0.5, FLOATS)}, ["y"], 13)


def early():
    """Opsets 1 to 6, which ONNX Runtime does not run."""
    x, b = normal(2, 3, 4, 5), normal(3, 4)
    for op, function in (("Add", np.add), ("Mul", np.multiply)):
        good(f"{op.lower()}_axis_6", [node(op, "x b", "y", broadcast=1, axis=1)], {"x": x, "b": b}, ["y"], 6,
             expected=[function(x, b[:, :, None])])
    good("sub_negative_axis_6", [node("Sub", "x b", "y", broadcast=1, axis=-3)], {"x": x, "b": b}, ["y"], 6, expected=[x - b[:, :, None]])
    good("add_suffix_1", [node("Add", "x b", "y", broadcast=1, consumed_inputs=[0, 0])], {"x": x, "b": b[0, 0] + normal(4, 5)}, ["y"], 1, run=False)
    good("less_axis_1", [node("Less", "x b", "c"), node("Cast", "c", "y", to="FLOAT")], {"x": x, "b": x[::-1].copy()}, ["y"], 1,
         expected=[(x < x[::-1]).astype(FLOATS)])
    slope = normal(3)
    good("prelu_channels_6", [node("PRelu", "x s", "y")], {"x": x, "s": slope}, ["y"], 6,
         expected=[np.where(x < 0, x * slope[:, None, None], x)])
    good("prelu_one_1", [node("PRelu", "x s", "y", consumed_inputs=[0, 0])], {"x": x, "s": slope[:1]}, ["y"], 1,
         expected=[np.where(x < 0, x * slope[0], x)])
    good("concat_1", [node("Concat", "x x", "y")], {"x": x}, ["y"], 1, expected=[np.concatenate([x, x], 1)])
    good("pad_1", [node("Pad", "x", "y", paddings=[0, 0, 1, 0, 0, 0, 0, 2], value=1.5)], {"x": x}, ["y"], 1,
         expected=[np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 2)), constant_values=1.5)])
    good("reshape_1", [node("Reshape", "x", "y", shape=[0, -1], consumed_inputs=[0])], {"x": x}, ["y"], 1, expected=[x.reshape(2, -1)])
    good("split_1", [node("Split", "x s", "y z", axis=2)], {"x": x, "s": np.array([1, 3], FLOATS).astype(np.int64)}, ["y", "z"], 1,
         expected=[x[:, :, :1], x[:, :, 1:]])
    good("split_attribute_1", [node("Split", "x", "y z", axis=2, split=[1, 3])], {"x": x}, ["y", "z"], 1, expected=[x[:, :, :1], x[:, :, 1:]])
    good("tile_1", [node("Tile", "x t a", "y")], {"x": x, "t": np.array(3), "a": np.array(2)}, ["y"], 1,
         expected=[np.tile(x, (1, 1, 3, 1))])
    good("upsample_1", [node("Upsample", "x", "y", height_scale=2.0, width_scale=3.0)], {"x": x}, ["y"], 1,
         expected=[x.repeat(2, 2).repeat(3, 3)])
    good("lp_pool_1", [node("LpPool", "x", "y", kernel_shape=[4, 5], p=1.0)], {"x": x}, ["y"], 1,
         expected=[np.abs(x).sum((2, 3), keepdims=True)])
    good("selu_1", [node("Selu", "x", "y")], {"x": x}, ["y"], 1,
         expected=[np.where(x > 0, np.float32(1.0507) * x, np.float32(1.0507) * (np.float32(1.6732) * np.expm1(x)))])
    good("dropout_test_6", [node("Dropout", "x", "y m", is_test=1, ratio=0.4)], {"x": x}, ["y", "m"], 6, expected=[x, np.ones_like(x)])
    good("dropout_training_6", [node("Dropout", "x", "y m", ratio=0.0)], {"x": x}, ["y", "m"], 6, expected=[x, np.ones_like(x)])
    matrix = {"a": normal(2, 3), "b": normal(3, 4), "c": normal(4)}
    good("gemm_6", [node("Gemm", "a b c", "y", broadcast=1)], matrix, ["y"], 6, expected=[matrix["a"] @ matrix["b"] + matrix["c"]])
    norm = {"x": x, "s": normal(3), "b": normal(3), "m": normal(3), "v": np.abs(normal(3)) + FLOATS(0.5)}
    wide = {k: v[:, None, None] for k, v in norm.items() if k != "x"}
    good("batch_norm_6", [node("BatchNormalization", "x s b m v", "y", is_test=1, spatial=1)], norm, ["y"], 6,
         expected=[((x - wide["m"]) / np.sqrt(wide["v"] + FLOATS(1e-5)) * wide["s"] + wide["b"]).astype(FLOATS)])
    tf = dict(coordinate_transformation_mode="tf_half_pixel_for_nn")
    line = np.arange(10, dtype=FLOATS).reshape(1, 1, 1, 10)
    at = (np.arange(4) + 0.5) / 0.4
    good("resize_tf_round_11", [node("Resize", "x r s", "y", **tf)], {"x": line, "r": np.array([], FLOATS), "s": np.array([1, 1, 1, 0.4], FLOATS)},
         ["y"], 11, expected=[np.ceil(at - 0.5).astype(FLOATS).reshape(1, 1, 1, 4)])
    bad("axis_too_far_6", "model", "axis 2 does not place an operand of rank 3", [node("Add", "x b", "y", broadcast=1, axis=2)],
        inputs=[info("x", shape=[2, 3, 4]), info("b", shape=[3, 4, 5])], version=6)
    bad("cast_word_1", "model", "is 'float', which is no element type", [node("Cast", "x", "y", to="float")], version=1)
    bad("tile_inputs_1", "model", "Tile has 2 inputs; in opset 1 it takes 3", [node("Tile", "x x", "y")], version=1)


def numeric_gradient(function, values, number):
    """Of the number that `function` makes of arrays, by central differences in double precision."""
    values = [value.astype(np.float64) for value in values]
    gradient = np.zeros_like(values[number])
    for index in np.ndindex(gradient.shape):
        ends = []
        for step in (1e-5, -1e-5):
            moved = [value.copy() for value in values]
            moved[number][index] += step
            ends.append(function(*moved))
        gradient[index] = (ends[0] - ends[1]) / 2e-5
    return gradient.astype(FLOATS)


def gradient_case(name, nodes, function, version=17, **values):
    """Gradients of the sum of `y`, the last node's output, to all inputs."""
    node_of = h.make_node("Gradient", list(values), [f"d{key}" for key in values], domain="ai.onnx.preview.training",
                          xs=list(values), y="y")
    expected = [numeric_gradient(lambda *x: function(*x).sum(), list(values.values()), i) for i in range(len(values))]
    good(name, [*nodes, node_of], values, [f"d{key}" for key in values], version, others=[("ai.onnx.preview.training", 1)],
         expected=expected)


def gradients():
    a, b, c, p = normal(2, 3), normal(3, 4), normal(4), np.abs(normal(2, 4)) + FLOATS(0.5)

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    gradient_case("gradient_matmul", [node("MatMul", "a b", "m"), node("Add", "m c", "s"), node("Tanh", "s", "t"), node("Sigmoid", "m", "g"),
                                      node("Mul", "t g", "y")], lambda a, b, c: np.tanh(a @ b + c) * sigmoid(a @ b), a=a, b=b, c=c)
    gradient_case("gradient_functions",
                  [node("Log", "p", "l"), node("Sqrt", "p", "r"), node("Div", "l r", "q"), node("Sub", "q c", "d"), node("Exp", "d", "e"),
                   node("Reciprocal", "p", "i"), node("Sum", "e i p", "s"), node("Neg", "s", "n"), node("Sin", "n", "u"), node("Cos", "n", "v"),
                   node("Sub", "u v", "w"), node("Abs", "w", "y")],
                  lambda p, c: np.abs(np.sin(-(np.exp(np.log(p) / np.sqrt(p) - c) + 1 / p + p)) - np.cos(-(np.exp(np.log(p) / np.sqrt(p) - c) + 1 / p + p))),
                  p=p, c=c)
    exponent = h.make_node("Constant", [], ["k"], value_float=3.0)
    gradient_case("gradient_shapes",
                  [exponent, node("Pow", "a k", "q"), node("Transpose", "q", "t", perm=[1, 0]), node("Flatten", "t", "f", axis=0), node("Relu", "f", "r"),
                   node("ReduceMean", "r", "m"), node("ReduceSum", "q", "s"), node("Mul", "m s", "o"), node("Identity", "o", "y")],
                  lambda a: np.maximum(a ** 3, 0).mean() * (a ** 3).sum(), a=a)
    training = [("ai.onnx.preview.training", 1)]
    back = h.make_node("Gradient", ["x"], ["g"], domain="ai.onnx.preview.training", xs=["x"], y="y")
    bad("gradient_unknown", "unsupported", "Gradient through Softmax", [node("Softmax", "x", "y"), back], outputs=("g",), others=training)
    bad("gradient_no_y", "model", "y names 'y', which is no value before this node", [back], outputs=("g",), others=training)
    other = h.make_node("Gradient", ["z"], ["g"], domain="ai.onnx.preview.training", xs=["x"], y="y")
    bad("gradient_other_input", "unsupported", "is another value than 'x'", [node("Relu", "x", "y"), node("Neg", "x", "z"), other], outputs=("g",),
        others=training)


def typed(name, dtype, dims, field, values):
    tensor = T(name=name, data_type=dtype, dims=dims)
    getattr(tensor, field).extend(values)
    return tensor


def tensors():
    """Each element type through its typed field and through raw_data: both must give the same values."""
    rows = [("float", T.FLOAT, "float_data", [1.5, -2.0], np.float32), ("double", T.DOUBLE, "double_data", [1.5, -2.0], np.float64),
            ("int64", T.INT64, "int64_data", [-(1 << 62), 7], np.int64), ("int32", T.INT32, "int32_data", [-5, 1 << 30], np.int32),
            ("int16", T.INT16, "int32_data", [-5, 32767], np.int16), ("int8", T.INT8, "int32_data", [-128, 127], np.int8),
            ("uint8", T.UINT8, "int32_data", [255, 3], np.uint8), ("uint16", T.UINT16, "int32_data", [65535, 3], np.uint16),
            ("uint32", T.UINT32, "uint64_data", [4294967295, 3], np.uint32),
            ("uint64", T.UINT64, "uint64_data", [18446744073709551615, 3], np.uint64),
            ("bool", T.BOOL, "int32_data", [1, 0], np.bool_)]
    halves = np.array([1.5, -2.0], np.float16)
    for name, dtype, field, values, kind in rows:
        good(f"tensor_{name}", [node("Identity", "x", "y")], {"x": typed("x", dtype, [2], field, values)}, ["y"], 13,
             dtypes={"y": dtype})
        raw = numpy_helper.from_array(np.array(values, kind), "x")
        good(f"tensor_{name}_raw", [node("Identity", "x", "y")], {"x": raw}, ["y"], 13, dtypes={"y": dtype})
    good("tensor_half", [node("Identity", "x", "y")], {"x": typed("x", T.FLOAT16, [2], "int32_data", halves.view(np.uint16).tolist())},
         ["y"], 13, dtypes={"y": T.FLOAT16})
    good("tensor_bfloat", [node("Cast", "x", "y", to=T.FLOAT)], {"x": typed("x", T.BFLOAT16, [2], "int32_data", [0x3fc0, 0xc000])}, ["y"], 13)
    good("tensor_float8", [node("Cast", "x", "y", to=T.FLOAT)], {"x": typed("x", T.FLOAT8E4M3FN, [2], "int32_data", [0x38, 0xc1])}, ["y"], 19)
    good("tensor_int4", [node("Cast", "x", "y", to=T.FLOAT)], {"x": typed("x", T.INT4, [3], "int32_data", [0x8f, 0x07])}, ["y"], 21)
    good("tensor_string", [node("Identity", "x", "y")], {"x": typed("x", T.STRING, [2], "string_data", [b"one", b""])}, ["y"], 13,
         dtypes={"y": T.STRING}, run=False)
    unpacked = T(name="x", data_type=T.FLOAT, dims=[2]).SerializeToString() + b"\x25\x00\x00\x80\x3f\x25\x00\x00\x00\x40"
    good("tensor_unpacked", [node("Identity", "x", "y")], {"x": T.FromString(unpacked)}, ["y"], 13)
    good("tensor_scalar_empty", [node("Concat", "x e", "y", axis=0)], {"x": normal(2), "e": np.zeros((0,), FLOATS)}, ["y"], 13)
    linear = h.make_sparse_tensor(h.make_tensor("x", T.FLOAT, [2], [3.0, 4.0]), h.make_tensor("i", T.INT64, [2], [1, 5]), [2, 3])
    good("sparse_linear", [node("Identity", "x", "y")], {"z": normal(1)}, ["y"], 13, extra=[linear])
    pairs = h.make_sparse_tensor(h.make_tensor("x", T.FLOAT, [2], [3.0, 4.0]), h.make_tensor("i", T.INT64, [2, 2], [0, 1, 1, 2]), [2, 3])
    good("sparse_pairs", [node("Identity", "x", "y")], {"z": normal(1)}, ["y"], 13, extra=[pairs])
    constants = [node("Constant", "", "a", value_float=2.5), node("Constant", "", "b", value_floats=[1.0, 2.0]),
                 node("Constant", "", "c", value_int=3), node("Constant", "", "d", value_ints=[4, 5]),
                 node("Constant", "", "e", value=h.make_tensor("t", T.FLOAT, [1], [6.0])),
                 node("Constant", "", "f", sparse_value=h.make_sparse_tensor(h.make_tensor("v", T.FLOAT, [1], [7.0]),
                                                                             h.make_tensor("i", T.INT64, [1], [1]), [2])),
                 node("Cast", "c", "cf", to=T.FLOAT), node("Cast", "d", "df", to=T.FLOAT),
                 node("Sum", "a b cf df e f", "y")]
    good("constants", constants, {"z": normal(1)}, ["y"], 13)


def functions():
    scale = h.make_function("local", "Scale", ["x"], ["y"],
                            [h.make_node("Constant", [], ["s"]), h.make_node("Mul", ["x", "s"], ["y"])], opsets(17), ["factor"])
    scale.node[0].attribute.append(onnx.AttributeProto(name="value_float", ref_attr_name="factor", type=onnx.AttributeProto.FLOAT))
    softmax = h.make_function("local", "Norm", ["x"], ["y"], [h.make_node("Softmax", ["x"], ["y"])], opsets(17), [],
                              [h.make_attribute("axis", 0)])
    softmax.node[0].attribute.append(onnx.AttributeProto(name="axis", ref_attr_name="axis", type=onnx.AttributeProto.INT))
    outer = h.make_function("local", "Outer", ["a", "b"], ["p", "q", "a"],
                            [h.make_node("Scale", ["a"], ["t"], domain="local", factor=3.0, name="inner"),
                             h.make_node("Add", ["t", "b"], ["p"], name="sum"), h.make_node("Norm", ["p"], ["q"], domain="local")],
                            opsets(17, ("local", 1)))
    both = {"x": normal(3, 2), "z": normal(3, 2)}
    p = (both["x"] * FLOATS(3) + both["z"]).astype(FLOATS)
    q = np.exp(p - p.max(0)) / np.exp(p - p.max(0)).sum(0)
    others = [("local", 1)]
    good("function", [node("Outer", "x z", "p q r", domain="local", name="call"), node("Scale", "q", "y", domain="local", factor=0.5)],
         both, ["p", "y", "r"], 17, [scale, softmax, outer], others, expected=[p, q * FLOATS(0.5), both["x"]])
    good("function_default", [node("Norm", "x", "y", domain="local"), node("Norm", "x", "z2", domain="local", axis=1)], both,
         ["y", "z2"], 17, [softmax], others)
    good("function_passes_through", [node("Neg", "x", "n"), node("Outer", "n z", "p q r", domain="local"), node("Neg", "n", "m")], both, ["n", "r", "m"],
         17, [scale, softmax, outer], others, expected=[-both["x"], -both["x"], both["x"]])
    double = h.make_function("local", "Double", ["x"], ["y", "y2"], [h.make_node("Add", ["x", "x"], ["y"]), h.make_node("Neg", ["y"], ["y2"])],
                             opsets(17))
    unwanted = h.make_node("Double", ["x"], ["", "y"], domain="local")
    good("function_unwanted_output", [unwanted], both, ["y"], 17, [double], others)
    old = h.make_function("local", "Old", ["x"], ["y"], [h.make_node("Squeeze", ["x"], ["y"], axes=[0])], opsets(11))
    good("function_older_opset", [node("Old", "x", "y", domain="local")], {"x": normal(1, 3)}, ["y"], 17, [old], others, run=False)


def branch(name, op, inputs, output):
    return h.make_graph([node(op, inputs, "t"), node("Neg", "t", output)], name, [], [info(output)])


def control():
    choose = node("If", "c", "y", then_branch=branch("yes", "Add", "x x", "r"), else_branch=branch("no", "Mul", "x x", "r"))
    swapped = node("If", "c", "y", else_branch=branch("no", "Mul", "x x", "r"), then_branch=branch("yes", "Add", "x x", "r"))
    values = {"x": normal(2, 2), "c": np.array(True)}
    good("if_siblings", [choose], values, ["y"], 17)
    good("if_swapped", [swapped], values, ["y"], 17)
    capture = h.make_graph([node("Identity", "x", "r")], "yes", [], [info("r")])
    plain = h.make_graph([node("Constant", "", "r", value_floats=[1.0])], "no", [], [info("r")])
    good("if_constant_branch", [node("If", "c", "y", then_branch=capture, else_branch=plain)], values, ["y"], 17)
    body = h.make_graph([node("Add", "s x", "s2"), node("Identity", "go", "go2"), node("Identity", "s2", "scan")], "body",
                        [info("i", T.INT64, []), info("go", T.BOOL, []), info("s", T.FLOAT, [7, 7])],
                        [info("go2", T.BOOL, []), info("s2", T.FLOAT), info("scan", T.FLOAT)])
    loop = node("Loop", "n  x", "y all", body=body)
    loop.input[:] = ["n", "", "x"]
    good("loop", [loop], {"x": normal(2, 2), "n": np.array(3)}, ["y", "all"], 17, run=False)
    clash = h.make_graph([node("Abs", "x", "later")], "yes", [], [info("later")])
    other = h.make_graph([node("Abs", "x", "other")], "no", [], [info("other")])
    good("if_name_of_later_output", [node("If", "c", "y", name="later", then_branch=clash, else_branch=other), node("Relu", "y", "later")],
         values, ["y", "later"], 17, run=False)


def shapes():
    inputs = [info("x", T.FLOAT, ["batch", 3, None, "?"]), info("w", T.FLOAT, ["batch", -1, 2, "2*h + 1"])]
    graph = h.make_graph([node("Relu", "x", "y"), node("Neg", "w", "v"), node("Add", "k k2", "u")],
                         "shapes", inputs + [info("k", T.FLOAT, [2])], [info("y"), info("v"), info("u")],
                         [numpy_helper.from_array(normal(2), "k"), numpy_helper.from_array(normal(2), "k2")])
    save("good", "shapes", model_of(graph, 17))
    names = h.make_graph([node("Relu", "x", "out", name="out"), node("Neg", "out", "b", name="b_out"), node("Neg", "b", "a_out", name="a")],
                         "names", [info("x", T.FLOAT, [2])], [info("out"), info("a_out"), info("b")])
    save("good", "names", model_of(names, 17))
    graph = h.make_graph([node("Relu", "x", "y", colour=3)], "warning", [info("x", T.FLOAT, [2])], [info("y")])
    save("good", "unknown_attribute", model_of(graph, 17))
    rich = model_of(h.make_graph([node("Relu", "x", "y")], "rich", [info("x", T.FLOAT, [2])], [info("y")]), 17)
    rich.ir_version = 99
    rich.training_info.add()
    rich.metadata_props.add(key="character", value="abc")
    rich.doc_string = "a model with everything around it"
    save("good", "surroundings", rich)
    declared = h.make_graph([node("Relu", "x", "y")], "declared", [info("x", T.FLOAT, ["n", 3])], [info("y", T.FLOAT, [1, 4])])
    save("good", "declared_output", model_of(declared, 17))
    old = h.make_graph([node("Softmax", "x", "y", axis=1)], "dynamic", [info("x", T.FLOAT, ["n", "c", "h"])], [info("y")])
    save("good", "softmax_dynamic_11", model_of(old, 11))
    sequence = h.make_tensor_sequence_value_info("s", T.FLOAT, None)
    graph = h.make_graph([node("Relu", "x", "y")], "sequence", [info("x", T.FLOAT, [2]), sequence], [info("y")])
    save("good", "sequence_input", model_of(graph, 17))
    external = T(name="x", data_type=T.FLOAT, dims=[3], data_location=T.EXTERNAL)
    for key, value in (("location", "external.bin"), ("offset", "8"), ("length", "12")):
        external.external_data.add(key=key, value=value)
    save_data("good", "external.bin", b"\0" * 8 + np.array([1, 2, 3], FLOATS).tobytes())
    graph = h.make_graph([node("Neg", "x", "y")], "external", [], [info("y"), info("expected_y")],
                         [external, numpy_helper.from_array(np.array([-1, -2, -3], FLOATS), "expected_y")])
    save("good", "external", model_of(graph, 17))


def bad(name, status, words, nodes, inputs=None, outputs=("y",), version=17, functions=(), others=(), initializers=(), change=None):
    inputs = [info("x", T.FLOAT, [2, 3])] if inputs is None else inputs
    graph = h.make_graph(nodes, name, inputs, [info(o) for o in outputs], list(initializers))
    model = model_of(graph, version, functions, others)
    if change:
        change(model)
    save("bad", name, model)
    expected_rows.append((name, status, words))


def external(location, **entries):
    tensor = T(name="w", data_type=T.FLOAT, dims=[2, 3], data_location=T.EXTERNAL)
    if location is not None:
        tensor.external_data.add(key="location", value=location)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def faulty_nodes():
    relu = node("Relu", "x", "y", name="r")
    bad("cycle", "model", "cycle: a -> b -> c -> a", [node("Add", "x t3", "t1", name="a"), node("Relu", "t1", "t2", name="b"),
                                                      node("Neg", "t2", "t3", name="c"), node("Abs", "t3", "y")])
    bad("self_cycle", "model", "cycle: loop -> loop", [node("Add", "x y", "y", name="loop")])
    bad("unsorted", "model", "its node second has number 1", [node("Relu", "t", "y", name="first"), node("Neg", "x", "t", name="second")])
    bad("undefined_input", "model", "input 'xx' does not exist", [node("Relu", "xx", "y", name="r")])
    bad("undefined_output", "model", "no node makes the graph output 'z'", [relu], outputs=("z",))
    bad("duplicate_value", "model", "'y' is made twice: by node 'r' and by node 's'", [relu, node("Neg", "x", "y", name="s")])
    bad("duplicate_output", "model", "the graph output 'y' is listed twice", [relu], outputs=("y", "y"))
    bad("duplicate_input", "model", "'x' is made twice", [relu], inputs=[info("x", T.FLOAT, [2]), info("x", T.FLOAT, [3])])
    bad("duplicate_initializer", "model", "'w' is made twice", [relu],
        initializers=[numpy_helper.from_array(normal(2), "w"), numpy_helper.from_array(normal(2), "w")])
    bad("unknown_operators", "unsupported", "no operator 'relu' of domain 'ai.onnx' (2 nodes use it",
        [node("relu", "x", "a", name="n1"), node("relu", "a", "b"), node("FusedThing", "b", "y", domain="com.microsoft")],
        others=[("com.microsoft", 1)])
    bad("unknown_sibling", "unsupported", "no operator 'gelu' of domain 'com.microsoft'",
        [node("gelu", "x", "y", domain="com.microsoft")], others=[("com.microsoft", 1)])
    bad("too_new_operator", "model", "operator Gelu came with opset 20", [node("Gelu", "x", "y")])
    bad("missing_attribute", "model", "the required attribute 'axis' (INT) is missing", [node("Concat", "x x", "y", name="cat")])
    bad("wrong_kind", "model", "attribute 'alpha' is of kind INT (2); LeakyRelu takes FLOAT", [node("LeakyRelu", "x", "y", alpha=1)])
    bad("attribute_of_other_opset", "model", "attribute 'axes' of Squeeze ended with opset 12", [node("Squeeze", "x", "y", axes=[0])])
    bad("attribute_too_new", "model", "attribute 'allowzero' of Reshape came with opset 14", [node("Reshape", "x x", "y", allowzero=1)], version=13)
    hollow = node("ConstantOfShape", "x", "y")
    hollow.attribute.append(onnx.AttributeProto(name="value", type=onnx.AttributeProto.TENSOR))
    bad("attribute_without_content", "model", "attribute 'value' says it is a TENSOR, but holds none", [hollow])
    twice = node("Concat", "x x", "y", axis=0)
    twice.attribute.append(twice.attribute[0])
    bad("attribute_twice", "model", "attribute 'axis' is given twice", [twice])
    bad("operator_missing", "model", "names no operator", [h.make_node("", ["x"], ["y"], name="r")])
    bad("name_with_zero", "malformed", "contains a zero byte", [h.make_node("Dropout", ["x"], ["y", "a\0b"])])
    bad("opsets_differ", "model", "names the domain 'ai.onnx' twice", [relu], others=[("ai.onnx", 13)])
    bad("spatial_0", "unsupported", "spatial = 0", [node("BatchNormalization", "x s s s s", "y m", spatial=0)], version=7,
        initializers=[numpy_helper.from_array(normal(3), "s")])
    scan = h.make_graph([node("Relu", "e", "f")], "b", [info("e")], [info("f")])
    bad("scan_8", "unsupported", "Scan of opset 8 with sequence_lens", [h.make_node("Scan", ["x", "x"], ["y"], body=scan, num_scan_inputs=1)], version=8)
    bad("resize_tf_ceil", "unsupported", "tf_half_pixel_for_nn",
        [node("Resize", "x x x", "y", coordinate_transformation_mode="tf_half_pixel_for_nn", nearest_mode="ceil")], version=11)
    bad("clip_6_inputs", "model", "Clip has 2 inputs; in opset 10 it takes 1", [node("Clip", "x x", "y")], version=10)
    bad("upsample_inputs", "model", "takes X and scales", [node("Upsample", "x", "y")], version=9)
    bad("too_many_inputs", "model", "Relu has 2 inputs; in opset 17 it takes 1", [node("Relu", "x x", "y")])
    bad("required_input_empty", "model", "input 1 of Add is required", [h.make_node("Add", ["x", ""], ["y"])])
    bad("two_values", "model", "has both 'value_float' and 'value_int'", [node("Constant", "", "y", value_int=1, value_float=2.0)])
    bad("no_outputs", "model", "the graph has no outputs", [relu], outputs=())
    bad("opset_0", "unsupported", "opset 0 of ai.onnx is not supported; 1 to 28 are", [relu], version=0)
    bad("opset_29", "unsupported", "opset 29 of ai.onnx is not supported", [relu], version=29)
    bad("no_opset", "model", "does not say which opset", [relu], change=lambda m: m.ClearField("opset_import"))
    bad("no_graph", "malformed", "holds no graph", [relu], change=lambda m: m.ClearField("graph"))
    bad("training_statistics", "unsupported", "training statistics",
        [h.make_node("BatchNormalization", ["x", "s", "s", "s", "s"], ["y", "", "", "m"])], inputs=[info("x")], version=9,
        initializers=[numpy_helper.from_array(normal(3), "s")])
    many = [node("LeakyRelu", "x", f"t{i}", name=f"bad{i}", alpha=1) for i in range(14)] + [relu]
    bad("many_faults", "model", "attribute 'alpha' is of kind INT", many)
    body = h.make_graph([node("Relu", "nowhere", "r", name="inside")], "b", [], [info("r")])
    bad("fault_in_body", "model", "input 'nowhere' does not exist", [node("If", "c", "y", then_branch=body, else_branch=body)],
        inputs=[info("c", T.BOOL, [])])
    late = h.make_graph([node("Relu", "t", "r")], "b", [], [info("r")])
    bad("capture_of_later_value", "model", "is made by later of graph, which does not come before",
        [node("If", "c", "y", then_branch=late, else_branch=late), node("Neg", "x", "t", name="later")], inputs=[info("x"), info("c", T.BOOL, [])])
    bad("shape_clash", "model", "", [node("Add", "x w", "y", name="sum")], initializers=[numpy_helper.from_array(normal(4), "w")])


def field(number, payload):
    """One length-delimited field: models nested deeper than the protobuf package allows are put together by hand."""
    length, size = len(payload), b""
    while length >= 128:
        size, length = size + bytes([length & 127 | 128]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + payload


def faulty_nesting():
    body = h.make_graph([node("Relu", "x", "r")], "b", [], [info("r")]).SerializeToString()
    for _ in range(70):
        then = field(1, b"then_branch") + b"\xa0\x01\x05" + field(6, body)
        otherwise = h.make_attribute("else_branch", h.make_graph([], "e", [], [info("x")])).SerializeToString()
        choose = field(1, b"c") + field(2, b"r") + field(4, b"If") + field(5, then) + field(5, otherwise)
        body = field(1, choose) + field(2, b"b") + field(12, info("r").SerializeToString())
    body += field(11, info("x").SerializeToString()) + field(11, info("c", T.BOOL, []).SerializeToString())
    save("bad", "deep_bodies", field(7, body) + field(8, h.make_opsetid("", 17).SerializeToString()))
    expected_rows.append(("deep_bodies", "unsupported", "nested more than 64 levels"))
    sequence = onnx.TypeProto()
    inner = sequence
    for _ in range(30):
        inner = inner.sequence_type.elem_type
    inner.tensor_type.elem_type = T.FLOAT
    bad("deep_type", "unsupported", "nested more than 16 levels", [node("Relu", "x", "y")],
        inputs=[info("x"), onnx.ValueInfoProto(name="s", type=sequence)])


def faulty_tensors():
    relu = node("Relu", "x", "y", name="r")
    short = numpy_helper.from_array(normal(2, 3), "w")
    short.raw_data = short.raw_data[:-1]
    bad("raw_too_short", "model", "has 23 bytes, but float32[2,3] takes 24", [relu], initializers=[short])
    bad("typed_too_short", "model", "float_data holds 2 entries, but 3 elements", [relu], initializers=[typed("w", T.FLOAT, [3], "float_data", [1, 2])])
    bad("value_out_of_range", "model", "int32_data[1] = 300 does not fit into uint8", [relu],
        initializers=[typed("w", T.UINT8, [2], "int32_data", [1, 300])])
    bad("negative_initializer_dim", "model", "dimension 0 of the tensor is negative: -2", [relu], initializers=[T(name="w", data_type=1, dims=[-2])])
    bad("overflowing_initializer", "model", "multiply to more bytes", [relu], initializers=[T(name="w", data_type=1, dims=[1 << 40, 1 << 40])])
    bad("no_type", "model", "the element type is not given", [relu], initializers=[T(name="w", dims=[1])])
    bad("float6", "unsupported", "FLOAT6E2M3", [relu], initializers=[T(name="w", data_type=27, dims=[1])])
    bad("type_99", "model", "element type 99 does not exist", [relu], initializers=[T(name="w", data_type=99, dims=[1])])
    bad("rank_9", "unsupported", "9 dimensions", [relu], initializers=[T(name="w", data_type=1, dims=[1] * 9)])
    bad("external_missing", "io", "nowhere.bin", [relu], initializers=[external("nowhere.bin")])
    bad("external_traversal", "", "", [relu], initializers=[external("../good/external.bin")])
    bad("external_absolute", "", "", [relu], initializers=[external("/etc/passwd")])
    bad("external_unnamed", "model", "no file is named", [relu], initializers=[external(None)])
    bad("external_truncated", "model", "which has 8 bytes", [relu], initializers=[external("short.bin", offset="0")])
    bad("external_offset", "model", "'-4', which is not a byte count", [relu], initializers=[external("short.bin", offset="-4")])
    bad("external_overflow", "model", "lie outside of", [relu], initializers=[external("short.bin", offset="18446744073709551615")])
    bad("external_length", "model", "gives 8 bytes", [relu], initializers=[external("short.bin", length="8")])
    save_data("bad", "short.bin", b"\0" * 8)
    values = h.make_tensor("w", T.FLOAT, [1], [1.0])
    bad("sparse_outside", "model", "index 0 of the sparse tensor lies outside", [relu], change=lambda m: m.graph.sparse_initializer.append(
        h.make_sparse_tensor(values, h.make_tensor("i", T.INT64, [1], [6]), [2, 3])))
    bad("sparse_huge", "unsupported", "MB are allowed", [relu], change=lambda m: m.graph.sparse_initializer.append(
        h.make_sparse_tensor(values, h.make_tensor("i", T.INT64, [1], [6]), [1 << 20, 1 << 20])))
    bad("negative_input_dim", "model", "dimension 1 is negative: -3", [relu], inputs=[info("x", T.FLOAT, [2, -3])])
    bad("overflowing_input", "model", "multiplies to more bytes", [relu], inputs=[info("x", T.FLOAT, [1 << 40, "n", 1 << 40])])
    bad("input_without_type", "model", "the input declares no type", [relu], inputs=[onnx.ValueInfoProto(name="x")])


def faulty_functions():
    def function(name, *nodes, inputs=("x",)):
        return h.make_function("local", name, list(inputs), ["y"], list(nodes), opsets(17, ("local", 1)))
    others = [("local", 1)]
    call = node("A", "x", "y", domain="local", name="call")
    bad("recursion", "model", "the function 'A' calls itself through other functions", [call],
        functions=[function("A", node("B", "x", "y", domain="local")), function("B", node("A", "x", "y", domain="local"))], others=others)
    bad("function_twice", "model", "is defined twice", [call], functions=[function("A", node("Neg", "x", "y"))] * 2, others=others)
    bad("function_inputs", "model", "has 1 inputs and 1 outputs, but is called with 2 and 1", [node("A", "x x", "y", domain="local")],
        functions=[function("A", node("Neg", "x", "y"))], others=others)
    bad("function_output", "model", "no node of the function 'A' makes its output 'y'", [call], functions=[function("A", node("Neg", "x", "z"))],
        others=others)
    bad("function_fault", "model", "input 'q' does not exist", [call, node("A", "x", "z", domain="local")],
        functions=[function("A", node("Neg", "q", "y", name="inner"))], others=others)
    ref = node("Softmax", "x", "y")
    ref.attribute.append(onnx.AttributeProto(name="axis", ref_attr_name="axis", type=onnx.AttributeProto.INT))
    bad("reference_outside", "model", "refers to the attribute 'axis' of a function", [ref])
    levels = [function(f"F{i}", node(f"F{i + 1}", "x", "t", domain="local"), node(f"F{i + 1}", "t", "y", domain="local")) for i in range(20)]
    deep = [function(f"D{i}", node(f"D{i + 1}", "x", "y", domain="local")) for i in range(70)]
    bad("deep_calls", "unsupported", "nested more than 64 levels", [node("D0", "x", "y", domain="local")],
        functions=deep + [function("D70", node("Neg", "x", "y"))], others=others)
    bad("exponential", "unsupported", "become more than", [node("F0", "x", "y", domain="local")],
        functions=levels + [function("F20", node("Neg", "x", "y"))], others=others)


def not_onnx():
    for name, data, words in (("empty", b"", "the file is empty"), ("lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer"),
                              ("zip", b"PK\3\4" + b"\0" * 30, "zip archive"), ("noise", bytes(range(1, 100)), ""),
                              ("group", b"\x0b\x0c", "wire type 3"), ("long_varint", b"\x08" + b"\xff" * 11, "longer than 64 bits"),
                              ("zero_field", b"\x00\x00", "impossible number")):
        save("bad", name, data)
        expected_rows.append((name, "malformed", words))
    with open(os.path.join(HERE, "good", "softmax_default_7.onnx"), "rb") as file:
        whole = file.read()
    save("bad", "truncated", whole[:-30])
    expected_rows.append(("truncated", "malformed", "but its message ends after"))


def written_out():
    """Operators that become several, and forms of opsets that need some."""
    x = normal(2, 3, 4, 5)
    x3 = normal(2, 3, 4)
    one = {"x": x3}
    good("mean_variance_9", [node("MeanVarianceNormalization", "x", "y")], {"x": x}, ["y"], 9)
    good("mean_variance_axes_13", [node("MeanVarianceNormalization", "x", "y", axes=[-1, 1])], one, ["y"], 13)
    good("swiglu_28", [node("SwiGLU", "x z", "y", alpha=1.5)], {"x": x3, "z": normal(2, 3, 4)}, ["y"], 28)
    labels = np.array([[1, 0], [2, 9]], np.int64)
    good("cross_entropy_13", [node("SoftmaxCrossEntropyLoss", "x t w", "y p", ignore_index=9)],
         {"x": normal(2, 3, 2), "t": labels, "w": np.array([0.5, 2, 1], FLOATS)}, ["y", "p"], 13)
    good("cross_entropy_none_12", [node("SoftmaxCrossEntropyLoss", "x t", "y", reduction="none", ignore_index=9)],
         {"x": normal(2, 3, 2), "t": labels}, ["y"], 12)
    good("dft_17", [node("DFT", "x", "y", axis=1, onesided=1)], {"x": normal(2, 10, 1)}, ["y"], 17)
    good("dft_default_axis_17", [node("DFT", "x n", "y")], {"x": normal(2, 6, 5, 2), "n": np.array(8)}, ["y"], 17)
    statistics = {"x": x, "s": normal(3), "b": normal(3), "m": normal(3), "v": np.abs(normal(3)) + 1}
    good("batch_norm_saved_9", [node("BatchNormalization", "x s b m v", "y mo vo sm sv", momentum=0.75)], statistics,
         ["y", "mo", "vo", "sm", "sv"], 9, expected=train_batch_norm(**statistics, momentum=0.75))
    element = {name: normal(3, 4, 5) for name in "sbm"}
    element["v"] = np.abs(normal(3, 4, 5)) + 1
    good("batch_norm_elements_7", [node("BatchNormalization", "x s b m v", "y", spatial=0)], {"x": x, **element}, ["y"], 7,
         expected=[(x - element["m"]) / np.sqrt(element["v"] + FLOATS(1e-5)) * element["s"] + element["b"]])
    flex = h.make_graph([h.make_node("Tanh", ["s"], ["t"]), h.make_node("Mul", ["t", "two"], ["r"])], "score", [info("s")],
                        [info("r")], [numpy_helper.from_array(np.array(2, FLOATS), "two")])
    good("flex_attention", [node("FlexAttention", "q k v", "y", domain="ai.onnx.preview", score_mod=flex)],
         {"q": normal(2, 4, 3, 8), "k": normal(2, 2, 5, 8), "v": normal(2, 2, 5, 6)}, ["y"], 26, others=[("ai.onnx.preview", 1)])
    body = h.make_graph([h.make_node("Add", ["s", "e"], ["t"]), h.make_node("Neg", ["t"], ["o"])], "body", [info("s"), info("e")],
                        [info("t"), info("o")])
    good("scan_reversed_8", [h.make_node("Scan", ["", "i", "x"], ["f", "y"], body=body, num_scan_inputs=1, directions=[1])],
         {"i": normal(2, 4), "x": normal(2, 3, 4)}, ["f", "y"], 8)


def main():
    for folder in ("good", "bad"):
        os.makedirs(os.path.join(HERE, folder), exist_ok=True)
    os.makedirs(SEEDS, exist_ok=True)
    for part in (conversions, tensors, functions, control, shapes, faulty_nodes, faulty_nesting, faulty_tensors, faulty_functions, not_onnx, early, written_out,
                 gradients):
        part()
    with open(os.path.join(HERE, "bad", "expected.tsv"), "w", encoding="utf-8") as file:
        file.writelines("\t".join(row) + "\n" for row in expected_rows)


main()
