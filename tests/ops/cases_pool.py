"""AveragePool, MaxPool, LpPool, GlobalAveragePool, GlobalMaxPool, GlobalLpPool, MaxUnpool."""
import itertools

import numpy as np
from optest import FLOATS, check, refused, run, values

POOLS = ("AveragePool", "MaxPool", "LpPool")


def test_windows():
    for op in POOLS:
        for kernel, stride, pads in itertools.product(([1, 1], [3, 2]), ([1, 1], [2, 3]), ([0, 0, 0, 0], [0, 1, 1, 0])):
            if all(p < kernel[i % 2] for i, p in enumerate(pads)):
                check(op, {"kernel_shape": kernel, "strides": stride, "pads": pads}, [values((2, 3, 8, 9))])
        check(op, {"kernel_shape": [5]}, [values((2, 3, 70))])
        check(op, {"kernel_shape": [5], "strides": [3], "pads": [2, 1]}, [values((2, 3, 71))])
        check(op, {"kernel_shape": [2, 3, 2], "strides": [2, 1, 3], "pads": [1, 0, 1, 0, 2, 0]}, [values((1, 2, 5, 6, 7))])
        check(op, {"kernel_shape": [8, 9]}, [values((2, 3, 8, 9))])


def test_auto_pad():
    for op in POOLS:
        for mode, size, kernel, stride in itertools.product(("SAME_UPPER", "SAME_LOWER", "VALID"), (7, 8), (2, 3), (1, 2, 3)):
            if op != "LpPool" or kernel >= stride:
                check(op, {"kernel_shape": [kernel, 2], "strides": [stride, 2], "auto_pad": mode}, [values((1, 2, size, 9))])


def test_dilations():
    for op in POOLS:
        check(op, {"kernel_shape": [3, 2], "dilations": [2, 3]}, [values((1, 2, 9, 8))])
        check(op, {"kernel_shape": [3, 2], "dilations": [2, 3], "strides": [2, 2], "pads": [2, 1, 0, 1]}, [values((1, 2, 9, 8))])


def test_ceil_mode():
    for op in POOLS:
        for size, kernel, stride, pad in itertools.product((6, 7, 8, 9), (2, 3), (2, 3), (0, 1)):
            attributes = {"kernel_shape": [kernel, 2], "strides": [stride, 1], "pads": [pad, 0, pad, 0], "ceil_mode": 1}
            check(op, attributes, [values((1, 2, size, 4))])


def test_average_counts_padding():
    x = values((1, 2, 7, 8))
    for stride, pads, ceil in itertools.product((1, 2, 3), ([0, 0, 0, 0], [1, 1, 1, 1], [2, 0, 1, 1]), (0, 1)):
        for include in (0, 1):
            attributes = {"kernel_shape": [3, 3], "strides": [stride, stride], "pads": pads, "ceil_mode": ceil,
                          "count_include_pad": include}
            check("AveragePool", attributes, [x])
    check("AveragePool", {"kernel_shape": [3], "dilations": [2], "pads": [2, 2], "count_include_pad": 1}, [values((1, 1, 7))])
    check("AveragePool", {"kernel_shape": [2, 2], "auto_pad": "SAME_UPPER", "count_include_pad": 1}, [values((1, 1, 5, 5))])


def test_average_beyond_padding():
    """What ceil_mode adds beyond the padding never counts."""
    x = np.arange(1, 6, dtype=np.float32).reshape(1, 1, 5)
    attributes = {"kernel_shape": [3], "strides": [3], "ceil_mode": 1}
    check("AveragePool", attributes, [x], expect=[np.array([[[2, 4.5]]], np.float32)])
    check("AveragePool", {**attributes, "count_include_pad": 1}, [x], expect=[np.array([[[2, 4.5]]], np.float32)])
    check("AveragePool", {**attributes, "count_include_pad": 1, "pads": [1, 0]}, [x],
          expect=[np.array([[[1, 4]]], np.float32)])


def test_max_indices():
    for order in (0, 1):
        for x, kernel in [((2, 3, 9), [3]), ((2, 3, 7, 8), [3, 2]), ((2, 2, 5, 6, 7), [2, 3, 2])]:
            n = len(kernel)
            for attributes in ({}, {"strides": [2] * n, "pads": [1] * n + [0] * n}, {"dilations": [2] * n}, {"ceil_mode": 1}):
                check("MaxPool", {"kernel_shape": kernel, "storage_order": order, **attributes}, [values(x)], n_out=2)
    ties = np.ones((1, 1, 4, 4), np.float32)
    check("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2]}, [ties], n_out=2)


def test_max_types():
    for dtype in (np.int8, np.uint8):
        check("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}, [values((1, 2, 9, 9), dtype, -128, 255)])
    check("MaxPool", {"kernel_shape": [3]}, [np.array([[[-3, -1, -2, -np.inf, -7, -8, np.inf, 1]]], np.float32)])
    x = np.array([[[1, np.nan, 2, 3, 4]]], np.float32)
    check("MaxPool", {"kernel_shape": [2]}, [x], expect=[np.array([[[np.nan, np.nan, 3, 4]]], np.float32)])


def test_float_types():
    for op in (*POOLS, "GlobalAveragePool", "GlobalMaxPool"):
        attributes = {"kernel_shape": [3, 2], "pads": [1, 0, 1, 0]} if op in POOLS else {}
        for dtype in FLOATS:
            x = values((2, 3, 6, 7), dtype)
            want, = run(op, attributes, [x.astype(np.float64)])
            check(op, attributes, [x], expect=[want.astype(dtype)])


def test_lp_orders():
    for p in (1, 2, 3, 4):
        check("LpPool", {"kernel_shape": [3, 2], "p": p}, [values((1, 2, 6, 5))])
    refused("LpPool", {"kernel_shape": [3, 2], "p": 0}, [values((1, 2, 6, 5))], "p is 0")


def test_global():
    for op in ("GlobalAveragePool", "GlobalMaxPool"):
        for shape in ((2, 3, 5), (2, 3, 5, 7), (1, 2, 3, 4, 5), (1, 1, 1, 1), (2, 3, 31, 37)):
            check(op, {}, [values(shape)])
        check(op, {}, [values((0, 3, 5, 7))], expect=[np.zeros((0, 3, 1, 1), np.float32)])
        refused(op, {}, [values((3,))], "rank 1")
    check("GlobalAveragePool", {}, [np.zeros((1, 2, 0), np.float32)], expect=[np.full((1, 2, 1), np.nan, np.float32)])
    check("GlobalMaxPool", {}, [np.zeros((1, 2, 0), np.float32)], expect=[np.full((1, 2, 1), -np.inf, np.float32)])
    check("GlobalMaxPool", {}, [np.array([[[1, np.nan, 2]]], np.float32)], expect=[np.array([[[np.nan]]], np.float32)])


def test_global_norms():
    for p in (1, 2, 3, 5):
        for shape in ((2, 3, 5), (2, 3, 5, 7), (1, 2, 3, 4, 5), (0, 3, 5), (2, 300, 2)):
            x = values(shape)
            want = (np.abs(x.astype(np.float64)) ** p).sum(tuple(range(2, x.ndim)), keepdims=True) ** (1 / p)
            check("GlobalLpPool", {"p": p}, [x], expect=[want.astype(np.float32)])
    for dtype in FLOATS:
        x = values((2, 3, 6), dtype)
        want = np.sqrt((x.astype(np.float64) ** 2).sum(2, keepdims=True)).astype(dtype)
        check("GlobalLpPool", {}, [x], expect=[want])
    refused("GlobalLpPool", {"p": 0}, [values((1, 2, 6))], "p is 0")
    refused("GlobalLpPool", {}, [values((3,))], "rank 1")


def test_max_unpool():
    for shape, kernel, attributes in [((2, 3, 9), [3], {"strides": [3]}), ((1, 2, 6, 8), [2, 2], {"strides": [2, 2]}), ((1, 2, 8, 8, 4), [2, 2, 2], {"strides": [2, 2, 2]})]:
        x = values(shape)
        pooled, indices = run("MaxPool", {"kernel_shape": kernel, **attributes}, [x], n_out=2)
        want = np.where(np.isin(np.arange(x.size), indices).reshape(x.shape), x, np.float32(0))
        check("MaxUnpool", {"kernel_shape": kernel, **attributes}, [pooled, indices], expect=[want])
        larger = [*shape[:2], *(n + 1 for n in shape[2:])]
        want = np.pad(want, [(0, 0), (0, 0), *[(0, 1)] * (len(shape) - 2)])
        check("MaxUnpool", {"kernel_shape": kernel, **attributes}, [pooled, indices, np.array(larger)], expect=[want])
    x, indices = values((1, 1, 2)), np.array([[[0, 3]]])
    check("MaxUnpool", {"kernel_shape": [3], "pads": [1, 0], "strides": [2]}, [x, indices], expect=[np.array([[[x[0, 0, 0], 0, 0, x[0, 0, 1]]]], np.float32)])
    for dtype in FLOATS:
        check("MaxUnpool", {"kernel_shape": [2], "strides": [2]}, [x.astype(dtype), indices], expect=[np.array([[[x[0, 0, 0], 0, 0, x[0, 0, 1]]]]).astype(dtype)])
    for bad in (4, -1):
        refused("MaxUnpool", {"kernel_shape": [2], "strides": [2]}, [x, np.array([[[0, bad]]])], f"index {bad}")
    refused("MaxUnpool", {"kernel_shape": [2], "strides": [2]}, [x, indices, np.array([1, 1, 2])], "index 3")
    refused("MaxUnpool", {}, [x, indices], "kernel_shape is missing")
    refused("MaxUnpool", {"kernel_shape": [2]}, [x, np.array([[[0]]])], "values and indices")
    refused("MaxUnpool", {"kernel_shape": [2]}, [x, indices, np.array([1, 4])], "2 sizes")


def test_empty():
    for op in POOLS:
        check(op, {"kernel_shape": [2, 2]}, [values((0, 3, 4, 4))], expect=[np.zeros((0, 3, 3, 3), np.float32)])
        check(op, {"kernel_shape": [2, 2]}, [values((1, 0, 4, 4))], expect=[np.zeros((1, 0, 3, 3), np.float32)])


def test_kernels_far_larger_than_the_input():
    huge = 2**30
    attributes = {"kernel_shape": [huge, huge], "pads": [huge - 1, huge - 1, huge, huge], "strides": [huge - 1, huge - 1]}
    x = values((1, 1, 3, 2))
    check("MaxPool", attributes, [x], expect=[np.array([[[[x[0, 0, 0, 0], x[0, 0, 0].max()], [x[0, 0, :, 0].max(), x.max()]]]])])
    got, = run("AveragePool", attributes, [x])
    assert np.allclose(got[0, 0, 1, 1], x.mean())


def test_refused():
    x = values((1, 2, 6, 5))
    for op in POOLS:
        refused(op, {}, [x], "kernel_shape")
        refused(op, {"kernel_shape": [2]}, [x], "kernel_shape")
        refused(op, {"kernel_shape": [0, 2]}, [x], "kernel_shape[0] is 0")
        refused(op, {"kernel_shape": [7, 2]}, [x], "does not fit")
        refused(op, {"kernel_shape": [2, 2], "strides": [2, 0]}, [x], "strides[1]")
        refused(op, {"kernel_shape": [2, 2], "auto_pad": "ANY"}, [x], "auto_pad")
        refused(op, {"kernel_shape": []}, [values((2, 3))], "rank 2")
        refused(op, {"kernel_shape": [2, 2]}, [x.astype(np.int32)], "int32")
    refused("AveragePool", {"kernel_shape": [2, 2]}, [x.astype(np.int8)], "int8")
