"""Operators of one input."""
import math

import ml_dtypes
import numpy as np
from optest import FLOATS, SIGNED, UNSIGNED, check, refused, special, values

SHAPES = [(), (0,), (3, 0, 2), (257,), (2, 3, 5)]
FLOAT8 = [ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e4m3fnuz, ml_dtypes.float8_e5m2, ml_dtypes.float8_e5m2fnuz]


ERF = np.vectorize(math.erf, otypes=[np.float64])
# What the oracles compute in float only, for doubles: exact functions.
IN_DOUBLE = {
    "Erf": lambda x: ERF(x),
    "HardSwish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Gelu": lambda x, approximate="none": x / 2 * (1 + (ERF(x / np.sqrt(2)) if approximate == "none" else
                                                       np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))),
    "Shrink": lambda x, lambd=0.5, bias=0: np.where(x < -lambd, x + bias, np.where(x > lambd, x - bias, 0)),
}


def check_floats(op, attributes, x):
    """ONNX Runtime computes some doubles in float and treats NaN of float16 in its own way, so only float32 is compared
    with it."""
    if x.dtype == np.float64 and op in IN_DOUBLE:
        with np.errstate(invalid="ignore"):
            check(op, attributes, [x], expect=[IN_DOUBLE[op](x, **attributes)])
    else:
        check(op, attributes, [x], evaluator=x.dtype != np.float32)


def over_floats(op, attributes=None, low=-4, high=4, dtypes=FLOATS):
    """Every float type, special values, empty and odd shapes."""
    for dtype in dtypes:
        check_floats(op, attributes or {}, special(dtype))
        for shape in SHAPES:
            check_floats(op, attributes or {}, values(shape, dtype, low, high))


def over_integers(op, dtypes, attributes=None, **options):
    for dtype in dtypes:
        info = np.iinfo(dtype)
        ends = np.array([info.min, info.max, 0, 1, info.max - 1, info.min + 1], dtype)
        check(op, attributes or {}, [ends], **options)
        check(op, attributes or {}, [values((3, 7, 13), dtype, -100, 100)], **options)


def test_functions_of_all_reals():
    for op in "Asinh Atan Ceil Cos Cosh Erf Exp Floor Reciprocal Round Sigmoid Sin Sinh Tan Tanh".split():
        over_floats(op)
        refused(op, {}, [values((3,), bool if op == "Erf" else np.int32)], "allowed: ")


def test_functions_with_a_domain():
    for op, low, high in (("Acos", -1, 1), ("Acosh", 1, 4), ("Asin", -1, 1), ("Atanh", -1, 1), ("Log", 0, 9), ("Sqrt", 0, 9)):
        over_floats(op, low=low, high=high)


def test_abs_neg_sign_relu():
    for op in ("Abs", "Neg", "Sign", "Relu"):
        over_floats(op)
        over_integers(op, SIGNED, evaluator=True)
        check(op, {}, [np.array([-3, 0, 7], np.int64)], elements=True)
    for op in ("Abs", "Sign"):
        over_integers(op, UNSIGNED)
    refused("Neg", {}, [values((3,), np.uint8)], "uint8")
    refused("Relu", {}, [values((3,), np.uint8)], "uint8")


def test_long_blocks():
    for n in (255, 256, 257, 513, 1000):
        check("Relu", {}, [values((n,))])


def test_activations_with_parameters():
    for op, attributes in (("LeakyRelu", {"alpha": 0.3}), ("Elu", {"alpha": 0.7}), ("Celu", {"alpha": 1.7}),
                           ("Selu", {"alpha": 1.5, "gamma": 1.2}), ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}),
                           ("ThresholdedRelu", {"alpha": 1.2}), ("Swish", {"alpha": 0.8})):
        for given in ({}, attributes):
            over_floats(op, given)


def test_activations():
    for op in ("Softplus", "Softsign", "HardSwish", "Mish"):
        over_floats(op)
    far = np.array([-200, -50, 0, 50, 200], np.float32)
    check("Softplus", {}, [far], expect=[np.array([0, 1.9287498e-22, np.log(2), 50, 200], np.float32)], rtol=1e-6, atol=0)


def test_gelu():
    for form in ({}, {"approximate": "none"}, {"approximate": "tanh"}):
        over_floats("Gelu", form)
    refused("Gelu", {"approximate": "sinh"}, [values((3,))], "sinh")


def test_shrink():
    for attributes in ({}, {"lambd": 1.25, "bias": 0.5}):
        over_floats("Shrink", attributes, dtypes=FLOATS[:3])
        for dtype in SIGNED + UNSIGNED:
            check("Shrink", attributes, [values((5, 31), dtype)])


def test_isnan_isinf():
    for dtype in [*FLOATS, *FLOAT8]:
        check("IsNaN", {}, [special(dtype)], evaluator=dtype not in (np.float32, np.float64))
        for positive in (0, 1):
            for negative in (0, 1):
                check("IsInf", {"detect_positive": positive, "detect_negative": negative}, [special(dtype)],
                      evaluator=dtype not in (np.float32, np.float64))
    refused("IsNaN", {}, [values((3,), np.int32)], "int32")


def test_not():
    check("Not", {}, [values((4, 5), bool)], elements=True)
    check("Not", {}, [np.zeros((0, 3), bool)])
    refused("Not", {}, [values((3,), np.uint8)], "bool")


def test_bitwise_not():
    over_integers("BitwiseNot", SIGNED + UNSIGNED)
    refused("BitwiseNot", {}, [values((3,))], "float32")


def test_shrink_has_no_bfloat16():
    refused("Shrink", {}, [values((3,), ml_dtypes.bfloat16)], "bfloat16")


def test_erf_of_integers():
    for dtype in SIGNED + UNSIGNED:
        x = np.array([0, 1, 5, 6, 100, -1 if dtype in SIGNED else 7, -6 if dtype in SIGNED else 8], np.int64)
        want = np.array([math.trunc(math.erf(int(n))) for n in x])
        check("Erf", {}, [x.astype(dtype)], expect=[want.astype(dtype)])
