"""Failures that are expected: expected_failures.tsv, one row for each pattern, with the reason."""
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass
class Row:
    """Tests whose label matches `pattern`, or that hold the operator named by `operator NAME`."""
    pattern: str
    reason: str
    uses: int = 0

    def covers(self, result):
        word, _, name = self.pattern.partition(" ")
        if word == "operator":
            return bool(result.failures()) and name in (known.rpartition(".")[2] for known in result.operators)
        return fnmatchcase(result.label, self.pattern)


class Expectations:
    def __init__(self, path):
        self.name, self.rows = path.name, []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                pattern, reason = line.split("\t")
                self.rows.append(Row(pattern, reason))

    def row_for(self, result):
        """The row that covers a test, or None; rows for labels come before rows for operators."""
        found = [row for row in self.rows if row.covers(result)]
        found.sort(key=lambda row: row.pattern.startswith("operator "))
        for row in found[:1]:
            row.uses += bool(result.failures())
        return found[0] if found else None

    def unused(self):
        return [row for row in self.rows if not row.uses]
