#!/usr/bin/env python3
"""`hone check` names the fault of every model of faulty_models.py at its node, and says nothing about sound models."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import onnx
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
    wanted = 0 if severity == "warning" else 2 if unreadable else 1
    return None if status == wanted else f"exit {status}, not {wanted}, with {shown}"


def save_shapes(path):
    """True when it went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        trouble = saved_shapes.judge(HONE, path, Path(folder, "out.onnx"))
    print(f"FAIL shapes/{path.stem}: {trouble}" if trouble else f"PASS shapes/{path.stem}", flush=True)
    return bool(trouble)


def main():
    failed = False
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
