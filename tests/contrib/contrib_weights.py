"""Operators whose weights have few bits, and small ones that standard operators took over."""
import ml_dtypes
import numpy as np
from onenode import check, of_runtime, random, refused


def lstm(directions, each, batch=2):
    """ONNX Runtime wants zero points alike, and 0 where each gate has its scale."""
    x, h = random((6, batch, 5)), 4
    weights = []
    for i, columns in enumerate((5, h)):
        shape = (directions, 4 * h) if each else (directions,)
        dtype, zero = (np.int8, 0) if each else (np.uint8, 130)
        weights.append((random((directions, columns, 4 * h), dtype, zero - 120, zero + 120, seed=i),
                        random(shape, low=0.002, high=0.006, seed=i), np.full(shape, zero, dtype)))
    (w, w_scale, w_zero), (r, r_scale, r_zero) = weights
    state = [random((directions, batch, h), seed=i) for i in (5, 6)]
    return [x, w, r, random((directions, 8 * h)), np.array([6, 3][:batch], np.int32), *state, None, w_scale, w_zero, r_scale, r_zero]


def test_dynamic_quantize_lstm():
    """Inputs and states are rounded to 8 bits by the ranges that ONNX Runtime takes: of all inputs, and of each sequence's states at
    each step when it has a thread for each."""
    near = {"constant": (1, 2, 8, 9, 10, 11), "rtol": 1e-5, "atol": 1e-6}
    for directions, each in ((1, False), (2, False), (1, True), (2, True)):
        inputs = lstm(directions, each, 1)
        attributes = {"hidden_size": 4, "direction": "bidirectional" if directions == 2 else "forward"}
        check("DynamicQuantizeLSTM", attributes, inputs, 3, **near)
        check("DynamicQuantizeLSTM", {**attributes, "input_forget": 1, "clip": 0.3}, inputs, 3, **near)
        inputs[7] = random((directions, 12), seed=7)
        check("DynamicQuantizeLSTM", attributes, inputs, 3, **near)
        inputs = lstm(directions, each, 2)
        inputs[4] = inputs[5] = inputs[6] = None
        check("DynamicQuantizeLSTM", attributes, inputs, 1, threads=2, **near)
        if directions == 1:
            check("DynamicQuantizeLSTM", {**attributes, "direction": "reverse"}, inputs, 3, threads=2, **near)
    inputs = lstm(1, False)
    inputs[8] = None
    refused("DynamicQuantizeLSTM", {"hidden_size": 4}, inputs, "input 8, W_scale, is required")


def test_matmul_nbits():
    for bits in (2, 4, 8):
        for n, k, block in ((8, 32, 16), (5, 40, 16), (3, 64, 32), (2, 96, 32)):
            blocks = -(-k // block)
            a, b = random((2, 4, k)), random((n, blocks, block * bits // 8), np.uint8, 0, 255, seed=1)
            scales = random((n, blocks), low=0.01, high=0.05, seed=2)
            attributes = {"K": k, "N": n, "bits": bits, "block_size": block}
            zeros = [None, random((n, -(-blocks * bits // 8)), np.uint8, 0, 255, seed=3)]
            if bits < 8:
                zeros.append(random((n, blocks), low=0, high=2**bits, seed=4))
            for zero in zeros:
                check("MatMulNBits", attributes, [a, b, scales, zero], rtol=1e-3, atol=1e-4)
                check("MatMulNBits", attributes, [a, b, scales, zero], constant=(1, 2, 3), rtol=1e-3, atol=1e-4)
            check("MatMulNBits", attributes, [a[0], b, scales, None, None, random((n,))], rtol=1e-3, atol=1e-4)
    refused("MatMulNBits", {**attributes, "bits": 3}, [a, b, scales], "weights of 3 bits")
    refused("MatMulNBits", {**attributes, "K": 0}, [a, b, scales], "N, K and block_size")
    refused("MatMulNBits", {**attributes, "weight_prepacked": 1}, [a, b, scales], "one kind of GPU")


def test_matmul_nbits_forms():
    """Flat parameters as older files have them, 8 bits with real zero points, groups by index: against the definition."""
    n, k, block = 5, 40, 16
    a, scales, zeros = random((3, k)), random((n, 3), low=0.01, high=0.05, seed=2), random((n, 3), low=0, high=9, seed=3)
    whole, groups = random((n, 3 * block), np.uint8, 0, 255, seed=1), random((k,), np.int32, 0, 2, seed=4)
    attributes = {"K": k, "N": n, "bits": 8, "block_size": block}
    for index, given in ((np.arange(k) // block, None), (groups, groups)):
        want = [(a.astype(np.float64) @ ((whole[:, :k] - zeros[:, index]) * scales[:, index]).T).astype(np.float32)]
        inputs = [a, whole.reshape(n, 3, block), scales, zeros, given]
        check("MatMulNBits", attributes, inputs, expect=want, rtol=1e-3, atol=1e-4)
        flat = [a, whole.reshape(n, 3, block), scales.ravel(), zeros.ravel(), given]
        check("MatMulNBits", attributes, flat, expect=want, constant=(1, 2, 3, 4), rtol=1e-3, atol=1e-4)
    nibbles = random((n, 3, block // 2), np.uint8, 0, 255, seed=1)
    check("MatMulNBits", {**attributes, "bits": 4}, [a, nibbles, scales, None, (np.arange(k) // block).astype(np.int32)], rtol=1e-3, atol=1e-4)


def test_gather_block_quantized():
    indices = [np.array([[1, 5, 0], [-1, 2, 2]]), np.array([-6, 3], np.int32), np.array(4)]
    for bits in (2, 4, 8):
        data, scales = random((6, 48 * bits // 8), np.uint8, 0, 255), random((6, 3), low=0.1, high=0.3, seed=1)
        zeros = random((6, -(-3 * bits // 8)), np.uint8, 0, 255, seed=2)
        attributes = {"bits": bits, "block_size": 16, "gather_axis": 0, "quantize_axis": -1}
        for index in indices:
            check("GatherBlockQuantized", attributes, [data, index, scales], constant=(0, 2))
            check("GatherBlockQuantized", attributes, [data, index, scales, zeros], constant=(0, 2, 3))
            check("GatherBlockQuantized", attributes, [data, index, scales.astype(np.float16), zeros], constant=(0, 2, 3))
        check("GatherBlockQuantized", attributes, [data, np.array([6, 1, -7]), scales, zeros], constant=(0, 2, 3))
        cube, more = random((4, 3, 48 * bits // 8), np.uint8, 0, 255), random((4, 3, 3), low=0.1, high=0.3, seed=1)
        check("GatherBlockQuantized", {**attributes, "quantize_axis": 2}, [cube, indices[1] % 4, more], constant=(0, 2))
    refused("GatherBlockQuantized", {**attributes, "bits": 3}, [data, indices[0], scales], "data of 3 bits")
    refused("GatherBlockQuantized", {**attributes, "bits": 4, "gather_axis": 1}, [data, indices[0], scales], "packed along axis 1")
    refused("GatherBlockQuantized", {**attributes, "gather_axis": 2}, [data, indices[0], scales], "axes of the data")


def test_gather_block_quantized_types():
    """One number an element: 4 bits with a type of their own, 8-bit floats."""
    for name, low, high in (("int4", -8, 7), ("uint4", 0, 15), ("float8_e4m3fn", -9, 9), ("float8_e5m2", -9, 9), ("float4_e2m1fn", -6, 6)):
        dtype = np.dtype(getattr(ml_dtypes, name))
        data, scales = random((6, 5, 32), np.int64, low, high).astype(dtype), random((6, 5, 2), low=0.1, high=0.3, seed=1)
        attributes = {"block_size": 16, "gather_axis": 1, "quantize_axis": 2}
        check("GatherBlockQuantized", attributes, [data, np.array([[4, 0, -5]]), scales], constant=(0, 2))
        same = {"block_size": 16, "gather_axis": 0, "quantize_axis": 0}
        column = random((32, 3), np.int64, low, high).astype(dtype)
        check("GatherBlockQuantized", same, [column, np.array([31, 2]), random((2, 3), low=0.1, high=0.3)], constant=(0, 2))
        if low == 0 or low == -8:
            zeros = random((6, 5, 2), np.int64, low, high).astype(dtype)
            check("GatherBlockQuantized", attributes, [data, np.array([[4, 0, -5]]), scales, zeros], constant=(0, 2, 3))


def test_rotary_embedding():
    angles = random((9, 4), low=0, high=3)
    positions = random((2, 5), np.int64, 0, 8)
    for x, attributes in ((random((2, 3, 5, 8)), {}), (random((2, 3, 5, 8)), {"interleaved": 1}), (random((2, 5, 24)), {"num_heads": 3, "rotary_embedding_dim": 8})):
        check("RotaryEmbedding", attributes, [x, positions, np.cos(angles), np.sin(angles)])
        check("RotaryEmbedding", attributes, [x, np.array([3]), np.cos(angles), np.sin(angles)])
    refused("RotaryEmbedding", {"scale": 2.0}, [random((2, 3, 5, 8)), positions, np.cos(angles), np.sin(angles)], "no scale")


def test_decoder_attention():
    q, k, v = (random((2, 1, 8), seed=i) for i in range(3))
    past = [random((2, 2, 3, 4), seed=i) for i in (5, 6)]
    want = of_runtime("MultiHeadAttention", {"num_heads": 2}, [q, k, v, None, None, None, *past], 3)[:1]
    check("DecoderMaskedMultiHeadAttention", {"num_heads": 2}, [q, k, v, None, None, *past], expect=want)


def test_small_ones():
    check("Trilu", {"upper": 0}, [random((3, 4, 5)), np.array(1)])
    check("Pad", {}, [random((3, 4)), np.array([1, 0, 2, 1]), np.array(0.5, np.float32)])
    check("Pad", {"mode": "edge"}, [random((3, 4)), np.array([1, 0, 2, 1])])
    for mode in ("bilinear", "nearest", "bicubic"):
        check("GridSample", {"mode": mode}, [random((1, 2, 5, 6)), random((1, 3, 4, 2), low=-1.2, high=1.2)], atol=1e-4)
    x = random((1, 6, 7, 3), np.uint8, 0, 255)
    attributes = {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "strides": [2, 1]}
    check("NhwcMaxPool", attributes, [x])


def test_convolution_with_channels_last():
    x, w, bias = random((1, 6, 7, 4)), random((6, 2, 3, 3), seed=1), random((6,), seed=2)
    attributes = {"group": 2, "pads": [1, 0, 1, 1], "strides": [2, 1]}
    first = np.ascontiguousarray(np.moveaxis(x, -1, 1))
    want = np.moveaxis(of_runtime("FusedConv", attributes, [first, w, bias])[0], 1, -1)
    last = np.ascontiguousarray(np.moveaxis(w, 1, -1))
    check("NhwcConv", attributes, [x, last, bias], expect=[want], constant=(1, 2))
    check("NhwcConv", attributes, [x, last], expect=[want - bias])
    more = random(want.shape, seed=3)
    check("NhwcFusedConv", {**attributes, "activation": "Relu"}, [x, w, bias, more], expect=[np.maximum(want + more, 0)])
    check("NhwcFusedConv", attributes, [x, w, bias], expect=[want], constant=(1, 2))
