#!/usr/bin/env bash
# The tour of `make demo`: a small CNN that reads handwritten digits is checked, built, run, compared with the reference
# kernels and measured; a report page is written. demo.sh [build/release/hone]
set -euo pipefail
cd "$(dirname "$0")/.."
hone=$(realpath "${1:-build/release/hone}")
model=models/digits/digits.onnx images=models/digits/test.npz
out=build/demo plan=build/demo/digits.plan page=build/demo/report.html
mkdir -p "$out"

bold='' green='' dim='' off=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\033[1m' green=$'\033[32m' dim=$'\033[2m' off=$'\033[0m'
fi
step=0
title() { step=$((step + 1)); printf '\n%s%s %d/6 %s%s\n' "$bold" "$green" "$step" "$1" "$off"; }
run() { printf '%s$ hone %s%s\n' "$dim" "$*" "$off"; "$hone" "$@"; }

title "Check: is the model sound, and what does it need?"
run check "$model"

title "Build: FP32 plan for batches of 1 to 360 images, tuned for 32"
run build "$model" -o "$plan" --min-shapes images:1x1x8x8 --opt-shapes images:32x1x8x8 --max-shapes images:360x1x8x8

title "Run: the 360 test images, none of which it was trained on"
run run "$plan" --inputs "$images" --outputs "$out/logits.npz" --labels labels | tee "$out/accuracy.txt"

title "Compare: the plan against the unfused model on reference kernels"
run compare "$model" "$plan" --inputs "$images" 2>/dev/null | tee "$out/compare.txt"

title "Measure: one image at a time, and 32 at once"
printf '%s$ hone bench %s --shapes images:1x1x8x8 --shapes images:32x1x8x8 ...%s\n' "$dim" "$plan" "$off"
"$hone" bench "$plan" --shapes images:1x1x8x8 --shapes images:32x1x8x8 --duration 2 --percentile 50,95,99 \
    --profile-layers --export-profile "$out/steps.json" >"$out/bench.txt"
sed -n '/^ *shapes /,/^\[/{/^\[/!p}' "$out/bench.txt" | tee "$out/latency.txt"

title "Report: the optimized graph with kernels, shapes and times"
run inspect "$plan" --html "$out/graph.html" --times "$out/steps.json"
{
    echo '<section><h2>Handwritten digits: the tour</h2><div class="scroll">'
    for part in accuracy compare latency; do
        echo "<pre class=\"mono\">$(sed 's/\x1b\[[0-9;]*m//g; s/&/\&amp;/g; s/</\&lt;/g' "$out/$part.txt")</pre>"
    done
    echo '</div></section>'
} >"$out/summary.html"
sed "/<!-- summary -->/r $out/summary.html" "$out/graph.html" >"$page"
rm -f "$out/graph.html" "$out/summary.html"
printf '\n%sReport page:%s file://%s\n' "$bold" "$off" "$(realpath "$page")"
