#!/usr/bin/env python3
"""Sound models made bad, tried by build/asan/run_mutants: a result or one clear error, soon, with little memory.

usage: run.py [--long] [--count N] [--first N] [--jobs N] [--keep FOLDER] [--notes] [WORD]...

A mutant is named BASE/MUTATION/NUMBER, and its name is all that makes it. Without --long each operator gives --count mutants
of one base and mutation in turn; with --long each base gives --count mutants of each mutation. WORDs choose mutants by parts of
their names; --keep writes them to a folder as model.onnx and input files. Prints `PASS mutation: counts` and `FAIL mutant: why`. Another
program than that of the sanitizer build can be named in RUN_MUTANTS."""
import argparse
import itertools
import multiprocessing
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import bases
from mutations import MUTATIONS, Mutant

PROGRAM = os.environ.get("RUN_MUTANTS", str(bases.ROOT / "build/asan/run_mutants"))
BATCH = 400
SLOW = 15.0  # seconds for all stages of one mutant, sanitizers included
MOST_MEMORY = 200 << 20
KINDS = {"TensorProto": 0, "SequenceProto": 1, "OptionalProto": 2, "MapProto": 3}
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "allocator_may_return_null=1:max_allocation_size_mb=1024:hard_rss_limit_mb=4096"}


# ---- mutants ---------------------------------------------------------------------------------------------------------
def make(base, mutation, number):
    """A mutant, or None when there is nothing that this mutation could change."""
    mutant = Mutant(base.model, base.inputs)
    changed = MUTATIONS[mutation](mutant, random.Random(f"{base.name}/{mutation}/{number}"))
    return mutant if changed else None


def text(word):
    data = word if isinstance(word, bytes) else word.encode()
    return struct.pack("<I", len(data)) + data


def packed(name, mutant):
    """The record that run_mutants reads."""
    parts = [text(name), text(mutant.model.SerializeToString()), struct.pack("<I", len(mutant.inputs))]
    for key, value in mutant.inputs.items():
        parts += [text(key), struct.pack("<I", KINDS[value.DESCRIPTOR.name]), text(value.SerializeToString())]
    return b"".join(parts)


def keep(folder, name, mutant):
    to = Path(folder) / name.replace("/", "-")
    to.mkdir(parents=True, exist_ok=True)
    (to / "model.onnx").write_bytes(mutant.model.SerializeToString())
    for key, value in mutant.inputs.items():
        (to / f"{key.replace('/', '_')}.pb").write_bytes(value.SerializeToString())


# ---- results ---------------------------------------------------------------------------------------------------------
@dataclass
class Result:
    name: str
    faults: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    last: str = ""      # the last stage and how it ended
    seconds: float = 0.0

    @property
    def mutation(self):
        return self.name.split("/")[1]


def judge_message(result, fields):
    """One error format: a place, a text of one line that no format specifier was left in, a known status."""
    severity, status, node, op, location, message, hint = fields
    if severity != "3":
        return
    result.notes.append(f"{status}: {message} [{node} {op} {location}]")
    if not (node or op or location or "'" in message):
        result.faults.append(f"no place: {message}")
    if not message or message != message.strip() or message.endswith((".", ":", ",")):
        result.faults.append(f"odd text: {message!r}")
    if re.search(r"\(null\)|%[-0-9.]*[l]*[sdiufgxz]\b", message + hint) and "%s" not in message:
        result.faults.append(f"format: {message}")


def parse(lines, results):
    for line in lines:
        word, *fields = line.split("\t")
        if word == "BEGIN":
            results.append(Result(fields[0]))
        elif word == "MESSAGE":
            judge_message(results[-1], fields)
        elif word == "STAGE":
            results[-1].last = " ".join(fields)
        elif word == "FAULT":
            results[-1].faults.append(fields[0])
        elif word in ("DIFFERENCE", "ELEMENT"):
            results[-1].notes.append(" ".join(fields))
            if fields[0] == "memory":
                results[-1].faults.append("an output depends on memory that nothing wrote")
        elif word == "END":
            result, (seconds, peak, _refused) = results[-1], fields
            result.seconds = float(seconds)
            result.last += "."
            if float(seconds) > SLOW:
                result.faults.append(f"took {seconds} s")
            if int(peak) > MOST_MEMORY:
                result.faults.append(f"took {int(peak) >> 20} MiB")


def reason(errors, status):
    """The line of a sanitizer's report that tells most."""
    lines = [line for line in errors.splitlines() if "ERROR: " in line or "runtime error" in line]
    frames = [line.split(" in ", 1)[1] for line in errors.splitlines() if re.match(r" +#\d+ .* in hn_|  +#\d+ .*/src/", line)]
    return f"ended with {status}: {'; '.join(lines[:1] + frames[:3]) or errors[-300:]}"


def try_batch(batch):
    """Results of [(name, record)]; a mutant that ends the program costs itself only."""
    results, first = [], 0
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "mutants").write_bytes(b"".join(record for _, record in batch))
        while first < len(batch):
            done = subprocess.run([PROGRAM, f"{folder}/mutants", folder, str(first)], capture_output=True, env=ENVIRONMENT)
            found = []
            parse(done.stdout.decode(errors="replace").split("\n"), found)
            if done.returncode == 0 and len(found) == len(batch) - first:
                results += found
                break
            if not found:
                sys.exit(f"run_mutants: {done.stderr.decode(errors='replace')}")
            unfinished = not found[-1].last.endswith(".")
            found[-1].faults.append(reason(done.stderr.decode(errors="replace"), done.returncode) if unfinished
                                    else reason(done.stderr.decode(errors="replace"), f"{done.returncode} at its end"))
            results += found
            first += len(found)
    return results


def try_chunk(chunk):
    made = ((f"{base.name}/{mutation}/{number}", make(base, mutation, number)) for base, mutation, number in chunk)
    records = [(name, packed(name, mutant)) for name, mutant in made if mutant]
    return try_batch(records) if records else []


# ---- which ones ------------------------------------------------------------------------------------------------------
def chosen_long(found, options):
    for base in found:
        for mutation in MUTATIONS:
            for number in range(options.first, options.first + options.count):
                yield base, mutation, number


def chosen_short(found, options):
    """For each operator, `count` mutants: bases and mutations in turn, begun at another place for each operator."""
    operators = {}
    for base in found:
        operators.setdefault(base.operator, []).append(base)
    mutations = list(MUTATIONS)
    for index, (_operator, members) in enumerate(sorted(operators.items())):
        if "_expanded" in members[0].name:
            continue
        for k in range(options.count):
            yield members[(index + k) % len(members)], mutations[(7 * index + k) % len(mutations)], options.first + k


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--count", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--keep")
    parser.add_argument("--notes", action="store_true", help="also print differences between the ways of running")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    options.count = options.count or (1 if options.long else 20)
    found = bases.all_bases()
    chosen = [row for row in (chosen_long if options.long else chosen_short)(found, options)
              if all(word in f"{row[0].name}/{row[1]}/{row[2]}" for word in options.words)]
    if options.keep:
        for base, mutation, number in chosen:
            if mutant := make(base, mutation, number):
                keep(options.keep, f"{base.name}/{mutation}/{number}", mutant)
        return
    chunks = [chosen[i:i + BATCH] for i in range(0, len(chosen), BATCH)]
    counts, bad = {mutation: Counter() for mutation in MUTATIONS}, Counter()
    with multiprocessing.Pool(options.jobs) as pool:
        for result in itertools.chain.from_iterable(pool.imap(try_chunk, chunks)):
            counts[result.mutation][result.last.rstrip(".")] += 1
            if options.notes and any(note.startswith(("ways", "memory")) for note in result.notes):
                print(f"NOTE {result.name}: {'; '.join(result.notes)}")
            if result.faults:
                bad[result.mutation] += 1
                print(f"FAIL {result.name}: {'; '.join(result.faults)}", flush=True)
    for mutation, ends in counts.items():
        if ends and not bad[mutation]:
            print(f"PASS {mutation}: {sum(ends.values())} mutants, {ends['run ok']} of them ran")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
