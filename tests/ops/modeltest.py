"""Tests of operators whose values are no tensors of numbers: one-node models that go through the command line, as a plan and by
reference, beside ONNX Runtime or the ONNX reference evaluator where that refuses.

    check("SequenceAt", {}, {"s": [a, b], "i": np.int64(1)})     lists are sequences; dtype object: strings; None: absent
    check(..., expect=[...])                                     the wanted outputs instead of an oracle's
    refused("SequenceAt", {}, {...}, "text")                     `hone run` must end with status 2 and that text
"""
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnx.reference
import onnxruntime
from onnx import helper, numpy_helper

import optest

HONE = os.environ.get("HONE", str(Path(__file__).resolve().parents[2] / "build/release/hone"))


class Optional:
    """An optional value: Optional(x), or Optional(None, like=x) for an empty one."""

    def __init__(self, value, like=None):
        self.value, self.like = value, value if like is None else like


def type_of(value):
    if isinstance(value, Optional):
        return helper.make_optional_type_proto(type_of(value.like))
    if isinstance(value, list):
        return helper.make_sequence_type_proto(type_of(value[0]) if value else helper.make_tensor_type_proto(1, None))
    if isinstance(value, dict):
        first = next(iter(value.values()))
        return helper.make_map_type_proto(8 if isinstance(next(iter(value)), str) else 7,
                                          type_of(np.array(first, object) if isinstance(first, str) else first))
    return helper.make_tensor_type_proto(optest.dtype_number(np.asarray(value)), list(np.shape(value)))


def map_proto(value, name):
    proto, words = onnx.MapProto(name=name), isinstance(next(iter(value)), str)
    proto.key_type = onnx.TensorProto.STRING if words else onnx.TensorProto.INT64
    (proto.string_keys if words else proto.keys).extend(k.encode() if words else int(k) for k in value)
    items = [np.array(v, object) if isinstance(v, str) else np.asarray(v) for v in value.values()]
    proto.values.CopyFrom(numpy_helper.from_list(items))
    return proto


def to_proto(value, name):
    if isinstance(value, Optional):
        empty = onnx.OptionalProto(name=name, elem_type=onnx.OptionalProto.TENSOR)
        return empty if value.value is None else numpy_helper.from_optional(value.value, name)
    if isinstance(value, list):
        return numpy_helper.from_list(value, name, None if value else onnx.SequenceProto.TENSOR)
    if isinstance(value, dict):
        return map_proto(value, name)
    return numpy_helper.from_array(np.asarray(value), name)


def model_of(op, attributes, inputs, n_out, out_types, domain, opset):
    outputs = [f"y{i}" for i in range(n_out)]
    node = helper.make_node(op, list(inputs), outputs, domain=domain, **attributes)
    types = out_types or [onnx.TypeProto() for _ in outputs]
    graph = helper.make_graph([node], "one_node",
                              [helper.make_value_info(name, type_of(value)) for name, value in inputs.items() if name],
                              [helper.make_value_info(name, kind) for name, kind in zip(outputs, types)])
    opsets = [helper.make_opsetid(domain, opset)] if domain else [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets + ([helper.make_opsetid("", 22)] if domain else []), ir_version=10)


def read(path, kind):
    holder = {"sequence_type": (onnx.SequenceProto, numpy_helper.to_list), "optional_type": (onnx.OptionalProto, numpy_helper.to_optional),
              "map_type": (onnx.MapProto, numpy_helper.to_dict)}.get(kind, (onnx.TensorProto, numpy_helper.to_array))
    proto = holder[0]()
    proto.ParseFromString(Path(path).read_bytes())
    return holder[1](proto)


def run(model, inputs, kinds, *options):
    """Outputs of `hone run`, read as `kinds`; a subprocess result when it fails."""
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(model, f"{folder}/model.onnx")
        command = [HONE, "run", f"{folder}/model.onnx", "--outputs", f"{folder}/", *options]
        for name, value in inputs.items():
            if not name:
                continue
            Path(f"{folder}/{name}.pb").write_bytes(to_proto(value, name).SerializeToString())
            command += ["--input", f"{name}:{folder}/{name}.pb"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if result.returncode:
            return result
        return [read(f"{folder}/output_{i}.pb", kind) for i, kind in enumerate(kinds)]


def oracle(model, inputs):
    feed = {name: value.value if isinstance(value, Optional) else value for name, value in inputs.items() if name}
    feed = {name: np.asarray(v) if not isinstance(v, (list, dict)) and v is not None else v for name, v in feed.items()}
    try:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run(None, feed)
    except Exception:  # it lacks the operator, the type or the opset
        return onnx.reference.ReferenceEvaluator(model).run(None, feed)


def texts(array):
    return np.vectorize(lambda v: v.decode() if isinstance(v, bytes) else v, otypes=[object])(array)


def assert_same(found, wanted, where="output"):
    if isinstance(wanted, (list, tuple)):
        assert isinstance(found, (list, tuple)) and len(found) == len(wanted), f"{where}: {found} is not {wanted}"
        for i, (a, b) in enumerate(zip(found, wanted)):
            assert_same(a, b, f"{where}[{i}]")
    elif isinstance(wanted, dict):
        assert {texts(np.array(k)).item(): float(v) for k, v in found.items()} == wanted, f"{where}: {found} is not {wanted}"
    elif wanted is None:
        assert found is None, f"{where}: {found} should be nothing"
    else:
        wanted = np.asarray(wanted)
        assert found.shape == wanted.shape, f"{where}: shape {found.shape} is not {wanted.shape}"
        if wanted.dtype.kind in "OUS":
            assert (texts(found) == texts(wanted.astype(object))).all(), f"{where}: {found} is not {wanted}"
        else:
            assert found.dtype == wanted.dtype, f"{where}: {found.dtype} is not {wanted.dtype}"
            rtol, atol = optest.TOLERANCE.get(wanted.dtype.name, (0, 0))
            np.testing.assert_allclose(found, wanted, rtol=rtol, atol=atol, err_msg=where)


def kind_of(value):
    return {list: "sequence_type", dict: "map_type", Optional: "optional_type"}.get(type(value), "tensor_type")


def check(op, attributes, inputs, n_out=1, out_types=None, expect=None, domain="", opset=22):
    optest.seen.add(f"{domain}.{op}" if domain else op)
    model = model_of(op, attributes, inputs, n_out, out_types, domain, opset)
    wanted = expect if expect is not None else oracle(model, inputs)
    kinds = [kind_of(value) for value in wanted]
    wanted = [value.value if isinstance(value, Optional) else value for value in wanted]
    for options in [], ["--reference"]:
        found = run(model, inputs, kinds, *options)
        assert isinstance(found, list), f"{options}: {found.stderr.strip()}"
        assert_same(found, wanted)


def refused(op, attributes, inputs, text, n_out=1, domain="", opset=22):
    found = run(model_of(op, attributes, inputs, n_out, None, domain, opset), inputs, [])
    assert not isinstance(found, list), "it ran"
    assert found.returncode == 2 and text in found.stderr, found.stderr
