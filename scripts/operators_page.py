#!/usr/bin/env python3
"""Writes docs/operators.md: operators_page.py [--report FILE] [--check]

Names and opsets come from src/frontend/onnx/onnx_map.def; kernels, types and tests from a report of tests/conformance/run.py
(--report), or stay as the page has them. --check changes nothing and fails when the page does not fit the map."""
import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/operators.md"
MAP = ROOT / "src/frontend/onnx/onnx_map.def"
IMPORT = ROOT / "src/frontend/onnx/onnx_import.h"
ROW = re.compile(r"\| `([\w.]+)` \| [^|]* \| ([^|]*) \| ([^|]*) \| [^|]* \| ([^|]*) \|")
SUITES = re.compile(r"(\| suite \|.*?\n\n)", re.S)
NOTHING = "-"
HEAD = """# Operators
Made by `scripts/operators_page.py`; `make conformance` brings its numbers up to date.

Every operator runs by its reference kernel, whatever its types and shapes. `CPU kernels` are the fast ones that took it in at
least one test; where they do not fit, the reference runs. `Types` are the element types of inputs in tests of that operator
alone. `Tests` counts the tests of the ONNX backend suites that hold the operator: passed in every way, and all.

A test runs as a reference (`hone run --reference`), as a plan (`hone build`, `hone run`) and, where an input has a leading
dimension that can become a name, as a plan with a symbolic batch. `tests/conformance/expected_failures.tsv` has the tests that
fail, each with its reason.

"""
NO_SUITES = "| suite | tests | reference | plan | batch |\n| --- | --- | --- | --- | --- |\n\n"


def operators():
    """Name -> the opsets it is read in."""
    newest = re.search(r"HN_ONNX_NEWEST (\d+)", IMPORT.read_text())[1]
    first = {}
    for name, since in re.findall(r'HN_ONNX\("([\w.]+)",\s+(\d+),', MAP.read_text()):
        first.setdefault(name, since)
    return {name: f"{since} to {newest}" if "." not in name else f"from {since} of {name.rpartition('.')[0]}"
            for name, since in first.items()}


def known_rows(page):
    """Name -> (kernels, types, tests) as the page has them."""
    return {match[1]: (match[2], match[3], match[4]) for match in ROW.finditer(page)}


def reported_rows(report):
    return {name: (" ".join(row["kernels"]) or NOTHING, " ".join(row["types"]) or NOTHING, f"{row['passed']}/{row['tests']}")
            for name, row in report["operators"].items()}


def suites_table(report):
    lines = [NO_SUITES.rstrip("\n")]
    for row in report["suites"]:
        ways = (f"{passed}/{run}" for passed, run in (row["reference"], row["plan"], row["batch"]))
        lines.append(f"| {row['name']} | {row['tests']} | {' | '.join(ways)} |")
    return "\n".join(lines) + "\n\n"


def page_of(suites, rows):
    lines = ["| operator | opsets | CPU kernels | types | GPU | tests |", "| --- | --- | --- | --- | --- | --- |"]
    for name, opsets in operators().items():
        kernels, types, tests = rows.get(name, (NOTHING, NOTHING, NOTHING))
        lines.append(f"| `{name}` | {opsets} | {kernels} | {types} | {NOTHING} | {tests} |")
    return HEAD + suites + "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--report", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if options.report:
        report = json.loads(options.report.read_text(encoding="utf-8"))
        new = page_of(suites_table(report), reported_rows(report))
    else:
        found = SUITES.search(page)
        new = page_of(found[1] if found else NO_SUITES, known_rows(page))
    if options.check:
        if new != page:
            sys.exit("docs/operators.md does not fit src/frontend/onnx/onnx_map.def: run scripts/operators_page.py")
    else:
        PAGE.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
