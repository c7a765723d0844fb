"""Models with one fault each, as exporters and hand edits make them: FAULTS yields (name, model or bytes, node, words, severity).

`node` is the name with which the fault must be reported, `words` must stand in its text, `severity` is error or warning."""
import numpy as np
from onnx import TensorProto as T, helper as h, numpy_helper

FLOAT, INT, INT8, UINT8, BOOL = T.FLOAT, T.INT64, T.INT8, T.UINT8, T.BOOL
FAULTS = []


def port(name, kind=FLOAT, shape=("n", 4)):
    return h.make_tensor_value_info(name, kind, shape)


def const(name, value, kind=np.float32):
    return numpy_helper.from_array(np.array(value, kind), name)


def weight(name, *shape):
    return const(name, np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape))


def model(nodes, inputs=None, outputs=None, constants=(), opset=20, domains=(), **more):
    graph = h.make_graph(nodes, "faulty", inputs or [port("x")], outputs or [port("y", shape=None)], list(constants), **more)
    made = h.make_model(graph, opset_imports=[h.make_opsetid("", opset), *(h.make_opsetid(d, 1) for d in domains)])
    made.ir_version = 9
    return made


def fault(node, *words, severity="error"):
    def register(make):
        FAULTS.append((make.__name__, make, node, words, severity))
        return make
    return register


def one(op, inputs=("x",), constants=(), shape=("n", 4), kind=FLOAT, **attributes):
    """A model of one node named `it` from x to y."""
    opset = attributes.pop("opset", 20)
    return model([h.make_node(op, list(inputs), ["y"], "it", **attributes)], [port("x", kind, shape)], constants=constants, opset=opset)


def described():
    """Sound, with a value_info that is less than the truth, one of a value that is not there, and a name that is not ASCII."""
    nodes = [h.make_node("Relu", ["x"], ["größe"], "relu"), h.make_node("Shape", ["größe"], ["s"], "shape"),
             h.make_node("Reshape", ["größe", "s"], ["y"], "reshape")]
    return model(nodes, value_info=[port("größe", shape=None), port("ghost", shape=[9])])


# ---- structure ----

@fault("second", "'a'", "twice")
def value_made_twice():
    return model([h.make_node("Relu", ["x"], ["a"], "first"), h.make_node("Neg", ["x"], ["a"], "second"), h.make_node("Abs", ["a"], ["y"], "third")])


@fault("first", "'b'", "second")
def nodes_out_of_order():
    return model([h.make_node("Relu", ["b"], ["y"], "first"), h.make_node("Neg", ["x"], ["b"], "second")])


@fault("first", "cycle")
def nodes_in_a_cycle():
    return model([h.make_node("Add", ["x", "b"], ["a"], "first"), h.make_node("Neg", ["a"], ["b"], "second"), h.make_node("Abs", ["b"], ["y"], "third")])


@fault("it", "'z'")
def input_that_nobody_makes():
    return one("Add", ("x", "z"))


@fault("nothing", "no node makes")
def output_that_nobody_makes():
    return model([h.make_node("Relu", ["x"], ["y"], "it")], outputs=[port("y"), port("nothing")])


@fault("w", "initializer")
def initializer_twice():
    return one("Add", ("x", "w"), [weight("w", 4), weight("w", 4)])


@fault("it", "3 inputs")
def too_many_inputs():
    return one("Relu", ("x", "x", "x"))


@fault("it", "input")
def too_few_inputs():
    return one("Conv", ("x",), shape=(1, 3, 8, 8))


@fault("scan", "state 0", "1 elements", "2")
def state_that_grows():
    body = h.make_graph([h.make_node("Add", ["s", "e"], ["t"])], "body", [port("s", shape=None), port("e", shape=None)], [port("t", shape=None)])
    return model([h.make_node("Scan", ["first", "x"], ["y"], "scan", num_scan_inputs=1, body=body)],
                 [port("first", shape=[1]), port("x", shape=[3, 2])])


@fault("it", "input 1", "empty")
def input_left_out_of_many():
    return model([h.make_node("Max", ["x", "", "x"], ["y"], "it")])


@fault("table", "a map", "holds")
def map_of_nothing():
    made = model([h.make_node("Relu", ["x"], ["y"], "it")])
    made.graph.input.add().name = "table"
    made.graph.input[-1].type.map_type.key_type = INT
    return made


@fault("it", "2 outputs")
def too_many_outputs():
    return model([h.make_node("Relu", ["x"], ["y", "z"], "it")])


@fault("inner", "'later'")
def body_reads_a_later_value():
    yes = h.make_graph([h.make_node("Neg", ["later"], ["b"], "inner")], "yes", [], [port("b", shape=None)])
    no = h.make_graph([h.make_node("Abs", ["x"], ["b"], "other")], "no", [], [port("b", shape=None)])
    return model([h.make_node("If", ["c"], ["y"], "it", then_branch=yes, else_branch=no), h.make_node("Relu", ["x"], ["later"], "maker")],
                 [port("x"), port("c", BOOL, [])])


# ---- operators and versions ----

@fault("it", "Rellu", "no operator")
def unknown_operator():
    return one("Rellu")


@fault("it", "Blur", "acme")
def unknown_domain():
    return model([h.make_node("Blur", ["x"], ["y"], "it", domain="acme")], domains=["acme"])


@fault("it", "Gelu", "20", "17")
def operator_newer_than_opset():
    return one("Gelu", opset=17)


@fault("it", "GroupNormalization", "18", "17")
def group_normalization_too_early():
    return one("GroupNormalization", ("x", "w", "w"), [weight("w", 2)], (1, 4, 3), opset=17, num_groups=2)


@fault("", "opset", "99")
def opset_of_the_future():
    return one("Relu", opset=99)


@fault("it", "opset", "ai.onnx.ml")
def domain_that_is_not_imported():
    return model([h.make_node("TreeEnsemble", ["x"], ["y"], "it", domain="ai.onnx.ml")])


# ---- attributes ----

@fault("it", "alfa", severity="warning")
def attribute_misspelt():
    return one("LeakyRelu", alfa=0.1)


@fault("it", "axis", "kind")
def attribute_of_other_kind():
    return one("Softmax", axis=1.5)


@fault("it", "perm")
def permutation_repeats_an_axis():
    return one("Transpose", perm=[0, 0])


@fault("it", "axis", "5")
def axis_out_of_range():
    return one("Softmax", axis=5)


@fault("it", "strides")
def stride_of_zero():
    return one("Conv", ("x", "w"), [weight("w", 4, 3, 3, 3)], (1, 3, 8, 8), strides=[0, 1])


@fault("it", "group")
def groups_do_not_divide():
    return one("Conv", ("x", "w"), [weight("w", 4, 1, 3, 3)], (1, 3, 8, 8), group=3)


@fault("it", "auto_pad")
def unknown_padding():
    return one("Conv", ("x", "w"), [weight("w", 4, 3, 3, 3)], (1, 3, 8, 8), auto_pad="SAME")


@fault("it", "to")
def cast_to_unknown_type():
    return one("Cast", to=99)


@fault("it", "6", "multiple")
def depth_to_space_does_not_divide():
    return one("DepthToSpace", shape=(1, 6, 2, 2), blocksize=2)


@fault("it", "mode")
def unknown_pad_mode():
    return one("Pad", ("x", "p"), [const("p", [0, 0, 1, 1], np.int64)], mode="mirror")


# ---- types and shapes ----

@fault("it", "int64", "float32")
def types_differ():
    return one("Add", ("x", "k"), [const("k", [1, 2, 3, 4], np.int64)])


@fault("it", "float32")
def float_indices():
    return one("Gather", ("x", "i"), [const("i", [0.5])])


@fault("it", "3", "4")
def shapes_do_not_broadcast():
    return one("Add", ("x", "k"), [weight("k", 3)])


@fault("it", "5", "4")
def inner_dimensions_differ():
    return one("MatMul", ("x", "w"), [weight("w", 5, 6)])


@fault("it", "channels")
def channels_differ():
    return one("Conv", ("x", "w"), [weight("w", 4, 2, 3, 3)], (1, 3, 8, 8))


@fault("it", "3", "10")
def reshape_to_other_count():
    return one("Reshape", ("x", "s"), [const("s", [3, 3], np.int64)], (2, 5))


@fault("it", "-1")
def reshape_with_two_unknowns():
    return one("Reshape", ("x", "s"), [const("s", [-1, -1], np.int64)])


@fault("it", "axis", "1")
def concat_of_other_extents():
    return model([h.make_node("Concat", ["x", "k"], ["y"], "it", axis=0)], constants=[weight("k", 2, 5)], inputs=[port("x", shape=(3, 4))])


@fault("it", "3", "4")
def split_does_not_add_up():
    return model([h.make_node("Split", ["x", "s"], ["y", "z"], "it", axis=1)], constants=[const("s", [1, 2], np.int64)])


@fault("it", "2")
def conv_on_a_matrix():
    return one("Conv", ("x", "w"), [weight("w", 4, 4, 3, 3)])


@fault("it", "7", "4", severity="warning")
def index_out_of_range():
    return one("Gather", ("x", "i"), [const("i", 7, np.int64)], axis=1)


@fault("it", "1", "4")
def squeeze_of_a_wide_axis():
    return one("Squeeze", ("x", "a"), [const("a", [1], np.int64)])


@fault("it", "bool")
def condition_is_a_number():
    body = h.make_graph([h.make_node("Neg", ["x"], ["b"], "inner")], "b", [], [port("b", shape=None)])
    return model([h.make_node("If", ["x"], ["y"], "it", then_branch=body, else_branch=body)])


@fault("it", "5", "4")
def gemm_bias_of_other_width():
    return one("Gemm", ("x", "w", "b"), [weight("w", 4, 4), weight("b", 5)])


@fault("it", "5", "3")
def statistics_of_other_width():
    return one("BatchNormalization", ("x", "a", "a", "b", "a"), [weight("a", 3), weight("b", 5)], (1, 3, 8, 8))


@fault("it", "outputs")
def branches_of_other_number():
    yes = h.make_graph([h.make_node("Neg", ["x"], ["b"], "then")], "yes", [], [port("b", shape=None), port("b", shape=None)])
    no = h.make_graph([h.make_node("Abs", ["x"], ["b"], "else")], "no", [], [port("b", shape=None)])
    return model([h.make_node("If", ["c"], ["y"], "it", then_branch=yes, else_branch=no)], [port("x"), port("c", BOOL, [])])


@fault("it", "input 0", "empty")
def branches_without_condition():
    arms = [h.make_graph([h.make_node(op, ["x"], ["b"], op)], op, [], [port("b", shape=None)]) for op in ("Neg", "Abs")]
    return model([h.make_node("If", [""], ["y"], "it", then_branch=arms[0], else_branch=arms[1])])


@fault("y", "declared", severity="warning")
def output_declared_otherwise():
    return model([h.make_node("Relu", ["x"], ["y"], "it")], [port("x", shape=(2, 4))], [port("y", shape=(2, 5))])


@fault("a", "declared", "5", severity="warning")
def value_declared_otherwise():
    return model([h.make_node("Relu", ["x"], ["a"], "first"), h.make_node("Neg", ["a"], ["y"], "second")], [port("x", shape=(2, 4))],
                 value_info=[port("a", shape=(2, 5))])


@fault("a", "declared", "int64", severity="warning")
def value_of_other_type():
    return model([h.make_node("Relu", ["x"], ["a"], "first"), h.make_node("Neg", ["a"], ["y"], "second")], value_info=[port("a", INT)])


# ---- tensors ----

@fault("w", "bytes")
def weights_too_short():
    tensor = weight("w", 4)
    tensor.raw_data = tensor.raw_data[:-4]
    return one("Add", ("x", "w"), [tensor])


@fault("w", "-4")
def negative_dimension():
    tensor = weight("w", 4)
    tensor.dims[0] = -4
    return one("Add", ("x", "w"), [tensor])


@fault("w", "77")
def unknown_element_type():
    tensor = weight("w", 4)
    tensor.data_type = 77
    return one("Add", ("x", "w"), [tensor])


def external(location, length=16):
    tensor = weight("w", 4)
    tensor.ClearField("raw_data")
    tensor.data_location = T.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(length))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return one("Add", ("x", "w"), [tensor])


@fault("w", "nowhere.bin")
def external_data_missing():
    return external("nowhere.bin")


@fault("w", "folder")
def external_data_elsewhere():
    return external("../../etc/passwd")


# ---- suspicious, though it can be run ----

def quantized(x_scale=0.02, weights=None, w_scale=0.01, y_scale=None, cast=False):
    """Convolution between Q and DQ."""
    nodes = [h.make_node("QuantizeLinear", ["x", "xs", "z"], ["xq"], "q"), h.make_node("DequantizeLinear", ["xq", "ys" if y_scale else "xs", "z"], ["xd"], "dq")]
    constants = [const("xs", x_scale), const("z", 0, np.int8)] + ([const("ys", y_scale)] if y_scale else [])
    if weights is None:
        constants += [const("wq", np.arange(-54, 54).reshape(4, 3, 3, 3), np.int8)]
        if cast:
            nodes += [h.make_node("Cast", ["wq"], ["w"], "cast", to=FLOAT)]
        else:
            nodes += [h.make_node("DequantizeLinear", ["wq", "ws"], ["w"], "dqw", axis=0)]
            constants += [const("ws", w_scale if np.ndim(w_scale) else [w_scale] * 4)]
    else:
        constants += [weights]
    nodes += [h.make_node("Conv", ["xd", "w"], ["y"], "conv")]
    return model(nodes, [port("x", shape=(1, 3, 8, 8))], constants=constants)


@fault("q", "scale", "0", severity="warning")
def scale_of_zero():
    return quantized(x_scale=0.0)


@fault("dqw", "scale", "element 2", severity="warning")
def scale_of_one_channel_zero():
    return quantized(w_scale=[0.1, 0.1, 0.0, 0.1])


@fault("q", "scale", "nan", severity="warning")
def scale_not_a_number():
    return quantized(x_scale=np.nan)


@fault("dq", "scale", severity="warning")
def scales_of_a_pair_differ():
    return quantized(y_scale=0.04)


@fault("conv", "int8", "scale", severity="warning")
def int8_weights_without_scale():
    return quantized(cast=True)


@fault("conv", "weights", "quantized", severity="warning")
def weights_left_in_float():
    return quantized(weights=weight("w", 4, 3, 3, 3))


@fault("spare", "initializer", severity="warning")
def initializer_that_nobody_reads():
    return one("Relu", constants=[weight("spare", 4)])


@fault("it", "min", "max", severity="warning")
def clip_with_crossed_limits():
    return one("Clip", ("x", "a", "b"), [const("a", 6), const("b", 0)])


@fault("it", "variance", severity="warning")
def negative_variance():
    return one("BatchNormalization", ("x", "a", "a", "a", "v"), [weight("a", 3), const("v", [1, -1, 1])], (1, 3, 8, 8))


@fault("second", "'second' is 'first'", "65536", severity="note")
def weights_stored_twice():
    tensors = [weight(name, 128, 128) for name in ("first", "second", "other")]
    tensors[2].raw_data = tensors[2].raw_data[:-4] + b"\0\0\0\0"
    return model([h.make_node("MatMul", ["x", "first"], ["a"]), h.make_node("MatMul", ["a", "second"], ["b"]), h.make_node("MatMul", ["b", "other"], ["y"])],
                 [port("x", shape=("n", 128))], constants=tensors)


# ---- bytes ----

@fault("", "field 7", "ends after")
def file_cut_off():
    return one("Add", ("x", "w"), [weight("w", 4)]).SerializeToString()[:-9]


@fault("", "byte")
def field_with_a_wild_length():
    return b"\x08\x09\x3a\xff\xff\xff\xff\x0f" + bytes(20)
