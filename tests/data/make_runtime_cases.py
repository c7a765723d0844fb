#!/usr/bin/env python3
"""Writes tests/data/runtime/*.onnx: small models for the tests of builder, plan and runtime. Needs onnx and numpy.

usage: make_runtime_cases.py [FOLDER]"""
import os
import sys

import numpy as np
from onnx import TensorProto as T, helper as h, numpy_helper

RNG = np.random.default_rng(5)
FLOAT, INT, BOOL = T.FLOAT, T.INT64, T.BOOL


def weight(name, *shape):
    return numpy_helper.from_array((RNG.standard_normal(shape) / np.sqrt(max(1, np.prod(shape[1:])))).astype(np.float32), name)


def const(name, value, kind=np.int64):
    return numpy_helper.from_array(np.array(value, kind), name)


def port(name, kind, shape):
    return h.make_tensor_value_info(name, kind, shape)


def model(nodes, inputs, outputs, constants=()):
    graph = h.make_graph(nodes, "case", inputs, outputs, list(constants))
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 20)], ir_version=9)


def residual():
    """Dynamic convolution with a residual, pooling and a classifier."""
    n = [h.make_node("Conv", ["x", "w0", "b0"], ["a"], "conv0", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
         h.make_node("Relu", ["a"], ["b"], "relu0"),
         h.make_node("Conv", ["b", "w1"], ["c"], "conv1", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
         h.make_node("Add", ["c", "b"], ["d"], "add"), h.make_node("Sigmoid", ["d"], ["s"], "gate"),
         h.make_node("Mul", ["d", "s"], ["e"], "silu"), h.make_node("GlobalAveragePool", ["e"], ["f"], "pool"),
         h.make_node("Flatten", ["f"], ["g"], "flat"), h.make_node("Gemm", ["g", "w2", "b2"], ["y"], "fc", transB=1)]
    return model(n, [port("x", FLOAT, ["batch", 3, "height", "width"])], [port("y", FLOAT, ["batch", 5])],
                 [weight("w0", 20, 3, 3, 3), weight("b0", 20), weight("w1", 20, 20, 3, 3), weight("w2", 5, 20), weight("b2", 5)])


def branches():
    """An If whose branches have different ranks, and use a value from outside."""
    yes = h.make_graph([h.make_node("Mul", ["a", "two"], ["p"], "twice")], "yes", [], [port("p", FLOAT, None)])
    no = h.make_graph([h.make_node("ReduceSum", ["a"], ["q"], "sum", keepdims=0)], "no", [], [port("q", FLOAT, None)])
    n = [h.make_node("Neg", ["x"], ["a"], "neg"), h.make_node("ReduceMax", ["x"], ["m"], "max", keepdims=0),
         h.make_node("Greater", ["m", "zero"], ["c"], "positive"),
         h.make_node("If", ["c"], ["y"], "if", then_branch=yes, else_branch=no)]
    return model(n, [port("x", FLOAT, ["n", 4])], [port("y", FLOAT, None)], [const("two", 2, np.float32), const("zero", 0, np.float32)])


def data_shape():
    """NonZero into Reshape: sizes that only running tells."""
    n = [h.make_node("NonZero", ["x"], ["i"], "nonzero"), h.make_node("Transpose", ["i"], ["t"], "rows", perm=[1, 0]),
         h.make_node("Shape", ["t"], ["s"], "shape"), h.make_node("Reshape", ["t", "flat"], ["f"], "reshape"),
         h.make_node("Gather", ["s", "zero"], ["count"], "count"), h.make_node("Cast", ["f"], ["y"], "cast", to=FLOAT)]
    return model(n, [port("x", FLOAT, ["a", "b"])], [port("y", FLOAT, None), port("count", INT, [])],
                 [const("flat", [-1]), const("zero", 0)])


def quantized():
    """A region between QuantizeLinear and DequantizeLinear, with per-channel weights."""
    w = RNG.integers(-127, 128, (6, 3, 3, 3)).astype(np.int8)
    scales = RNG.uniform(0.005, 0.02, 6).astype(np.float32)
    n = [h.make_node("QuantizeLinear", ["x", "xs", "xz"], ["xq"], "q"), h.make_node("DequantizeLinear", ["xq", "xs", "xz"], ["xd"], "dq"),
         h.make_node("DequantizeLinear", ["wq", "ws"], ["wd"], "dqw", axis=0),
         h.make_node("Conv", ["xd", "wd"], ["c"], "conv", kernel_shape=[3, 3]), h.make_node("Relu", ["c"], ["r"], "relu"),
         h.make_node("QuantizeLinear", ["r", "ys", "yz"], ["rq"], "q2"), h.make_node("DequantizeLinear", ["rq", "ys", "yz"], ["y"], "dq2")]
    return model(n, [port("x", FLOAT, ["batch", 3, 8, 8])], [port("y", FLOAT, ["batch", 6, 6, 6])],
                 [const("xs", 0.03, np.float32), const("xz", 3, np.uint8), const("ys", 0.05, np.float32), const("yz", 0, np.uint8),
                  numpy_helper.from_array(w, "wq"), numpy_helper.from_array(scales, "ws")])


def loop():
    """Two states that swap places each round, a scan output, and a condition that ends the loop early."""
    body = h.make_graph([h.make_node("Add", ["a", "b"], ["sum"], "sum"), h.make_node("Identity", ["b"], ["a2"], "swap"),
                         h.make_node("ReduceMax", ["sum"], ["top"], "top", keepdims=0), h.make_node("Less", ["top", "limit"], ["go"], "go")],
                        "body", [port("i", INT, []), port("c", BOOL, []), port("a", FLOAT, ["n"]), port("b", FLOAT, ["n"])],
                        [port("go", BOOL, []), port("a2", FLOAT, ["n"]), port("sum", FLOAT, ["n"]), port("sum", FLOAT, ["n"])])
    n = [h.make_node("Loop", ["trips", "", "x", "x"], ["first", "last", "all"], "loop", body=body)]
    return model(n, [port("x", FLOAT, ["n"]), port("trips", INT, [])],
                 [port("first", FLOAT, ["n"]), port("last", FLOAT, ["n"]), port("all", FLOAT, None)], [const("limit", 50, np.float32)])


def scan():
    """A running sum over axis 1, read backwards, written along axis 1."""
    body = h.make_graph([h.make_node("Add", ["s", "e"], ["s2"], "sum"), h.make_node("Identity", ["s2"], ["o"], "out")], "body",
                        [port("s", FLOAT, ["n"]), port("e", FLOAT, ["n"])], [port("s2", FLOAT, ["n"]), port("o", FLOAT, ["n"])])
    n = [h.make_node("Scan", ["start", "x"], ["total", "sums"], "scan", body=body, num_scan_inputs=1, scan_input_axes=[1],
                     scan_input_directions=[1], scan_output_axes=[1])]
    return model(n, [port("start", FLOAT, ["n"]), port("x", FLOAT, ["n", "t"])], [port("total", FLOAT, ["n"]), port("sums", FLOAT, ["n", "t"])])


def through():
    """Outputs that are an input, a constant, a shape and the same value twice."""
    n = [h.make_node("Identity", ["x"], ["same"], "same"), h.make_node("Shape", ["x"], ["shape"], "shape"),
         h.make_node("Identity", ["k"], ["constant"], "constant"), h.make_node("Relu", ["x"], ["r"], "relu"),
         h.make_node("Identity", ["r"], ["once"], "once"), h.make_node("Identity", ["r"], ["again"], "again")]
    return model(n, [port("x", FLOAT, ["n", 3])], [port("same", FLOAT, ["n", 3]), port("shape", INT, [2]), port("constant", FLOAT, [2]),
                                                   port("once", FLOAT, ["n", 3]), port("again", FLOAT, ["n", 3])], [const("k", [1, 2], np.float32)])


def unfused_tail():
    """A chain whose last operators no dense kernel takes in."""
    n = [h.make_node("Gemm", ["x", "w", "b"], ["a"], "fc"), h.make_node("Relu", ["a"], ["r"], "relu"),
         h.make_node("Elu", ["r"], ["e"], "elu", alpha=0.5), h.make_node("Mul", ["e", "k"], ["y"], "scale")]
    return model(n, [port("x", FLOAT, ["n", 20])], [port("y", FLOAT, ["n", 36])],
                 [weight("w", 20, 36), weight("b", 36), const("k", 3, np.float32)])


def objects():
    """Strings and sequences through branches, loop states and optionals; every output is a tensor of numbers."""
    def texts(*values):
        return numpy_helper.from_array(np.array(values, object), "suffix")
    strings, floats = T.STRING, h.make_sequence_type_proto(h.make_tensor_type_proto(FLOAT, None))
    plain = h.make_graph([h.make_node("Identity", ["labelled"], ["t"], "same_text")], "then", [], [port("t", strings, None)])
    longer = h.make_graph([h.make_node("StringConcat", ["labelled", "mark"], ["e"], "longer_text")], "else", [], [port("e", strings, None)])
    body = h.make_graph([h.make_node("Cast", ["i"], ["f"], "as_float", to=FLOAT), h.make_node("Mul", ["x", "f"], ["xi"], "scaled"),
                         h.make_node("SequenceInsert", ["q", "xi"], ["q2"], "insert"),
                         h.make_node("StringConcat", ["w", "mark"], ["w2"], "append")], "body",
                        [port("i", INT, []), port("c", BOOL, []), h.make_value_info("q", floats), port("w", strings, None)],
                        [port("c", BOOL, []), h.make_value_info("q2", floats), port("w2", strings, None)])
    n = [h.make_node("Cast", ["x"], ["text"], "to_text", to=strings), h.make_node("StringConcat", ["text", "suffix"], ["labelled"], "label"),
         h.make_node("StringSplit", ["labelled"], ["parts", "counts"], "split"),
         h.make_node("ReduceMax", ["x"], ["top"], "top", keepdims=0), h.make_node("Greater", ["top", "limit"], ["high"], "high"),
         h.make_node("If", ["high"], ["chosen"], "choose", then_branch=plain, else_branch=longer),
         h.make_node("SequenceConstruct", ["x"], ["start"], "start"),
         h.make_node("Loop", ["trips", "", "start", "chosen"], ["all", "words"], "loop", body=body),
         h.make_node("Equal", ["words", "labelled"], ["same"], "compare"),
         h.make_node("Optional", ["all"], ["maybe"], "wrap"), h.make_node("OptionalGetElement", ["maybe"], ["again"], "unwrap"),
         h.make_node("SequenceLength", ["again"], ["length"], "length"), h.make_node("SequenceAt", ["again", "last"], ["element"], "at"),
         h.make_node("ConcatFromSequence", ["again"], ["joined"], "join", axis=0), h.make_node("Cast", ["text"], ["back"], "back", to=FLOAT)]
    mark = numpy_helper.from_array(np.array("!", object), "mark")
    return model(n, [port("x", FLOAT, ["n", 3]), port("trips", INT, [])],
                 [port("same", BOOL, None), port("counts", INT, None), port("length", INT, []), port("element", FLOAT, None),
                  port("joined", FLOAT, None), port("back", FLOAT, ["n", 3])],
                 [const("limit", 0.5, np.float32), const("last", -1, np.int64), texts("", " a", " b c"), mark])


CASES = dict(objects=objects, residual=residual, branches=branches, data_shape=data_shape, quantized=quantized, loop=loop, scan=scan, through=through,
             unfused_tail=unfused_tail)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "runtime")
    os.makedirs(folder, exist_ok=True)
    for name, make in CASES.items():
        with open(os.path.join(folder, name + ".onnx"), "wb") as f:
            f.write(make().SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
