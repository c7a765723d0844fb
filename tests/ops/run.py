"""Runs the cases_*.py beside this file: `PASS name`, `FAIL name: why`. Arguments are words that names must contain.

Every operator that a model file can hold and that has no bodies needs a case."""
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

import optest  # noqa: E402  (found beside this file)
from caseloop import run_cases  # noqa: E402

CONTROL, INTERNAL = 1 << 9, 1 << 11


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
    failed = run_cases(FOLDER, "cases", words) + (0 if words else check_coverage())
    sys.exit(1 if failed else 0)


main()
