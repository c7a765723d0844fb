"""Random operators: distributions, and the same numbers for the same seed."""
import numpy as np
from optest import FLOATS, check, check_inference, compare, refused, run, values
from onnx import TensorProto

N = 20000


def draw(op, attributes, inputs, n_out=1):
    """Outputs; the same again, other ones for another seed."""
    first, again = run(op, {"seed": 1.0, **attributes}, inputs, n_out), run(op, {"seed": 1.0, **attributes}, inputs, n_out)
    compare(first, again, 0, 0)
    if "seed" not in attributes:
        other = run(op, {"seed": 2.0, **attributes}, inputs, n_out)
        assert (other[0] != first[0]).any(), "another seed gives the same numbers"
    check_inference(op, {"seed": 1.0, **attributes}, inputs, first)
    return first[0]


def near(value, want, spread, count=N):
    assert abs(value - want) < 5 * spread / np.sqrt(count), f"{value} instead of about {want}"


def test_normal():
    for mean, scale in ((0.0, 1.0), (3.0, 0.5), (-1.0, 10.0)):
        x = draw("RandomNormal", {"shape": [N], "mean": mean, "scale": scale}, []).astype(np.float64)
        near(x.mean(), mean, scale)
        near(x.std(), scale, scale)
        near((np.abs(x - mean) < scale).mean(), 0.6827, 0.5)
    for number, dtype in ((1, np.float32), (10, np.float16), (11, np.float64)):
        assert draw("RandomNormal", {"shape": [2, 30], "dtype": number}, []).dtype == dtype
        assert draw("RandomNormalLike", {"dtype": number}, [values((3, 40), np.int32)]).dtype == dtype
    for dtype in FLOATS:
        assert draw("RandomNormalLike", {}, [values((3, 40), dtype)]).shape == (3, 40)


def test_uniform():
    for low, high in ((0.0, 1.0), (-2.0, 6.0)):
        x = draw("RandomUniform", {"shape": [N], "low": low, "high": high}, []).astype(np.float64)
        assert low <= x.min() and x.max() <= high
        near(x.mean(), (low + high) / 2, (high - low) / np.sqrt(12))
        near(((x - low) / (high - low) < 0.1).mean(), 0.1, 0.3)
    assert draw("RandomUniformLike", {}, [values((3, 40), np.float16)]).dtype == np.float16
    assert run("RandomUniform", {"shape": [0, 3]}, [])[0].shape == (0, 3)
    assert run("RandomUniform", {"shape": []}, [])[0].shape == ()


def test_no_correlation():
    x = run("RandomNormal", {"shape": [2, N], "seed": 5.0}, [])[0].astype(np.float64)
    y = run("RandomNormal", {"shape": [N], "seed": 6.0}, [])[0].astype(np.float64)
    near((x[0] * x[1]).mean(), 0, 1)
    near((x[0] * y).mean(), 0, 1)
    near((x[0, 1:] * x[0, :-1]).mean(), 0, 1)


def test_random_refused():
    refused("RandomNormal", {"shape": [-1]}, [], "-1")
    refused("RandomNormal", {"shape": [2], "dtype": TensorProto.INT32}, [], "dtype")
    refused("RandomUniformLike", {}, [values((2,), np.int32)], "dtype")
    refused("RandomUniformLike", {"dtype": 77}, [values((2,))], "dtype")
    refused("RandomUniform", {"shape": [1] * 40}, [], "")


def test_bernoulli():
    p = np.repeat(np.array([0, 0.25, 0.9, 1], np.float32), N)
    x = draw("Bernoulli", {}, [p]).reshape(4, N)
    assert set(np.unique(x)) == {0, 1} and not x[0].any() and x[3].all()
    near(x[1].mean(), 0.25, 0.5)
    near(x[2].mean(), 0.9, 0.5)
    for number, dtype in ((TensorProto.BOOL, bool), (TensorProto.INT8, np.int8), (TensorProto.DOUBLE, np.float64)):
        assert draw("Bernoulli", {"dtype": number}, [p]).dtype == dtype
    refused("Bernoulli", {"dtype": TensorProto.STRING}, [p], "dtype")
    refused("Bernoulli", {}, [values((3,), np.int32)], "int32")


def test_multinomial():
    weights = np.array([1, 0, 3, 4], np.float64)
    with np.errstate(divide="ignore"):
        logs = np.log(np.stack([weights, weights[::-1] * 1e9])).astype(np.float32)
    x = draw("Multinomial", {"sample_size": N}, [logs])
    assert x.dtype == np.int32 and x.shape == (2, N)
    for row, share in zip(x, (weights / 8, weights[::-1] / 8)):
        for k in range(4):
            near((row == k).mean(), share[k], 0.5)
    assert draw("Multinomial", {"dtype": TensorProto.INT64, "sample_size": 300}, [logs]).dtype == np.int64
    assert run("Multinomial", {"sample_size": 0}, [logs])[0].shape == (2, 0)
    refused("Multinomial", {"sample_size": -1}, [logs], "-1")
    refused("Multinomial", {}, [logs[0]], "rank")
    refused("Multinomial", {}, [np.full((1, 3), -np.inf, np.float32)], "row 0")
    refused("Multinomial", {}, [np.full((1, 3), np.nan, np.float32)], "row 0")
    refused("Multinomial", {}, [np.zeros((1, 0), np.float32)], "row 0")


def test_dropout():
    x = np.abs(values((100, 100))) + 1
    yes, no = np.array(True), np.array(False)
    for inputs in ([x], [x, np.array(0.5, np.float32)], [x, np.array(0.5, np.float32), no], [x, np.array(0, np.float64), yes]):
        check("Dropout", {}, inputs, n_out=2, expect=[x, np.ones(x.shape, bool)])
    for dtype in FLOATS:
        wide = x.astype(dtype)
        y, mask = run("Dropout", {"seed": 3}, [wide, np.array(0.25, np.float32), yes], n_out=2)
        near(mask.mean(), 0.75, 0.5, x.size)
        compare([y], [np.where(mask, wide.astype(np.float64) / 0.75, 0).astype(dtype)])
        compare(run("Dropout", {"seed": 3}, [wide, np.array(0.25, np.float32), yes]), [y], 0, 0)
    assert (run("Dropout", {"seed": 4}, [x, None, yes])[0] == 0).mean() > 0.45
    for ratio in (1, -0.5, np.nan):
        refused("Dropout", {}, [x, np.array(ratio, np.float32), yes], "ratio", 2)
    refused("Dropout", {}, [x.astype(np.int32)], "int32")
