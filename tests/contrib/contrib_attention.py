"""Attention and embeddings of com.microsoft."""
import numpy as np
from onenode import check, of_runtime, random, refused

B, S, H, N = 2, 5, 8, 2


def operands(hidden=H, value=H):
    return [random((B, S, 6)), random((6, 2 * hidden + value), seed=1), random((2 * hidden + value,), seed=2)]


def masks(total=S):
    return [np.array([3, 5], np.int32), np.array([[1, 1, 1, 0, 0][:total], [1] * total], np.int32),
            random((B, S, total), np.int32, 0, 1, seed=3) | np.eye(S, total, dtype=np.int32)[None]]


def test_attention():
    for attributes in ({}, {"unidirectional": 1}, {"scale": 0.3}):
        check("Attention", {"num_heads": N, **attributes}, operands())
        for mask in masks():
            check("Attention", {"num_heads": N, **attributes}, [*operands(), mask])
    plain = operands()[:2]
    check("Attention", {"num_heads": N}, plain, expect=of_runtime("Attention", {"num_heads": N}, [*plain, np.zeros(3 * H, np.float32)]))
    check("Attention", {"num_heads": N, "qkv_hidden_sizes": [8, 8, 4]}, operands(8, 4))
    check("Attention", {"num_heads": N, "mask_filter_value": -3.0}, [*operands(), masks()[1]])
    bias = random((1, N, S, S), seed=7)
    check("Attention", {"num_heads": N}, [*operands(), None, None, bias])
    check("Attention", {"num_heads": N}, [*operands(), masks()[1], None, bias])
    check("Attention", {"num_heads": N}, operands(), constant=(1, 2))


def test_attention_padding_on_the_left():
    mask = np.array([5, 4, 1, 2], np.int32)
    check("Attention", {"num_heads": N}, [*operands(), mask])


def test_attention_past():
    past = random((2, B, N, 3, H // N), seed=4)
    for attributes in ({}, {"unidirectional": 1}):
        check("Attention", {"num_heads": N, **attributes}, [*operands(), None, past], 2)
        check("Attention", {"num_heads": N, **attributes}, [*operands(), np.array([6, 8], np.int32), past], 2)
        check("Attention", {"num_heads": N, **attributes}, operands(), 2)


def test_attention_refused():
    refused("Attention", {"num_heads": 3}, operands(), "heads")
    refused("Attention", {"num_heads": 2, "do_rotary": 1, "rotary_embedding_dim": 3}, operands(), "do_rotary needs heads")


def test_multi_head():
    q, k, v, bias = random((B, S, H)), random((B, 4, H), seed=1), random((B, 4, H), seed=2), random((3 * H,), seed=3)
    for attributes in ({}, {"scale": 0.4}):
        attributes["num_heads"] = N
        check("MultiHeadAttention", attributes, [q, k, v])
        check("MultiHeadAttention", attributes, [q, k, v, bias])
        check("MultiHeadAttention", attributes, [q, k, v, bias, np.array([[1, 1, 0, 0], [1, 1, 1, 1]], np.int32)])
        check("MultiHeadAttention", attributes, [q, k, v, None, None, random((1, N, S, 4), seed=5)])
    check("MultiHeadAttention", {"num_heads": N, "unidirectional": 1}, [q, random((B, S, H), seed=1), random((B, S, H), seed=2)])
    check("MultiHeadAttention", {"num_heads": N}, [q, k, random((B, 4, 6), seed=2)])
    check("MultiHeadAttention", {"num_heads": N}, [q, k, random((B, 4, 6), seed=2), random((2 * H + 6,))])


def test_multi_head_past():
    q, k, v = random((B, S, H)), random((B, S, H), seed=1), random((B, S, H), seed=2)
    past = [random((B, N, 3, H // N), seed=i) for i in (5, 6)]
    check("MultiHeadAttention", {"num_heads": N}, [q, k, v, None, None, None, *past], 3)
    check("MultiHeadAttention", {"num_heads": N}, [q, k, v], 3)
    check("MultiHeadAttention", {"num_heads": N}, [q, *past])


def test_multi_head_packed():
    def expected(q, k, v):
        """All of [batch, length, heads, size]."""
        q, k, v = (np.moveaxis(x.astype(np.float64), 2, 1) for x in (q, k, v))
        scores = q @ np.swapaxes(k, 2, 3) / np.sqrt(q.shape[3])
        weights = np.exp(scores - scores.max(3, keepdims=True))
        y = weights / weights.sum(3, keepdims=True) @ v
        return np.moveaxis(y, 1, 2).reshape(q.shape[0], q.shape[2], -1).astype(np.float32)

    packed = random((B, S, N, 3, 4))
    check("MultiHeadAttention", {"num_heads": N}, [packed], expect=[expected(*np.moveaxis(packed, 3, 0))])
    q, keys = random((B, S, H)), random((B, 4, N, 2, 4), seed=1)
    want = expected(q.reshape(B, S, N, 4), *np.moveaxis(keys, 3, 0))
    check("MultiHeadAttention", {"num_heads": N}, [q, keys], expect=[want])


def embedding():
    ids, segments = random((B, S), np.int32, 0, 9), random((B, S), np.int32, 0, 1)
    return [ids, segments, random((10, H)), random((7, H), seed=1), random((2, H), seed=2), random((H,)), random((H,), seed=3)]


def test_embed_layer_norm():
    mask = np.array([[1, 1, 1, 0, 0], [1] * S], np.int32)
    for inputs in (embedding(), [*embedding(), mask], [*embedding(), mask, random((B, S), np.int32, 0, 6)], [*embedding(), None, random((1, S), np.int32, 0, 6)]):
        check("EmbedLayerNormalization", {"epsilon": 1e-5}, inputs, 2)
        check("EmbedLayerNormalization", {}, inputs, 3)
    inputs = embedding()
    inputs[1] = inputs[4] = None
    check("EmbedLayerNormalization", {}, inputs, 2)
    inputs[2] = None
    refused("EmbedLayerNormalization", {}, inputs, "lacks an embedding", 2)


def test_qembed_layer_norm():
    mask = np.array([[1, 1, 1, 0, 0], [1] * S], np.int32)
    ids, segments, *_ = embedding()
    tables = [random(shape, np.uint8, 0, 255, seed=i) for i, shape in enumerate([(10, H), (7, H), (2, H), (H,), (H,)])]
    scales = [np.array(v, np.float32) for v in (0.01, 0.02, 0.015, 0.03, 0.005)]
    zeros = [np.array(v, np.uint8) for v in (128, 120, 100, 3, 200)]
    check("QEmbedLayerNormalization", {"epsilon": 1e-5}, [ids, segments, *tables, mask, *scales, *zeros], 2, rtol=1e-3, atol=1e-4)


def test_qattention():
    x, w = random((B, S, 6), np.uint8, 0, 255), random((6, 3 * H), np.int8, -63, 63, seed=1)
    bias, scale, zero = random((3 * H,)), np.array(0.02, np.float32), np.array(120, np.uint8)
    for weight_scale, weight_zero in ((np.array(0.01, np.float32), np.array(3, np.int8)), (random((3 * H,), low=0.005, high=0.02), np.zeros(3 * H, np.int8))):
        inputs = [x, w, bias, scale, weight_scale]
        check("QAttention", {"num_heads": N}, [*inputs, None, zero, weight_zero], constant=(1,))
        check("QAttention", {"num_heads": N, "unidirectional": 1}, [*inputs, masks()[0], zero, weight_zero], constant=(1,))
    past = random((2, B, N, 3, H // N), seed=4)
    check("QAttention", {"num_heads": N, "unidirectional": 1}, [x, w, bias, scale, np.array(0.01, np.float32), None, zero, np.array(3, np.int8), past], 2,
          constant=(1,))
