"""Fused products and activations, Gelu with its bias, normalizations of sums."""
import subprocess
import sys
from pathlib import Path

import numpy as np
from onenode import check, random, refused


def test_fused_matmul():
    for trans_a, trans_b in ((0, 0), (1, 0), (0, 1), (1, 1)):
        a = random((2, 3, 5, 4) if trans_a else (2, 3, 4, 5))
        b = random((2, 3, 6, 5) if trans_b else (2, 3, 5, 6), seed=1)
        for op in ("FusedMatMul", "TransposeMatMul"):
            check(op, {"transA": trans_a, "transB": trans_b, "alpha": 0.25}, [a, b])
        check("FusedMatMul", {"transA": trans_a, "transB": trans_b}, [a[0, 0], b[0, 0]])
    check("FusedMatMul", {"transB": 1}, [random((4, 5)), random((6, 5))], symbolic=True)


def test_fused_matmul_batches():
    for trans_a in (0, 1):
        a = random((5, 2, 3, 4)) if not trans_a else random((4, 2, 3, 5))
        want = np.matmul(np.moveaxis(a, 0, -1) if trans_a else np.moveaxis(a, 0, -2), random((2, 3, 4, 6), seed=1))
        check("FusedMatMul", {"transBatchA": 1, "transA": trans_a}, [a, random((2, 3, 4, 6), seed=1)], expect=[want])
    check("FusedMatMul", {"transBatchA": 1, "transBatchB": 1}, [random((5, 3, 4)), random((4, 3, 6))])


def test_fused_matmul_activation():
    a, b = random((4, 5)), random((5, 6))
    for attributes in ({"activation": "Relu"}, {"activation": "Tanh", "alpha": 2.0}, {"activation": "LeakyRelu", "activation_alpha": 0.3},
                       {"activation": "HardSigmoid", "activation_alpha": 0.3, "activation_beta": 0.4}):
        sums = a @ b * attributes.get("alpha", 1)
        want = {"Relu": lambda x: np.maximum(x, 0), "Tanh": np.tanh, "LeakyRelu": lambda x: np.where(x < 0, 0.3 * x, x),
                "HardSigmoid": lambda x: np.clip(0.3 * x + 0.4, 0, 1)}[attributes["activation"]](sums).astype(np.float32)
        check("FusedMatMulActivation", attributes, [a, b], expect=[want])


def test_fused_gemm():
    for attributes in ({"activation": "Relu"}, {"activation": "Sigmoid", "transA": 1}, {"activation": "LeakyRelu", "activation_alpha": 0.3, "transB": 1, "alpha": 0.5, "beta": 2.0}):
        a = random((5, 4) if attributes.get("transA") else (4, 5))
        b = random((6, 5) if attributes.get("transB") else (5, 6), seed=1)
        check("FusedGemm", attributes, [a, b, random((6,))])
        check("FusedGemm", attributes, [a, b])


def test_fused_conv():
    x, w, b = random((1, 3, 8, 9)), random((4, 3, 3, 3), seed=1), random((4,))
    base = {"pads": [1, 1, 1, 1], "strides": [2, 1]}
    for name, params in (("Relu", []), ("LeakyRelu", [0.2]), ("Tanh", []), ("Sigmoid", []), ("Clip", [-0.5, 0.5]), ("HardSigmoid", [0.3, 0.4])):
        attributes = {**base, "activation": name, **({"activation_params": params} if params else {})}
        check("FusedConv", attributes, [x, w, b])
        check("FusedConv", attributes, [x, w], constant=(1,))
    z = random((1, 4, 4, 9), seed=3)
    check("FusedConv", {**base, "activation": "Relu"}, [x, w, b, z])
    check("FusedConv", base, [x, w, b])
    refused("FusedConv", {**base, "activation": "Sine"}, [x, w], "the activation 'Sine' is not available")


def test_gelu_kinds():
    x, bias = random((2, 3, 8), low=-4, high=4), random((8,))
    check("Gelu", {}, [x])
    check("BiasGelu", {}, [x, bias])
    check("FastGelu", {}, [x])
    check("FastGelu", {}, [x, bias])
    check("QuickGelu", {}, [x])
    check("QuickGelu", {"alpha": 1.3}, [x])
    refused("BiasGelu", {}, [x], "1 inputs; allowed: 2 to 2")


def erf_gelu(x):
    from math import erf
    return (x * (1 + np.vectorize(erf)(x / np.sqrt(2))) / 2).astype(np.float32)


def test_diffusion_blocks():
    x, bias, skip = random((2, 5, 8)), random((8,)), random((2, 5, 8), seed=1)
    check("BiasAdd", {}, [x, bias, skip], expect=[x + bias + skip])
    total = x + bias
    check("BiasSplitGelu", {}, [x, bias], expect=[total[..., :4] * erf_gelu(total[..., 4:])])


def group_norm(x, gamma, beta, groups, epsilon, swish):
    n, h, w, c = x.shape
    parts = x.astype(np.float64).reshape(n, h * w, groups, c // groups)
    mean, var = parts.mean((1, 3), keepdims=True), parts.var((1, 3), keepdims=True)
    y = ((parts - mean) / np.sqrt(var + epsilon)).reshape(x.shape) * gamma + beta
    return (y / (1 + np.exp(-y)) if swish else y).astype(np.float32)


def test_group_norm():
    x, gamma, beta = random((2, 4, 3, 8)), random((8,)), random((8,), seed=1)
    for swish in (0, 1):
        attributes = {"groups": 4, "epsilon": 1e-4, "activation": swish}
        check("GroupNorm", attributes, [x, gamma, beta], expect=[group_norm(x, gamma, beta, 4, 1e-4, swish)])
        first = np.moveaxis(x, -1, 1)
        want = np.moveaxis(group_norm(x, gamma, beta, 4, 1e-4, swish), -1, 1)
        check("GroupNorm", {**attributes, "channels_last": 0}, [first, gamma, beta], expect=[want])
        for skip in (random((2, 4, 3, 8), seed=2), random((2, 1, 1, 8), seed=2), random((2, 8), seed=2)):
            whole = x + (skip[:, None, None] if skip.ndim == 2 else skip)
            check("SkipGroupNorm", attributes, [x, gamma, beta, skip], 2, expect=[group_norm(whole, gamma, beta, 4, 1e-4, swish), whole])
            biased = whole + random((8,), seed=5)
            check("SkipGroupNorm", attributes, [x, gamma, beta, skip, random((8,), seed=5)],
                  expect=[group_norm(biased, gamma, beta, 4, 1e-4, swish)])


def test_skip_layer_norm():
    x, skip, gamma, beta, bias = random((2, 5, 8)), random((2, 5, 8), seed=1), random((8,)), random((8,), seed=1), random((8,), seed=2)
    for inputs in ([x, skip, gamma], [x, skip, gamma, beta], [x, skip, gamma, beta, bias], [x, skip, gamma, None, bias], [x, skip[:1], gamma, beta]):
        check("SkipLayerNormalization", {"epsilon": 1e-5}, inputs)
        check("SkipLayerNormalization", {}, inputs, 4, unwanted=(1, 2))
    for inputs in ([x, skip, gamma], [x, skip, gamma, bias]):
        check("SkipSimplifiedLayerNormalization", {"epsilon": 1e-5}, inputs)
        check("SkipSimplifiedLayerNormalization", {"epsilon": 1e-5}, inputs, 4, unwanted=(1, 2))
    refused("FusedMatMul", {}, [x[0], gamma], "output 1 of FusedMatMul is not available", 2)
    refused("SkipLayerNormalization", {}, [x, skip, gamma], "output 1 of SkipLayerNormalization is not available", 2)


def test_layer_norm_before_its_opset():
    x, gamma, beta = random((2, 5, 8)), random((8,)), random((8,), seed=1)
    check("LayerNormalization", {"axis": -1, "epsilon": 1e-5}, [x, gamma, beta], domain="", opset=12)
    refused("SimplifiedLayerNormalization", {}, [x, gamma], "output 1 of", 2, domain="")
    check("SimplifiedLayerNormalization", {"axis": -1, "epsilon": 1e-5, "stash_type": 1}, [x, gamma], domain="", opset=12)


def test_other_operators_of_onnx_runtime():
    x, w = random((1, 8, 5, 5)), random((8, 8, 3, 3), seed=1)
    refused("Conv", {"kernel_shape": [3, 3]}, [x, w], "save the optimized model with ORT_ENABLE_EXTENDED", domain="com.microsoft.nchwc")
    refused("SparseAttention", {}, [x], "--plugin FILE")


def test_table_of_attributes_is_current():
    root = Path(__file__).resolve().parents[2]
    made = subprocess.run([sys.executable, root / "scripts/make_onnx_attrs.py"], capture_output=True, text=True, check=True).stdout
    lines = zip((root / "src/frontend/onnx/onnx_attrs.def").read_text().splitlines(), made.splitlines())
    different = next((pair for pair in lines if pair[0] != pair[1]), None)
    assert not different, f"onnx_attrs.def has {different[0]}, the schemas give {different[1]}: run scripts/make_onnx_attrs.py"
    assert (root / "src/frontend/onnx/onnx_attrs.def").read_text() == made
