#!/usr/bin/env python3
"""Files stay under 1,000 lines and functions under 120; .def tables are exempt.

size_exceptions.txt holds rows `path[:function] limit reason`. A row whose limit is higher than needed is a fault too, so
that the list can only shrink."""
import ast
import os
import re
import statistics

from sources import blank, finish, read, root_argument, walk

FILE_LIMIT, FUNCTION_LIMIT = 1000, 120
EXCEPTIONS = "scripts/size_exceptions.txt"
NAME = re.compile(r"(\w+)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*(?:__attribute__\s*\(\(.*?\)\)\s*)?$", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def c_functions(text):
    """(name, first line, lines) of each function: a brace at depth 0 behind a parameter list."""
    text = DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), blank(text))
    text = re.sub(r'extern\s+"[^"]*"\s*\{', lambda m: " " * len(m.group()), text)
    depth, start, found = 0, 0, []
    opened = None
    for match in re.finditer(r"[{};]", text):
        at = match.start()
        if match.group() == "{":
            if depth == 0:
                name = NAME.search(text[start:at])
                opened = (name.group(1), text.count("\n", 0, start + name.start())) if name else None
            depth += 1
        elif match.group() == "}":
            depth = max(0, depth - 1)
            if depth == 0:
                if opened:
                    found.append((opened[0], opened[1] + 1, text.count("\n", 0, at) - opened[1] + 1))
                opened, start = None, at + 1
        elif depth == 0:
            start = at + 1
    return found


def python_functions(text):
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    return [(n.name, n.lineno, n.end_lineno - n.lineno + 1) for n in nodes]


def exceptions(root):
    if not os.path.exists(os.path.join(root, EXCEPTIONS)):
        return {}
    rows = [line.split(maxsplit=2) for line in read(root, EXCEPTIONS).splitlines()]
    return {row[0]: int(row[1]) for row in rows if row and not row[0].startswith("#")}


def main():
    root = root_argument()
    allowed = exceptions(root)
    sizes, file_lines, function_lines = [], [], []
    for path in walk(root, (".c", ".h", ".py", ".sh"), ["."]):
        path = os.path.normpath(path)
        text = read(root, path)
        lines = text.count("\n")
        sizes.append((path, path, 1, lines, FILE_LIMIT))
        functions = python_functions(text) if path.endswith(".py") else c_functions(text) if path[-2:] in (".c", ".h") else []
        sizes += [(f"{path}:{name}", path, line, n, FUNCTION_LIMIT) for name, line, n in functions]
        if path.startswith(("src", "tools")) and path.endswith(".c"):
            file_lines.append(lines)
            function_lines += [n for _, _, n in functions]
    faults = []
    for key, path, line, n, limit in sizes:
        bound = allowed.pop(key, None)
        if n > (bound or limit):
            faults.append(f"{path}:{line}: {key} has {n} lines, {bound or limit} are allowed: split it")
        elif bound and n < bound:
            faults.append(f"{EXCEPTIONS}:1: {key} now has {n} lines: lower its row ({bound}) or remove it")
    faults += [f"{EXCEPTIONS}:1: {key} names nothing: remove the row" for key in allowed]
    if function_lines:
        print(f"median file {statistics.median(file_lines):.0f} lines, function {statistics.median(function_lines):.0f}")
    finish(faults, f"sizes, {len(sizes)} files and functions")


main()
