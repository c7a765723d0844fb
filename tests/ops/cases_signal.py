"""Windows, DFT, STFT, MelWeightMatrix."""
import itertools

import ml_dtypes
import numpy as np
from optest import FLOATS, check, compare, refused, run, values
from onnx import TensorProto

LOOSE = {"rtol": 1e-4, "atol": 1e-4}
WINDOWS = ("HannWindow", "HammingWindow", "BlackmanWindow")


def scalar(n, dtype=np.int64):
    return np.array(n, dtype)


def test_windows():
    for op, periodic, size in itertools.product(WINDOWS, (0, 1), (2, 3, 10, 300)):
        check(op, {"periodic": periodic}, [scalar(size)], rtol=1e-5, atol=1e-6)
    for op in WINDOWS:
        check(op, {"output_datatype": TensorProto.DOUBLE}, [scalar(9, np.int32)], evaluator=True)
        assert run(op, {"output_datatype": TensorProto.FLOAT16}, [scalar(5)])[0].dtype == np.float16
        assert run(op, {"output_datatype": TensorProto.INT32, "periodic": 0}, [scalar(3)])[0][1] in (0, 1)
        assert run(op, {}, [scalar(0)])[0].shape == (0,)
        compare(run(op, {"periodic": 0}, [scalar(1)]), [np.ones(1, np.float32)])
        refused(op, {}, [scalar(-1)], "-1")
        refused(op, {"output_datatype": TensorProto.STRING}, [scalar(3)], "output_datatype")
        refused(op, {}, [np.float32(3)], "float32")
        refused(op, {}, [np.array([3, 4])], "input 0")


def numpy_dft(x, length=None, axis=-2, inverse=0, onesided=0):
    """In double, with the meaning of opset 20."""
    z = x[..., 0].astype(np.float64) + (1j * x[..., 1] if x.shape[-1] == 2 else 0)
    axis = axis + x.ndim if axis < 0 else axis
    if onesided and inverse:
        y = np.fft.irfft(z, length, axis)[..., None]
    else:
        y = (np.fft.ifft if inverse else np.fft.fft)(z, length, axis)
        if onesided:
            y = y.take(range(y.shape[axis] // 2 + 1), axis)
        y = np.stack([y.real, y.imag], -1)
    return [y.astype(x.dtype)]


def test_dft_lengths():
    for n in (1, 2, 3, 4, 5, 7, 8, 12, 30, 64, 97, 360):
        for parts, inverse in itertools.product((1, 2), (0, 1)):
            x = values((2, n, parts))
            check("DFT", {"inverse": inverse}, [x], expect=numpy_dft(x, inverse=inverse), **LOOSE)


def test_dft_axes_and_padding():
    x = values((3, 4, 6, 2))
    for axis, length in itertools.product((0, 1, 2, -2, -3, -4), (None, 1, 3, 4, 9)):
        given = [x, None if length is None else scalar(length), scalar(axis)]
        check("DFT", {}, given, expect=numpy_dft(x, length, axis), **LOOSE)
    check("DFT", {}, [x, scalar(5, np.int32)], expect=numpy_dft(x, 5), **LOOSE)


def test_dft_onesided():
    for n, length in itertools.product((5, 8, 9), (None, 4, 7, 12)):
        real, half = values((2, n, 1)), values((2, n, 2), seed=1)
        size = None if length is None else scalar(length)
        check("DFT", {"onesided": 1}, [real, size], expect=numpy_dft(real, length, onesided=1), **LOOSE)
        check("DFT", {"onesided": 1, "inverse": 1}, [half, size], expect=numpy_dft(half, length, inverse=1, onesided=1), **LOOSE)


def test_dft_types():
    for dtype in FLOATS:
        x = values((2, 8, 2), dtype)
        wide = {np.float32: 1e-4, np.float64: 1e-10}.get(dtype, 0.05)
        check("DFT", {}, [x], expect=numpy_dft(x), rtol=wide, atol=wide)
    x = values((2, 8, 1))
    x[0, 3] = np.nan
    assert np.isnan(run("DFT", {}, [x])[0][0]).all() and not np.isnan(run("DFT", {}, [x])[0][1]).any()
    assert run("DFT", {}, [values((0, 4, 2))])[0].shape == (0, 4, 2)


def test_dft_refused():
    x = values((2, 4, 2))
    refused("DFT", {}, [x, None, scalar(2)], "axis")
    refused("DFT", {}, [x, None, scalar(-1)], "axis")
    refused("DFT", {}, [x, None, scalar(5)], "axis")
    refused("DFT", {}, [x, scalar(0)], "positive")
    refused("DFT", {}, [x, scalar(-3)], "positive")
    refused("DFT", {}, [x[:, :0]], "positive")
    refused("DFT", {}, [values((2, 4, 3))], "last dim")
    refused("DFT", {}, [values((4,))], "rank")
    refused("DFT", {"onesided": 1}, [x], "real")
    refused("DFT", {"onesided": 1, "inverse": 1}, [x[..., :1]], "complex")
    refused("DFT", {"onesided": 1, "inverse": 1}, [x[:, :1]], "positive")
    refused("DFT", {}, [x.astype(np.int32)], "int32")


def numpy_stft(x, step, length, window, onesided):
    z = x[..., 0].astype(np.float64) + (1j * x[..., 1] if x.shape[-1] == 2 else 0)
    frames = max(0, (z.shape[1] - length) // step + 1)
    w = np.ones(length) if window is None else window.astype(np.float64)
    y = np.array([np.fft.fft(z[:, f * step:f * step + length] * w) for f in range(frames)])
    y = y.reshape(frames, z.shape[0], length).transpose(1, 0, 2)[..., :length // 2 + 1 if onesided else None]
    return [np.stack([y.real, y.imag], -1).astype(x.dtype)]


def test_stft():
    for step, length, windowed, listed, onesided in itertools.product((1, 3, 7), (1, 8, 15, 40), (False, True), (False, True), (0, 1)):
        x = values((2, 40, 1))
        window = values((length,), seed=1) if windowed else None
        used = length if windowed or listed else 40
        inputs = [x, scalar(step), window, scalar(length) if listed else None]
        check("STFT", {"onesided": onesided}, inputs, expect=numpy_stft(x, step, used, window, onesided), **LOOSE)
    z = values((2, 20, 2))
    check("STFT", {"onesided": 0}, [z, scalar(4), None, scalar(8)], expect=numpy_stft(z, 4, 8, None, 0), **LOOSE)
    assert run("STFT", {}, [values((1, 5, 1)), scalar(2), None, scalar(8)])[0].shape == (1, 0, 5, 2)


def test_stft_refused():
    x = values((2, 20, 1))
    refused("STFT", {}, [x, scalar(0), None, scalar(8)], "frame_step")
    refused("STFT", {}, [x, scalar(2), None, scalar(0)], "frame")
    refused("STFT", {}, [x, scalar(2), values((7,)), scalar(8)], "window")
    refused("STFT", {}, [values((2, 20, 2)), scalar(2), None, scalar(8)], "real")
    refused("STFT", {}, [x[0], scalar(2), None, scalar(8)], "rank")
    refused("STFT", {}, [x, scalar(2), values((8,), np.float64)], "float64")


def mel(bins, length, rate, low, high, dtype=np.float32):
    return [scalar(bins), scalar(length), scalar(rate), np.array(low, dtype), np.array(high, dtype)]


def test_mel_weight_matrix():
    for inputs in (mel(8, 16, 8192, 0, 4096), mel(40, 512, 16000, 20, 7600), mel(1, 2, 8000, 100, 3000), mel(80, 400, 16000, 0, 8000)):
        check("MelWeightMatrix", {}, inputs, evaluator=True)
    check("MelWeightMatrix", {"output_datatype": TensorProto.DOUBLE}, mel(8, 16, 8192, 0, 4096, np.float64), evaluator=True)
    run("MelWeightMatrix", {}, mel(8, 16, 100, 0, 1e30))  # far outside of the matrix
    run("MelWeightMatrix", {}, mel(4, 16, 8192, np.nan, np.inf))
    assert run("MelWeightMatrix", {}, mel(0, 16, 8192, 0, 4096))[0].shape == (9, 0)
    assert run("MelWeightMatrix", {"output_datatype": TensorProto.BFLOAT16}, mel(4, 16, 8192, 0, 4096))[0].dtype == ml_dtypes.bfloat16
    refused("MelWeightMatrix", {}, mel(-1, 16, 8192, 0, 4096), "-1")
    refused("MelWeightMatrix", {}, mel(4, -16, 8192, 0, 4096), "-7")
    refused("MelWeightMatrix", {}, mel(4, 16, 0, 0, 4096), "sample_rate")
    refused("MelWeightMatrix", {"output_datatype": 99}, mel(4, 16, 1, 0, 4096), "output_datatype")
