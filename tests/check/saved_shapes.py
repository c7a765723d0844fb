"""`hone check MODEL --save-shapes OUT`: OUT is MODEL plus what onnx's own inference finds, and ONNX Runtime runs it alike."""
import subprocess

import numpy as np
import onnx
import onnxruntime



def extents(info):
    """Sizes of a value's dimensions: numbers, names, or None; None as a whole when nothing is known."""
    kind = info.type.tensor_type
    if not kind.HasField("shape"):
        return None
    return [d.dim_value if d.HasField("dim_value") else d.dim_param or None for d in kind.shape.dim]


def without_values(model):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.value_info[:]
    return copy.SerializeToString(deterministic=True)


def compare_values(want, got):
    """Where the saved model knows less than onnx's inference, or something else."""
    known = {value.name: value for value in got.graph.value_info}
    for value in want.graph.value_info:
        theirs = extents(value)
        if value.name not in known:
            if theirs is None:
                continue
            return f"{value.name} is missing"
        mine = extents(known[value.name])
        if known[value.name].type.tensor_type.elem_type != value.type.tensor_type.elem_type:
            return f"{value.name} has another type"
        if theirs and (mine is None or len(mine) != len(theirs)):
            return f"{value.name} is {mine}, onnx says {theirs}"
        if theirs and any(isinstance(t, int) and m != t for m, t in zip(mine, theirs)):
            return f"{value.name} is {mine}, onnx says {theirs}"
    return None


def outputs(path, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, feeds)


def feeds_of(model):
    types = {1: np.float32, 7: np.int64, 9: np.bool_}
    return {i.name: np.ones([d.dim_value or 3 for d in i.type.tensor_type.shape.dim], types[i.type.tensor_type.elem_type])
            for i in model.graph.input}


def is_valid(path):
    try:
        onnx.checker.check_model(path)
    except onnx.checker.ValidationError:
        return False
    return True


def judge(hone, path, out):
    """What is wrong, or None."""
    done = subprocess.run([hone, "check", path, "--save-shapes", out], capture_output=True, text=True, timeout=60)
    if done.returncode:
        return f"exit {done.returncode}: {done.stderr.strip()}"
    before, after = onnx.load(path), onnx.load(out)
    if without_values(before) != without_values(after):
        return "more was changed than value_info"
    if len({v.name for v in after.graph.value_info}) != len(after.graph.value_info):
        return "a value is described twice"
    trouble = compare_values(onnx.shape_inference.infer_shapes(before, data_prop=True), after)
    if trouble:
        return trouble
    if is_valid(path) and not is_valid(out):
        return "onnx's checker refuses it"
    feeds = feeds_of(before)
    same = all(np.array_equal(a, b) for a, b in zip(outputs(path, feeds), outputs(out, feeds)))
    return None if same else "ONNX Runtime gives other outputs"
