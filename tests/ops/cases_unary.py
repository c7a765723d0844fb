"""Operators of one input."""
import ml_dtypes
import numpy as np
from optest import FLOATS, SIGNED, UNSIGNED, check, refused, special, values

FLOAT_OPS = "Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Floor Log Reciprocal Round Sigmoid Sin Sinh Sqrt Tan Tanh".split()


def _float_op(op, attributes=None, dtypes=FLOATS, **tolerance):
    for dtype in dtypes:
        check(op, attributes or {}, [special(dtype)], **tolerance)
        for shape in ((), (0,), (3, 0, 2), (257,), (2, 3, 5)):
            check(op, attributes or {}, [values(shape, dtype)], **tolerance)


def test_float_functions():
    for op in FLOAT_OPS:
        _float_op(op)
