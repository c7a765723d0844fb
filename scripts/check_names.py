#!/usr/bin/env python3
"""One name, one thing: file names are unique in the tree, and so is each hn_ or hone_ type that a header defines.

Exempt: what a folder holds by convention (run.py, README.md, CMakeLists.txt) and data files."""
import os
import re

from sources import blank, finish, read, root_argument, walk

CODE = (".c", ".h", ".def", ".inc", ".py", ".sh")
ONE_PER_FOLDER = ("run.py",)
TYPE = re.compile(r"^\s*typedef\s+(?:struct|enum|union)\s+(ho?ne?_\w+)\s*\{", re.M)


def main():
    root = root_argument()
    paths = [os.path.normpath(path) for path in walk(root, CODE, ["."])]
    files, types, faults = {}, {}, []
    for path in paths:
        name = os.path.basename(path)
        if name not in ONE_PER_FOLDER and files.setdefault(name, path) != path:
            faults.append(f"{path}:1: a file of this name is {files[name]}: rename one of them")
        if not path.endswith(".h"):
            continue
        text = blank(read(root, path))
        for match in TYPE.finditer(text):
            place = f"{path}:{text.count(chr(10), 0, match.start(1)) + 1}"
            if types.setdefault(match.group(1), place) != place:
                faults.append(f"{place}: {match.group(1)} is also defined at {types[match.group(1)]}: rename one of them")
    finish(faults, f"names, {len(paths)} files and {len(types)} types")


main()
