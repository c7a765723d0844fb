#!/usr/bin/env python3
"""`hone simplify` on small models of every opset: the result passes ONNX's checker, gives ONNX Runtime the same outputs where
it can run the model, and is left as it is by a second run. Each is also written as it stands, and in a newer opset.

usage: run.py [WORD of a case's name]"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

ROOT = Path(__file__).resolve().parents[2]
HONE = os.environ.get("HONE", str(ROOT / "build/release/hone"))
CASES = ROOT / "tests/data/onnx/good"
NEWER = 21          # an opset that ONNX Runtime has
OLDEST = 7          # the oldest that is written
TYPES = {"tensor(float)": "f4", "tensor(double)": "f8", "tensor(float16)": "f2", "tensor(int64)": "i8",
         "tensor(int32)": "i4", "tensor(int8)": "i1", "tensor(uint8)": "u1", "tensor(bool)": "?"}

# ONNX Runtime gives zeros for the mask of the Dropout before opset 10, which says that all elements are kept, and an
# inverse deviation for the saved variance of BatchNormalization.
NOT_IN_ONNXRUNTIME = {"dropout_mask_7", "batch_norm_saved_9"}
# The 2-D form of a softmax over no elements has no Reshape before opset 14.
NOT_AS_IT_STANDS = {"softmax_nothing_11"}


class Failure(Exception):
    """What is wrong, in one line."""


def session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def draw(port):
    """Floats of both signs, integers that are indices of anything."""
    shape = [extent if isinstance(extent, int) else 2 for extent in port.shape]
    kind = np.dtype(TYPES[port.type])
    rng = np.random.default_rng(len(port.name))
    return rng.normal(size=shape).astype(kind) if kind.kind == "f" else rng.integers(0, 2, size=shape).astype(kind)


def reference(path):
    """(feeds, outputs) in ONNX Runtime; None where it cannot run the model."""
    try:
        one = session(path)
        feeds = {port.name: draw(port) for port in one.get_inputs()}
        return feeds, one.run(None, feeds)
    except Exception:  # it lacks operators and types, and refuses some old models
        return None


def call(*arguments):
    done = subprocess.run([HONE, "simplify", *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def same(one, other):
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return bool(np.allclose(one, other, 1e-4, 1e-5, equal_nan=True)) if one.dtype.kind in "fc" else bool((one == other).all())


def is_valid(model):
    try:
        onnx.checker.check_model(model)
        return True
    except onnx.checker.ValidationError:
        return False


def judge(path, out, expected):
    model, source = onnx.load(out), onnx.load(path)
    names = lambda ports: [port.name for port in ports]
    constants = {tensor.name for tensor in source.graph.initializer}
    if names(model.graph.output) != names(source.graph.output):
        raise Failure("the outputs have other names")
    if names(model.graph.input) != [name for name in names(source.graph.input) if name not in constants]:
        raise Failure("the inputs have other names")
    if any(node.domain == "" and node.op_type.startswith("hone") for node in model.graph.node):
        raise Failure("an internal operator was written")
    if expected:
        if is_valid(source):
            onnx.checker.check_model(model)
        for name, before, after in zip(names(model.graph.output), expected[1], session(out).run(None, expected[0])):
            if not same(before, after):
                raise Failure(f"output '{name}' differs in ONNX Runtime")


def opset(path):
    return next((entry.version for entry in onnx.load(path).opset_import if entry.domain in ("", "ai.onnx")), NEWER)


def check(path, folder):
    """Returns 'with ONNX Runtime' or 'without'."""
    expected = None if path.stem in NOT_IN_ONNXRUNTIME else reference(path)
    out, again = Path(folder, "out.onnx"), Path(folder, "again.onnx")
    status, _, err = call(path, out)
    if status:
        raise Failure(f"status {status}: {err.splitlines()[0] if err else ''}")
    judge(path, out, expected)
    status, _, err = call(out, again)
    if status:
        raise Failure(f"a second run has status {status}: {err}")
    first, second = len(onnx.load(out).graph.node), len(onnx.load(again).graph.node)
    if second > first or (second < first and opset(path) >= OLDEST):
        raise Failure(f"a second run leaves {second} nodes instead of {first}")
    as_it_stands = [["--skip-optimization"]] if opset(path) >= OLDEST and path.stem not in NOT_AS_IT_STANDS else []
    for options in as_it_stands + [["--target-opset", max(NEWER, opset(path))]]:
        status, _, err = call(path, again, "--no-check", *options)
        if status:
            raise Failure(f"{options}: status {status}: {err}")
        judge(path, again, expected)
    return "with ONNX Runtime" if expected else "without"


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    failed, compared = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(CASES.glob("*.onnx")):
            if word not in path.stem:
                continue
            try:
                compared += check(path, folder) == "with ONNX Runtime"
                print(f"PASS simplify/{path.stem}", flush=True)
            except Exception as error:  # a fault of the harness is a failed case, not the end of the run
                failed += 1
                print(f"FAIL simplify/{path.stem}: {re.sub(r'[^ -~]+', ' ', str(error))[:300]}", flush=True)
            for left in Path(folder).iterdir():
                left.unlink()
    print(f"{compared} models were compared in ONNX Runtime")
    return 1 if failed else 0


sys.exit(main())
