# `hone simplify` keeps what a file says beyond its numbers, and operators that it does not know; no half file is left.
. "$ROOT/tests/cli/helpers.bash"

# Documentation and metadata of every message, names of dimensions that nothing can infer.
python '
import onnx
from onnx import helper as h, numpy_helper as n, TensorProto as T
x = h.make_tensor_value_info("x", T.FLOAT, ["batch", 4], doc_string="what goes in")
y = h.make_tensor_value_info("y", T.INT64, [2, "found"], doc_string="what comes out")
x.type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
nodes = [h.make_node("Identity", ["x"], ["i"]), h.make_node("Relu", ["i"], ["r"], "act", doc_string="the only layer"),
         h.make_node("NonZero", ["r"], ["y"], "find")]
g = h.make_graph(nodes, "net", [x], [y], doc_string="a net")
m = h.make_model(g, opset_imports=[h.make_opsetid("", 21), h.make_opsetid("com.example", 4)], ir_version=10, producer_name="p",
                 producer_version="1.2", domain="d.example", model_version=7, doc_string="model")
for message, key in ((m, "m"), (m.graph, "g"), (m.graph.node[1], "n"), (m.graph.input[0], "x")):
    message.metadata_props.add(key=key, value=key + "!")
onnx.save(m, a[0])' said.onnx
expect 0 simplify said.onnx out.onnx
python '
import onnx
one, two = onnx.load(a[0]), onnx.load(a[1])
onnx.checker.check_model(two, full_check=True)
props = lambda message: [(p.key, p.value) for p in message.metadata_props]
assert [node.op_type for node in two.graph.node] == ["Relu", "NonZero"]
assert list(one.graph.input) == list(two.graph.input) and list(one.graph.output) == list(two.graph.output), two.graph
assert (two.graph.node[0].doc_string, props(two.graph.node[0])) == ("the only layer", [("n", "n!")])
assert (two.graph.doc_string, props(two.graph)) == ("a net", [("g", "g!")]) and props(two) == [("m", "m!")]
for field in ("doc_string", "producer_name", "producer_version", "domain", "model_version", "ir_version"):
    assert getattr(one, field) == getattr(two, field), field' said.onnx out.onnx

# An operator that nobody knows stays, with everything around it simplified; a plugin lets the check run.
python '
import onnx
from onnx import helper as h, TensorProto as T
value = lambda name: h.make_tensor_value_info(name, T.FLOAT, [2, 3])
inner = h.make_graph([h.make_node("Add", ["a", "inside"], ["o"])], "body", [h.make_empty_tensor_value_info("inside")],
                     [h.make_empty_tensor_value_info("o")])
extra = {"body": inner} if a[1] == "Riddle" else {}
nodes = [h.make_node("Identity", ["a"], ["i"]), h.make_node("Transpose", ["i"], ["t"]), h.make_node("Transpose", ["t"], ["u"]),
         h.make_node(a[1], ["u", "b"], ["m"], "mix", domain="com.example", share=0.25, **extra),
         h.make_node("Identity", ["m"], ["k"]), h.make_node("Relu", ["k"], ["y"])]
g = h.make_graph(nodes, "g", [value("a"), value("b")], [value("y")])
onnx.save(h.make_model(g, opset_imports=[h.make_opsetid("", 17), h.make_opsetid("com.example", 5)], ir_version=8), a[0])' mix.onnx Mix
expect 0 simplify mix.onnx out.onnx
says out.txt '^  com.example.Mix +1 +1$'
says out.txt '^  nodes +6 +2$'
says out.txt "^outputs: not checked: Hone has no operator 'com.example.Mix'"
says err.txt 'hint: .*--plugin FILE'
expect 0 simplify mix.onnx known.onnx --plugin "$(dirname "$HONE")/examples/mix_plugin_c.so"
says out.txt '^  nodes +6 +2$'
says out.txt '^outputs: same '
for file in out.onnx known.onnx; do
    python '
import onnx
one, two = onnx.load(a[0]), onnx.load(a[1])
was, now = one.graph.node[3], two.graph.node[0]
assert (now.op_type, now.domain, list(now.input), list(now.attribute)) == ("Mix", "com.example", ["a", "b"], list(was.attribute)), now
assert [e.version for e in two.opset_import if e.domain == "com.example"] == [5]
assert two.graph.output[0] == one.graph.output[0]' mix.onnx "$file"
done

# Its type may hold dots, with a domain or without one.
python '
import onnx
from onnx import helper as h, TensorProto as T
value = lambda name: h.make_tensor_value_info(name, T.FLOAT, [2, 3])
nodes = [h.make_node("first.Step.", ["a"], ["m"], "one"), h.make_node("v1.Mix", ["m"], ["y"], "two", domain="com.example")]
g = h.make_graph(nodes, "g", [value("a")], [value("y")])
onnx.save(h.make_model(g, opset_imports=[h.make_opsetid("", 17), h.make_opsetid("com.example", 5)], ir_version=8), a[0])' dots.onnx
expect 0 simplify dots.onnx out.onnx
python '
import onnx
names = lambda path: [(node.domain, node.op_type) for node in onnx.load(path).graph.node]
assert names(a[1]) == names(a[0]), names(a[1])' dots.onnx out.onnx

# Bodies of such an operator see the names that passes leave.
python '
import onnx
from onnx import helper as h, TensorProto as T
value = lambda name: h.make_tensor_value_info(name, T.FLOAT, [2, 3])
body = h.make_graph([h.make_node("Add", ["i", "inside"], ["o"])], "body", [value("inside")], [value("o")])
nodes = [h.make_node("Identity", ["a"], ["i"]), h.make_node("Riddle", ["a"], ["m"], "riddle", domain="com.example", body=body),
         h.make_node("Identity", ["m"], ["y"])]
g = h.make_graph(nodes, "g", [value("a")], [value("y")])
onnx.save(h.make_model(g, opset_imports=[h.make_opsetid("", 17), h.make_opsetid("com.example", 5)], ir_version=8), a[0])' riddle.onnx
expect 0 simplify riddle.onnx out.onnx
python '
import onnx
(node,) = onnx.load(a[0]).graph.node
assert node.op_type == "Riddle" and list(node.output) == ["y"] and list(node.attribute[0].g.node[0].input)[0] == "a", node' out.onnx

# A disk that is full (here: a limit on the size of files) leaves neither half a model nor half its weights.
python '
import onnx
from onnx import helper as h, numpy_helper as n, TensorProto as T
value = lambda name: h.make_tensor_value_info(name, T.FLOAT, [1, 512])
weights = n.from_array(np.random.default_rng(0).normal(size=(512, 512)).astype("f4"), "w")
g = h.make_graph([h.make_node("MatMul", ["x", "w"], ["y"])], "g", [value("x")], [value("y")], [weights])
onnx.save(h.make_model(g, opset_imports=[h.make_opsetid("", 17)], ir_version=8), a[0])' large.onnx
before=$(find . -type f | sort)
for option in --no-check --save-as-external-data; do
    (trap '' XFSZ; ulimit -f 64; exec "$HONE" simplify large.onnx no.onnx "$option" >/dev/null 2>full.txt) && die "the limit was not met"
    says full.txt '^error: '
    [ "$before" = "$(find . -type f ! -name full.txt | sort)" ] || die "$option: something was left behind"
done
