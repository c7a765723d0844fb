#!/usr/bin/env python3
"""Time hone simplify, onnxsim and OnnxSlim in turn on the same models: simplify_peer.py MODEL.onnx... [--record]

Each is a whole process with its defaults, from file to file: Hone's time holds its numeric check, onnxsim and OnnxSlim check nothing
by default. PEERS is a Python with onnxsim and onnxslim (default: this one). A peer that fails has its name printed and its time
counted. --record appends the sums over the models to bench/results.csv."""
import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import results

HONE = os.environ.get("HONE", str(results.ROOT / "build/release/hone"))
PEERS = os.environ.get("PEERS", sys.executable)
ENGINES = {"onnxsim": [PEERS, "-m", "onnxsim"], "onnxslim": [PEERS, "-m", "onnxslim"], "hone": [HONE, "simplify"]}


def seconds(engine, source, out):
    """Wall time of one process; a failure is told and counted as run."""
    start = time.perf_counter()
    done = subprocess.run([*ENGINES[engine], source, out], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    took = time.perf_counter() - start
    if done.returncode:
        print(f"{engine} failed on {source}: {done.stderr.strip()[-200:]}", flush=True)
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    total = dict.fromkeys(ENGINES, 0.0)
    print(f"{'model':28}" + "".join(f" {name + ' s':>11}" for name in ENGINES))
    for path in options.models:
        with tempfile.TemporaryDirectory() as folder:
            row = {name: seconds(name, path, Path(folder, f"{name}.onnx")) for name in ENGINES}
        total = {name: total[name] + row[name] for name in ENGINES}
        print(f"{Path(path).stem:28}" + "".join(f" {row[name]:11.2f}" for name in ENGINES), flush=True)
    print(f"{'sum':28}" + "".join(f" {total[name]:11.2f}" for name in ENGINES))
    print(f"{'sum over hone':28}" + "".join(f" {total[name] / total['hone']:11.1f}" for name in ENGINES))
    if options.record:
        versions = subprocess.run([PEERS, "-c", "from importlib.metadata import version as v;"
                                   "print('onnxsim', v('onnxsim'), 'onnxslim', v('onnxslim'))"], capture_output=True, text=True).stdout.strip()
        shared = {**results.facts(), "threads": "", "precision": "", "batch": "", "versions": versions}
        results.append([{**shared, "model": f"simplify {len(options.models)} models", "engine": name, "ms_median": f"{s * 1e3:.0f}",
                         "ratio": f"{s / total['onnxsim']:.3f}"} for name, s in total.items()])


if __name__ == "__main__":
    main()
