"""Attention, LinearAttention, CausalConvWithState, RotaryEmbedding."""
import itertools

import ml_dtypes
import numpy as np
from optest import FLOATS, check, compare, oracle, refused, run, values

UP_TO_32 = [dtype for dtype in FLOATS if dtype != np.float64]

LOOSE = {"rtol": 1e-4, "atol": 1e-5}
NARROW = {"rtol": 2e-2, "atol": 1e-2}


def tolerance(dtype):
    return NARROW if np.dtype(dtype).itemsize == 2 else LOOSE


def qkv(batch=2, q_heads=3, kv_heads=3, q_len=4, kv_len=6, size=8, v_size=8, dtype=np.float32, packed=False):
    shapes = [(batch, q_heads, q_len, size), (batch, kv_heads, kv_len, size), (batch, kv_heads, kv_len, v_size)]
    if packed:
        shapes = [(b, n, h * d) for b, h, n, d in shapes]
    return [values(shape, dtype, -1, 1, i) for i, shape in enumerate(shapes)]


def heads(packed, q, kv):
    return {"q_num_heads": q, "kv_num_heads": kv} if packed else {}


def attention(attributes, inputs, n_out=1, **more):
    return check("Attention", attributes, inputs, n_out=n_out, evaluator=True, **{**LOOSE, **more})


def test_attention_forms():
    for packed, (q, kv) in itertools.product((False, True), ((3, 3), (4, 2), (6, 1))):
        attention(heads(packed, q, kv), qkv(q_heads=q, kv_heads=kv, packed=packed))
        attention({**heads(packed, q, kv), "scale": 0.3}, qkv(q_heads=q, kv_heads=kv, v_size=5, packed=packed))


def test_attention_sizes():
    for q_len, kv_len, size, v_size in [(1, 1, 1, 1), (70, 65, 3, 67), (65, 130, 64, 1), (2, 3, 129, 64), (3, 64, 2, 65)]:
        attention({}, qkv(1, 2, 2, q_len, kv_len, size, v_size))
    for q_len in (0, 3):
        run("Attention", {}, qkv(2, 2, 2, q_len, 5))
    empty, = run("Attention", {}, qkv(2, 2, 2, 3, 0))
    compare([empty], [np.zeros((2, 2, 3, 8), np.float32)])
    run("Attention", {}, qkv(0, 2, 2, 3, 4))
    run("Attention", {}, qkv(1, 0, 0, 3, 4))


def test_attention_types():
    for dtype in FLOATS:
        attention({}, qkv(dtype=dtype), **tolerance(dtype))
    q, k, v = qkv()
    got, = run("Attention", {}, [q, k, v.astype(np.float64)])
    compare([got], oracle("Attention", {}, [q, k, v], 1, evaluator=True), **LOOSE)


def masks(batch=2, q_heads=3, q_len=4, total=6):
    for shape in ((total,), (q_len, total), (1, total), (q_heads, q_len, total), (1, 1, total), (batch, 1, q_len, total),
                  (batch, q_heads, q_len, total), (q_len, total - 2), (batch, 1, 1, total - 3), (q_len, 1)):
        yield shape


def test_attention_masks():
    for shape in masks():
        for causal in (0, 1) if len(shape) > 1 and shape[-2] != 1 else (0,):  # the evaluator cannot do other causal ones
            attention({"is_causal": causal}, [*qkv(), values(shape)])
            attention({"is_causal": causal}, [*qkv(), values(shape, bool)])


def test_attention_fully_masked_rows():
    mask = np.ones((4, 6), bool)
    mask[1] = False
    got = attention({"qk_matmul_output_mode": 3}, [*qkv(), mask, None, None], n_out=4)
    assert not got[0][:, :, 1].any() and not got[3][:, :, 1].any()
    q, k, v = qkv()
    k[:, :, 2, :] = np.inf
    mask[:, 2] = False
    run("Attention", {}, [q, k, v, mask])


def past(dtype=np.float32, batch=2, kv_heads=3, length=5, size=8, v_size=8):
    return [values((batch, kv_heads, length, size), dtype, -1, 1, 7), values((batch, kv_heads, length, v_size), dtype, -1, 1, 8)]


def test_attention_past_and_present():
    for packed, causal, mode in itertools.product((False, True), (0, 1), range(4)):
        attributes = {**heads(packed, 3, 3), "is_causal": causal, "qk_matmul_output_mode": mode}
        attention(attributes, [*qkv(packed=packed), values((4, 11)), *past()], n_out=4)
        attention(attributes, [*qkv(packed=packed), None, *past(length=0)], n_out=3)
    attention({}, [*qkv(q_heads=6, v_size=4), None, *past(v_size=4)], n_out=4)


def test_attention_scores():
    for mode, softcap in itertools.product((1, 2, 3), (0.0, 0.7, 50.0)):
        attention({"qk_matmul_output_mode": mode, "softcap": softcap}, [*qkv(), values((4, 6))], n_out=4)
    q, k, v = qkv()
    raw = np.einsum("bhid,bhjd->bhij", q.astype(np.float64), k) / np.sqrt(8)
    got = run("Attention", {"softcap": 0.5}, [q, k, v], n_out=4)
    compare(got[3:], [raw.astype(np.float32)], **LOOSE)


def test_attention_softmax_precision():
    for precision in (1, 10, 11, 16):
        for dtype in (np.float32, np.float16):
            attention({"softmax_precision": precision}, qkv(dtype=dtype), **NARROW)


def test_attention_lengths_of_cache():
    for lengths in ([6, 2], [0, 6], [3, 3], [4, 5]):
        for causal in (0, 1):
            inputs = [*qkv(), None, None, None, np.array(lengths, np.int64)]
            attention({"is_causal": causal}, inputs)
            attention({"is_causal": causal}, [*qkv(), values((4, 6), bool), *inputs[4:]])
    for lengths in ([-1, 9], [2**63 - 1, -(2**63)]):  # out of range, but nothing is read by them
        run("Attention", {"is_causal": 1}, [*qkv(), None, None, None, np.array(lengths, np.int64)])


def test_attention_windows():
    for left, right, causal in itertools.product((-1, 0, 2), (-1, 0, 1), (0, 1)):
        attributes = {"left_window_size": left, "right_window_size": right, "is_causal": causal}
        attention(attributes, qkv())
        attention(attributes, [*qkv(), values((4, 11)), *past()])
        attention(attributes, [*qkv(), None, None, None, np.array([6, 2], np.int64)])
    run("Attention", {"left_window_size": 2**63 - 1, "right_window_size": 2**63 - 1}, qkv())


def test_attention_refused():
    q, k, v = qkv()
    refused("Attention", {}, qkv(packed=True), "q_num_heads")
    refused("Attention", {"q_num_heads": 5, "kv_num_heads": 3}, qkv(packed=True), "does not divide")
    refused("Attention", {}, [q, k[:1], v], "batch")
    refused("Attention", {}, [q, k[..., :4], v], "head size")
    refused("Attention", {}, [q, k, v[:, :, :3]], "length")
    refused("Attention", {}, [q, k[:, :2], v[:, :2]], "multiple")
    refused("Attention", {}, [q, k[:, :0], v[:, :0]], "multiple")
    refused("Attention", {}, [q, k.astype(np.float64), v], "float64")
    refused("Attention", {}, [q, k, v, values((4, 7))], "broadcast")
    refused("Attention", {}, [q, k, v, values((2, 4, 6))], "broadcast")
    refused("Attention", {}, [q, k, v, None, past()[0]], "together")
    refused("Attention", {}, [q, k, v, None, *past(), np.array([1, 2], np.int64)], "nonpad")
    refused("Attention", {}, [q, k, v, None, None, None, np.array([1, 2, 3], np.int64)], "input 6")
    refused("Attention", {"qk_matmul_output_mode": 4}, qkv(), "qk_matmul_output_mode")
    refused("Attention", {"left_window_size": -2}, qkv(), "left_window_size")
    refused("Attention", {"softmax_precision": 7}, qkv(), "softmax_precision")
    refused("Attention", {}, [q[0], k, v], "rank")


def linear(rule, batch=2, steps=5, q_heads=4, kv_heads=2, size=3, v_size=6, dtype=np.float32, state=False, wide=False, one=False):
    gated, delta = "gated" in rule, "delta" in rule
    return [values((batch, steps, q_heads * size), dtype, -1, 1), values((batch, steps, kv_heads * size), dtype, -1, 1, 1),
            values((batch, steps, kv_heads * v_size), dtype, -1, 1, 2),
            values((batch, kv_heads, size, v_size), dtype, -1, 1, 3) if state else None,
            values((batch, steps, kv_heads * (size if wide else 1)), dtype, -1, 0, 4) if gated else None,
            values((batch, steps, 1 if one else kv_heads), dtype, 0, 1, 5) if delta else None]


def test_linear_attention():
    for rule, state, wide, one in itertools.product(("linear", "gated", "delta", "gated_delta"), *[(False, True)] * 3):
        for q_heads, kv_heads in ((2, 2), (4, 2), (3, 1)):
            inputs = linear(rule, q_heads=q_heads, kv_heads=kv_heads, state=state, wide=wide, one=one)
            check("LinearAttention", {"update_rule": rule, "q_num_heads": q_heads, "kv_num_heads": kv_heads}, inputs, n_out=2, **LOOSE)
    for dtype in UP_TO_32:
        check("LinearAttention", {"q_num_heads": 4, "kv_num_heads": 2, "scale": 0.5}, linear("gated_delta", dtype=dtype), n_out=2, **tolerance(dtype))
    run("LinearAttention", {"q_num_heads": 4, "kv_num_heads": 2, "update_rule": "linear"}, linear("linear", steps=0, state=True), n_out=2)
    mixed = linear("linear", dtype=np.float16)
    mixed[3] = values((2, 2, 3, 6), np.float32, -1, 1, 3)
    check("LinearAttention", {"q_num_heads": 4, "kv_num_heads": 2, "update_rule": "linear"}, mixed, n_out=2, **NARROW)


def test_linear_attention_refused():
    right = {"q_num_heads": 4, "kv_num_heads": 2}
    refused("LinearAttention", right, linear("linear"), "needs the input decay", 2)
    refused("LinearAttention", {**right, "update_rule": "linear"}, linear("gated"), "does not take", 2)
    refused("LinearAttention", {**right, "update_rule": "square"}, linear("linear"), "square", 2)
    refused("LinearAttention", {"q_num_heads": 4, "kv_num_heads": 3}, linear("gated_delta"), "multiple", 2)
    refused("LinearAttention", {"q_num_heads": 0, "kv_num_heads": 0}, linear("gated_delta"), "multiple", 2)
    wrong = linear("gated_delta")
    refused("LinearAttention", right, [*wrong[:4], values((2, 5, 3)), wrong[5]], "last dim", 2)
    refused("LinearAttention", right, [*wrong[:3], values((2, 2, 3, 5)), *wrong[4:]], "dim 3", 2)
    refused("LinearAttention", right, [wrong[0][0], *wrong[1:]], "rank", 2)


def test_causal_conv():
    for taps, length, bias, state, activation in itertools.product((1, 2, 4), (1, 2, 7), (False, True), (False, True), ("none", "silu", "swish")):
        inputs = [values((2, 3, length)), values((3, 1, taps), seed=1), values((3,), seed=2) if bias else None,
                  values((2, 3, taps - 1), seed=3) if state else None]
        check("CausalConvWithState", {"activation": activation}, inputs, n_out=2, **LOOSE)
    for dtype in UP_TO_32:
        check("CausalConvWithState", {}, [values((2, 3, 5), dtype), values((3, 1, 3), dtype, seed=1)], n_out=2, **tolerance(dtype))
    run("CausalConvWithState", {}, [values((2, 3, 0)), values((3, 1, 3))], n_out=2)
    run("CausalConvWithState", {}, [values((0, 3, 4)), values((3, 1, 3))], n_out=2)


def test_causal_conv_refused():
    x, w = values((2, 3, 5)), values((3, 1, 3))
    refused("CausalConvWithState", {}, [x[0], w], "rank", 2)
    refused("CausalConvWithState", {}, [x, values((2, 1, 3))], "dim 0 of input 1", 2)
    refused("CausalConvWithState", {}, [x, values((3, 2, 3))], "dim 1 of input 1", 2)
    refused("CausalConvWithState", {}, [x, values((3, 1, 0))], "kernel", 2)
    refused("CausalConvWithState", {}, [x, w, None, values((2, 3, 3))], "dim 2 of input 3", 2)
    refused("CausalConvWithState", {}, [x, w, values((2,))], "input 2", 2)
    refused("CausalConvWithState", {"activation": "relu"}, [x, w], "activation", 2)


def rotary(packed=False, part=0, listed=True, dtype=np.float32, batch=2, count=3, length=4, size=8):
    turned = (part or size) // 2
    cache = (20, turned) if listed else (batch, length, turned)
    x = values((batch, length, count * size) if packed else (batch, count, length, size), dtype)
    positions = np.random.default_rng(1).integers(0, 20, (batch, length)) if listed else None
    return [x, values(cache, dtype, -1, 1, 1), values(cache, dtype, -1, 1, 2), positions]


def test_rotary_embedding():
    for packed, part, listed, interleaved in itertools.product((False, True), (0, 4, 8), (False, True), (0, 1)):
        attributes = {"interleaved": interleaved, "rotary_embedding_dim": part, **({"num_heads": 3} if packed else {})}
        check("RotaryEmbedding", attributes, rotary(packed, part, listed), evaluator=True)
    for dtype in UP_TO_32:
        check("RotaryEmbedding", {}, rotary(dtype=dtype), evaluator=True, **tolerance(dtype))
    run("RotaryEmbedding", {}, rotary(length=0))


def test_rotary_embedding_refused():
    x, c, s, p = rotary()
    refused("RotaryEmbedding", {}, [x, c, s, p + 20], "position")
    refused("RotaryEmbedding", {}, [x, c, s, p - 20], "position")
    refused("RotaryEmbedding", {}, [x, c, s], "rank")
    refused("RotaryEmbedding", {}, [x, c[:, :2], s, p], "dim 1 of input 1")
    refused("RotaryEmbedding", {}, [x[..., :7], c, s, p], "even")
    refused("RotaryEmbedding", {"rotary_embedding_dim": 16}, [x, c, s, p], "rotary_embedding_dim")
    refused("RotaryEmbedding", {}, rotary(packed=True), "num_heads")
    refused("RotaryEmbedding", {}, [x, c.astype(ml_dtypes.bfloat16), s, p], "bfloat16")


def test_types_that_the_standard_leaves_out():
    x = values((1, 2, 3, 4), np.float64)
    refused("RotaryEmbedding", {}, [x, values((3, 2), np.float64), values((3, 2), np.float64), np.arange(3)[None]], "float64")
    refused("CausalConvWithState", {}, [values((1, 2, 5), np.float64), values((2, 1, 3), np.float64)], "float64")
