"""How much private memory of the process a loaded plan makes dirty: weights must stay in the mapped file.

usage: dirty_memory.py LIBRARY PLAN     (prints the growth in bytes; a process of its own, so that nothing else moves)"""
import ctypes
import subprocess
import sys
from pathlib import Path

from hone_cli import Failure

LIMIT = 5_000_000


def private_dirty():
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/smaps_rollup has no Private_Dirty")


def growth(library, plan):
    hone = ctypes.CDLL(library)
    engine = ctypes.c_void_p()
    hone.hone_version.restype = ctypes.c_char_p
    hone.hone_version()  # binds the library's own pages before the first look
    before = private_dirty()
    status = hone.hone_engine_load(str(plan).encode(), None, None, ctypes.byref(engine))
    if status:
        raise SystemExit(f"the plan does not load: status {status}")
    return private_dirty() - before


def check(hone, plan):
    """Raises Failure when loading `plan` with the library beside the program under test dirties too much."""
    library = Path(hone.binary).resolve().parent / "libhone_rt.so"
    done = subprocess.run([sys.executable, __file__, str(library), str(plan)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"dirty_memory: {done.stderr.strip()}")
    if int(done.stdout) >= LIMIT:
        raise Failure(f"loading dirties {int(done.stdout)} bytes, {LIMIT} allowed")


if __name__ == "__main__":
    print(growth(*sys.argv[1:3]))
