# trtexec's report, streams, layers, several shapes, exports, the worker protocol.
. "$ROOT/tests/cli/helpers.bash"
expect 0 build "$digits" -o d.plan --min-shapes images:1x1x8x8 --opt-shapes images:4x1x8x8 --max-shapes images:16x1x8x8
expect 0 bench d.plan --iterations 25 --duration 0 --warm-up 1 --threads 1
stamp='^\[[0-9]{2}/[0-9]{2}/[0-9]{4}-[0-9:]{8}\] \[[IWV]\] '
n='[0-9.e+-]+'
statistics="min = $n ms, max = $n ms, mean = $n ms, median = $n ms, percentile\\(90%\\) = $n ms, percentile\\(95%\\) = $n ms, percentile\\(99%\\) = $n ms\$"
head -1 out.txt | grep -Eq '^&&&& RUNNING Hone.bench \[Hone v[0-9.]+\] # hone bench d.plan' || die "first line"
tail -1 out.txt | grep -Eq '^&&&& PASSED Hone.bench \[Hone v[0-9.]+\] # hone bench d.plan' || die "last line"
[ "$(sed '1d;$d' out.txt | grep -Evc "$stamp")" = 0 ] || die "lines without a stamp"
for line in '=== Model Options ===' '=== Inference Options ===' 'Iterations: 25' '=== Device Information ===' 'Loaded engine with size: ' \
    "Engine deserialized in $n sec\\." 'Using random values for input images' 'Starting inference' "Warmup completed [0-9]+ queries over $n ms" \
    "Timing trace has 25 queries over $n s" '=== Trace details ===' 'Trace averages of 10 runs:' \
    "Average on 10 runs - Compute latency: $n ms - Host latency: $n ms \\(enqueue $n ms\\)" '=== Performance summary ===' \
    "Throughput: $n qps" "Latency: $statistics" "Enqueue Time: $statistics" "H2D Latency: $statistics" "Compute Time: $statistics" \
    "D2H Latency: $statistics" "Total Host Walltime: $n s" "Total Compute Time: $n s"; do
    says out.txt "$stamp$line"
done
expect 2 bench nowhere.plan
says out.txt '^&&&& FAILED Hone.bench'

expect 0 bench d.plan --shapes images:1x1x8x8 --shapes images:8x1x8x8 --iterations 12 --duration 0 --warm-up 0 --streams 2 --avg-runs 4 \
    --percentile 50,99.9 --profile-layers --export-times t.json --export-profile p.json --csv c.csv
says out.txt '^  shapes +items/s +qps +min ms +mean +p50 +p99.9 +memory$'
says out.txt '^  images:8x1x8x8 '
says out.txt '^  Time\(ms\)  Avg.\(ms\)  Median\(ms\)  Time\(%\)  Layer'
says out.txt ' 100.0 +Total$'
python '
t, p, c = json.load(open("t.json")), json.load(open("p.json")), open("c.csv").read().splitlines()
assert len(t) == 24 and set(t[0]) == {"startEnqMs", "endEnqMs", "startH2dMs", "endH2dMs", "startComputeMs", "endComputeMs",
    "startD2hMs", "endD2hMs", "h2dMs", "computeMs", "d2hMs", "latencyMs"}
assert all(x["startEnqMs"] <= y["startEnqMs"] for x, y in zip(t, t[1:]))
assert p[0]["count"] >= 10 and len(p) == 10 and abs(sum(x["percentage"] for x in p[1:]) - 100) < .01
assert len(c) == 3 and c[0].startswith("model,shapes,threads,streams,precision,queries,") and all(x.count(",") == c[0].count(",") for x in c)
'
expect 0 bench "$digits" --json --iterations 11 --duration 0 --warm-up 0 --shapes images:2x1x8x8
python 'r = json.load(open("out.txt")); m = r["measurements"][0]
assert m["queries"] == 11 and m["shapes"] == "images:2x1x8x8" and r["build_seconds"] > 0
assert m["latency_ms"]["min"] <= m["latency_ms"]["median"] <= m["latency_ms"]["p99"] <= m["latency_ms"]["max"]'

# The worker: warm before `ready`, latencies on one line, outputs of the given inputs.
python 'np.savez("in.npz", images=np.load(a[0])["images"][:2])' "$images"
expect 0 run d.plan --inputs in.npz --outputs expected.npz
printf 'run 4\nsave w.npz\nrun 1\n' | "$HONE" bench --worker d.plan --inputs in.npz --threads 1 --warm-up 1 >out.txt
[ "$(sed -n 1p out.txt)" = ready ]
[ "$(sed -n 2p out.txt | wc -w)" = 4 ]
[ "$(sed -n 3p out.txt)" = saved ]
[ "$(sed -n 4p out.txt | wc -w)" = 1 ]
python 'x, y = np.load("expected.npz"), np.load("w.npz"); assert list(x) == list(y) and (x["logits"] == y["logits"]).all()'
echo "jump 3" | "$HONE" bench --worker d.plan --warm-up 0 >out.txt 2>err.txt && die "an unknown request was accepted"
says err.txt 'is no request'

refused 'streams' bench d.plan --streams 0
refused 'percentile' bench d.plan --percentile 101
refused 'allows|outside' bench d.plan --shapes images:17x1x8x8

# Interrupted: status 2, said aloud, nothing written.
"$HONE" bench d.plan --duration 60 --export-times late.json >out.txt 2>err.txt &
sleep 0.5
kill -INT $!
status=0
wait $! || status=$?
[ $status = 2 ] || die "interrupted: status $status"
says err.txt '^error: interrupted'
says out.txt '^&&&& FAILED'
[ ! -e late.json ]
