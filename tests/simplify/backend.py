#!/usr/bin/env python3
"""The backend suite of the installed onnx package, simplified: judges the writer for all operators.

usage: backend.py [--jobs N] [--suite NAME] [--every N] [WORD]...

Each test's model is simplified as it is, and again with all inputs but the first as constants, so that folding and the
writer's conversions see them, and with an operator that nobody knows behind the first input, which must stay. The result must give what the suite expects, in Hone, and in ONNX Runtime where that runs the
original as expected; it must pass onnx.checker where the original does, and has no more nodes (but for the Gradient, which is written out). Prints `PASS test`, or
`FAIL test: form: why`. Tests that Hone itself is expected to fail (tests/conformance/expected_failures.tsv) print `SKIP`."""
import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import onnx
import onnxruntime

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/conformance"))
import suites  # noqa: E402
import tolerance  # noqa: E402
from expected import Expectations  # noqa: E402
from program import Failure, check_data, given_inputs, hone  # noqa: E402

FOLDER = ROOT / "build/conformance"
UNKNOWN, BEHIND = "test.unknown", "behind_the_unknown"  # a domain, and what its operator gives


def with_constants(case, model):
    """(the model with all tensor inputs of the first data set but the first as constants, their names); None without any."""
    fixed = {}
    for info, path in given_inputs(model, case.data_sets()[0])[1:]:
        if info.type.HasField("tensor_type"):
            fixed[info.name] = onnx.TensorProto.FromString(path.read_bytes())
            fixed[info.name].name = info.name
    if not fixed:
        return None
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    kept = [info for info in model.graph.input if info.name not in fixed or model.ir_version < 4]
    del changed.graph.input[:]
    changed.graph.input.extend(kept)
    changed.graph.initializer.extend(fixed.values())
    return changed, fixed


def behind_unknown(model):
    """The model with an operator that nobody knows between its first input, a tensor, and the nodes that take it."""
    first = model.graph.input[0] if model.graph.input else None
    if first is None or not first.type.HasField("tensor_type") or any(first.name in node.output for node in model.graph.node):
        return None
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    taken = [node for node in changed.graph.node if first.name in node.input]
    gradient = any(node.op_type == "Gradient" for node in model.graph.node)  # it names what it takes in attributes
    opset = max((entry.version for entry in model.opset_import if entry.domain == ""), default=0)
    if not taken or gradient or opset < 7:  # older models are written with opset 7, which takes knowing their types
        return None
    for node in taken:
        node.input[:] = [BEHIND if name == first.name else name for name in node.input]
    changed.graph.node.insert(0, onnx.helper.make_node("Opaque", [first.name], [BEHIND], "opaque", domain=UNKNOWN, mode=b"x", k=[1, 2]))
    changed.opset_import.append(onnx.helper.make_opsetid(UNKNOWN, 3))
    return changed


def known_again(path, expected):
    """The simplified model with an Identity in the place of the unknown operator, which must have stayed as it was."""
    model = onnx.load(path)
    found = [node for node in model.graph.node if node.domain == UNKNOWN]
    plain = lambda node: (node.name, node.op_type, list(node.input), sorted(a.SerializeToString() for a in node.attribute))
    if list(map(plain, found)) != [plain(expected.graph.node[0])]:
        raise Failure(f"the unknown operator became {found}")
    if [entry.version for entry in model.opset_import if entry.domain == UNKNOWN] != [3]:
        raise Failure("the opset of the unknown operator is not there")
    found[0].CopyFrom(onnx.helper.make_node("Identity", found[0].input, found[0].output))
    onnx.save(model, path)


def count(graph):
    """Nodes, those in bodies among them."""
    return sum(1 + sum(count(attribute.g) + sum(map(count, attribute.graphs)) for attribute in node.attribute)
               for node in graph.node)


def count_inlined(model):
    """As many nodes as a reader of its functions sees."""
    return count(onnx.inliner.inline_local_functions(model).graph if model.functions else model.graph)


def is_valid(model):
    """Types are inferred where all are known: onnx.checker ends the process on some operators behind an unknown type."""
    known = all(entry.domain != UNKNOWN for entry in model.opset_import)
    try:
        onnx.checker.check_model(model, full_check=known)
        return True
    except Exception:  # ValidationError, InferenceError and what the library throws besides
        return False


def onnxruntime_trouble(case, model, path, fixed):
    """None where ONNX Runtime gives what the first data set expects, else why not."""
    data = case.data_sets()[0]
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        feeds = {info.name: tolerance.read(file, info) for info, file in given_inputs(model, data) if info.name not in fixed}
        for index, (info, got) in enumerate(zip(model.graph.output, session.run(None, feeds))):
            tolerance.check(tolerance.read(data / f"output_{index}.pb", info), got, *case.tolerances())
        return None
    except Exception as error:  # it lacks operators and types
        return " ".join(str(error).split())[:200]


def check_form(case, model, path, fixed, scratch):
    out = scratch / "out.onnx"
    hone("simplify", path, out)
    before, after = onnx.load(path), onnx.load(out)
    if path.name == f"{UNKNOWN}.onnx":
        known_again(out, before)
    check_data(case, model, out, ["--reference"], scratch, fixed, 1 if fixed else None)
    if count(after.graph) > count_inlined(before) and not any(node.op_type == "Gradient" for node in before.graph.node):
        raise Failure(f"{count(after.graph)} nodes instead of {count_inlined(before)}")
    if is_valid(before) and not is_valid(after):
        raise Failure("onnx.checker refuses the result")
    if onnxruntime_trouble(case, model, path, fixed) is None:
        trouble = onnxruntime_trouble(case, model, out, fixed)
        if trouble:
            raise Failure(f"in ONNX Runtime: {trouble}")
        return True
    return False


def check_case(case):
    """(the case, reasons why it is not good, its operators, how many forms were compared in ONNX Runtime)."""
    model = onnx.load(case.folder / "model.onnx")
    forms = {"as it is": (case.folder / "model.onnx", ())}
    reasons, compared = [], 0
    with tempfile.TemporaryDirectory(prefix="hone-simplify-") as folder:
        changed = with_constants(case, model)
        if changed:
            forms["with constants"] = (Path(folder, "constants.onnx"), changed[1])
            onnx.save(changed[0], forms["with constants"][0])
        unknown = behind_unknown(model)
        if unknown:
            forms["behind an unknown operator"] = (Path(folder, f"{UNKNOWN}.onnx"), ())
            onnx.save(unknown, forms["behind an unknown operator"][0])
        for form, (path, fixed) in forms.items():
            try:
                compared += check_form(case, model, path, fixed, Path(folder))
            except (Failure, tolerance.Difference) as error:
                reasons.append(f"{form}: {' '.join(str(error).split())}")
            except Exception as error:  # a fault of the harness is a failed test, not the end of the run
                reasons.append(f"{form}: {type(error).__name__}: {' '.join(str(error).split())[:300]}")
    return Verdict(case.label, reasons, [node.op_type for node in model.graph.node], compared)


class Verdict:
    """What became of a test; what the list of expected failures asks is named as there."""

    def __init__(self, label, reasons, operators, compared):
        self.label, self.reasons, self.operators, self.compared = label, reasons, operators, compared

    def failures(self):
        return self.reasons


def alone(case):
    """check_case in a process of its own, which may die of what it loads."""
    with ProcessPoolExecutor(1) as pool:
        try:
            return pool.submit(check_case, case).result()
        except BrokenProcessPool:
            return Verdict(case.label, ["the process that held the libraries died"], [], 0)


def verdicts(cases, jobs):
    """Yields what became of each case, in order; a process that dies takes only its own case with it."""
    done = 0
    while done < len(cases):
        with ProcessPoolExecutor(jobs) as pool:
            for case, future in [(case, pool.submit(check_case, case)) for case in cases[done:]]:
                try:
                    verdict = future.result()
                except BrokenProcessPool:
                    break
                done += 1
                yield verdict
        if done < len(cases):
            yield alone(cases[done])
            done += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--suite", choices=suites.SUITES, default=suites.NEWEST)
    parser.add_argument("--every", type=int, default=1, help="one test of so many")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = [case for case in suites.cases(options.suite, suites.prepare(options.suite, FOLDER))
             if all(word in case.label for word in options.words)][::options.every]
    expectations = Expectations(ROOT / "tests/conformance/expected_failures.tsv")
    failed = compared = 0
    for verdict in verdicts(found, options.jobs):
        row = expectations.row_for(verdict) if verdict.reasons else None
        compared += verdict.compared
        failed += bool(verdict.reasons) and not row
        if row:
            print(f"SKIP simplify/{verdict.label}: {row.reason}", flush=True)
        else:
            print(f"FAIL simplify/{verdict.label}: {'; '.join(verdict.reasons)}" if verdict.reasons
                  else f"PASS simplify/{verdict.label}", flush=True)
    print(f"{len(found)} models, {compared} forms of them compared in ONNX Runtime")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
