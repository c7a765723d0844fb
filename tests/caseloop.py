"""The loop over files of cases: run_cases(folder, prefix, words) calls each function test_* of the PREFIX_*.py in a folder, prints
`PASS name` or `FAIL name: why`, and returns how many failed. A name must contain all of the words."""
import importlib
import traceback
from pathlib import Path


def one_line(error, prefix):
    where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
             if prefix in frame.filename]
    kind = "" if isinstance(error, AssertionError) else type(error).__name__
    return f"{kind} {' '.join(str(error).split())[:400]} ({' '.join(where)})".strip()


def run_cases(folder, prefix, words):
    failed = 0
    for path in sorted(Path(folder).glob(f"{prefix}_*.py")):
        module = importlib.import_module(path.stem)
        for name, function in list(vars(module).items()):
            label = f"{path.stem.removeprefix(f'{prefix}_')}/{name.removeprefix('test_')}"
            if not name.startswith("test_") or not all(word in label for word in words):
                continue
            try:
                function()
                print(f"PASS {label}", flush=True)
            except Exception as error:  # one broken case must not hide the others
                failed += 1
                print(f"FAIL {label}: {one_line(error, f'{prefix}_')}", flush=True)
    return failed
