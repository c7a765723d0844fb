#!/usr/bin/env python3
"""Time Hone and its peers in turn on one model, the same inputs and threads.

Each engine is a worker process with the model loaded. In every round each worker runs one short burst, so that drift of the
machine hits all alike; the order turns round after round. Reported: the median of the bursts' medians and the median over
the rounds of time divided by the first engine's time in that round (below 1: faster).

usage: peers.py MODEL.onnx [--cmd 'hone=COMMAND']... [--engine ort-fp32] [--threads 1] [--batch 1] [--rounds 15]
                [--shapes input:1x3x224x224,mask:1x128] [--record]

COMMAND speaks the worker protocol: prints `ready` on a line; answers `run N` on its standard input with N latencies in
milliseconds on one line, and `save FILE` by writing its outputs to FILE (.npz) and printing `saved`; other lines before
`ready` are skipped. {inputs} in it becomes an .npz of the inputs, {threads} the number of threads:
  --cmd 'hone=build/release/hone bench --worker m.plan --inputs {inputs} --threads {threads}'
Latencies that do not add up to the wall time of their burst are refused. --record appends to bench/results.csv.
"""
import argparse
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
BURST_MS, BURST_LEAST, BURST_MOST = 150, 3, 400
NUMPY_TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64}


class PeerError(Exception):
    """An engine does not start, answer or tell the truth."""


class Worker:
    """An engine in a process of its own."""

    def __init__(self, label, argv, limit=300):
        self.label, self.limit = label, limit
        self.latencies, self.medians, self.burst = [], [], BURST_LEAST
        try:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        except OSError as error:
            raise PeerError(f"'{label}' does not start: {error}") from error
        while self.answer() != "ready":
            pass

    def answer(self):
        """Next line; a worker that stays silent for `limit` seconds is ended."""
        watchdog = threading.Timer(self.limit, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line:
            raise PeerError(f"'{self.label}' ended without an answer (status {self.process.wait()})")
        return line.strip()

    def ask(self, request):
        try:
            self.process.stdin.write(request + "\n")
        except BrokenPipeError as error:
            raise PeerError(f"'{self.label}' ended (status {self.process.wait()})") from error
        return self.answer()

    def run(self, count):
        """Latencies of `count` runs in milliseconds, checked against the clock on the wall."""
        start = time.perf_counter()
        answer = self.ask(f"run {count}")
        wall = (time.perf_counter() - start) * 1e3
        try:
            made = [float(word) for word in answer.split()]
        except ValueError as error:
            raise PeerError(f"'{self.label}' answers '{answer[:60]}' instead of latencies") from error
        if len(made) != count or not 0.8 * wall - 2 <= sum(made) <= 1.02 * wall:
            raise PeerError(f"'{self.label}' reports {len(made)} runs of {sum(made):.1f} ms for {count} in {wall:.1f} ms")
        return made

    def calibrate(self):
        self.burst = max(BURST_LEAST, min(BURST_MOST, int(BURST_MS / max(0.001, statistics.median(self.run(BURST_LEAST))))))

    def measure(self):
        made = self.run(self.burst)
        self.latencies += made
        self.medians.append(statistics.median(made))

    def outputs(self):
        """{name: array}"""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "outputs.npz")
            if self.ask(f"save {path}") != "saved":
                raise PeerError(f"'{self.label}' did not save its outputs")
            with np.load(path) as stored:
                return dict(stored)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Task:
    """What is measured: a model, its inputs, threads and engines ((label, argv with placeholders), the first is the base)."""
    model: Path
    feeds: dict
    threads: int = 1
    engines: list = field(default_factory=list)

    @property
    def batch(self):
        shape = next(iter(self.feeds.values())).shape
        return shape[0] if shape else 1


def ort_engine(label, model):
    if label != "ort-fp32":
        raise PeerError(f"no engine '{label}'; known: ort-fp32")
    return label, [sys.executable, str(HERE / "ort_worker.py"), str(model), "--inputs", "{inputs}", "--threads", "{threads}"]


def parse_shapes(text):
    """{'x': (1, 3)} of 'x:1x3,steps:'; the last colon splits."""
    shapes = {}
    for part in filter(None, text.split(",")):
        name, _, extents = part.rpartition(":")
        shapes[name] = tuple(int(extent) for extent in extents.split("x") if extent)
    return shapes


def model_inputs(path, shapes, batch, seed=1):
    """Random inputs for an ONNX file: dynamic leading dimensions become `batch`, others must be in `shapes`."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    held = {tensor.name for tensor in graph.initializer}
    random, feeds = np.random.default_rng(seed), {}
    for value in graph.input:
        if value.name in held:
            continue
        kind = value.type.tensor_type
        extents = [dim.dim_value or (batch if axis == 0 else 0) for axis, dim in enumerate(kind.shape.dim)]
        extents = shapes.get(value.name, tuple(extents))
        if any(extent <= 0 for extent in extents):
            raise PeerError(f"input '{value.name}' has dynamic shape {extents}; give --shapes {value.name}:AxBxC")
        feeds[value.name] = _values(value.name, np.dtype(NUMPY_TYPES[kind.elem_type]), extents, random)
    return feeds


def _values(name, dtype, extents, random):
    if dtype.kind == "f":
        return random.standard_normal(extents).astype(dtype)
    if dtype.kind == "b" or "mask" in name:
        return np.ones(extents, dtype)
    return random.integers(0, 100 if dtype.itemsize == 1 else 900, extents).astype(dtype)


def difference(reference, made):
    """Largest distance relative to the reference's largest value; infinite if names or shapes differ."""
    if {k: v.shape for k, v in reference.items()} != {k: v.shape for k, v in made.items()}:
        return float("inf")
    worst = 0.0
    for name, a in reference.items():
        if a.size:
            a, b = a.astype(np.float64), made[name].astype(np.float64)
            worst = max(worst, float(np.abs(a - b).max() / max(1e-9, np.abs(a).max())))
    return worst


def _start(task, inputs_file):
    workers = []
    places = {"{inputs}": str(inputs_file), "{threads}": str(task.threads)}
    for label, argv in task.engines:
        for place, value in places.items():
            argv = [word.replace(place, value) for word in argv]
        try:
            worker = Worker(label, argv)
            worker.calibrate()
            workers.append(worker)
        except PeerError as error:
            print(f"peers.py: left out: {error}", file=sys.stderr)
    return workers


def compete(task, rounds=15):
    """One dict per engine that ran: engine, ms_median, least, p90, ratio, spread, difference, runs."""
    with tempfile.TemporaryDirectory() as folder:
        inputs_file = Path(folder, "inputs.npz")
        np.savez(inputs_file, **task.feeds)
        workers = _start(task, inputs_file)
        try:
            for index in range(rounds):
                for worker in workers if index % 2 == 0 else reversed(workers):
                    worker.measure()
            return _summary(workers)
        finally:
            for worker in workers:
                worker.close()


def _summary(workers):
    rows = []
    for worker in workers:
        base, ordered = workers[0], sorted(worker.latencies)
        ratios = [mine / its for mine, its in zip(worker.medians, base.medians)]
        reference = rows[0]["outputs"] if rows else worker.outputs()
        made = worker.outputs() if rows else reference
        rows.append({"engine": worker.label, "ms_median": statistics.median(worker.medians), "least": ordered[0],
                     "p90": ordered[int(len(ordered) * 0.9)], "ratio": statistics.median(ratios),
                     "spread": (min(ratios), max(ratios)), "difference": difference(reference, made),
                     "runs": len(ordered), "outputs": made})
    for row in rows:
        del row["outputs"]
    return rows


def table(title, rows):
    """Aligned text of compete()'s rows."""
    lines = [title, f"  {'engine':14s} {'median ms':>10s} {'least':>10s} {'p90':>10s} {'x base':>8s}  {'[least, most]':16s}"
             f" {'differs':>9s} {'runs':>6s}"]
    for row in rows:
        spread = f"[{row['spread'][0]:.3f}, {row['spread'][1]:.3f}]"
        lines.append(f"  {row['engine']:14s} {row['ms_median']:10.3f} {row['least']:10.3f} {row['p90']:10.3f}"
                     f" {row['ratio']:8.3f}  {spread:16s} {row['difference']:9.1e} {row['runs']:6d}")
    return "\n".join(lines)


def csv_rows(task, rows, model_name):
    """The same rows in the form of results.csv."""
    return [{"threads": task.threads, "model": model_name, "engine": row["engine"].removesuffix("-fp32"), "precision": "fp32",
             "batch": task.batch, "ms_median": f"{row['ms_median']:.4f}", "ratio": f"{row['ratio']:.3f}"} for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--engine", default="ort-fp32", help="with commas; the first one is the base")
    parser.add_argument("--cmd", action="append", default=[], metavar="LABEL=COMMAND")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--shapes", default="")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    try:
        engines = [ort_engine(label, options.model) for label in options.engine.split(",") if label]
        for text in options.cmd:
            label, _, command = text.partition("=")
            engines.append((label, shlex.split(command)))
        feeds = model_inputs(options.model, parse_shapes(options.shapes), options.batch)
        task = Task(options.model, feeds, options.threads, engines)
        rows = compete(task, options.rounds)
    except PeerError as error:
        sys.exit(f"peers.py: {error}")
    if not rows:
        sys.exit("peers.py: no engine is left to time")
    import results

    print(table(f"{options.model.name}  batch {task.batch}  {task.threads} thread(s)  {results.cpu_name()}", rows))
    if options.record:
        results.append(csv_rows(task, rows, options.model.stem))


if __name__ == "__main__":
    main()
