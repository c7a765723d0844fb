#!/usr/bin/env python3
"""Time Hone's check and onnx's checker with shape inference in turn on the same models: check_peer.py MODEL.onnx... [--record]

Both run as a library inside this process. `load` is the same job as onnx's `check_model`, `load` and `infer_shapes`: read the file,
find its faults, infer all types and shapes. `check` is what `hone check` does besides: the audit, the passes, the choice of kernels and
the report. --record appends the sums over the models to bench/results.csv."""
import argparse
import ctypes
import os
import statistics
import time
from pathlib import Path

import onnx
import results

LIBRARY = os.environ.get("LIBHONE", str(results.ROOT / "build/release/libhone.so"))
ROUNDS = 9


class Hone:
    def __init__(self):
        self.library = ctypes.CDLL(LIBRARY)

    def run(self, path, complete):
        """Loads a model; `complete`: checks it, too."""
        model, text = ctypes.c_void_p(), ctypes.c_char_p()
        status = self.library.hone_model_load(os.fsencode(path), None, None, ctypes.byref(model))
        if status == 0 and complete:
            status = self.library.hone_model_check(model, None, None, ctypes.byref(text))
            self.library.hone_text_destroy(ctypes.byref(text))
        self.library.hone_model_destroy(ctypes.byref(model))
        if status:
            raise SystemExit(f"{path}: status {status}")


def by_onnx(path):
    onnx.checker.check_model(path)
    onnx.shape_inference.infer_shapes(onnx.load(path, load_external_data=False), data_prop=True)


def milliseconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return (time.perf_counter() - start) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    hone, total, worst = Hone(), [0.0] * 3, [0.0] * 2
    print(f"{'model':28} {'load ms':>9} {'check ms':>9} {'onnx ms':>9}  load/onnx  check/onnx")
    for path in options.models:
        rounds = [(milliseconds(hone.run, path, False), milliseconds(hone.run, path, True), milliseconds(by_onnx, path)) for _ in range(ROUNDS)]
        medians = [statistics.median(column) for column in zip(*rounds)]
        ratios = [statistics.median(r[i] / r[2] for r in rounds) for i in (0, 1)]
        total = [a + b for a, b in zip(total, medians)]
        worst = [max(a, b) for a, b in zip(worst, ratios)]
        print(f"{Path(path).stem:28} {medians[0]:9.2f} {medians[1]:9.2f} {medians[2]:9.2f} {ratios[0]:10.3f} {ratios[1]:11.3f}", flush=True)
    print(f"{'sum; worst ratio':28} {total[0]:9.2f} {total[1]:9.2f} {total[2]:9.2f} {worst[0]:10.3f} {worst[1]:11.3f}")
    if options.record:
        shared = {**results.facts(), "threads": 1, "precision": "", "batch": "", "versions": f"onnx {onnx.__version__}"}
        rows = (("load and infer", "onnx", total[2]), ("load and infer", "hone", total[0]), ("complete check", "hone", total[1]))
        results.append([{**shared, "model": f"{what} of {len(options.models)} models", "engine": engine, "ms_median": f"{ms:.2f}",
                         "ratio": f"{ms / total[2]:.3f}"} for what, engine, ms in rows])


if __name__ == "__main__":
    main()
