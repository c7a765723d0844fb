# Reference, plan and stored outputs against each other; tolerances decide the status.
. "$ROOT/tests/cli/helpers.bash"
expect 0 build "$digits" -o d.plan --min-shapes images:1x1x8x8 --opt-shapes images:4x1x8x8 --max-shapes images:16x1x8x8
expect 0 compare "$digits" d.plan --samples 3 --seed 5
says out.txt '^A: reference of .*digits.onnx$'
says out.txt '^  logits  4x10 .* good$'
says out.txt '^good over 3 samples$'
"$HONE" compare "$digits" >/dev/null # its reference against its optimized form
expect 1 compare "$digits" d.plan --rtol 0 --atol 0
says out.txt '^differs over 1 sample$'
says out.txt 'logits: element [0-9]+ is .* in A and .* in B'
expect 0 compare "$digits" d.plan --min-cosine 0.999999
expect 0 compare d.plan d.plan --rtol 0 --atol 0 --min-cosine 1 # the same plan, the same bits

expect 0 run d.plan --inputs "$images" --outputs made.npz
expect 0 run d.plan --inputs "$images" --outputs folder/
expect 0 compare made.npz folder --rtol 0 --atol 0
expect 0 compare "$digits" made.npz --inputs "$images"
expect 0 compare made.npz d.plan --inputs "$images" --rtol 0 --atol 0
refused 'the inputs that they came from' compare made.npz d.plan
python '
x = np.load("made.npz")["logits"]
y = x.copy(); y[7, 3] += .5
np.savez("other.npz", logits=y)
np.savez("renamed.npz", scores=x)
np.savez("more.npz", logits=x, extra=x)
np.savez("shape.npz", logits=x[:100])
y = x.copy(); y[5, 5] = np.nan
np.savez("nan.npz", logits=y)
np.savez("ints.npz", logits=np.arange(10))
i = np.arange(10); i[3] += 1
np.savez("ints2.npz", logits=i)
'
expect 1 compare made.npz other.npz
says out.txt 'logits: element 73 is '
expect 0 compare made.npz other.npz --atol 1
expect 0 compare made.npz renamed.npz
says err.txt 'compared by position'
expect 1 compare made.npz more.npz
says err.txt 'A has 1 outputs, B has 2'
expect 1 compare made.npz shape.npz
says out.txt 'other shape'
expect 1 compare made.npz nan.npz
expect 0 compare nan.npz nan.npz
expect 1 compare ints.npz ints2.npz # whole numbers must be equal unless a tolerance is given
expect 0 compare ints.npz ints2.npz --atol 1

# The numbers are NumPy's.
expect 1 compare made.npz other.npz --json
python '
r = json.load(open("out.txt")); m = r["outputs"][0]
x, y = (np.load(f)["logits"].astype(np.float64) for f in ("made.npz", "other.npz"))
d = np.abs(x - y)
close = lambda p, q: abs(p - q) <= 1e-9 * abs(q)
assert r["pass"] is False and m["elements"] == 3600
assert close(m["max_abs"], d.max()) and close(m["mean_abs"], d.mean()) and close(m["rmse"], np.sqrt((d * d).mean()))
assert close(m["cosine"], (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()))
assert close(m["psnr_db"], 20 * np.log10(np.abs(x).max() / np.sqrt((d * d).mean())))
assert m["top1"] == (x.argmax(1) == y.argmax(1)).mean()'
expect 0 compare "$digits" d.plan --layers --json
python 'l = json.load(open("out.txt"))["layers"]; assert len(l) >= 8 and all(x["pass"] for x in l) and l[-1]["name"] == "logits"'
refused 'stored outputs have no layers' compare made.npz d.plan --layers --inputs "$images"
