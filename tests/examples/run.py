#!/usr/bin/env python3
"""The example programs, compiled as C and as C++: build a plan from the demo model, run it, refuse nonsense. The example plugin:
its operator in a model and in a plan, by reference and in parallel; plugins that do not fit."""
import os
import shutil
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
    status, report, _ = hone("inspect", plan, "--json")
    expect('"plugin mix"' in report, "the plan does not name the plugin")
    for source, options in (plan, []), (plan, ["--threads", 3]), (model, ["--reference"]), (model, []):
        status, out, err = hone("run", source, "--plugin", mix, "--inputs", f"{folder}/in.npz", "--outputs", f"{folder}/out.npz", *options)
        expect(status == 0, f"run {source} {options}: {out} {err}")
        np.testing.assert_allclose(np.load(f"{folder}/out.npz")["z"], wanted, rtol=1e-6, atol=1e-6)
    expect('"plugin mix 1, parallel"' in report, "the report does not show the fast form")
    status, out, _ = hone("check", model, "--plugin", mix)
    expect("com.example.Mix      1  cpu      1 fast" in out, f"check: {out}")
    status, out, _ = hone("build", model, "-o", Path(folder, "slow.plan"), "--plugin", mix, "--reference", "--verbose")
    expect("plugin mix 1 " in out and "1 by plugins" in out, f"build --reference: {out}")
    refused("give it with --plugin", "run", plan, "--random")
    for command in ("run", "--random"), ("bench", "--iterations=1"), ("inspect",), ("compare",), ("build", "-o", Path(folder, "no.plan")):
        refused("no operator 'Mix' of domain 'com.example'", command[0], model, *command[1:])
        refused("--plugin FILE", command[0], model, *command[1:])
    status, _, err = hone("check", model)
    expect(status == 1 and "at node" in err and "--plugin FILE" in err, f"check without the plugin: {status} {err}")


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
    refused("No such file", "run", plan, "--plugin", Path(folder, "nothing.so"), "--random")
    refused("not a regular file", "run", plan, "--plugin", "/dev/null", "--random")
    refused("not a shared library", "run", plan, "--plugin", changed, "--random")
    refused("already", "run", plan, "--plugin", mix, "--plugin", newer, "--random")
    mix_model(model, "Mixx")
    refused("no operator 'Mixx'", "run", model, "--plugin", mix, "--random")
    refused("did you mean 'Mix'?", "run", model, "--plugin", mix, "--random")
    np.savez(Path(folder, "bad.npz"), a=np.zeros((2, 1000), np.float32), b=np.zeros((3, 1000), np.float32))
    refused("'rows' is", "run", plan, "--plugin", mix, "--inputs", f"{folder}/bad.npz")


# Faults of faulty_plugin.c, and what Hone says of them.
FAULTS = {
    1: "infer of the plugin 'mix' failed without a reason: invalid model", 2: "returned 12345, which is no status",
    3: "no valid type or rank", 4: "no valid type or rank", 5: "no valid shape", 6: "input 7 that is not there",
    7: "the plugin gives no reason", 8: "run of the plugin 'mix' failed without a reason", 9: "42 is not to its liking",
    10: "returned 777, which is no status", 11: "without HONE_PLUGIN_DATA_SHAPE", 12: "negative number of tasks", 13: "a task failed",
    14: "its domain or its name", 15: "an operator 'com.example.Mix' already", 16: "its domain or its name", 17: "min_inputs and max_inputs",
    18: "infer or run is NULL", 19: "version 1 of the plugin interface", 20: "the name of plugin", 21: "-3 operators; allowed: 1 to",
    22: "as it says itself",
}


def faulty(folder):
    """Built outside of the tree against the public headers alone."""
    model, headers = Path(folder, "faulty.onnx"), Path(folder, "include")
    shutil.copytree(ROOT / "include/hone", headers / "hone")
    mix_model(model)
    for fault, text in FAULTS.items():
        library = Path(folder, f"faulty{fault}.so")
        source = ROOT / "tests/examples/faulty_plugin.c"
        subprocess.run(["gcc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", f"-I{headers}", f"-DFAULT={fault}", source, "-o", library],
                       check=True)
        refused(text, "run", model, "--plugin", library, "--random", "--shapes", "a:2x1000,b:2x1000")
    status, _, err = hone("run", model, "--plugin", Path(folder, "faulty13.so"), "--random", "--shapes", "a:2x1000,b:2x1000", "--threads", 4)
    expect(err.count("a task failed") == 1, f"tasks that fail at once: {err}")


def damaged(folder):
    """Files that the loader of the system would crash on, or blame for something else."""
    model, good = Path(folder, "damaged.onnx"), (FOLDER / "mix_plugin_c.so").read_bytes()
    mix_model(model)
    machine = 183 if os.uname().machine == "x86_64" else 62
    forms = {"not a shared library": [b"", good[:40], b"#" * 5000], "is cut off": [good[:len(good) // 4]],
             "headers lie outside": [good[:64], good[:32] + b"\xff" * 8 + good[40:], good[:54] + b"\1\0" + good[56:]],
             f"another processor (64 bits, ELF machine {machine})": [good[:18] + bytes([machine, 0]) + good[20:]],
             "another processor (32 bits": [good[:4] + b"\1" + good[5:]], "an object or a program": [good[:16] + b"\1\0" + good[18:]]}
    library = Path(folder, "damaged.so")
    for text, contents in forms.items():
        for content in contents:
            library.write_bytes(content)
            refused(text, "run", model, "--plugin", library, "--random")


def with_body(folder):
    model = Path(folder, "body.onnx")
    inner = helper.make_graph([helper.make_node("Neg", ["a"], ["n"])], "inner", [], [helper.make_empty_tensor_value_info("n")])
    node = helper.make_node("Mix", ["a", "b"], ["z"], domain="com.example", share=0.5, then=inner)
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "abz"]
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.example", 1)]
    save(helper.make_model(helper.make_graph([node], "body", ports[:2], ports[2:]), opset_imports=opsets, ir_version=10), model)
    refused("attribute 'then' is a graph", "run", model, "--plugin", FOLDER / "mix_plugin_c.so", "--random")


def plugins():
    with tempfile.TemporaryDirectory() as folder:
        for language in "c", "cpp":
            plugin(language, folder)
        misfits(folder)


def in_folder(case):
    def run():
        with tempfile.TemporaryDirectory() as folder:
            case(folder)

    return run


def main():
    failed = False
    cases = {"c": lambda: tour("c"), "cpp": lambda: tour("cpp"), "plugins": plugins, "faulty_plugins": in_folder(faulty),
             "damaged_plugins": in_folder(damaged), "plugin_with_body": in_folder(with_body)}
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
