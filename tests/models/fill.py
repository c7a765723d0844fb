#!/usr/bin/env python3
"""Turn the committed skeletons into runnable models.

A skeleton is the export of a real network without its large weights: NAME.onnx.gz, whose initializers point into
NAME.bin, and NAME.json, whose `fill` rows [offset, dtype, shape, mean, std] say how to draw that file. The draw is
uniform, comes from a counter-based generator keyed by name and offset, and gives the same bytes on every machine;
tests/data/skeletons/SHA256SUMS holds them, and every fill is compared with it.

usage: fill.py [--out DIR] [--embed] NAME... | all        (default DIR: build/models)
       fill.py --update-sums                              (draw all 33, rewrite the table)
"""
import argparse
import gzip
import hashlib
import json
import os
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np

SKELETONS = Path(__file__).resolve().parent.parent / "data" / "skeletons"
SUMS = SKELETONS / "SHA256SUMS"
CHUNK = 1 << 20  # values drawn at a time: even, because the generator yields pairs


class FillError(Exception):
    """A model could not be made as described."""


def names():
    """All skeletons, sorted."""
    return sorted(path.stem for path in SKELETONS.glob("*.json"))


def recipe(name):
    """Parsed NAME.json."""
    path = SKELETONS / f"{name}.json"
    if not path.exists():
        raise FillError(f"no skeleton '{name}' in {SKELETONS}")
    return json.loads(path.read_text())


def drawn(key, count, dtype, mean, std):
    """Yield `count` values of `dtype` in pieces: mean + std * sqrt(12) * (u - 1/2), u uniform in (0, 1)."""
    stream = None if std == 0.0 else np.random.Philox(key=zlib.crc32(key.encode()))
    for start in range(0, count, CHUNK):
        n = min(CHUNK, count - start)
        if stream is None:
            yield np.full(n, mean, dtype)
            continue
        words = stream.random_raw((n + 1) // 2).view(np.uint32)[:n]
        centred = (words.astype(np.float64) + 0.5) / 2.0**32 - 0.5
        yield (mean + centred * (std * 12.0**0.5)).astype(dtype)


def sha256(path):
    """Hex digest of a file."""
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def sums():
    """The checksum table: file name -> SHA-256."""
    lines = SUMS.read_text().splitlines() if SUMS.exists() else []
    return {name: digest for digest, name in (line.split() for line in lines)}


def check_sum(path, name, expected):
    if expected.get(name) != sha256(path):
        raise FillError(f"{name}: the drawn bytes differ from {SUMS.name}")


def draw_weights(name, spec, path):
    with open(path, "wb") as f:
        f.truncate(spec["weight_bytes"])
        for offset, dtype, shape, mean, std in spec["fill"]:
            f.seek(offset)
            for piece in drawn(f"{name}:{offset}", int(np.prod(shape, dtype=np.int64)), dtype, mean, std):
                piece.tofile(f)


def embed(model, folder):
    """Serialized `model` (a path) with the external weights of `folder` inside."""
    import onnx

    proto = onnx.load(model, load_external_data=False)
    onnx.load_external_data_for_model(proto, str(folder))
    for tensor in onnx.external_data_helper._get_all_tensors(proto):
        if tensor.HasField("data_location"):
            tensor.ClearField("data_location")
            del tensor.external_data[:]
    return proto.SerializeToString()


def fill(name, out, embedded=False, verify=True):
    """Write NAME.onnx (and NAME.bin unless embedded) to folder `out`; each is whole or absent. Returns the model's path."""
    spec, out = recipe(name), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    expected = sums() if verify else {}
    with tempfile.TemporaryDirectory(dir=out, prefix=f".{name}-") as folder:
        model, data = Path(folder, f"{name}.onnx"), Path(folder, f"{name}.bin")
        model.write_bytes(gzip.decompress((SKELETONS / f"{name}.onnx.gz").read_bytes()))
        made = [model]
        if spec["fill"]:
            draw_weights(name, spec, data)
            made.insert(0, data)
        if verify:
            for path in made:
                check_sum(path, path.name, expected)
        if embedded:
            model.write_bytes(embed(model, folder))
            made = [model]
        for path in made:
            os.replace(path, out / path.name)
    if embedded:
        (out / f"{name}.bin").unlink(missing_ok=True)
    return out / f"{name}.onnx"


def is_filled(name, out, embedded=False):
    """Whether `out` already holds the model in the wanted form."""
    has_data = Path(out, f"{name}.bin").exists()
    return Path(out, f"{name}.onnx").exists() and (has_data != embedded or not recipe(name)["fill"])


def discard(name, out):
    """Remove a filled model."""
    for suffix in (".onnx", ".bin"):
        Path(out, name + suffix).unlink(missing_ok=True)


def update_sums():
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names():
            fill(name, folder, verify=False)
            lines += [f"{sha256(path)}  {path.name}\n" for path in sorted(Path(folder).glob(f"{name}.*"))]
            discard(name, folder)
    SUMS.write_text("".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--out", default="build/models")
    parser.add_argument("--embed", action="store_true", help="one self-contained file (below 2 GB); needs the onnx package")
    parser.add_argument("--update-sums", action="store_true")
    options = parser.parse_args()
    if options.update_sums:
        return update_sums()
    if not options.names:
        parser.error("give at least one NAME, or 'all'")
    try:
        for name in names() if "all" in options.names else options.names:
            if not is_filled(name, options.out, options.embed):
                print(fill(name, options.out, options.embed))
    except FillError as error:
        sys.exit(f"fill.py: {error}")


if __name__ == "__main__":
    main()
