#!/usr/bin/env python3
"""ONNX Runtime behind the worker protocol of peers.py: ort_worker.py MODEL.onnx --inputs FILE.npz --threads N"""
import argparse
import sys
import time

import numpy as np
import onnxruntime

WARM_UP = 3


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def latencies(run, count):
    """`count` latencies in milliseconds."""
    made = []
    for _ in range(count):
        start = time.perf_counter_ns()
        run()
        made.append((time.perf_counter_ns() - start) * 1e-6)
    return made


def serve(run, outputs):
    """Answer requests until the input ends."""
    print("ready", flush=True)
    for line in sys.stdin:
        request, argument = line.split(maxsplit=1)
        if request == "run":
            print(" ".join(f"{ms:.4f}" for ms in latencies(run, int(argument))), flush=True)
        elif request == "save":
            path = argument.strip()
            np.savez(path if path.endswith(".npz") else path + ".npz", **outputs())
            print("saved", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--inputs", required=True)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    with np.load(options.inputs) as stored:
        feeds = dict(stored)
    engine = session(options.model, options.threads)
    binding = engine.io_binding()
    for name, value in feeds.items():
        binding.bind_cpu_input(name, value)
    names = [output.name for output in engine.get_outputs()]
    for name in names:
        binding.bind_output(name)
    run = lambda: engine.run_with_iobinding(binding)
    for _ in range(WARM_UP):
        run()
    serve(run, lambda: dict(zip(names, binding.copy_outputs_to_cpu())))


if __name__ == "__main__":
    main()
