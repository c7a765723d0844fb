#!/usr/bin/env python3
"""Real models end to end: check, build, run, and compare with ONNX Runtime.

usage: run.py [--only NAME,NAME..] [--long] [--jobs N] [--keep] [--folder build/models] [--list]

Prints `PASS name`, `FAIL name: why`, `SKIP name: reason`; ends with status 1 if anything failed. The program under test
is $HONE (default build/release/hone). Models are drawn one at a time and removed again unless --keep is given.
"""
import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dirty_memory
import fill
import inputs
import judge
import packaged
import selftest
import simplified
import trained
import zoo
from hone_cli import Failure, Hone, profile_options, shape_text
from oracle import Oracle
from packages import FetchError

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = (Failure, judge.Mismatch, fill.FillError, FetchError)
ARENA_FACTOR = 1.25
RESNET50_STEPS = 60
FOLDED_OPS = ("BatchNormalization", "Relu", "Add")


class Report:
    """Counts and prints results; safe to use from several threads."""

    def __init__(self):
        self.counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
        self.lock = threading.Lock()

    def say(self, word, name, why=""):
        with self.lock:
            self.counts[word] += 1
            print(f"{word} models/{name}" + (f": {why}" if why else ""), flush=True)

    def note(self, text):
        with self.lock:
            print(text, flush=True)

    def attempt(self, name, function, *arguments):
        """Run one check; returns its result, or None after printing why it failed."""
        try:
            result = function(*arguments)
        except EXPECTED as error:
            self.say("FAIL", name, " ".join(str(error).split()))
        except Exception as error:  # a fault of the harness is a failed check, not the end of the run
            traceback.print_exc()
            self.say("FAIL", name, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
        else:
            self.say("PASS", name)
            return True if result is None else result
        return None


class Bench:
    """One model on the table: its file, its reference and a folder for plans."""

    def __init__(self, model, hone, report, options):
        self.model, self.hone, self.report = model, hone, report
        self.long, self.folder = options.long, options.folder
        self.threads = hone.threads
        self.scratch = self.path = self.oracle = None

    # ---- steps ----
    def prepare(self):
        """Put the model file and the inputs' data in place."""
        if self.model.kind == "page":
            trained.fetch.fetch("textlines", self.folder)
        self.path = self.model.make(self.folder)
        self.oracle = Oracle(self.path, self.folder / ".oracle", self.threads)

    def build(self, name, options):
        """Plan path; a failed build raises Failure."""
        plan = Path(self.scratch, f"{name}.plan")
        self.hone.build(self.path, plan, *options)
        return plan

    def compare(self, source, shapes, variant, *options):
        """Run `source` at `shapes` and judge it by the oracle."""
        feeds = inputs.feeds(self.model, shapes, self.folder, variant)
        made = self.hone.run(source, feeds, *options)
        judge.outputs(self.oracle.outputs(feeds), made, self.model.rtol, self.model.sets)

    def attempt(self, name, function, *arguments):
        return self.report.attempt(f"{self.model.name}/{name}", function, *arguments)

    # ---- groups of checks ----
    def exported_shapes(self):
        """The plan at the exported shapes: outputs, memory and (ResNet-50) fusion."""
        fixed = () if self.model.static else ("--shapes", shape_text(self.model.shapes))
        plan = self.attempt("build", self.build, "exported", fixed)
        if plan is None:
            return
        self.attempt("exported", self.compare, plan, self.model.shapes, "noise")
        if self.model.kind == "cnn":
            self.attempt("smooth", self.compare, plan, self.model.shapes, "smooth")
        self.attempt("arena", self.small_arena, plan)
        if self.model.name == "resnet50":
            self.attempt("fused", self.few_steps, plan)
            self.attempt("dirty_memory", dirty_memory.check, self.hone, plan)
        plan.unlink()

    def unbounded(self):
        """One plan without shapes serves every shape; the build says that it is unbounded."""
        def build():
            plan = Path(self.scratch, "unbounded.plan")
            if "unbounded" not in self.hone.build(self.path, plan).lower():
                raise Failure("the build does not say that the profile is unbounded")
            return plan

        plan = self.attempt("unbounded", build)
        if plan is None:
            return
        for index, shapes in enumerate(self.model.others or self.batches()):
            self.attempt(f"unbounded_{index}", self.compare, plan, shapes, "padded")
        plan.unlink()

    def batches(self):
        """For a model whose batch alone moves: batch 2."""
        return ({name: (2, *extents[1:]) for name, extents in self.model.shapes.items()},)

    def profiles(self):
        """Two profiles in one plan; a shape outside of both is refused."""
        plan = self.attempt("profiles", self.build, "profiles", profile_options(self.model.profiles))
        if plan is None:
            return
        for index, shapes in enumerate(self.model.others):
            self.attempt(f"profiles_{index}", self.compare, plan, shapes, "padded")
        for index, profile in enumerate(self.model.profiles):
            self.attempt(f"use_profile_{index}", self.compare, plan, profile[1], "padded", "--use-profile", index)
        self.attempt("outside", self.outside, plan)
        plan.unlink()

    def outside(self, plan):
        self.hone.refuses(plan, inputs.feeds(self.model, self.model.outside, self.folder))

    def simplified(self):
        """A simplified file: few nodes, no growth, the same outputs in ONNX Runtime."""
        simplified.check(self, inputs.feeds(self.model, self.model.shapes, self.folder, "noise"))

    def few_steps(self, plan):
        """At most 60 steps, with BatchNorm, Relu and Add folded into others."""
        steps = self.hone.inspect(plan)["steps"]
        left = [step["name"] for step in steps if step["op"] in FOLDED_OPS]
        if len(steps) > RESNET50_STEPS or left:
            raise Failure(f"{len(steps)} steps (at most {RESNET50_STEPS}), not folded: {left[:5]}")

    def small_arena(self, plan):
        """The arena is at most 1.25 times the largest sum of live tensors."""
        memory = self.hone.inspect(plan)["memory"]
        if not memory["bounded"]:
            if self.model.static and not self.model.sets:
                raise Failure("memory is unbounded although every shape is known")
            return
        arena, live = memory["arena_bytes"], memory["live_peak_bytes"]
        if not 0 < live or arena > ARENA_FACTOR * live:
            raise Failure(f"arena {arena} bytes, live tensors {live} bytes: more than {ARENA_FACTOR} times")

    def everything(self):
        if self.attempt("model", self.prepare) is None:
            return
        self.attempt("check", self.hone.check, self.path)
        self.attempt("simplified", self.simplified)
        self.exported_shapes()
        if self.model.profiles:
            self.unbounded()
            self.profiles()
        elif self.long and not self.model.static:
            self.unbounded()
        if self.model.reference or self.long:
            self.attempt("reference", self.compare, self.path, self.model.shapes, "noise", "--reference")
        if self.model.name in trained.CHECKS:
            name, function = trained.CHECKS[self.model.name]
            self.attempt(name, function, self)


def run_model(model, hone, report, options):
    """All checks of one model; leaves no plan and, unless asked to, no drawn model."""
    start = time.monotonic()
    if isinstance(model, packaged.Packaged):
        packaged.run(model, hone, report, options)
        return report.note(f"     {model.name} {time.monotonic() - start:.1f} s")
    bench = Bench(model, hone, report, options)
    had = (options.folder / f"{model.name}.onnx").exists()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix=f".plans-{os.getpid()}-") as scratch:
        bench.scratch = scratch
        bench.everything()
    if not options.keep and not had:
        model.discard(options.folder)
    return report.note(f"     {model.name} {time.monotonic() - start:.1f} s")


def sweep(folder):
    """Remove plans that a killed run left behind; the folder's name holds the process id."""
    for left in folder.glob(".plans-*"):
        if not Path("/proc", left.name.split("-")[1]).exists():
            shutil.rmtree(left, ignore_errors=True)


def run_selftest(report):
    """The harness judges itself first: its tolerances and the filler."""
    for test in unittest.defaultTestLoader.loadTestsFromModule(selftest):
        for case in test:
            result = unittest.TestResult()
            case.run(result)
            name = f"selftest/{case.id().rsplit('.', 1)[-1]}"
            if result.wasSuccessful():
                report.say("PASS", name)
            else:
                print((result.failures + result.errors)[0][1], file=sys.stderr)
                report.say("FAIL", name, "see above")


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names of models, with commas")
    parser.add_argument("--long", action="store_true", help="also what is too slow for `make check`")
    parser.add_argument("--jobs", type=int, default=1, help="models at a time")
    parser.add_argument("--keep", action="store_true", help="leave drawn models in the folder")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/models")
    parser.add_argument("--limit", type=float, default=900, help="seconds that one command may take")
    parser.add_argument("--list", action="store_true", help="print the models and end")
    options = parser.parse_args(argv)
    options.folder = options.folder.resolve()
    known = {model.name: model for model in [*zoo.models(), *packaged.models()]}
    wanted = [name for name in options.only.split(",") if name]
    wanted = wanted or [name for name, model in known.items() if options.long or not getattr(model, "long", False)]
    for name in wanted:
        if name not in known:
            parser.error(f"no model '{name}'; --list shows them")
    options.models = [known[name] for name in wanted]
    return options


def main(argv=None):
    options = parse(argv)
    if options.list:
        for model in options.models:
            print(f"{model.name:28s}{' dynamic' if model.profiles else ''}{' ' + model.kind if model.kind else ''}")
        return 0
    start, report = time.monotonic(), Report()
    binary = os.environ.get("HONE") or str(ROOT / "build/release/hone")
    if not shutil.which(binary):
        sys.exit(f"run.py: no program '{binary}'; build it or set HONE")
    options.folder.mkdir(parents=True, exist_ok=True)
    sweep(options.folder)
    hone = Hone(binary, max(1, len(os.sched_getaffinity(0)) // options.jobs), options.limit)
    run_selftest(report)
    with ThreadPoolExecutor(options.jobs) as pool:
        for done in [pool.submit(run_model, model, hone, report, options) for model in options.models]:
            done.result()
    passed, failed, skipped = report.counts.values()
    print(f"models: {passed} passed, {failed} failed, {skipped} skipped in {time.monotonic() - start:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
