"""Compares what Hone wrote with what a suite expects: kinds, types and shapes exactly, integers and strings exactly, floats
within the suite's tolerances."""
import numpy as np
import onnx
from onnx import numpy_helper

BFLOAT16_RTOL = 2.0 ** -6  # two units in the last place, as the suite's own runner allows


class Difference(Exception):
    """How an output differs, in one line."""


_READERS = {
    "tensor_type": (onnx.TensorProto, numpy_helper.to_array),
    "sequence_type": (onnx.SequenceProto, numpy_helper.to_list),
    "optional_type": (onnx.OptionalProto, numpy_helper.to_optional),
    "map_type": (onnx.MapProto, numpy_helper.to_dict),
}


def read(path, info):
    """The value in a .pb file, which is of the type that `info` (a ValueInfoProto) declares."""
    message, convert = _READERS[info.type.WhichOneof("value")]
    with open(path, "rb") as file:
        return convert(message.FromString(file.read()))


def _texts(array):
    return [item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in array.ravel()]


def _where(bad, want, got):
    at = np.unravel_index(int(np.argmax(bad)), bad.shape) if bad.ndim else ()
    index = ",".join(str(int(i)) for i in at)
    return f"{int(bad.sum())} of {bad.size} differ, first [{index}]: {got[at]} instead of {want[at]}"


def _check_numbers(want, got, rtol, atol):
    if want.dtype.kind in "iub" or want.dtype.name in ("int2", "uint2", "int4", "uint4"):
        bad = np.asarray(want != got)
    else:
        if want.dtype.name == "bfloat16":
            rtol = max(rtol, BFLOAT16_RTOL)
        wide = np.complex128 if want.dtype.kind == "c" else np.float64
        with np.errstate(all="ignore"):
            bad = ~np.isclose(got.astype(wide), want.astype(wide), rtol=rtol, atol=atol, equal_nan=True)
    if np.any(bad):
        raise Difference(_where(bad, want, got))


def check(want, got, rtol, atol):
    """Raises Difference unless `got` is as good as `want`; both are arrays, lists, dictionaries or None."""
    if want is None or got is None:
        if want is not got:
            raise Difference(f"{'nothing' if got is None else 'a value'} instead of {'nothing' if want is None else 'a value'}")
    elif isinstance(want, (list, tuple)):
        if not isinstance(got, (list, tuple)) or len(want) != len(got):
            raise Difference(f"{len(got) if isinstance(got, (list, tuple)) else 'no'} elements instead of {len(want)}")
        for one, other in zip(want, got):
            check(one, other, rtol, atol)
    elif isinstance(want, dict):
        if not isinstance(got, dict) or list(want) != list(got):
            raise Difference("other keys")
        check([np.asarray(v) for v in want.values()], [np.asarray(v) for v in got.values()], rtol, atol)
    else:
        want, got = np.asarray(want), np.asarray(got)
        if want.dtype.kind in "OSU" and got.dtype.kind in "OSU":
            if want.shape != got.shape or _texts(want) != _texts(got):
                raise Difference(f"strings {_texts(got)[:4]} instead of {_texts(want)[:4]}")
            return
        if want.dtype != got.dtype or want.shape != got.shape:
            raise Difference(f"{got.dtype}{list(got.shape)} instead of {want.dtype}{list(want.shape)}")
        _check_numbers(want, got, rtol, atol)
