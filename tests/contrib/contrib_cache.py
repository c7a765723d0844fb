"""Attention over buffers of keys and values: GroupQueryAttention, shared buffers, rotations, square masks. Where ONNX Runtime
has no CPU kernel the numbers come from plain attention on what the buffer holds."""
import numpy as np
from onenode import check, of_runtime, random, refused

N, KV, H = 4, 2, 8


def group(batch, length, attributes=None, size=H):
    return ({"num_heads": N, "kv_num_heads": KV, **(attributes or {})},
            [random((batch, length, heads * size), seed=i) for i, heads in enumerate((N, KV, KV))])


def lengths(*ends, total=None):
    return [np.array([end - 1 for end in ends], np.int32), np.array(total or max(ends), np.int32)]


def buffers(batch, rows, heads=KV, size=H):
    return [random((batch, heads, rows, size), seed=i) for i in (5, 6)]


def test_prompt():
    for extra in ({}, {"scale": 0.2}, {"softcap": 2.0}, {"local_window_size": 2}, {"local_window_size": 9}, {"smooth_softmax": 1}):
        attributes, qkv = group(2, 5, extra)
        check("GroupQueryAttention", attributes, [*qkv, None, None, *lengths(5, 5)], 3)
        check("GroupQueryAttention", attributes, [*qkv, None, None, *lengths(5, 3)], 3)
        check("GroupQueryAttention", attributes, [*qkv, *buffers(2, 9), *lengths(5, 5)], 3)
        check("GroupQueryAttention", attributes, [*qkv, *buffers(2, 0), *lengths(5, 5)], 3)
    attributes, qkv = group(2, 5)
    packed = np.concatenate(qkv, 2)
    check("GroupQueryAttention", attributes, [packed, None, None, None, None, *lengths(5, 5)], 3)
    check("GroupQueryAttention", attributes, [*qkv, None, None, *lengths(5, 5)], 3, symbolic=True)
    check("GroupQueryAttention", attributes, [*qkv, None, None, *lengths(5, 5)], 3, constant=(5, 6))


def test_following_words():
    for extra in ({}, {"local_window_size": 2}, {"local_window_size": 4}, {"smooth_softmax": 1}):
        attributes, qkv = group(2, 1, extra)
        check("GroupQueryAttention", attributes, [*qkv, *buffers(2, 3), *lengths(4, 4)], 3)
        check("GroupQueryAttention", attributes, [*qkv, *buffers(2, 3), *lengths(4, 2)], 3)
        check("GroupQueryAttention", attributes, [*qkv, *buffers(2, 9), *lengths(4, 6)], 3)
        attributes, qkv = group(1, 3, extra)
        check("GroupQueryAttention", attributes, [*qkv, *buffers(1, 5), *lengths(8)], 3)
        check("GroupQueryAttention", attributes, [*qkv, *buffers(1, 12), *lengths(8)], 3, symbolic=True)
    attributes, qkv = group(1, 3)
    check("GroupQueryAttention", attributes, [np.concatenate(qkv, 2), None, None, *buffers(1, 5), *lengths(8)], 3)
    dirty = [np.where(np.arange(12)[:, None] < 5, x, np.nan).astype(np.float32) for x in buffers(1, 12)]
    check("GroupQueryAttention", attributes, [*qkv, *dirty, *lengths(8)], 3)


def test_rotary():
    size = 32  # ONNX Runtime rotates multiples of 16 only
    for width in (size, size // 2):
        angles = random((16, width // 2), low=0, high=3)
        caches = [np.cos(angles), np.sin(angles)]
        for interleaved in (0, 1):
            rotated = {"do_rotary": 1, "rotary_interleaved": interleaved}
            attributes, qkv = group(2, 5, rotated, size)
            check("GroupQueryAttention", attributes, [*qkv, None, None, *lengths(5, 5), *caches], 3)
            attributes, qkv = group(2, 1, rotated, size)
            past = buffers(2, 9, size=size)
            check("GroupQueryAttention", attributes, [*qkv, *past, *lengths(4, 6), *caches], 3)
            check("GroupQueryAttention", attributes, [*qkv, *past, *lengths(4, 6), *caches, np.array([[7], [2]])], 3)
            attributes, qkv = group(1, 3, rotated, size)
            packed = np.concatenate(qkv, 2)
            check("GroupQueryAttention", attributes, [packed, None, None, *buffers(1, 5, size=size), *lengths(8), *caches], 3)


def test_bias_sink_and_scores():
    attributes, qkv = group(1, 3)
    bias, sink = random((1, N, 3, 8), seed=7), random((N,), seed=8)
    past = [*qkv, *buffers(1, 5), *lengths(8), None, None, None]
    check("GroupQueryAttention", attributes, [*past, bias], 3)
    check("GroupQueryAttention", attributes, [*past, bias[:, :1], sink], 3)
    check("GroupQueryAttention", {**attributes, "softcap": 3.0}, [*past, None, sink], 3)
    check("GroupQueryAttention", {**attributes, "qk_output": 2}, past, 4)
    check("GroupQueryAttention", {**attributes, "qk_output": 2}, [*past, None, sink], 4)


def test_norm_and_both_directions():
    attributes, (q, k, v) = group(1, 3, {"qk_norm_epsilon": 1e-5})
    weights = [random((H,), low=0.5, high=1.5, seed=i) for i in (1, 2)]

    def normalized(x, weight):
        x = x.reshape(1, 3, -1, H)
        return (x / np.sqrt((x * x).mean(3, keepdims=True) + 1e-5) * weight).reshape(1, 3, -1).astype(np.float32)

    plain = {"num_heads": N, "kv_num_heads": KV}
    want = of_runtime("GroupQueryAttention", plain, [normalized(q, weights[0]), normalized(k, weights[1]), v, None, None, *lengths(3)], 3)
    check("GroupQueryAttention", attributes, [q, k, v, None, None, *lengths(3), *[None] * 7, *weights], 3, expect=want)
    want = of_runtime("MultiHeadAttention", {"num_heads": N}, [q, np.repeat(k.reshape(1, 3, KV, H), 2, 2).reshape(1, 3, -1),
                                                               np.repeat(v.reshape(1, 3, KV, H), 2, 2).reshape(1, 3, -1)])
    check("GroupQueryAttention", {**plain, "causal": 0}, [q, k, v, None, None, *lengths(3)], expect=want)


def test_group_refused():
    attributes, qkv = group(1, 3)
    inputs = [*qkv, *buffers(1, 5), *lengths(8)]
    refused("GroupQueryAttention", {**attributes, "kv_num_heads": 3}, inputs, "must divide", 3)
    refused("GroupQueryAttention", {**attributes, "do_rotary": 1}, inputs, "without cos_cache", 3)
    refused("GroupQueryAttention", {**attributes, "sliding_window_cache": 1}, inputs, "sliding_window_cache", 3)
    refused("GroupQueryAttention", {**attributes, "local_window_size": 0}, inputs, "local_window_size is 0", 3)
    refused("GroupQueryAttention", attributes, [*inputs, *[None] * 5, np.array([0.1], np.float32)], "quantized cache", 3)


def operands(batch=2, length=3, heads=2):
    hidden = heads * H
    return [random((batch, length, 6)), random((6, 3 * hidden), seed=1), random((3 * hidden,), seed=2)]


def test_shared_past():
    """The result is that of a past without room behind it; the buffer keeps its size."""
    for attributes in ({"num_heads": 2}, {"num_heads": 2, "unidirectional": 1}):
        past = random((2, 2, 2, 9, H), seed=4)
        y, present = of_runtime("Attention", attributes, [*operands(), None, past[:, :, :, :4]], 2)
        room = np.zeros_like(past)
        room[:, :, :, :7] = present
        check("Attention", {**attributes, "past_present_share_buffer": 1}, [*operands(), None, past, None, np.array([4], np.int32)], 2,
              expect=[y, room])
        mask = np.array([[1, 1, 0, 1, 1, 1, 1], [1] * 7], np.int32)
        want = of_runtime("Attention", attributes, [*operands(), mask, past[:, :, :, :4]], 2)[:1]
        check("Attention", {**attributes, "past_present_share_buffer": 1}, [*operands(), mask, past, None, np.array(4, np.int32)],
              expect=want)


def test_shared_keys_and_values():
    q, k, v = (random((2, 1, 16), seed=i) for i in range(3))
    past = buffers(2, 9, 2)
    mask = np.array([[1, 0, 1, 1], [1, 1, 1, 1]], np.int32)
    length, width = np.array([3], np.int32), np.array([2], np.int32)
    beams = random((1, 2, 9), np.int32, 0, 1, seed=9)
    clean = [x * (np.arange(9)[:, None] < 3) for x in past]  # ONNX Runtime keeps what lies behind
    shared = {"num_heads": 2, "past_present_share_buffer": 1}
    check("MultiHeadAttention", {"num_heads": 2}, [q, k, v, None, None, None, *clean, length], 3)
    check("MultiHeadAttention", {"num_heads": 2}, [q, k, v, None, mask, None, *clean, length, beams], 3)
    check("DecoderMaskedMultiHeadAttention", shared, [q, k, v, None, None, *clean, length], 3)
    check("DecoderMaskedMultiHeadAttention", shared, [q, k, v, mask, None, *clean, length], 3)
    check("DecoderMaskedMultiHeadAttention", shared, [q, k, v, mask, None, *clean, length, width, beams], 3)
    check("DecoderMaskedMultiHeadAttention", {"num_heads": 2}, [q, *past])
    refused("DecoderMaskedMultiHeadAttention", shared, [q, k, v, None, None, *past], "without past_sequence_length")


def test_square_mask():
    mask = random((2, 1, 9, 9), np.int32, 0, 1, seed=3) | np.eye(9, dtype=np.int32)
    past = random((2, 2, 2, 4, H), seed=4)
    for before, inputs in ((0, []), (4, [past])):
        rows = np.ascontiguousarray(mask[:, 0, before:before + 3, :before + 3])
        want = of_runtime("Attention", {"num_heads": 2}, [*operands(), rows, *inputs], len(inputs) + 1)[:1]
        check("Attention", {"num_heads": 2}, [*operands(), mask, *inputs], expect=want)


def test_offsets_behind_lengths():
    mask = np.array([1, 3, 0, 1, 4, 0, 1, 4], np.int32)
    want = of_runtime("Attention", {"num_heads": 2}, [*operands(), mask[:2].copy()])
    check("Attention", {"num_heads": 2}, [*operands(), mask], expect=want)


def test_rotated_attention():
    """Halves of a head turn by position * 10000 ** (-2 i / size)."""
    x, w, b = operands()
    parts = np.split(x @ w + b, 3, 2)

    def turned(t, first, size):
        heads = t.reshape(2, 3, 2, H).astype(np.float64)
        angle = (first + np.arange(3))[:, None] * 10000.0 ** (-2 * np.arange(size // 2) / size)
        c, s = np.cos(angle)[None, :, None], np.sin(angle)[None, :, None]
        a, z = heads[..., :size // 2], heads[..., size // 2:size]
        return np.concatenate([a * c - z * s, a * s + z * c, heads[..., size:]], 3).reshape(2, 3, -1).astype(np.float32)

    for size, extra in ((H, {}), (4, {"rotary_embedding_dim": 4})):
        want = of_runtime("MultiHeadAttention", {"num_heads": 2}, [turned(parts[0], 0, size), turned(parts[1], 0, size), parts[2]])
        check("Attention", {"num_heads": 2, "do_rotary": 1, **extra}, [x, w, b], expect=want)
    past = random((2, 2, 2, 4, H), seed=4)
    want = of_runtime("MultiHeadAttention", {"num_heads": 2}, [turned(parts[0], 4, H), turned(parts[1], 4, H), parts[2], None, None, None, *past], 3)
    check("Attention", {"num_heads": 2, "do_rotary": 1}, [x, w, b, None, past], 2, expect=[want[0], np.stack(want[1:])])
