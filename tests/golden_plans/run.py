#!/usr/bin/env python3
"""Plans as files: those of good/ must load and give their stored outputs, those of bad/ be refused with the message beside them.

run.py --update   makes all of them anew, and the seeds of fuzz/corpus/plan; README.md says when."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HONE = Path(os.environ.get("HONE", ROOT / "build/release/hone")).resolve()
DAMAGE = HONE.parent / "damage_plan"
CASES = ROOT / "tests/data/runtime"
SEEDS = ROOT / "fuzz/corpus/plan"
INPUTS = {  # case: type and shape of each input; a number stands for itself
    "branches": {"x": ("float32", (3, 4))},
    "data_shape": {"x": ("float32", (3, 5))},
    "loop": {"x": ("float32", (3,)), "trips": 4},
    "objects": {"x": ("float32", (2, 3)), "trips": 3},
    "quantized": {"x": ("float32", (2, 3, 8, 8))},
    "residual": {"x": ("float32", (2, 3, 9, 7))},
    "scan": {"start": ("float32", (3,)), "x": ("float32", (3, 5))},
    "through": {"x": ("float32", (2, 3))},
    "unfused_tail": {"x": ("float32", (5, 20))},
}


def call(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def must(*command):
    status, out, err = call(*command)
    if status:
        sys.exit(f"{' '.join(map(str, command))}: exit {status}\n{out}{err}")
    return out


def make_inputs(name):
    random = np.random.default_rng(11)
    return {key: np.array(what, np.int64) if isinstance(what, int) else random.standard_normal(what[1]).astype(what[0])
            for key, what in INPUTS[name].items()}


def update():
    """The plan of each case, with outputs by the reference kernels; then every kind of damage."""
    for old in [*HERE.glob("good/*"), *HERE.glob("bad/*"), *SEEDS.glob("*")]:
        old.unlink()
    for folder in (HERE / "good", HERE / "bad", SEEDS):
        folder.mkdir(parents=True, exist_ok=True)
    for model in sorted(CASES.glob("*.onnx")):
        good = HERE / "good" / model.stem
        if model.stem not in INPUTS:
            sys.exit(f"{model.name} has no row in INPUTS")
        np.savez(f"{good}.inputs.npz", **make_inputs(model.stem))
        must(HONE, "build", model, "-o", f"{good}.plan", "--threads", 1, "--features", "avx2", "--model-id", model.stem)
        Path(f"{good}.metadata.json").unlink(missing_ok=True)
        must(HONE, "run", model, "--reference", "--inputs", f"{good}.inputs.npz", "--outputs", f"{good}.outputs.npz")
        (SEEDS / f"{model.stem}.plan").write_bytes(Path(f"{good}.plan").read_bytes())
    for row in must(DAMAGE, "list").splitlines():
        name, base = row.split()
        message = must(DAMAGE, "make", name, HERE / f"good/{base}.plan", HERE / f"bad/{name}.plan")
        (HERE / f"bad/{name}.txt").write_text(message, encoding="utf-8")


def check_good(plan):
    """What is wrong with it, or None."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder, "outputs.npz")
        status, _, err = call(HONE, "run", plan, "--verify-weights", "--inputs", plan.with_suffix(".inputs.npz"), "--outputs", outputs)
        if status:
            return f"exit {status}: {err.strip()} (was the format changed without another HN_PLAN_VERSION?)"
        got, want = dict(np.load(outputs)), dict(np.load(plan.with_suffix(".outputs.npz")))
    if got.keys() != want.keys():
        return f"outputs {sorted(got)}, {sorted(want)} are stored"
    for name, array in want.items():
        if got[name].dtype != array.dtype or got[name].shape != array.shape:
            return f"{name} is {got[name].dtype}{got[name].shape}, stored {array.dtype}{array.shape}"
        exact = array.dtype.kind != "f"
        bound = 0 if exact else 5e-5 * np.abs(array).max(initial=0) + 1e-5
        if array.size and np.abs(got[name].astype(np.float64) - array).max() > bound:
            return f"{name} differs from the stored output"
    return None


def check_bad(plan):
    message = plan.with_suffix(".txt").read_text(encoding="utf-8").strip()
    for command in ("run", "inspect", "check"):
        more = ["--verify-weights", "--random"] if command == "run" else []
        status, out, err = call(HONE, command, plan, *more)
        if command == "inspect" and status == 0:
            continue  # it shows what the tables say; kernels and weights are met by those that run
        if status not in (1, 2) or (command == "run" and status != 2):
            return f"hone {command}: exit {status}"
        if message not in out + err:
            return f"hone {command} says '{err.strip() or out.strip()}', not '{message}'"
    return None


def main():
    if sys.argv[1:] == ["--update"]:
        update()
    failed = False
    for folder, judge in (("good", check_good), ("bad", check_bad)):
        for plan in sorted((HERE / folder).glob("*.plan")):
            trouble = judge(plan)
            failed = failed or bool(trouble)
            print(f"FAIL {folder}/{plan.stem}: {' '.join(trouble.split())}" if trouble else f"PASS {folder}/{plan.stem}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
