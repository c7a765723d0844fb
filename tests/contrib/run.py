"""Operators of other domains than ONNX's: `PASS name`, `FAIL name: why`. Arguments are words that names must contain.

Each case is a model of one node, run through the command line as a plan and by the references, and compared with ONNX Runtime,
or with numbers computed here where that has no such operator on CPUs."""
import importlib
import sys
import traceback
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))


def one_line(error):
    where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
             if "contrib_" in frame.filename]
    return f"{type(error).__name__} {' '.join(str(error).split())[:400]} ({' '.join(where)})"


def main():
    words, failed = sys.argv[1:], 0
    for path in sorted(FOLDER.glob("contrib_*.py")):
        module = importlib.import_module(path.stem)
        for name, function in list(vars(module).items()):
            label = f"{path.stem[8:]}/{name[5:]}"
            if not name.startswith("test_") or not all(word in label for word in words):
                continue
            try:
                function()
                print(f"PASS {label}", flush=True)
            except Exception as error:  # one broken case must not hide the others
                failed += 1
                print(f"FAIL {label}: {one_line(error)}", flush=True)
    sys.exit(1 if failed else 0)


main()
