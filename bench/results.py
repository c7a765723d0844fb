"""bench/results.csv: one row per engine and measurement. Its diffs are reviewed; `ratio` is time over ONNX Runtime's."""
import csv
import datetime
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "bench/results.csv"
COLUMNS = ("date", "machine", "cpu", "threads", "model", "engine", "precision", "batch", "ms_median", "ratio", "commit",
           "versions")


def cpu_name():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def commit():
    """Short hash of the checkout, with '+' behind it when tracked files differ."""
    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "include", "CMakeLists.txt")
    return (git("rev-parse", "--short", "HEAD") or "none") + ("+" if changed else "")


def facts():
    """What every row of one run shares."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"date": datetime.date.today().isoformat(), "cpu": cpu_name(), "commit": commit(),
            "machine": f"{platform.machine()} {os.cpu_count()} cores {gigabytes:.0f} GiB",
            "versions": f"onnxruntime {metadata.version('onnxruntime')}"}


def append(rows, path=FILE):
    """Add rows (dicts with the columns that facts() lacks)."""
    shared, new = facts(), not path.exists()
    with open(path, "a", newline="") as f:
        writer = csv.DictWriter(f, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows({**shared, **row} for row in rows)
