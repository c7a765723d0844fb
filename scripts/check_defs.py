#!/usr/bin/env python3
"""One list per kind of thing: each row of a list has its source, and its cases in the tests; lists that are searched are
sorted."""
import re
from fnmatch import fnmatch

from sources import blank, finish, read, root_argument, walk

# list: (pattern of a row, naming `id` and perhaps `name`, evidence)
# evidence: (what, files, pattern, rows that need none); {id} and {name} stand for the row's own; a pattern of None asks for
# the file only
LISTS = {
    "src/abi/ops.def": (r'HN_OP\(\s*(?P<id>\w+)\s*,\s*"(?P<name>[\w.]+)"', [
        ("implementation row", "src/ops/*/*.def", r"\bHN_\w+\(\s*{id}\s*[,)]", None),
        ("row in the ONNX map", "src/frontend/onnx/onnx_map.def", r'"{name}"', "HN_INTERNAL_OP"),
        ("case in tests, as of tests/ops/cases_<family>.py", "tests/*/*", r"\bHN_OP_{id}\b|\b{name}\b", None),
    ]),
    "tools/hone/commands.def": (r"HONE_COMMAND\(\s*(?P<id>\w+)\s*,", [
        ("source file", "tools/hone/cmd_{id}.c", None, None),
        ("case in tests/cli", "tests/cli/*.sh", r"\bHONE\W+{id}\b", None),
    ]),
    "src/kernels/cpu/kernels.def": (r"HN_KERNEL\(\s*(?P<id>\w+)\s*\)", [
        ("definition", "src/kernels/cpu/*/*.c", r"\bhn_kernel_{id}\b", None),
        ("case in tests/kernelcheck", "tests/kernelcheck/*.c", r'"{id}"', None),
    ]),
    "src/passes/pipeline*.c": (r'\{\s*"(?P<id>\w+)"\s*,', [
        ("golden case", "tests/passes/{id}/*.hir", None, None),
    ]),
}

# lists in which programs search: what orders the rows, numbers by value
SORTED = {
    "src/frontend/onnx/onnx_map.def": r'HN_ONNX\("(?P<name>[^"]+)",\s*(?P<opset>\d+)',
    "src/frontend/onnx/onnx_attrs.def": r'HN_ONNX_ATTR\("(?P<name>[^"]+)"',
}


def unsorted(path, text, row):
    """Rows that a search does not find, since they stand behind a greater one."""
    greatest = None
    for match in re.finditer(row, text):
        key = [int(part) if part.isdigit() else part.encode() for part in match.groups()]
        if greatest and key < greatest[0]:
            yield (f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match['name']} must stand before {greatest[1]}: "
                   "rows are sorted by name (as strcmp does), then opset")
            continue
        greatest = key, match["name"]


def main():
    root = root_argument()
    paths = walk(root, (".c", ".h", ".def", ".py", ".sh", ".hir"), ["src", "tools", "tests"])
    texts = {}

    def text_of(path):
        if path not in texts:
            texts[path] = read(root, path)
        return texts[path]

    def shown(files, pattern):
        candidates = [path for path in paths if fnmatch(path, files)]
        return bool(candidates) if pattern is None else any(re.search(pattern, text_of(path)) for path in candidates)

    faults, rows = [], 0
    for wanted, (row, evidence) in LISTS.items():
        for path in (p for p in paths if fnmatch(p, wanted)):
            text, seen = blank(text_of(path), keep_strings=True), set()
            for match in re.finditer(row, text):
                rows += 1
                place = f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match['id']}"
                if match["id"] in seen:
                    faults.append(f"{place} stands here twice")
                seen.add(match["id"])
                own = {key: re.escape(value) for key, value in match.groupdict().items()}
                line = text[match.start():text.find("\n", match.start())]
                for what, files, pattern, exempt in evidence:
                    if exempt and re.search(exempt, line):
                        continue
                    if not shown(files.format(**match.groupdict()), pattern and pattern.format(**own)):
                        faults.append(f"{place} has no {what} ({files.format(**match.groupdict())})")
    for path, row in SORTED.items():
        if path in paths:
            faults.extend(unsorted(path, text_of(path), row))
    finish(faults, f"lists, {rows} rows")


main()
