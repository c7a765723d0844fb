# `hone simplify`: smaller files that give the same outputs, onnxsim's spellings, refusals, nothing left behind.
. "$ROOT/tests/cli/helpers.bash"

files() { find . -type f ! -name out.txt ! -name err.txt | sort | tr '\n' ' '; }
make() { # make NAME: a model with something to fold, an output that nobody needs, a dynamic batch, documentation
    python '
import onnx
from onnx import helper as h, numpy_helper as n, TensorProto as T
rng = np.random.default_rng(1)
tensor = lambda name, *dims: n.from_array(rng.normal(size=dims).astype("f4"), name)
nodes = [h.make_node("Conv", ["x", "w"], ["c"], name="conv", doc_string="the first layer"),
         h.make_node("BatchNormalization", ["c", "s", "b", "m", "v"], ["n"], name="norm"),
         h.make_node("Identity", ["n"], ["i"], name="same"),
         h.make_node("Relu", ["i"], ["y"], name="act"),
         h.make_node("Shape", ["y"], ["shape"], name="shape"),
         h.make_node("Neg", ["y"], ["extra"], name="neg")]
value = lambda name, *dims: h.make_tensor_value_info(name, T.FLOAT, dims)
v = n.from_array(np.abs(rng.normal(size=3)).astype("f4") + 1, "v")
graph = h.make_graph(nodes, "net", [value("x", "batch", 2, None, 8)],
                     [value("y", "batch", 3, None, 6), value("extra", "batch", 3, None, 6)],
                     [tensor("w", 3, 2, 3, 3), tensor("s", 3), tensor("b", 3), tensor("m", 3), v], doc_string="a net")
model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8, producer_name="tests", doc_string="model")
h.set_model_props(model, {"author": "me"})
onnx.save(model, a[0])' "$1"
}
same_in_onnxruntime() { # A B SHAPE OUTPUTS..: onnxruntime gives the same named outputs for both
    python '
import onnx, onnxruntime as ort
ort.set_default_logger_severity(3)
onnx.checker.check_model(a[1], full_check=True)
x = np.random.default_rng(2).normal(size=eval(a[2])).astype("f4")
one, two = (ort.InferenceSession(p).run(a[3:], {"x": x}) for p in a[:2])
for p, q in zip(one, two): np.testing.assert_allclose(p, q, rtol=1e-4, atol=1e-5)' "$@"
}

make net.onnx
expect 0 simplify net.onnx out.onnx
says out.txt '^  nodes +6 +3$'
says out.txt 'BatchNormalization +1 +0'
says out.txt '^outputs: same '
same_in_onnxruntime net.onnx out.onnx '(2, 2, 9, 8)' y extra
python '
import onnx
m = onnx.load(a[0])
assert [i.name for i in m.graph.input] == ["x"] and [o.name for o in m.graph.output] == ["y", "extra"]
dims = m.graph.input[0].type.tensor_type.shape.dim
assert dims[0].dim_param == "batch" and not dims[2].dim_param and not dims[2].dim_value and dims[3].dim_value == 8
assert (m.doc_string, m.graph.doc_string, m.producer_name, m.graph.name) == ("model", "a net", "tests", "net")
assert [(p.key, p.value) for p in m.metadata_props] == [("author", "me")] and m.opset_import[0].version == 17
assert m.graph.node[0].op_type == "Conv" and len(m.graph.node[0].input) == 3' out.onnx

# The same bytes again, and onto itself.
"$HONE" simplify net.onnx -o again.onnx --json >out.txt
cmp out.onnx again.onnx
python 'r = json.load(open(a[0])); assert r["nodes"] == {"before": 6, "after": 3} and r["check"]["verdict"] == "same", r' out.txt
cp net.onnx own.onnx
expect 0 simplify own.onnx own.onnx
cmp out.onnx own.onnx
[ "$(files)" = "./again.onnx ./net.onnx ./out.onnx ./own.onnx " ] || die "left behind: $(files)"

# onnxsim's spellings.
expect 0 simplify net.onnx fixed.onnx 2 --overwrite-input-shape x:1,2,9,8 --unused-output extra
says out.txt '^  nodes +6 +2$'
python 'import onnx; m = onnx.load(a[0]); assert [d.dim_value for d in m.graph.output[0].type.tensor_type.shape.dim] == [1, 3, 7, 6]' fixed.onnx
same_in_onnxruntime net.onnx fixed.onnx '(1, 2, 9, 8)' y
expect 0 simplify net.onnx other.onnx 0 --overwrite-input-shape 1,2,9,8 --input-shape x:1x2x9x8 --enable-fuse-bn --no-certify
says out.txt '^outputs: not checked'
expect 0 simplify net.onnx kept.onnx --skip-optimization fuse_bn_into_conv eliminate_identity --test-input-shape x:2,2,5,8
says out.txt '^  nodes +6 +5$'
expect 0 simplify net.onnx kept.onnx --skip-optimization
says out.txt '^  nodes +6 +6$'
same_in_onnxruntime net.onnx kept.onnx '(2, 2, 9, 8)' y extra
expect 0 simplify net.onnx newer.onnx --target-opset 21
python 'import onnx; assert onnx.load(a[0]).opset_import[0].version == 21' newer.onnx
same_in_onnxruntime net.onnx newer.onnx '(2, 2, 9, 8)' y extra
expect 0 simplify net.onnx beside.onnx --save-as-external-data
python 'np.save("x.npy", np.ones((3, 2, 9, 8), np.float32))'
expect 0 simplify net.onnx given.onnx --input x:x.npy
says out.txt '^outputs: same '
cmp out.onnx given.onnx

# Refusals say what to do, and leave nothing.
refused 'needs a place for the result' simplify net.onnx
refused "has no input 'z'; its inputs are 'x'" simplify net.onnx no.onnx --overwrite-input-shape z:1,2
refused "has no output 'z'; its outputs are 'y', 'extra'" simplify net.onnx no.onnx --unused-output z
refused 'would have none' simplify net.onnx no.onnx --unused-output y extra
refused 'is not a shape' simplify net.onnx no.onnx --overwrite-input-shape x:a
refused 'needs a value' simplify net.onnx no.onnx --overwrite-input-shape
refused "there is no pass 'nonsense'; the passes are" simplify net.onnx no.onnx --skip-optimization nonsense
refused 'does not do what --fp16-quantize asks for' simplify net.onnx no.onnx --fp16-quantize
says err.txt 'quantize the result'
for option in tflite-int8 static-quantize-int16 calibration-method model-check skip-fusion-patterns custom-lib; do
    refused "does not do what --$option asks for" simplify net.onnx no.onnx "--$option"
    says err.txt '^  hint: '
done
refused 'opset 99 cannot be written' simplify net.onnx no.onnx --target-opset 99
refused 'is no number of random inputs' simplify net.onnx no.onnx many
refused 'one operand too many' simplify net.onnx no.onnx 3 4
refused 'cannot open' simplify missing.onnx no.onnx
refused 'cannot create' simplify net.onnx missing/no.onnx

# Weights that several nodes share would multiply: the file does not grow for a few nodes less.
python '
import onnx
from onnx import helper as h, numpy_helper as n, TensorProto as T
rng = np.random.default_rng(0)
tensor = lambda name, *dims: n.from_array((np.abs(rng.normal(size=dims)) + 1).astype("f4"), name)
value = lambda name: h.make_tensor_value_info(name, T.FLOAT, [1, 32, 4, 4])
nodes, weights = [], [tensor("w", 32, 32, 3, 3)]
for i in range(4):
    nodes += [h.make_node("Conv", [f"x{i}", "w"], [f"c{i}"], pads=[1] * 4),
              h.make_node("BatchNormalization", [f"c{i}"] + [f"{k}{i}" for k in "sbmv"], [f"y{i}"])]
    weights += [tensor(f"{k}{i}", 32) for k in "sbmv"]
graph = h.make_graph(nodes, "g", [value(f"x{i}") for i in range(4)], [value(f"y{i}") for i in range(4)], weights)
onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8), a[0])' shared.onnx
expect 0 simplify shared.onnx lean.onnx
says err.txt 'would have grown by more than 5 %: left out: .*bn_fold'
[ "$(stat -c %s lean.onnx)" -lt $(($(stat -c %s shared.onnx) + 1024)) ] || die "the file grew"

# Composite operators come back on request, where the opset has them.
gelu() { python '
import onnx
from onnx import helper as h, numpy_helper as n, TensorProto as T
number = lambda name, x: n.from_array(np.float32(x), name)
nodes = [h.make_node("Div", ["x", "root"], ["d"]), h.make_node("Erf", ["d"], ["e"]), h.make_node("Add", ["e", "one"], ["g"]),
         h.make_node("Mul", ["x", "g"], ["p"]), h.make_node("Mul", ["p", "half"], ["y"])]
value = lambda name: h.make_tensor_value_info(name, T.FLOAT, ["n", 4])
graph = h.make_graph(nodes, "g", [value("x")], [value("y")], [number("root", 2 ** 0.5), number("one", 1), number("half", 0.5)])
onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", int(a[1]))], ir_version=8), a[0])' "$1" "$2"; }
gelu new.onnx 20
gelu old.onnx 17
for case in 'new.onnx 5' 'new.onnx 1 --recover gelu layernorm' 'old.onnx 5 --recover gelu'; do
    set -- $case
    file=$1 nodes=$2
    shift 2
    expect 0 simplify "$file" made.onnx "$@"
    says out.txt "^  nodes +5 +$nodes\$"
    same_in_onnxruntime "$file" made.onnx '(3, 4)' y
done
python '
import onnx
from onnx import helper as h, numpy_helper as n, TensorProto as T
import numpy as np
nodes = [h.make_node("Transpose", ["x"], ["k"], perm=[0, 1, 3, 2]), h.make_node("MatMul", ["x", "k"], ["s"]), h.make_node("Mul", ["s", "c"], ["l"]),
         h.make_node("Add", ["m", "l"], ["a"]), h.make_node("Softmax", ["a"], ["p"]), h.make_node("MatMul", ["p", "x"], ["y"])]
value = lambda name: h.make_tensor_value_info(name, T.FLOAT, [2, 3, 5, 4])
mask = n.from_array(np.triu(np.full((5, 5), -1e9, np.float32), 1), "m")
graph = h.make_graph(nodes, "g", [value("x")], [value("y")], [n.from_array(np.float32(0.3), "c"), mask])
onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 23)], ir_version=10), "attention.onnx")'
expect 0 simplify attention.onnx made.onnx --recover attention
says out.txt '^  nodes +6 +1$'
same_in_onnxruntime attention.onnx made.onnx '(2, 3, 5, 4)' y
refused "'convolution' cannot be recovered" simplify new.onnx no.onnx --recover convolution
