#!/usr/bin/env python3
"""Fuzzes each fuzz/NAME_fuzz.c from fuzz/corpus/NAME for a minute, then prints the line coverage of the reader it drives.

run_fuzz.py [--seconds N] [NAME...]; needs the build preset `fuzz`. Findings are left in build/fuzz/findings/NAME."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from glob import glob

BUILD = "build/fuzz"
LEAST_COVERAGE = 90.0
# harness: the files (by beginning of their path) that read untrusted bytes; those behind "-" write instead
READERS = {
    "onnx": ("src/frontend/onnx/", "-src/frontend/onnx/onnx_export", "-src/frontend/onnx/onnx_write", "-src/frontend/onnx/onnx_shapes",
             "-src/frontend/onnx/pb_write"),
    "images": ("src/codecs/", "src/ops/vision/image_plain"),
    "hir": ("src/ir/parse",),
    "plan": ("src/plan/plan_read", "src/plan/plan_verify"),
}


def fuzz(name, seconds, corpus):
    """(problem or empty, runs made). New inputs are added to the folder `corpus`."""
    findings = f"{BUILD}/findings/{name}/"
    os.makedirs(findings, exist_ok=True)
    done = subprocess.run([f"{BUILD}/fuzz/{name}_fuzz", corpus, f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2560",
                           "-print_final_stats=1", f"-artifact_prefix={findings}"], capture_output=True, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, env={**os.environ, "LLVM_PROFILE_FILE": "/dev/null"})
    runs = [line.split()[-1] for line in done.stderr.splitlines() if line.startswith("stat::number_of_executed_units")]
    return ("\n".join(done.stderr.splitlines()[-40:]) if done.returncode else ""), (runs or ["?"])[0]


def coverage(name, corpus, folder):
    """[(file, lines covered, lines)] of the reader when the whole corpus is read once."""
    raw, merged, program = f"{folder}/{name}.profraw", f"{folder}/{name}.profdata", f"{BUILD}/fuzz/{name}_fuzz"
    subprocess.run([program, "-runs=0", corpus], capture_output=True, check=True, env={**os.environ, "LLVM_PROFILE_FILE": raw})
    subprocess.run(["llvm-profdata", "merge", "-sparse", raw, "-o", merged], check=True)
    report = subprocess.run(["llvm-cov", "export", "-summary-only", f"-instr-profile={merged}", program], capture_output=True,
                            text=True, check=True)
    files = json.loads(report.stdout)["data"][0]["files"]
    rows = [(os.path.relpath(f["filename"]), f["summary"]["lines"]["covered"], f["summary"]["lines"]["count"]) for f in files]
    wanted = READERS.get(name, ("src/",))
    unwanted = tuple(prefix[1:] for prefix in wanted if prefix.startswith("-"))
    return [row for row in rows if row[0].endswith(".c") and row[0].startswith(wanted) and not row[0].startswith(unwanted or "-")]


def check(name, seconds):
    """The verdict lines of one harness."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = f"{folder}/corpus"
        shutil.copytree(f"fuzz/corpus/{name}", corpus)
        seeds = len(os.listdir(corpus))
        problem, runs = fuzz(name, seconds, corpus)
        if problem:
            return [f"FAIL {name} fuzzing: see {BUILD}/findings/{name}", problem]
        lines = [f"PASS {name} fuzzing: {runs} runs in {seconds} s from {seeds} seeds"]
        rows = coverage(name, corpus, folder)
        covered, total = sum(row[1] for row in rows), sum(row[2] for row in rows)
        share = 100 * covered / max(1, total)
        lines += [f"  {path}: {hit} of {n} lines" for path, hit, n in rows]
        return lines + [f"{'PASS' if share >= LEAST_COVERAGE else 'FAIL'} {name} coverage: {share:.1f} % of {total} lines"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    names = options.names or sorted(os.path.basename(path)[:-len("_fuzz.c")] for path in glob("fuzz/*_fuzz.c"))
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        verdicts = list(pool.map(lambda name: check(name, options.seconds), names))
    for line in (line for lines in verdicts for line in lines):
        print(line, flush=True)
    sys.exit(any(line.startswith("FAIL") for lines in verdicts for line in lines))


main()
