"""Models whose bodies lie many levels inside one another, and loops without end. Deeper than 33 levels protobuf libraries refuse to
build or read such files, so their bytes are put together here."""
from onnx import TensorProto as T, helper as h

FLOAT, INT, BOOL = T.FLOAT, T.INT64, T.BOOL


def port(name, kind=FLOAT, shape=None):
    return h.make_tensor_value_info(name, kind, shape)


def field(number, payload):
    size, length = len(payload), bytearray()
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + payload


def with_body(node, name, graph):
    """The node's bytes with one more attribute, a graph given as bytes."""
    return node.SerializeToString() + field(5, field(1, name.encode()) + field(6, graph) + b"\xa0\x01\x05")


def graph_of(nodes, outputs, inputs=(), constants=()):
    """GraphProto as bytes; nodes are bytes, too."""
    head = b"".join(field(1, n if isinstance(n, bytes) else n.SerializeToString()) for n in nodes) + field(2, b"g")
    return head + b"".join([*(field(5, c.SerializeToString()) for c in constants), *(field(11, i.SerializeToString()) for i in inputs),
                            *(field(12, o.SerializeToString()) for o in outputs)])


def model_of(graph):
    return b"\x08\x09" + field(7, graph) + field(8, h.make_opsetid("", 20).SerializeToString())


def nested_ifs(levels):
    """y = x + levels, an addition in each body."""
    one = h.make_tensor("one", FLOAT, [], [1.0])
    no = h.make_graph([h.make_node("Neg", ["x"], ["never"], "never")], "no", [], [port("never")])
    name, inner = "x", None
    bodies = graph_of([h.make_node("Add", ["x", "one"], [f"r{levels}"], f"add{levels}")], [port(f"r{levels}")])
    for level in range(levels - 1, -1, -1):
        node = h.make_node("If", ["c"], [f"i{level}"], f"if{level}", else_branch=no)
        body = with_body(node, "then_branch", bodies)
        if level == 0:
            return model_of(graph_of([body, h.make_node("Identity", ["i0"], ["y"], "last")], [port("y")],
                                     [port("x", FLOAT, [3]), port("c", BOOL, [])], [one]))
        bodies = graph_of([body, h.make_node("Add", [f"i{level}", "one"], [f"r{level}"], f"add{level}")], [port(f"r{level}")])
    raise ValueError("at least one level")


def nested_loops(levels):
    """Loops of one round inside one another; each body makes its state longer, so that no shape is known at once."""
    one = h.make_tensor("one", INT, [], [1])
    yes = h.make_tensor("yes", BOOL, [], [1])

    def body(level):
        ports = [port(f"n{level}", INT, []), port(f"c{level}", BOOL, []), port(f"s{level}")]
        nodes, last = [], f"s{level}"
        if level < levels:
            nodes, last = [loop(level + 1, last)], f"l{level + 1}"
        nodes += [h.make_node("Concat", [last, f"s{level}"], [f"t{level}"], f"longer{level}", axis=0),
                  h.make_node("Slice", [f"t{level}", "zero", "two"], [f"r{level}"], f"cut{level}"),
                  h.make_node("Identity", ["yes"], [f"go{level}"], f"go{level}")]
        return graph_of(nodes, [port(f"go{level}", BOOL, []), port(f"r{level}")], ports)

    def loop(level, state):
        return with_body(h.make_node("Loop", ["one", "yes", state], [f"l{level}"], f"loop{level}"), "body", body(level))

    constants = [one, yes, h.make_tensor("zero", INT, [1], [0]), h.make_tensor("two", INT, [1], [2])]
    last = h.make_node("Identity", ["l1"], ["y"], "last")
    return model_of(graph_of([loop(1, "x"), last], [port("y")], [port("x", FLOAT, ["n"])], constants))


def endless():
    """A loop whose condition never becomes false."""
    body = h.make_graph([h.make_node("Add", ["s", "s"], ["t"], "twice"), h.make_node("Identity", ["c"], ["go"], "go")], "body",
                        [port("i", INT, []), port("c", BOOL, []), port("s", FLOAT, [2])], [port("go", BOOL, []), port("t", FLOAT, [2])])
    graph = h.make_graph([h.make_node("Loop", ["", "yes", "x"], ["y"], "forever", body=body)], "g", [port("x", FLOAT, [2])],
                         [port("y", FLOAT, [2])], [h.make_tensor("yes", BOOL, [], [1])])
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 20)], ir_version=9).SerializeToString()


def branch_for_another_size():
    """y = x W or x V, as c says; x [1, k] fits W when k is 3 and V when k is 4."""
    def branch(name, rows):
        weight = h.make_tensor(f"{name}_w", FLOAT, [rows, 2], [1.0] * rows * 2)
        return h.make_graph([h.make_node("MatMul", ["x", f"{name}_w"], [name], f"{name}_product")], name, [], [port(name)], [weight])

    node = h.make_node("If", ["c"], ["chosen"], "choice", then_branch=branch("three", 3), else_branch=branch("four", 4))
    graph = h.make_graph([node, h.make_node("Neg", ["chosen"], ["y"], "last")], "g",
                         [port("x", FLOAT, [1, "k"]), port("c", BOOL, [])], [port("y")])
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 20)], ir_version=9).SerializeToString()


def unsorted():
    """y = x + 1, 2 or 3, as converters of element types leave models: what nodes and bodies need comes behind them."""
    yes = h.make_graph([h.make_node("Add", ["late", "one"], ["two"], "inner")], "yes", [], [port("two")])
    no = h.make_graph([h.make_node("Identity", ["late"], ["same"], "same")], "no", [], [port("same")])
    nodes = [h.make_node("Add", ["chosen", "one"], ["y"], "last"),
             h.make_node("If", ["c"], ["chosen"], "choice", then_branch=yes, else_branch=no), h.make_node("Identity", ["x"], ["late"], "first")]
    graph = h.make_graph(nodes, "g", [port("x", FLOAT, ["n"]), port("c", BOOL, [])], [port("y")], [h.make_tensor("one", FLOAT, [], [1.0])])
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 20)], ir_version=9).SerializeToString()
