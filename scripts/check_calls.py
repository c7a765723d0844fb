#!/usr/bin/env python3
"""Calls with side effects live in few places: memory through base/alloc, no exit, print, environment or clock elsewhere."""
import re

from sources import blank, finish, read, root_argument, walk

# what: (pattern, paths where it is allowed, reason)
CALLS = {
    "allocation": (r"(?<![.>])\b(malloc|calloc|realloc|free|strn?dup|aligned_alloc|posix_memalign|v?asprintf|getline)\s*\(",
                   ["src/base/alloc", "tools/"], "memory goes through hn_alloc, so that hooks see it and tests can fail it"),
    "ending": (r"(?<![.>])\b(exit|_exit|_Exit|quick_exit|abort|atexit|assert|raise|kill)\s*\(",
               ["tools/"], "the library never ends its host: return a status"),
    "printing": (r"(?<![.>])\b(printf|vprintf|puts|putchar|perror|fputs|putc|fputc|fprintf|vfprintf|fwrite)\s*\(|\bstd(out|err)\b",
                 ["tools/"], "the library does not print: use hn_diag or hn_log"),
    "environment": (r"(?<![.>])\b(getenv|secure_getenv|setenv|putenv|unsetenv|setlocale)\s*\(|\benviron\b",
                    ["tools/"], "the library does not read the environment"),
    "files": (r"(?<![.>])\b(fopen|fdopen|freopen|open|openat|creat|mmap|mkstemps?|tmpfile|opendir|unlink|rename|mkdir)\s*\(",
              ["src/base/file", "src/base/cpu", "tools/"], "files are opened, mapped and replaced by base/file"),
    "signals": (r"(?<![.>])\b(signal|sigaction|fork|vfork|system|popen|exec[lv]p?e?)\s*\(",
                ["tools/"], "handlers and processes belong to the host"),
    "threads": (r"\b(pthread_create|thrd_create)\s*\(", ["src/base/pool", "src/server/", "tools/"],
                "threads come from base/pool"),
    "loading": (r"\b(dlopen|dlsym)\s*\(", ["src/device/cuda/", "src/abi/plugin", "src/ops/vision/image_module"],
                "libraries are loaded by device/cuda, the plugin host and the image decoder only"),
    "randomness": (r"(?<![.>])\b(s?rand(om)?(_r)?|[dlm]rand48|time|gettimeofday|localtime|gmtime)\s*\(",
                   ["src/base/rng", "src/base/clock", "src/server/", "tools/"],
                   "same input, same plan: no clock date and no global random state"),
    "intrinsics": (r"#\s*include\s*<(\w*intrin|cpuid)\.h>|\b_mm(256|512)?_\w+\s*\(|\b__asm__\b|\basm\s+volatile\b",
                   ["src/kernels/", "src/base/cpu", "src/base/half"], "instruction sets stay in kernels/"),
}


def main():
    root = root_argument()
    paths = walk(root, (".c", ".h", ".def", ".inc"), ["include", "src", "tools"])
    faults = []
    for path in paths:
        text = blank(read(root, path))
        for pattern, allowed, reason in CALLS.values():
            if path.startswith(tuple(allowed)):
                continue
            for match in re.finditer(pattern, text):
                line = text.count("\n", 0, match.start()) + 1
                faults.append(f"{path}:{line}: {match.group().rstrip('( ')}: {reason}")
    finish(faults, f"calls, {len(paths)} files")


main()
