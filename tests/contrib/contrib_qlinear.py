"""Quantized operators of com.microsoft. Rounding may go either way at ties: one step is allowed where ONNX Runtime scales
in another order."""
import ml_dtypes
import numpy as np
from onenode import check, of_runtime, random, refused

STEP = {"rtol": 0, "atol": 1}


def quantized(shape, dtype=np.uint8, scale=0.05, zero=None, seed=0):
    low, high = (0, 255) if dtype is np.uint8 else (-128, 127)
    return [random(shape, dtype, low, high, seed), np.array(scale, np.float32), np.array((120 if dtype is np.uint8 else 4) if zero is None else zero, dtype)]


def output(dtype=np.uint8, scale=0.1, zero=None):
    return quantized((1,), dtype, scale, zero)[1:]


def test_binary():
    for dtype in (np.uint8, np.int8):
        for op in ("QLinearAdd", "QLinearMul"):
            for a, b in (((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (4,)), ((1,), (3, 4))):
                check(op, {}, [*quantized(a, dtype), *quantized(b, dtype, 0.03, seed=1), *output(dtype)], **STEP)
    inputs = [*quantized((2, 3), zero=0), *quantized((2, 3), zero=0, seed=1), *output(zero=0)]
    want = of_runtime("QLinearAdd", {}, inputs)
    inputs[2] = inputs[5] = None
    check("QLinearAdd", {}, inputs[:7], expect=want, **STEP)
    refused("QLinearAdd", {}, inputs[:6], "lacks its second operand or a scale")


def test_unary():
    for dtype in (np.uint8, np.int8):
        x = quantized((2, 3, 4), dtype)
        check("QLinearSigmoid", {}, [*x, *output(dtype, 1 / 256, 0 if dtype is np.uint8 else -128)], **STEP)
        check("QLinearLeakyRelu", {"alpha": 0.2}, [*x, *output(dtype)], **STEP)
        check("QLinearLeakyRelu", {}, [*x, *output(dtype)], **STEP)
        for attributes in ({"opset": 13}, {"opset": 13, "axis": 1}, {"opset": 12, "axis": 1}, {"opset": 12, "axis": 2}):
            check("QLinearSoftmax", attributes, [*x, *output(dtype, 1 / 256, 0 if dtype is np.uint8 else -128)], constant=(1, 2, 3, 4), **STEP)
        for attributes in ({"axes": [1, 2], "keepdims": 1}, {"axes": [0], "keepdims": 0}, {"axes": [-1], "keepdims": 1}):
            want = (x[0].astype(np.float64) - x[2]) * x[1]
            want = np.rint(want.mean(tuple(attributes["axes"]), keepdims=bool(attributes["keepdims"])) / np.float32(0.1)) + output(dtype)[1]
            check("QLinearReduceMean", attributes, [*x, *output(dtype)], expect=[np.clip(want, *((0, 255) if dtype is np.uint8 else (-128, 127))).astype(dtype)], **STEP)


def test_where_and_concat():
    for dtype in (np.uint8, np.int8):
        x, y = quantized((2, 3, 4), dtype), quantized((3, 1), dtype, 0.02, seed=1)
        condition = random((2, 3, 4), np.int32, 0, 1).astype(bool)
        check("QLinearWhere", {}, [condition, *x, *y, *output(dtype)], constant=(2, 3, 5, 6, 7, 8), **STEP)
        parts = [*quantized((2, 3, 4), dtype), *quantized((2, 1, 4), dtype, 0.02, seed=1), *quantized((2, 2, 4), dtype, 0.1, seed=2)]
        check("QLinearConcat", {"axis": 1}, [*output(dtype), *parts], constant=(0, 1, 3, 4, 6, 7, 9, 10), **STEP)
        check("QLinearConcat", {"axis": -2}, [*output(dtype), *parts[:3]], constant=(0, 1, 3, 4), **STEP)
    refused("QLinearConcat", {"axis": 1}, [*output(), *quantized((2, 3))[:2]], "4 inputs")


def test_pooling():
    for dtype in (np.uint8, np.int8):
        x = quantized((2, 3, 7, 8), dtype)
        for attributes in ({"kernel_shape": [3, 2]}, {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}, {"kernel_shape": [2, 2], "pads": [1, 0, 1, 0], "count_include_pad": 1}):
            check("QLinearAveragePool", attributes, [*x, *output(dtype)], **STEP)
            check("QLinearAveragePool", {**attributes, "channels_last": 1}, [np.moveaxis(x[0], 1, -1).copy(), *x[1:], *output(dtype)], **STEP)
        check("QLinearGlobalAveragePool", {}, [*x, *output(dtype)], **STEP)
        check("QLinearGlobalAveragePool", {"channels_last": 1}, [np.moveaxis(x[0], 1, -1).copy(), *x[1:], *output(dtype)], **STEP)


def test_convolution_with_channels_last():
    x, w = quantized((1, 6, 7, 3)), [random((4, 3, 3, 3), np.int8, -63, 63), np.array(0.02, np.float32), np.array(0, np.int8)]
    bias = random((4,), np.int32, -1000, 1000)
    for attributes in ({}, {"pads": [1, 1, 1, 1], "strides": [2, 1]}):
        check("QLinearConv", {"channels_last": 1, **attributes}, [*x, *w, *output(), bias], constant=(1, 2, 3, 4, 5, 6, 7, 8), **STEP)
        check("QLinearConv", attributes, [np.moveaxis(x[0], -1, 1).copy(), *x[1:], *w, *output()], constant=(1, 2, 3, 4, 5, 6, 7), **STEP)


def test_gemm():
    for trans_a, trans_b in ((0, 0), (1, 0), (0, 1), (1, 1)):
        a = quantized((5, 4) if trans_a else (4, 5))
        b = [random((6, 5) if trans_b else (5, 6), np.int8, -63, 63), np.array(0.02, np.float32), np.array(3, np.int8)]
        c = random((6,), np.int32, -500, 500)
        attributes = {"transA": trans_a, "transB": trans_b, "alpha": 1.5}
        check("QGemm", attributes, [*a, *b, c, *output()], **STEP)
        check("QGemm", attributes, [*a, *b, c])
        check("QGemm", attributes, [*a, *b, None, *output()], **STEP)
        each = [b[0], random((6,), low=0.01, high=0.03), random((6,), np.int8, -5, 5)]
        check("QGemm", {"transA": trans_a, "transB": trans_b}, [*a, *each, c], constant=(4, 5))


def test_products_to_float():
    a, b = quantized((2, 4, 5)), [random((5, 6), np.int8, -63, 63), np.array(0.02, np.float32), np.array(3, np.int8)]
    each = [random((6,), low=0.01, high=0.03), random((6,), np.int8, -5, 5)]
    for scale, zero in (b[1:], each):
        check("MatMulIntegerToFloat", {}, [a[0], b[0], a[1], scale, a[2], zero])
        check("MatMulIntegerToFloat", {}, [a[0], b[0], a[1], scale, None, zero, random((6,))])
        check("DynamicQuantizeMatMul", {}, [random((2, 4, 5)), b[0], scale, zero])
        check("DynamicQuantizeMatMul", {}, [random((2, 4, 5)), b[0], scale, None, random((6,))])
    check("MatMulIntegerToFloat", {}, [a[0], b[0], a[1], b[1]])


def test_quantize_and_dequantize():
    x = random((2, 3, 4), low=-30, high=30)
    for dtype in (np.uint8, np.int8, np.uint16, np.int16):
        scale, zero = np.array(0.11, np.float32), np.array(7, dtype)
        check("QuantizeLinear", {}, [x, scale, zero])
        check("QuantizeLinear", {"axis": 1}, [x, random((3,), low=0.1, high=0.3), random((3,), dtype, 0, 9)])
        whole = random((2, 3, 4), dtype, 0, 100)
        check("DequantizeLinear", {}, [whole, scale, zero])
        check("DequantizeLinear", {"axis": 1}, [whole, random((3,), low=0.1, high=0.3), random((3,), dtype, 0, 9)])
    for dtype, low in ((ml_dtypes.int4, -8), (ml_dtypes.uint4, 0)):
        few = random((2, 3, 4), np.int64, low, low + 15).astype(dtype)
        check("DequantizeLinear", {}, [few, scale, np.array(3).astype(dtype)], constant=(0, 1, 2))
