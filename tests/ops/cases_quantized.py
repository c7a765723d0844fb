"""MatMulInteger, ConvInteger, QLinearMatMul, QLinearConv."""
import itertools

import ml_dtypes
import numpy as np
from optest import check, refused, run, values

BYTES = (np.uint8, np.int8)
SHAPES = [((3, 4), (4, 5)), ((2, 3, 70), (2, 70, 65)), ((2, 1, 3, 4), (5, 4, 2)), ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (4,)), ((0, 4), (4, 2))]


def data(shape, dtype, seed=0):
    return values(shape, dtype, -128, 255, seed)


def weight(shape, dtype, seed=1):
    """Small enough that sums of two products fit 16 bits: ONNX Runtime adds pairs so on older processors."""
    return values(shape, dtype, -64, 64, seed)


def number(value, dtype):
    return np.array(value, dtype)


def centred(array, zero):
    return array.astype(np.int64) - zero.astype(np.int64)


def wrapped(sums):
    return sums.astype(np.int64).astype(np.int32)


def test_matmul_integer():
    for a_shape, b_shape in SHAPES:
        for a_type, b_type in itertools.product(BYTES, BYTES):
            a, b = data(a_shape, a_type), weight(b_shape, b_type)
            check("MatMulInteger", {}, [a, b], expect=[wrapped(np.asarray(np.matmul(a.astype(np.int64), b.astype(np.int64))))])
            zeros = [number(7, a_type), number(-3 if b_type is np.int8 else 90, b_type)]
            want = wrapped(np.asarray(np.matmul(centred(a, zeros[0]), centred(b, zeros[1]))))
            check("MatMulInteger", {}, [a, b, *zeros], expect=[want])
            check("MatMulInteger", {}, [a, b, None, zeros[1].reshape(1)],
                  expect=[wrapped(np.asarray(np.matmul(a.astype(np.int64), centred(b, zeros[1]))))])
    check("MatMulInteger", {}, [data((6, 40), np.uint8), weight((40, 30), np.int8), number(12, np.uint8), number(3, np.int8)])


def test_matmul_integer_vectors():
    a, b = data((3, 4), np.uint8), weight((4, 5), np.int8)
    rows, columns = data((3,), np.uint8, 5), data((5,), np.int8, 6)
    check("MatMulInteger", {}, [a, b, rows, columns], expect=[wrapped(centred(a, rows[:, None]) @ centred(b, columns))])
    a, b = data((2, 3, 4), np.uint8), weight((2, 4, 5), np.int8)
    rows, columns = data((2, 3, 1), np.uint8, 5), data((2, 1, 5), np.int8, 6)
    check("MatMulInteger", {}, [a, b, rows, columns], expect=[wrapped(centred(a, rows) @ centred(b, columns))])


def test_sums_wrap():
    a, b = np.full((1, 40000), 255, np.uint8), np.full((40000, 1), 255, np.uint8)
    check("MatMulInteger", {}, [a, b], expect=[wrapped(np.array([[255 * 255 * 40000]]))])


def conv_expected(x, w, attributes):
    return run("Conv", attributes, [x.astype(np.float64), w.astype(np.float64)])[0]


def test_conv_integer():
    for x_type, w_type in itertools.product(BYTES, BYTES):
        for attributes in ({}, {"pads": [1, 0, 2, 1]}, {"strides": [2, 1], "dilations": [1, 2]}, {"auto_pad": "SAME_UPPER"}):
            x, w = data((2, 3, 7, 8), x_type), weight((4, 3, 3, 2), w_type)
            check("ConvInteger", attributes, [x, w], expect=[wrapped(conv_expected(x, w, attributes))])
            zeros = [number(100, x_type), number(5, w_type)]
            want = wrapped(conv_expected(centred(x, zeros[0]), centred(w, zeros[1]), attributes))
            check("ConvInteger", attributes, [x, w, *zeros], expect=[want])
            each = data((4,), w_type, 9)
            want = wrapped(conv_expected(centred(x, zeros[0]), centred(w, each[:, None, None, None]), attributes))
            check("ConvInteger", attributes, [x, w, zeros[0], each], expect=[want])
    x, w = data((1, 4, 20), np.uint8), weight((6, 2, 3), np.uint8)
    check("ConvInteger", {"group": 2}, [x, w], expect=[wrapped(conv_expected(x, w, {"group": 2}))])
    check("ConvInteger", {"pads": [1, 1, 1, 1]}, [data((1, 2, 6, 6), np.uint8), weight((3, 2, 3, 3), np.uint8), number(3, np.uint8)])


def quantized_operand(array, scale, zero):
    return [array, np.asarray(scale, np.float32), np.asarray(zero, array.dtype)]


def test_qlinear_matmul():
    for a_shape, b_shape in SHAPES[:3]:
        for a_type, b_type in [(np.uint8, np.uint8), (np.uint8, np.int8), (np.int8, np.int8)]:
            for y_scale in (3.7, 0.4):
                inputs = quantized_operand(data(a_shape, a_type), 0.021, 5) + quantized_operand(weight(b_shape, b_type), 0.3, 2)
                check("QLinearMatMul", {}, [*inputs, number(y_scale, np.float32), number(9, a_type)])


def test_qlinear_matmul_vectors():
    a, b = data((3, 6), np.uint8), weight((6, 5), np.int8)
    scales, zeros = values((5,), low=0.01, high=0.1, seed=4), data((5,), np.int8, 3)
    inputs = quantized_operand(a, 0.02, 3) + quantized_operand(b, scales, zeros)
    check("QLinearMatMul", {}, [*inputs, number(0.3, np.float32), number(7, np.uint8)])
    rows, row_zeros = values((3,), low=0.01, high=0.1, seed=5), data((3,), np.uint8, 4)
    real = (centred(a, row_zeros[:, None]) @ centred(b, zeros)).astype(np.float32)
    want = np.rint(real * (rows[:, None] * scales / np.float32(0.3))) + 7
    inputs = quantized_operand(a, rows, row_zeros) + quantized_operand(b, scales, zeros)
    check("QLinearMatMul", {}, [*inputs, number(0.3, np.float32), number(7, np.uint8)], expect=[np.clip(want, 0, 255).astype(np.uint8)])


def test_qlinear_matmul_narrow():
    """Scales of 16 bits, and 8-bit floats, which do not round to whole numbers."""
    a, b = data((3, 4), np.uint8), weight((4, 5), np.uint8)
    for dtype in (np.float16, ml_dtypes.bfloat16):
        scales = [number(v, dtype) for v in (0.03, 0.05, 0.7)]
        factor = np.float32(scales[0]) * np.float32(scales[1]) / np.float32(scales[2])
        want = np.rint((centred(a, number(3, np.uint8)) @ centred(b, number(4, np.uint8))).astype(np.float32) * factor) + 1
        inputs = [a, scales[0], number(3, np.uint8), b, scales[1], number(4, np.uint8), scales[2], number(1, np.uint8)]
        check("QLinearMatMul", {}, inputs, expect=[np.clip(want, 0, 255).astype(np.uint8)])
    small = ml_dtypes.float8_e4m3fn
    a, b, none = values((3, 4), small), values((4, 5), small, seed=1), number(0, small)
    half = number(0.5, np.float32)
    want = (a.astype(np.float32) @ b.astype(np.float32) * np.float32(0.5)).astype(small)
    check("QLinearMatMul", {}, [a, half, none, b, half, none, half, none], expect=[want])


def test_qlinear_conv():
    for x_type, w_type in [(np.uint8, np.uint8), (np.uint8, np.int8), (np.int8, np.int8)]:
        for attributes in ({}, {"pads": [1, 0, 2, 1]}, {"strides": [2, 1]}, {"auto_pad": "SAME_LOWER"}):
            inputs = quantized_operand(data((2, 3, 7, 8), x_type), 0.02, 100) + quantized_operand(weight((4, 3, 3, 2), w_type), 0.3, 0)
            inputs += [number(1.1, np.float32), number(17, x_type)]
            check("QLinearConv", attributes, inputs)
            check("QLinearConv", attributes, [*inputs, values((4,), np.int32, -3000, 3000, seed=8)])
    x, w = data((1, 4, 20), np.uint8), weight((6, 2, 3), np.int8)
    scales, zeros = values((6,), low=0.01, high=0.1, seed=4), np.zeros(6, np.int8)
    inputs = quantized_operand(x, 0.02, 100) + quantized_operand(w, scales, zeros) + [number(0.2, np.float32), number(17, np.uint8)]
    check("QLinearConv", {"group": 2}, inputs)


def test_ties_round_to_even():
    x = np.array([[[1, 3, 5, 7, 255]]], np.uint8)
    inputs = quantized_operand(x, 0.5, 0) + quantized_operand(np.ones((1, 1, 1), np.uint8), 1, 0)
    check("QLinearConv", {}, [*inputs, number(1, np.float32), number(0, np.uint8)], expect=[np.array([[[0, 2, 2, 4, 128]]], np.uint8)])
    check("QLinearConv", {}, [*inputs, number(0.25, np.float32), number(3, np.uint8)],
          expect=[np.array([[[5, 9, 13, 17, 255]]], np.uint8)])


def test_refused():
    a, b = data((3, 4), np.uint8), weight((4, 5), np.uint8)
    refused("MatMulInteger", {}, [a, weight((3, 5), np.uint8)], "inner dimension")
    refused("MatMulInteger", {}, [a.astype(np.int32), b], "int32")
    refused("MatMulInteger", {}, [a, b, number(3, np.int8)], "input 2 is int8")
    refused("MatMulInteger", {}, [a, b, data((2,), np.uint8)], "length of a scale or zero point")
    refused("MatMulInteger", {}, [a, b, None, data((2, 5), np.uint8)], "input 3 of shape [2,5]")
    x, w = data((1, 3, 7, 8), np.uint8), weight((4, 3, 3, 2), np.uint8)
    refused("ConvInteger", {}, [x, w, data((3,), np.uint8)], "input 2 of shape [3]")
    refused("ConvInteger", {}, [x, w[:, :2]], "input channels")
    refused("ConvInteger", {}, [x, w[0]], "input 1 has rank 3")
    inputs = quantized_operand(x, 0.02, 100) + quantized_operand(w, 0.3, 0) + [number(1.1, np.float32), number(17, np.uint8)]
    refused("QLinearConv", {}, [*inputs, np.zeros(3, np.int32)], "input 8 has 3")
    refused("QLinearConv", {}, [*inputs, np.zeros(4, np.float32)], "float32")
    refused("QLinearConv", {}, [*inputs[:6], np.ones(4, np.float32), inputs[7]], "input 6 of shape [4]")
    inputs[1] = np.ones(3, np.float32)
    refused("QLinearConv", {}, inputs, "input 1 of shape [3]")
    operands = quantized_operand(a, 0.02, 3) + quantized_operand(b, 0.3, 0)
    refused("QLinearMatMul", {}, [*operands, number(1, np.float32), number(1, np.int32)], "int32")
