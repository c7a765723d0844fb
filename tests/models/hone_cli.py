"""The program under test, called as a user calls it. What it must print is written down in README.md."""
import json
import re
import signal
import subprocess
import tempfile
from pathlib import Path

import numpy as np


class Failure(Exception):
    """What a command did wrong, in one line."""


def shape_text(shapes):
    """`name:1x3x224x224,steps:` as the command line wants it."""
    return ",".join(f"{name}:{'x'.join(map(str, extents))}" for name, extents in shapes.items())


def profile_options(profiles):
    """Options for several profiles, each (min, opt, max)."""
    options = []
    for index, profile in enumerate(profiles):
        options += ["--profile", str(index)]
        options += [f"--{end}-shapes={shape_text(shapes)}" for end, shapes in zip(("min", "opt", "max"), profile)]
    return options


def _one_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    chosen = next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "no message")
    return chosen[:300]


def _status_text(code):
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


class Hone:
    """Runs `binary` with `threads` threads; a call that takes longer than `limit` seconds is a failure."""

    def __init__(self, binary, threads=1, limit=900):
        self.binary, self.threads, self.limit = str(binary), threads, limit

    def call(self, *arguments, expect=0):
        """Standard output and standard error of one command, which must end with status `expect`."""
        argv = [self.binary, *map(str, arguments)]
        try:
            done = subprocess.run(argv, capture_output=True, timeout=self.limit)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"'hone {arguments[0]}' took more than {self.limit} s") from error
        except OSError as error:
            raise Failure(f"{self.binary} does not start: {error}") from error
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        if done.returncode != expect:
            raise Failure(f"'hone {arguments[0]}': {_status_text(done.returncode)}: {_one_line(err or out)}")
        return out, err

    def check(self, model):
        """`hone check` passes without a warning."""
        out, err = self.call("check", model)
        complaint = re.search(r"^.*\b(?:warning|error)\b:.*$", out + "\n" + err, re.MULTILINE | re.IGNORECASE)
        if complaint:
            raise Failure(f"check is not clean: {complaint.group(0).strip()[:300]}")

    def build(self, model, plan, *options):
        """Build a plan; returns what was printed."""
        out, err = self.call("build", model, "-o", plan, "--threads", self.threads, *options)
        if not Path(plan).exists():
            raise Failure("'hone build' left no plan")
        return out + err

    def run(self, plan, feeds, *options):
        """Outputs of one run as {name: array}."""
        with tempfile.TemporaryDirectory(dir=Path(plan).parent) as folder:
            inputs, outputs = Path(folder, "in.npz"), Path(folder, "out.npz")
            np.savez(inputs, **feeds)
            self.call("run", plan, "--inputs", inputs, "--outputs", outputs, "--threads", self.threads, *options)
            if not outputs.exists():
                raise Failure("'hone run' left no outputs")
            with np.load(outputs, allow_pickle=False) as stored:
                return dict(stored)

    def refuses(self, plan, feeds):
        """A run that must end with status 2, a message and nothing written."""
        with tempfile.TemporaryDirectory(dir=Path(plan).parent) as folder:
            inputs, outputs = Path(folder, "in.npz"), Path(folder, "out.npz")
            np.savez(inputs, **feeds)
            _, err = self.call("run", plan, "--inputs", inputs, "--outputs", outputs, expect=2)
            if sorted(path.name for path in Path(folder).iterdir()) != ["in.npz"]:
                raise Failure("a refused run left something behind")
            if not err.strip():
                raise Failure("a refused run gave no reason")

    def inspect(self, plan):
        """Parsed `hone inspect PLAN --json`."""
        out, _ = self.call("inspect", plan, "--json")
        try:
            return json.loads(out)
        except ValueError as error:
            raise Failure(f"'hone inspect --json' is not JSON: {error}") from error
