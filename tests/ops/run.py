"""Runs the cases_*.py beside this file: `PASS name`, `FAIL name: why`. Arguments are words that names must contain.

Every operator that a model file can hold and that has no bodies needs a case."""
import importlib
import sys
import traceback
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

import optest  # noqa: E402  (found beside this file)

CONTROL, INTERNAL = 1 << 9, 1 << 11


def one_line(error):
    where = traceback.extract_tb(error.__traceback__)
    lines = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in where if "cases_" in frame.filename]
    text = " ".join(str(error).split())[:400]
    return f"{type(error).__name__ if not isinstance(error, AssertionError) else ''} {text} ({' '.join(lines)})".strip()


def run_cases(words):
    failed = 0
    for path in sorted(FOLDER.glob("cases_*.py")):
        module = importlib.import_module(path.stem)
        for name, function in list(vars(module).items()):
            label = f"{path.stem[6:]}/{name[5:]}"
            if not name.startswith("test_") or not all(word in label for word in words):
                continue
            try:
                function()
                print(f"PASS {label}", flush=True)
            except Exception as error:  # one broken case must not hide the others
                failed += 1
                print(f"FAIL {label}: {one_line(error)}", flush=True)
    return failed


def check_coverage():
    failed = 0
    for number in range(optest.LIBRARY.op_count()):
        name = optest.LIBRARY.op_name(number).decode()
        if optest.LIBRARY.op_facts(name.encode()) & (CONTROL | INTERNAL):
            continue
        if not optest.LIBRARY.op_implemented(name.encode()):
            failed += 1
            print(f"FAIL coverage/{name}: not implemented")
        elif name not in optest.seen:
            failed += 1
            print(f"FAIL coverage/{name}: no case calls it")
        else:
            print(f"PASS coverage/{name}")
    return failed


def main():
    words = sys.argv[1:]
    failed = run_cases(words) + (0 if words else check_coverage())
    sys.exit(1 if failed else 0)


main()
