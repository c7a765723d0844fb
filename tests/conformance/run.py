#!/usr/bin/env python3
"""The ONNX backend suites through the command line of Hone.

usage: run.py [--suite NAME]... [--jobs N] [--report FILE] [WORD]...

Each test runs as a reference (`run --reference`), as a plan (`build`, then `run`) and, where a leading dimension can become
a name, as a plan built with a symbolic batch. Prints `PASS test` or `FAIL test: way: why`; WORDs select tests by parts of
their labels. expected_failures.tsv lists the failures that are expected, with their reasons: such a test prints `SKIP`, and
`FAIL` once it passes in every way; a row that no test needs is a failure, too. The program under test is $HONE (default build/release/hone).
"""
import argparse
import functools
import json
import multiprocessing
import re
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import onnx

import suites
import tolerance
from expected import Expectations
from program import Failure, check_data, hone
from symbolic import with_symbolic_batch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "build/conformance"
WAYS = ("reference", "plan", "batch")
PLAN = "test.plan"


@dataclass
class Result:
    """What became of one test: for each way it was run, None or why it failed."""
    case: suites.Case
    ways: dict
    operators: list
    types: list
    kernels: dict = field(default_factory=dict)  # operator -> names of the CPU kernels that ran it

    @property
    def label(self):
        return self.case.label

    def failures(self):
        return {way: why for way, why in self.ways.items() if why is not None}


# ---- one test --------------------------------------------------------------------------------------------------------
def run_reference(case, model, scratch):
    check_data(case, model, case.folder / "model.onnx", ["--reference"], scratch)


def fast_kernels(plan):
    """Operator -> kernels of the plan's steps that run it."""
    found = defaultdict(set)
    for step in json.loads(hone("inspect", plan, "--json"))["steps"]:
        if step["kind"] == "kernel":
            for name in re.findall(r"\w+", step["fused"]):
                found[name].add(step["kernel"])
    return dict(found)


def run_plan(case, model, scratch):
    plan = scratch / PLAN
    hone("build", case.folder / "model.onnx", "-o", plan, "--threads", 1)
    check_data(case, model, plan, [], scratch)


def run_batch(case, model, scratch):
    symbolic = with_symbolic_batch(model)
    if symbolic is None:
        return False
    path, plan = scratch / "symbolic.onnx", scratch / "symbolic.plan"
    path.write_bytes(symbolic.SerializeToString())
    hone("build", path, "-o", plan, "--threads", 1)
    check_data(case, model, plan, [], scratch)
    return True


def tensor_types(model):
    """Names of the element types of the graph's inputs."""
    infos = [info.type.tensor_type for info in model.graph.input if info.type.HasField("tensor_type")]
    return sorted({onnx.TensorProto.DataType.Name(info.elem_type).lower() for info in infos})


def operators(nodes):
    """Names of the operators of nodes and of the bodies inside them, with the domain in front unless it is ai.onnx."""
    names = {node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}" for node in nodes}
    for node in nodes:
        for attribute in node.attribute:
            names |= operators(attribute.g.node)
    return names


def run_case(case, with_kernels):
    model = onnx.load(case.folder / "model.onnx")
    result = Result(case, {}, sorted(operators(model.graph.node)), tensor_types(model))
    with tempfile.TemporaryDirectory(prefix="hone-conformance-") as folder:
        for way, function in zip(WAYS, (run_reference, run_plan, run_batch)):
            try:
                if function(case, model, Path(folder)) is not False:
                    result.ways[way] = None
            except (Failure, tolerance.Difference) as error:
                result.ways[way] = " ".join(str(error).split())
            except Exception as error:  # a fault of the harness is a failed test, not the end of the run
                result.ways[way] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        if with_kernels and not result.failures():
            result.kernels = fast_kernels(Path(folder) / PLAN)
    return result


# ---- all of them -----------------------------------------------------------------------------------------------------
def selected(names, words):
    for suite in names:
        for case in suites.cases(suite, suites.prepare(suite, FOLDER)):
            if all(word in case.label for word in words):
                yield case


def judge(result, expectations):
    """Prints the verdict about one test; true if it is as it should be."""
    failures, row = result.failures(), expectations.row_for(result)
    text = "; ".join(f"{way}: {why}" for way, why in failures.items())
    if row and not failures:
        print(f"FAIL {result.label}: passes, but {expectations.name} expects a failure ({row.reason})", flush=True)
    elif failures and not row:
        print(f"FAIL {result.label}: {text}", flush=True)
    elif failures:
        print(f"SKIP {result.label}: expected to fail: {row.reason}", flush=True)
        return True
    else:
        print(f"PASS {result.label}", flush=True)
        return True
    return False


def count_suites(results):
    """For each suite and kind: tests, and for each way how many passed and how many ran."""
    counts = {}
    for result in results:
        name = f"{result.case.suite} {result.case.kind}"
        row = counts.setdefault(name, {"name": name, "tests": 0, **{way: [0, 0] for way in WAYS}})
        row["tests"] += 1
        for way, why in result.ways.items():
            row[way][0] += why is None
            row[way][1] += 1
    return list(counts.values())


def print_counts(rows):
    print(f"\n{'suite':30} {'tests':>6}" + "".join(f" {way:>12}" for way in WAYS))
    for row in rows:
        cells = (f"{row[way][0]}/{row[way][1]}" for way in WAYS)
        print(f"{row['name']:30} {row['tests']:>6}" + "".join(f" {cell:>12}" for cell in cells))


def count_operators(results):
    """For each operator: tests that hold it, those that pass in every way, fast kernels, and the types of
    inputs in tests that hold nothing else."""
    rows = defaultdict(lambda: {"tests": 0, "passed": 0, "types": set(), "kernels": set()})
    for result in results:
        for name in result.operators:
            row = rows[name]
            row["tests"] += 1
            if not result.failures():
                row["passed"] += 1
                row["types"].update(result.types if len(result.operators) == 1 else ())
                row["kernels"].update(result.kernels.get(name, ()))
    return {name: {**row, "types": sorted(row["types"]), "kernels": sorted(row["kernels"])} for name, row in rows.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", action="append", choices=suites.SUITES)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", type=Path, help="file for the numbers that docs/operators.md shows")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        chosen = list(selected(options.suite or suites.SUITES, options.words))
    except suites.SuiteError as error:
        print(f"FAIL suites: {error}")
        sys.exit(1)
    expectations = Expectations(HERE / "expected_failures.tsv")
    results, good = [], True
    with multiprocessing.Pool(options.jobs) as pool:
        for result in pool.imap(functools.partial(run_case, with_kernels=bool(options.report)), chosen, chunksize=8):
            results.append(result)
            good &= judge(result, expectations)
    if not options.words and not options.suite:
        for row in expectations.unused():
            good = False
            print(f"FAIL {expectations.name}: no test fails for the row '{row.pattern}' ({row.reason})")
    rows = count_suites(results)
    print_counts(rows)
    if options.report:
        options.report.write_text(json.dumps({"suites": rows, "operators": count_operators(results)}), encoding="utf-8")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
