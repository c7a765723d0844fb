"""NegativeLogLikelihoodLoss; Adagrad, Adam, Momentum."""
import itertools

import numpy as np
from optest import FLOATS, check, oracle, refused, run, values

LOSS = "NegativeLogLikelihoodLoss"
ADAGRAD, ADAM = "ai.onnx.preview.training.Adagrad", "ai.onnx.preview.training.Adam"
MOMENTUM = "ai.onnx.preview.training.Momentum"


def targets(shape, classes=5, ignored=None, dtype=np.int64):
    t = np.random.default_rng(3).integers(0, classes, shape).astype(dtype)
    if ignored is not None and t.size:
        t.reshape(-1)[::3] = ignored
    return t


def test_nll_loss():
    for rest, weighted, reduction, ignored in itertools.product(((), (4,), (2, 3), (2, 1, 3)), (False, True), ("mean", "sum", "none"),
                                                                (None, 1, -1, 77)):
        attributes = {"reduction": reduction} if ignored is None else {"reduction": reduction, "ignore_index": ignored}
        inputs = [values((3, 5, *rest)), targets((3, *rest), ignored=ignored)] + ([values((5,), low=0.1, seed=2)] if weighted else [])
        check(LOSS, attributes, inputs, rtol=1e-4, atol=1e-5)


def test_nll_loss_types():
    for dtype in FLOATS:
        for index in (np.int32, np.int64):
            wide = 2e-2 if np.dtype(dtype).itemsize == 2 else 1e-5
            check(LOSS, {}, [values((3, 5), dtype), targets((3,), dtype=index)], rtol=wide, atol=wide)
    assert run(LOSS, {"reduction": "none"}, [values((0, 5)), targets((0,))])[0].shape == (0,)
    assert np.isnan(run(LOSS, {}, [values((0, 5)), targets((0,))])[0])
    assert run(LOSS, {"reduction": "sum"}, [values((3, 5, 0)), targets((3, 0))])[0] == 0


def test_nll_loss_refused():
    x, t = values((3, 5)), targets((3,))
    refused(LOSS, {}, [x, t + 5], "target")
    refused(LOSS, {}, [x, t - 5], "target")
    refused(LOSS, {"ignore_index": -5}, [x, np.array([-5, 0, -4])], "target -4")
    refused(LOSS, {}, [x, t[:2]], "target")
    refused(LOSS, {}, [x, values((3, 5), np.int64)], "rank")
    refused(LOSS, {}, [x, t, values((4,))], "input 2")
    refused(LOSS, {"reduction": "max"}, [x, t], "reduction")
    refused(LOSS, {}, [x[0], t], "rank")


def step(op, attributes, states, tensors=1, count=0, dtype=np.float32):
    shapes = [(3, 5), (), (300,)][:tensors]
    inputs = [np.array(0.1, dtype), np.array(count, np.int64)]
    inputs += [np.abs(values(shape, dtype, seed=k)) if k > 1 else values(shape, dtype, seed=k) for k in range(2 + states) for shape in shapes]
    n_out = tensors * (1 + states)
    expect = [y.astype(dtype) for y in oracle(op, attributes, inputs, n_out, evaluator=True)]
    check(op, attributes, inputs, n_out=n_out, expect=expect, rtol=1e-4, atol=1e-5)


def test_optimizers():
    for tensors, count, dtype in itertools.product((1, 2, 3), (0, 1, 9), (np.float32, np.float64)):
        step(ADAGRAD, {"norm_coefficient": 0.01, "epsilon": 1e-5, "decay_factor": 0.1}, 1, tensors, count, dtype)
        step(ADAM, {"norm_coefficient": 0.01, "norm_coefficient_post": 0.02, "alpha": 0.95, "beta": 0.85, "epsilon": 1e-3}, 2, tensors, count,
             dtype)
        for mode in ("standard", "nesterov"):
            step(MOMENTUM, {"norm_coefficient": 0.01, "alpha": 0.95, "beta": 0.5, "mode": mode}, 1, tensors, count, dtype)


def test_optimizers_refused():
    r, t, x = np.array(0.1, np.float32), np.array(0), values((3,))
    right = {"norm_coefficient": 0.01, "alpha": 0.95, "beta": 0.5, "mode": "standard"}
    refused(MOMENTUM, right, [r, t, x, x, x, x], "inputs", 2)
    refused(MOMENTUM, right, [r, t, x, x[:2], x], "dim", 2)
    refused(MOMENTUM, right, [r, t, x, x, x.astype(np.float64)], "float64", 2)
    refused(MOMENTUM, {**right, "mode": "fast"}, [r, t, x, x, x], "mode", 2)
    refused(ADAM, {}, [r, t, x, x, x], "inputs", 3)
    refused(ADAGRAD, {}, [r, t, x, x, x], "outputs", 3)
