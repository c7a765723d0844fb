"""Sequences and optionals."""
import numpy as np
from onnx import TensorProto, helper

from modeltest import Optional, check, refused

RNG = np.random.default_rng(7)
A, B, C = (RNG.standard_normal(shape).astype(np.float32) for shape in [(2, 3), (1, 3), (4, 0)])
WORDS = np.array(["one", "", "dreißig"], object)


def test_construct():
    check("SequenceConstruct", {}, {"a": A, "b": B, "c": C}, expect=[[A, B, C]])
    check("SequenceConstruct", {}, {"a": WORDS, "b": WORDS[:0]}, expect=[[WORDS, WORDS[:0]]])
    refused("SequenceConstruct", {}, {"a": A, "b": A.astype(np.float64)}, "float64")


def test_empty():
    check("SequenceEmpty", {}, {}, expect=[[]])
    check("SequenceEmpty", {"dtype": TensorProto.STRING}, {}, expect=[[]])
    refused("SequenceEmpty", {"dtype": 99}, {}, "99")


def test_insert():
    check("SequenceInsert", {}, {"s": [A, B], "x": C}, expect=[[A, B, C]])
    for at in 0, 1, 2, -1, -2:
        wanted = [A, B]
        wanted.insert(at, C)
        check("SequenceInsert", {}, {"s": [A, B], "x": C, "at": np.int64(at)}, expect=[wanted])
    check("SequenceInsert", {}, {"s": [WORDS], "x": WORDS[1:], "at": np.int32(0)}, expect=[[WORDS[1:], WORDS]])
    refused("SequenceInsert", {}, {"s": [A, B], "x": C, "at": np.int64(3)}, "position 3 is outside")
    refused("SequenceInsert", {}, {"s": [A, B], "x": A.astype(np.int32)}, "int32")


def test_erase():
    check("SequenceErase", {}, {"s": [A, B, C]}, expect=[[A, B]])
    for at in 0, 2, -3:
        check("SequenceErase", {}, {"s": [A, B, C], "at": np.int64(at)}, expect=[[v for i, v in enumerate([A, B, C]) if i != at % 3]])
    refused("SequenceErase", {}, {"s": [A], "at": np.int64(-2)}, "position -2 is outside")


def test_at():
    for at in 0, 1, -1:
        check("SequenceAt", {}, {"s": [A, B, C], "at": np.int64(at)}, expect=[[A, B, C][at]])
    check("SequenceAt", {}, {"s": [WORDS, WORDS[:1]], "at": np.int32(1)}, expect=[WORDS[:1]])
    refused("SequenceAt", {}, {"s": [A, B], "at": np.int64(2)}, "position 2 is outside a sequence of 2")
    refused("SequenceAt", {}, {"s": A, "at": np.int64(0)}, "no sequence")
    refused("SequenceAt", {}, {"s": [A, B], "at": np.zeros(0, np.int64)}, "0 elements where one is needed")


def test_length():
    check("SequenceLength", {}, {"s": [A, B, C]}, expect=[np.array(3)])
    check("SequenceLength", {}, {"s": []}, expect=[np.array(0)])


def test_split():
    x = RNG.standard_normal((5, 2, 3)).astype(np.float32)
    check("SplitToSequence", {"axis": 0}, {"x": x}, expect=[[x[i:i + 1] for i in range(5)]])
    check("SplitToSequence", {"axis": -1, "keepdims": 0}, {"x": x}, expect=[[x[..., i] for i in range(3)]])
    check("SplitToSequence", {"axis": 0, "keepdims": 0}, {"x": x, "n": np.int64(2)}, expect=[[x[:2], x[2:4], x[4:]]])
    check("SplitToSequence", {"axis": 0}, {"x": x, "n": np.array([4, 0, 1])}, expect=[[x[:4], x[4:4], x[4:]]])
    check("SplitToSequence", {}, {"x": WORDS}, expect=[[WORDS[i:i + 1] for i in range(3)]])
    refused("SplitToSequence", {}, {"x": x, "n": np.array([4, 2])}, "axis 0 has 5")
    refused("SplitToSequence", {}, {"x": x, "n": np.int64(0)}, "parts of 0")
    refused("SplitToSequence", {"axis": 3}, {"x": x}, "axis 3")


def test_concat():
    check("ConcatFromSequence", {"axis": 0}, {"s": [A, B, A]}, expect=[np.concatenate([A, B, A])])
    check("ConcatFromSequence", {"axis": -1, "new_axis": 1}, {"s": [A, A]}, expect=[np.stack([A, A], -1)])
    check("ConcatFromSequence", {"axis": 0, "new_axis": 1}, {"s": [WORDS, WORDS]}, expect=[np.stack([WORDS, WORDS])])
    refused("ConcatFromSequence", {"axis": 1}, {"s": [A, B]}, "another shape")
    refused("ConcatFromSequence", {"axis": 0}, {"s": []}, "empty sequence")


def test_map():
    # SequenceMap becomes a Loop over hone.ElementAt.
    x = [helper.make_tensor_value_info(n, 1, None) for n in ("e", "t")]
    y = [helper.make_tensor_value_info(n, d, None) for n, d in (("sum", 1), ("size", 7))]
    body = helper.make_graph([helper.make_node("Add", ["e", "t"], ["sum"]), helper.make_node("Size", ["e"], ["size"])], "body", x, y)
    check("SequenceMap", {"body": body}, {"s": [A, B], "t": B}, n_out=2, expect=[[A + B, B + B], [np.array(6), np.array(3)]])
    check("SequenceMap", {"body": body}, {"s": [A, B], "t": [B, A]}, n_out=2,
          expect=[[A + B, B + A], [np.array(6), np.array(3)]])
    refused("SequenceMap", {"body": body}, {"s": [A, B]}, "its body", n_out=2)


def test_optional():
    some, none = Optional(A), Optional(None, like=A)
    check("Optional", {}, {"x": A}, expect=[some])
    check("Optional", {"type": helper.make_sequence_type_proto(helper.make_tensor_type_proto(1, None))}, {},
          expect=[Optional(None, like=[A])])
    check("OptionalHasElement", {}, {"x": some}, expect=[np.array(True)])
    check("OptionalHasElement", {}, {"x": none}, expect=[np.array(False)])
    check("OptionalHasElement", {}, {"x": A}, expect=[np.array(True)])
    check("OptionalHasElement", {}, {}, expect=[np.array(False)])
    check("OptionalGetElement", {}, {"x": some}, expect=[A])
    check("OptionalGetElement", {}, {"x": Optional([A, C])}, expect=[[A, C]])
    check("OptionalGetElement", {}, {"x": A}, expect=[A])
    refused("OptionalGetElement", {}, {"x": none}, "holds nothing")
    refused("Optional", {}, {}, "attribute type")


def test_tensors_only():
    check("Identity", {}, {"s": [A, B]}, expect=[[A, B]])
    refused("Relu", {}, {"s": [A]}, "sequence(float32); a tensor is needed")
