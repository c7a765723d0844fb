# Profiles, options, metadata, --if-needed; what is refused leaves nothing behind.
. "$ROOT/tests/cli/helpers.bash"
expect 0 build "$digits" -o d.plan --min-shapes=images:1x1x8x8 --opt-shapes=images:8x1x8x8 --max-shapes=images:32x1x8x8 \
    --profile 1 --min-shapes images:33x1x8x8 --max-shapes images:64x1x8x8 --threads 1 --model-id digits-7
says out.txt '^Engine built in [0-9.]+ sec\.$'
silent_about err.txt 'warning|unbounded'
python '
m, r = (json.load(open(f)) for f in a)
assert m["model_id"] == r["meta"]["model_id"] == "digits-7" and m["opset"] == "17" and m["precision"] == "fp32", m
assert m["accuracy"].startswith("0.99") or m["accuracy"].startswith("99"), m["accuracy"]
assert m["profiles"] == "2" and m["threads"] == "1" and len(m["model_sha256"]) == 64 and m["built"] and m["built_on"], m
p = r["profiles"]
assert [x["bounded"] for x in p] == [True, True]
assert p[0]["inputs"]["images"] == {"min": [1, 1, 8, 8], "opt": [8, 1, 8, 8], "max": [32, 1, 8, 8]}, p
assert p[1]["inputs"]["images"] == {"min": [33, 1, 8, 8], "opt": [64, 1, 8, 8], "max": [64, 1, 8, 8]}, p
assert r["memory"]["bounded"] and r["memory"]["arena_bytes"] >= r["memory"]["live_peak_bytes"] > 0
assert len(r["steps"]) == 9 and {s["op"] for s in r["steps"]} == {"Conv", "MaxPool", "GlobalAveragePool", "Gemm"}
' d.metadata.json <("$HONE" inspect d.plan --json)
[ "$(sha256sum "$digits" | cut -d' ' -f1)" = "$(python 'print(json.load(open(a[0]))["model_sha256"])' d.metadata.json)" ]

# Same model, same options: same bytes. --if-needed leaves the plan alone until something changes.
expect 0 build "$digits" -o e.plan --shapes images:4x1x8x8
cp e.plan first.plan
expect 0 build "$digits" -o e.plan --shapes images:4x1x8x8
cmp e.plan first.plan
touch -d '2001-01-01' e.plan
expect 0 build "$digits" -o e.plan --shapes images:4x1x8x8 --if-needed
says out.txt 'e.plan is up to date'
[ "$(stat -c %Y e.plan)" -lt 1000000000 ] || die "--if-needed wrote a plan that was up to date"
expect 0 build "$digits" -o e.plan --shapes images:5x1x8x8 --if-needed
says out.txt 'Engine built'
expect 0 build "$digits" -o e.plan --shapes images:5x1x8x8 --if-needed --features generic
says out.txt 'Engine built'
printf 'x' | dd of=e.plan bs=1 seek=200 conv=notrunc status=none
expect 0 build "$digits" -o e.plan --shapes images:5x1x8x8 --if-needed --features generic
says out.txt 'Engine built'

expect 0 build "$digits" -o e.plan --shapes images:1x1x8x8 --jobs 4
says err.txt 'this version builds with one worker'
expect 0 build "$digits" -o r.plan --shapes images:1x1x8x8 --reference
says out.txt '^  reference  .*Conv 6'

# Without shapes the plan is unbounded, and this is said.
expect 0 build "$digits" -o u.plan
says err.txt '^warning: profile 0 is unbounded'
rm -f ./*.plan ./*.json

build() { refused "$1" build "$digits" -o x.plan "${@:2}"; }
build "no input 'image'" --shapes image:1x1x8x8
build 'rank 4' --shapes images:1x8x8
build 'fixed at 8' --shapes images:1x1x9x8
build 'min <= opt <= max' --min-shapes images:4x1x8x8 --max-shapes images:2x1x8x8
build 'is not a shape' --shapes images:1x1x8xy
build 'is not a shape' --shapes images:1x1x8x
build 'negative extent' --shapes images:-1x1x8x8
build 'is not a shape' --shapes images:99999999999999999999x1x8x8
build 'names no input' --shapes 1x1x8x8
build 'given twice' --shapes images:1x1x8x8,images:2x1x8x8
build 'given twice' --shapes images:1x1x8x8 --opt-shapes images:2x1x8x8
build 'profile 2 comes before' --profile 2 --shapes images:1x1x8x8
build 'arena' --shapes images:64x1x8x8 --memory-limit 16K
build 'features' --features sse9
build 'observe' --observe nowhere
build 'threads' --threads 5000
refused 'No such file or directory' build "$digits" -o nowhere/x.plan --shapes images:1x1x8x8
cp "$images" plan.npz
refused '' build plan.npz -o x.plan

# A full disk, played by a limit on file sizes.
before=$(ls)
(trap '' XFSZ; ulimit -f 16; "$HONE" build "$digits" -o x.plan --shapes images:1x1x8x8 >out.txt 2>err.txt) && die "a full disk was not noticed"
says err.txt '^error: .*(File too large|write)'
[ "$(ls | grep -v -e out.txt -e err.txt)" = "$(echo "$before" | grep -v -e out.txt -e err.txt)" ] || die "a half-written plan was left"

# --verbose names each step with its kernel, also of a model that is only run.
expect 0 build "$digits" -o verbose.plan --shapes images:2x1x8x8 -v
says out.txt '^ *0  Conv\+Relu +f32_conv +cpu +float32 2×24×8×8'
expect 0 run "$digits" --random --shapes images:2x1x8x8 --reference -v
says err.txt '^ *0  Conv +reference +cpu'
says err.txt '^note: profile 0'
