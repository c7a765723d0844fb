"""Reading, writing and choosing elements by index."""
import ml_dtypes
import numpy as np

from cases_movement import whole_bytes
from cases_shape import MAX, ints, strings
from optest import FLOATS, SIGNED, UNSIGNED, check, refused, run, special, values

NAN, INF = np.nan, np.inf


def indices(shape, size, dtype=np.int64, seed=0):
    """Random indices into an axis of `size`, from both ends."""
    return np.random.default_rng([seed, *shape]).integers(-size, size, shape).astype(dtype)


# ---- Gather ----

def test_gather():
    x = values((4, 3, 5))
    for axis in (0, 1, 2, -1, -3):
        for shape in ((), (2,), (2, 3), (1, 0), (7, 1)):
            for dtype in (np.int32, np.int64):
                check("Gather", {"axis": axis}, [x, indices(shape, x.shape[axis], dtype)])
    check("Gather", {}, [ints(7, 8, 9), np.array(1)], elements=True)
    check("Gather", {}, [ints(7, 8, 9), ints(-1, 0)], elements=True)
    check("Gather", {}, [ints(7, 8, 9), np.array([[2, 0]], np.int32)], elements=True)
    check("Gather", {"axis": 1}, [np.zeros((2, 0, 3), np.float32), np.zeros((0, 2), np.int64)])
    check("Gather", {"axis": 0}, [np.zeros((2, 0), np.float32), ints(1, 1, 0)])
    for y in whole_bytes((4, 3)):
        check("Gather", {"axis": 1}, [y, ints(2, -3)], expect=[y[:, [2, 0]]])
    refused("Gather", {}, [x, ints(4)], "index 4 is outside of axis 0")
    refused("Gather", {"axis": 1}, [x, ints(0, -4)], "index -4")
    refused("Gather", {}, [x, ints(MAX)], "outside")
    refused("Gather", {}, [x, ints(-MAX - 1)], "outside")
    refused("Gather", {"axis": 3}, [x, ints(0)], "axis 3")
    refused("Gather", {}, [np.array(1.0, np.float32), ints(0)], "scalar")
    refused("Gather", {}, [x, np.zeros((1,) * 7, np.int64)], "rank 9")
    refused("Gather", {}, [x, np.zeros(1, np.float32)], "allowed")
    refused("Gather", {}, [np.zeros((0, 2), np.float32), ints(0)], "0 elements")


def test_gather_elements():
    x = values((4, 3, 5))
    for axis in (0, 1, 2, -2):
        check("GatherElements", {"axis": axis}, [x, indices(x.shape, x.shape[axis])])
        shape = [2, 2, 2]
        shape[axis] = 9
        check("GatherElements", {"axis": axis}, [x, indices(tuple(shape), x.shape[axis], np.int32)], evaluator=False,
              expect=[np.take_along_axis(x[tuple(slice(None) if i == axis % 3 else slice(0, 2) for i in range(3))],
                                         indices(tuple(shape), x.shape[axis]), axis)])
    check("GatherElements", {}, [ints(7, 8, 9), ints(-1, 0)], elements=True)
    check("GatherElements", {}, [x, np.zeros((0, 3, 5), np.int64)])
    for y in whole_bytes((3, 2)):
        check("GatherElements", {}, [y, ints(2, 0).reshape(1, 2)], expect=[np.array([[y[2, 0], y[0, 1]]], y.dtype)])
    refused("GatherElements", {}, [x, np.full((1, 1, 1), 4)], "outside of axis 0")
    refused("GatherElements", {}, [x, np.full((1, 1, 1), -5)], "index -5")
    refused("GatherElements", {}, [x, np.zeros((1, 4, 1), np.int64)], "beyond")
    refused("GatherElements", {}, [x, np.zeros((1, 1), np.int64)], "rank 2")


def tuples(shape, sizes, seed=0):
    """Index tuples (last axis) into axes of these sizes."""
    return np.stack([indices(shape, size, seed=seed + i) for i, size in enumerate(sizes)], -1)


def test_gather_nd():
    x = values((3, 4, 5, 2))
    for length in (1, 2, 3, 4):
        for shape in ((), (3,), (2, 3), (0,)):
            check("GatherND", {}, [x, tuples(shape, x.shape[:length])], known=False)  # the length of a tuple gives the rank
    for batch in (1, 2):
        for length in range(1, 4 - batch + 1):
            check("GatherND", {"batch_dims": batch}, [x, tuples(x.shape[:batch], x.shape[batch:batch + length])], known=False)
            check("GatherND", {"batch_dims": batch}, [x, tuples((*x.shape[:batch], 3), x.shape[batch:batch + length])], known=False)
    check("GatherND", {}, [ints(5, 6, 7), ints(1, -3).reshape(2, 1)], elements=True)
    for y in whole_bytes((3, 2)):
        check("GatherND", {}, [y, ints(2, 0).reshape(2, 1)], expect=[y[[2, 0]]])
    refused("GatherND", {}, [x, ints(3)], "index 3 is outside of axis 0")
    refused("GatherND", {}, [x, ints(0, -5)], "outside of axis 1")
    refused("GatherND", {}, [x, np.zeros((1, 5), np.int64)], "5 indices")
    refused("GatherND", {}, [x, np.zeros((1, 0), np.int64)], "0 indices")
    refused("GatherND", {"batch_dims": 1}, [x, np.zeros((2, 1), np.int64)], "batch")
    refused("GatherND", {"batch_dims": 2}, [x, np.zeros((3, 1), np.int64)], "batch_dims")
    refused("GatherND", {"batch_dims": -1}, [x, np.zeros((3, 1), np.int64)], "batch_dims")
    refused("GatherND", {}, [x, np.array(0)], "scalar")


# ---- Scatter ----

def test_scatter_elements():
    x = values((4, 3, 5))
    for axis in (0, 1, 2, -1):
        order = np.argsort(values(x.shape, seed=9), axis)  # no index twice
        check("ScatterElements", {"axis": axis}, [x, order, values(x.shape, seed=1)])
        part = order[:2, :2, :2] % min(x.shape[axis], 2)
        for reduction in ("add", "mul", "max", "min"):
            check("ScatterElements", {"axis": axis, "reduction": reduction}, [x, part.astype(np.int32), values((2, 2, 2), seed=2)])
    check("ScatterElements", {}, [x, np.zeros((0, 3, 5), np.int64), np.zeros((0, 3, 5), np.float32)])
    for y in whole_bytes((3, 2)):
        want = y.copy()
        want[2, 0], want[0, 1] = y[0, 0], y[1, 1]
        update = np.array([[y[0, 0], y[1, 1]]], y.dtype)
        check("ScatterElements", {}, [y, ints(-1, 0).reshape(1, 2), update], expect=[want])
    refused("ScatterElements", {}, [x, np.full((1, 1, 1), 4), values((1, 1, 1))], "index 4")
    refused("ScatterElements", {}, [x, np.full((1, 1, 1), 0), values((1, 1, 2))], "updates")
    refused("ScatterElements", {"reduction": "sub"}, [x, np.full((1, 1, 1), 0), values((1, 1, 1))], "sub")
    refused("ScatterElements", {}, [x, np.full((1, 1, 1), 0), values((1, 1, 1), np.int32)], "int32")
    refused("ScatterElements", {"reduction": "add"}, [strings(3), ints(0), strings(1)], "string")


def apply_in_order(x, at, updates, reduction):
    function = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}[reduction]
    want = x.copy()
    with np.errstate(all="ignore"):
        for i, update in zip(at, updates):
            want[i] = function(want[i], update)
    return want


def test_scatter_reductions_by_type():
    at = ints(0, 2, 2, 4, 2)
    for reduction in ("add", "mul", "max", "min"):
        for dtype in FLOATS + SIGNED + UNSIGNED:
            x, updates = values((5,), dtype, -100, 100), values((5,), dtype, -100, 100, seed=1)
            want = apply_in_order(x, at, updates, reduction)
            check("ScatterElements", {"reduction": reduction}, [x, at, updates], expect=[want])
            check("ScatterND", {"reduction": reduction}, [x, at[:, None], updates], expect=[want])
        flags, new = np.array([True, False, False, True]), np.array([True, True, False])
        check("ScatterElements", {"reduction": reduction}, [flags, ints(0, 1, 3), new],
              expect=[np.array([True, reduction in ("add", "max"), False, reduction in ("add", "max")])])
        check("ScatterElements", {"reduction": reduction}, [values((4,)), ints(0, 1, 1), np.array([NAN, INF, -INF], np.float32)])


def test_scatter_nd():
    x = values((4, 3, 5))
    check("ScatterND", {}, [x, ints(3, 0).reshape(2, 1), values((2, 3, 5), seed=1)])
    check("ScatterND", {}, [x, np.array([[0, 1], [-1, -1]]), values((2, 5), seed=1)])
    check("ScatterND", {}, [x, np.array([[[0, 1, 2]], [[3, 2, 4]]]), values((2, 1), seed=1)])
    check("ScatterND", {}, [x, ints(2), values((3, 5), seed=1)])
    check("ScatterND", {}, [x, np.zeros((0, 2), np.int64), np.zeros((0, 5), np.float32)])
    check("ScatterND", {}, [np.zeros((2, 0), np.float32), ints(1).reshape(1, 1), np.zeros((1, 0), np.float32)])
    for reduction in ("add", "mul", "max", "min"):
        check("ScatterND", {"reduction": reduction}, [x, np.array([[0, 1], [1, 1], [0, 1]]), values((3, 5), seed=2)])
        check("ScatterND", {"reduction": reduction}, [values((3, 600)), ints(1, 1).reshape(2, 1), values((2, 600), seed=2)])
    for y in whole_bytes((3, 2)):
        want = y.copy()
        want[2] = y[0]
        check("ScatterND", {}, [y, ints(-1).reshape(1, 1), y[:1]], expect=[want])
    refused("ScatterND", {}, [x, ints(4), values((3, 5))], "index 4 is outside of axis 0")
    refused("ScatterND", {}, [x, np.array([[0, -4]]), values((1, 5))], "outside of axis 1")
    refused("ScatterND", {}, [x, ints(0), values((3, 4))], "updates")
    refused("ScatterND", {}, [x, np.zeros((1, 4), np.int64), values((1,))], "4 indices")


# ---- OneHot, Compress, NonZero ----

def one_hot(places, depth, values_, axis=-1):
    places = np.asarray(places).astype(np.int64)
    at = np.expand_dims(np.where(places < 0, places + depth, places), axis)
    form = [1] * at.ndim
    form[axis] = depth
    return np.where(at == np.arange(depth).reshape(form), values_[1], values_[0]).astype(values_.dtype)


def test_one_hot():
    def same(places, depth, two, **attributes):
        size = int(np.asarray(depth).reshape(-1)[0])
        check("OneHot", attributes, [places, depth, two], expect=[one_hot(places, size, two, **attributes)])

    two = np.array([2, 5], np.float32)
    for axis in (-1, 0, 1, -2, 2, -3):
        same(indices((3, 4), 5), np.array([5], np.int64), two, axis=axis)
    same(np.array(2), np.array(4), two)
    same(ints(0, -1, 9, -9), np.array(4), two)
    same(np.array([1.0, 2.0, -1.0], np.float32), np.array([3.0], np.float32), two)
    same(np.array([1, 2], np.int32), np.array(3, np.int32), ints(0, 1))
    same(np.array([1, 2], np.int32), np.array(3, np.int64), np.array([False, True]))
    same(np.array([1, 200], np.uint8), np.array(3), np.array(["off", "on"], object))
    same(np.array([1.75, -1.5], np.float16), np.array([3.9]), two.astype(np.float16))
    same(np.zeros((0, 2), np.int64), np.array(3), two)
    same(indices((3, 700), 4), np.array(4), two, axis=0)
    refused("OneHot", {}, [ints(0), np.array(0), two], "depth")
    refused("OneHot", {}, [ints(0), np.array(-3), two], "depth")
    refused("OneHot", {}, [ints(0), np.zeros(0, np.float32), two], "depth")
    refused("OneHot", {}, [ints(0), np.array(NAN, np.float32), two], "depth")
    refused("OneHot", {}, [ints(0), ints(1, 2), two])
    refused("OneHot", {}, [ints(0), np.array(3), np.zeros(3, np.float32)], "3 elements")
    refused("OneHot", {"axis": 2}, [ints(0), np.array(3), two], "axis 2")


def test_compress():
    def same(x, condition, **attributes):
        axis = attributes.get("axis")
        cut = np.resize(condition, min(condition.size, x.size if axis is None else x.shape[axis]))
        check("Compress", attributes, [x, condition], expect=[np.compress(cut, x, axis)])

    x = values((4, 3, 2))
    for axis in (0, 1, 2, -1, -3):
        condition = np.arange(x.shape[axis]) % 2 == 0
        same(x, condition, axis=axis)
        same(x, condition[:1], axis=axis)
        same(x, np.zeros(2, bool), axis=axis)
    same(x, values((24,), bool))
    same(x, np.array([False, True, True]))
    same(values((3,)), np.array([True, False, True, True, True]))
    same(np.zeros((0, 2), np.float32), np.zeros(0, bool), axis=0)
    same(np.zeros((2, 0), np.float32), np.array([True, False]), axis=0)
    for y in whole_bytes((3, 2)):
        same(y, np.array([True, False, True]), axis=0)
    refused("Compress", {"axis": 3}, [x, np.zeros(2, bool)], "axis 3")
    refused("Compress", {}, [x, np.zeros(2, np.int64)], "allowed: bool")
    refused("Compress", {}, [x, np.zeros((2, 1), bool)], "rank 2")


def test_non_zero():
    for shape in ((3, 4), (5,), (2, 3, 2, 2), (0, 3)):
        check("NonZero", {}, [values(shape, np.int32, -1, 1)])
        check("NonZero", {}, [values(shape, np.bool_)])
    check("NonZero", {}, [special()])
    for dtype in FLOATS[2:] + [np.float64]:
        check("NonZero", {}, [special(dtype)], expect=[np.stack(np.nonzero(special(dtype).astype(np.float64)))])
    for dtype in SIGNED + UNSIGNED:
        x = values((7,), dtype, 0, 1)
        check("NonZero", {}, [x], expect=[np.stack(np.nonzero(x))])
    for dtype in (np.complex64, np.complex128):
        x = np.array([0, 1, 1j, -0.0, complex(0, np.nan)], dtype)
        check("NonZero", {}, [x], expect=[np.stack(np.nonzero(x))])
    check("NonZero", {}, [np.array(["a", "", "b"], object)], expect=[np.array([[0, 2]])])
    check("NonZero", {}, [np.zeros((3, 3), np.float32)])
    check("NonZero", {}, [np.array(3.0, np.float32)])
    check("NonZero", {}, [np.array(0.0, np.float32)], expect=[np.zeros((1, 0), np.int64)])
    tiny = np.array([0.0, np.finfo(np.float32).smallest_subnormal], np.float32)
    check("NonZero", {}, [tiny])


# ---- TopK, ArgMax, ArgMin ----

def best(x, k, axis, largest):
    """TopK with the lowest index first among equals and NaN above all others."""
    keys = x.astype(np.float64) if x.dtype.name in ("float16", "bfloat16") else x
    order = np.argsort(-keys if keys.dtype.kind == "f" and largest else keys, axis, kind="stable")
    if largest and keys.dtype.kind == "f":
        nan_first = np.argsort(~np.take_along_axis(np.isnan(keys), order, axis), axis, kind="stable")
        order = np.take_along_axis(order, nan_first, axis)
    elif largest:
        size = x.shape[axis]
        order = size - 1 - np.flip(np.argsort(np.flip(keys, axis), axis, kind="stable"), axis)
    order = np.take(order, range(k), axis)
    return [np.take_along_axis(x, order, axis), order]


def test_top_k():
    x = values((4, 9, 3))
    for axis in (0, 1, 2, -1):
        for k in (0, 1, 2, x.shape[axis]):
            for largest in (0, 1):
                check("TopK", {"axis": axis, "largest": largest}, [x, ints(k)], n_out=2)
                check("TopK", {"axis": axis, "largest": largest, "sorted": 0}, [x, ints(k)], n_out=2, expect=best(x, k, axis, largest))
    for dtype in FLOATS + SIGNED + UNSIGNED:
        y = values((3, 50), dtype, -9, 9)  # many ties
        for largest in (0, 1):
            check("TopK", {"largest": largest}, [y, ints(20)], n_out=2, expect=best(y, 20, -1, largest))
    ties = values((2, 300), np.int32, 0, 5).astype(np.float32)
    for largest in (0, 1):
        check("TopK", {"largest": largest}, [ties, ints(250)], n_out=2)
        check("TopK", {"largest": largest, "axis": 0}, [ties, ints(2)], n_out=2)
        for k in (1, 3, 7):
            odd = np.array([1, NAN, 3, NAN, 2, -INF, INF], np.float32)
            check("TopK", {"largest": largest}, [odd, ints(k)], n_out=2, expect=best(odd, k, 0, largest))
    check("TopK", {}, [np.array([0.0, -0.0, 0.0, -0.0], np.float32), ints(4)], n_out=2)
    check("TopK", {}, [np.array([MAX, -MAX - 1, 0, MAX]), ints(4)], n_out=2)
    check("TopK", {"largest": 0}, [np.array([MAX, -MAX - 1, 0, MAX]), ints(4)], n_out=2)
    check("TopK", {}, [np.array([1, 2**64 - 1, 2**63], np.uint64), ints(3)], n_out=2)
    check("TopK", {"axis": 1}, [np.zeros((0, 3), np.float32), ints(2)], n_out=2, expect=[np.zeros((0, 2), np.float32), np.zeros((0, 2), np.int64)])


def test_top_k_refused():
    x = values((4, 3))
    refused("TopK", {}, [x, ints(4)], "K is 4", n_out=2)
    refused("TopK", {}, [x, ints(-1)], "K is -1", n_out=2)
    refused("TopK", {}, [x, ints(1, 2)], "", n_out=2)
    refused("TopK", {"axis": 2}, [x, ints(1)], "axis 2", n_out=2)
    refused("TopK", {}, [values((3,), np.bool_), ints(1)], "bool", n_out=2)
    refused("TopK", {}, [np.array(1.0, np.float32), ints(1)], "axis", n_out=2)


def test_arg():
    x = values((4, 5, 3), np.int32, -2, 2).astype(np.float32)  # many ties
    for op, function in (("ArgMax", np.argmax), ("ArgMin", np.argmin)):
        for axis in (0, 1, 2, -1):
            for keep in (0, 1):
                for last in (0, 1):
                    check(op, {"axis": axis, "keepdims": keep, "select_last_index": last}, [x])
        check(op, {}, [x])
        check(op, {"axis": 1}, [np.zeros((0, 2), np.float32)])
        check(op, {"axis": 1}, [np.zeros((2, 3, 0), np.float32)])
        for dtype in FLOATS + SIGNED + UNSIGNED:
            y = values((7, 4), dtype, -9, 9)
            check(op, {"axis": 1, "keepdims": 0}, [y], expect=[function(y.astype(np.float64), 1)])
        for odd in ([1, NAN, 3, NAN], [NAN, 1, 3], [1, 3, NAN], [INF, -INF, INF], [0.0, -0.0], [-0.0, 0.0]):
            y = np.array(odd, np.float32)
            check(op, {"keepdims": 0}, [y], expect=[np.array(function(y))])
        check(op, {}, [np.array([MAX, -MAX - 1, 0, MAX])])
        check(op, {}, [np.array([2**64 - 1, 0, 2**63], np.uint64)], expect=[ints(0 if op == "ArgMax" else 1)])
        refused(op, {"axis": 1}, [np.zeros((2, 0), np.float32)], "empty")
        refused(op, {"axis": 3}, [x], "axis 3")
        refused(op, {}, [values((3,), np.bool_)], "bool")
    check("ArgMax", {"select_last_index": 1}, [np.array([1, NAN, 3, NAN], np.float32)], expect=[ints(3)])


# ---- NonMaxSuppression ----

def boxes(batches, count, center, seed):
    random = np.random.default_rng(seed)
    middle, size = random.uniform(0, 10, (batches, count, 2)), random.uniform(-1, 5, (batches, count, 2))
    if center:
        return np.concatenate([middle, size], -1).astype(np.float32)
    corners = np.concatenate([middle - size / 2, middle + size / 2], -1)
    return corners.astype(np.float32)


def test_non_max_suppression():
    for seed in range(12):
        center = seed % 2
        places = boxes(2, 40, center, seed)
        scores = np.round(np.random.default_rng(seed).random((2, 3, 40)), seed % 3 + 1).astype(np.float32)
        for most in (0, 1, 5, 100):
            limits = [np.array([most]), np.array([0.3], np.float32), np.array([0.4], np.float32)]
            for n in range(4):
                check("NonMaxSuppression", {"center_point_box": center}, [places, scores, *limits[:n]])
    check("NonMaxSuppression", {}, [places, scores, np.array(5), np.array(0.5, np.float32), np.array(-1, np.float32)])
    check("NonMaxSuppression", {}, [places, scores, np.array(5), None, np.array([0.2], np.float32)])


def test_non_max_suppression_edges():
    same = np.array([[[0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0], [0, 0.5, 1, 1.5]]], np.float32)
    scores = np.array([[[0.5, 0.9, 0.5, 0.7, 0.5]]], np.float32)
    for overlap in (0.0, 1 / 3, 0.34, 0.99, 1.0):
        check("NonMaxSuppression", {}, [same, scores, np.array([9]), np.array([overlap], np.float32)])
    check("NonMaxSuppression", {}, [same, scores, np.array([9]), np.array([0.5], np.float32), np.array([0.5], np.float32)])
    check("NonMaxSuppression", {}, [same, scores, np.array([MAX]), np.array([0.5], np.float32)])
    check("NonMaxSuppression", {}, [same, scores, np.array([-3])], expect=[np.zeros((0, 3), np.int64)])
    check("NonMaxSuppression", {}, [np.zeros((1, 0, 4), np.float32), np.zeros((1, 2, 0), np.float32), np.array([3])],
          expect=[np.zeros((0, 3), np.int64)])
    got = run("NonMaxSuppression", {}, [same, np.array([[[0.5, NAN, 0.5, 0.7, 0.5]]], np.float32), np.array([2]), np.array([0.5], np.float32), np.array([0.1], np.float32)])
    assert got[0][:, 2].tolist() == [3, 0], "a score that is no number is not above the threshold"


def test_non_max_suppression_refused():
    places, scores = boxes(1, 4, 0, 1), values((1, 2, 4))
    refused("NonMaxSuppression", {}, [places, scores, np.array([1]), np.array([1.5], np.float32)], "iou_threshold")
    refused("NonMaxSuppression", {}, [places, scores, np.array([1]), np.array([NAN], np.float32)], "iou_threshold")
    refused("NonMaxSuppression", {}, [places, values((1, 2, 5)), np.array([1])], "number of boxes")
    refused("NonMaxSuppression", {}, [places, values((2, 2, 4)), np.array([1])], "batch")
    refused("NonMaxSuppression", {}, [places[..., :3], scores, np.array([1])], "boxes")
    refused("NonMaxSuppression", {}, [places, scores, np.array([1, 2])], "one number")
    refused("NonMaxSuppression", {"center_point_box": 2}, [places, scores], "center_point_box")
    refused("NonMaxSuppression", {}, [places.astype(np.float64), scores], "float64")


def unique_expected(x, axis, is_sorted):
    y, first, inverse, count = np.unique(x, True, True, True, axis=axis)
    inverse = inverse.reshape(-1)
    if not is_sorted:
        order = np.argsort(first)
        place = np.argsort(order)
        y, first, inverse, count = np.take(y, order, axis or 0), first[order], place[inverse], count[order]
    return [y, *(array.astype(np.int64) for array in (first, inverse, count))]


def test_unique():
    for dtype in (np.float32, np.int64, np.uint8, np.int8, np.float16, np.float64, np.bool_):
        for is_sorted in (0, 1):
            x = values((4, 5), dtype, -2, 2)
            x = np.round(x.astype(np.float64)).astype(dtype)
            check("Unique", {"sorted": is_sorted}, [x], n_out=4, expect=unique_expected(x, None, is_sorted))
            for axis in (0, 1, 2, -1):
                cube = np.round(values((3, 4, 2), dtype, 0, 1).astype(np.float64)).astype(dtype)
                check("Unique", {"sorted": is_sorted, "axis": axis}, [cube], n_out=4, expect=unique_expected(cube, axis % 3, is_sorted))
    long = values((3000,), np.int32, 0, 50)
    check("Unique", {}, [long], n_out=4)
    check("Unique", {"sorted": 0}, [long], n_out=4)


def test_unique_odd_values():
    x = np.array(["b", "", "a", "b", "ab", ""], object)
    check("Unique", {}, [x], n_out=4, expect=[np.array(["", "a", "ab", "b"], object), np.array([1, 2, 4, 0]), np.array([3, 0, 1, 3, 2, 0]),
                                             np.array([2, 1, 1, 2])])
    x = np.array([np.nan, 1, -np.inf, np.nan, -0.0, 0.0], np.float32)
    check("Unique", {}, [x], n_out=4, expect=unique_expected(x, None, 1))
    x = np.array([1 + 2j, 1 - 1j, 1 + 2j, 0], np.complex64)
    check("Unique", {}, [x], n_out=4, expect=unique_expected(x, None, 1))
    check("Unique", {}, [np.array(5, np.int32)], n_out=4, expect=[np.array([5], np.int32), *[np.array([k]) for k in (0, 0, 1)]])
    check("Unique", {}, [np.zeros((0,), np.float32)], n_out=4, expect=[np.zeros(0, np.float32), *[np.zeros(0, np.int64)] * 3])
    empty = np.zeros((3, 0), np.float32)
    check("Unique", {"axis": 0}, [empty], n_out=4, expect=[np.zeros((1, 0), np.float32), *[np.array(k) for k in ([0], [0, 0, 0], [3])]])
    refused("Unique", {"axis": 2}, [values((2, 3))], "axis 2")


def test_tensor_scatter():
    past, update = values((2, 3, 5, 4)), values((2, 3, 2, 4), seed=1)
    for indices in (None, np.array([0, 3]), np.array([3, 1])):
        for mode in ("linear", "circular"):
            check("TensorScatter", {"mode": mode}, [past, update, indices][:2 if indices is None else 3])
    check("TensorScatter", {"mode": "circular"}, [past, update, np.array([4, 9])])
    check("TensorScatter", {"axis": 1}, [past, values((2, 2, 5, 4)), np.array([1, 0])])
    check("TensorScatter", {"axis": -1}, [values((2, 7)), values((2, 3)), np.array([1, 4])])
    for dtype in (np.int8, np.float64, ml_dtypes.bfloat16, ml_dtypes.float8_e5m2, ml_dtypes.int4, np.bool_):
        cache, new = values((2, 5, 3), np.int8, -8, 7).astype(dtype), values((2, 2, 3), np.int8, -8, 7, seed=1).astype(dtype)
        want = cache.copy()
        want[0, 1:3], want[1, 3:5] = new[0], new[1]
        check("TensorScatter", {}, [cache, new, np.array([1, 3])], expect=[want])
    check("TensorScatter", {}, [past, update[:, :, :0]], expect=[past])
    check("TensorScatter", {}, [values((0, 5, 4)), values((0, 2, 4))], expect=[values((0, 5, 4))])
    refused("TensorScatter", {}, [past, update, np.array([0, 4])], "index 4")
    refused("TensorScatter", {"mode": "circular"}, [past, update, np.array([0, -1])], "index -1")
    refused("TensorScatter", {}, [past, update, np.array([0])], "1 elements")
    refused("TensorScatter", {}, [past[:, :, :1], update], "2 rows")
    refused("TensorScatter", {"axis": 0}, [past, update], "axis is that of the batch")
    refused("TensorScatter", {}, [past, update[:1]], "cache and update")
    refused("TensorScatter", {"mode": "ring"}, [past, update], "mode")


def test_scatter_complex():
    x = np.array([1 + 1j, 2, 3j, -1], np.complex128)
    updates, at = np.array([2 - 1j, 1j, 3], np.complex128), np.array([0, 2, 0])
    for reduction, want in (("add", [6, 2, 4j, -1]), ("mul", [9 + 3j, 2, -3, -1])):
        for dtype in (np.complex64, np.complex128):
            check("ScatterElements", {"reduction": reduction}, [x.astype(dtype), at, updates.astype(dtype)], expect=[np.array(want, dtype)])
            check("ScatterND", {"reduction": reduction}, [x.astype(dtype), at[:, None], updates.astype(dtype)], expect=[np.array(want, dtype)])
    refused("ScatterND", {"reduction": "max"}, [x, at[:, None], updates], "complex")
    refused("ScatterElements", {"reduction": "add"}, [np.array(["a"], object), np.array([0]), np.array(["b"], object)], "string")
