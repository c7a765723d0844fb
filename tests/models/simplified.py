"""`hone simplify` on a model: as few nodes as the better of two other simplifiers leave, a file that does not grow, the same
outputs in ONNX Runtime.

simplifiers.tsv holds what onnxsim 0.8.1 and OnnxSlim 0.1.98 leave of the skeletons: nodes of all graphs, Constant among
them, functions inlined. Where one of them makes the file larger by more than 5 %, the other counts."""
import csv
import json
from pathlib import Path

import judge
from hone_cli import Failure
from oracle import Oracle

MOST_GROWTH = 1.05


def _limits():
    with open(Path(__file__).with_name("simplifiers.tsv"), encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file, delimiter="\t")
    assert head[2::2] == ["onnxsim", "onnxslim"]
    good = lambda row: [int(row[i]) for i in (2, 4) if float(row[i + 1]) <= 5]
    return {row[0]: min(good(row)) for row in rows}


LIMITS = _limits()


def check(bench, feeds):
    """Raises Failure; `bench` is the model on the table of run.py."""
    out = Path(bench.scratch, "simplified.onnx")
    report = json.loads(bench.hone.call("simplify", bench.path, out, "--json")[0])
    nodes, size = report["nodes"]["after"], report["bytes"]
    limit = LIMITS.get(bench.model.name)
    if limit is not None and nodes > limit:
        raise Failure(f"{nodes} nodes are left; another simplifier leaves {limit}")
    if size["after"] > MOST_GROWTH * size["before"] or out.stat().st_size != size["after"]:
        raise Failure(f"the file grew from {size['before']} to {size['after']} bytes, {out.stat().st_size} are there")
    if report["check"]["verdict"] != "same":
        raise Failure(f"its own check says: {report['check']}")
    made = Oracle(out, None, bench.threads).run(feeds)
    judge.outputs(bench.oracle.outputs(feeds), made, bench.model.rtol, bench.model.sets)
    out.unlink()
