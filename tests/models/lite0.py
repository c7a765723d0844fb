"""EfficientNet-Lite0 as ONNX, BatchNorm unfolded, from a PyTorch state dict in the format before zip files."""
import collections
import io
import pickle
import struct

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
# repeats, kernel, stride, expansion, channels in, channels out
STAGES = ((1, 3, 1, 1, 32, 16), (2, 3, 2, 6, 16, 24), (2, 5, 2, 6, 24, 40), (3, 3, 2, 6, 40, 80),
          (3, 5, 1, 6, 80, 112), (4, 5, 2, 6, 112, 192), (1, 3, 1, 6, 192, 320))

View = collections.namedtuple("View", "storage offset size stride")
Storage = collections.namedtuple("Storage", "dtype key")


class _Unpickler(pickle.Unpickler):
    """Knows tensors, storages and ordered dicts; refuses every other class."""

    def find_class(self, module, name):
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, stride, *unused: View(storage, offset, size, stride)
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a state dict")

    def persistent_load(self, pid):
        return Storage(pid[1], pid[2])


def read_state_dict(blob):
    """{name: array} of a legacy torch.save file given as bytes."""
    f = io.BytesIO(blob)
    magic, _version, _system, views, keys = (_Unpickler(f).load() for _ in range(5))
    if magic != MAGIC:
        raise ValueError("not a legacy torch file")
    kinds = {view.storage.key: view.storage.dtype for view in views.values()}
    data = {}
    for key in keys:
        (count,) = struct.unpack("<q", f.read(8))
        data[key] = np.frombuffer(f.read(count * kinds[key].itemsize), kinds[key])

    def array(view):
        flat = data[view.storage.key][view.offset:]
        strides = [s * flat.itemsize for s in view.stride]
        return np.lib.stride_tricks.as_strided(flat, view.size, strides).copy()

    return {name: array(view) for name, view in views.items()}


class _Net:
    """Collects nodes and initializers; `x` and `size` are the current value and its height."""

    def __init__(self, weights, x, size):
        self.weights, self.x, self.size = weights, x, size
        self.nodes, self.constants = [], {}

    def constant(self, name, value):
        from onnx import numpy_helper

        self.constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name):
        return self.constant(name, self.weights[name])

    def add(self, op, inputs, name, **attributes):
        from onnx import helper

        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        self.x = name

    def unit(self, key, norm, stride=1, groups=1, active=True):
        """Convolution with TensorFlow's SAME padding (the odd pixel goes to the end), BatchNorm, ReLU6."""
        kernel, out = self.weights[key + ".weight"].shape[2], -(-self.size // stride)
        total = max((out - 1) * stride + kernel - self.size, 0)
        first, last = total // 2, total - total // 2
        tag = key.strip("_").replace(".", "/")
        self.add("Conv", [self.x, self.weight(key + ".weight")], tag, kernel_shape=[kernel, kernel],
                 strides=[stride, stride], group=groups, pads=[first, first, last, last])
        fields = [self.weight(f"{norm}.{field}") for field in ("weight", "bias", "running_mean", "running_var")]
        self.add("BatchNormalization", [self.x, *fields], tag + "/bn", epsilon=1e-3)
        if active:
            self.add("Clip", [self.x, "zero", "six"], tag + "/relu6")
        self.size = out

    def block(self, index, kernel_stride, expansion, inner, skip):
        key, source = f"_blocks.{index}.", self.x
        if expansion != 1:
            self.unit(key + "_expand_conv", key + "_bn0")
        self.unit(key + "_depthwise_conv", key + "_bn1", kernel_stride, inner)
        self.unit(key + "_project_conv", key + "_bn2", active=False)
        if skip:
            self.add("Add", [self.x, source], f"blocks/{index}/add")


def model(weights):
    """The checked ModelProto, dynamic batch, opset 13."""
    import onnx
    from onnx import TensorProto, helper

    net = _Net(weights, "input", 224)
    net.constant("zero", np.float32(0))
    net.constant("six", np.float32(6))
    net.unit("_conv_stem", "_bn0", 2)
    index = 0
    for repeats, _kernel, stride, expansion, c_in, c_out in STAGES:
        for repeat in range(repeats):
            step, source = (stride, c_in) if repeat == 0 else (1, c_out)
            net.block(index, step, expansion, source * expansion, step == 1 and source == c_out)
            index += 1
    net.unit("_conv_head", "_bn1")
    net.add("GlobalAveragePool", [net.x], "pool")
    net.add("Flatten", [net.x], "flat")
    net.add("Gemm", [net.x, net.weight("_fc.weight"), net.weight("_fc.bias")], "logits", transB=1)
    graph = helper.make_graph(
        net.nodes, "efficientnet_lite0",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, 224, 224])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 1000])], list(net.constants.values()))
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(proto)
    return proto
