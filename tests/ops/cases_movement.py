"""Copies of elements to other places."""
import itertools

import ml_dtypes
import numpy as np

from cases_shape import MAX, every_type, inferred, ints, strings
from optest import HOST_DATA, check, refused, values

MIN = -MAX - 1


def whole_bytes(shape):
    """Every type that operators other than Transpose and Pad take."""
    return (x for x in every_type(shape) if not x.dtype.name.startswith(("float8", "int4", "uint4")))


# ---- Transpose ----

def test_transpose():
    x = values((2, 3, 4, 5))
    for perm in itertools.permutations(range(4)):
        check("Transpose", {"perm": list(perm)}, [x])
    check("Transpose", {}, [x])
    check("Transpose", {}, [np.array(1.0, np.float32)])
    check("Transpose", {}, [values((5,))])
    check("Transpose", {"perm": [1, 0]}, [ints(1, 2, 3, 4, 5, 6).reshape(2, 3)], elements=True)
    check("Transpose", {"perm": [2, 0, 1]}, [np.zeros((2, 0, 3), np.float32)])
    check("Transpose", {"perm": [7, 1, 2, 3, 6, 5, 4, 0]}, [values((2, 1, 2, 3, 1, 2, 2, 3))])
    for y in every_type((3, 5)):
        check("Transpose", {"perm": [1, 0]}, [y], expect=[np.ascontiguousarray(y.T)])
    refused("Transpose", {"perm": [0, 1]}, [x], "rank 4")
    refused("Transpose", {"perm": [0, 1, 2, 2]}, [x], "once")
    refused("Transpose", {"perm": [0, 1, 2, 4]}, [x], "once")
    refused("Transpose", {"perm": [0, 1, 2, -1]}, [x], "once")


# ---- Concat, Split ----

def test_concat():
    x = values((2, 3, 4))
    for axis in (0, 1, 2, -1, -3):
        check("Concat", {"axis": axis}, [x, x + 1, x + 2])
    check("Concat", {"axis": 1}, [values((2, n, 3)) for n in (1, 0, 5, 2)])
    check("Concat", {"axis": 0}, [x])
    check("Concat", {"axis": 0}, [ints(3, 4), ints(5), ints()], elements=True)
    check("Concat", {"axis": 1}, [values((1, n), np.int8) for n in range(1, 40)])
    check("Concat", {"axis": 1}, [np.zeros((0, 2), np.float32), np.zeros((0, 3), np.float32)])
    for y in whole_bytes((2, 3)):
        check("Concat", {"axis": 1}, [y, y], expect=[np.concatenate([y, y], 1)])
    refused("Concat", {"axis": 3}, [x, x], "axis 3")
    refused("Concat", {}, [x, x], "axis is missing")
    refused("Concat", {"axis": 0}, [x, values((2, 3, 5))], "axis 2")
    refused("Concat", {"axis": 0}, [x, values((2, 3))], "rank 2")
    refused("Concat", {"axis": 0}, [x, values((2, 3, 4), np.int32)], "int32")
    refused("Concat", {"axis": 0}, [np.array(1.0, np.float32)], "scalars")


def test_split():
    x = values((6, 5, 7))
    check("Split", {"axis": 0}, [x, ints(1, 2, 3)], n_out=3)
    check("Split", {"axis": -1}, [x, ints(0, 7)], n_out=2)
    check("Split", {"axis": 0, "num_outputs": 3}, [x], n_out=3)
    check("Split", {"axis": 1, "num_outputs": 2}, [x], n_out=2)
    check("Split", {"axis": 2, "num_outputs": 4}, [x], n_out=4)
    check("Split", {"num_outputs": 1}, [x], n_out=1)
    check("Split", {"axis": 0}, [ints(4, 5, 6), ints(1, 2)], n_out=2, elements=True)
    check("Split", {"axis": 1}, [values((2, 16)), ints(*[1] * 16)], n_out=16)
    check("Split", {"axis": 0}, [np.zeros((0, 3), np.float32), ints(0, 0)], n_out=2)
    for y in whole_bytes((4, 3)):
        check("Split", {"axis": 0}, [y, ints(3, 1)], n_out=2, expect=[y[:3], y[3:]])
    refused("Split", {"axis": 0}, [x, ints(1, 2)], "parts have 3", n_out=2)
    refused("Split", {"axis": 0}, [x, ints(-1, 7)], "negative", n_out=2)
    refused("Split", {"axis": 0}, [x, ints(1, 2, 3)], "", n_out=2)
    refused("Split", {"axis": 0, "num_outputs": 3}, [x], "3", n_out=2)
    refused("Split", {"axis": 1, "num_outputs": 4}, [x], "", n_out=4)
    refused("Split", {"axis": 3}, [x, ints(1)], "axis 3")


# ---- Slice ----

def test_slice_one_axis():
    x = values((5, 3))
    bounds = [0, 1, 2, 4, 5, 6, 9, -1, -2, -4, -5, -6, -9, MAX, MIN, 2**31 - 1, -(2**31)]
    for start, end, step in itertools.product(bounds, bounds, (1, 2, 7, -1, -2, -7)):
        check("Slice", {}, [x, ints(start), ints(end), ints(0), ints(step)])


def test_slice_random():
    random = np.random.default_rng(7)
    for _ in range(200):
        shape = tuple(random.integers(0, 6, int(random.integers(1, 5))))
        axes = random.permutation(len(shape))[:int(random.integers(1, len(shape) + 1))]
        starts, ends = random.integers(-7, 8, len(axes)), random.integers(-7, 8, len(axes))
        steps = random.choice([1, 1, 1, 2, 3, -1, -2], len(axes))
        axes = np.where(random.random(len(axes)) < 0.3, axes - len(shape), axes)
        x = values(shape)
        check("Slice", {}, [x, starts, ends, axes, steps])
        few = [list_.astype(np.int32) for list_ in (starts, ends, axes, steps)]
        check("Slice", {}, [x, *few])


def test_slice_forms():
    x = values((4, 5, 6))
    check("Slice", {}, [x, ints(1, 2), ints(3, 4)])
    check("Slice", {}, [x, np.array(1), ints(3)], expect=[x[1:3]])
    check("Slice", {}, [x, ints(1), ints(3), ints(-1)])
    check("Slice", {}, [x, ints(1, 0, 2), ints(3, 1, 5), None, ints(1, 1, 2)])
    check("Slice", {}, [x, ints(), ints(), ints()])
    check("Slice", {}, [x, ints(3), ints(MAX), ints(1), ints(MAX)])
    check("Slice", {}, [x, ints(-1), ints(MIN), ints(1), ints(MIN)], expect=[x[:, -1:]])
    check("Slice", {}, [ints(5, 6, 7, 8), ints(1), ints(MAX)], elements=True)
    check("Slice", {}, [ints(5, 6, 7, 8), ints(-1), ints(MIN), ints(0), ints(-2)], elements=True)
    check("Slice", {}, [np.zeros((0, 2), np.float32), ints(-1), ints(MIN), ints(0), ints(-1)])
    for y in whole_bytes((5, 3)):
        check("Slice", {}, [y, ints(-2, 0), ints(0, 2), ints(0, 1), ints(-2, 1)], expect=[y[-2:0:-2, 0:2]])
    refused("Slice", {}, [x, ints(1), ints(2), ints(3)], "axis 3")
    refused("Slice", {}, [x, ints(1), ints(2), ints(0), ints(0)], "step")
    refused("Slice", {}, [x, ints(1, 1), ints(2, 2), ints(0, -3)], "twice")
    refused("Slice", {}, [x, ints(1, 1), ints(2)], "list")
    refused("Slice", {}, [x, ints(1), ints(2), ints(0, 1)], "list")
    refused("Slice", {}, [x, ints(0, 0, 0, 0), ints(1, 1, 1, 1)], "list")
    refused("Slice", {}, [x, np.ones(1, np.float32), ints(2)], "allowed")
    refused("Slice", {}, [np.array(1.0, np.float32), ints(0), ints(1)], "scalar")


# ---- Expand, Tile ----

def test_expand():
    x = values((3, 1, 2))
    for shape in ([3, 4, 2], [1], [2, 3, 5, 2], [1, 1, 1], [3, 1, 1], [0, 1], [2, 1, 3, 1, 1], []):
        check("Expand", {}, [x, ints(*shape)])
    check("Expand", {}, [np.array(2.0, np.float32), ints(2, 3)])
    check("Expand", {}, [np.array(2.0, np.float32), ints()])
    check("Expand", {}, [ints(1, 2, 3).reshape(3, 1), ints(3, 2)], elements=True)
    check("Expand", {}, [np.zeros((0, 1), np.float32), ints(1, 0, 4)])
    for y in whole_bytes((1, 3)):
        check("Expand", {}, [y, ints(2, 1)], expect=[np.broadcast_to(y, (2, 3))])
    refused("Expand", {}, [x, ints(2, 1, 2)], "broadcast")
    refused("Expand", {}, [x, ints(-1, 1, 2)], "negative")


def test_tile():
    x = values((2, 3, 1))
    for repeats in ([1, 1, 1], [2, 1, 3], [1, 2, 1], [3, 2, 4], [0, 1, 1], [1, 1, 0]):
        check("Tile", {}, [x, ints(*repeats)])
    check("Tile", {}, [values((5,)), ints(7)])
    check("Tile", {}, [np.array(2.0, np.float32), ints()])
    check("Tile", {}, [ints(1, 2), ints(3)], elements=True)
    check("Tile", {}, [values((1, 2, 1, 3)), ints(2, 2, 3, 2)])
    check("Tile", {}, [np.zeros((0, 2), np.float32), ints(3, 2)])
    for y in whole_bytes((2, 2)):
        check("Tile", {}, [y, ints(2, 3)], expect=[np.tile(y, (2, 3))])
    refused("Tile", {}, [x, ints(1, 2)], "rank 3")
    refused("Tile", {}, [x, ints(1, 2, -1)], "negative")


# ---- Pad ----

def padded(x, pads, mode):
    """NumPy's pad after cropping by the negative pads."""
    n = x.ndim
    x = x[tuple(slice(max(0, -pads[i]), x.shape[i] - max(0, -pads[i + n])) for i in range(n))]
    return np.pad(x, [(max(0, pads[i]), max(0, pads[i + n])) for i in range(n)], mode)


def test_pad_modes():
    x = values((3, 4, 5))
    for mode in ("constant", "edge", "wrap", "reflect"):
        for pads in ([0, 0, 0, 0, 0, 0], [1, 2, 3, 2, 1, 0], [0, 0, 2, 0, 0, 1], [2, 0, 0, 0, 3, 0], [-1, 0, 2, 2, -2, 0], [0, 2, -2, 0, -1, 2]):
            check("Pad", {"mode": mode}, [x, ints(*pads)], expect=[padded(x, pads, mode)])
        check("Pad", {"mode": mode}, [x, ints(1, 2, 1, 1), None, ints(-1, 0)])
        check("Pad", {"mode": mode}, [x, ints(1, 1), None, np.array([1], np.int32)])
        check("Pad", {"mode": mode}, [x, ints(), None, ints()], expect=[x])
    for n, before, after in ((3, 7, 8), (2, 5, 0), (1, 2, 2)):
        y = values((n,))
        for mode in ("wrap", "reflect", "edge"):
            check("Pad", {"mode": mode}, [y, ints(before, after)], expect=[np.pad(y, (before, after), mode)])


def test_pad_values():
    x = values((2, 3))
    check("Pad", {}, [x, ints(1, 0, 0, 2), np.array(7.5, np.float32)])
    check("Pad", {}, [x, ints(1, 0, 0, 2), np.array([-1.0], np.float32)], expect=[np.pad(x, ((1, 0), (0, 2)), constant_values=-1)])
    check("Pad", {}, [values((3,)), ints(MIN, MAX)], expect=[np.zeros(2, np.float32)])
    check("Pad", {}, [x, ints(-9, 0, 9, 0)], expect=[np.zeros((2, 3), np.float32)])
    check("Pad", {}, [x, ints(-1, -1, -1, -1)], expect=[x[1:1, 1:2]])
    check("Pad", {}, [np.zeros((0, 2), np.float32), ints(1, 0, 1, 0)], expect=[np.zeros((2, 2), np.float32)])
    check("Pad", {}, [np.array(3.0, np.float32), ints()], expect=[np.array(3.0, np.float32)])
    for y in every_type((3, 2)):
        fill = np.array(["fill"], object)[0] if y.dtype == object else y[2, 1]
        expect = np.full((4, 5), fill, y.dtype)
        expect[1:, 2:4] = y
        check("Pad", {}, [y, ints(1, 2, 0, 1), np.array(fill, y.dtype)], expect=[expect])
        again = y[[0, 0, 1, 2, 2]][:, [0, 1, 1]]
        check("Pad", {"mode": "edge"}, [y, ints(1, 0, 1, 1)], expect=[again])
    check("Pad", {}, [strings(2), ints(1, 0)], expect=[np.array(["", *strings(2)], object)])


def test_pad_random():
    random = np.random.default_rng(11)
    for _ in range(120):
        shape = tuple(random.integers(2, 6, int(random.integers(1, 5))))
        mode = random.choice(["constant", "edge", "wrap", "reflect"])
        pads = [int(random.integers(0, shape[i % len(shape)])) for i in range(2 * len(shape))]
        check("Pad", {"mode": str(mode)}, [values(shape), ints(*pads)])


def test_pad_refused():
    x = values((3, 4))
    refused("Pad", {}, [x, ints(1, 2)], "2 pads")
    refused("Pad", {}, [x, ints(1, 2, 3)], "pads")
    refused("Pad", {}, [x, ints(-2, 0, -2, 0)], "leave")
    refused("Pad", {"mode": "mirror"}, [x, ints(0, 0, 0, 0)], "mirror")
    refused("Pad", {"mode": "edge"}, [np.zeros((0, 2), np.float32), ints(1, 0, 0, 0)], "empty")
    refused("Pad", {"mode": "reflect"}, [x, ints(-4, 0, 2, 0)], "empty")
    refused("Pad", {}, [x, ints(0, 0), None, ints(2)], "axis 2")
    refused("Pad", {}, [x, ints(0, 0, 0, 0), None, ints(0, 0)], "twice")
    refused("Pad", {}, [x, ints(1, 0, 0, 0), np.zeros(0, np.float32)], "one element")
    refused("Pad", {}, [x, ints(1, 0, 0, 0), np.zeros(1, np.int32)], "int32")
    refused("Pad", {}, [x, ints(MAX, 0, MAX, 0)])


# ---- blocks, triangles, sequences ----

def blocks(x, block, mode, to_space):
    n, c, h, w = x.shape
    if to_space:
        depth = c // block**2
        form, order = ((n, block, block, depth, h, w), (0, 3, 4, 1, 5, 2)) if mode == "DCR" else \
            ((n, depth, block, block, h, w), (0, 1, 4, 2, 5, 3))
        return x.reshape(form).transpose(order).reshape(n, depth, h * block, w * block)
    form = (n, c, h // block, block, w // block, block)
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    return x.reshape(form).transpose(order).reshape(n, c * block**2, h // block, w // block)


def test_depth_to_space():
    for mode in ("DCR", "CRD"):
        for block, shape in ((2, (2, 8, 3, 5)), (3, (1, 9, 2, 2)), (1, (1, 2, 3, 4)), (2, (1, 12, 1, 1)), (2, (0, 4, 2, 2))):
            check("DepthToSpace", {"mode": mode, "blocksize": block}, [values(shape)])
    for x in whole_bytes((1, 8, 2, 3)):
        check("DepthToSpace", {"blocksize": 2}, [x], expect=[blocks(x, 2, "DCR", True)])
    refused("DepthToSpace", {"blocksize": 2}, [values((1, 6, 2, 2))], "multiple")
    refused("DepthToSpace", {"blocksize": 0}, [values((1, 4, 2, 2))], "blocksize")
    refused("DepthToSpace", {}, [values((1, 4, 2, 2))], "blocksize")
    refused("DepthToSpace", {"blocksize": 2}, [values((4, 2, 2))], "rank 3")
    refused("DepthToSpace", {"blocksize": 2, "mode": "X"}, [values((1, 4, 2, 2))], "mode")


def test_space_to_depth():
    for block, shape in ((2, (2, 3, 4, 6)), (3, (1, 2, 9, 3)), (1, (1, 2, 3, 4))):
        for mode in ("DCR", "CRD"):
            x = values(shape)
            check("SpaceToDepth", {"blocksize": block, "mode": mode}, [x], expect=[blocks(x, block, mode, False)])
        check("SpaceToDepth", {"blocksize": block}, [values(shape)], expect=[blocks(values(shape), block, "DCR", False)])
    refused("SpaceToDepth", {"blocksize": 2}, [values((1, 1, 3, 2))], "height")
    refused("SpaceToDepth", {"blocksize": 2}, [values((1, 1, 2, 3))], "width")


def test_trilu():
    for shape in ((4, 6), (6, 4), (2, 3, 5, 5), (1, 1), (0, 3), (2, 3, 0)):
        for upper in (0, 1):
            x = values(shape)
            check("Trilu", {"upper": upper}, [x], expect=[np.triu(x) if upper else np.tril(x)])
            for k in (0, 1, -1, 3, -4, 6, -7, 99, -99):
                check("Trilu", {"upper": upper}, [x, np.array(k, np.int64)], expect=[np.triu(x, k) if upper else np.tril(x, k)])
    x = values((3, 3), np.int64)
    check("Trilu", {}, [x])
    check("Trilu", {}, [x, np.array(MAX)], expect=[np.zeros((3, 3), np.int64)])
    check("Trilu", {}, [x, np.array(MIN)], expect=[x])
    check("Trilu", {"upper": 0}, [x, np.array(MAX)], expect=[x])
    check("Trilu", {}, [values((3, 3), np.bool_)])
    check("Trilu", {}, [values((3, 3)).astype(ml_dtypes.bfloat16)], expect=[np.triu(values((3, 3)).astype(ml_dtypes.bfloat16))])
    refused("Trilu", {}, [values((3,))], "rank 1")


def test_reverse_sequence():
    x = values((4, 3, 2))
    check("ReverseSequence", {"time_axis": 0, "batch_axis": 1}, [x, ints(4, 2, 1)])
    check("ReverseSequence", {"time_axis": 1, "batch_axis": 0}, [x, ints(1, 2, 3, 3)])
    check("ReverseSequence", {}, [x, ints(4, 0, 3)])
    check("ReverseSequence", {}, [values((5, 2), np.int8), ints(5, 2)])
    check("ReverseSequence", {}, [np.zeros((2, 3, 0), np.float32), ints(1, 2, 0)])
    refused("ReverseSequence", {}, [x, ints(5, 1, 1)], "length 5")
    refused("ReverseSequence", {}, [x, ints(-1, 1, 1)], "length -1")
    refused("ReverseSequence", {}, [x, ints(1, 1)], "2 elements")
    refused("ReverseSequence", {"time_axis": 1}, [x, ints(1, 1, 1)], "are not 0 and 1")
    refused("ReverseSequence", {"time_axis": 2, "batch_axis": MAX}, [x, ints(1, 1, 1)], "are not 0 and 1")


# ---- symbols ----

def test_symbols_stay_simple():
    x = values((3, 5))
    for start, end, step, size in ((0, MAX, 1, "n5"), (1, MAX, 1, "n5 - 1"), (-1, MAX, 1, "1"), (0, -1, 1, "n5 - 1"), (0, 1, 1, "1"),
                                   (-1, MIN, -1, "n5"), (-1, -MAX, -1, "n5"), (0, 2**31 - 1, 2, "floor((n5 + 1)/2)"), (0, 0, 1, "0"),
                                   (-1, -(2**31), -1, "n5"), (0, 2**40, 1, "n5")):
        got = inferred("Slice", {}, [x, ints(start), ints(end), ints(1), ints(step)], HOST_DATA)
        assert got == f"float32[n3,{size}]", (start, end, step, got)
    assert inferred("Slice", {}, [x, ints(0), ints(5), ints(-1)]) == "float32[n3,n5]"  # the end is the symbol n5
    assert inferred("Expand", {}, [values((1, 5)), ints(3, 5)]) == "float32[n3,n5]"
    assert inferred("Tile", {}, [x, ints(1, 3)], HOST_DATA) == "float32[n3,3*n5]"
    assert inferred("Concat", {"axis": 1}, [x, x]) == "float32[n3,2*n5]"
    assert inferred("Split", {"axis": 1, "num_outputs": 2}, [np.concatenate([x, x], 1)], n_out=2) == \
        "float32[n3,floor((n10 + 1)/2)] float32[n3,n10 - floor((n10 + 1)/2)]"
    assert inferred("Pad", {}, [x, ints(0, 2, 0, 1)], HOST_DATA) == "float32[n3,n5 + 3]"
    assert inferred("DepthToSpace", {"blocksize": 2}, [values((1, 8, 3, 5))]) == "float32[1,floor(n8/4),2*n3,2*n5]"


def test_center_crop_pad():
    for shape, target in [((5, 6), (3, 4)), ((5, 6), (8, 9)), ((5, 6), (2, 9)), ((5, 7, 3), (6, 4, 3)), ((4, 4), (4, 4)), ((3,), (0,)), ((0, 2), (3, 3))]:
        for dtype in (np.float32, np.int8, np.int64, ml_dtypes.bfloat16, np.complex64):
            check("CenterCropPad", {}, [values(shape, np.int8).astype(dtype), np.array(target, np.int64)], evaluator=True)
    x = values((4, 5, 6))
    for axes, target in [([0, 2], [7, 3]), ([-1], [9]), ([1, 0], [2, 6])]:
        check("CenterCropPad", {"axes": axes}, [x, np.array(target, np.int32)], evaluator=True)
    words = np.array(["a", "bc", "d"], object)
    check("CenterCropPad", {}, [words, np.array([6], np.int64)], expect=[np.array(["", "a", "bc", "d", "", ""], object)])
    refused("CenterCropPad", {}, [x, np.array([1, 2], np.int64)], "2 sizes for 3 axes")
    refused("CenterCropPad", {"axes": [3]}, [x, np.array([1], np.int64)], "axis 3")
    refused("CenterCropPad", {"axes": [0]}, [x, np.array([-1], np.int64)], "-1")
