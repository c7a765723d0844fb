"""Resize."""
import itertools

import ml_dtypes
import numpy as np
from optest import check, compare, refused, run, values

COORDINATES = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric")
NEAREST = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
LOOSE = {"rtol": 1e-4, "atol": 1e-4}


def scaled(x, *scales):
    return [x, None, np.array(scales, np.float32)]


def sized(x, *sizes):
    return [x, None, None, np.array(sizes, np.int64)]


def check_scaled(attributes, x, *scales, **tolerances):
    """ONNX Runtime aligns corners to the whole output length, the standard's evaluator to input length * scale."""
    aligned = attributes["coordinate_transformation_mode"] == "align_corners"
    check("Resize", attributes, scaled(x, *scales), evaluator=aligned, **tolerances)


def words(mode="nearest", coordinates="half_pixel", **others):
    return {"mode": mode, "coordinate_transformation_mode": coordinates, **others}


def test_nearest():
    for coordinates, rounding in itertools.product(COORDINATES, NEAREST):
        attributes = words("nearest", coordinates, nearest_mode=rounding)
        for scales in ((1, 1, 0.6, 0.7), (1, 1, 2, 3), (1, 1, 1.3, 0.5), (1, 1, 2.5, 4)):
            check_scaled(attributes, values((1, 2, 17, 9)), *scales)
        for sizes in ((1, 2, 7, 5), (1, 2, 34, 27), (1, 2, 1, 1)):
            check("Resize", attributes, sized(values((1, 2, 17, 9)), *sizes))


def test_nearest_ties():
    """Where single precision decides which side of a half a coordinate lies."""
    for size, scale in itertools.product((16, 17, 19, 23, 30), (0.3, 0.6, 0.7, 1.3, 1.7)):
        for coordinates in COORDINATES:
            if coordinates != "align_corners":  # the evaluator does not work in single precision
                check_scaled(words("nearest", coordinates), np.arange(size, dtype=np.float32).reshape(1, 1, 1, size), 1, 1, 1, scale)


def test_linear_and_cubic():
    for mode, coordinates in itertools.product(("linear", "cubic"), COORDINATES):
        for scales in ((1, 1, 0.6, 0.7), (1, 1, 2, 3), (1, 1, 1.3, 0.5)):
            check_scaled(words(mode, coordinates), values((2, 2, 7, 9)), *scales, **LOOSE)
        for sizes in ((1, 2, 4, 5), (1, 2, 20, 9), (1, 2, 1, 1), (1, 2, 7, 9)):
            check("Resize", words(mode, coordinates), sized(values((1, 2, 7, 9)), *sizes), **LOOSE)
    check("Resize", words("cubic", cubic_coeff_a=-0.5), scaled(values((1, 1, 7, 9)), 1, 1, 1.7, 0.6), **LOOSE)


def test_exclude_outside():
    for coordinates in COORDINATES:
        for antialias in (0, 1):
            for scales in ((1, 1, 0.6, 0.7), (1, 1, 2.3, 1.7)):
                attributes = words("cubic", coordinates, exclude_outside=1, antialias=antialias)
                check_scaled(attributes, values((1, 2, 7, 9)), *scales, **LOOSE)


def test_antialias():
    for mode, coordinates, exclude in itertools.product(("linear", "cubic"), COORDINATES, (0, 1)):
        attributes = words(mode, coordinates, antialias=1, exclude_outside=exclude)
        for scales in ((1, 1, 0.6, 0.7), (1, 1, 0.4, 2), (1, 1, 0.125, 0.3)):
            check_scaled(attributes, values((1, 2, 17, 19)), *scales, **LOOSE)
        check("Resize", attributes, sized(values((1, 2, 17, 19)), 1, 2, 5, 40), **LOOSE)


def test_ranks():
    for mode in ("nearest", "linear"):
        check("Resize", words(mode), scaled(values((9,)), 0.6), evaluator=True, **LOOSE)
        check("Resize", words(mode), scaled(values((5, 9)), 1.5, 0.6), **LOOSE)
        check("Resize", words(mode), scaled(values((2, 3, 9)), 1, 1, 0.6), evaluator=True, **LOOSE)
        check("Resize", words(mode), scaled(values((1, 2, 4, 5, 6)), 1, 1, 2, 0.5, 1.5), **LOOSE)
        check("Resize", words(mode), scaled(values((2, 3, 4, 5)), 2, 1.5, 0.5, 1.2), evaluator=True, **LOOSE)
    check("Resize", words("cubic"), scaled(values((2, 9)), 1, 1.6), **LOOSE)
    check("Resize", words("cubic"), scaled(values((1, 2, 5, 6, 4)), 1, 1, 1.6, 0.7, 2), evaluator=True, **LOOSE)


def test_axes():
    x = values((2, 7, 9, 3))
    for axes in ([1, 2], [2, 1], [3], [0, 2]):
        scales, sizes = np.array([1.5, 0.6][:len(axes)], np.float32), np.array([11, 5][:len(axes)], np.int64)
        for mode in ("nearest", "linear"):
            for inputs in ([x, None, scales], [x, None, None, sizes]):
                want = check("Resize", words(mode, axes=axes), inputs, evaluator=True, **LOOSE)
                check("Resize", words(mode, axes=[axis - 4 for axis in axes]), inputs, expect=want)
    check("Resize", words("linear", axes=[2, 3]), [values((1, 2, 7, 9)), None, np.array([0.6, 2], np.float32)], **LOOSE)


def test_aspect_ratio():
    for policy, mode in itertools.product(("not_larger", "not_smaller"), ("nearest", "linear")):
        for asked in ((5, 9), (20, 11), (7, 9), (3, 40), (14, 18)):
            inputs = [values((1, 2, 7, 9)), None, None, np.array(asked, np.int64)]
            want = check("Resize", words(mode, axes=[2, 3], keep_aspect_ratio_policy=policy), inputs, known=False, **LOOSE)
            check("Resize", words(mode, axes=[-2, -1], keep_aspect_ratio_policy=policy), inputs, known=False, expect=want)


def test_crop():
    x = values((1, 2, 7, 9))
    for mode in ("nearest", "linear", "cubic"):
        for start, end in [((0, 0, 0, 0), (1, 1, 1, 1)), ((0, 0, 0.4, 0.6), (1, 1, 0.6, 0.8)), ((0, 0, -0.2, 0.1), (1, 1, 0.7, 1.3)),
                           ((0, 0, 0.9, 0.2), (1, 1, 0.1, 0.8))]:
            roi = np.array([*start, *end], np.float32)
            for value in (0.0, 10.0):
                attributes = words(mode, "tf_crop_and_resize", extrapolation_value=value)
                check("Resize", attributes, [x, roi, None, np.array((1, 2, 5, 6), np.int64)], **LOOSE)
            check("Resize", attributes, [x, roi, None, np.array((1, 2, 1, 1), np.int64)], **LOOSE)
    roi = np.array([0.4, 0.6, 0.6, 0.8], np.float32)
    attributes = words("linear", "tf_crop_and_resize", axes=[2, 3])
    check("Resize", attributes, [x, roi, None, np.array((5, 6), np.int64)], **LOOSE)
    check("Resize", attributes, [x, roi, np.array((0.8, 0.7), np.float32)], **LOOSE)


def test_types_that_move():
    grid = np.arange(24).reshape(1, 2, 3, 4)
    want, = run("Resize", {}, scaled(grid.astype(np.float32), 1, 1, 1.4, 0.5))
    for dtype in (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64, np.float16, np.float64,
                  ml_dtypes.bfloat16, np.complex64, np.complex128):
        check("Resize", {}, scaled(grid.astype(dtype), 1, 1, 1.4, 0.5), expect=[want.astype(dtype)])
    check("Resize", {}, scaled(grid % 3 == 0, 1, 1, 1.4, 0.5), expect=[want.astype(int) % 3 == 0])
    texts = np.array([f"t{n}" for n in grid.reshape(-1)], object).reshape(grid.shape)
    check("Resize", {}, scaled(texts, 1, 1, 1.4, 0.5), expect=[np.array([f"t{int(n)}" for n in want.reshape(-1)],
                                                                       object).reshape(want.shape)])


def test_outside_of_other_types():
    """Outside of the image lie the extrapolation value, empty texts and numbers without an imaginary part."""
    roi, out = np.array([0, 0, 0, 0, 1, 1, 2, 2], np.float32), np.array((1, 1, 3, 3), np.int64)
    for mode in ("nearest", "linear"):
        attributes = words(mode, "tf_crop_and_resize", extrapolation_value=7.0)
        for dtype in (np.complex64, np.complex128):
            x = np.array([[[[1 + 2j, 3 - 1j], [5j, 8]]]], dtype)
            want = np.array([[[[1 + 2j, 3 - 1j, 7], [5j, 8, 7], [7, 7, 7]]]], dtype)
            check("Resize", attributes, [x, roi, None, out], expect=[want])
    texts = np.array([[[["a", "b"], ["c", "d"]]]], object)
    want = np.array([[[["a", "b", ""], ["c", "d", ""], ["", "", ""]]]], object)
    check("Resize", words("nearest", "tf_crop_and_resize"), [texts, roi, None, out], expect=[want])
    refused("Resize", words("linear"), scaled(texts, 1, 1, 2, 2), "texts cannot be interpolated")


def test_complex_and_bool_mix():
    for mode in ("linear", "cubic"):
        for dtype, of_part in ((np.complex64, np.float32), (np.complex128, np.float64)):
            x = [values((1, 2, 5, 6), of_part, seed=seed) for seed in (1, 2)]
            parts = [run("Resize", words(mode), scaled(part, 1, 1, 1.7, 0.6))[0] for part in x]
            check("Resize", words(mode), scaled((x[0] + 1j * x[1]).astype(dtype), 1, 1, 1.7, 0.6), expect=[parts[0] + 1j * parts[1]])
    flags = np.array([[[[False, True, False, False]]]])
    check("Resize", words("linear", "asymmetric"), scaled(flags, 1, 1, 1, 2), expect=[np.array([[[[0, 1, 1, 1, 0, 0, 0, 0]]]], bool)])


def test_types_that_mix():
    for mode in ("linear", "cubic"):
        for scale in (1.7, 0.6):
            for dtype in (np.uint8, np.int32, np.int64):  # rounded, not cut off: as the standard's own evaluator
                check("Resize", words(mode), scaled(values((1, 1, 9, 8), dtype, -100, 200), 1, 1, scale, scale), evaluator=True)
            check("Resize", words(mode), scaled(values((1, 1, 9, 8), np.float16), 1, 1, scale, scale))
            check("Resize", words(mode), scaled(values((1, 1, 9, 8), np.float64), 1, 1, scale, scale), evaluator=True,
                  rtol=1e-12 if mode == "linear" else 1e-5, atol=1e-12 if mode == "linear" else 1e-5)
    edge = np.array([[[[0, 255, 0, 255]]]], np.uint8)  # cubic overshoots
    check("Resize", words("cubic"), scaled(edge, 1, 1, 1, 2), evaluator=True)


def test_lists_that_are_empty():
    x, none = values((1, 2, 4, 5)), np.zeros(0, np.float32)
    want = run("Resize", {}, scaled(x, 1, 1, 2, 2))
    check("Resize", {}, [x, none, np.array([1, 1, 2, 2], np.float32)], expect=want)
    check("Resize", {}, [x, none, none, np.array([1, 2, 8, 10], np.int64)], expect=want)
    check("Resize", {}, [x, none, np.array([1, 1, 2, 2], np.float32), np.zeros(0, np.int64)], expect=want)


def test_empty_tensors():
    check("Resize", {}, scaled(values((0, 2, 4, 5)), 1, 1, 2, 2), expect=[np.zeros((0, 2, 8, 10), np.float32)])
    check("Resize", words("linear"), sized(values((1, 2, 4, 5)), 1, 2, 0, 5), expect=[np.zeros((1, 2, 0, 5), np.float32)])
    refused("Resize", words("linear"), sized(values((1, 2, 0, 5)), 1, 2, 3, 5), "no elements")


def test_infinities_stay_where_they_are():
    x = np.array([[[[np.inf, 1, 2, 3, 4, 5]]]], np.float32)
    got, = run("Resize", words("linear"), scaled(x, 1, 1, 1, 2))
    assert np.isfinite(got[..., 3:]).all() and not np.isnan(got).any()
    compare([got[..., 3:]], [np.array([[[[1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4.25, 4.75, 5]]]], np.float32)])


def test_refused():
    x = values((1, 2, 4, 5))
    refused("Resize", {}, [x], "neither scales nor sizes")
    refused("Resize", {}, [x, None, None, np.zeros(0, np.int64)], "neither scales nor sizes")
    refused("Resize", {"keep_aspect_ratio_policy": "not_larger"}, sized(x[:, :, :0], 1, 1, 2, 2), "no ratio")
    refused("Resize", {}, [x, None, np.ones(4, np.float32), np.ones(4, np.int64)], "both given")
    refused("Resize", {}, scaled(x, 1, 1, 2), "3 scales for 4 axes")
    refused("Resize", {}, sized(x, 1, 1, 2), "3 sizes for 4 axes")
    for bad in (0, -1, np.nan, np.inf):
        refused("Resize", {}, scaled(x, 1, 1, 2, bad), "scales[3]")
    refused("Resize", {}, sized(x, 1, 2, -4, 4), "sizes[2] is -4")
    refused("Resize", {"mode": "area"}, scaled(x, 1, 1, 2, 2), "mode")
    refused("Resize", {"nearest_mode": "up"}, scaled(x, 1, 1, 2, 2), "nearest_mode")
    refused("Resize", {"coordinate_transformation_mode": "up"}, scaled(x, 1, 1, 2, 2), "coordinate_transformation_mode")
    refused("Resize", {"coordinate_transformation_mode": "tf_crop_and_resize"}, scaled(x, 1, 1, 2, 2), "roi")
    refused("Resize", {"axes": [2, 2]}, scaled(x, 2, 2), "axis 2 twice")
    refused("Resize", {"axes": [4]}, scaled(x, 2), "axes[0] is 4")
