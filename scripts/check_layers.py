#!/usr/bin/env python3
"""Arrows point down: each room includes only the rooms that LAYERS gives it."""
import os
import re

from sources import blank, finish, read, root_argument, walk

PUBLIC = "hone"  # include/hone
RUN_SIDE = {"base", "abi", "plan", "ops", "kernels", "device", "runtime"}
ALL = RUN_SIDE | {"ir", "quant", "frontend", "passes", "builder"}

# room: rooms it may include besides itself and include/hone
LAYERS = {
    PUBLIC: set(),
    "base": set(),
    "abi": {"base"},
    "quant": {"base"},
    "plan": {"base", "abi"},
    "ops": {"base", "abi"},
    "kernels": {"base", "abi"},
    "device": {"base", "abi"},
    "codecs": {"abi"},
    "ir": {"base", "abi"},
    "frontend": {"base", "abi", "ir", "ops"},
    "passes": {"base", "abi", "ir", "ops"},
    "runtime": RUN_SIDE,
    "builder": ALL,
    "server": {"base"},
    "tools": {"base"},
    "examples": set(),
}

# (file pattern, include pattern, reason): arrows inside a room, and headers of one side only
FORBIDDEN = [
    (r"src/codecs/", r"abi/(?!image_codec\.h)", "the module shares one header with the library that loads it"),
    (r"src/(base|abi|plan|ops|kernels|device|runtime)/", r"hone/build\.h", "the run side knows nothing of building"),
    (r"src/plan/plan_(read|verify)", r"plan/plan_(write|dump)", "reading a plan needs no code that writes it"),
    (r"src/runtime/", r"plan/plan_(write|dump)", "the runtime only reads plans"),
    (r"src/frontend/onnx/", r"frontend/torchscript/", "frontends are blind to one another"),
    (r"src/frontend/torchscript/", r"frontend/onnx/", "frontends are blind to one another"),
]
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<(hone/[^>]+)>)', re.M)


def room_of(path):
    parts = path.split(os.sep)
    return parts[1] if parts[0] in ("src", "include") else parts[0]


def fault_of(root, path, target):
    room = room_of(path)
    for where, what, reason in FORBIDDEN:
        if re.match(where, path) and re.match(what, target):
            return reason
    if "/" not in target:
        beside = os.path.isfile(os.path.join(root, os.path.dirname(path), target))
        return None if beside else f'"{target}" does not lie beside this file; write "room/file.h"'
    to = target.split("/")[0]
    if to not in LAYERS:
        return f"{to} is no room: includes are written from src/ or include/"
    if not any(os.path.isfile(os.path.join(root, folder, target)) for folder in ("src", "include")):
        return f"there is no {target}"
    if to not in LAYERS[room] | {room, PUBLIC}:
        return f"{room} must not see {to} (allowed: {', '.join(sorted(LAYERS[room])) or 'include/hone only'})"
    return None


def main():
    root = root_argument()
    faults = []
    paths = walk(root, (".c", ".h", ".def", ".inc"), ["include", "src", "tools", "examples"])
    for path in paths:
        if room_of(path) not in LAYERS:
            faults.append(f"{path}:1: no row in LAYERS for this room")
            continue
        text = blank(read(root, path), keep_strings=True)
        for match in INCLUDE.finditer(text):
            target = match.group(1) or match.group(2)
            reason = fault_of(root, path, target)
            if reason:
                line = text.count("\n", 0, match.start(match.lastindex)) + 1
                faults.append(f'{path}:{line}: includes "{target}": {reason}')
    finish(faults, f"layers, {len(paths)} files")


main()
