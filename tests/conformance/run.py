#!/usr/bin/env python3
"""The ONNX backend suites through the command line of Hone.

usage: run.py [--suite NAME]... [--jobs N] [--report FILE] [WORD]...

Each test runs as a reference (`run --reference`), as a plan (`build`, then `run`) and, where a leading dimension can become
a name, as a plan built with a symbolic batch. Prints `PASS test` or `FAIL test: way: why`; WORDs select tests by parts of
their labels. expected_failures.tsv lists the failures that are expected, with their reasons: such a test prints `SKIP`, and
`FAIL` once it passes in every way; a row that no test needs is a failure, too. The program under test is $HONE (default build/release/hone).
"""
import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import onnx

import suites
import tolerance
from expected import Expectations
from symbolic import with_symbolic_batch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HONE = os.environ.get("HONE", str(ROOT / "build/release/hone"))
FOLDER = ROOT / "build/conformance"
SECONDS = 60  # for one command
WAYS = ("reference", "plan", "batch")


class Failure(Exception):
    """A command did not end well."""


@dataclass
class Result:
    """What became of one test: for each way it was run, None or why it failed."""
    case: suites.Case
    ways: dict
    operators: list
    types: list = field(default_factory=list)

    @property
    def label(self):
        return self.case.label

    def failures(self):
        return {way: why for way, why in self.ways.items() if why is not None}


# ---- one test --------------------------------------------------------------------------------------------------------
def hone(*arguments):
    try:
        done = subprocess.run([HONE, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{arguments[0]} took more than {SECONDS} s") from error
    if done.returncode:
        lines = [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        text = next((line for line in lines if "error" in line), lines[0] if lines else "no message")
        raise Failure(f"{arguments[0]} ended with {done.returncode}: {text[:300]}")


def inputs_of(model):
    """The graph's inputs that a caller gives, in order."""
    constant = {tensor.name for tensor in model.graph.initializer}
    return [info for info in model.graph.input if info.name not in constant]


def check_data(case, model, program, options, scratch):
    """Runs `program` (a model or a plan) on every data set of the test."""
    for data in case.data_sets():
        given = sorted(data.glob("input_*.pb"), key=lambda path: int(path.stem[6:]))
        infos = model.graph.input if len(given) == len(model.graph.input) else inputs_of(model)
        arguments = [word for info, path in zip(infos, given) for word in ("--input", f"{info.name}:{path}")]
        results = scratch / "out"
        shutil.rmtree(results, ignore_errors=True)
        hone("run", program, *options, *arguments, "--outputs", f"{results}/")
        for index, info in enumerate(model.graph.output):
            expected = data / f"output_{index}.pb"
            if expected.exists():
                try:
                    tolerance.check(tolerance.read(expected, info), tolerance.read(results / f"output_{index}.pb", info),
                                    *case.tolerances())
                except FileNotFoundError as error:
                    raise Failure(f"output {index} was not written") from error
                except tolerance.Difference as error:
                    raise tolerance.Difference(f"output {index}: {error}") from error


def run_reference(case, model, scratch):
    check_data(case, model, case.folder / "model.onnx", ["--reference"], scratch)


def run_plan(case, model, scratch):
    plan = scratch / "test.plan"
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
    """Names of the operators of nodes and of the bodies inside them."""
    names = {node.op_type for node in nodes}
    for node in nodes:
        for attribute in node.attribute:
            names |= operators(attribute.g.node)
    return names


def run_case(case):
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


def print_counts(results):
    counts = defaultdict(Counter)
    for result in results:
        count = counts[f"{result.case.suite} {result.case.kind}"]
        count["tests"] += 1
        for way in WAYS:
            count[way, "run"] += way in result.ways
            count[way, "passed"] += result.ways.get(way, "") is None
    print(f"\n{'suite':30} {'tests':>6}" + "".join(f" {way:>12}" for way in WAYS))
    for name, count in counts.items():
        cells = (f"{count[way, 'passed']}/{count[way, 'run']}" for way in WAYS)
        print(f"{name:30} {count['tests']:>6}" + "".join(f" {cell:>12}" for cell in cells))


def write_report(path, results):
    """One line for each operator: name, tests passed in every way, tests, element types of the tests that passed."""
    rows = defaultdict(lambda: [0, 0, set()])
    for result in results:
        for name in result.operators:
            row = rows[name]
            row[1] += 1
            if not result.failures():
                row[0] += 1
                row[2].update(result.types)
    lines = [f"{name}\t{passed}\t{total}\t{' '.join(sorted(types))}\n" for name, (passed, total, types) in sorted(rows.items())]
    path.write_text("".join(lines), encoding="utf-8")


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
        for result in pool.imap(run_case, chosen, chunksize=8):
            results.append(result)
            good &= judge(result, expectations)
    if not options.words and not options.suite:
        for row in expectations.unused():
            good = False
            print(f"FAIL {expectations.name}: no test fails for the row '{row.pattern}' ({row.reason})")
    print_counts(results)
    if options.report:
        write_report(options.report, results)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
