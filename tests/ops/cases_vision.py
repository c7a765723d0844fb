"""AffineGrid, GridSample, MaxRoiPool, RoiAlign, DeformConv."""
import itertools

import numpy as np
from optest import FLOATS, check, refused, run, values


def sizes(*numbers):
    return np.array(numbers, np.int64)


def grid_for(n, out, axes, low=-1.4, high=1.4, dtype=np.float32):
    return values((n, *out, axes), dtype, low, high, seed=3)


def test_affine_grid():
    for align in (0, 1):
        for size in (sizes(2, 3, 4, 5), sizes(1, 1, 2, 7), sizes(2, 3, 4, 5, 6)):
            theta = values((size[0], len(size) - 2, len(size) - 1))
            check("AffineGrid", {"align_corners": align}, [theta, size], evaluator=True)
    check("AffineGrid", {"align_corners": 1}, [np.array([[[1, 0, 0], [0, 1, 0]]], np.float32), sizes(1, 1, 1, 2)],
          expect=[np.array([[[[-1, 0], [1, 0]]]], np.float32)])
    for dtype in FLOATS:
        theta, size = values((1, 2, 3), dtype), sizes(1, 1, 3, 4)
        want, = run("AffineGrid", {}, [theta.astype(np.float64), size])
        check("AffineGrid", {}, [theta, size], expect=[want.astype(dtype)])
    check("AffineGrid", {}, [values((0, 2, 3)), sizes(0, 1, 3, 4)], expect=[np.zeros((0, 3, 4, 2), np.float32)])
    refused("AffineGrid", {}, [values((2, 2, 3)), sizes(2, 3, 4)], "3 numbers")
    refused("AffineGrid", {}, [values((2, 2, 3)), sizes(2, 3, 4, 5, 6)], "size of theta")
    refused("AffineGrid", {}, [values((1, 2, 3)), sizes(2, 3, 4, 5)], "size of theta is both 1 and 2")


MODES = [{"mode": mode, "padding_mode": padding, "align_corners": align}
         for mode, padding, align in itertools.product(("linear", "nearest", "cubic"), ("zeros", "border", "reflection"), (0, 1))]


def test_grid_sample():
    for attributes in MODES:
        check("GridSample", attributes, [values((2, 3, 6, 7)), grid_for(2, (5, 4), 2)], evaluator=True, atol=1e-4)
        check("GridSample", attributes, [values((1, 2, 5, 6)), grid_for(1, (3, 4), 2, -4, 4)], evaluator=True, atol=1e-4)
    for attributes in [a for a in MODES if a["mode"] != "cubic"]:
        check("GridSample", attributes, [values((1, 2, 3, 4, 5)), grid_for(1, (2, 3, 2), 3)], evaluator=True, atol=1e-4)
    for attributes in MODES[::4]:
        check("GridSample", attributes, [values((2, 3, 9)), grid_for(2, (7,), 1)], evaluator=True, atol=1e-4)


def test_grid_sample_runtime():
    """The same numbers as ONNX Runtime, ties included: points in steps of a quarter element."""
    grid = np.stack(np.meshgrid(np.linspace(-1.5, 1.5, 25), np.linspace(-1.5, 1.5, 13)), -1)[None].astype(np.float32)
    for attributes in MODES:
        if attributes["mode"] != "cubic":
            check("GridSample", attributes, [values((1, 1, 4, 8)), grid], atol=1e-4)


def test_grid_sample_types():
    grid = grid_for(1, (3, 4), 2)
    for dtype in (*FLOATS, np.uint8, np.int32):
        x = values((1, 2, 5, 6), dtype, 0, 200)
        want, = run("GridSample", {}, [x.astype(np.float64), grid])
        check("GridSample", {}, [x, grid], expect=[want.astype(dtype)])
    x = values((1, 2, 5, 6), np.float64)
    check("GridSample", {}, [x, grid_for(1, (3, 4), 2, dtype=np.float64)], evaluator=True, rtol=1e-5, atol=1e-5)


def test_grid_sample_other_types():
    grid = grid_for(2, (5, 4), 2)
    texts = np.array([f"t{n}" for n in range(2 * 3 * 6 * 7)], object).reshape(2, 3, 6, 7)
    numbers = np.arange(1, texts.size + 1).reshape(texts.shape)
    for padding in ("zeros", "border", "reflection"):
        attributes = {"mode": "nearest", "padding_mode": padding}
        want = run("GridSample", attributes, [numbers.astype(np.float64), grid])[0].astype(np.int64)
        names = np.array([f"t{n - 1}" if n else "" for n in want.reshape(-1)], object).reshape(want.shape)
        check("GridSample", attributes, [texts, grid], expect=[names])
        check("GridSample", attributes, [numbers + 2 ** 62, grid], expect=[np.where(want, want + 2 ** 62, 0)])  # no rounding
        check("GridSample", attributes, [numbers * (1 - 2j), grid], expect=[want * (1 - 2j)])
        for dtype in (np.bool_, np.int8, np.float16):
            check("GridSample", attributes, [(numbers % 2).astype(dtype), grid], expect=[(want % 2).astype(dtype)])
    for mode in ("linear", "cubic"):
        for dtype, of_part in ((np.complex64, np.float32), (np.complex128, np.float64)):
            x = [values((2, 3, 6, 7), of_part, seed=seed) for seed in (1, 2)]
            parts = [run("GridSample", {"mode": mode}, [part, grid])[0] for part in x]
            check("GridSample", {"mode": mode}, [(x[0] + 1j * x[1]).astype(dtype), grid], expect=[parts[0] + 1j * parts[1]])
        refused("GridSample", {"mode": mode}, [texts, grid], "texts cannot be interpolated")


def test_grid_sample_far_away():
    x = np.arange(1, 5, dtype=np.float32).reshape(1, 1, 2, 2)
    points = np.array([[[[np.nan, 0], [np.inf, 0], [-np.inf, np.inf], [1e30, 1e30]]]], np.float32)
    for mode in ("linear", "nearest", "cubic"):
        check("GridSample", {"mode": mode}, [x, points], expect=[np.zeros((1, 1, 1, 4), np.float32)])
        for padding in ("border", "reflection"):
            got, = run("GridSample", {"mode": mode, "padding_mode": padding}, [x, points])
            assert np.isfinite(got).all()
    got, = run("GridSample", {"mode": "nearest", "padding_mode": "border"}, [x, points])
    assert got[0, 0, 0, 3] == 4 and got[0, 0, 0, 2] == 3
    check("GridSample", {"padding_mode": "reflection", "align_corners": 1}, [np.full((1, 1, 1, 1), 7, np.float32), points[:, :, 3:]],
          expect=[np.full((1, 1, 1, 1), 7, np.float32)])
    check("GridSample", {}, [np.zeros((1, 1, 0, 2), np.float32), points], expect=[np.zeros((1, 1, 1, 4), np.float32)])
    check("GridSample", {}, [x, np.zeros((1, 0, 4, 2), np.float32)], expect=[np.zeros((1, 1, 0, 4), np.float32)])


def test_grid_sample_refused():
    x, grid = values((1, 2, 5, 6)), grid_for(1, (3, 4), 2)
    refused("GridSample", {"mode": "bilinear"}, [x, grid], "mode")
    refused("GridSample", {"padding_mode": "wrap"}, [x, grid], "padding_mode")
    refused("GridSample", {}, [x, grid_for(1, (3, 4), 3)], "coordinates of a point")
    refused("GridSample", {}, [x, grid_for(2, (3, 4), 2)], "batch")
    refused("GridSample", {}, [x, grid_for(1, (3,), 2)], "rank 3")


def regions(n, size, dtype=np.float32):
    corner, extent = values((n, 2), dtype, -2, size / 2, seed=4), values((n, 2), dtype, 0, size, seed=5)
    return np.concatenate([corner, corner + extent], 1)


def test_roi_align():
    x, batch = values((3, 2, 9, 11)), np.array([0, 2, 1, 1, 0], np.int64)
    for mode, ratio, coordinates in itertools.product(("avg", "max"), (0, 1, 3), ("half_pixel", "output_half_pixel")):
        for height, width, scale in ((3, 4, 1.0), (1, 1, 0.5), (5, 2, 0.25)):
            attributes = {"mode": mode, "sampling_ratio": ratio, "coordinate_transformation_mode": coordinates, "output_height": height,
                          "output_width": width, "spatial_scale": scale}
            check("RoiAlign", attributes, [x, regions(5, 12), batch], evaluator=True, atol=1e-4)
    inputs = [values((1, 2, 6, 6)), regions(3, 6), np.zeros(3, np.int64)]
    check("RoiAlign", {"output_height": 2, "output_width": 2, "sampling_ratio": 2}, inputs, atol=1e-4)
    for dtype in FLOATS:
        narrow = [inputs[0].astype(dtype), np.rint(inputs[1]).astype(dtype), inputs[2]]
        want, = run("RoiAlign", {"sampling_ratio": 2}, [narrow[0].astype(np.float64), narrow[1].astype(np.float64), inputs[2]])
        check("RoiAlign", {"sampling_ratio": 2}, narrow, expect=[want.astype(dtype)])
    check("RoiAlign", {}, [inputs[0], np.zeros((0, 4), np.float32), np.zeros(0, np.int64)], expect=[np.zeros((0, 2, 1, 1), np.float32)])
    check("RoiAlign", {}, [inputs[0], np.full((1, 4), np.nan, np.float32), np.zeros(1, np.int64)],
          expect=[np.zeros((1, 2, 1, 1), np.float32)])


def test_empty_images():
    roi = np.array([[0, 0, 3, 3]], np.float32)
    for shape in ((1, 2, 0, 4), (1, 2, 4, 0)):
        check("RoiAlign", {"output_height": 2}, [np.zeros(shape, np.float32), roi, np.zeros(1, np.int64)],
              expect=[np.zeros((1, 2, 2, 1), np.float32)])
        check("MaxRoiPool", {"pooled_shape": [2, 1]}, [np.zeros(shape, np.float32), np.concatenate([[[0]], roi], 1).astype(np.float32)],
              expect=[np.zeros((1, 2, 2, 1), np.float32)])
        check("RoiAlign", {}, [np.zeros(shape, np.float32), roi[:, [0, 0, 1, 1]] - 2, np.zeros(1, np.int64)],
              expect=[np.zeros((1, 2, 1, 1), np.float32)])


def test_roi_align_refused():
    x, rois, batch = values((1, 2, 6, 6)), regions(3, 6), np.zeros(3, np.int64)
    refused("RoiAlign", {}, [x, rois, np.array([0, 1, 0])], "image 1 of 1")
    refused("RoiAlign", {}, [x, rois, np.array([0, -1, 0])], "image -1 of 1")
    refused("RoiAlign", {}, [x, rois, batch[:2]], "2 elements")
    refused("RoiAlign", {}, [x, rois[:, :3], batch], "numbers of a region")
    refused("RoiAlign", {"mode": "sum"}, [x, rois, batch], "mode")
    refused("RoiAlign", {"output_height": 0}, [x, rois, batch], "pooled size is 0")
    refused("RoiAlign", {"sampling_ratio": -1}, [x, rois, batch], "sampling_ratio")
    refused("RoiAlign", {}, [x, np.array([[0, 0, 1e9, 1e9]], np.float32), batch[:1]], "samples")


def max_roi_expected(x, rois, height, width, scale):
    out = np.zeros((len(rois), x.shape[1], height, width), x.dtype)
    for r, (image, *corner) in enumerate(rois):
        x1, y1, x2, y2 = (int(np.floor(abs(c * scale) + 0.5) * np.sign(c)) for c in corner)
        for i, j in itertools.product(range(height), range(width)):
            rows, columns = max(y2 - y1 + 1, 1) / height, max(x2 - x1 + 1, 1) / width
            top, bottom = (int(np.clip(v + y1, 0, x.shape[2])) for v in (np.floor(i * rows), np.ceil((i + 1) * rows)))
            left, right = (int(np.clip(v + x1, 0, x.shape[3])) for v in (np.floor(j * columns), np.ceil((j + 1) * columns)))
            if top < bottom and left < right:
                out[r, :, i, j] = x[int(image), :, top:bottom, left:right].max((1, 2))
    return out


def test_max_roi_pool():
    x = values((3, 2, 9, 11))
    rois = np.concatenate([np.array([[0], [2], [1], [1], [0]], np.float32), regions(5, 12)], 1)
    for height, width, scale in ((3, 4, 1.0), (1, 1, 0.5), (5, 2, 0.25)):
        check("MaxRoiPool", {"pooled_shape": [height, width], "spatial_scale": scale}, [x, rois],
              expect=[max_roi_expected(x, rois, height, width, scale)])
    for dtype in FLOATS:
        wide = values((1, 1, 6, 6), dtype)
        roi = np.array([[0, 1, 1, 4, 5]], dtype)
        check("MaxRoiPool", {"pooled_shape": [2, 2]}, [wide, roi], expect=[max_roi_expected(wide, roi, 2, 2, 1)])
    refused("MaxRoiPool", {"pooled_shape": [2, 2]}, [x, np.array([[3, 0, 0, 1, 1]], np.float32)], "image 3 of 3")
    refused("MaxRoiPool", {"pooled_shape": [2, 2]}, [x, np.array([[np.nan, 0, 0, 1, 1]], np.float32)][:1] + [rois[:, :4]], "numbers of a region")
    refused("MaxRoiPool", {}, [x, rois], "pooled size is 0")
    refused("MaxRoiPool", {"pooled_shape": [2]}, [x, rois], "pooled_shape")


def deformed(x, w, out, groups=1, bias=False, mask=False, spread=2.0):
    kernel = int(np.prod(w[2:]))
    inputs = [values(x), values(w, seed=1), values((x[0], groups * kernel * (len(x) - 2), *out), low=-spread, high=spread, seed=2)]
    inputs.append(values((w[0],), seed=3) if bias else None)
    inputs.append(values((x[0], groups * kernel, *out), low=0, high=1, seed=4) if mask else None)
    while inputs[-1] is None:
        inputs.pop()
    return inputs


def test_deform_conv():
    for bias, mask in itertools.product((False, True), (False, True)):
        check("DeformConv", {}, deformed((2, 2, 5, 6), (3, 2, 2, 3), (4, 4), 1, bias, mask), atol=1e-4)
        attributes = {"pads": [1, 0, 1, 1], "strides": [2, 1], "dilations": [1, 2]}
        check("DeformConv", attributes, deformed((1, 2, 7, 8), (3, 2, 3, 2), (4, 7), 1, bias, mask), atol=1e-4)
        check("DeformConv", {"group": 2, "offset_group": 4}, deformed((1, 4, 5, 5), (6, 2, 2, 2), (4, 4), 4, bias, mask), atol=1e-4)
        check("DeformConv", {"group": 2, "offset_group": 1}, deformed((1, 4, 12, 12), (2, 2, 3, 3), (10, 10), 1, bias, mask), atol=1e-4)


def test_deform_conv_without_offsets_is_conv():
    for x, w, out in (((1, 2, 9), (3, 2, 3), (7,)), ((1, 2, 4, 5, 6), (3, 2, 2, 2, 3), (3, 4, 4))):
        inputs = deformed(x, w, out, spread=0)
        want, = run("Conv", {}, inputs[:2])
        check("DeformConv", {}, inputs, expect=[want])


def test_deform_conv_refused():
    inputs = deformed((1, 4, 5, 5), (6, 4, 2, 2), (4, 4))
    refused("DeformConv", {"offset_group": 2}, inputs, "offsets of a point")
    refused("DeformConv", {"offset_group": 3}, inputs, "offset_group is 3")
    refused("DeformConv", {"pads": [1, 1, 1, 1]}, inputs, "size of offsets and output")
    refused("DeformConv", {}, [*inputs, np.zeros(5, np.float32)], "input 3 has 5")
    refused("DeformConv", {}, [*inputs, None, np.zeros((1, 3, 4, 4), np.float32)], "offsets of a point")


def test_image_decoder():
    pixels = values((5, 7, 3), np.uint8, 0, 255)
    weights = np.array([19595, 38470, 7471])
    grey = ((pixels.astype(np.int64) @ weights + 32768) >> 16).astype(np.uint8)[:, :, None]
    padding = bytes(3)
    rows = [row[:, ::-1].tobytes() + padding for row in pixels]  # blue first, 21 bytes and 3
    for height, order in ((5, rows[::-1]), (-5, rows)):
        header = b"BM" + np.array([0, 0, 54, 40, 7, height], "<i4").tobytes() + np.array([1, 24], "<i2").tobytes() + bytes(24)
        bmp = np.frombuffer(header + b"".join(order), np.uint8)
        check("ImageDecoder", {}, [bmp], expect=[pixels])
        check("ImageDecoder", {"pixel_format": "BGR"}, [bmp], expect=[pixels[:, :, ::-1]])
        check("ImageDecoder", {"pixel_format": "Grayscale"}, [bmp], expect=[grey])
        refused("ImageDecoder", {}, [bmp[:-1]], "cut off")
    pnm = np.frombuffer(b"P6 # made here\n7 5\n255\n" + pixels.tobytes(), np.uint8)
    check("ImageDecoder", {}, [pnm], expect=[pixels])
    check("ImageDecoder", {}, [np.frombuffer(b"P5\n7 5 255\n" + grey.tobytes(), np.uint8)], expect=[grey.repeat(3, 2)])
    for n in (3, 8, 16, 20, len(pnm) - 1):
        refused("ImageDecoder", {}, [pnm[:n]], "cut off")
    refused("ImageDecoder", {}, [np.frombuffer(b"P6 99999999999 5 255 ", np.uint8)], "cut off")
    refused("ImageDecoder", {}, [np.frombuffer(b"\x89PNG", np.uint8)], "no image of a known format")
    refused("ImageDecoder", {"pixel_format": "CMYK"}, [pnm], "CMYK")
