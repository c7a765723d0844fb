"""What the rule scripts share: walking the tree, blanking comments, reporting faults."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def root_argument():
    """The tree to look at: the first argument, or the one this script lies in."""
    return os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ROOT


def walk(root, suffixes, folders):
    """Sorted paths, relative to root, of the files below `folders` that end in one of `suffixes`."""
    found = []
    for folder in folders:
        for where, inner, names in os.walk(os.path.join(root, folder)):
            inner[:] = [d for d in inner if d not in ("build", "__pycache__") and not d.startswith(".")]
            found += [os.path.relpath(os.path.join(where, n), root) for n in names if n.endswith(suffixes)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def blank(text, keep_strings=False):
    """The C text with comments (and strings, unless kept) replaced by spaces; line numbers stay."""
    def hide(match):
        token = match.group()
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token if keep_strings else token[0] + " " * (len(token) - 2) + token[0]
    return TOKEN.sub(hide, text)


def finish(faults, checked):
    """Prints `file:line: reason` rows and ends the script: status 1 if there are any."""
    for fault in faults:
        print(fault)
    print(f"{checked}: {len(faults)} fault{'s' * (len(faults) != 1)}")
    sys.exit(1 if faults else 0)
