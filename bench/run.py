#!/usr/bin/env python3
"""What `make bench` runs: Hone against ONNX Runtime in fp32, and how fast a plan is loaded. Nothing here asserts on time.

usage: run.py [--hone build/release/hone] [--only resnet50,bert_base,mobilenet_v2,load] [--threads 1] [--rounds 15] [--no-record]

Prints a table per model and a closing table, and appends the rows to bench/results.csv.
"""
import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/models"))

import fill
import peers
import results
import zoo
from hone_cli import Failure, Hone, shape_text

MODELS = {"resnet50": "ResNet-50", "bert_base": "BERT-base s128", "mobilenet_v2": "MobileNetV2"}
GOALS = {"resnet50": "<= 2.0 x ORT", "bert_base": "<= 2.5 x ORT", "mobilenet_v2": "-", "load": "<= 20 ms"}
LOADED = re.compile(r"Engine deserialized in ([0-9.e+-]+) sec", re.IGNORECASE)
LOADS = 11


def plan_of(name, hone, folder):
    """(ONNX file, its feeds, plan) of one skeleton at its exported shapes; the files are drawn if they are missing."""
    model = next(row for row in zoo.models() if row.name == name)
    path = model.make(ROOT / "build/models")
    plan = Path(folder, f"{name}.plan")
    if not plan.exists():
        hone.build(path, plan, "--shapes", shape_text(model.shapes))
    return path, peers.model_inputs(path, model.shapes, 1), plan


def against_peers(name, hone, folder, rounds):
    """peers.compete on one model: (task, rows)."""
    path, feeds, plan = plan_of(name, hone, folder)
    command = [hone.binary, "bench", "--worker", str(plan), "--inputs", "{inputs}", "--threads", "{threads}"]
    task = peers.Task(path, feeds, hone.threads, [peers.ort_engine("ort-fp32", path), ("hone", command)])
    return task, peers.compete(task, rounds)


def load_milliseconds(hone, plan):
    """Loading times that `hone bench` prints, one process each; the file is in the page cache."""
    times = []
    for _ in range(LOADS):
        out, err = hone.call("bench", plan, "--iterations", 1, "--warm-up", 0, "--duration", 0, "--threads", hone.threads)
        found = LOADED.search(out + err)
        if not found:
            raise Failure("'hone bench' prints no 'Engine deserialized in t sec.'")
        times.append(float(found.group(1)) * 1e3)
    return times


def closing_table(lines):
    """Aligned columns."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(line, widths)).rstrip() for line in lines)


def measure(options, folder):
    """Rows for results.csv and lines of the closing table."""
    hone = Hone(options.hone, options.threads)
    recorded, lines = [], [("measure", "ort ms", "hone ms", "ratio", "goal")]
    for name in (name for name in MODELS if name in options.only):
        task, rows = against_peers(name, hone, folder, options.rounds)
        print(peers.table(f"{MODELS[name]}  batch {task.batch}  {task.threads} thread(s)", rows), flush=True)
        recorded += peers.csv_rows(task, rows, name)
        by_engine = {row["engine"]: row for row in rows}
        cells = [f"{by_engine[label]['ms_median']:.2f}" if label in by_engine else "absent" for label in ("ort-fp32", "hone")]
        both = len(by_engine) == 2
        lines.append((MODELS[name], *cells, f"{by_engine['hone']['ratio']:.2f}" if both else "-", GOALS[name]))
    if "load" in options.only:
        times = load_milliseconds(hone, plan_of("resnet50", hone, folder)[2])
        middle = statistics.median(times)
        recorded.append({"threads": hone.threads, "model": "resnet50 plan load", "engine": "hone", "precision": "fp32",
                         "batch": 1, "ms_median": f"{middle:.4f}", "ratio": ""})
        lines.append(("load of the ResNet-50 plan", "-", f"{middle:.2f}", "-", GOALS["load"]))
    return recorded, lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hone", default=str(ROOT / "build/release/hone"))
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(GOALS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-record", action="store_true")
    options = parser.parse_args()
    unknown = set(options.only) - set(GOALS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    options.hone = str(Path(options.hone).resolve())
    with tempfile.TemporaryDirectory() as folder:
        try:
            recorded, lines = measure(options, folder)
        except (Failure, peers.PeerError, fill.FillError) as error:
            sys.exit(f"bench: {error}")
    print(f"\n{results.cpu_name()}, {options.threads} thread(s)\n{closing_table(lines)}")
    if recorded and not options.no_record:
        results.append(recorded)


if __name__ == "__main__":
    main()
