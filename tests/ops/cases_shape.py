"""Views, shapes as values, tensors made from a shape."""
import ml_dtypes
import numpy as np

from optest import HOST_DATA, FLOATS, SAME_SYMBOLS, SIGNED, SYMBOLIC_DATA, UNSIGNED, Case, check, refused, run, values

MAX = np.iinfo(np.int64).max


def ints(*numbers):
    return np.array(numbers, np.int64)


def strings(*shape):
    count = int(np.prod(shape))
    return np.array([f"t{i}" * (i % 3) for i in range(count)], object).reshape(shape)


def every_type(shape):
    for dtype in FLOATS + SIGNED + UNSIGNED + [np.bool_, np.complex64, np.complex128]:
        yield values(shape, np.float32, seed=3).astype(dtype) if np.dtype(dtype).kind == "c" else values(shape, dtype, seed=3)
    yield strings(*shape)
    for dtype in (ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2, ml_dtypes.int4, ml_dtypes.uint4):
        yield values(shape, np.int8, 0, 7, seed=4).astype(dtype)


# ---- views ----

def test_identity():
    for x in every_type((3, 5)):
        check("Identity", {}, [x], expect=[x])
    check("Identity", {}, [ints(4, -1, 0)], elements=True)
    check("Identity", {}, [np.zeros((0, 3), np.float32)])


def test_reshape():
    x = values((2, 3, 4))
    for shape in ([24], [4, 6], [2, -1], [-1], [0, 12], [0, 0, 4], [0, -1], [-1, 2, 3], [1, 2, 1, 3, 1, 4, 1, 1], [2, 3, 2, 2], [0, 0, -1], [-1, 0, 4]):
        check("Reshape", {}, [x, ints(*shape)])
    check("Reshape", {}, [values((1,)), ints()])
    check("Reshape", {}, [np.array(3.0, np.float32), ints(1, 1)])
    check("Reshape", {"allowzero": 1}, [np.zeros((0, 3), np.float32), ints(3, 4, 0)])
    check("Reshape", {}, [np.zeros((0, 3), np.float32), ints(0, 3, 1)])
    check("Reshape", {}, [np.zeros((0, 3), np.float32), ints(0, -1)], expect=[np.zeros((0, 3), np.float32)])
    check("Reshape", {}, [np.zeros((0, 4, 6), np.int8), ints(0, 8, -1)], expect=[np.zeros((0, 8, 3), np.int8)])
    check("Reshape", {}, [ints(1, 2, 3, 0), ints(2, 2)], elements=True)
    for x in every_type((4, 3)):
        check("Reshape", {}, [x, ints(3, -1)], expect=[x.reshape(3, 4)])


def test_reshape_refused():
    x = values((2, 3, 4))
    refused("Reshape", {}, [x, ints(5, -1)], "no size")
    refused("Reshape", {}, [x, ints(5, 5)], "24 elements")
    refused("Reshape", {}, [x, ints(-1, -1)], "both -1")
    refused("Reshape", {}, [x, ints(-2, 12)], "negative")
    refused("Reshape", {}, [x, ints(2, 3, 4, 0)], "rank 3")
    refused("Reshape", {}, [x, np.ones(9, np.int64)], "8 are the most")
    refused("Reshape", {}, [x, np.ones((1, 1), np.int64)], "rank 2")
    refused("Reshape", {}, [x, np.ones(1, np.int32)], "int64")
    refused("Reshape", {"allowzero": 1}, [x, ints(0, -1)], "allowzero")
    refused("Reshape", {}, [x, ints(MAX, MAX, 24)], "")
    refused("Reshape", {"allowzero": 1}, [x, ints(0, 3)], "24 elements")


def test_flatten():
    x = values((2, 3, 4, 5))
    for axis in range(-4, 5):
        check("Flatten", {"axis": axis}, [x])
    check("Flatten", {}, [x])
    check("Flatten", {"axis": 0}, [np.array(2.0, np.float32)])
    check("Flatten", {"axis": 1}, [np.zeros((3, 0, 2), np.float32)])
    check("Flatten", {"axis": 0}, [ints(1, 2, 3)], elements=True)
    refused("Flatten", {"axis": 5}, [x], "[-4, 4]")
    refused("Flatten", {"axis": -5}, [x], "[-4, 4]")


def test_squeeze():
    x = values((1, 3, 1, 2, 1))
    for axes in ([0], [2], [-1], [0, 2, 4], [-5, -1], [4, 0]):
        check("Squeeze", {}, [x, ints(*axes)])
    check("Squeeze", {}, [x, ints()], known=False)  # a symbol may be 1
    check("Squeeze", {}, [x], known=False)
    check("Squeeze", {}, [x, None], known=False)
    check("Squeeze", {}, [ints(7), ints(0)], elements=True)
    check("Squeeze", {}, [np.zeros((1, 0, 1), np.int32), ints(0)])
    refused("Squeeze", {}, [x, ints(1)], "is not 1")
    refused("Squeeze", {}, [x, ints(5)], "axis 5")
    refused("Squeeze", {}, [x, ints(-6)], "axis -6")


def test_unsqueeze():
    x = values((3, 2))
    for axes in ([0], [2], [-1], [0, 1], [0, 3], [-1, -4], [3, 0], [1, -1, 0]):
        check("Unsqueeze", {}, [x, ints(*axes)])
    check("Unsqueeze", {}, [np.array(5, np.int64), ints(0)], elements=True)
    check("Unsqueeze", {}, [np.array(5, np.int64), np.array(0, np.int64)], expect=[ints(5)])
    check("Unsqueeze", {}, [np.zeros((0,), np.float32), ints(1)])
    refused("Unsqueeze", {}, [x, ints(0, 0)], "twice")
    refused("Unsqueeze", {}, [x, ints(0, -4)], "twice")
    refused("Unsqueeze", {}, [x, ints(4)], "axis 4")
    refused("Unsqueeze", {}, [values((1,) * 7), ints(0, 1)], "rank 9")


# ---- shapes as values ----

def test_shape():
    x = values((2, 3, 4, 5))
    check("Shape", {}, [x], elements=True)
    for start, end in ((0, 4), (1, 3), (-2, 4), (0, -1), (-9, 9), (3, 1), (4, 4), (-1, -2)):
        check("Shape", {"start": start, "end": end}, [x])
    check("Shape", {"start": 2}, [x], elements=True)
    check("Shape", {}, [np.array(1.0, np.float32)])
    check("Shape", {}, [np.zeros((3, 0), np.float32)], elements=True)
    check("Shape", {}, [strings(2, 2)], elements=True)


def test_size():
    for shape in ((2, 3), (), (4, 0, 5), (7,)):
        check("Size", {}, [np.zeros(shape, np.float32)], elements=True)


# ---- tensors from a shape ----

def test_constant_of_shape():
    for dtype in FLOATS[:3] + SIGNED + UNSIGNED + [np.bool_]:
        check("ConstantOfShape", {"value": np.array([3]).astype(dtype)}, [ints(2, 3)])
    check("ConstantOfShape", {"value": np.array([2.5]).astype(ml_dtypes.bfloat16)}, [ints(3)],
          expect=[np.full(3, 2.5, ml_dtypes.bfloat16)])
    check("ConstantOfShape", {}, [ints(4, 2)])
    check("ConstantOfShape", {}, [ints()])
    check("ConstantOfShape", {}, [ints(0, 3)])
    check("ConstantOfShape", {"value": ints(7)}, [ints(5)], elements=True)
    check("ConstantOfShape", {"value": np.array([True])}, [ints(2, 2)], elements=True)
    check("ConstantOfShape", {"value": np.array([-1], np.int32)}, [ints(3)], elements=True)
    refused("ConstantOfShape", {}, [ints(2, -1)], "negative")
    refused("ConstantOfShape", {"value": ints(1, 2)}, [ints(2)], "one element")
    refused("ConstantOfShape", {}, [np.ones((1, 1), np.int64)], "rank 2")


def test_range_of_integers():
    for dtype in (np.int16, np.int32, np.int64):
        for start, limit, delta in ((0, 10, 1), (0, 10, 3), (10, 0, -1), (9, -2, -4), (5, 5, 1), (5, 0, 1), (0, 5, -1), (-3, 3, 2)):
            check("Range", {}, [np.array(v, dtype) for v in (start, limit, delta)])
    check("Range", {}, [np.array(v, np.int64) for v in (3, 12, 2)], elements=True)
    check("Range", {}, [np.array(v, np.int64) for v in (MAX - 3, MAX, 2)], expect=[ints(MAX - 3, MAX - 1)])
    check("Range", {}, [np.array(v, np.int64) for v in (-5, MAX - 6, 1 << 62)], expect=[ints(-5, (1 << 62) - 5)])
    refused("Range", {}, [np.array(v, np.int64) for v in (0, 5, 0)], "step")
    refused("Range", {}, [np.zeros(0, np.int64), np.array(3), np.array(1)], "empty")


def test_range_of_reals():
    for dtype in (np.float32, np.float64):
        for start, limit, delta in ((0, 1, 0.1), (1, 0, -0.25), (0, 1, 2), (0.5, 0.5, 1), (0, -1, 1), (-2, 2, 0.3)):
            check("Range", {}, [np.array(v, dtype) for v in (start, limit, delta)])
    half = [np.array(v, np.float16) for v in (0, 2, 0.25)]
    check("Range", {}, half, expect=[np.arange(0, 2, 0.25, np.float16)])
    check("Range", {}, [v.astype(ml_dtypes.bfloat16) for v in half], expect=[np.arange(0, 2, 0.25).astype(ml_dtypes.bfloat16)])
    refused("Range", {}, [np.array(v, np.float32) for v in (0, 5, 0)], "no end")
    refused("Range", {}, [np.array(v, np.float32) for v in (0, np.nan, 1)], "no end")
    refused("Range", {}, [np.array(v, np.float32) for v in (0, np.inf, 1)], "no end")
    refused("Range", {}, [np.array(0, np.float32), np.array(5, np.float32), np.array(1, np.int32)], "int32")
    refused("Range", {}, [np.zeros(2, np.float32), np.array(5, np.float32), np.array(1, np.float32)])


def test_eye_like():
    x = values((3, 5))
    for k in (0, 1, -1, 4, 5, -2, -3, -9, MAX, -MAX - 1):
        rows = np.eye(3, 5, max(-9, min(9, k)), np.float32)
        check("EyeLike", {"k": k}, [x], expect=[rows])
    for number, dtype in ((1, np.float32), (11, np.float64), (10, np.float16), (7, np.int64), (2, np.uint8), (9, np.bool_),
                          (16, ml_dtypes.bfloat16)):
        check("EyeLike", {"dtype": number}, [x], expect=[np.eye(3, 5).astype(dtype)])
    check("EyeLike", {}, [values((4, 2), np.int32)])
    check("EyeLike", {}, [np.zeros((0, 2), np.float32)])
    refused("EyeLike", {}, [values((2, 2, 2))], "rank 3")
    refused("EyeLike", {"dtype": 8}, [x], "dtype")
    refused("EyeLike", {"dtype": 77}, [x], "dtype")


def test_dropout():
    x = values((3, 4))
    check("Dropout", {}, [x])
    check("Dropout", {}, [x], n_out=2)
    check("Dropout", {}, [x, np.array(0.9, np.float32)], n_out=2)
    check("Dropout", {}, [x, np.array(0.5, np.float32), np.array(False)], n_out=2)
    check("Dropout", {}, [x, None, np.array(False)], n_out=2)
    check("Dropout", {}, [x, np.array(0.0, np.float32), np.array(True)], n_out=2)
    check("Dropout", {}, [values((2, 3), np.float16)], n_out=2)
    refused("Dropout", {}, [values((2,), np.int32)], "allowed")


def test_random_reshapes():
    random = np.random.default_rng(5)
    for _ in range(150):
        factors = random.choice([1, 2, 3, 4, 5], int(random.integers(1, 6)))
        cuts = np.sort(random.integers(0, len(factors) + 1, int(random.integers(0, 4))))
        shape = [int(np.prod(part)) for part in np.split(factors, cuts)]
        x = values(tuple(int(np.prod(part)) for part in np.split(factors, np.sort(random.integers(0, len(factors) + 1, 2)))))
        if random.random() < 0.6:
            shape[int(random.integers(len(shape)))] = -1
        check("Reshape", {}, [x, ints(*shape)], expect=[x.reshape(shape)])
        assert run("Reshape", {}, [x, ints(*shape)])[0].tobytes() == x.tobytes()


def inferred(op, attributes, inputs, data=SYMBOLIC_DATA, n_out=1):
    """Types and shapes over symbols: a size 5 is n5, and so is an element 5 of a shape input."""
    with Case(op, attributes, inputs, n_out) as case:
        case.infer(SAME_SYMBOLS, data)
        return " ".join(case.inferred(i) for i in range(n_out))


def test_symbols_stay_simple():
    x = values((2, 7, 12))
    for shape, data, text in (
            ([0, 0, 4, 3], HOST_DATA, "[n2,n7,4,3]"), ([0, -1], HOST_DATA, "[n2,n12*n7]"),
            ([-1, 12], SYMBOLIC_DATA, "[n2*n7,n12]"), ([2, 7, -1], SYMBOLIC_DATA, "[n2,n7,n12]"),
            ([2, -1, 7], SYMBOLIC_DATA, "[n2,n12,n7]"), ([14, 12], SYMBOLIC_DATA, "[n14,n12]")):
        got = inferred("Reshape", {}, [x, ints(*shape)], data)
        assert got == "float32" + text, (shape, got)
    assert inferred("Flatten", {"axis": 2}, [x]) == "float32[n2*n7,n12]"
    assert inferred("Unsqueeze", {}, [x, ints(-1, 0)], HOST_DATA) == "float32[1,n2,n7,n12,1]"
