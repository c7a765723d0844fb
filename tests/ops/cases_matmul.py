"""MatMul, Gemm, Einsum and Det."""
import ml_dtypes
import numpy as np
from optest import FLOATS, check, refused, run, values

SHAPES = [((3, 4), (4, 5)), ((1, 1), (1, 1)), ((4,), (4,)), ((4,), (4, 5)), ((3, 4), (4,)), ((2, 3, 4), (4,)), ((4,), (2, 4, 5)),
          ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((2, 1, 3, 4), (5, 4, 2)), ((1, 3, 4), (6, 4, 2)),
          ((2, 3, 1, 4, 5), (3, 7, 5, 6)), ((130, 67), (67, 65)), ((129, 300), (300, 64)), ((1, 257), (257, 129))]


def test_matmul():
    for a, b in SHAPES:
        check("MatMul", {}, [values(a), values(b, seed=1)], atol=2e-4)
        for dtype in (np.int32, np.int64, np.uint32, np.uint64):
            check("MatMul", {}, [values(a, dtype, -50, 50), values(b, dtype, -50, 50, seed=1)])
    for a, b in SHAPES[:10]:
        for dtype in FLOATS:
            want = np.matmul(values(a, dtype).astype(np.float64), values(b, dtype, seed=1).astype(np.float64))
            check("MatMul", {}, [values(a, dtype), values(b, dtype, seed=1)], expect=[np.asarray(want).astype(dtype)])


def test_zero_sizes():
    for a, b in [((0, 4), (4, 5)), ((3, 0), (0, 5)), ((2, 0, 4), (4, 5)), ((0, 3, 4), (4, 5)), ((0,), (0,)), ((3, 4), (4, 0))]:
        check("MatMul", {}, [values(a), values(b)], expect=[np.matmul(values(a), values(b))])


def test_sums_are_accurate():
    a, b = values((5, 20_000), low=0, high=1), values((20_000, 70), low=0, high=1, seed=3)
    got, = run("MatMul", {}, [a, b])
    exact = a.astype(np.float64) @ b.astype(np.float64)
    assert np.abs(got / exact - 1).max() < 6e-8
    x = np.array([[2**62, 2**62]], np.int64)
    check("MatMul", {}, [x, np.array([[2], [3]], np.int64)], expect=[np.array([[2**62]])])


def test_special_values():
    a = np.array([[np.inf, 0, 1], [np.nan, 1, 1], [1, 2, 3]], np.float32)
    with np.errstate(invalid="ignore"):
        check("MatMul", {}, [a, a], expect=[a @ a])


def test_matmul_refused():
    refused("MatMul", {}, [values((3, 4)), values((5, 6))], "inner dimension is both 4 and 5")
    refused("MatMul", {}, [values((2, 3, 4)), values((3, 4, 5))], "broadcast")
    refused("MatMul", {}, [values(()), values((3,))], "scalar")
    refused("MatMul", {}, [values((3, 4)), values((4, 5), np.float64)], "float64")
    refused("MatMul", {}, [np.zeros((3, 4), np.int8), np.zeros((4, 5), np.int8)], "int8")


def _gemm(m, k, n, dtype=np.float32, trans_a=0, trans_b=0):
    return [values((k, m) if trans_a else (m, k), dtype), values((n, k) if trans_b else (k, n), dtype, seed=1)]


def test_gemm():
    for trans_a in (0, 1):
        for trans_b in (0, 1):
            transposed = {"transA": trans_a, "transB": trans_b}
            for m, k, n in [(3, 4, 5), (1, 1, 1), (130, 70, 66), (200, 3, 129)]:
                ab = _gemm(m, k, n, np.float32, trans_a, trans_b)
                check("Gemm", transposed, ab, atol=1e-4)
                for c in [(m, n), (n,), (1, n), (m, 1), (1, 1), (1,), ()]:
                    check("Gemm", {**transposed, "alpha": 0.5, "beta": -2.0}, [*ab, values(c, seed=2)], atol=1e-4)
    for dtype in (np.float64, np.float16):
        check("Gemm", {"alpha": 0.25, "transB": 1}, [*_gemm(5, 6, 7, dtype, 0, 1), values((5, 7), dtype)], atol=4e-2
              if dtype is np.float16 else None)
    x = np.array([[0.5, 2]], ml_dtypes.bfloat16)
    check("Gemm", {"transB": 1}, [x, x], expect=[np.array([[4.25]], ml_dtypes.bfloat16)])


def test_gemm_integers():
    for dtype in (np.int32, np.int64, np.uint32, np.uint64):
        a, b = np.arange(6, dtype=dtype).reshape(2, 3), np.arange(12, dtype=dtype).reshape(3, 4)
        c = np.arange(4, dtype=dtype)
        check("Gemm", {}, [a, b, c], expect=[a @ b + c])
        check("Gemm", {"alpha": 2.0, "beta": 3.0}, [a, b, c], expect=[2 * (a @ b) + 3 * c])
    big = np.array([[2**62 + 1]], np.int64)
    check("Gemm", {}, [big, np.array([[1]]), np.array([1])], expect=[big + 1])


def test_gemm_edges():
    check("Gemm", {}, [values((0, 3)), values((3, 4)), values((4,))], expect=[np.zeros((0, 4), np.float32)])
    c = values((4,))
    check("Gemm", {"beta": 2.0}, [values((2, 0)), values((0, 4)), c], expect=[np.tile(2 * c, (2, 1))])
    check("Gemm", {"beta": 0.0}, [np.ones((1, 1), np.float32), np.ones((1, 1), np.float32), np.array([np.nan], np.float32)],
          expect=[np.ones((1, 1), np.float32)])
    refused("Gemm", {}, [values((3, 4)), values((5, 6))], "inner dimension is both 4 and 5")
    refused("Gemm", {"transA": 1}, [values((3, 4)), values((4, 6))], "inner dimension is both 3 and 4")
    refused("Gemm", {}, [values((2, 3, 4)), values((4, 6))], "rank 3")
    refused("Gemm", {}, [values((3, 4)), values((4, 6)), values((2, 6))], "broadcast")
    refused("Gemm", {}, [values((1, 4)), values((4, 6)), values((3, 6))], "broadcast")
    refused("Gemm", {}, [values((3, 4)), values((4, 6)), values((1, 3, 6))], "broadcast")


EQUATIONS = [("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("bhqd,bhkd->bhqk", (2, 3, 5, 4), (2, 3, 6, 4)),
             ("i,i->", (5,), (5,)), ("i,j->ij", (3,), (4,)), ("ij->ji", (2, 3)), ("ij->", (2, 3)), ("ii->i", (4, 4)), ("ii", (4, 4)),
             ("...ii->...i", (2, 3, 3)), ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)), ("b...d,bd->...b", (2, 3, 4, 5), (2, 5)),
             ("...i,...i", (2, 3), (3,)), ("Ba,aB", (2, 3), (3, 2)), (" i j , j k -> i k ", (2, 3), (3, 4)),
             ("ab,bc,cd->ad", (2, 3), (3, 4), (4, 5)), ("zA,Ab", (2, 3), (3, 4)), ("iij->j", (3, 3, 2)), (",->", (), ()), ("->", ())]


def test_einsum():
    for equation, *shapes in EQUATIONS:
        inputs = [values(shape, seed=i) for i, shape in enumerate(shapes)]
        check("Einsum", {"equation": equation}, inputs, expect=[np.asarray(np.einsum(equation, *inputs))], atol=1e-5)
        whole = [values(shape, np.int32, -9, 9, seed=i) for i, shape in enumerate(shapes)]
        check("Einsum", {"equation": equation}, whole, expect=[np.asarray(np.einsum(equation, *whole))])
    check("Einsum", {"equation": "ij,jk->ik"}, [values((3, 40)), values((40, 5))])
    check("Einsum", {"equation": "ij,ij->i"}, [values((3, 1)), values((3, 4))], known=False,
          expect=[np.einsum("ij,ij->i", values((3, 1)), values((3, 4)))])
    a, b = values((2, 3), np.int8, -128, 127), values((3, 4), np.int8, -128, 127)
    check("Einsum", {"equation": "ij,jk->ik"}, [a, b], expect=[(a.astype(np.int64) @ b).astype(np.int8)])
    for dtype in FLOATS:
        a, b = values((2, 3), dtype), values((3, 4), dtype, seed=1)
        check("Einsum", {"equation": "ij,jk->ik"}, [a, b], expect=[(a.astype(np.float64) @ b.astype(np.float64)).astype(dtype)])


def test_einsum_empty():
    check("Einsum", {"equation": "ij,jk->ik"}, [values((2, 0)), values((0, 3))], expect=[np.zeros((2, 3), np.float32)])
    check("Einsum", {"equation": "ij->j"}, [values((0, 3))], expect=[np.zeros(3, np.float32)])
    check("Einsum", {"equation": "ij->ji"}, [values((0, 3))], expect=[np.zeros((3, 0), np.float32)])


def test_einsum_refused():
    a, b = values((2, 3)), values((3, 4))
    for equation, text in [("ij,jk->il", "occurs in no operand"), ("ij,jk->iik", "is repeated"), ("ij", "1 terms for 2"), ("i?,jk", "0x3f"),
                           ("ij,jk->i.k", "0x2e"), ("ij,ik->jk", "size of a label"), ("ijk,jk", "3 labels for an operand of rank 2"),
                           ("...ijk,jk", "3 labels"), ("......ij,jk", "more than one ellipsis"), ("ij,jk,->", "3 terms")]:
        refused("Einsum", {"equation": equation}, [a, b], text)
    refused("Einsum", {}, [a], "equation is missing")
    refused("Einsum", {"equation": "ij,jk"}, [a, b.astype(np.float64)], "float64")
    refused("Einsum", {"equation": "abcdefghi->a"}, [a], "more than 8")


def test_det():
    for shape in ((1, 1), (2, 2), (5, 5), (3, 4, 4), (2, 3, 7, 7), (0, 3, 3), (2, 0, 0)):
        check("Det", {}, [values(shape)], expect=[np.linalg.det(values(shape, np.float64)).astype(np.float32)], rtol=1e-4, atol=1e-4)
    for dtype in FLOATS:
        x = values((2, 3, 3), dtype)
        check("Det", {}, [x], expect=[np.linalg.det(x.astype(np.float64)).astype(dtype)], rtol=1e-2)
    check("Det", {}, [np.array([[1, 2], [2, 4]], np.float32)], expect=[np.array(0, np.float32)])
    check("Det", {}, [np.array([[0, 1], [1, 0]], np.float32)], expect=[np.array(-1, np.float32)])
    check("Det", {}, [np.array([[np.nan, 1], [1, 2]], np.float32)], expect=[np.array(np.nan, np.float32)])
    refused("Det", {}, [values((3,))], "rank 1")
    refused("Det", {}, [values((2, 3))], "side of the matrix")
