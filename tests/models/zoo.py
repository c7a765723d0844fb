"""The 38 models: where each comes from, its inputs, the shapes and profiles it is tried with.

A shape set maps input names to extents. A profile is (min, opt, max), each a shape set."""
from dataclasses import dataclass, field
from pathlib import Path

import fetch
import fill


@dataclass(frozen=True)
class Model:
    """One row of the table; `shapes` is the shape set it was exported with."""
    name: str
    shapes: dict
    kind: str = ""  # 'cnn', 'page' (an image with text on it) or ''
    target: str = ""  # fetch.py target; empty: a skeleton
    vocabulary: int = 0  # integers drawn for token inputs stay below it
    static: bool = False  # no dynamic dimension in its inputs
    others: tuple = ()  # three further shape sets
    profiles: tuple = ()  # two profiles that together hold `others`
    outside: dict = field(default_factory=dict)  # a shape set that must be refused (not by batch: that is run in slices)
    rtol: float = 5e-5
    sets: str = ""  # score output behind TopK or NonMaxSuppression: compare as sets
    reference: bool = False  # also run unfused on the reference kernels, even in the short run

    def make(self, folder):
        """Fill or fetch into `folder`; returns the path of the ONNX file."""
        if self.target:
            fetch.fetch(self.target, folder)
        elif not fill.is_filled(self.name, folder):
            fill.fill(self.name, folder)
        return Path(folder) / f"{self.name}.onnx"

    def discard(self, folder):
        """Remove a drawn model; fetched ones stay, because making them again costs a download."""
        if not self.target:
            fill.discard(self.name, folder)


def _image(*extents, name="input"):
    return {name: tuple(extents)}


def _tokens(batch, length, *names):
    return {name: (batch, length) for name in names}


def _profile(lowest, best, highest):
    return lowest, best, highest


# ---- dynamic models: other shapes and profiles ----------------------------------------------------------------------
def _image_rows(small, middle, large, outside, name="input"):
    """Profiles small..middle and middle..large; three shapes inside them, none of them an end of both."""
    between = tuple(a if a == b else a + (b - a) // 2 for a, b in zip(middle, large))
    shape = {key: _image(*value, name=name) for key, value in
             (("small", small), ("middle", middle), ("between", between), ("large", large))}
    return {"others": (shape["small"], shape["between"], shape["large"]),
            "profiles": (_profile(shape["small"], shape["small"], shape["middle"]),
                         _profile(shape["middle"], shape["between"], shape["large"])),
            "outside": _image(*outside, name=name)}


def _token_rows(names, longest=64):
    shape = lambda batch, length: _tokens(batch, length, *names)
    return {"others": (shape(1, 7), shape(3, 17), shape(2, longest)),
            "profiles": (_profile(shape(1, 1), shape(1, 16), shape(1, 32)),
                         _profile(shape(1, 16), shape(2, 32), shape(4, longest))),
            "outside": shape(1, longest + 1)}


_IDS_MASK = ("input_ids", "attention_mask")
_IDS_MASK_TYPES = (*_IDS_MASK, "token_type_ids")


def _loop_shapes(batch):
    return {"x": (batch, 16), "steps": ()}


def _samples(batch, count):
    return {"input_values": (batch, count)}


# The first profile of smallcnn_dynamic is the one that TensorRT tutorials use.
DYNAMIC = {
    "smallcnn_dynamic": {
        "others": (_image(1, 3, 192, 192), _image(5, 3, 256, 300), _image(2, 3, 37, 41)),
        "profiles": (_profile(_image(1, 3, 192, 192), _image(8, 3, 224, 224), _image(32, 3, 320, 320)),
                     _profile(_image(1, 3, 32, 32), _image(1, 3, 64, 64), _image(2, 3, 96, 96))),
        "outside": _image(1, 3, 321, 320)},
    "lstm_classifier": {
        "others": (_tokens(1, 1, "tokens"), _tokens(7, 45, "tokens"), _tokens(3, 12, "tokens")),
        "profiles": (_profile(_tokens(1, 1, "tokens"), _tokens(1, 8, "tokens"), _tokens(1, 16, "tokens")),
                     _profile(_tokens(1, 4, "tokens"), _tokens(4, 30, "tokens"), _tokens(8, 64, "tokens"))),
        "outside": _tokens(1, 65, "tokens")},
    "if_loop": {
        "others": (_loop_shapes(1), _loop_shapes(5), _loop_shapes(8)),
        "profiles": (_profile(_loop_shapes(1), _loop_shapes(1), _loop_shapes(2)),
                     _profile(_loop_shapes(1), _loop_shapes(4), _loop_shapes(8))),
        "outside": _loop_shapes(9)},
    "unet_small": _image_rows((1, 3, 64, 64), (1, 3, 96, 128), (3, 3, 128, 160), (1, 3, 192, 160)),
    "deeplabv3_mobilenet": _image_rows((1, 3, 129, 129), (1, 3, 161, 193), (2, 3, 224, 257), (1, 3, 224, 321)),
    "resnet18": _image_rows((1, 3, 224, 224), (2, 3, 224, 224), (5, 3, 224, 224), (1, 4, 224, 224)),
    "deit_tiny": _image_rows((1, 3, 224, 224), (2, 3, 224, 224), (5, 3, 224, 224), (1, 4, 224, 224)),
    "distilbert": _token_rows(_IDS_MASK),
    "t5_encoder": _token_rows(_IDS_MASK),
    "minilm_trained": _token_rows(_IDS_MASK_TYPES, 128),
    "wav2vec2": {
        "others": (_samples(1, 4000), _samples(2, 8000), _samples(1, 12345)),
        "profiles": (_profile(_samples(1, 2000), _samples(1, 4000), _samples(1, 6000)),
                     _profile(_samples(1, 6000), _samples(1, 12000), _samples(2, 16000))),
        "outside": _samples(1, 16001)},
    "ppocr_det_trained": _image_rows((1, 3, 64, 96), (1, 3, 128, 160), (2, 3, 192, 224), (1, 3, 224, 224), "x"),
    "ppocr_rec_trained": _image_rows((1, 3, 48, 80), (1, 3, 48, 320), (3, 3, 48, 641), (1, 3, 48, 700), "x"),
}

# ---- the rest of each row ---------------------------------------------------------------------------------------------
CNNS = ("smallcnn_static", "smallcnn_dynamic", "unet_small", "yolo_like", "resnet18", "resnet50", "resnet50_dynamo",
        "mobilenet_v2", "mobilenet_v3_small", "mobilenetv4_conv_small", "efficientnet_b0", "efficientnet_lite0",
        "densenet121", "squeezenet1_1", "shufflenet_v2_x1_0", "repvgg_a0", "convnext_tiny", "r3d_18",
        "deeplabv3_mobilenet", "segformer_b0", "ssdlite320_mobilenet", "efficientnet_lite0_trained")
VOCABULARY = {"lstm_classifier": 5000, "bert_base": 30522, "bert_base_dynamo": 30522, "distilbert": 30522,
              "t5_encoder": 32128, "gpt2_dynamo": 50257, "minilm_trained": 30522}
SETS = {"ssdlite320_mobilenet": "scores", "yolo_like": "scores"}
REFERENCE = ("smallcnn_static", "lstm_classifier", "if_loop", "unet_small", "yolo_like", "mobilenet_v3_small",
             "ppocr_cls_trained")
FETCHED = {
    "efficientnet_lite0_trained": ("efficientnet_lite0", _image(1, 3, 224, 224)),
    "minilm_trained": ("minilm", _tokens(1, 32, *_IDS_MASK_TYPES)),
    "ppocr_det_trained": ("ppocr", _image(1, 3, 160, 224, name="x")),
    "ppocr_rec_trained": ("ppocr", _image(1, 3, 48, 320, name="x")),
    "ppocr_cls_trained": ("ppocr", _image(1, 3, 48, 192, name="x")),
}


def _row(name, shapes, static, target=""):
    kind = "page" if name.startswith("ppocr") else "cnn" if name in CNNS else ""
    return Model(name, shapes, kind, target, VOCABULARY.get(name, 0), static,
                 rtol=1e-3 if name == "ppocr_rec_trained" else 5e-5, sets=SETS.get(name, ""),
                 reference=name in REFERENCE, **DYNAMIC.get(name, {}))


def _skeleton_row(name):
    spec = fill.recipe(name)
    shapes = {row[0]: tuple(sample) for row, sample in zip(spec["inputs"], spec["sample_shapes"])}
    return _row(name, shapes, all(isinstance(extent, int) for row in spec["inputs"] for extent in row[2]))


def models():
    """All rows, skeletons first, smallest file first among equals of a group."""
    rows = [_skeleton_row(name) for name in fill.names()]
    return rows + [_row(name, shapes, False, target) for name, (target, shapes) in FETCHED.items()]
