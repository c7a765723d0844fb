"""Comparison and logic with broadcasting."""
import numpy as np
from optest import FLOATS, SIGNED, UNSIGNED, check, refused, special, values

SHAPES = [((), ()), ((2, 3), (3,)), ((2, 1, 4), (3, 1)), ((0,), (1,)), ((3, 300), (3, 1)), ((700,), (700,))]
ORDER = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")


def over_shapes(op, dtype, **options):
    for seed, (a, b) in enumerate(SHAPES):
        check(op, {}, [values(a, dtype, -3, 3, seed), values(b, dtype, -3, 3, seed + 9)], **options)


def test_order():
    for op in ORDER:
        for dtype in FLOATS + SIGNED + UNSIGNED:
            over_shapes(op, dtype)
        for dtype in FLOATS:
            x = special(dtype)
            check(op, {}, [x[:, None], x[None, :]])
        refused(op, {}, [values((3,)), values((4,))], "do not broadcast")
        refused(op, {}, [values((3,)), values((3,), np.int32)], "int32")


def test_ends_of_integers():
    for op in ORDER:
        for dtype in SIGNED + UNSIGNED:
            info = np.iinfo(dtype)
            x = np.array([info.min, info.max, 0, 1, info.max - 1], dtype)
            check(op, {}, [x[:, None], x[None, :]])


def test_elements():
    for op in ORDER:
        check(op, {}, [np.array([3, 8, 5], np.int64), np.array([5], np.int64)], elements=True)


def test_equal_of_bool_and_strings():
    over_shapes("Equal", bool)
    names = np.array(["a", "", "abc", "ab", "é"], object)
    check("Equal", {}, [names[:, None], names[None, :]])
    refused("Less", {}, [names, names], "string")


def test_logic():
    for op in ("And", "Or", "Xor"):
        over_shapes(op, bool)
        check(op, {}, [np.array([True, False, True, False]), np.array([True, True, False, False])], elements=True)
        refused(op, {}, [values((3,), np.uint8), values((3,), np.uint8)], "uint8")
