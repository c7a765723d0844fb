# Summaries, slices, accuracy, samples, random data, archives that NumPy cannot hold.
. "$ROOT/tests/cli/helpers.bash"
expect 0 build "$digits" -o d.plan --min-shapes images:2x1x8x8 --opt-shapes images:4x1x8x8 --max-shapes images:16x1x8x8
expect 0 build "$digits" -o fixed.plan --shapes images:7x1x8x8
expect 0 build "$digits" -o free.plan

# 360 images: in slices of 16 and of 7 (the last one reaches back), whole, and by the reference: the same numbers.
expect 0 run d.plan --inputs "$images" --outputs d.npz --labels labels
says out.txt '^Accuracy: top-1 99.44 % \(358 of 360\)'
expect 0 run fixed.plan --inputs "$images" --outputs fixed.npz
expect 0 run free.plan --inputs "$images" --outputs free.npz
expect 0 run "$digits" --inputs "$images" --outputs model.npz
expect 0 run "$digits" --reference --inputs "$images" --outputs reference.npz
python '
d, fixed, free, model, reference = (np.load(f)["logits"] for f in a)
assert d.shape == (360, 10)
assert (d == free).all() and (d == fixed).all() and (d == model).all(), "other bits in slices"
assert 0 < abs(d - reference).max() < 1e-4
' d.npz fixed.npz free.npz model.npz reference.npz
python 'np.savez("three.npz", images=np.load(a[0])["images"][:3])' "$images"
refused 'fixed at 7' run fixed.plan --inputs three.npz --outputs x.npz
refused 'no array .nolabels' run d.plan --inputs "$images" --labels nolabels

# Random inputs: seeded, the same everywhere, ranges kept, integers legal.
expect 0 run d.plan --random --seed 3 --outputs one.npz
expect 0 run d.plan --random --seed 3 --outputs two.npz
expect 0 run d.plan --random --seed 4 --outputs three.npz
cmp one.npz two.npz
! cmp -s one.npz three.npz
python 'assert np.load("one.npz")["logits"].shape == (4, 10)'
expect 0 run d.plan --random --samples 3 --outputs many.npz
python 'z = np.load("many.npz"); assert sorted(z) == [f"sample_{i}/logits" for i in range(3)], list(z)
assert (z["sample_0/logits"] != z["sample_1/logits"]).any()'
refused 'no input .image.; the inputs are .images.' run d.plan --random --val-range 'image:[0,1]'
refused 'neither an .npz file nor a folder' run d.plan --random --outputs x.txt
refused 'name:\[low,high\]' run d.plan --random --val-range images:0..1 --outputs x.npz
"$PYTHON" - <<'PY'
import onnx
from onnx import TensorProto as T, helper as h
ids = h.make_tensor_value_info("ids", T.INT64, ["n", 4])
x, s = h.make_tensor_value_info("x", T.FLOAT, ["n"]), h.make_tensor_value_info("steps", T.INT64, [])
mask = h.make_tensor_value_info("attention_mask", T.INT64, ["n"])
table = h.make_tensor("table", T.FLOAT, [11, 2], [0.5] * 22)
nodes = [h.make_node("Cast", ["ids"], ["i"], to=T.INT32), h.make_node("Gather", ["table", "i"], ["g"]),
         h.make_node("Identity", ["ids"], ["ids_out"]), h.make_node("Identity", ["x"], ["x_out"]),
         h.make_node("Identity", ["steps"], ["steps_out"]), h.make_node("Identity", ["attention_mask"], ["mask_out"]),
         h.make_node("Cast", ["x"], ["b"], to=T.BFLOAT16)]
outs = [("g", T.FLOAT, ["n", 4, 2]), ("ids_out", T.INT64, ["n", 4]), ("x_out", T.FLOAT, ["n"]), ("steps_out", T.INT64, []),
        ("mask_out", T.INT64, ["n"]), ("b", T.BFLOAT16, ["n"])]
model = lambda names: h.make_model(h.make_graph(nodes, "g", [ids, x, s, mask], [h.make_tensor_value_info(*o) for o in outs if o[0] in names],
                                                [table]), opset_imports=[h.make_opsetid("", 17)])
onnx.save(model([o[0] for o in outs if o[0] != "b"]), "random.onnx")
onnx.save(model([o[0] for o in outs]), "bfloat.onnx")
PY
expect 0 build random.onnx -o random.plan
for source in random.onnx random.plan; do
    expect 0 run "$source" --random --shapes ids:500x4 --val-range x:[2,3] --outputs r.npz
    python 'z = np.load("r.npz"); i = z["ids_out"]
assert i.shape == (500, 4) and i.min() == 0 and i.max() == 10, (i.min(), i.max())
assert z["x_out"].shape == (500,) and 2 <= z["x_out"].min() < 2.1 and 2.9 < z["x_out"].max() <= 3
assert (z["mask_out"] == 1).all() and 0 <= z["steps_out"] <= 8'
done
expect 0 run random.onnx --random --shapes x:4000 --outputs r.npz
python 'x = np.load("r.npz")["x_out"]; assert abs(x.mean()) < .1 and abs(x.std() - 1) < .1'
refused 'NumPy has no type for output .b., which is bfloat16' run bfloat.onnx --random --outputs x.npz
says err.txt 'DIR/'
expect 0 run bfloat.onnx --random --outputs folder/
[ -s folder/output_5.pb ]

# A model without shapes: dimensions that nothing tells become 1, said aloud.
expect 0 run "$digits" --random
says err.txt "^note: input 'images' is taken as 1x1x8x8"
expect 0 run "$digits" --random --shapes images:2x1x8x8
[ ! -s err.txt ]

# Summary and JSON.
expect 0 run d.plan --random
says out.txt '^  output  type +shape '
says out.txt '^  logits  float32  4x10 '
expect 0 run d.plan --random --json
python 'o = json.load(open("out.txt"))["outputs"]; assert o[0]["name"] == "logits" and o[0]["shape"] == [4, 10] and len(o[0]["first"]) == 4'
refused '(No such file|cannot write)' run d.plan --random --outputs nowhere/x.npz
