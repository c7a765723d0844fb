"""Builds op_shim.c with the rooms base, abi and ops into a shared library, compiling only what changed, and loads it.

HONE_OPS_BUILD names the build folder (default build/ops), HONE_OPS_FLAGS adds compiler flags. With sanitizers:
    HONE_OPS_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined" \\
    LD_PRELOAD="$(for l in asan ubsan stdc++; do gcc -print-file-name=lib$l.so; done | paste -sd:)" ASAN_OPTIONS=detect_leaks=0 \\
    python tests/ops/run.py"""
import ctypes
import hashlib
import os
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WARNINGS = "-Wall -Wextra -Wshadow -Wstrict-prototypes -Wvla".split()
FLAGS = "-std=c17 -O2 -g1 -fPIC -ffp-contract=off -fno-math-errno -fno-trapping-math -fvisibility=hidden -D_GNU_SOURCE".split()
BUILD = Path(os.environ.get("HONE_OPS_BUILD", ROOT / "build/ops"))
FLAGS.append(f'-DHONE_LIBDIR="{os.path.relpath(ROOT / "build/release", BUILD)}"')  # of libhone_images.so
EXTRA = shlex.split(os.environ.get("HONE_OPS_FLAGS", ""))
COMPILER = [os.environ.get("CC", "gcc"), *FLAGS, *WARNINGS, *EXTRA]


def _sources():
    rooms = [path for room in ("base", "abi", "ops") for path in (ROOT / "src" / room).rglob("*.c")]
    return sorted(rooms) + [ROOT / "tests/ops/op_shim.c"]


def _is_fresh(target, dependencies):
    if not target.exists() or not dependencies.exists():
        return False
    names = dependencies.read_text().replace("\\\n", " ").split(":", 1)[1].split()
    built = target.stat().st_mtime
    return all(os.path.exists(name) and os.stat(name).st_mtime < built for name in names)


def _compile(source, folder):
    target = folder / (str(source.relative_to(ROOT)).replace("/", "-") + ".o")
    dependencies = target.with_suffix(".d")
    if not _is_fresh(target, dependencies):
        subprocess.run([*COMPILER, f"-I{ROOT}/include", f"-I{ROOT}/src", "-MMD", "-MF", dependencies, "-c", source, "-o", target],
                       check=True)
    return target


def build():
    """The path of the library, built if need be."""
    key = hashlib.sha256(" ".join(COMPILER).encode()).hexdigest()[:8]
    folder = BUILD / key
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(lambda source: _compile(source, folder), _sources()))
    library = folder / "libop_shim.so"
    if not library.exists() or any(o.stat().st_mtime >= library.stat().st_mtime for o in objects):
        subprocess.run([*COMPILER, "-shared", "-o", library, *objects, "-lxxhash", "-lpcre2-8", "-lm", "-lpthread"], check=True)
    return library


def load():
    library = ctypes.CDLL(str(build()))
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64
    results = {"op_name": text, "case_begin": pointer, "inferred_text": text, "output_dims": ctypes.POINTER(number),
               "output_data": pointer, "output_string": text, "message_text": text, "status_name": text}
    arguments = {
        "op_name": [ctypes.c_int], "op_facts": [text], "op_implemented": [text], "op_has_element": [text],
        "case_begin": [text, ctypes.c_int, ctypes.c_int], "case_end": [pointer],
        "attr_int": [pointer, text, number], "attr_float": [pointer, text, ctypes.c_float],
        "attr_string": [pointer, text, text, ctypes.c_size_t],
        "attr_ints": [pointer, text, pointer, ctypes.c_uint32], "attr_floats": [pointer, text, pointer, ctypes.c_uint32],
        "attr_strings": [pointer, text, pointer, ctypes.c_uint32], "attr_dims": [pointer, text, pointer, ctypes.c_uint32],
        "attr_tensor": [pointer, text, ctypes.c_int, ctypes.c_int, pointer, text],
        "case_input": [pointer, ctypes.c_int, ctypes.c_int, ctypes.c_int, pointer, text],
        "case_infer": [pointer, ctypes.c_int, ctypes.c_int, ctypes.c_int],
        "inferred_dtype": [pointer, ctypes.c_int], "inferred_rank": [pointer, ctypes.c_int],
        "inferred_dim": [pointer, ctypes.c_int, ctypes.c_int, pointer], "inferred_text": [pointer, ctypes.c_int],
        "case_run": [pointer, ctypes.c_int, ctypes.c_int], "may_overwrite": [pointer, ctypes.c_int], "output_dtype": [pointer, ctypes.c_int],
        "output_rank": [pointer, ctypes.c_int], "output_dims": [pointer, ctypes.c_int],
        "output_data": [pointer, ctypes.c_int], "output_string": [pointer, ctypes.c_int, number],
        "case_elements": [pointer, ctypes.c_int, pointer],
        "message_count": [pointer], "message_text": [pointer, ctypes.c_int], "status_name": [ctypes.c_int],
    }
    for name, types in arguments.items():
        getattr(library, name).argtypes = types
        getattr(library, name).restype = results.get(name, ctypes.c_int)
    return library
