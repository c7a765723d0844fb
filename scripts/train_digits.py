#!/usr/bin/env python3
"""Train the demo model: a small residual CNN on the 1,797 handwritten digits of scikit-learn, in numpy alone.

usage: train_digits.py [--out models/digits] [--epochs N]

Writes digits.onnx (opset 17, BatchNormalization unfolded, dynamic batch, input `images` (N, 1, 8, 8) scaled to 0..1,
output `logits`) and test.npz (the held-out `images` and `labels`). Seeded: the same machine writes the same bytes.
Needs numpy, onnx and scikit-learn (for its copy of the data). About a minute on one core.
"""
import argparse
import os
import sys
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a fixed order of sums, whatever the machine has

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SEED = 20240
TEST_IMAGES = 360
BATCH = 64
RATE, MOMENTUM, DECAY = 0.08, 0.9, 5e-4
BN_EPSILON, BN_MOMENTUM = 1e-5, 0.9
MINIMUM_ACCURACY = 0.97


class Param:
    """A trained array with its gradient and momentum."""

    def __init__(self, value, decays=True):
        self.value, self.decays = value.astype(np.float32), decays
        self.gradient, self.speed = np.zeros_like(self.value), np.zeros_like(self.value)

    def step(self, rate):
        gradient = self.gradient + DECAY * self.value if self.decays else self.gradient
        self.speed = MOMENTUM * self.speed + gradient
        self.value -= rate * self.speed


class Conv:
    """3x3 convolution, padding 1, no bias; NCHW."""

    def __init__(self, c_in, c_out, random):
        self.weight = Param(random.standard_normal((c_out, c_in, 3, 3)) * np.sqrt(2 / (9 * c_in)))
        self.params = [self.weight]

    def forward(self, x, training):
        n, c, h, w = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
        self.columns = np.ascontiguousarray(patches.transpose(0, 2, 3, 1, 4, 5)).reshape(n * h * w, c * 9)
        self.shape = x.shape
        out = self.columns @ self.weight.value.reshape(len(self.weight.value), -1).T
        return np.ascontiguousarray(out.reshape(n, h, w, -1).transpose(0, 3, 1, 2))

    def backward(self, gradient):
        n, c, h, w = self.shape
        flat = gradient.transpose(0, 2, 3, 1).reshape(n * h * w, -1)
        self.weight.gradient = (flat.T @ self.columns).reshape(self.weight.value.shape)
        columns = (flat @ self.weight.value.reshape(len(self.weight.value), -1)).reshape(n, h, w, c, 3, 3)
        padded = np.zeros((n, c, h + 2, w + 2), np.float32)
        for i in range(3):
            for j in range(3):
                padded[:, :, i:i + h, j:j + w] += columns[..., i, j].transpose(0, 3, 1, 2)
        return padded[:, :, 1:-1, 1:-1]


class BatchNorm:
    """Normalisation per channel with running statistics."""

    def __init__(self, channels):
        self.scale, self.shift = Param(np.ones(channels), False), Param(np.zeros(channels), False)
        self.mean, self.variance = np.zeros(channels, np.float32), np.ones(channels, np.float32)
        self.params = [self.scale, self.shift]

    def forward(self, x, training):
        mean, variance = self.mean, self.variance
        if training:
            mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3))
            self.mean += (1 - BN_MOMENTUM) * (mean - self.mean)
            self.variance += (1 - BN_MOMENTUM) * (variance - self.variance)
        self.inverse = (1 / np.sqrt(variance + BN_EPSILON)).astype(np.float32)[:, None, None]
        self.normal = (x - mean[:, None, None]) * self.inverse
        return self.normal * self.scale.value[:, None, None] + self.shift.value[:, None, None]

    def backward(self, gradient):
        self.scale.gradient = (gradient * self.normal).sum((0, 2, 3))
        self.shift.gradient = gradient.sum((0, 2, 3))
        count = gradient.size // gradient.shape[1]
        centred = gradient - (self.shift.gradient[:, None, None] + self.normal * self.scale.gradient[:, None, None]) / count
        return centred * self.scale.value[:, None, None] * self.inverse


class Relu:
    params = ()

    def forward(self, x, training):
        self.positive = x > 0
        return x * self.positive

    def backward(self, gradient):
        return gradient * self.positive


class MaxPool:
    """2x2, stride 2."""
    params = ()

    def forward(self, x, training):
        n, c, h, w = x.shape
        cells = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
        self.best = cells.argmax(-1)
        return cells.max(-1)

    def backward(self, gradient):
        n, c, h, w = gradient.shape
        cells = np.zeros((n, c, h, w, 4), np.float32)
        np.put_along_axis(cells, self.best[..., None], gradient[..., None], -1)
        return cells.reshape(n, c, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, 2 * h, 2 * w)


class Head:
    """Mean over the image, then a linear layer."""

    def __init__(self, channels, classes, random):
        self.weight = Param(random.standard_normal((classes, channels)) / np.sqrt(channels))
        self.bias = Param(np.zeros(classes), False)
        self.params = [self.weight, self.bias]

    def forward(self, x, training):
        self.shape, self.pooled = x.shape, x.mean((2, 3))
        return self.pooled @ self.weight.value.T + self.bias.value

    def backward(self, gradient):
        self.weight.gradient, self.bias.gradient = gradient.T @ self.pooled, gradient.sum(0)
        pooled = gradient @ self.weight.value / (self.shape[2] * self.shape[3])
        return np.broadcast_to(pooled[:, :, None, None], self.shape).astype(np.float32)


class Residual:
    """relu(x + body(x))"""

    def __init__(self, body):
        self.body, self.relu = body, Relu()
        self.params = [param for layer in body for param in layer.params]

    def forward(self, x, training):
        y = x
        for layer in self.body:
            y = layer.forward(y, training)
        return self.relu.forward(x + y, training)

    def backward(self, gradient):
        gradient = inner = self.relu.backward(gradient)
        for layer in reversed(self.body):
            inner = layer.backward(inner)
        return gradient + inner


def network(random):
    """About 60,000 weights: stem, residual block, halving, residual block, head."""
    def block(channels):
        return Residual([Conv(channels, channels, random), BatchNorm(channels), Relu(),
                         Conv(channels, channels, random), BatchNorm(channels)])

    return [Conv(1, 24, random), BatchNorm(24), Relu(), block(24), MaxPool(),
            Conv(24, 48, random), BatchNorm(48), Relu(), block(48), Head(48, 10, random)]


def logits(layers, images, training=False):
    x = images
    for layer in layers:
        x = layer.forward(x, training)
    return x


def loss_gradient(scores, labels):
    """Gradient of the mean cross entropy with targets smoothed by a tenth."""
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    targets = np.full_like(shares, 0.1 / shares.shape[1])
    targets[np.arange(len(labels)), labels] += 0.9
    return (shares - targets) / len(labels)


def moved(images, random):
    """Each image shifted by at most one pixel in each direction, with a little noise and contrast."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.empty_like(images)
    for i, (top, left) in enumerate(random.integers(0, 3, (len(images), 2))):
        out[i] = padded[i, :, top:top + 8, left:left + 8]
    contrast = random.uniform(0.85, 1.15, (len(images), 1, 1, 1))
    return np.clip(out * contrast + random.normal(0, 0.04, out.shape), 0, 1.1).astype(np.float32)


def train(layers, images, labels, epochs, random):
    params = [param for layer in layers for param in layer.params]
    steps = epochs * (len(images) // BATCH)
    done = 0
    for epoch in range(epochs):
        order = random.permutation(len(images))
        for start in range(0, len(images) - BATCH + 1, BATCH):
            rows = order[start:start + BATCH]
            gradient = loss_gradient(logits(layers, moved(images[rows], random), True), labels[rows])
            for layer in reversed(layers):
                gradient = layer.backward(gradient)
            rate = RATE * min(1.0, (done + 1) / 50) * 0.5 * (1 + np.cos(np.pi * done / steps))
            for param in params:
                param.step(np.float32(rate))
            done += 1
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1:3d}: {accuracy(layers, images, labels):.4f} on the training images", flush=True)


def accuracy(layers, images, labels):
    return float((logits(layers, images).argmax(1) == labels).mean())


def data():
    """(training images, labels), (test images, labels); the split is seeded and keeps the classes' shares."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images, labels = (digits.images / 16).astype(np.float32)[:, None], digits.target.astype(np.int64)
    order = np.random.default_rng(SEED).permutation(len(images))
    by_class = order[np.argsort(labels[order], kind="stable")]
    held = by_class[np.linspace(0, len(by_class) - 1, TEST_IMAGES).astype(int)]
    held = np.random.default_rng(SEED + 1).permutation(held)
    kept = np.setdiff1d(order, held)
    return (images[kept], labels[kept]), (images[held], labels[held])


class Export:
    """Walks the layers and collects ONNX nodes and initializers."""

    def __init__(self):
        self.nodes, self.constants, self.counts = [], [], {}

    def constant(self, name, value):
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        return name

    def add(self, op, inputs, **attributes):
        from onnx import helper

        self.counts[op] = self.counts.get(op, 0) + 1
        name = f"{op.lower()}_{self.counts[op]}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def layer(self, layer, x):
        """Value name behind `layer` applied to value `x`."""
        if isinstance(layer, Conv):
            weight = self.constant(f"conv_{self.counts.get('Conv', 0) + 1}.weight", layer.weight.value)
            return self.add("Conv", [x, weight], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        if isinstance(layer, BatchNorm):
            key = f"batchnorm_{self.counts.get('BatchNormalization', 0) + 1}"
            rows = (("scale", layer.scale.value), ("shift", layer.shift.value), ("mean", layer.mean), ("variance", layer.variance))
            return self.add("BatchNormalization", [x, *(self.constant(f"{key}.{n}", v) for n, v in rows)], epsilon=BN_EPSILON)
        if isinstance(layer, Relu):
            return self.add("Relu", [x])
        if isinstance(layer, MaxPool):
            return self.add("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
        if isinstance(layer, Residual):
            y = x
            for inner in layer.body:
                y = self.layer(inner, y)
            return self.add("Relu", [self.add("Add", [x, y])])
        flat = self.add("Flatten", [self.add("GlobalAveragePool", [x])])
        weights = [self.constant("head.weight", layer.weight.value), self.constant("head.bias", layer.bias.value)]
        return self.add("Gemm", [flat, *weights], transB=1)


def export(layers, facts, path):
    """Write the model; `facts` goes to its metadata."""
    import onnx
    from onnx import TensorProto, helper

    walk, x = Export(), "images"
    for layer in layers:
        x = walk.layer(layer, x)
    walk.nodes[-1].output[0] = "logits"
    graph = helper.make_graph(
        walk.nodes, "digits", [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])], walk.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, facts)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "models/digits")
    parser.add_argument("--epochs", type=int, default=40)
    options = parser.parse_args()
    training, test = data()
    random = np.random.default_rng(SEED + 2)
    layers = network(random)
    train(layers, *training, options.epochs, random)
    score = accuracy(layers, *test)
    print(f"test accuracy {score:.4f} on {len(test[0])} held-out images")
    if score < MINIMUM_ACCURACY:
        sys.exit(f"train_digits.py: below {MINIMUM_ACCURACY}; nothing written")
    options.out.mkdir(parents=True, exist_ok=True)
    facts = {"accuracy": f"{score:.4f}", "test_images": str(len(test[0])), "training_images": str(len(training[0])),
             "classes": "0,1,2,3,4,5,6,7,8,9", "input_scale": "pixels 0..16 divided by 16", "seed": str(SEED),
             "dataset": "scikit-learn load_digits (UCI Optical Recognition of Handwritten Digits)"}
    export(layers, facts, options.out / "digits.onnx")
    np.savez_compressed(options.out / "test.npz", images=test[0], labels=test[1])


if __name__ == "__main__":
    main()
