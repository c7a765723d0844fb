"""Operators whose weights have few bits, and small ones that standard operators took over."""
import numpy as np
from onenode import check, of_runtime, random, refused


def lstm(directions, each):
    """ONNX Runtime wants zero points alike, and 0 where each gate has its scale."""
    x, h = random((6, 2, 5)), 4
    weights = []
    for i, columns in enumerate((5, h)):
        shape = (directions, 4 * h) if each else (directions,)
        dtype, zero = (np.int8, 0) if each else (np.uint8, 130)
        weights.append((random((directions, columns, 4 * h), dtype, zero - 120, zero + 120, seed=i),
                        random(shape, low=0.002, high=0.006, seed=i), np.full(shape, zero, dtype)))
    (w, w_scale, w_zero), (r, r_scale, r_zero) = weights
    state = [random((directions, 2, h), seed=i) for i in (5, 6)]
    return [x, w, r, random((directions, 8 * h)), np.array([6, 3], np.int32), *state, None, w_scale, w_zero, r_scale, r_zero]


def test_dynamic_quantize_lstm():
    """ONNX Runtime rounds inputs and states to 8 bits."""
    for directions, each in ((1, False), (2, False), (1, True)):
        inputs = lstm(directions, each)
        attributes = {"hidden_size": 4, "direction": "bidirectional" if directions == 2 else "forward"}
        check("DynamicQuantizeLSTM", attributes, inputs, 3, constant=(1, 2, 8, 9, 10, 11), rtol=0, atol=0.02)
        inputs[4] = inputs[5] = inputs[6] = None
        check("DynamicQuantizeLSTM", attributes, inputs, 1, constant=(1, 2, 8, 9, 10, 11), rtol=0, atol=0.02)
    inputs = lstm(1, False)
    inputs[8] = None
    refused("DynamicQuantizeLSTM", {"hidden_size": 4}, inputs, "input 8 of DynamicQuantizeLSTM is required")


def test_matmul_nbits():
    for n, k, block in ((8, 32, 16), (5, 40, 16), (3, 64, 32)):
        blocks = -(-k // block)
        a, b = random((2, 4, k)), random((n, blocks, block // 2), np.uint8, 0, 255, seed=1)
        scales = random((n, blocks), low=0.01, high=0.05, seed=2)
        attributes = {"K": k, "N": n, "bits": 4, "block_size": block}
        for zeros in (None, random((n, (blocks + 1) // 2), np.uint8, 0, 255, seed=3)):
            check("MatMulNBits", attributes, [a, b, scales, zeros], rtol=1e-3, atol=1e-4)
            check("MatMulNBits", attributes, [a, b, scales, zeros], constant=(1, 2, 3), rtol=1e-3, atol=1e-4)
        check("MatMulNBits", attributes, [a[0], b, scales, None, None, random((n,))], rtol=1e-3, atol=1e-4)
        whole = random((n, blocks, block), np.uint8, 0, 255, seed=1)
        check("MatMulNBits", {**attributes, "bits": 8}, [a, whole, scales], rtol=1e-3, atol=1e-4)
    refused("MatMulNBits", {**attributes, "bits": 3}, [a, b, scales], "weights of 3 bits")
    refused("MatMulNBits", {**attributes, "K": 0}, [a, b, scales], "N, K and block_size")


def test_rotary_embedding():
    angles = random((9, 4), low=0, high=3)
    positions = random((2, 5), np.int64, 0, 8)
    for x, attributes in ((random((2, 3, 5, 8)), {}), (random((2, 3, 5, 8)), {"interleaved": 1}), (random((2, 5, 24)), {"num_heads": 3, "rotary_embedding_dim": 8})):
        check("RotaryEmbedding", attributes, [x, positions, np.cos(angles), np.sin(angles)])
    refused("RotaryEmbedding", {}, [random((2, 3, 5, 8)), np.array([3]), np.cos(angles), np.sin(angles)], "position_ids of rank 2")


def test_decoder_attention():
    q, k, v = (random((2, 1, 8), seed=i) for i in range(3))
    past = [random((2, 2, 3, 4), seed=i) for i in (5, 6)]
    want = of_runtime("MultiHeadAttention", {"num_heads": 2}, [q, k, v, None, None, None, *past], 3)[:1]
    check("DecoderMaskedMultiHeadAttention", {"num_heads": 2}, [q, k, v, None, None, *past], expect=want)
    refused("DecoderMaskedMultiHeadAttention", {"num_heads": 2, "past_present_share_buffer": 1}, [q, k, v, None, None, *past], "share_buffer")


def test_small_ones():
    check("Trilu", {"upper": 0}, [random((3, 4, 5)), np.array(1)])
    check("Pad", {}, [random((3, 4)), np.array([1, 0, 2, 1]), np.array(0.5, np.float32)])
    check("Pad", {"mode": "edge"}, [random((3, 4)), np.array([1, 0, 2, 1])])
    for mode in ("bilinear", "nearest", "bicubic"):
        check("GridSample", {"mode": mode}, [random((1, 2, 5, 6)), random((1, 3, 4, 2), low=-1.2, high=1.2)], atol=1e-4)
    x = random((1, 6, 7, 3), np.uint8, 0, 255)
    attributes = {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "strides": [2, 1]}
    check("NhwcMaxPool", attributes, [x])
