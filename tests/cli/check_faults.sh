# Faulty models: status 1 when they can be read, 2 when not; each fault with node, operator, place and next step.
. "$ROOT/tests/cli/helpers.bash"
bad=$ROOT/tests/data/onnx/bad
expect 1 check "$bad/many_faults.onnx"
[ "$(grep -c '^error: ' err.txt)" = 10 ] || die "ten faults are to be shown"
says err.txt "^  at node '.*' \(.*\), graph.node\[[0-9]+\].* \(byte [0-9]+\)$"
says err.txt '^  hint: '
expect 1 check "$bad/cycle.onnx"
says err.txt 'cycle: a -> b -> c -> a'
for name in duplicate_value negative_input_dim overflowing_input external_traversal; do expect 1 check "$bad/$name.onnx"; done
for name in empty noise truncated zip lfs external_missing; do expect 2 check "$bad/$name.onnx"; done
for name in cycle duplicate_value negative_input_dim overflowing_input external_traversal external_missing truncated; do
    refused '' build "$bad/$name.onnx" -o x.plan
    refused '' run "$bad/$name.onnx" --random --outputs x.npz
done
expect 0 build "$digits" -o d.plan --shapes images:1x1x8x8
refused 'd.plan is a plan' check d.plan --save-shapes x.onnx
refused 'cannot create' check "$digits" --save-shapes nowhere/x.onnx
expect 1 check "$bad/cycle.onnx" --save-shapes x.onnx
[ ! -e x.onnx ] || die "shapes of a faulty model were written"
expect 1 check "$bad/many_faults.onnx" --json
python 'r = json.load(open("out.txt")); f = r["faults"]
assert r["valid"] is False and len(f) == 10 and r["not_shown"] >= 0 and all(x["text"] and x["location"] and x["hint"] for x in f)'
