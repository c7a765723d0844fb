"""The program under test on the data of one test: $HONE, default build/release/hone."""
import os
import shutil
import subprocess
from pathlib import Path

import tolerance

HONE = os.environ.get("HONE", str(Path(__file__).resolve().parents[2] / "build/release/hone"))
SECONDS = 60  # for one command


class Failure(Exception):
    """A command did not end well."""


def hone(*arguments):
    try:
        done = subprocess.run([HONE, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{arguments[0]} took more than {SECONDS} s") from error
    if done.returncode:
        lines = [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        text = next((line for line in lines if "error" in line), lines[0] if lines else "no message")
        raise Failure(f"{arguments[0]} ended with {done.returncode}: {text[:300]}")
    return done.stdout


def inputs_of(model):
    """The graph's inputs that a caller gives, in order."""
    constant = {tensor.name for tensor in model.graph.initializer}
    return [info for info in model.graph.input if info.name not in constant]


def given_inputs(model, data):
    """(what the graph declares, file) of each input that a data set gives."""
    given = sorted(data.glob("input_*.pb"), key=lambda path: int(path.stem[6:]))
    infos = model.graph.input if len(given) == len(model.graph.input) else inputs_of(model)
    return list(zip(infos, given))


def check_data(case, model, program, options, scratch, fixed=(), most=None):
    """Runs `program` (a model or a plan) on every data set of the test, or the first `most`; inputs named in `fixed` are
    constants of the program."""
    for data in case.data_sets()[:most]:
        arguments = [word for info, path in given_inputs(model, data) if info.name not in fixed
                     for word in ("--input", f"{info.name}:{path}")]
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
