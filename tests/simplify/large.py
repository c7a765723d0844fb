#!/usr/bin/env python3
"""A model with more weights than one protobuf file can hold, in and out: `PASS name` or `FAIL name: why`. Takes 5 GB of disk.

The weights beside the model are a file of holes with a few marks, so that making it costs nothing."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import onnx
from onnx import TensorProto, helper

HONE = os.environ.get("HONE", str(Path(__file__).resolve().parents[2] / "build/release/hone"))
WEIGHTS, SIDE = 9, 8192  # matrices of 256 MB: 2.25 GB
BYTES = SIDE * SIDE * 4
MOST_MEMORY = 1 << 29    # private bytes that simplifying may take


def mark_of(i):
    """(byte offset inside of a weight, what stands there)."""
    return BYTES - 4096 * (i + 1), bytes([i + 1, 0, 128, 63])


def external(name, i):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[SIDE, SIDE], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "in.data"), ("offset", i * BYTES), ("length", BYTES)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def make(folder):
    with open(folder / "in.data", "wb") as file:
        file.truncate(WEIGHTS * BYTES)
        for i in range(WEIGHTS):
            at, mark = mark_of(i)
            file.seek(i * BYTES + at)
            file.write(mark)
    nodes, value = [helper.make_node("Identity", ["x"], ["v0"])], lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", SIDE])
    for i in range(WEIGHTS):
        nodes.append(helper.make_node("MatMul", [f"v{i}", f"w{i}"], [f"v{i + 1}"]))
    graph = helper.make_graph(nodes, "large", [value("x")], [value(f"v{WEIGHTS}")], [external(f"w{i}", i) for i in range(WEIGHTS)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "in.onnx").write_bytes(model.SerializeToString())


def check(folder):
    make(folder)
    out = folder / "out.onnx"
    # The limit holds for memory of the process's own; mapped files do not count.
    argv = ["prlimit", f"--data={MOST_MEMORY}", HONE, "simplify", str(folder / "in.onnx"), str(out), "--no-check"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    model = onnx.load(out, load_external_data=False)
    assert [node.op_type for node in model.graph.node] == ["MatMul"] * WEIGHTS
    assert out.stat().st_size < 1 << 20 and (folder / "out.onnx.data").stat().st_size > 1 << 31
    with open(folder / "out.onnx.data", "rb") as file:
        for i in range(WEIGHTS):
            tensor = next(tensor for tensor in model.graph.initializer if tensor.name == f"w{i}")
            entry = {pair.key: pair.value for pair in tensor.external_data}
            assert (entry["location"], int(entry["length"])) == ("out.onnx.data", BYTES), entry
            at, mark = mark_of(i)
            file.seek(int(entry["offset"]) + at)
            assert file.read(4) == mark, f"weight {i} lies elsewhere"
    onnx.checker.check_model(str(out))


def main():
    with tempfile.TemporaryDirectory(prefix="hone-large-") as folder:
        try:
            check(Path(folder))
            print("PASS simplify/more_than_2_gb")
        except Exception as error:  # every fault is a failed test
            print(f"FAIL simplify/more_than_2_gb: {' '.join(str(error).split())[:300]}")
            sys.exit(1)


main()
