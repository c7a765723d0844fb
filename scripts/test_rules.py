#!/usr/bin/env python3
"""The rule scripts find what they are there for: each runs on a small good tree and on the same tree with one thing wrong."""
import os
import subprocess
import sys
import tempfile
import time
import unittest

import check

HERE = os.path.dirname(os.path.abspath(__file__))
GOOD = {
    "include/hone/status.h": "typedef enum { HONE_OK } hone_status;\n",
    "src/base/vec.h": '#include "hone/status.h"\nint hn_vec(void);\n',
    "src/base/vec.c": '#include "base/vec.h"\n/* malloc( and printf( in a comment */\nint hn_vec(void) { return 1; }\n',
    "src/abi/ops.def": 'HN_OP(relu, "Relu", 1)\n/* HN_OP(gone, "Gone", 1) */\n',
    "src/ops/unary/unary.def": "HN_IMPL(relu, x)\n",
    "src/frontend/onnx/onnx_map.def": 'HN_ONNX("Relu", 7)\n',
    "tests/ops/unary.py": 'case("Relu")\n',
    "scripts/size_exceptions.txt": "",
}


def run(script, changes):
    """(status, output) of a script on the good tree with some files changed."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**GOOD, **changes}.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run([os.path.join(HERE, script), root], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


class Rules(unittest.TestCase):
    def good(self, script, changes=None):
        status, output = run(script, changes or {})
        self.assertEqual(status, 0, output)

    def bad(self, script, changes, *words):
        status, output = run(script, changes)
        self.assertEqual(status, 1, output)
        for word in words:
            self.assertIn(word, output)

    def test_layers(self):
        script = "check_layers.py"
        self.good(script)
        ir = {"src/ir/graph.h": "\n"}
        for room in ("runtime", "kernels", "device", "ops"):
            self.bad(script, {**ir, f"src/{room}/a.c": '\n#include "ir/graph.h"\n'}, f"src/{room}/a.c:2:", "must not see ir")
        passes = {"src/passes/driver.h": "\n", "src/device/device.h": "\n"}
        self.bad(script, {**passes, "src/frontend/onnx/a.c": '#include "passes/driver.h"\n'}, "frontend must not see passes")
        self.bad(script, {**passes, "src/passes/a.c": '#include "device/device.h"\n'}, "passes must not see device")
        self.bad(script, {"src/base/a.c": '#include "nowhere.h"\n'}, "room/file.h")
        self.bad(script, {"src/base/a.c": '#include "base/nowhere.h"\n'}, "there is no base/nowhere.h")
        self.bad(script, {"src/attic/a.c": "\n"}, "no row in LAYERS")
        self.bad(script, {"include/hone/build.h": "\n", "src/runtime/a.c": '#include "hone/build.h"\n'}, "run side")
        self.bad(script, {"src/plan/plan_write.h": "\n", "src/plan/plan_read.c": '#include "plan/plan_write.h"\n'}, "writes it")
        self.bad(script, {"examples/a.c": '#include "base/vec.h"\n'}, "include/hone only")
        self.good(script, {"src/runtime/a.c": '/* #include "ir/graph.h" */\n#include "vec2.h"\n', "src/runtime/vec2.h": ""})

    def test_sizes(self):
        script, path = "check_sizes.py", "src/base/long.c"
        body = "    x += 1;\n"
        def function(n):
            return "static int grow(int x)\n{\n" + body * (n - 4) + "    return x;\n}\n"
        self.good(script, {path: function(120)})
        self.bad(script, {path: function(121)}, "src/base/long.c:1:", "grow has 121 lines")
        self.bad(script, {path: "int a;\n" * 1001}, "1001 lines")
        self.good(script, {"src/base/table.def": "X(1)\n" * 2000})
        self.bad(script, {"scripts/a.py": "def f():\n" + "    pass\n" * 120}, "a.py:f has 121 lines")
        rows = {"scripts/size_exceptions.txt": f"{path}:grow 130 parses a format in one place\n"}
        self.good(script, {path: function(130), **rows})
        self.bad(script, {path: function(131), **rows}, "131 lines")
        self.bad(script, {path: function(125), **rows}, "lower its row")
        self.bad(script, rows, "names nothing")

    def test_calls(self):
        script = "check_calls.py"
        self.good(script)
        for call in ("malloc(3)", "exit(1)", "abort()", 'printf("x")', 'getenv("HOME")', 'fopen("a", "r")', "free(p)",
                     "fputs(s, stderr)", "time(0)", 'dlopen("x", 1)', "pthread_create(0, 0, 0, 0)", "_mm256_add_ps(a, b)"):
            self.bad(script, {"src/ops/a.c": f"int x;\nvoid f(void) {{ {call}; }}\n"}, "src/ops/a.c:2:")
        self.bad(script, {"src/base/a.c": "#include <immintrin.h>\n"}, "instruction sets")
        self.good(script, {"src/kernels/cpu/a_avx2.c": "#include <immintrin.h>\n", "src/base/alloc.c": "free(p);\n",
                           "tools/hone/a.c": 'printf("x");\n', "src/ops/a.c": 'a->free(p); const char *s = "exit(1)";\n'})

    def test_names(self):
        script = "check_names.py"
        self.good(script)
        self.bad(script, {"src/ops/vec.h": "\n"}, "src/ops/vec.h:1:", "src/base/vec.h")
        self.good(script, {"tests/a/run.py": "\n", "tests/b/run.py": "\n"})
        kind = "\ntypedef enum hn_kind { A } hn_kind;\n"
        self.bad(script, {"src/ops/a.h": kind, "src/ir/b.h": kind}, "src/ops/a.h:2:", "hn_kind is also defined at src/ir/b.h:2")
        self.good(script, {"src/ops/a.h": kind, "src/ir/b.c": kind})

    def test_headers(self):
        script = "check_headers.sh"
        self.good(script)
        self.bad(script, {"src/base/a.h": "size_t hn_a(void);\n"}, "src/base/a.h:1:", "as c")
        self.bad(script, {"include/hone/a.h": "static inline int *f(void *p) { return p; }\n"}, "as c++")
        self.good(script, {"src/base/a.h": "static inline int *f(void *p) { return p; }\n"})

    def test_defs(self):
        script = "check_defs.py"
        self.good(script)
        self.bad(script, {"src/ops/unary/unary.def": "\n"}, "src/abi/ops.def:1: relu has no implementation row")
        self.bad(script, {"tests/ops/unary.py": "\n"}, "relu has no case")
        self.bad(script, {"src/frontend/onnx/onnx_map.def": "\n"}, "relu has no row in the ONNX map")
        self.good(script, {"src/frontend/onnx/onnx_map.def": "\n", "src/abi/ops.def": 'HN_OP(relu, "Relu", HN_INTERNAL_OP)\n'})
        self.bad(script, {"src/abi/ops.def": GOOD["src/abi/ops.def"] * 2}, "twice")
        self.bad(script, {"tools/hone/commands.def": "HONE_COMMAND(run, 0)\n"}, "run has no source file", "run has no case")
        rows = ['HN_ONNX("Add", 7, "Add", same)\n', 'HN_ONNX("Add", 13, "Add", same)\n', 'HN_ONNX("Relu", 1, "Relu", same)\n']
        self.good(script, {"src/frontend/onnx/onnx_map.def": "".join(rows)})
        self.bad(script, {"src/frontend/onnx/onnx_map.def": "".join(reversed(rows))}, "onnx_map.def:2: Add must stand before Relu")
        self.bad(script, {"src/frontend/onnx/onnx_map.def": rows[1] + rows[0] + rows[2]}, "onnx_map.def:2: Add must stand before Add")
        attributes = ['HN_ONNX_ATTR("b.Add", "axis", INT, 1, 0, 0)\n', 'HN_ONNX_ATTR("Relu", "a", INT, 1, 0, 0)\n']
        self.bad(script, {"src/frontend/onnx/onnx_attrs.def": "".join(attributes)}, "onnx_attrs.def:2: Relu must stand before b.Add")

    def test_symbols(self):
        good = "__attribute__((visibility(\"default\"))) int hone_a(void) { return 0; }\nint hn_b(void) { return 1; }\n"
        self.assertEqual(self.symbols(good)[0], 0)
        self.assertIn("exported, but not hone_*", self.symbols(good.replace("hone_a", "hn_a"))[1])
        self.assertIn("stray: shared between files", self.symbols(good + "int stray(void) { return 2; }\n")[1])
        status, output = self.symbols(good + "int hn_build(void); int hn_c(void) { return hn_build(); }\n")
        self.assertEqual(status, 1)
        self.assertIn("hn_build: needed from outside", output)
        self.assertIn("the budget is", self.symbols(good + "const char hn_big[4000000] = {1};\n")[1])

    def symbols(self, source):
        """(status, output) of check_symbols.sh on two libraries made of one source text."""
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/a.c", "w", encoding="utf-8") as file:
                file.write(source)
            for command in ["gcc -fPIC -fvisibility=hidden -c a.c -o a.o"] + [
                    line for name in ("libhone_rt", "libhone")
                    for line in (f"gcc -shared a.o -o {name}.so", f"ar rcs {name}.a a.o")]:
                subprocess.run(command.split(), cwd=folder, check=True)
            done = subprocess.run([f"{HERE}/check_symbols.sh", folder], capture_output=True, text=True)
            return done.returncode, done.stdout + done.stderr


class Runners(unittest.TestCase):
    """check.py counts what programs print, and takes silence, crashes and lateness for failures."""
    def verdicts(self, runner, seconds=20):
        return [result[:2] for result in runner(time.monotonic() + seconds)]

    def shell(self, script):
        return check.printed("bash", "-c", script)

    def test_printed(self):
        lines = "echo PASS a; echo noise; echo 'FAIL b: why'; echo 'SKIP c: no machine'"
        self.assertEqual(self.verdicts(self.shell(lines + "; exit 1")), [("PASS", "a"), ("FAIL", "b"), ("SKIP", "c")])
        self.assertEqual([v for v, _ in self.verdicts(self.shell("echo PASS a; exit 3"))], ["PASS", "FAIL"])
        self.assertEqual([v for v, _ in self.verdicts(self.shell("true"))], ["FAIL"])
        self.assertEqual([v for v, _ in self.verdicts(self.shell("echo PASS a; sleep 30"), 2)], ["PASS", "FAIL"])

    def test_each(self):
        runner = check.each(("a", ["true"]), ("b", ["false"]), ("c", ["sleep", "30"]))
        self.assertEqual(self.verdicts(runner, 2), [("PASS", "a"), ("FAIL", "b"), ("FAIL", "c")])


if __name__ == "__main__":
    unittest.main()
