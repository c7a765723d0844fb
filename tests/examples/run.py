#!/usr/bin/env python3
"""The example programs, compiled as C and as C++: build a plan from the demo model, run it, refuse nonsense. The example plugin:
its operator in a model and in a plan, by reference and in parallel; plugins that do not fit."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, save

ROOT = Path(__file__).resolve().parents[2]
HONE = Path(os.environ.get("HONE", ROOT / "build/release/hone")).resolve()
FOLDER = HONE.parent / "examples"
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


def hone(*arguments):
    done = subprocess.run([HONE, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout, done.stderr


def refused(text, *arguments):
    status, _, err = hone(*arguments)
    expect(status == 2 and text in err, f"{' '.join(map(str, arguments))}: {status} {err}")


# All operators of plugins share the row hone.Plugin of the list of operators.
def mix_model(path, op="Mix"):
    nodes = [helper.make_node("Relu", ["a"], ["r"]), helper.make_node(op, ["r", "b"], ["y"], domain="com.example", share=0.25),
             helper.make_node("Neg", ["y"], ["z"])]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", 1000]) for name in "abz"]
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.example", 1)]
    save(helper.make_model(helper.make_graph(nodes, "mix", ports[:2], ports[2:]), opset_imports=opsets, ir_version=10), path)


def plugin(language, folder):
    model, plan, mix = Path(folder, "mix.onnx"), Path(folder, "mix.plan"), FOLDER / f"mix_plugin_{language}.so"
    mix_model(model)
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((2, 37, 1000)).astype(np.float32)
    np.savez(Path(folder, "in.npz"), a=a, b=b)
    wanted = -(np.float32(0.75) * np.maximum(a, 0) + np.float32(0.25) * b)
    status, out, err = hone("build", model, "-o", plan, "--plugin", mix)
    expect(status == 0, f"build: {out} {err}")
    status, out, _ = hone("inspect", plan, "--json")
    expect('"plugin mix"' in out, "the plan does not name the plugin")
    for source, options in (plan, []), (plan, ["--threads", 3]), (model, ["--reference"]), (model, []):
        status, out, err = hone("run", source, "--plugin", mix, "--inputs", f"{folder}/in.npz", "--outputs", f"{folder}/out.npz", *options)
        expect(status == 0, f"run {source} {options}: {out} {err}")
        np.testing.assert_allclose(np.load(f"{folder}/out.npz")["z"], wanted, rtol=1e-6, atol=1e-6)
    refused("give it with --plugin", "run", plan, "--random")
    refused("--plugin FILE", "run", model, "--random")


def misfits(folder):
    model, plan, mix = Path(folder, "mix.onnx"), Path(folder, "mix.plan"), FOLDER / "mix_plugin_c.so"
    newer, other = Path(folder, "newer.so"), Path(folder, "other.so")
    header = '#include "hone/plugin.h"'
    changed = Path(folder, "changed.c")
    changed.write_text((ROOT / "examples/mix_plugin.c").read_text().replace(
        header, header + "\n#ifdef OTHER_ABI\n#undef HONE_PLUGIN_ABI\n#define HONE_PLUGIN_ABI OTHER_ABI\n#endif"))
    for target, define in (newer, "-DPLUGIN_VERSION=2"), (other, "-DOTHER_ABI=99"):
        subprocess.run(["gcc", "-shared", "-fPIC", f"-I{ROOT}/include", define, changed, "-o", target], check=True)
    refused("here is version 2", "run", plan, "--plugin", newer, "--random")
    refused("version 1 of the plugin interface", "run", plan, "--plugin", other, "--random")
    refused("no hone_plugin_get", "run", plan, "--plugin", "/lib/x86_64-linux-gnu/libm.so.6", "--random")
    refused("cannot be opened", "run", plan, "--plugin", Path(folder, "nothing.so"), "--random")
    refused("already", "run", plan, "--plugin", mix, "--plugin", newer, "--random")
    mix_model(model, "Mixx")
    refused("no operator 'Mixx'", "run", model, "--plugin", mix, "--random")
    np.savez(Path(folder, "bad.npz"), a=np.zeros((2, 1000), np.float32), b=np.zeros((3, 1000), np.float32))
    refused("'rows' is", "run", plan, "--plugin", mix, "--inputs", f"{folder}/bad.npz")


def plugins():
    with tempfile.TemporaryDirectory() as folder:
        for language in "c", "cpp":
            plugin(language, folder)
        misfits(folder)


def main():
    failed = False
    cases = {"c": lambda: tour("c"), "cpp": lambda: tour("cpp"), "plugins": plugins}
    for name, case in cases.items():
        try:
            case()
            print(f"PASS examples/{name}")
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            failed = True
            print(f"FAIL examples/{name}: {' '.join(str(error).split())}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
