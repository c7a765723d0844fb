"""BatchNormalization, InstanceNormalization, LayerNormalization, GroupNormalization, RMSNormalization, LRN, LpNormalization."""
import ml_dtypes
import numpy as np
from optest import FLOATS, check, refused, run, values


def vectors(n, count, dtype=np.float32):
    """Scale, bias, mean, variance."""
    return [values((n,), dtype, 0.5, 2, seed=k) for k in range(count)]


def in_double(op, attributes, inputs):
    """What Hone gives for inputs converted to float64."""
    return run(op, attributes, [array.astype(np.float64) for array in inputs])[0]


def check_types(op, attributes, make_inputs):
    for dtype in FLOATS:
        inputs = make_inputs(dtype)
        want = in_double(op, attributes, inputs).astype(dtype)
        check(op, attributes, inputs, expect=[want])


def test_batch():
    for shape in ((2, 3, 5, 7), (2, 3), (4, 3, 300), (1, 1, 2, 3, 4)):
        for attributes in ({}, {"epsilon": 0.1}):
            check("BatchNormalization", attributes, [values(shape), *vectors(shape[1], 4)])
    check_types("BatchNormalization", {}, lambda dtype: [values((2, 3, 4), dtype), *vectors(3, 4, dtype)])
    mixed = [values((2, 3, 4), np.float16), *vectors(3, 2, np.float16), *vectors(3, 2)]
    check("BatchNormalization", {}, mixed, expect=[in_double("BatchNormalization", {}, mixed).astype(np.float16)])
    check("BatchNormalization", {}, [values((5,)), *vectors(1, 4)], evaluator=True)
    check("BatchNormalization", {}, [values((0, 3, 4)), *vectors(3, 4)], expect=[np.zeros((0, 3, 4), np.float32)])


def test_batch_training():
    for shape in ((2, 3, 5, 7), (4, 3)):
        for momentum in (0.9, 0.25):
            attributes = {"training_mode": 1, "momentum": momentum}
            check("BatchNormalization", attributes, [values(shape), *vectors(3, 4)], n_out=3, evaluator=True, atol=1e-5)
    inputs = [values((2, 3, 5)), *vectors(3, 4)]
    y, = run("BatchNormalization", {}, inputs)
    check("BatchNormalization", {}, inputs, n_out=3, expect=[y, inputs[3], inputs[4]])


def test_batch_refused():
    scale, bias, mean, variance = vectors(3, 4)
    x = values((2, 3, 5))
    refused("BatchNormalization", {}, [x, values((4,)), bias, mean, variance], "4 elements")
    refused("BatchNormalization", {}, [x, scale, bias, mean, values((3, 1))], "rank 2")
    refused("BatchNormalization", {}, [x, scale, bias, mean, variance.astype(np.float64)], "float64")
    refused("BatchNormalization", {}, [x.astype(np.int32), scale, bias, mean, variance], "int32")


def test_instance():
    for shape in ((2, 3, 5, 7), (1, 4, 300), (2, 2, 3, 4, 5)):
        check("InstanceNormalization", {"epsilon": 1e-3}, [values(shape), *vectors(shape[1], 2)], atol=1e-5)
    check_types("InstanceNormalization", {}, lambda dtype: [values((2, 3, 4), dtype), *vectors(3, 2, dtype)])
    check("InstanceNormalization", {}, [values((0, 3, 4)), *vectors(3, 2)], expect=[np.zeros((0, 3, 4), np.float32)])
    refused("InstanceNormalization", {}, [values((2, 3, 4)), *vectors(4, 2)], "4 elements")


def test_group():
    for groups in (1, 2, 3, 6):
        for shape in ((2, 6, 5, 7), (1, 6, 31), (3, 6, 2, 3, 4)):
            check("GroupNormalization", {"num_groups": groups}, [values(shape), *vectors(6, 2)], atol=1e-5)
    check_types("GroupNormalization", {"num_groups": 2}, lambda dtype: [values((2, 4, 3), dtype), *vectors(4, 2, dtype)])
    refused("GroupNormalization", {"num_groups": 4}, [values((2, 6, 4)), *vectors(6, 2)], "num_groups is 4")
    refused("GroupNormalization", {"num_groups": 0}, [values((2, 6, 4)), *vectors(6, 2)], "num_groups is 0")
    refused("GroupNormalization", {"num_groups": 3}, [values((2, 6, 4)), *vectors(3, 2)], "3 elements")


def test_layer():
    for shape in ((2, 3, 5), (4, 300), (1, 2, 3, 4)):
        for axis in range(-len(shape), len(shape)):
            tail = shape[axis:]
            scale, bias = values(tail), values(tail, seed=1)
            check("LayerNormalization", {"axis": axis}, [values(shape), scale, bias], n_out=3, atol=1e-5)
            check("LayerNormalization", {"axis": axis, "epsilon": 0.01}, [values(shape), scale], atol=1e-5)
    check_types("LayerNormalization", {}, lambda dtype: [values((2, 3, 4), dtype), *vectors(4, 2, dtype)])


def _layer(x, scale, bias, axis):
    axes = tuple(range(axis, x.ndim))
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5) * scale + bias


def test_layer_broadcast():
    x = values((2, 3, 4, 5), np.float64)
    for scale, bias in [((5,), (4, 5)), ((1,), (1, 1)), ((4, 1), (5,)), ((2, 1, 1, 5), (3, 1, 1)), ((), (2, 3, 4, 5))]:
        for axis in (1, 2, 3):
            parameters = [values(scale, np.float64), values(bias, np.float64, seed=1)]
            check("LayerNormalization", {"axis": axis}, [x, *parameters], expect=[_layer(x, *parameters, axis)], rtol=1e-7)


def test_layer_statistics():
    for stash, dtype in [(1, np.float32), (16, ml_dtypes.bfloat16)]:
        x = values((3, 8), np.float16)
        y, = run("LayerNormalization", {}, [x, np.ones(8, np.float16)])
        mean = x.astype(np.float64).mean(1, keepdims=True)
        inverse = 1 / np.sqrt(x.astype(np.float64).var(1, keepdims=True) + np.float32(1e-5))
        check("LayerNormalization", {"stash_type": stash}, [x, np.ones(8, np.float16)], n_out=3,
              expect=[y, mean.astype(dtype), inverse.astype(dtype)])
    constant = np.full((1, 1000), 1e4 + 0.1, np.float32)
    check("LayerNormalization", {}, [constant, np.ones(1000, np.float32)], expect=[np.zeros((1, 1000), np.float32)], atol=1e-3)


def test_layer_of_nothing():
    x, nothing = np.zeros((2, 0), np.float32), np.zeros(0, np.float32)
    unknown = np.full((2, 1), np.nan, np.float32)
    check("LayerNormalization", {}, [x, nothing], n_out=3, expect=[x, unknown, unknown])
    check("LayerNormalization", {"axis": 1}, [np.zeros((0, 3), np.float32), np.ones(3, np.float32)], n_out=3,
          expect=[np.zeros((0, 3), np.float32), np.zeros((0, 1), np.float32), np.zeros((0, 1), np.float32)])


def test_layer_refused():
    x = values((2, 3, 4))
    refused("LayerNormalization", {}, [x, values((3,))], "broadcast")
    refused("LayerNormalization", {}, [x, values((1, 2, 3, 4))], "broadcast")
    refused("LayerNormalization", {"axis": 3}, [x, values((4,))], "axis 3")
    refused("LayerNormalization", {"stash_type": 7}, [x, values((4,))], "stash_type")
    refused("LayerNormalization", {}, [x, values((4,), np.float64)], "float64")


def test_rms():
    for shape in ((2, 3, 5), (4, 300)):
        for axis in range(-len(shape), len(shape)):
            check("RMSNormalization", {"axis": axis}, [values(shape), values(shape[axis:])], atol=1e-5)
    check_types("RMSNormalization", {}, lambda dtype: [values((2, 3, 4), dtype), *vectors(4, 1, dtype)])
    mixed = [values((3, 4), np.float16), *vectors(4, 1)]
    check("RMSNormalization", {}, mixed, expect=[in_double("RMSNormalization", {}, mixed).astype(np.float32)])
    refused("RMSNormalization", {}, [values((2, 3, 4)), values((3,))], "broadcast")


def test_lrn():
    for shape in ((2, 7, 5, 6), (1, 3, 4, 4)):
        for size in (1, 3, 5, 7, 11):
            check("LRN", {"size": size}, [values(shape)])
            check("LRN", {"size": size, "alpha": 0.5, "beta": 0.6, "bias": 2.0}, [values(shape)])
    x = values((1, 4, 3))
    for size, before, after in [(2, 0, 1), (4, 1, 2)]:
        want = [x[:, c] / (1 + 1.0 / size * (x[:, max(0, c - before):c + after + 1] ** 2).sum(1)) ** 0.75 for c in range(4)]
        check("LRN", {"size": size, "alpha": 1.0}, [x], expect=[np.stack(want, 1)])
    check_types("LRN", {"size": 3, "alpha": 0.5}, lambda dtype: [values((2, 4, 3), dtype)])
    check("LRN", {"size": 3}, [values((2, 0, 3))], expect=[np.zeros((2, 0, 3), np.float32)])
    refused("LRN", {"size": 0}, [values((2, 4, 3))], "size is 0")
    refused("LRN", {"size": 3}, [values((4,))], "rank 1")


def test_lp():
    for p in (1, 2):
        for axis in (-3, -1, 0, 1):
            check("LpNormalization", {"p": p, "axis": axis}, [values((3, 4, 5))])
        check("LpNormalization", {"p": p}, [np.array([[3, 4], [0, 0]], np.float32)])
        check_types("LpNormalization", {"p": p}, lambda dtype: [values((2, 4, 3), dtype)])
    refused("LpNormalization", {"p": 3}, [values((2, 3))], "p is 3")
    refused("LpNormalization", {"axis": 2}, [values((2, 3))], "axis 2")
