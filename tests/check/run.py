#!/usr/bin/env python3
"""`hone check` names the fault of every model of faulty_models.py at its node, and says nothing about sound models."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import onnx
import nested_models
import numpy as np
import saved_shapes
from faulty_models import FAULTS, described

ROOT = Path(__file__).resolve().parents[2]
HONE = Path(os.environ.get("HONE", ROOT / "build/release/hone")).resolve()
UNREADABLE = ("malformed file", "input/output error")
SOUND = sorted([*(ROOT / "tests/data/runtime").glob("*.onnx"), ROOT / "models/digits/digits.onnx"])


def check(path):
    """(exit status, messages of the JSON report)."""
    done = subprocess.run([HONE, "check", path, "--json"], capture_output=True, text=True, timeout=60)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return done.returncode, [{"text": f"no JSON: {done.stdout} {done.stderr}", "node": "", "severity": "", "hint": "", "status": ""}]
    return done.returncode, report.get("faults", []) + report.get("findings", [])


def judge(path, node, words, severity):
    """What is missing, or None."""
    status, messages = check(path)
    shown = "; ".join(f"{m.get('severity', 'error')} at '{m['node']}': {m['text']}" for m in messages) or "nothing"
    found = [m for m in messages if m["node"] == node and m.get("severity", "error") == severity and all(w in m["text"] for w in words)]
    if not found:
        return f"says {shown}"
    if not found[0]["hint"]:
        return f"no hint with {shown}"
    if len(messages) != 1:
        return f"more than the one fault: {shown}"
    unreadable = found[0]["status"] in UNREADABLE
    wanted = 0 if severity != "error" else 2 if unreadable else 1
    return None if status == wanted else f"exit {status}, not {wanted}, with {shown}"


def save_shapes(path):
    """True when it went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        trouble = saved_shapes.judge(HONE, path, Path(folder, "out.onnx"))
    print(f"FAIL shapes/{path.stem}: {trouble}" if trouble else f"PASS shapes/{path.stem}", flush=True)
    return bool(trouble)


def call(*arguments):
    done = subprocess.run([HONE, *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def nesting(make, expected, folder):
    """64 levels run, 65 are refused in so many words."""
    model, outputs = Path(folder, "nested.onnx"), Path(folder, "out.npz")
    model.write_bytes(make(64))
    np.savez(Path(folder, "in.npz"), x=np.ones(3, np.float32), **({"c": np.array(True)} if make is nested_models.nested_ifs else {}))
    status, text = call("run", model, "--inputs", Path(folder, "in.npz"), "--outputs", outputs)
    if status or not np.array_equal(np.load(outputs)["y"], expected):
        return f"64 levels: exit {status}: {text}"
    plan = Path(folder, "nested.plan")
    status, text = call("build", model, "-o", plan)
    if status or call("run", plan, "--inputs", Path(folder, "in.npz"))[0]:
        return f"64 levels as a plan: exit {status}: {text}"
    for levels in (65, 300):
        model.write_bytes(make(levels))
        status, text = call("check", model)
        if status != 1 or "nested more than 64 levels deep" not in text:
            return f"{levels} levels: exit {status}: {text}"
    return None


def endless(folder):
    model = Path(folder, "endless.onnx")
    model.write_bytes(nested_models.endless())
    for limit in (1, 1000):
        status, text = call("run", model, "--random", "--loop-limit", str(limit))
        if status != 2 or f"made {limit} rounds" not in text or "'forever' (Loop)" not in text or "--loop-limit" not in text:
            return f"limit {limit}: exit {status}: {text}"
    counted = ROOT / "tests/data/runtime/scan.onnx"
    status, text = call("run", counted, "--random", "--shapes", "start:3,x:3x7", "--loop-limit", "6")
    if status != 2 or "made 6 rounds" not in text:
        return f"Scan of 7 rounds under a limit of 6: exit {status}: {text}"
    status, text = call("run", counted, "--random", "--shapes", "start:3,x:3x7", "--loop-limit", "7")
    return f"Scan of 7 rounds under a limit of 7: exit {status}: {text}" if status else None


def dead_branch(folder):
    """Sizes that a build fixes may rule out one branch of an If: the other runs, this one (now hone.Fail) is refused when taken."""
    model, plan = Path(folder, "branch.onnx"), Path(folder, "branch.plan")
    model.write_bytes(nested_models.branch_for_another_size())
    for k, takes in ((3, True), (4, False)):
        for source in (model, plan):
            for options in ([], ["--reference"]):
                if source is plan and options:
                    continue
                if source is plan and call("build", model, "-o", plan, "--shapes", f"x:1x{k},c:")[0]:
                    return f"no plan for {k}"
                for c in (True, False):
                    np.savez(Path(folder, "in.npz"), x=np.ones((1, k), np.float32), c=np.array(c))
                    outputs = Path(folder, "out.npz")
                    status, text = call("run", source, "--inputs", Path(folder, "in.npz"), "--outputs", outputs, *options)
                    if c == takes and (status or not np.array_equal(np.load(outputs)["y"], np.full((1, 2), -k, np.float32))):
                        return f"size {k}, {source.name}: exit {status}: {text}"
                    if c != takes and (status != 2 or "_product" not in text):
                        return f"size {k}, {source.name}, the other branch: exit {status}: {text}"
    return None


def unsorted(folder):
    """Nodes that are not in the order of execution are a fault for check; everything else sorts them, as ONNX Runtime does."""
    model, plan, simple = (Path(folder, name) for name in ("unsorted.onnx", "unsorted.plan", "simple.onnx"))
    model.write_bytes(nested_models.unsorted())
    status, text = call("check", model)
    if status != 1 or "'last'" not in text or "sort them" not in text:
        return f"check: exit {status}: {text}"
    for command in (("build", model, "-o", plan), ("simplify", model, simple), ("check", simple)):
        status, text = call(*command)
        if status:
            return f"{command[0]}: exit {status}: {text}"
    for source in (model, plan, simple):
        for c in (True, False):
            np.savez(Path(folder, "in.npz"), x=np.ones(3, np.float32), c=np.array(c))
            status, text = call("run", source, "--inputs", Path(folder, "in.npz"), "--outputs", Path(folder, "out.npz"))
            if status or not np.array_equal(np.load(Path(folder, "out.npz"))["y"], np.full(3, 2 + c, np.float32)):
                return f"{source.name}: exit {status}: {text}"
    return None


def limits():
    """True when something went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        results = {"nested_ifs": nesting(nested_models.nested_ifs, np.full(3, 65, np.float32), folder),
                   "nested_loops": nesting(nested_models.nested_loops, np.ones(2, np.float32), folder), "endless": endless(folder),
                   "dead_branch": dead_branch(folder), "unsorted": unsorted(folder)}
    for name, trouble in results.items():
        print(f"FAIL limits/{name}: {trouble}" if trouble else f"PASS limits/{name}", flush=True)
    return any(results.values())


def main():
    failed = limits()
    with tempfile.TemporaryDirectory() as folder:
        for name, make, node, words, severity in FAULTS:
            made, path = make(), Path(folder, f"{name}.onnx")
            path.write_bytes(made if isinstance(made, bytes) else made.SerializeToString())
            trouble = judge(path, node, words, severity)
            failed = failed or bool(trouble)
            print(f"FAIL {name}: {trouble}" if trouble else f"PASS {name}", flush=True)
    for path in SOUND:
        status, messages = check(path)
        clean = status == 0 and not messages
        failed = failed or not clean
        print(f"PASS sound/{path.stem}" if clean else f"FAIL sound/{path.stem}: exit {status}, {messages}", flush=True)
        failed = save_shapes(path) or failed
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "described.onnx")
        onnx.save(described(), path)
        failed = save_shapes(path) or failed
    sys.exit(failed)


if __name__ == "__main__":
    main()
