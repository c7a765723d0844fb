#!/usr/bin/env python3
"""Runs the groups of tests in order and closes with `N passed, N failed, N skipped`: check.py [--long] [group...]

A group is one row of GROUPS. It is listed only if a file it needs exists. Its runner yields (verdict, name, detail)."""
import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from glob import glob
from typing import Callable

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HONE = os.path.join(ROOT, "build/release/hone")
PYTHON = "build/venv/bin/python"
JOBS = str(len(os.sched_getaffinity(0)))
TAIL = 40  # lines of a failed command's output that are shown
CLI_SECONDS = 300
PASS, FAIL, SKIP = "PASS", "FAIL", "SKIP"

VERDICT = re.compile(r"(PASS|FAIL|SKIP) +(\S.*?)(?:: |:?$|  +)(.*)")


@dataclass
class Group:
    name: str
    needs: str                  # glob of files without which the group does not exist
    builds: list                # "preset" or "preset:target", built first
    run: Callable               # run(deadline) yields (verdict, name, detail)
    seconds: int = 900          # limit
    long: bool = False          # only in check-long


def output_lines(command, deadline, cwd=ROOT, env=None):
    """Yields the lines a command prints (both streams), then its exit status; ends it at the deadline."""
    with subprocess.Popen(command, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
                          start_new_session=True) as process:
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
        signal.alarm(max(1, int(deadline - time.monotonic())))
        try:
            yield from (line.rstrip("\n") for line in process.stdout)
            status = process.wait()
        finally:
            signal.alarm(0)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    late = time.monotonic() >= deadline
    yield "(ended: over its time)" if late else status


def run_command(command, deadline, **where):
    """(exit status or a reason, last lines)."""
    *lines, status = output_lines(command, deadline, **where)
    return status, "\n".join(lines[-TAIL:])


def each(*tests):
    """Runner: every (name, command) is one test, good if it exits 0."""
    def run(deadline):
        for name, command in tests:
            status, tail = run_command(command, deadline)
            yield (PASS, name, "") if status == 0 else (FAIL, name, f"exit {status}\n{tail}")
    return run


def printed(*command):
    """Runner: the command prints `PASS name`, `FAIL name: why` and `SKIP name: reason`."""
    def run(deadline):
        tail, verdicts, failed = deque(maxlen=TAIL), 0, False
        for line in output_lines(command, deadline, env={"HONE": HONE}):
            match = VERDICT.match(line) if isinstance(line, str) else None
            if match:
                verdicts, failed = verdicts + 1, failed or match.group(1) == FAIL
                yield match.groups()
            elif isinstance(line, str):
                tail.append(line)
            elif line != 0 and not failed:
                yield FAIL, " ".join(command), f"exit {line}\n" + "\n".join(tail)
            elif verdicts == 0:
                yield FAIL, " ".join(command), "ran no test"
    return run


def ctest(preset, label):
    """Runner: the programs that CMake registered under a label."""
    row = re.compile(r"\s*\d+/\d+ Test\s+#\d+: (\S+) \.+\**\s*(Passed|\S.*?)\s+[\d.]+ sec")
    command = ["ctest", "--test-dir", f"build/{preset}", "-L", f"^{label}$", "-j", JOBS]
    fixed_addresses = ["setarch", "-R"]  # gcc 12's ThreadSanitizer cannot live with the randomisation of newer kernels

    def run(deadline):
        allowed = preset == "tsan" and run_command([*fixed_addresses, "true"], deadline)[0] == 0
        lines = output_lines([*fixed_addresses, *command] if allowed else command, deadline)
        found = [match.groups() for line in lines if isinstance(line, str) and (match := row.match(line))]
        for name, verdict in found:
            if verdict == "Passed":
                yield PASS, name, ""
            else:
                again = ["ctest", "--test-dir", f"build/{preset}", "-R", f"^{re.escape(name)}$", "-V"]
                yield FAIL, name, f"{verdict}\n{run_command(again, deadline)[1]}"
        if not found:
            yield FAIL, label, "ctest ran no test"
    return run


def cli(_deadline):
    """Runner: each tests/cli/*.sh, in an empty folder of its own; standard output must equal NAME.stdout.exact if there is one.
    Exit 77 skips, with the last line of output as the reason; each has CLI_SECONDS."""
    for script in sorted(glob(os.path.join(ROOT, "tests/cli/*.sh"))):
        name, exact = os.path.basename(script)[:-3], script[:-3] + ".stdout.exact"
        with tempfile.TemporaryDirectory() as folder:
            got = subprocess.run(["timeout", str(CLI_SECONDS), "bash", "-eu", script], cwd=folder, capture_output=True,
                                 stdin=subprocess.DEVNULL, text=True, errors="replace",
                                 env={**os.environ, "HONE": HONE, "ROOT": ROOT})
        if got.returncode == 77:
            yield SKIP, name, (got.stdout + got.stderr).strip().splitlines()[-1]
        elif got.returncode:
            yield FAIL, name, f"exit {got.returncode}\n" + "\n".join((got.stdout + got.stderr).splitlines()[-TAIL:])
        elif os.path.exists(exact) and open(exact, encoding="utf-8").read() != got.stdout:
            difference = subprocess.run(["diff", "-u", "--label", "expected", exact, "--label", "printed", "-"], input=got.stdout, capture_output=True, text=True)
            yield FAIL, name, "other output\n" + difference.stdout
        else:
            yield PASS, name, ""


C_FILES = "git ls-files -co --exclude-standard '*.c' '*.h'"
RULES = each(
    ("layers", ["scripts/check_layers.py"]),
    ("sizes", ["scripts/check_sizes.py"]),
    ("names", ["scripts/check_names.py"]),
    ("calls", ["scripts/check_calls.py"]),
    ("defs", ["scripts/check_defs.py"]),
    ("operators page", ["scripts/operators_page.py", "--check"]),
    ("headers", ["scripts/check_headers.sh"]),
    ("symbols", ["scripts/check_symbols.sh"]),
    ("rules of the rules", ["python3", "scripts/test_rules.py"]),
    ("format", ["bash", "-c", f"{C_FILES} | xargs clang-format --dry-run -Werror"]),
    ("analyzer", ["scripts/analyze.sh"]),
)


def python(folder):
    return printed(PYTHON, f"tests/{folder}/run.py")


def python_long(folder):
    """A runner whose program does more in check-long."""
    return printed(PYTHON, f"tests/{folder}/run.py", *(["--long"] if "--long" in sys.argv else []))


GROUPS = [
    Group("rules", "scripts/check_*", ["release"], RULES),
    Group("unit", "tests/unit/*/*_test.c", ["release"], ctest("release", "unit")),
    Group("clang", "tests/unit/*/*_test.c", ["clang"], ctest("clang", "unit")),
    Group("asan", "tests/unit/*/*_test.c", ["asan"], ctest("asan", "unit")),
    Group("tsan", "tests/unit/*/*_test.c", ["tsan:tsan_tests"], ctest("tsan", "tsan")),
    Group("oom", "tests/oom/*_test.c", ["asan"], ctest("asan", "oom")),
    Group("kernelcheck", "tests/kernelcheck/*.c", ["release"], printed("build/release/kernelcheck")),
    Group("passes", "tests/passes/*_test.c", ["asan"], printed("build/asan/passes/pass_test")),
    Group("ops", "tests/ops/run.py", ["release"], python("ops")),
    Group("check", "tests/check/run.py", ["release"], python("check")),
    Group("contrib", "tests/contrib/run.py", ["release"], python("contrib")),
    Group("cli", "tests/cli/*.sh", ["release"], cli),
    Group("examples", "tests/examples/run.py", ["release"], python("examples")),
    Group("golden_plans", "tests/golden_plans/run.py", ["release"], python("golden_plans")),
    Group("hostile", "tests/hostile/*_test.c", ["asan"], ctest("asan", "hostile"), 1200),
    Group("mutants", "tests/hostile/run.py", ["asan:run_mutants"], python_long("hostile"), 5400 if "--long" in sys.argv else 1200),
    Group("fuzz", "fuzz/*_fuzz.c", ["fuzz:fuzzers"], printed("python3", "scripts/run_fuzz.py"), 1200),
    Group("models", "tests/models/run.py", ["release"], python_long("models"), 5400 if "--long" in sys.argv else 2400),
    Group("simplify", "tests/simplify/run.py", ["release"], python("simplify")),
    Group("simplify_suite", "tests/simplify/backend.py", ["release"],
          printed(PYTHON, "tests/simplify/backend.py", *([] if "--long" in sys.argv else ["--every", "5"]))),
    Group("simplify_large", "tests/simplify/large.py", ["release"], printed(PYTHON, "tests/simplify/large.py"), long=True),
    Group("conformance", "tests/conformance/run.py", ["release"], python("conformance"), 1800),
]


def build(what, built={}):
    """Configures and builds a preset once; None, or what went wrong."""
    if what not in built:
        preset, _, target = what.partition(":")
        deadline = time.monotonic() + 1800
        status, tail = 0, ""
        if not os.path.exists(os.path.join(ROOT, f"build/{preset}/Makefile")):
            status, tail = run_command(["cmake", "--preset", preset], deadline)
        if status == 0:
            status, tail = run_command(["cmake", "--build", f"build/{preset}", "--parallel", JOBS, "--target",
                                        target or "all", "--", "--no-print-directory"], deadline)
        built[what] = None if status == 0 else f"exit {status}\n{tail}"
    return built[what]


def run_group(group):
    """All results of a group, the failed and skipped ones printed as they come."""
    print(f"== {group.name}", flush=True)
    start = shown = time.monotonic()
    results = [(FAIL, f"build {what}", trouble) for what in group.builds if (trouble := build(what))]
    for verdict, name, detail in results:
        print(f"   {verdict} {name}: {detail}", flush=True)
    if not results:
        built = time.monotonic()
        if built - start > 1:
            print(f"   built {', '.join(group.builds)} in {built - start:.0f} s", flush=True)
        for verdict, name, detail in group.run(built + group.seconds):
            results.append((verdict, name, detail))
            if verdict != PASS:
                print(f"   {verdict} {name}: {detail}", flush=True)
            elif time.monotonic() - shown > 20 or sys.stdout.isatty():
                shown = time.monotonic()
                end = "\033[K\r" if sys.stdout.isatty() else "\n"
                print(f"   {len(results)} done, last {name}", end=end, flush=True)
    n = {verdict: sum(r[0] == verdict for r in results) for verdict in (PASS, FAIL, SKIP)}
    print(f"   {group.name}: {n[PASS]} good, {n[FAIL]} bad, {n[SKIP]} skipped in {time.monotonic() - start:.1f} s", flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true", help="also the groups that take long")
    parser.add_argument("groups", nargs="*", help=" ".join(group.name for group in GROUPS))
    options = parser.parse_args()
    os.chdir(ROOT)
    unknown = set(options.groups) - {group.name for group in GROUPS}
    if unknown:
        parser.error(f"no such group: {' '.join(sorted(unknown))}")
    chosen = [g for g in GROUPS if glob(g.needs) and (g.name in options.groups if options.groups else options.long or not g.long)]
    results = [(group.name, *result) for group in chosen for result in run_group(group)]
    for wanted, title in ((SKIP, "Skipped"), (FAIL, "Failed")):
        rows = [f"  {group}/{name}: {detail.splitlines()[0] if detail else ''}"
                for group, verdict, name, detail in results if verdict == wanted]
        if rows:
            print(f"{title}:", *rows, sep="\n")
    n = {verdict: sum(r[1] == verdict for r in results) for verdict in (PASS, FAIL, SKIP)}
    print(f"{n[PASS]} passed, {n[FAIL]} failed, {n[SKIP]} skipped", flush=True)
    sys.exit(1 if n[FAIL] or not n[PASS] else 0)


if __name__ == "__main__":
    main()
