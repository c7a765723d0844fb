"""ai.onnx.ml.DictVectorizer, ai.onnx.ml.CastMap, ai.onnx.ml.ZipMap; the LabelEncoder of opset 1."""
import numpy as np

from modeltest import check, refused

ML = {"domain": "ai.onnx.ml", "opset": 1}
SCORES = np.random.default_rng(3).standard_normal((4, 3)).astype(np.float32)


def test_zip_map():
    for labels in ({"classlabels_int64s": [7, -1, 3]}, {"classlabels_strings": ["b", "a", "ü"]}):
        names = list(labels.values())[0]
        check("ZipMap", labels, {"x": SCORES}, expect=[[{k: float(v) for k, v in zip(names, row)} for row in SCORES]], **ML)
        check("ZipMap", labels, {"x": SCORES[0]}, expect=[[{k: float(v) for k, v in zip(names, SCORES[0])}]], **ML)
        check("ZipMap", labels, {"x": SCORES[:0]}, expect=[[]], **ML)
    refused("ZipMap", {"classlabels_int64s": [1, 2]}, {"x": SCORES}, "3 columns for 2 labels", **ML)
    refused("ZipMap", {}, {"x": SCORES}, "must be given", **ML)
    refused("ZipMap", {"classlabels_int64s": [1, 2, 3]}, {"x": SCORES.astype(np.float64)}, "float64", **ML)


def test_dict_vectorizer():
    words = {"b": np.float32(1.5), "a": np.float32(-2), "zz": np.float32(9)}
    wanted = [np.array([[-2, 0, 1.5]], np.float32)]
    check("DictVectorizer", {"string_vocabulary": ["a", "none", "b"]}, {"m": words}, expect=wanted, **ML)
    numbers = {np.int64(5): np.int64(50), np.int64(-3): np.int64(30)}
    check("DictVectorizer", {"int64_vocabulary": [-3, 5, 6]}, {"m": numbers}, expect=[np.array([[30, 50, 0]])], **ML)
    check("DictVectorizer", {"string_vocabulary": ["none", "a"]}, {"m": {"a": "text"}}, expect=[np.array([["", "text"]], object)], **ML)
    refused("DictVectorizer", {"int64_vocabulary": [1]}, {"m": words}, "keys of input 0 are string", **ML)
    refused("DictVectorizer", {}, {"m": words}, "must be given", **ML)
    refused("DictVectorizer", {"int64_vocabulary": [1]}, {"m": SCORES}, "no map", **ML)


def test_cast_map():
    numbers = {np.int64(k): np.float32(v) for k, v in ((4, 1.5), (0, -2.25), (2, 9))}
    dense, sparse = np.array([[-2.25, 9, 1.5]], np.float32), np.array([[-2.25, 0, 9, 0, 1.5, 0]], np.float32)
    check("CastMap", {}, {"m": numbers}, expect=[dense], **ML)
    check("CastMap", {"map_form": "SPARSE", "max_map": 6}, {"m": numbers}, expect=[sparse], **ML)
    check("CastMap", {"map_form": "SPARSE", "max_map": 3}, {"m": numbers}, expect=[sparse[:, :3]], **ML)
    check("CastMap", {"cast_to": "TO_INT64"}, {"m": numbers}, expect=[np.array([[-2, 9, 1]])], **ML)
    check("CastMap", {"cast_to": "TO_STRING"}, {"m": numbers}, expect=[np.array([["-2.250000", "9.000000", "1.500000"]], object)], **ML)
    words = {1: "3.5", 0: "-1e2"}
    check("CastMap", {}, {"m": words}, expect=[np.array([[-100, 3.5]], np.float32)], **ML)
    check("CastMap", {"cast_to": "TO_STRING", "map_form": "SPARSE", "max_map": 3}, {"m": words},
          expect=[np.array([["-1e2", "3.5", ""]], object)], **ML)
    refused("CastMap", {}, {"m": {1: "x1"}}, "is no number", **ML)
    refused("CastMap", {}, {"m": {np.int64(-1): np.float32(1)}}, "key -1 is negative", **ML)
    refused("CastMap", {"map_form": "SPARSE", "max_map": 0}, {"m": numbers}, "max_map", **ML)
    refused("CastMap", {"cast_to": "TO_BOOL"}, {"m": numbers}, "cast_to", **ML)
    refused("CastMap", {}, {"m": {"a": np.float32(1)}}, "keys of input 0 are string", **ML)


def test_label_encoder_1():
    words = np.array([["b", "other"], ["a", "c"]], object)
    classes = {"classes_strings": ["a", "b", "c"]}
    check("LabelEncoder", classes, {"x": words}, expect=[np.array([[1, -1], [0, 2]])], **ML)
    check("LabelEncoder", {**classes, "default_int64": 9}, {"x": words}, expect=[np.array([[1, 9], [0, 2]])], **ML)
    check("LabelEncoder", {**classes, "default_string": "?"}, {"x": np.array([2, 5])}, expect=[np.array(["c", "?"], object)], **ML)
    refused("LabelEncoder", {}, {"x": words}, "cats_strings", **ML)


def test_later_opsets():
    scaled = {"offset": [1.0], "scale": [2.0]}
    for opset in (1, 2, 3, 5):
        check("Scaler", scaled, {"x": SCORES}, expect=[(SCORES - 1) * 2], domain="ai.onnx.ml", opset=opset)
    refused("TreeEnsemble", {}, {"x": SCORES}, "came with opset 5 of ai.onnx.ml", domain="ai.onnx.ml", opset=3)
