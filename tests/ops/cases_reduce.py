"""Reductions, CumSum, CumProd, Softmax, LogSoftmax, Hardmax."""
import ml_dtypes
import numpy as np
from optest import FLOATS, check, refused, run, special, values

ALL = "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare".split()
LOOSE = {np.float16: 4e-3, ml_dtypes.bfloat16: 3e-2, np.float32: 1e-5, np.float64: 1e-12}


def axes(*values):
    return np.array(values, np.int64)


def test_axes_and_keepdims():
    for op in ALL:
        x = values((2, 3, 4, 5), low=0.5, high=2)
        for chosen in ([0], [-1], [1, 2], [0, 2], [-4, 3], [0, 1, 2, 3], [3, 1]):
            for keep in (0, 1):
                check(op, {"keepdims": keep}, [x, axes(*chosen)])
        check(op, {}, [x])
        check(op, {"keepdims": 0}, [x, None])


def test_types():
    for op in ALL:
        for dtype in FLOATS:
            check(op, {}, [values((3, 7, 2), dtype, 0.5, 2), axes(1)], rtol=LOOSE[dtype])
        for dtype in (np.int32, np.int64):
            if op not in ("ReduceL2", "ReduceLogSum", "ReduceLogSumExp"):  # others round what has no integer result
                check(op, {}, [values((3, 7, 2), dtype, -9, 9), axes(0, 1)])
    for op in ("ReduceMax", "ReduceMin"):
        for dtype in (np.int8, np.uint8, np.uint32, np.uint64, bool):
            check(op, {"keepdims": 0}, [values((5, 9), dtype, 0, 200), axes(0)], evaluator=dtype is np.uint32)
        check(op, {}, [np.array([[2**63 + 5, 3], [2**63, 1]], np.uint64), axes(0)], evaluator=True)


def test_integers_wrap():
    x = np.array([2**62, 2**62, 2**62, 5] + 80 * [0], np.int64)
    check("ReduceSum", {}, [x], expect=[np.array([-(2**62) + 5])])
    check("ReduceProd", {}, [np.array([2**40, 2**30] + 80 * [1], np.int64)], expect=[np.array([0])])
    check("ReduceL1", {}, [np.array([-(2**63), -1], np.int64)], expect=[np.array([-(2**63) + 1])])
    check("ReduceMean", {}, [np.array([-7, 2], np.int32)], expect=[np.array([-2], np.int32)])
    check("ReduceL2", {}, [np.array([-3, 4], np.int32)], expect=[np.array([5], np.int32)])
    check("ReduceLogSum", {}, [np.array([8, 1], np.int64)], expect=[np.array([2])])


def test_no_axes():
    x = values((2, 3)) + 5
    alone = {"ReduceLogSum": np.log(x), "ReduceSumSquare": x * x}
    for op in ALL:
        for inputs in ([x, axes()], [x, None], [x]):
            check(op, {"noop_with_empty_axes": 1}, inputs, expect=[alone.get(op, x)])
        all_axes, = run(op, {}, [x, axes(0, 1)])
        check(op, {"noop_with_empty_axes": 0}, [x, axes()], expect=[all_axes])
        scalar = np.full((), 1.5, np.float32)
        check(op, {}, [scalar], expect=[{"ReduceLogSum": np.log(scalar), "ReduceSumSquare": scalar * scalar}.get(op, scalar)])


def test_empty_sets():
    identity = {"ReduceL1": 0, "ReduceL2": 0, "ReduceLogSum": -np.inf, "ReduceLogSumExp": -np.inf, "ReduceMax": -np.inf,
                "ReduceMin": np.inf, "ReduceProd": 1, "ReduceSum": 0, "ReduceSumSquare": 0, "ReduceMean": np.nan}
    for op, value in identity.items():
        x = np.zeros((2, 0, 4), np.float32)
        check(op, {}, [x, axes(1)], expect=[np.full((2, 1, 4), value, np.float32)])
        check(op, {"keepdims": 0}, [x, axes(0)], expect=[np.zeros((0, 4), np.float32)])
    check("ReduceMax", {}, [np.zeros((0, 2), np.int8), axes(0)], expect=[np.full((1, 2), -128, np.int8)])
    check("ReduceMin", {}, [np.zeros((0, 2), np.uint8), axes(0)], expect=[np.full((1, 2), 255, np.uint8)])
    check("ReduceMax", {}, [np.zeros((0, 2), bool), axes(0)], expect=[np.full((1, 2), False)])
    check("ReduceMin", {}, [np.zeros((0, 2), bool), axes(0)], expect=[np.full((1, 2), True)])
    refused("ReduceMean", {}, [np.zeros((0, 2), np.int32), axes(0)], "mean of no integers")


def test_special_values():
    for dtype in (np.float32, np.float64):
        x = special(dtype)
        finite = x[np.isfinite(x)]
        for op in ("ReduceMax", "ReduceMin", "ReduceSum", "ReduceLogSumExp"):
            check(op, {}, [x], expect=[np.array([np.nan], dtype)])
            check(op, {}, [finite])
        check("ReduceLogSumExp", {}, [np.array([-np.inf, -np.inf], dtype)], expect=[np.array([-np.inf], dtype)])
        check("ReduceLogSumExp", {}, [np.array([np.inf, 1], dtype)], expect=[np.array([np.inf], dtype)])
        check("ReduceLogSumExp", {}, [np.array([1000, 1000.5, 20], dtype)])


def test_long_sums_are_accurate():
    x = values((3, 100_003), low=0, high=1)
    for op in ("ReduceSum", "ReduceMean"):
        exact = getattr(np, op[6:].lower())(x.astype(np.float64), axis=1, keepdims=True)
        got, = run(op, {}, [x, axes(1)])
        assert np.array_equal(got, exact.astype(np.float32)), op
        got, = run(op, {}, [np.ascontiguousarray(x.T), axes(0)])
        assert np.array_equal(got.T, exact.astype(np.float32)), op


def test_refused():
    x = values((2, 3))
    refused("ReduceSum", {}, [x, axes(2)], "axis 2")
    refused("ReduceSum", {}, [x, axes(-3)], "axis -3")
    refused("ReduceSum", {}, [x, np.array([0], np.int32)], "int32")
    refused("ReduceMean", {}, [np.zeros(3, np.int8)], "int8")
    refused("ReduceMean", {}, [np.zeros(3, bool)], "bool")


def test_elements():
    x = np.array([3, 4, 5], np.int64)
    for op in ("ReduceSum", "ReduceProd", "ReduceMin", "ReduceMax"):
        check(op, {}, [x, axes(0)], elements=True)
        check(op, {"keepdims": 0}, [x], elements=True)
        check(op, {"keepdims": 0}, [x.reshape(3, 1), axes(1)], elements=True)
        check(op, {}, [np.arange(1, 7).reshape(2, 3), axes(0)], elements=True)
    check("ReduceProd", {"keepdims": 0}, [np.zeros(0, np.int64), axes(0)], elements=True)
    check("CumSum", {}, [x, np.array(0, np.int64)], elements=True)
    check("CumSum", {"exclusive": 1, "reverse": 1}, [x, np.array(-1, np.int32)], elements=True)


def test_cum_sum():
    for exclusive in (0, 1):
        for reverse in (0, 1):
            attributes = {"exclusive": exclusive, "reverse": reverse}
            for dtype in (np.float32, np.float64, np.int32, np.int64):
                for axis in (-3, -1, 1, 2):
                    check("CumSum", attributes, [values((2, 3, 4), dtype), np.array(axis, np.int64)])
            check("CumSum", attributes, [values((2, 300, 3)), np.array([1], np.int32)], atol=1e-4)
            check("CumSum", attributes, [values((2, 3, 300)), np.array([1], np.int32)], atol=1e-4)
            check("CumSum", attributes, [values((5, 0)), np.array(1, np.int64)], expect=[np.zeros((5, 0), np.float32)])
            check("CumSum", attributes, [values((0, 4)), np.array(0, np.int64)], expect=[np.zeros((0, 4), np.float32)])
    x = np.array([1, 2, 3], np.uint64)
    check("CumSum", {}, [x, np.array(0)], expect=[np.array([1, 3, 6], np.uint64)])
    x = np.array([2**31 - 1, 1] + 80 * [0], np.int32)
    check("CumSum", {}, [x, np.array(0)], expect=[np.cumsum(x, dtype=np.int32)])
    for dtype in (np.float16, ml_dtypes.bfloat16):
        x = np.array([0.5, 0.25, 2], dtype)
        check("CumSum", {}, [x, np.array(0)], expect=[np.array([0.5, 0.75, 2.75], dtype)])
    refused("CumSum", {}, [values((2, 3)), np.array(2)], "axis 2")


def test_cum_prod():
    for exclusive in (0, 1):
        for reverse in (0, 1):
            attributes = {"exclusive": exclusive, "reverse": reverse}
            for dtype in (np.float32, np.float64, np.int32, np.int64):
                for axis in (-3, -1, 1, 2):
                    check("CumProd", attributes, [values((2, 3, 4), dtype), np.array(axis, np.int64)])
            check("CumProd", attributes, [values((2, 3, 300)), np.array(1, np.int32)], atol=1e-4)
            check("CumProd", attributes, [values((5, 0)), np.array(1, np.int64)], expect=[np.zeros((5, 0), np.float32)])
    x = np.full(40, 3, np.int32)
    check("CumProd", {}, [x, np.array(0)], expect=[np.cumprod(x, dtype=np.int32)])
    for dtype in (np.float16, ml_dtypes.bfloat16):
        check("CumProd", {}, [np.array([0.5, 0.25, 2], dtype), np.array(0)], expect=[np.array([0.5, 0.125, 0.25], dtype)])
    check("CumProd", {}, [np.array([1, np.nan, 0], np.float32), np.array(0)], expect=[np.array([1, np.nan, np.nan], np.float32)])
    refused("CumProd", {}, [values((2, 3)), np.array(2)], "axis 2")


def test_softmax_kind():
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        for dtype in FLOATS:
            for axis in (-1, 0, 1):
                check(op, {"axis": axis}, [values((3, 5, 4), dtype)], evaluator=dtype is not np.float32)
        check(op, {}, [values((2, 3000))])
        check(op, {}, [values((4, 1))])
        check(op, {"axis": 1}, [values((2, 0, 3))], expect=[np.zeros((2, 0, 3), np.float32)])
        check(op, {"axis": 0}, [values((2, 0, 3))], expect=[np.zeros((2, 0, 3), np.float32)])
        refused(op, {"axis": 2}, [values((2, 3))], "axis 2")
        refused(op, {}, [np.zeros((2, 3), np.int32)], "int32")
    check("Softmax", {}, [np.array([[1e30, -1e30, 0], [1000, 1001, 999]], np.float32)])
    check("LogSoftmax", {}, [np.array([[88, -88, 0], [1000, 1001, 999]], np.float32)])
    check("Softmax", {}, [np.array([-np.inf, 0, 1], np.float32)])
    check("Hardmax", {}, [np.array([[1, 3, 3], [2, 2, 2]], np.float32)])
