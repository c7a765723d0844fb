"""ONNX Runtime's outputs, the reference of the model tests; cached by model file, inputs and version."""
import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np


def _digest_files(model):
    digest = hashlib.sha256()
    for path in (Path(model), Path(model).with_suffix(".bin")):
        if path.exists():
            with open(path, "rb") as f:
                digest.update(hashlib.file_digest(f, "sha256").digest())
    return digest.hexdigest()


class Oracle:
    """One model under ONNX Runtime. The session is only made when an output is not in the cache."""

    def __init__(self, model, cache=None, threads=1):
        self.model, self.threads, self.session = Path(model), threads, None
        self.cache = Path(cache) if cache else None
        self.key = _digest_files(model) if cache else ""

    def _open(self):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self.threads, 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(self.model), options, providers=["CPUExecutionProvider"])

    def run(self, feeds):
        """Outputs for `feeds`, not cached."""
        if self.session is None:
            self._open()
        names = [output.name for output in self.session.get_outputs()]
        return dict(zip(names, self.session.run(names, feeds)))

    def metadata(self, key):
        """A string from the model's metadata."""
        if self.session is None:
            self._open()
        return self.session.get_modelmeta().custom_metadata_map[key]

    def _cached_path(self, feeds):
        import onnxruntime

        digest = hashlib.sha256(f"{self.key} {onnxruntime.__version__}".encode())
        for name in sorted(feeds):
            digest.update(f"{name} {feeds[name].dtype} {feeds[name].shape}".encode())
            digest.update(np.ascontiguousarray(feeds[name]).tobytes())
        return self.cache / f"{self.model.stem}-{digest.hexdigest()[:16]}.npz"

    def outputs(self, feeds):
        """Outputs for `feeds`, from the cache where they are there."""
        path = self._cached_path(feeds)
        if path.exists():
            with np.load(path) as stored:
                return dict(stored)
        made = self.run(feeds)
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.cache, delete=False) as f:
            np.savez(f, **made)
        os.replace(f.name, path)
        return made
