"""Operators of other domains than ONNX's: `PASS name`, `FAIL name: why`. Arguments are words that names must contain.

Each case is a model of one node, run through the command line as a plan and by the references, and compared with ONNX Runtime,
or with numbers computed here where that has no such operator on CPUs."""
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

from caseloop import run_cases  # noqa: E402  (found in the folder above)

sys.exit(1 if run_cases(FOLDER, "contrib", sys.argv[1:]) else 0)
