"""Changes that make a model or its inputs bad, or strange: MUTATIONS holds name -> function(Mutant, random) -> bool.

A function changes the mutant in place and returns whether there was something to change. All chance comes from the
`random.Random` given, so that a name and a number are the whole mutant."""
import copy
import math

import numpy as np
from onnx import AttributeProto, TensorProto, helper, numpy_helper

MUTATIONS = {}
INT_MAX, INT_MIN = 2**63 - 1, -2**63
INTEGERS = (INT_MIN, INT_MIN + 1, -2**32, -2**31 - 1, -2**31, -100, -2, -1, 0, 1, 2, 3, 7, 100, 2**16, 2**31 - 1, 2**31, 2**32, 2**40,
            2**62, INT_MAX - 1, INT_MAX)
SPECIAL = (math.nan, math.inf, -math.inf, -0.0, 0.0, 1e-45, -1e-45, 1.0, -1.0, 0.5)
LARGE = (3.4028234663852886e38, -3.4028234663852886e38, 1e10, -1e10, 2147483648.0, -2147483904.0, 70000.0, 256.0, 128.0, -129.0)
FLOATS = (*SPECIAL, *LARGE)
SIZES = (2**16, 2**31 - 1, 2**31, 2**32, 2**40, 2**62, INT_MAX)
WORDS = (b"", b"x", b"NOTSET", b"%s%n%d", b"a" * 5000, b"\xff\xfe", b"nearest", b"linear", b"->", b"ij...,jk", b"mean", b"a\nb", b"\0")
TYPES = tuple(number for number in range(1, 27)) + (0, 27, 99)
KINDS = AttributeProto
FLOATING = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}
INTEGER = {TensorProto.INT8, TensorProto.UINT8, TensorProto.INT16, TensorProto.UINT16, TensorProto.INT32, TensorProto.UINT32,
           TensorProto.INT64, TensorProto.UINT64}


class Mutant:
    """A model and the inputs it is given: name -> protobuf message."""

    def __init__(self, model, inputs):
        self.model = copy.deepcopy(model)
        self.inputs = {name: copy.deepcopy(value) for name, value in inputs.items()}

    @property
    def graph(self):
        return self.model.graph

    def nodes(self):
        """All nodes, those of bodies and functions included."""
        found = []

        def walk(nodes):
            for node in nodes:
                found.append(node)
                for attribute in node.attribute:
                    for graph in [attribute.g] if attribute.type == KINDS.GRAPH else attribute.graphs:
                        walk(graph.node)

        walk(self.graph.node)
        for function in self.model.functions:
            walk(function.node)
        return found

    def tensors(self, types=None):
        """Names of the tensors that are given and have elements."""
        return [name for name, value in self.inputs.items()
                if isinstance(value, TensorProto) and (types is None or value.data_type in types) and 0 not in value.dims]

    def info(self, name):
        return next((info for info in self.graph.input if info.name == name), None)

    def array(self, name):
        return numpy_helper.to_array(self.inputs[name])

    def give(self, name, array, declare=True):
        """Another array or tensor for an input, declared as such."""
        if isinstance(array, TensorProto):
            array.name = name
            self.inputs[name].CopyFrom(array)
        else:
            self.inputs[name].CopyFrom(numpy_helper.from_array(np.array(array, order="C"), name))
        info = self.info(name)
        if declare and info is not None and info.type.HasField("tensor_type"):
            kind = info.type.tensor_type
            kind.elem_type = self.inputs[name].data_type
            del kind.shape.dim[:]
            kind.shape.SetInParent()
            for size in self.inputs[name].dims:
                kind.shape.dim.add().dim_value = size


def mutation(function):
    MUTATIONS[function.__name__] = function
    return function


def some_node(mutant, random, wanted=lambda node: True):
    found = [node for node in mutant.nodes() if wanted(node)]
    return random.choice(found) if found else None


def some_attribute(mutant, random, *types):
    found = [(node, attribute) for node in mutant.nodes() for attribute in node.attribute if attribute.type in types]
    return random.choice(found) if found else (None, None)


def some_shape(mutant, random, *, ranked=True):
    """The declared tensor type of an input or an output."""
    found = [info.type.tensor_type for info in (*mutant.graph.input, *mutant.graph.output) if info.type.HasField("tensor_type")]
    found = [kind for kind in found if not ranked or len(kind.shape.dim)]
    return random.choice(found) if found else None


# ---- inputs and outputs of nodes -------------------------------------------------------------------------------------
@mutation
def input_removed(mutant, random):
    node = some_node(mutant, random, lambda node: node.input)
    if node:
        del node.input[random.choice((0, -1, random.randrange(len(node.input))))]
    return node is not None


@mutation
def inputs_removed(mutant, random):
    node = some_node(mutant, random, lambda node: node.input)
    if node:
        del node.input[:]
    return node is not None


@mutation
def input_added(mutant, random):
    node = some_node(mutant, random)
    if node:
        names = [*node.input, *mutant.inputs, "", "nowhere"]
        for _ in range(random.choice((1, 1, 2, 50))):
            node.input.append(random.choice(names))
    return node is not None


@mutation
def input_empty(mutant, random):
    node = some_node(mutant, random, lambda node: node.input)
    if node:
        node.input[random.randrange(len(node.input))] = ""
    return node is not None


@mutation
def input_other(mutant, random):
    node = some_node(mutant, random, lambda node: node.input)
    if node:
        names = [*node.input, *mutant.inputs, *node.output, "nowhere"]
        node.input[random.randrange(len(node.input))] = random.choice(names)
    return node is not None


@mutation
def output_removed(mutant, random):
    node = some_node(mutant, random, lambda node: node.output)
    if node:
        del node.output[random.choice((0, -1))]
    return node is not None


@mutation
def output_added(mutant, random):
    node = some_node(mutant, random)
    if node:
        for k in range(random.choice((1, 1, 2, 40))):
            node.output.append(random.choice(("", f"more{k}", node.output[0] if node.output else "more", f"more{k}")))
    return node is not None


@mutation
def output_empty(mutant, random):
    node = some_node(mutant, random, lambda node: node.output)
    if node:
        node.output[random.randrange(len(node.output))] = ""
    return node is not None


# ---- the model -------------------------------------------------------------------------------------------------------
@mutation
def opset_other(mutant, random):
    if not mutant.model.opset_import:
        return False
    random.choice(mutant.model.opset_import).version = random.choice((*range(1, 29), 0, -1, 29, INT_MAX, INT_MIN))
    return True


@mutation
def operator_other(mutant, random):
    node = some_node(mutant, random)
    if node:
        names = ("", "Relu", "Add", "Concat", "If", "Reshape", "MatMul", "Split", "SequenceConstruct", "NoSuch", node.op_type + "x")
        node.op_type = random.choice(names)
    return node is not None


@mutation
def domain_other(mutant, random):
    node = some_node(mutant, random)
    if node:
        node.domain = random.choice(("ai.onnx", "ai.onnx.ml", "com.microsoft", "no.such", ""))
    return node is not None


@mutation
def graph_output_other(mutant, random):
    what = random.randrange(4)
    if what == 0 or not mutant.graph.output:
        mutant.graph.output.add().name = "nowhere"
    elif what == 1:
        del mutant.graph.output[:]
    elif what == 2:
        mutant.graph.output.add().CopyFrom(mutant.graph.output[0])
    else:
        mutant.graph.output[0].name = random.choice([info.name for info in mutant.graph.input] or ["nowhere"])
    return True


# ---- types and shapes that are declared ------------------------------------------------------------------------------
@mutation
def type_declared(mutant, random):
    kind = some_shape(mutant, random, ranked=False)
    if kind:
        kind.elem_type = random.choice(TYPES)
    return kind is not None


@mutation
def kind_declared(mutant, random):
    infos = [*mutant.graph.input, *mutant.graph.output]
    if not infos:
        return False
    info = random.choice(infos)
    kind, what = copy.deepcopy(info.type), random.randrange(4)
    info.type.Clear()
    if what == 0:
        info.type.sequence_type.elem_type.CopyFrom(kind)
    elif what == 1:
        info.type.optional_type.elem_type.CopyFrom(kind)
    elif what == 2:
        info.type.map_type.key_type = TensorProto.INT64
        info.type.map_type.value_type.CopyFrom(kind)
    return True


@mutation
def shape_unknown(mutant, random):
    kind = some_shape(mutant, random, ranked=False)
    if kind:
        kind.ClearField("shape")
    return kind is not None


@mutation
def shapes_unknown(mutant, _random):
    found = [info.type.tensor_type for info in (*mutant.graph.input, *mutant.graph.output) if info.type.HasField("tensor_type")]
    for kind in found:
        kind.ClearField("shape")
    return bool(found)


@mutation
def dims_unknown(mutant, _random):
    found = [info.type.tensor_type for info in mutant.graph.input if info.type.HasField("tensor_type")]
    for kind in found:
        for dim in kind.shape.dim:
            dim.Clear()
    for info in mutant.graph.output:
        info.type.tensor_type.ClearField("shape")
    return bool(found)


@mutation
def dims_named(mutant, random):
    found = [info.type.tensor_type for info in mutant.graph.input if info.type.HasField("tensor_type")]
    for kind in found:
        for dim in kind.shape.dim:
            dim.dim_param = random.choice(("n", "m", "k", "n", "batch size", "2*n", "%s"))
    for info in mutant.graph.output:
        info.type.tensor_type.ClearField("shape")
    return bool(found)


@mutation
def dim_declared(mutant, random):
    kind = some_shape(mutant, random)
    if kind:
        dim = random.choice(kind.shape.dim)
        dim.dim_value = random.choice((*SIZES, 0, 0, -1, -2, INT_MIN, dim.dim_value + 1, 1))
    return kind is not None


@mutation
def dims_huge(mutant, random):
    kind = some_shape(mutant, random)
    if kind:
        for dim in kind.shape.dim:
            dim.dim_value = random.choice(SIZES)
    return kind is not None


@mutation
def rank_declared(mutant, random):
    kind = some_shape(mutant, random, ranked=False)
    if not kind:
        return False
    if random.random() < 0.5 and kind.shape.dim:
        del kind.shape.dim[random.randrange(len(kind.shape.dim))]
    else:
        for _ in range(random.choice((1, 1, 2, 9, 100))):
            kind.shape.dim.add().dim_value = random.choice((1, 1, 2, 3))
    return True


# ---- attributes ------------------------------------------------------------------------------------------------------
@mutation
def attribute_removed(mutant, random):
    node = some_node(mutant, random, lambda node: node.attribute)
    if node:
        del node.attribute[random.randrange(len(node.attribute))]
    return node is not None


@mutation
def attribute_added(mutant, random):
    node = some_node(mutant, random)
    if node:
        name = random.choice(("axis", "axes", "to", "mode", "kernel_shape", "pads", "strides", "group", "value", "body", "no_such", "alpha",
                              "keepdims", "dtype", "perm", "training_mode", "ceil_mode", "storage_order", "auto_pad", ""))
        value = random.choice((random.choice(INTEGERS), random.choice(FLOATS), random.choice(WORDS), [1, 2, 3], [0.5], ["a", "b"]))
        node.attribute.append(helper.make_attribute(name or "x", value))
        node.attribute[-1].name = name
    return node is not None


@mutation
def attribute_twice(mutant, random):
    node = some_node(mutant, random, lambda node: node.attribute)
    if node:
        node.attribute.add().CopyFrom(random.choice(node.attribute))
    return node is not None


@mutation
def attribute_kind(mutant, random):
    node = some_node(mutant, random, lambda node: node.attribute)
    if not node:
        return False
    attribute = random.choice(node.attribute)
    name, what = attribute.name, random.randrange(7)
    if what == 0:
        attribute.type = random.randrange(0, 15)
    elif what == 1:
        attribute.ref_attr_name = "nowhere"
    else:
        value = (1, 1.5, b"text", [1, 2], [1.5], ["text"])[what - 1]
        attribute.CopyFrom(helper.make_attribute(name, value))
    return True


@mutation
def attribute_integer(mutant, random):
    node, attribute = some_attribute(mutant, random, KINDS.INT)
    if node:
        attribute.i = random.choice((*INTEGERS, attribute.i + 1, attribute.i - 1))
    return node is not None


@mutation
def attribute_integers(mutant, random):
    node, attribute = some_attribute(mutant, random, KINDS.INTS)
    if not node:
        return False
    what = random.randrange(6)
    if what == 0:
        del attribute.ints[:]
    elif what == 1:
        attribute.ints.extend([random.choice((0, 1, 2, -1))] * random.choice((1, 1, 2, 100)))
    elif what == 2 and attribute.ints:
        del attribute.ints[-1]
    elif what == 3:
        attribute.ints[:] = [random.choice(INTEGERS)] * len(attribute.ints)
    else:
        for _ in range(random.choice((1, 1, 2))):
            if attribute.ints:
                attribute.ints[random.randrange(len(attribute.ints))] = random.choice(INTEGERS)
    return True


@mutation
def attribute_float(mutant, random):
    node, attribute = some_attribute(mutant, random, KINDS.FLOAT)
    if node:
        attribute.f = random.choice(FLOATS)
    return node is not None


@mutation
def attribute_floats(mutant, random):
    node, attribute = some_attribute(mutant, random, KINDS.FLOATS)
    if not node:
        return False
    what = random.randrange(4)
    if what == 0:
        del attribute.floats[:]
    elif what == 1:
        attribute.floats.extend([1.0] * random.choice((1, 100)))
    elif attribute.floats:
        attribute.floats[random.randrange(len(attribute.floats))] = random.choice(FLOATS)
    return True


@mutation
def attribute_text(mutant, random):
    node, attribute = some_attribute(mutant, random, KINDS.STRING, KINDS.STRINGS)
    if not node:
        return False
    if attribute.type == KINDS.STRING:
        attribute.s = random.choice(WORDS)
    elif random.random() < 0.5 and attribute.strings:
        attribute.strings[random.randrange(len(attribute.strings))] = random.choice(WORDS)
    elif random.random() < 0.5:
        del attribute.strings[:]
    else:
        attribute.strings.extend([b"x"] * random.choice((1, 100)))
    return True


@mutation
def attribute_tensor(mutant, random):
    node, attribute = some_attribute(mutant, random, KINDS.TENSOR)
    if not node:
        return False
    tensor, what = attribute.t, random.randrange(5)
    if what == 0:
        tensor.data_type = random.choice(TYPES)
    elif what == 1:
        tensor.dims.append(random.choice((0, 1, 2, *SIZES, -1)))
    elif what == 2 and tensor.dims:
        tensor.dims[random.randrange(len(tensor.dims))] = random.choice((0, 1, -1, *SIZES))
    elif what == 3:
        attribute.t.CopyFrom(numpy_helper.from_array(np.array([random.choice(FLOATS)], np.float32)))
    else:
        for field in ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data"):
            tensor.ClearField(field)
    return True


@mutation
def body_changed(mutant, random):
    node, attribute = some_attribute(mutant, random, KINDS.GRAPH)
    if not node:
        return False
    graph, what = attribute.g, random.randrange(9)
    if what == 0:
        del graph.node[:]
    elif what == 1 and graph.input:
        del graph.input[random.randrange(len(graph.input))]
    elif what == 2 and graph.output:
        del graph.output[random.randrange(len(graph.output))]
    elif what == 3:
        graph.input.add().name = random.choice(("more", "", *(info.name for info in graph.input)))
    elif what == 4 and graph.output:
        graph.output.add().CopyFrom(graph.output[0])
    elif what == 5:
        graph.Clear()
    elif what == 6:
        infos = [*graph.input, *graph.output]
        if infos:
            random.choice(infos).type.tensor_type.elem_type = random.choice(TYPES)
    elif what == 7 and graph.output:
        graph.output[-1].name = random.choice([info.name for info in graph.input] or ["nowhere"])
    elif graph.output and graph.input:
        graph.output[0].name = graph.input[-1].name
    return True


# ---- the inputs that are given ---------------------------------------------------------------------------------------
def change_floats(mutant, random, to):
    names = mutant.tensors(FLOATING)
    if not names:
        return False
    for name in names if random.random() < 0.3 else [random.choice(names)]:
        array = mutant.array(name).copy()
        flat = array.reshape(-1)
        with np.errstate(all="ignore"):
            for _ in range(random.choice((1, 1, 2, flat.size))):
                flat[random.randrange(flat.size)] = random.choice(to)
        mutant.give(name, array, declare=False)
    return True


@mutation
def data_floats(mutant, random):
    return change_floats(mutant, random, SPECIAL)


@mutation
def data_large(mutant, random):
    return change_floats(mutant, random, LARGE)


@mutation
def data_same(mutant, random):
    names = mutant.tensors(FLOATING)
    if not names:
        return False
    name = random.choice(names)
    array = mutant.array(name).copy()
    with np.errstate(all="ignore"):
        array[...] = random.choice((math.nan, math.inf, -math.inf, 0, -0.0, 1e-45))
    mutant.give(name, array, declare=False)
    return True


@mutation
def data_integers(mutant, random):
    names = mutant.tensors(INTEGER)
    if not names:
        return False
    name = random.choice(names)
    array = mutant.array(name).copy()
    limits, flat = np.iinfo(array.dtype), array.reshape(-1)
    for _ in range(random.choice((1, 1, 2, flat.size))):
        wanted = random.choice((*INTEGERS, limits.min, limits.max))
        flat[random.randrange(flat.size)] = min(max(wanted, int(limits.min)), int(limits.max))
    mutant.give(name, array, declare=False)
    return True


@mutation
def data_texts(mutant, random):
    names = mutant.tensors({TensorProto.STRING})
    if not names:
        return False
    tensor = mutant.inputs[random.choice(names)]
    if tensor.string_data:
        tensor.string_data[random.randrange(len(tensor.string_data))] = random.choice(WORDS)
    return True


@mutation
def data_type(mutant, random):
    """Another type, declared or not."""
    names = mutant.tensors()
    if not names:
        return False
    name, to = random.choice(names), random.choice(TYPES[:-3])
    if to == TensorProto.STRING or mutant.inputs[name].data_type == TensorProto.STRING:
        tensor = TensorProto(data_type=to, dims=mutant.inputs[name].dims)
        count = int(np.prod(list(tensor.dims), dtype=np.int64))
        if to == TensorProto.STRING:
            tensor.string_data.extend([b"1"] * count)
        else:
            tensor = numpy_helper.from_array(np.zeros(tuple(tensor.dims), helper.tensor_dtype_to_np_dtype(to)))
    else:
        with np.errstate(all="ignore"):
            tensor = numpy_helper.from_array(mutant.array(name).astype(np.float32).astype(helper.tensor_dtype_to_np_dtype(to)))
    mutant.give(name, tensor, declare=random.random() < 0.8)
    return True


def reshaped(array, shape):
    return np.resize(array, shape) if array.size and 0 not in shape else np.zeros(shape, array.dtype)


@mutation
def data_shape(mutant, random):
    """Another shape, declared, declared with names or not declared."""
    names = mutant.tensors()
    if not names:
        return False
    name = random.choice(names)
    array = mutant.array(name)
    shape, what = list(array.shape), random.randrange(5)
    if what == 0 and shape:
        shape[random.randrange(len(shape))] = 0
    elif what == 1 and shape:
        shape[random.randrange(len(shape))] += random.choice((-1, 1, 1, 2))
    elif what == 2:
        shape.insert(random.randrange(len(shape) + 1), random.choice((0, 1, 1, 2)))
    elif what == 3 and shape:
        del shape[random.randrange(len(shape))]
    elif shape:
        shape[random.randrange(len(shape))] = 1
    mutant.give(name, reshaped(array, shape), declare=random.random() < 0.7)
    if random.random() < 0.5:
        for info in mutant.graph.output:
            if info.type.HasField("tensor_type"):
                info.type.tensor_type.ClearField("shape")
    return True


@mutation
def data_empty(mutant, random):
    """A dimension of no elements, in one input or in all that share its size."""
    names = mutant.tensors()
    sizes = [size for name in names for size in mutant.inputs[name].dims]
    if not sizes:
        return False
    size = random.choice(sizes)
    for name in names:
        array = mutant.array(name)
        shape = [0 if k == size else k for k in array.shape]
        if shape != list(array.shape):
            mutant.give(name, reshaped(array, shape))
    for info in mutant.graph.output:
        if info.type.HasField("tensor_type"):
            info.type.tensor_type.ClearField("shape")
    return True


@mutation
def data_constant(mutant, random):
    """An input that becomes an initializer, its integers or floats changed before."""
    names = mutant.tensors()
    if not names:
        return False
    name = random.choice(names)
    (data_integers if random.random() < 0.7 else data_floats)(mutant, random)
    tensor = mutant.inputs.pop(name)
    tensor.name = name
    mutant.graph.initializer.append(tensor)
    if random.random() < 0.7 and mutant.info(name) is not None:
        mutant.graph.input.remove(mutant.info(name))
    return True


@mutation
def data_sequence(mutant, random):
    """Lists without items, with fewer or with other ones."""
    names = [name for name, value in mutant.inputs.items() if not isinstance(value, TensorProto)]
    if not names:
        return False
    value = mutant.inputs[random.choice(names)]
    if value.DESCRIPTOR.name == "SequenceProto":
        field = next((field for field in (value.tensor_values, value.sequence_values, value.optional_values) if field), None)
        if not field or random.random() < 0.5:
            for name in ("tensor_values", "sequence_values", "optional_values"):
                value.ClearField(name)
        elif random.random() < 0.5:
            field.add().CopyFrom(field[0])
        else:
            del field[0]
    elif value.DESCRIPTOR.name == "OptionalProto":
        for name in ("tensor_value", "sequence_value", "optional_value"):
            value.ClearField(name)
        value.elem_type = random.choice((0, value.elem_type))
    return True


@mutation
def data_missing(mutant, random):
    if not mutant.inputs:
        return False
    del mutant.inputs[random.choice(list(mutant.inputs))]
    return True


@mutation
def several(mutant, random):
    names = sorted(set(MUTATIONS) - {"several"})
    changed = [MUTATIONS[random.choice(names)](mutant, random) for _ in range(random.choice((2, 3, 4)))]
    return any(changed)
