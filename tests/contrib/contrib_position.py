"""Biases of relative positions and attention to the neighbourhood. ONNX Runtime has them on GPUs only: the numbers come from
their definitions."""
import numpy as np
from onenode import check, random, refused


def bucket(ahead, count, most, both):
    """As the T5 model counts distances."""
    start = 0
    if both:
        count //= 2
        start = count if ahead > 0 else 0
        ahead = -abs(ahead)
    distance, exact = max(-ahead, 0), count // 2
    if distance < exact:
        return start + distance
    share = np.log(np.float32(distance) / np.float32(exact)) / np.log(np.float32(most) / np.float32(exact))
    return start + min(exact + int(share * np.float32(count - exact)), count - 1)


def test_relative_position_bias():
    for count, heads, most, both in ((32, 3, 128, 1), (32, 3, 128, 0), (8, 2, 20, 1), (9, 1, 300, 0)):
        table = random((heads, count))
        for queries, keys in ((150, 150), (1, 7), (5, 3)):
            index = np.array([[bucket(k - q, count, most, both) for k in range(keys)] for q in range(queries)])
            lengths = [np.array([queries], np.int64), np.array([keys], np.int64)]
            attributes = {"max_distance": most, "is_bidirectional": both}
            inputs = [table.reshape(count, heads), *lengths]
            check("RelativePositionBias", attributes, inputs, expect=[table[:, index][None]])
            check("RelativePositionBias", attributes, inputs, expect=[table[:, index][None]], constant=(0, 1, 2))
    refused("RelativePositionBias", {"max_distance": 2}, [random((32, 2)), *lengths], "max_distance is 2 with 32 buckets")


def test_gated_relative_position_bias():
    batch, length, heads, size, width = 2, 3, 2, 4, 6
    q, q_bias = random((batch, length, heads * size)), random((heads * size,), seed=1)
    positions, weight, bias = random((1, heads, length, length), seed=2), random((size, width), seed=3), random((width,), seed=4)
    scale = random((1, heads, 1, 1), seed=5)

    def expected(q):
        x = (q + q_bias).reshape(batch, length, heads, size).transpose(0, 2, 1, 3).astype(np.float64)
        gates = 1 / (1 + np.exp(-(x @ weight + bias).reshape(batch, heads, length, 2, width // 2).sum(-1)))
        u, r = gates[..., :1], gates[..., 1:]
        return [((u * (r * scale - 1) + 2) * positions).astype(np.float32)]

    rest = [q_bias, positions, weight, bias, scale]
    check("GatedRelativePositionBias", {"num_heads": heads}, [q, *rest], expect=expected(q))
    check("GatedRelativePositionBias", {"num_heads": heads}, [q, *rest], expect=expected(q), constant=(3, 4), symbolic=True)
    offsets = np.array([[0, 1, 3], [2, 4, 5]], np.int32)  # of the words 0, 1, 3 and 2, then of the padding
    padded = np.zeros((batch * length, heads * size), np.float32)
    padded[[0, 1, 3, 2]] = q.reshape(-1, heads * size)[:4]
    check("GatedRelativePositionBias", {"num_heads": heads}, [q.reshape(-1, heads * size)[:4], *rest, offsets],
          expect=expected(padded.reshape(q.shape)))


def test_longformer_attention():
    batch, length, heads, size = 2, 8, 2, 4
    hidden = heads * size
    x, mask = random((batch, length, hidden)), np.zeros((batch, length), np.float32)
    mask[1, 6:] = -10000
    flags = np.zeros((batch, length), np.int32)
    flags[0, 5] = flags[1, 0] = flags[1, 2] = 1
    weights = [random((hidden, 3 * hidden), seed=1), random((3 * hidden,), seed=2), random((hidden, 3 * hidden), seed=3), random((3 * hidden,), seed=4)]

    def attend(weight, bias, open_keys):
        q, k, v = (part.reshape(batch, length, heads, size).transpose(0, 2, 1, 3) for part in np.split(x.astype(np.float64) @ weight + bias, 3, 2))
        scores = q @ k.swapaxes(2, 3) / np.sqrt(size) + mask[:, None, None]
        scores = np.where(open_keys[:, None], scores, -np.inf)
        share = np.exp(scores - scores.max(-1, keepdims=True))
        return (share / share.sum(-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(batch, length, hidden)

    for window in (1, 2, 4):
        near = np.abs(np.arange(length)[:, None] - np.arange(length)) <= window
        local = attend(weights[0], weights[1], near[None] | (flags[:, None] > 0))
        wide = attend(weights[2], weights[3], np.ones((batch, 1, length), bool))
        want = np.where(flags[..., None] > 0, wide, local).astype(np.float32)
        check("LongformerAttention", {"num_heads": heads, "window": window}, [x, *weights[:2], mask, *weights[2:], flags], expect=[want])
    refused("LongformerAttention", {"num_heads": heads, "window": 0}, [x, *weights[:2], mask, *weights[2:], flags], "window is 0")
