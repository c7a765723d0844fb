# Every form in which inputs can come, and what is refused.
. "$ROOT/tests/cli/helpers.bash"
expect 0 build "$digits" -o d.plan --min-shapes images:1x1x8x8 --opt-shapes images:4x1x8x8 --max-shapes images:16x1x8x8
python '
x = np.load(a[0])["images"][:3]
np.savez("c.npz", images=x)
np.savez_compressed("z.npz", images=x, other=np.arange(3))
np.savez("one.npz", whatever=x)
np.save("c.npy", x)
np.save("fortran.npy", np.asfortranarray(x))
np.save("big_endian.npy", x.astype(">f4"))
x.tofile("x.raw")
np.save("double.npy", x.astype(np.float64))
np.save("flat.npy", x.reshape(3, 64))
np.save("many.npy", np.repeat(x, 20, 0))
np.save("wide.npy", np.zeros((1, 1, 8, 9), np.float32))
np.save("object.npy", np.array([{}]), allow_pickle=True)
np.savez("nothing.npz", other=x)
open("short.npy", "wb").write(open("c.npy", "rb").read()[:200])
open("cut.npz", "wb").write(open("z.npz", "rb").read()[:300])
open("huge.npy", "wb").write(open("c.npy", "rb").read(128).replace(b"(3, 1, 8, 8)", b"(3000000000, 9000000000,)"[:12]))
' "$images"
expect 0 run d.plan --inputs c.npz --outputs expected.npz
[ ! -s err.txt ] || die "a clean run has something to say"
same() { python 'x, y = (np.load(f)["logits"] for f in a); assert x.shape == (3, 10) and (x == y).all()' expected.npz "$1"; }
for input in "--inputs c.npz" "--input c.npz" "--inputs z.npz" "--input images:c.npy" "--inputs images:c.npy" "--input c.npy" \
    "--input images:z.npz" "--input images:one.npz" "--input images:fortran.npy" "--input images:big_endian.npy" \
    "--input images:x.raw --shapes images:3x1x8x8" "--input=images:c.npy" "--input 'images':c.npy" '--input "images":c.npy'; do
    eval "set -- ${input//\'images\'/\"\'images\'\"}"
    expect 0 run d.plan "$@" --outputs got.npz
    same got.npz
done
expect 0 run d.plan --inputs z.npz --outputs got.npz
says err.txt "array 'other' is no input"

# ONNX tensors, one by one and as a folder; outputs written as .pb read back.
"$PYTHON" - <<'PY'
import numpy as np, onnx, os
from onnx import numpy_helper
x = np.load("c.npy")
os.makedirs("set"), os.makedirs("unnamed")
open("set/input_0.pb", "wb").write(numpy_helper.from_array(x, "images").SerializeToString())
open("unnamed/input_0.pb", "wb").write(numpy_helper.from_array(x).SerializeToString())
PY
for input in "--inputs set" "--inputs set/" "--inputs unnamed" "--input images:set/input_0.pb"; do
    expect 0 run d.plan $input --outputs got.npz
    same got.npz
done
expect 0 run d.plan --inputs set --outputs made/
"$PYTHON" - <<'PY'
import numpy as np, onnx
t = onnx.TensorProto.FromString(open("made/output_0.pb", "rb").read())
assert t.name == "logits" and (onnx.numpy_helper.to_array(t) == np.load("expected.npz")["logits"]).all()
PY

rm -f got.npz
run() { refused "$1" run d.plan --outputs x.npz "${@:2}"; }
run "input 'images' is missing"
run "input 'images' is missing" --inputs nothing.npz
run "is float32, it was given float64" --input images:double.npy
run "has rank 4, it was given rank 2" --input images:flat.npy
run "dimension 3 is fixed at 8, it was given 9" --input images:wide.npy
run "given twice" --inputs c.npz --input images:c.npy
run "No such file" --input images:nowhere.npy
run "truncated" --input images:short.npy
run "" --inputs cut.npz
run "" --input images:huge.npy
run "not supported" --input images:object.npy
sed 's/<f4/\x1b[2/' c.npy >escape.npy
run "not supported" --input images:escape.npy
[ "$(grep -c "$(printf '\033')" err.txt)" = 0 ] || die "an escape sequence from a file reaches the terminal"
run "shape of the input is not known" --input images:x.raw
run "has 768 bytes, input 'images' .* takes 512" --input images:x.raw --shapes images:2x1x8x8
run "profile 5" --inputs c.npz --use-profile 5
run "no input 'x'" --random --shapes x:1
run "observe is decided by the build" --inputs c.npz --observe relu_1
run "reference is decided by the build" --inputs c.npz --reference
printf '' >empty.npz
run "" --inputs empty.npz
refused "outside|allows" run d.plan --random --shapes images:0x1x8x8 --outputs x.npz

# Names with colons, commas and other letters.
"$PYTHON" - <<'PY'
import onnx
from onnx import TensorProto as T, helper as h
names = ["in:0", "a,b", "入力"]
nodes = [h.make_node("Identity", [n], [f"out{i}"]) for i, n in enumerate(names)]
ports = [h.make_tensor_value_info(n, T.FLOAT, [f"d{i}"]) for i, n in enumerate(names)]
outs = [h.make_tensor_value_info(f"out{i}", T.FLOAT, [f"d{i}"]) for i in range(3)]
onnx.save(h.make_model(h.make_graph(nodes, "g", ports, outs), opset_imports=[h.make_opsetid("", 17)]), "names.onnx")
PY
expect 0 run names.onnx --random --shapes "in:0:3,'a,b':4,入力:5" --outputs got.npz
python 'z = np.load("got.npz"); assert [z[f"out{i}"].shape for i in range(3)] == [(3,), (4,), (5,)]'
expect 0 run names.onnx --random --shapes "'in:0':3,\"a,b\":4,入力:5" --val-range "'in:0':[5,6],入力:[1,1]" --outputs got.npz
python 'z = np.load("got.npz"); assert z["out0"].min() >= 5 and (z["out2"] == 1).all()'

# A full disk while outputs are written.
python 'np.savez("many.npz", images=np.zeros((4000, 1, 8, 8), np.float32))'
full() (trap '' XFSZ; ulimit -f 16; "$HONE" run d.plan --inputs many.npz --outputs "$1" >out.txt 2>err.txt)
full x.npz && die "a full disk was not noticed"
says err.txt '^error: '
full folder/ && die "a full disk was not noticed"
says err.txt '^error: '
[ -z "$(find . -name 'x.npz*' -o -path './folder/*')" ] || die "half-written outputs were left"
