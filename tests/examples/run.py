#!/usr/bin/env python3
"""The example programs, compiled as C and as C++: build a plan from the demo model, run it, refuse nonsense."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("HONE", ROOT / "build/release/hone")).resolve().parent / "examples"
MODEL = ROOT / "models/digits/digits.onnx"


def call(program, *arguments):
    done = subprocess.run([FOLDER / program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout, done.stderr


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def tour(language):
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder, "digits.plan")
        status, out, err = call(f"build_plan_{language}", MODEL, plan, "images=3x1x8x8")
        expect(status == 0 and "100 %" in out and plan.exists(), f"build_plan: {status} {out} {err}")
        status, out, err = call(f"run_plan_{language}", plan)
        expect(status == 0 and "float32[3,10]" in out, f"run_plan: {status} {out} {err}")
        status, _, err = call(f"run_plan_{language}", MODEL)
        expect(status == 2 and err, f"run_plan on a model: {status}")
        status, _, err = call(f"build_plan_{language}", MODEL, Path(folder, "other.plan"), "nothing=1x1")
        expect(status == 2 and "nothing" in err and not Path(folder, "other.plan").exists(), f"build_plan with a wrong name: {status} {err}")


def main():
    failed = False
    for language in ("c", "cpp"):
        try:
            tour(language)
            print(f"PASS examples/{language}")
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            failed = True
            print(f"FAIL examples/{language}: {' '.join(str(error).split())}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
