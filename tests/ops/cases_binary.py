"""Arithmetic with broadcasting."""
import numpy as np
from optest import FLOATS, SIGNED, UNSIGNED, check, refused, special, values

SHAPES = [((), ()), ((3,), ()), ((), (2, 3)), ((2, 3), (3,)), ((2, 1, 4), (3, 1)), ((5, 1), (1, 7)), ((2, 3, 1, 1), (2, 1, 4, 5)),
          ((0,), (1,)), ((2, 0), (1, 1)), ((3, 300), (3, 1)), ((3, 300), (300,)), ((1, 1, 1), (1,)),
          ((2, 1, 2, 1, 2, 1, 2, 1), (1, 3, 1, 3, 1, 3, 1, 3)), ((2, 3, 4), (2, 3, 4))]


def over_shapes(op, dtype, attributes=None, low=-9, high=9, positive=False, **options):
    for seed, (a, b) in enumerate(SHAPES):
        x, y = values(a, dtype, low, high, seed), values(b, dtype, 1 if positive else low, high, seed + 100)
        check(op, attributes or {}, [x, y], **options)


def all_pairs(dtype):
    x = special(dtype)
    return np.repeat(x, x.size), np.tile(x, x.size)


def ends(dtype):
    info = np.iinfo(dtype)
    x = np.array([info.min, info.max, 0, 1, info.max - 1, info.min + 1, 3, -1 if info.min else 2], dtype)
    return np.repeat(x, x.size), np.tile(x, x.size)


def test_add_sub_mul():
    for op in ("Add", "Sub", "Mul"):
        for dtype in FLOATS:
            over_shapes(op, dtype)
            check(op, {}, list(all_pairs(dtype)))
        for dtype in SIGNED + UNSIGNED:
            over_shapes(op, dtype, low=0)
            check(op, {}, list(ends(dtype)), evaluator=True)
        refused(op, {}, [values((3,)), values((4,))], "do not broadcast")
        refused(op, {}, [values((3,)), values((3,), np.float64)], "float64")
        refused(op, {}, [values((3,), bool), values((3,), bool)], "bool")
    for op in ("Add", "Sub", "Mul"):
        check(op, {}, [np.array([7, 12, 5], np.int64), np.array([3], np.int64)], elements=True)


def test_div():
    for dtype in FLOATS:
        over_shapes("Div", dtype)
        check("Div", {}, list(all_pairs(dtype)))
    for dtype in SIGNED + UNSIGNED:
        over_shapes("Div", dtype, low=-100, high=100, positive=True)
        x, y = ends(dtype)
        x, y = x[y != 0], y[y != 0]
        wide = np.uint64 if dtype == np.uint64 else np.int64
        whole = [abs(int(a)) // abs(int(b)) * (1 if (a < 0) == (b < 0) else -1) for a, b in zip(x, y)]
        wrapped = [q - 2**64 if q >= 2**63 and wide == np.int64 else q for q in whole]
        check("Div", {}, [x, y], expect=[np.array(wrapped, wide).astype(dtype)])
        refused("Div", {}, [values((3,), dtype), np.array([1, 0, 2], dtype)], "by zero")
    least = np.array([np.iinfo(np.int64).min])
    check("Div", {}, [least, np.array([-1])], expect=[least])
    check("Div", {}, [np.array([7, -7, 9], np.int64), np.array([2, 2, -4], np.int64)], elements=True)


def test_mod():
    for dtype in SIGNED:
        x, y = values((400,), dtype, -100, 100, 1), values((400,), dtype, 1, 50, 2) * np.where(values((400,), bool), 1, -1).astype(dtype)
        for fmod in (0, 1):
            check("Mod", {"fmod": fmod}, [x, y])
            refused("Mod", {"fmod": fmod}, [x, np.zeros(400, dtype)], "by zero")
            check("Mod", {"fmod": fmod}, [np.array([np.iinfo(dtype).min], dtype), np.array([-1], dtype)],
                  expect=[np.zeros(1, dtype)])
    for dtype in UNSIGNED:
        over_shapes("Mod", dtype, low=0, high=100, positive=True)
    for dtype in FLOATS[:3]:
        for fmod in (0, 1):
            x, y = all_pairs(dtype)
            with np.errstate(invalid="ignore"):
                check("Mod", {"fmod": fmod}, [x, y], expect=[(np.fmod if fmod else np.mod)(x, y)])
                over_shapes("Mod", dtype, {"fmod": fmod}, evaluator=True)
    check("Mod", {}, [np.array([17, -17, 5], np.int64), np.array([4, 4, -3], np.int64)], elements=True)


def test_pow():
    for dtype in FLOATS[:3]:
        over_shapes("Pow", dtype, low=0)
        x, y = all_pairs(dtype)
        check("Pow", {}, [x, y])
        for exponent in (np.int32, np.int64, np.float32):
            check("Pow", {}, [values((3, 5), dtype), values((5,), exponent, -3, 3)], rtol=2e-3 if dtype == np.float16 else None)
    for dtype in (np.int32, np.int64):
        check("Pow", {}, [values((3, 5), dtype), values((5,), dtype, 0, 5)])
        check("Pow", {}, [values((3, 5), dtype, 0, 4), values((5,), np.float32, 0, 3)])
        check("Pow", {}, [np.array([2, 1, -1, -1, 5, 0, 3], dtype), np.array([-1, -7, -3, -4, 0, 0, 2], dtype)],
              expect=[np.array([0, 1, -1, 1, 1, 1, 9], dtype)])
    check("Pow", {}, [np.array([3], np.int64), np.array([41], np.int64)], expect=[np.array([-420491770248316829], np.int64)])
    refused("Pow", {}, [values((3,), np.uint8), values((3,), np.uint8)], "uint8")


def test_prelu():
    for dtype in FLOATS[:3]:
        x = values((2, 3, 4, 5), dtype)
        for slope in ((), (1,), (5,), (3, 1, 1), (2, 3, 4, 5)):
            check("PRelu", {}, [x, values(slope, dtype, seed=3)])
        check("PRelu", {}, [special(dtype), np.array([0.5], dtype)])
    for dtype in (np.int32, np.int64):
        check("PRelu", {}, [values((3, 5), dtype), values((5,), dtype, 2, 3)], evaluator=True)
    refused("PRelu", {}, [values((3,)), values((2, 3))], "broadcast")
    refused("PRelu", {}, [values((3, 1)), values((3, 2))], "broadcast")


def test_min_max():
    for op in ("Min", "Max"):
        for dtype in FLOATS[:3] + SIGNED + UNSIGNED:
            over_shapes(op, dtype)
        for dtype in FLOATS[:3]:
            check(op, {}, list(all_pairs(dtype)), evaluator=True)
        for n in (1, 2, 3, 7):
            check(op, {}, [values((1, 3) if i % 2 else (2, 1), seed=i) for i in range(n)])
            check(op, {}, [values((2, 3), seed=i) for i in range(n)])
        check(op, {}, [np.array([3, 8], np.int64), np.array([5], np.int64), np.array([4, 9], np.int64)], elements=True)


def test_sum_mean():
    """Neither oracle broadcasts Mean, and each step of the sum rounds."""
    for op in ("Sum", "Mean"):
        for dtype in FLOATS:
            for seed, (a, b) in enumerate(SHAPES):
                x, y = values(a, dtype, seed=seed), values(b, dtype, seed=seed + 1)
                check(op, {}, [x, y], expect=[np.asarray((x + y) / np.array(2 if op == "Mean" else 1, dtype))])
            for n in (1, 2, 3, 7):
                inputs = [values((1, 3) if i % 2 else (2, 1), dtype, seed=i) for i in range(n)]
                total = inputs[0]
                for array in inputs[1:]:
                    total = total + array
                check(op, {}, inputs, expect=[total / np.array(n if op == "Mean" else 1, dtype)])
        refused(op, {}, [values((3,), np.int32)], "int32")
        refused(op, {}, [values((3,)), values((3,)), values((2,))], "broadcast")


def test_bitwise():
    for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
        for dtype in SIGNED + UNSIGNED:
            over_shapes(op, dtype, low=-100, high=100)
            check(op, {}, list(ends(dtype)))
        refused(op, {}, [values((3,)), values((3,))], "float32")


def test_bit_shift():
    for direction in ("LEFT", "RIGHT"):
        for dtype in UNSIGNED:
            bits = np.iinfo(dtype).bits
            check("BitShift", {"direction": direction}, [values((3, bits), dtype, 0, 255), np.arange(bits, dtype=dtype)],
                  evaluator=True)
            check("BitShift", {"direction": direction}, [np.array([200, 7], dtype), np.array([bits, 255], dtype)],
                  expect=[np.array([200, 7], dtype) * 0])
        over = np.array([8, 100, -1], np.int8)
        left = direction == "LEFT"
        check("BitShift", {"direction": direction}, [np.array([-7, 7, -9], np.int8), over],
              expect=[np.array([0, 0, 0] if left else [-1, 0, -1], np.int8)])
        check("BitShift", {"direction": direction}, [np.array([-7, 7, -128], np.int8), np.array([1, 2, 3], np.int8)],
              expect=[np.array([-14, 28, 0] if left else [-4, 1, -16], np.int8)])
    refused("BitShift", {"direction": "UP"}, [values((3,), np.uint8), values((3,), np.uint8)], "UP")
