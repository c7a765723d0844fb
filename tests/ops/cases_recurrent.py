"""LSTM, GRU, RNN; DynamicQuantizeLSTM against plain Python."""
import itertools

import numpy as np
from optest import FLOATS, check, compare, refused, run, values

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
ACTIVATIONS = {"LSTM": 3, "GRU": 2, "RNN": 1}
LOOSE = {"rtol": 1e-4, "atol": 1e-5}


def small(shape, dtype=np.float32, seed=0):
    return values(shape, dtype, -0.6, 0.6, seed)


def layer(op, steps=5, batch=3, size=4, hidden=6, directions=1, dtype=np.float32, bias=True, lengths=None, state=False,
          peepholes=False):
    """Inputs of the operator; optional ones None."""
    gates = GATES[op]
    inputs = [values((steps, batch, size), dtype, -1, 1), small((directions, gates * hidden, size), dtype, 1),
              small((directions, gates * hidden, hidden), dtype, 2),
              small((directions, 2 * gates * hidden), dtype, 3) if bias else None,
              None if lengths is None else np.array(lengths, np.int32),
              small((directions, batch, hidden), dtype, 4) if state else None]
    if op == "LSTM":
        inputs.append(small((directions, batch, hidden), dtype, 5) if state else None)
        inputs.append(small((directions, 3 * hidden), dtype, 6) if peepholes else None)
    while inputs[-1] is None:
        inputs.pop()
    return inputs


def outputs_of(op):
    return 3 if op == "LSTM" else 2


def test_directions():
    for op, direction in itertools.product(GATES, ("forward", "reverse", "bidirectional")):
        directions = 2 if direction == "bidirectional" else 1
        for bias, lengths, state in itertools.product((True, False), (None, [5, 2, 3]), (False, True)):
            inputs = layer(op, directions=directions, bias=bias, lengths=lengths, state=state)
            check(op, {"direction": direction, "hidden_size": 6}, inputs, n_out=outputs_of(op), **LOOSE)


def test_sizes():
    for op in GATES:
        for steps, batch, size, hidden in [(1, 1, 1, 1), (7, 1, 70, 65), (2, 5, 3, 130), (3, 2, 129, 64)]:
            check(op, {"hidden_size": hidden}, layer(op, steps, batch, size, hidden), n_out=outputs_of(op), **LOOSE)


def test_peepholes():
    for direction in ("forward", "bidirectional"):
        directions = 2 if direction == "bidirectional" else 1
        for state in (False, True):
            check("LSTM", {"direction": direction, "hidden_size": 6}, layer("LSTM", directions=directions, state=state, peepholes=True),
                  n_out=3, **LOOSE)


def test_clip():
    for op in GATES:
        check(op, {"hidden_size": 6, "clip": 0.3}, layer(op, state=True), n_out=outputs_of(op), **LOOSE)


def test_coupled_gates():
    check("LSTM", {"hidden_size": 6, "input_forget": 1}, layer("LSTM", state=True), n_out=3, **LOOSE)


def test_linear_before_reset():
    for direction in ("forward", "bidirectional"):
        directions = 2 if direction == "bidirectional" else 1
        attributes = {"direction": direction, "hidden_size": 6, "linear_before_reset": 1}
        check("GRU", attributes, layer("GRU", directions=directions, state=True, lengths=[1, 5, 4]), n_out=2, **LOOSE)


def test_activations():
    plain = ("Relu", "Tanh", "Sigmoid", "Softsign", "Softplus")
    with_alpha = (("LeakyRelu", [0.1], None), ("ThresholdedRelu", [0.2], None), ("Elu", [0.7], None), ("Affine", [0.5], [0.1]),
                  ("ScaledTanh", [0.8], [1.3]), ("HardSigmoid", [0.3], [0.4]))
    for op, n in ACTIVATIONS.items():
        for name in plain:
            check(op, {"hidden_size": 6, "activations": [name] * n}, layer(op), n_out=outputs_of(op), **LOOSE)
        for name, alpha, beta in with_alpha:
            attributes = {"hidden_size": 6, "activations": [name] * n, "activation_alpha": alpha * n}
            if beta:
                attributes["activation_beta"] = beta * n
            check(op, attributes, layer(op), n_out=outputs_of(op), **LOOSE)
        check(op, {"hidden_size": 6, "activations": ["LeakyRelu"] * n}, layer(op), n_out=outputs_of(op), **LOOSE)
        check(op, {"hidden_size": 6, "activations": ["HardSigmoid"] * n}, layer(op), n_out=outputs_of(op), **LOOSE)


def test_parameters_go_to_those_that_take_them():
    attributes = {"hidden_size": 6, "direction": "bidirectional", "activation_alpha": [0.3, 0.05], "activation_beta": [0.4],
                  "activations": ["HardSigmoid", "Tanh", "Relu", "Sigmoid", "LeakyRelu", "Tanh"]}
    check("LSTM", attributes, layer("LSTM", directions=2), n_out=3, **LOOSE)


def test_batch_first():
    for op in GATES:
        inputs = layer(op, directions=2, state=True, lengths=[5, 2, 3])
        attributes = {"hidden_size": 6, "direction": "bidirectional"}
        want = run(op, attributes, inputs, n_out=outputs_of(op))
        turned = [array if array is None or array.ndim != 3 or i in (1, 2) else np.swapaxes(array, 0, 1).copy()
                  for i, array in enumerate(inputs)]
        expect = [want[0].transpose(2, 0, 1, 3), *[state.transpose(1, 0, 2) for state in want[1:]]]
        check(op, {**attributes, "layout": 1}, turned, n_out=outputs_of(op), expect=expect)
        check(op, {"hidden_size": 6, "layout": 1}, [values((3, 5, 4)), *layer(op)[1:]], n_out=outputs_of(op), evaluator=True,
              **LOOSE)


def test_types():
    for op, dtype in itertools.product(GATES, FLOATS):
        inputs = layer(op, dtype=dtype, state=True)
        want = run(op, {"hidden_size": 6}, [array if array is None else array.astype(np.float64) for array in inputs],
                   n_out=outputs_of(op))
        check(op, {"hidden_size": 6}, inputs, n_out=outputs_of(op), expect=[array.astype(dtype) for array in want])


def test_empty():
    for op in GATES:
        got = run(op, {"hidden_size": 6}, layer(op, steps=0, state=True), n_out=outputs_of(op))
        assert got[0].shape == (0, 1, 3, 6)
        compare(got[1:], layer(op, steps=0, state=True)[5:5 + len(got) - 1])
        got = run(op, {"hidden_size": 6}, layer(op, batch=0), n_out=outputs_of(op))
        assert got[0].shape == (5, 1, 0, 6) and got[1].shape == (1, 0, 6)


def test_refused():
    for op, gates in GATES.items():
        x, w, r, b = layer(op)
        refused(op, {"hidden_size": 7}, [x, w, r, b], "hidden size", outputs_of(op))
        refused(op, {"direction": "sideways"}, [x, w, r, b], "direction", outputs_of(op))
        refused(op, {"direction": "bidirectional"}, [x, w, r, b], "dim 0", outputs_of(op))
        refused(op, {"activations": ["Sine"] * 3}, [x, w, r, b], "Sine", outputs_of(op))
        refused(op, {"clip": -1.0}, [x, w, r, b], "clip", outputs_of(op))
        refused(op, {}, [x[0], w, r, b], "rank 2", outputs_of(op))
        refused(op, {}, [x, w[:, :, 1:], r, b], "dim 2", outputs_of(op))
        refused(op, {}, [x, w, r, b[:, 1:]], "dim 1", outputs_of(op))
        refused(op, {}, [x, w.astype(np.float64), r, b], "float64", outputs_of(op))
        for bad in ([5, 6, 1], [5, -1, 1]):
            refused(op, {}, [x, w, r, b, np.array(bad, np.int32)], "sequence_lens[1]", outputs_of(op))
        refused(op, {}, [x, w, r, b, np.array([5, 5], np.int32)], "2 elements", outputs_of(op))
        refused(op, {}, [x, w, r, b, np.array([5, 5, 5], np.int64)], "int64", outputs_of(op))
        if gates > 1:
            refused(op, {"activations": ["Tanh"]}, [x, w, r, b], "activations has 1", outputs_of(op))


def test_sequences_without_steps():
    """They keep their initial state."""
    for op in GATES:
        inputs = layer(op, lengths=[0, 5, 2], state=True)
        got = run(op, {"hidden_size": 6}, inputs, n_out=outputs_of(op))
        assert not got[0][:, :, 0].any()
        compare([state[:, 0] for state in got[1:]], [state[:, 0] for state in inputs[5:4 + len(got)]])
        whole = run(op, {"hidden_size": 6}, layer(op, state=True), n_out=outputs_of(op))
        compare([state[:, 1] for state in got[1:]], [state[:, 1] for state in whole[1:]])


QUANTIZED = "com.microsoft.DynamicQuantizeLSTM"


def rounded(x, seen):
    """To 256 steps over the range of what was seen, and 0."""
    low, high = min(np.float32(0), seen.min(initial=0)), max(np.float32(0), seen.max(initial=0))
    scale = np.float32(high - low) / np.float32(255) or np.float32(1)
    zero = np.rint(np.clip(-low / scale, 0, 255))
    return (np.clip(np.rint(x / scale) + zero, 0, 255) - zero).astype(np.float64) * np.float64(scale)


def quantized_lstm(x, w, r, bias, lengths, w_scale, w_zero, r_scale, r_zero):
    """Forward; without biases and initial states these are 0. Each sequence's states have a range of their own, but for few
    sequences of a wide layer."""
    real = [(q[0].astype(np.float64) - np.broadcast_to(zero[0], q.shape[-1:])) * scale[0] for q, scale, zero in ((w, w_scale, w_zero), (r, r_scale, r_zero))]
    steps, batch, hidden = len(x), x.shape[1], r.shape[1]
    inputs, h, c = rounded(x, x[:max(lengths)]), np.zeros((batch, hidden)), np.zeros((batch, hidden))
    y = np.zeros((steps, 1, batch, hidden))
    for t in range(steps):
        states = h.astype(np.float32)
        shared = batch <= 4 and hidden > 256
        states = np.array([rounded(row, states[[t <= m for m in lengths]] if shared else row[:hidden if t <= n else 0])
                           for row, n in zip(states, lengths)])
        gates = inputs[t] @ real[0] + states @ real[1]
        i, o, f, cell = np.split(gates + (bias[0, :4 * hidden].astype(np.float64) + bias[0, 4 * hidden:] if bias is not None else 0), 4, 1)
        on = np.array([[t < n] for n in lengths])
        c = np.where(on, c / (1 + np.exp(-f)) + np.tanh(cell) / (1 + np.exp(-i)), c)
        h = np.where(on, np.tanh(c) / (1 + np.exp(-o)), h)
        y[t, 0] = np.where(on, h, 0)
    return [y.astype(np.float32), h[None].astype(np.float32), c[None].astype(np.float32)]


def quantized_layer(dtype, each, steps=5, batch=3, size=4, hidden=6):
    low, high = (0, 256) if dtype is np.uint8 else (-128, 128)
    shape = (1, 4 * hidden) if each else (1,)
    weights = [values((1, columns, 4 * hidden), dtype, low, high, i) for i, columns in enumerate((size, hidden))]
    grids = [(values(shape, low=0.002, high=0.006, seed=i), values(shape, dtype, max(low, 0), 100, i)) for i in (3, 4)]
    return values((steps, batch, size), low=-1, high=2), *weights, small((1, 8 * hidden), seed=5), *grids[0], *grids[1]


def test_quantized():
    for dtype, each, lengths in itertools.product((np.uint8, np.int8), (False, True), (None, [5, 2, 3], [1, 0, 4])):
        x, w, r, b, *grids = quantized_layer(dtype, each)
        for bias in (b, None):
            inputs = [x, w, r, bias, None if lengths is None else np.array(lengths, np.int32), None, None, None, *grids]
            check(QUANTIZED, {"hidden_size": 6}, inputs, n_out=3, expect=quantized_lstm(x, w, r, bias, lengths or [5] * 3, *grids), **LOOSE)
    for batch, hidden in ((2, 65), (2, 258), (5, 258)):
        x, w, r, b, *grids = quantized_layer(np.uint8, False, 3, batch, 70, hidden)
        want = quantized_lstm(x, w, r, b, [3] * batch, *grids)
        check(QUANTIZED, {}, [x, w, r, b, None, None, None, None, *grids], n_out=3, expect=want, **LOOSE)


def test_quantized_odd_values():
    x, w, r, b, *grids = quantized_layer(np.int8, True)
    for value in (np.nan, np.inf, 0):
        odd = np.full_like(x, value)
        got = run(QUANTIZED, {}, [odd, w, r, b, None, None, None, None, *grids], n_out=3)
        if value == 0:
            compare(got, quantized_lstm(odd, w, r, b, [5] * 3, *grids), **LOOSE)
    assert run(QUANTIZED, {}, [x[:0], w, r, b, None, None, None, None, *grids], n_out=3)[0].shape == (0, 1, 3, 6)


def test_quantized_refused():
    x, w, r, b, *grids = quantized_layer(np.int8, True)
    none = [None] * 4
    refused(QUANTIZED, {}, [x, w, r, b, *none, None, *grids[1:]], "W_scale", 3)
    refused(QUANTIZED, {}, [x, w, r, b, *none, grids[0], grids[1].astype(np.uint8), *grids[2:]], "uint8", 3)
    refused(QUANTIZED, {}, [x, w[:, :, 1:], r, b, *none, *grids], "dim 2", 3)
    refused(QUANTIZED, {}, [x, w, r, b, *none, grids[0][:, 1:], *grids[1:]], "dim 1", 3)
    refused(QUANTIZED, {"hidden_size": 7}, [x, w, r, b, *none, *grids], "hidden size", 3)
    refused(QUANTIZED, {}, [x.astype(np.float64), w, r, b, *none, *grids], "float64", 3)
