"""Conv and ConvTranspose."""
import itertools

import ml_dtypes
import numpy as np
from optest import FLOATS, check, refused, run, values


def conv(x, w, bias=True, dtype=np.float32):
    return [values(x, dtype), values(w, dtype, seed=1), *([values((w[0],), dtype, seed=2)] if bias else [])]


def transposed(x, w, group=1, bias=True, dtype=np.float32):
    return [values(x, dtype), values(w, dtype, seed=1), *([values((w[1] * group,), dtype, seed=2)] if bias else [])]


def test_conv_plain():
    for x, w in [((1, 1, 1, 1), (1, 1, 1, 1)), ((2, 3, 7, 9), (4, 3, 3, 3)), ((1, 16, 9, 9), (70, 16, 1, 1)),
                 ((1, 2, 13, 80), (3, 2, 5, 1)), ((1, 3, 20), (2, 3, 4)), ((2, 1, 200), (1, 1, 7)),
                 ((1, 2, 5, 6, 7), (3, 2, 2, 3, 2)), ((1, 40, 12, 12), (5, 40, 3, 3))]:
        check("Conv", {}, conv(x, w), atol=2e-4)
        check("Conv", {}, conv(x, w, bias=False), atol=2e-4)
        check("Conv", {"kernel_shape": list(w[2:])}, conv(x, w), atol=2e-4)


def test_conv_attributes():
    for stride, dilation, pads in itertools.product(([1, 1], [2, 3]), ([1, 1], [2, 1], [1, 3]),
                                                    ([0, 0, 0, 0], [1, 1, 1, 1], [0, 3, 2, 1], [5, 4, 0, 6])):
        attributes = {"strides": stride, "dilations": dilation, "pads": pads}
        check("Conv", attributes, conv((1, 2, 8, 11), (3, 2, 3, 2)), atol=1e-4)
    check("Conv", {"pads": [2, 1], "strides": [3]}, conv((2, 3, 17), (4, 3, 5)), atol=1e-4)
    check("Conv", {"pads": [1, 0, 2, 0, 1, 1], "strides": [2, 1, 3], "dilations": [1, 2, 1]},
          conv((1, 2, 6, 7, 8), (3, 2, 3, 2, 3)), atol=1e-4)


def test_conv_groups():
    for group, channels, filters in [(2, 4, 6), (4, 4, 4), (4, 4, 8), (3, 9, 3)]:
        for stride in (1, 2):
            attributes = {"group": group, "pads": [1, 1, 1, 1], "strides": [stride, stride]}
            check("Conv", attributes, conv((2, channels, 9, 10), (filters, channels // group, 3, 3)), atol=1e-4)


def test_conv_auto_pad():
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"):
        for stride in (1, 2, 3):
            for size in (7, 8, 9):
                for kernel in (1, 2, 3, 4):
                    attributes = {"auto_pad": mode, "strides": [stride, 1]}
                    check("Conv", attributes, conv((1, 2, size, 6), (3, 2, kernel, 3)), atol=1e-4)
    # dilated, where ONNX Runtime takes the kernel for undilated: padded by hand
    inputs = conv((1, 1, 9, 9), (1, 1, 3, 3))
    want, = run("Conv", {"pads": [2, 2, 2, 2], "dilations": [2, 2]}, inputs)
    check("Conv", {"auto_pad": "SAME_UPPER", "dilations": [2, 2]}, inputs, expect=[want])


def test_conv_types():
    for dtype in FLOATS:
        inputs = conv((1, 3, 6, 7), (2, 3, 3, 3), dtype=dtype)
        want, = run("Conv", {}, [array.astype(np.float64) for array in inputs])
        check("Conv", {}, inputs, expect=[want.astype(dtype)])


def test_conv_empty():
    check("Conv", {}, conv((0, 3, 6, 7), (2, 3, 3, 3)), expect=[np.zeros((0, 2, 4, 5), np.float32)])
    x, w, b = conv((1, 0, 6, 7), (2, 0, 3, 3))
    check("Conv", {}, [x, w, b], expect=[np.broadcast_to(b[None, :, None, None], (1, 2, 4, 5))])
    x, w, b = conv((1, 2, 0, 7), (2, 2, 3, 3))
    check("Conv", {"pads": [2, 0, 2, 0]}, [x, w, b], expect=[np.broadcast_to(b[None, :, None, None], (1, 2, 2, 5))])


def test_conv_is_accurate():
    x, w = values((1, 512, 3, 3), low=0, high=1), values((2, 512, 3, 3), low=0, high=1, seed=1)
    got, = run("Conv", {}, [x, w])
    exact = np.einsum("nchw,fchw->nf", x.astype(np.float64), w.astype(np.float64))
    assert np.abs(got[:, :, 0, 0] / exact - 1).max() < 6e-8


def test_conv_refused():
    x, w = values((1, 4, 8, 8)), values((6, 4, 3, 3))
    refused("Conv", {}, [x, values((6, 3, 3, 3))], "input channels")
    refused("Conv", {"group": 3}, [x, w], "input channels")
    refused("Conv", {"group": 4}, [x, values((6, 1, 3, 3))], "6 filters")
    refused("Conv", {"group": 0}, [x, w], "group")
    refused("Conv", {"kernel_shape": [3, 2]}, [x, w], "kernel size")
    refused("Conv", {"strides": [1]}, [x, w], "strides")
    refused("Conv", {"strides": [0, 1]}, [x, w], "strides[0] is 0")
    refused("Conv", {"dilations": [1, -1]}, [x, w], "dilations[1]")
    refused("Conv", {"pads": [-1, 0, 0, 0]}, [x, w], "pads[0]")
    refused("Conv", {"pads": [2**40, 0, 0, 0]}, [x, w], "pads[0]")
    refused("Conv", {"auto_pad": "SAME"}, [x, w], "auto_pad")
    refused("Conv", {"dilations": [4, 1]}, [x, w], "does not fit")
    refused("Conv", {}, [x, values((6, 4, 9, 3))], "does not fit")
    refused("Conv", {}, [x, w, values((5,))], "5 elements")
    refused("Conv", {}, [x, values((6, 4, 3))], "rank 3")
    refused("Conv", {}, [values((2, 3)), values((2, 3))], "rank 2")
    refused("Conv", {}, [x, w.astype(np.float64)], "float64")


def test_transpose_plain():
    for x, w in [((1, 1, 1, 1), (1, 1, 1, 1)), ((2, 3, 7, 9), (3, 4, 3, 3)), ((1, 16, 9, 9), (16, 20, 1, 1)),
                 ((1, 3, 20), (3, 2, 4)), ((2, 1, 200), (1, 1, 7)), ((1, 2, 5, 6, 7), (2, 3, 2, 3, 2))]:
        check("ConvTranspose", {}, transposed(x, w), atol=2e-4)
        check("ConvTranspose", {"kernel_shape": list(w[2:])}, transposed(x, w, bias=False), atol=2e-4)


def test_transpose_attributes():
    for stride, dilation, pads, extra in itertools.product(
            ([1, 1], [2, 3]), ([1, 1], [2, 1]), ([0, 0, 0, 0], [1, 1, 1, 1], [0, 2, 1, 0]), ([0, 0], [1, 0])):
        attributes = {"strides": stride, "dilations": dilation, "pads": pads, "output_padding": extra}
        if all(e < s for e, s in zip(extra, stride)):
            check("ConvTranspose", attributes, transposed((1, 2, 5, 6), (2, 3, 3, 3)), atol=1e-4)
    check("ConvTranspose", {"pads": [2, 1], "strides": [3], "output_padding": [2]}, transposed((2, 3, 17), (3, 4, 5)), atol=1e-4)
    check("ConvTranspose", {"pads": [1, 0, 1, 0, 1, 1], "strides": [2, 1, 3]}, transposed((1, 2, 4, 5, 6), (2, 3, 3, 2, 3)),
          atol=1e-4)


def test_transpose_groups():
    for group, channels, filters in [(2, 4, 3), (4, 4, 1), (3, 9, 2)]:
        attributes = {"group": group, "pads": [1, 1, 1, 1], "strides": [2, 2]}
        check("ConvTranspose", attributes, transposed((2, channels, 5, 6), (channels, filters, 3, 3), group), atol=1e-4)


def test_transpose_sizes():
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        for stride in (1, 2, 3):
            for kernel in (2, 3, 4):
                if mode == "VALID" or kernel >= stride:
                    inputs = transposed((1, 2, 5, 4), (2, 3, kernel, 3))
                    check("ConvTranspose", {"auto_pad": mode, "strides": [stride, 2]}, inputs, atol=1e-4)
    for size in (9, 10, 11):
        for mode in ("NOTSET", "SAME_UPPER", "SAME_LOWER"):
            attributes = {"output_shape": [size, 9], "strides": [2, 2], "auto_pad": mode}
            check("ConvTranspose", attributes, transposed((1, 2, 5, 4), (2, 3, 3, 3)), atol=1e-4)


def test_transpose_types_and_empty():
    for dtype in FLOATS:
        inputs = transposed((1, 3, 6, 7), (3, 2, 3, 3), dtype=dtype)
        want, = run("ConvTranspose", {"strides": [2, 1]}, [array.astype(np.float64) for array in inputs])
        check("ConvTranspose", {"strides": [2, 1]}, inputs, expect=[want.astype(dtype)])
    check("ConvTranspose", {}, transposed((0, 3, 6, 7), (3, 2, 3, 3)), expect=[np.zeros((0, 2, 8, 9), np.float32)])
    x, w, b = transposed((1, 0, 2, 3), (0, 2, 3, 3))
    check("ConvTranspose", {}, [x, w, b], expect=[np.broadcast_to(b[None, :, None, None], (1, 2, 4, 5))])


def test_transpose_refused():
    x, w = values((1, 4, 8, 8)), values((4, 6, 3, 3))
    refused("ConvTranspose", {}, [x, values((3, 6, 3, 3))], "input channels")
    refused("ConvTranspose", {"group": 3}, [x, w], "4 input channels")
    refused("ConvTranspose", {"group": 2}, [x, w, values((6,))], "6 elements")
    refused("ConvTranspose", {"output_padding": [-1, 0]}, [x, w], "output_padding[0]")
    refused("ConvTranspose", {"output_shape": [10]}, [x, w], "output_shape")
    refused("ConvTranspose", {"output_shape": [10, -2]}, [x, w], "output_shape[1]")
    refused("ConvTranspose", {"pads": [9, 0, 9, 0]}, [x, w], "padding leaves")
    refused("ConvTranspose", {}, [x.astype(ml_dtypes.bfloat16), w], "float32")


def test_col2im():
    for image, block, attributes in [((5, 5), (1, 5), {}), ((6, 7), (2, 3), {"strides": [2, 1]}), ((5, 5), (3, 2), {"pads": [1, 0, 1, 2]}),
                                     ((7, 6), (2, 2), {"dilations": [2, 3]}), ((4, 5, 6), (2, 1, 3), {}), ((9,), (3,), {"strides": [2]})]:
        n = len(image)
        steps = [attributes.get("strides", [1] * n), attributes.get("dilations", [1] * n), attributes.get("pads", [0] * 2 * n)]
        blocks = [(image[i] + steps[2][i] + steps[2][n + i] - steps[1][i] * (block[i] - 1) - 1) // steps[0][i] + 1 for i in range(n)]
        shape = (2, 3 * int(np.prod(block)), int(np.prod(blocks)))
        for dtype in (np.float32, np.float64, np.int32, np.uint8):
            inputs = [values(shape, dtype), np.array(image, np.int64), np.array(block, np.int64)]
            check("Col2Im", attributes, inputs, evaluator=True)
    check("Col2Im", {}, [values((0, 5, 5)), np.array([5, 5]), np.array([1, 5])], expect=[np.zeros((0, 1, 5, 5), np.float32)])
    x, image, block = values((1, 5, 5)), np.array([5, 5]), np.array([1, 5])
    refused("Col2Im", {}, [x, image, np.array([1, 4])], "number of blocks")
    refused("Col2Im", {}, [values((1, 7, 5)), image, block], "7 rows")
    refused("Col2Im", {}, [x, image, np.array([5])], "image_shape has 2 sizes")
    refused("Col2Im", {}, [x, image, np.array([0, 5])], "block_shape[0] is 0")
    refused("Col2Im", {}, [x, image, np.array([6, 5])], "does not fit")
    refused("Col2Im", {"strides": [1]}, [x, image, block], "strides")


def test_col2im_other_types():
    overlapping = [np.array([4, 5]), np.array([2, 3])], {"pads": [1, 0, 0, 1]}
    blocks = (4 + 1 - 2 + 1) * (5 + 1 - 3 + 1)
    for dtype, of_part in ((np.complex64, np.float32), (np.complex128, np.float64)):
        real, imaginary = (values((2, 12, blocks), of_part, seed=seed) for seed in (1, 2))
        parts = [run("Col2Im", overlapping[1], [part, *overlapping[0]])[0] for part in (real, imaginary)]
        check("Col2Im", overlapping[1], [(real + 1j * imaginary).astype(dtype), *overlapping[0]], expect=[parts[0] + 1j * parts[1]])
    flags = real > 0.9
    want = run("Col2Im", overlapping[1], [flags.astype(np.int64), *overlapping[0]])[0] != 0
    check("Col2Im", overlapping[1], [flags, *overlapping[0]], expect=[want])
    texts = np.array([[["a", "b", "c"], ["d", "", "f"]]], object)  # two channels of one element a block
    image, block = np.array([1, 5]), np.array([1, 1])
    want = np.array([[[["a", "", "b", "", "c"]], [["d", "", "", "", "f"]]]], object)
    check("Col2Im", {"strides": [1, 2]}, [texts, image, block], expect=[want])
    refused("Col2Im", {}, [np.full((1, 2, 2), "x", object), np.array([1, 3]), np.array([1, 2])], "texts overlap")

