"""Models of one node: Hone beside ONNX Runtime.

    check("BiasGelu", {}, [x, bias])             compares both ways of running with ONNX Runtime
    check("BiasAdd", {}, [x, b, s], expect=[y])  or with given outputs
    refused("FusedConv", {...}, [x, w], "text")  Hone must refuse, with that text

Inputs are arrays, or None for absent ones; `constant` lists inputs that become initializers."""
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper

HONE = os.environ.get("HONE", str(Path(__file__).resolve().parents[2] / "build/release/hone"))


def random(shape, dtype=np.float32, low=-1.0, high=1.0, seed=0):
    generator = np.random.default_rng([seed, *shape])
    if np.dtype(dtype).kind in "iu":
        return generator.integers(int(low), int(high), shape, endpoint=True, dtype=dtype)
    return generator.uniform(low, high, shape).astype(dtype)


def model_of(op, attributes, inputs, n_out, constant, domain, opset, unwanted, symbolic):
    names = ["" if array is None else f"in{i}" for i, array in enumerate(inputs)]
    outputs = ["" if i in unwanted else f"out{i}" for i in range(n_out)]
    node = helper.make_node(op, names, outputs, domain=domain, **attributes)
    info, weights = [], []
    for i, (name, array) in enumerate(zip(names, inputs)):
        if name and i in constant:
            weights.append(onnx.numpy_helper.from_array(array, name))
        elif name:
            shape = [f"d{i}_{k}" for k in range(array.ndim)] if symbolic else array.shape
            info.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), shape))
    results = [helper.make_empty_tensor_value_info(name) for name in outputs if name]
    graph = helper.make_graph([node], "case", info, results, weights)
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def runtime(model, feeds, threads=1):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, feeds)


def of_runtime(op, attributes, inputs, n_out=1):
    """What ONNX Runtime gives."""
    feeds = {f"in{i}": array for i, array in enumerate(inputs) if array is not None}
    return runtime(model_of(op, attributes, inputs, n_out, (), "com.microsoft", 17, (), False), feeds)


def hone(model, feeds, options=()):
    """(outputs by name, None), or (None, the message)."""
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(model, f"{folder}/case.onnx")
        np.savez(f"{folder}/in.npz", **feeds)
        command = [HONE, "run", f"{folder}/case.onnx", *options, "--outputs", f"{folder}/out.npz"]
        done = subprocess.run(command + (["--inputs", f"{folder}/in.npz"] if feeds else []), capture_output=True, text=True, timeout=60)
        if done.returncode:
            return None, done.stderr
        with np.load(f"{folder}/out.npz") as outputs:
            return dict(outputs), None


def simplified(model):
    """The model as `hone simplify` leaves it."""
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(model, f"{folder}/case.onnx")
        done = subprocess.run([HONE, "simplify", f"{folder}/case.onnx", f"{folder}/out.onnx"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return onnx.load(f"{folder}/out.onnx")


def check_simplified(model, feeds, wanted, rtol, atol, threads):
    """The node comes back as it was, and ONNX Runtime, where it has the operator (`wanted`), still runs it."""
    made = simplified(model)
    before, after = model.graph.node[0], made.graph.node[0]
    plain = lambda node: (node.op_type, node.domain, list(node.output), sorted(a.SerializeToString() for a in node.attribute))
    assert len(made.graph.node) == 1 and plain(before) == plain(after), f"simplified to {onnx.printer.to_text(made.graph)[:300]}"
    for got, want in zip(runtime(made, feeds, threads) if wanted is not None else (), wanted or (), strict=True):
        compare(np.asarray(got), np.asarray(want), rtol, atol)


def compare(got, want, rtol, atol):
    assert got.shape == want.shape, f"shape {got.shape}, not {want.shape}"
    assert got.dtype == want.dtype, f"{got.dtype}, not {want.dtype}"
    wrong = ~np.isclose(got.astype(np.float64), want.astype(np.float64), rtol, atol, equal_nan=True)
    if wrong.any():
        at = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise AssertionError(f"differs at {int(wrong.sum())} of {got.size} places, first {at}: {got[at]!r} instead of {want[at]!r}")


def check(op, attributes, inputs, n_out=1, expect=None, constant=(), domain="com.microsoft", opset=17, unwanted=(), rtol=1e-4,
          atol=1e-5, symbolic=False, threads=1):
    model = model_of(op, attributes, inputs, n_out, constant, domain, opset, unwanted, symbolic)
    feeds = {f"in{i}": array for i, array in enumerate(inputs) if array is not None and i not in constant}
    wanted = runtime(model, feeds, threads) if expect is None else expect
    names = [f"out{i}" for i in range(n_out) if i not in unwanted]
    for options in (["--reference"], []):
        outputs, message = hone(model, feeds, options)
        assert outputs is not None, f"{op} {options}: {message}"
        for name, want in zip(names, wanted, strict=True):
            compare(outputs[name], np.asarray(want), rtol, atol)
    check_simplified(model, feeds, wanted if expect is None else None, rtol, atol, threads)


def refused(op, attributes, inputs, text, n_out=1, domain="com.microsoft", opset=17):
    model = model_of(op, attributes, inputs, n_out, (), domain, opset, (), False)
    outputs, message = hone(model, {f"in{i}": array for i, array in enumerate(inputs) if array is not None})
    assert outputs is None, f"{op} was not refused"
    assert text in message, f"{op} was refused with {message}"
