"""Selection, casts and quantization."""
import ml_dtypes
import numpy as np
from onnx import TensorProto, helper
from optest import FLOATS, SIGNED, UNSIGNED, check, refused, special, values

FLOAT8 = [ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e4m3fnuz, ml_dtypes.float8_e5m2, ml_dtypes.float8_e5m2fnuz]
SMALL_INTS = [ml_dtypes.int4, ml_dtypes.uint4, ml_dtypes.int2, ml_dtypes.uint2]
QUANTIZED = [np.uint8, np.int8, np.uint16, np.int16, ml_dtypes.int4, ml_dtypes.uint4, ml_dtypes.int2, ml_dtypes.uint2]


def number(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


# ---- Where, Clip ----

def test_where():
    shapes = [((), (), ()), ((2, 1), (3,), ()), ((5, 1, 1), (1, 4, 1), (1, 1, 6)), ((0, 3), (1,), (3,)), ((300,), (2, 300), (1,))]
    for dtype in FLOATS + SIGNED + UNSIGNED + [bool, np.complex64, np.complex128]:
        for c, a, b in shapes:
            x, y = (values(s, np.float64, seed=i).astype(dtype) if np.dtype(dtype).kind == "c" else values(s, dtype, seed=i)
                    for i, s in enumerate((a, b)))
            check("Where", {}, [values(c, bool), x, y], evaluator=True)
    names = np.array([["a", ""], ["bb", "ü"]], object)
    check("Where", {}, [np.array([True, False]), names, np.array(["z", "y"], object)])
    check("Where", {}, [np.array([True, False]), np.array([5, 7]), np.array([-1])], elements=True)
    refused("Where", {}, [values((3,), np.uint8), values((3,)), values((3,))], "uint8")
    refused("Where", {}, [values((3,), bool), values((3,)), values((2,))], "broadcast")
    refused("Where", {}, [values((3,), bool), values((3,)), values((3,), np.int32)], "int32")


def test_clip():
    for dtype in FLOATS + SIGNED + UNSIGNED:
        x, low, high = values((3, 300), dtype, -9, 9), np.array(1, dtype), np.array(3, dtype)
        for limits in ([], [low], [None, high], [low, high], [high, low], [low.reshape(1), high]):
            bounds = [(None if v is None else v.reshape(())) for v in limits] + [None, None]
            want = x if bounds[0] is None else np.maximum(x, bounds[0])
            check("Clip", {}, [x, *limits], expect=[want if bounds[1] is None else np.minimum(want, bounds[1])])
    for dtype in FLOATS[:3]:
        check("Clip", {}, [special(dtype), np.array(-1, dtype), np.array(1, dtype)])
    check("Clip", {}, [np.array([-5, 3, 80], np.int64), np.array(0), np.array(10)], elements=True)
    refused("Clip", {}, [values((3,)), values((2,))], "single number")
    refused("Clip", {}, [values((3,)), values((), np.float64)], "float64")


# ---- Cast ----

def test_cast_between_numbers():
    everything = FLOATS + SIGNED + UNSIGNED + [bool]
    for source in everything:
        x = values((7, 41), source, 0, 100)
        for target in everything:
            check("Cast", {"to": number(target)}, [x], expect=[x.astype(target)])


def test_cast_rounds_once():
    x = np.array([1 + 2**-11, 1 + 2**-11 + 2**-40, 65519, 65520, 2**-25, 2**-25 * 1.001, 1e300, 5e-324])
    with np.errstate(over="ignore"):
        for target in (np.float16, np.float32):
            check("Cast", {"to": number(target)}, [x], expect=[x.astype(target)])
    large = np.array([2**24 + 1, 2**53 + 1, 2**63 - 1, -2**63])
    for target in (np.float32, np.float64):
        check("Cast", {"to": number(target)}, [large], expect=[large.astype(target)])
    check("Cast", {"to": number(np.float32)}, [np.array([2**64 - 1, 2**40 + 2**16 + 1], np.uint64)])


def low_bits(x, target):
    """The integers `x` reduced to those of a packed type."""
    info = ml_dtypes.iinfo(target)
    low = x & ((1 << info.bits) - 1)
    return np.where((info.min < 0) & (low >= 1 << (info.bits - 1)), low - (1 << info.bits), low).astype(np.int8).astype(target)


def test_cast_wraps_integers():
    x = np.array([-1, 255, 256, 128, 2**31, 2**32 + 5, 2**63 - 1, -2**63])
    for target in SIGNED + UNSIGNED:
        check("Cast", {"to": number(target)}, [x])
    for target in SMALL_INTS:
        check("Cast", {"to": number(target)}, [x], expect=[low_bits(x, target)])


def test_cast_saturates_floats():
    for target in SIGNED + UNSIGNED:
        info = np.iinfo(target)
        for source in (np.float32, np.float64):
            x = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 2.9, -0.9, -2.9 if info.min else 0.3], source)
            want = np.array([0, info.max, info.min, info.max, info.min, 2, 0, -2 if info.min else 0], target)
            check("Cast", {"to": number(target)}, [x], expect=[want])
    for target in SMALL_INTS:
        info = ml_dtypes.iinfo(target)
        x = np.array([17.9, -18.9, 1.7, 2.0**40 + 1, -0.5, info.max + 1, info.min - 1], np.float64)
        for source in (np.float32, np.float64):  # keeps the low bits
            whole = np.trunc(x.astype(source)).astype(np.int64)
            check("Cast", {"to": number(target)}, [x.astype(source)], expect=[low_bits(whole, target)])
    check("Cast", {"to": TensorProto.BOOL}, [special()])


def test_cast_float8():
    x = np.concatenate([special(), values((500,), low=-500, high=500), values((500,), low=-1, high=1), [1e6, -1e6, 448, 464, 480, 57344, 6e4]
                        ]).astype(np.float32)
    for target in FLOAT8:
        for saturate in (0, 1):
            got = check("Cast", {"to": number(target), "saturate": saturate}, [x], evaluator=True)[0]
        for back in FLOATS + [np.int32]:
            finite = got[np.isfinite(got.astype(np.float32))]
            check("Cast", {"to": number(back)}, [finite], expect=[finite.astype(np.float32).astype(back)])


def test_cast_packed():
    for source in SMALL_INTS:
        info = ml_dtypes.iinfo(source)
        for n in (0, 1, 2, 3, 5, 7, 8, 257, 511):
            x = (np.arange(n) % (info.max - info.min + 1) + info.min).astype(np.int8).astype(source)
            for target in (np.float32, np.int32, np.uint8, np.int64, bool):
                check("Cast", {"to": number(target)}, [x], expect=[x.astype(np.int8).astype(target)])
            check("Cast", {"to": number(source)}, [x.astype(np.int8).astype(np.int32)], expect=[x])
    check("Cast", {"to": TensorProto.FLOAT4E2M1}, [values((33,), low=-8, high=8)],
          expect=[values((33,), low=-8, high=8).astype(ml_dtypes.float4_e2m1fn)])


def test_cast_e8m0():
    x = np.array([1, 2, 3, 1.5, 1.4, 0.75, 2.0**100, 2.0**-100, 5], np.float32)
    for mode, want in (("up", [1, 2, 4, 2, 2, 1, 2.0**100, 2.0**-100, 8]), ("down", [1, 2, 2, 1, 1, 0.5, 2.0**100, 2.0**-100, 4]),
                       ("nearest", [1, 2, 4, 2, 1, 1, 2.0**100, 2.0**-100, 4])):
        check("Cast", {"to": TensorProto.FLOAT8E8M0, "round_mode": mode}, [x],
              expect=[np.array(want, np.float32).astype(ml_dtypes.float8_e8m0fnu)])


def test_cast_refuses():
    for none in (0, 27, 99, -1, 2**32 + 1):
        refused("Cast", {"to": none}, [values((3,))], "no element type")
    refused("Cast", {"to": TensorProto.COMPLEX64}, [values((3,))], "complex")
    refused("Cast", {"to": TensorProto.FLOAT}, [np.array(["1", "x1"], object)], "x1")
    refused("Cast", {"to": TensorProto.FLOAT8E8M0, "round_mode": "sideways"}, [values((3,))], "sideways")


def test_cast_elements():
    for target in (np.int32, np.int64, bool, np.uint8):
        check("Cast", {"to": number(target)}, [np.array([3, 0, 200])], elements=True)
    check("Cast", {"to": TensorProto.INT64}, [np.array([True, False])], elements=True)
    check("Cast", {"to": TensorProto.INT8}, [np.array([300, -300])])


def test_cast_like():
    for target in (np.float16, np.int32, bool, ml_dtypes.bfloat16):
        check("CastLike", {}, [values((2, 3), np.float32, 0, 9), values((), target)], expect=[values((2, 3), np.float32, 0, 9).astype(target)])
    check("CastLike", {}, [np.array([3, 9]), np.array([1], np.int32)], elements=True)


# ---- QuantizeLinear, DequantizeLinear ----

def zero_points(shape, dtype, seed=5):
    info = ml_dtypes.iinfo(dtype)
    return np.random.default_rng(seed).integers(info.min // 2, info.max // 2, shape, endpoint=True).astype(np.int32).astype(dtype)


def granularities(shape):
    """(attributes, shape of the scale) of each way to quantize a tensor."""
    yield {}, ()
    yield {}, (1,)
    for axis in range(-len(shape), len(shape)):
        yield {"axis": axis}, (shape[axis],)
        for block in {1, 2, 3, shape[axis]} - {0}:
            blocks = list(shape)
            blocks[axis] = -(-shape[axis] // block)
            yield {"axis": axis, "block_size": block}, tuple(blocks)


def test_quantize():
    x = values((3, 4, 5), low=-60, high=60)
    for dtype in QUANTIZED:
        for attributes, shape in granularities(x.shape):
            scale = values(shape, low=0.05, high=0.7, seed=1)
            check("QuantizeLinear", attributes, [x, scale, zero_points(shape, dtype)], evaluator=True)


def test_quantize_types():
    x = values((2, 700), low=-60, high=60)
    for source in FLOATS[:1] + FLOATS[2:]:
        scale = np.array(0.37, source)
        y = x.astype(source)
        check("QuantizeLinear", {}, [y, scale], evaluator=True)
        check("QuantizeLinear", {"output_dtype": TensorProto.INT8}, [y, scale], evaluator=True)
        check("QuantizeLinear", {"output_dtype": TensorProto.INT4}, [y, scale], evaluator=True)
        for target in FLOAT8:
            for saturate in (0, 1):
                check("QuantizeLinear", {"saturate": saturate}, [y, scale, np.array(0, target)], evaluator=True)
    whole = values((50,), np.int32, -1000, 1000)
    check("QuantizeLinear", {}, [whole, np.array(3.5, np.float32), np.array(7, np.int8)],
          expect=[np.clip(np.rint(whole.astype(np.float32) / np.float32(3.5)) + 7, -128, 127).astype(np.int8)])
    half = np.array(0.3, np.float16)
    check("QuantizeLinear", {"precision": TensorProto.FLOAT}, [x, half], evaluator=True)


def test_quantize_as_runtime():
    x = np.concatenate([values((2000,), low=-40, high=40), np.arange(-300, 300) * 0.125]).astype(np.float32)
    for dtype in (np.uint8, np.int8, np.uint16, np.int16):
        check("QuantizeLinear", {}, [x, np.array(0.25, np.float32), zero_points((), dtype)])
        check("DequantizeLinear", {}, [zero_points((3, 50), dtype), np.array(0.3, np.float32), zero_points((), dtype, 6)])


def test_dequantize():
    for dtype in QUANTIZED:
        x = zero_points((3, 4, 5), dtype, 9)
        for attributes, shape in granularities(x.shape):
            scale = values(shape, low=0.05, high=0.7, seed=1)
            check("DequantizeLinear", attributes, [x, scale, zero_points(shape, dtype)], evaluator=True)
            check("DequantizeLinear", attributes, [x, scale], evaluator=True)


def test_dequantize_types():
    check("DequantizeLinear", {}, [values((50,), np.int32, -10**6, 10**6), np.array(0.01, np.float32)])
    codes = np.arange(256, dtype=np.uint8)
    for dtype in FLOAT8:
        x = codes.view(dtype)
        check("DequantizeLinear", {}, [x, np.array(0.5, np.float32)], expect=[x.astype(np.float32) * 0.5])
    x = zero_points((2, 6), np.int8)
    for target in FLOATS[2:]:
        check("DequantizeLinear", {}, [x, np.array(0.3, target)], expect=[(x * np.float64(np.array(0.3, target))).astype(target)])
    check("DequantizeLinear", {"output_dtype": TensorProto.FLOAT16}, [x, np.array(0.3, np.float32)],
          expect=[(x * np.float64(np.float32(0.3))).astype(np.float16)])
    exponents = np.array([0.5, 4], np.float32).astype(ml_dtypes.float8_e8m0fnu)
    check("DequantizeLinear", {"output_dtype": TensorProto.FLOAT, "axis": 0}, [x, exponents],
          expect=[x * np.array([[0.5], [4]], np.float32)])


def test_quantize_empty_and_long():
    check("QuantizeLinear", {}, [np.zeros((0, 3), np.float32), np.array(0.5, np.float32)])
    check("QuantizeLinear", {"axis": 1}, [np.zeros((0, 3), np.float32), np.ones(3, np.float32)])
    check("QuantizeLinear", {"axis": 0}, [values((3, 1000)), values((3,), low=0.01, high=0.1), zero_points((3,), np.uint8)])
    check("DequantizeLinear", {"axis": 1}, [zero_points((1000, 3), np.int8), values((3,), low=0.01, high=0.1)])


def test_quantize_refuses():
    x, one = values((3, 4)), np.ones((), np.float32)
    refused("QuantizeLinear", {"axis": 1}, [x, np.ones(3, np.float32)], "length of the scale")
    refused("QuantizeLinear", {"axis": 2}, [x, np.ones(4, np.float32)], "axis 2")
    refused("QuantizeLinear", {"axis": 1}, [x, np.ones((3, 2), np.float32)], "block_size")
    refused("QuantizeLinear", {"axis": 1, "block_size": 3}, [x, np.ones((3, 4), np.float32)], "blocks of 3")
    refused("QuantizeLinear", {"axis": 1, "block_size": -1}, [x, np.ones((3, 4), np.float32)], "block_size")
    refused("QuantizeLinear", {"axis": 1}, [x, np.ones((3, 4, 1), np.float32)], "does not fit")
    refused("QuantizeLinear", {}, [x, np.ones(4, np.float32), np.zeros(3, np.uint8)], "zero point")
    refused("QuantizeLinear", {"output_dtype": TensorProto.INT8}, [x, one, np.zeros((), np.uint8)], "output_dtype")
    refused("QuantizeLinear", {"output_dtype": TensorProto.FLOAT}, [x, one], "output_dtype")
    refused("QuantizeLinear", {}, [values((3,), np.float64), one], "float64")
    refused("DequantizeLinear", {}, [values((3,)), one], "float32")
    refused("DequantizeLinear", {}, [zero_points((3,), np.int8), one, np.zeros((), np.uint8)], "int8")


def test_dynamic_quantize():
    for seed, (low, high) in enumerate(((-3, 5), (0, 7), (2, 9), (-9, -1), (-1e-3, 1e-3), (0, 0))):
        for shape in ((), (7,), (3, 301)):
            check("DynamicQuantizeLinear", {}, [values(shape, np.float32, low, high, seed)], n_out=3)
    check("DynamicQuantizeLinear", {}, [np.zeros((0, 2), np.float32)], n_out=3,
          expect=[np.zeros((0, 2), np.uint8), np.float32(1), np.uint8(0)])
    refused("DynamicQuantizeLinear", {}, [values((3,), np.float64)], "float64", n_out=3)


def test_bit_cast():
    code = helper.np_dtype_to_tensor_dtype
    groups = [(np.int8, np.uint8, ml_dtypes.float8_e5m2), (np.int16, np.uint16, np.float16, ml_dtypes.bfloat16), (np.int32, np.float32, np.uint32),
              (np.int64, np.uint64, np.float64), (ml_dtypes.int4, ml_dtypes.uint4)]
    for group in groups:
        for source in group:
            for target in group:
                x = values((3, 5), np.int8, -8, 7).astype(source)
                check("BitCast", {"to": code(np.dtype(target))}, [x], expect=[x.view(target)])
    x = np.array([1 + 2j, -0.5j], np.complex64)
    check("BitCast", {"to": code(np.dtype(np.int64))}, [x], expect=[x.view(np.int64)])
    check("BitCast", {"to": code(np.dtype(np.uint8))}, [np.array([True, False])], expect=[np.array([1, 0], np.uint8)])
    check("BitCast", {"to": code(np.dtype(np.int32))}, [np.zeros((0, 2), np.float32)], expect=[np.zeros((0, 2), np.int32)])
    check("BitCast", {"to": code(np.dtype(np.uint32))}, [np.array(np.nan, np.float32)], expect=[np.array(0x7FC00000, np.uint32)])
    refused("BitCast", {"to": code(np.dtype(np.int16))}, [np.zeros(3, np.float32)], "the bits of float32 cannot be read as int16")
    refused("BitCast", {"to": 8}, [np.zeros(3, np.float32)], "8 is no type of fixed size")
    refused("BitCast", {}, [np.zeros(3, np.float32)], "0 is no type")
