"""ai.onnx.ml: features, labels, linear models, support vectors, trees."""
import itertools

import numpy as np
from optest import check, compare, oracle, refused, run, values

TYPES = (np.float32, np.float64, np.int64, np.int32)
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
NEAR = {"rtol": 1e-4, "atol": 1e-5}


def floats(shape, low=-2, high=2, seed=0):
    return [float(v) for v in values(shape, np.float32, low, high, seed).reshape(-1)]


def texts(*words):
    return np.array(words, object)


# ---- features ----

def test_scaler():
    for dtype in TYPES:
        check("ai.onnx.ml.Scaler", {"offset": floats((3,)), "scale": floats((3,), seed=1)}, [values((4, 3), dtype)])
        check("ai.onnx.ml.Scaler", {"offset": [0.5], "scale": [2.0]}, [values((4, 3), dtype)])
    check("ai.onnx.ml.Scaler", {"offset": floats((3,)), "scale": floats((3,))}, [values((3,))])
    assert run("ai.onnx.ml.Scaler", {"offset": [1.0], "scale": [1.0]}, [values((0, 3))])[0].shape == (0, 3)
    refused("ai.onnx.ml.Scaler", {"offset": [1.0, 2.0], "scale": [1.0, 2.0]}, [values((4, 3))], "offset")
    refused("ai.onnx.ml.Scaler", {}, [values((4, 3), np.int8)], "int8")


def test_normalizer():
    for norm, dtype in itertools.product(("MAX", "L1", "L2"), TYPES):
        check("ai.onnx.ml.Normalizer", {"norm": norm}, [values((4, 5), dtype, 1, 9)])
    for norm in ("L1", "L2"):
        check("ai.onnx.ml.Normalizer", {"norm": norm}, [values((5,))])
        compare(run("ai.onnx.ml.Normalizer", {"norm": norm}, [np.zeros((2, 3), np.float32)]), [np.zeros((2, 3), np.float32)])
    refused("ai.onnx.ml.Normalizer", {"norm": "L3"}, [values((4, 5))], "norm")
    refused("ai.onnx.ml.Normalizer", {}, [values((4, 5, 2))], "rank")


def test_binarizer():
    for dtype in TYPES:
        check("ai.onnx.ml.Binarizer", {"threshold": 0.5}, [values((4, 70), dtype)], evaluator=True)
    check("ai.onnx.ml.Binarizer", {}, [np.array([np.nan, np.inf, -np.inf, 0], np.float32)])


def test_imputer():
    x = values((5, 3))
    x[::2, 1] = np.nan
    for by in ([1.5], [1.5, 2.5, 3.5]):
        check("ai.onnx.ml.Imputer", {"imputed_value_floats": by, "replaced_value_float": float("nan")}, [x])
        check("ai.onnx.ml.Imputer", {"imputed_value_floats": by, "replaced_value_float": 0.0}, [np.round(values((5, 3)))])
    for by in ([7], [7, 8, 9]):
        check("ai.onnx.ml.Imputer", {"imputed_value_int64s": by, "replaced_value_int64": 1}, [values((5, 3), np.int64, 0, 2)])
    check("ai.onnx.ml.Imputer", {"imputed_value_floats": [1.0], "replaced_value_float": 2.0}, [values((5, 3), np.float64)],
          expect=[values((5, 3), np.float64)])
    got, = run("ai.onnx.ml.Imputer", {"imputed_value_int64s": [7], "replaced_value_int64": 1}, [np.array([[1, 2]], np.int32)])
    compare([got], [np.array([[7, 2]], np.int32)])
    refused("ai.onnx.ml.Imputer", {"imputed_value_floats": [1.0, 2.0]}, [x], "imputed_value")
    refused("ai.onnx.ml.Imputer", {"imputed_value_int64s": [1]}, [x], "floats")
    refused("ai.onnx.ml.Imputer", {"imputed_value_int64s": [1], "imputed_value_floats": [1.0]}, [x], "both")


def test_one_hot_encoder():
    for dtype in TYPES:
        check("ai.onnx.ml.OneHotEncoder", {"cats_int64s": [3, 0, 2]}, [values((4, 2), dtype, 0, 4)])
    check("ai.onnx.ml.OneHotEncoder", {"cats_strings": ["a", "", "bc"]}, [texts("bc", "x", "", "a")])
    refused("ai.onnx.ml.OneHotEncoder", {"cats_int64s": [3, 0], "zeros": 0}, [np.array([3, 1])], "category")
    check("ai.onnx.ml.OneHotEncoder", {"cats_int64s": [3, 0], "zeros": 0}, [np.array([3, 0])])
    refused("ai.onnx.ml.OneHotEncoder", {}, [np.array([3, 1])], "must be given")
    refused("ai.onnx.ml.OneHotEncoder", {"cats_strings": ["a"]}, [np.array([3, 1])], "int64")


def test_feature_vectorizer():
    for dtype in TYPES:
        inputs = [values((4, 3), dtype), values((4, 1), dtype), values((4, 5), dtype)]
        check("ai.onnx.ml.FeatureVectorizer", {"inputdimensions": [3, 1, 5]}, inputs)
        check("ai.onnx.ml.FeatureVectorizer", {"inputdimensions": [2, 3, 5]}, inputs,
              expect=[np.concatenate([inputs[0][:, :2], np.pad(inputs[1], ((0, 0), (0, 2))), inputs[2]], 1).astype(np.float32)])
    refused("ai.onnx.ml.FeatureVectorizer", {"inputdimensions": [3]}, inputs, "inputdimensions")
    refused("ai.onnx.ml.FeatureVectorizer", {"inputdimensions": [3, 1]}, [values((4, 3)), values((5, 1))], "rows")
    refused("ai.onnx.ml.FeatureVectorizer", {"inputdimensions": [-3]}, [values((4, 3))], "-3")


def test_array_feature_extractor():
    for dtype in TYPES:
        check("ai.onnx.ml.ArrayFeatureExtractor", {}, [values((3, 5), dtype), np.array([4, 0, 4])])
    check("ai.onnx.ml.ArrayFeatureExtractor", {}, [values((2, 3, 5)), np.array([[1, 2]])])
    check("ai.onnx.ml.ArrayFeatureExtractor", {}, [values((5,)), np.array([3])])
    check("ai.onnx.ml.ArrayFeatureExtractor", {}, [texts("a", "b", "c").reshape(1, 3), np.array([2, 1])])
    refused("ai.onnx.ml.ArrayFeatureExtractor", {}, [values((3, 5)), np.array([5])], "index 5")
    refused("ai.onnx.ml.ArrayFeatureExtractor", {}, [values((3, 5)), np.array([-1])], "index -1")


# ---- labels ----

def test_label_encoder():
    words, numbers = texts("b", "none", "", "a"), np.array([[4, 9], [-1, 4]])
    op = "ai.onnx.ml.LabelEncoder"
    check(op, {"keys_strings": ["a", "b", ""], "values_int64s": [1, 2, 3]}, [words])
    check(op, {"keys_strings": ["a", "b"], "values_int64s": [1, 2], "default_int64": 42}, [words])
    check(op, {"keys_strings": ["a", "b"], "values_strings": ["x", "y"]}, [words])
    check(op, {"keys_strings": ["a", "b"], "values_floats": [0.5, 1.5], "default_float": 9.0}, [words])
    check(op, {"keys_int64s": [4, -1], "values_strings": ["four", "less"], "default_string": "?"}, [numbers])
    check(op, {"keys_int64s": [4, -1], "values_floats": [0.5, 1.5]}, [numbers])
    check(op, {"keys_floats": [4.0, float("nan")], "values_strings": ["four", "no"]}, [np.array([4, np.nan, 3], np.float32)])
    check(op, {"keys_tensor": np.array([4, -1]), "values_tensor": np.array([7, 8], np.int16), "default_tensor": np.array([3], np.int16)},
          [numbers], expect=[np.array([[7, 3], [8, 7]], np.int16)])
    check(op, {"keys_tensor": texts("a", "b"), "values_tensor": np.array([7, 8], np.int64)}, [words], expect=[np.array([8, -1, -1, 7])])
    refused(op, {"keys_strings": ["a"], "values_int64s": [1, 2]}, [words], "keys")
    refused(op, {}, [words], "keys")
    refused(op, {"keys_int64s": [1], "values_int64s": [1]}, [words], "string")
    refused(op, {"keys_int64s": [1], "values_int64s": [1], "default_tensor": np.array([1.0])}, [numbers], "default_tensor")


def test_category_mapper():
    op, both = "ai.onnx.ml.CategoryMapper", {"cats_strings": ["a", "b", ""], "cats_int64s": [4, 5, -6]}
    check(op, both, [texts("b", "c", "", "a")])
    check(op, {**both, "default_int64": 9}, [texts("b", "c").reshape(2, 1)])
    check(op, {**both, "default_string": "?"}, [np.array([4, 7, -6])])
    refused(op, {"cats_strings": ["a"]}, [texts("b")], "cats_int64s")
    refused(op, both, [values((3,))], "float32")


# ---- linear models ----

def test_linear_classifier():
    op = "ai.onnx.ml.LinearClassifier"
    for classes, transform, dtype in itertools.product((2, 3, 5), TRANSFORMS[:4], TYPES):
        attributes = {"coefficients": floats((classes, 4)), "intercepts": floats((classes,), seed=1), "post_transform": transform}
        check(op, {**attributes, "classlabels_ints": list(range(10, 10 + classes))}, [values((6, 4), dtype)], n_out=2, **NEAR)
    check(op, {"coefficients": floats((3, 4)), "intercepts": floats((3,)), "classlabels_strings": ["a", "b", "c"]}, [values((6, 4))],
          n_out=2, **NEAR)
    for transform in TRANSFORMS[:4]:
        one = {"coefficients": floats((4,)), "intercepts": [0.3], "post_transform": transform}
        check(op, {**one, "classlabels_ints": [7, 9]}, [values((20, 4))], n_out=2, **NEAR)
    check(op, {"coefficients": floats((4,)), "intercepts": [0.3], "classlabels_ints": [7]}, [values((20, 4))], n_out=2, evaluator=True, **NEAR)
    got = run(op, {"coefficients": floats((4,)), "intercepts": [0.3], "classlabels_strings": ["yes"]}, [values((20, 4))], n_out=2)
    assert [label == "yes" for label in got[0]] == [score > 0 for score in got[1][:, 0]]
    check(op, {"coefficients": floats((4,)), "intercepts": [0.3], "classlabels_strings": ["no", "yes"]}, [values((20, 4))], n_out=2, **NEAR)
    check(op, {"coefficients": floats((3, 4)), "intercepts": floats((3,)), "classlabels_ints": [1, 2, 3]}, [values((4,))], n_out=2, **NEAR)
    check(op, {"coefficients": floats((12,)), "intercepts": floats((3,)), "classlabels_ints": [0, 1, 2]}, [values((5, 2))], n_out=2, **NEAR)
    refused(op, {"coefficients": floats((3,)), "intercepts": [0.3]}, [values((20, 4))], "features", 2)
    refused(op, {"coefficients": floats((4,)), "intercepts": [0.3], "post_transform": "X"}, [values((20, 4))], "post_transform", 2)
    both = {"coefficients": floats((8,)), "intercepts": [0.3, 1.0], "classlabels_ints": [1, 2], "classlabels_strings": ["a", "b"]}
    refused(op, both, [values((20, 4))], "both", 2)


def test_linear_regressor():
    op = "ai.onnx.ml.LinearRegressor"
    for targets, dtype in itertools.product((1, 3), TYPES):
        attributes = {"coefficients": floats((targets, 4)), "targets": targets}
        got, = run(op, attributes, [values((6, 4), dtype)])
        want = values((6, 4), dtype).astype(np.float64) @ np.array(attributes["coefficients"]).reshape(targets, 4).T
        compare([got], [want.astype(np.float32)], **NEAR)
    for targets, transform in itertools.product((1, 3), ("NONE", "SOFTMAX", "LOGISTIC")):
        if targets == 1 and transform != "NONE":
            continue
        attributes = {"coefficients": floats((targets, 4)), "intercepts": floats((targets,)), "targets": targets}
        check(op, {**attributes, "post_transform": transform}, [values((6, 4))], **NEAR)
    refused(op, {"coefficients": floats((4,)), "targets": 0}, [values((6, 4))], "targets")
    refused(op, {"coefficients": floats((5,))}, [values((6, 4))], "features")


# ---- support vectors ----

def support(classes, features=4, each=3, seed=0):
    vectors = classes * each
    pairs = classes * (classes - 1) // 2
    return {"coefficients": floats((classes - 1, vectors), seed=seed), "support_vectors": floats((vectors, features), seed=seed + 1),
            "vectors_per_class": [each] * classes, "rho": floats((pairs,), seed=seed + 2)}


KERNELS = [{"kernel_type": "LINEAR", "kernel_params": [0.0, 0.0, 0.0]}, {"kernel_type": "POLY", "kernel_params": [0.3, 0.5, 3.0]},
           {"kernel_type": "RBF", "kernel_params": [0.2, 0.0, 0.0]}, {"kernel_type": "SIGMOID", "kernel_params": [0.2, 0.1, 0.0]}]


def test_svm_classifier():
    op = "ai.onnx.ml.SVMClassifier"
    for classes, kernel, seed in itertools.product((2, 3, 4), KERNELS, (0, 5)):
        attributes = {**support(classes, seed=seed), **kernel, "classlabels_ints": list(range(3, 3 + classes))}
        check(op, attributes, [values((15, 4))], n_out=2, rtol=1e-3, atol=1e-4)
        pairs = classes * (classes - 1) // 2
        probable = {"prob_a": floats((pairs,), -2, -0.5, seed=9), "prob_b": floats((pairs,), -0.5, 0.5, seed=8)}
        check(op, {**attributes, **probable}, [values((15, 4))], n_out=2, rtol=1e-3, atol=1e-3)
    words = {**support(3), **KERNELS[0], "classlabels_strings": ["a", "b", "c"]}
    check(op, words, [values((15, 4))], n_out=2, **NEAR)
    for dtype in TYPES:
        check(op, {**support(3), **KERNELS[2], "classlabels_ints": [0, 1, 2]}, [values((15, 4), dtype)], n_out=2, **NEAR)


def test_svm_linear_classifier():
    op = "ai.onnx.ml.SVMClassifier"
    for classes, transform in itertools.product((3, 4), TRANSFORMS[:4]):
        attributes = {"coefficients": floats((classes, 4)), "rho": [0.25], "classlabels_ints": list(range(classes)), **KERNELS[0],
                      "post_transform": transform}
        check(op, attributes, [values((15, 4))], n_out=2, **NEAR)


def test_svm_refused():
    op, x, right = "ai.onnx.ml.SVMClassifier", values((5, 4)), {**support(3), "classlabels_ints": [0, 1, 2]}
    refused(op, {**right, "vectors_per_class": [3, 3]}, [x], "vectors_per_class", 2)
    refused(op, {**right, "vectors_per_class": [3, 3, -1]}, [x], "vectors_per_class", 2)
    refused(op, {**right, "coefficients": [1.0]}, [x], "coefficients", 2)
    refused(op, {**right, "rho": [1.0]}, [x], "rho", 2)
    refused(op, {**right, "prob_a": [1.0]}, [x], "prob_a", 2)
    refused(op, {**right, "kernel_type": "CUBE"}, [x], "kernel_type", 2)
    refused(op, {**right, "kernel_params": [1.0]}, [x], "kernel_params", 2)
    refused(op, right, [values((5, 3))], "features", 2)


def test_svm_regressor():
    op = "ai.onnx.ml.SVMRegressor"
    for kernel, one_class in itertools.product(KERNELS, (0, 1)):
        attributes = {"coefficients": floats((6,)), "support_vectors": floats((6, 4), seed=1), "n_supports": 6, "rho": [0.5],
                      "one_class": one_class, **kernel}
        check(op, attributes, [values((9, 4))], **NEAR)
    check(op, {"coefficients": floats((4,)), "rho": [0.5]}, [values((9, 4))], **NEAR)
    refused(op, {"coefficients": floats((5,)), "rho": [0.5]}, [values((9, 4))], "features")
    refused(op, {"coefficients": floats((4,))}, [values((9, 4))], "rho")
    refused(op, {"coefficients": floats((5,)), "n_supports": 6, "support_vectors": floats((24,)), "rho": [0.5]}, [values((9, 4))], "coefficients")


# ---- trees ----

MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")


def grow(trees, depth, features=4, targets=1, modes=MODES[:1], prefix="target", seed=0, positive=False, only=None, missing=False, votes=1):
    """Attributes of random trees; leaves vote for random targets, or for `only`."""
    random = np.random.default_rng(seed)
    nodes = {name: [] for name in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
                                   "missing_value_tracks_true")}
    leaves = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(trees):
        waiting, count = [(0, 0)], 1
        while waiting:
            node, level = waiting.pop(0)
            leaf = level == depth or (level > 1 and random.random() < 0.3)
            row = [tree, node, int(random.integers(features)), float(np.float32(np.round(random.uniform(-2, 2)))),
                   "LEAF" if leaf else str(random.choice(modes)), 0 if leaf else count, 0 if leaf else count + 1, int(random.integers(2))]
            for values_, value in zip(nodes.values(), row):
                values_.append(value)
            if not leaf:
                waiting += [(count, level + 1), (count + 1, level + 1)]
                count += 2
                continue
            for vote in range(votes):
                weight = random.uniform(0 if positive else -1, 1) / trees
                for values_, value in zip(leaves.values(), [tree, node, vote if votes == targets else int(random.integers(targets)) if only is None else only, float(np.float32(weight))]):
                    values_.append(value)
    if not missing:
        del nodes["missing_value_tracks_true"]
    return {**{f"nodes_{k}": v for k, v in nodes.items()}, **{f"{prefix}_{k}": v for k, v in leaves.items()}}


def test_tree_regressor():
    op, x = "ai.onnx.ml.TreeEnsembleRegressor", np.round(values((30, 4)))
    for trees, depth, targets, how in itertools.product((1, 7), (1, 4), (1, 3), ("SUM", "AVERAGE", "MIN", "MAX")):
        attributes = {**grow(trees, depth, targets=targets), "n_targets": targets, "aggregate_function": how}
        check(op, attributes, [x], **NEAR)
        full = {**grow(trees, depth, targets=targets, votes=targets), "n_targets": targets, "aggregate_function": how}
        check(op, {**full, "base_values": floats((targets,), seed=4)}, [x], **NEAR)
    for mode in MODES:
        check(op, {**grow(3, 4, modes=(mode,)), "n_targets": 1}, [x], **NEAR)
    check(op, {**grow(3, 4, modes=MODES), "n_targets": 1}, [x], **NEAR)
    attributes = {**grow(3, 4, votes=2, targets=2), "n_targets": 2}
    want = check(op, attributes, [x], **NEAR)
    for dtype in TYPES[1:]:
        compare(run(op, attributes, [x.astype(dtype)]), want)
    for transform in ("SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"):
        check(op, {**grow(3, 4, votes=3, targets=3), "n_targets": 3, "post_transform": transform}, [x], **NEAR)
    x[::3] = np.nan
    check(op, {**grow(3, 4, missing=True), "n_targets": 1}, [x], **NEAR)
    check(op, {**grow(3, 4), "n_targets": 1}, [x], **NEAR)


def test_tree_regressor_in_double():
    op, x = "ai.onnx.ml.TreeEnsembleRegressor", values((30, 4), np.float64)
    attributes = {**grow(3, 4), "n_targets": 1}
    for name in ("nodes_values", "target_weights"):
        attributes[f"{name}_as_tensor"] = np.array(attributes.pop(name), np.float64)
    check(op, attributes, [x], **NEAR)


def test_tree_classifier():
    op, x = "ai.onnx.ml.TreeEnsembleClassifier", np.round(values((30, 4)))
    for classes, transform, positive in itertools.product((3, 5), TRANSFORMS[:4], (False, True)):
        attributes = grow(7, 4, targets=classes, prefix="class", votes=2, positive=positive)
        check(op, {**attributes, "classlabels_int64s": list(range(5, 5 + classes)), "post_transform": transform}, [x], n_out=2, **NEAR)
    named = {"classlabels_strings": ["a", "b", "c"], "base_values": floats((3,), seed=4)}
    check(op, {**grow(7, 4, targets=3, prefix="class", votes=3), **named}, [x], n_out=2, **NEAR)
    for dtype in TYPES:
        check(op, {**grow(7, 4, targets=3, prefix="class"), "classlabels_int64s": [0, 1, 2]}, [x.astype(dtype)], n_out=2, **NEAR)


def test_tree_classifier_binary():
    op, x = "ai.onnx.ml.TreeEnsembleClassifier", np.round(values((30, 4)))
    for transform, positive, only in itertools.product(TRANSFORMS[:4], (False, True), (None, 0, 1)):
        attributes = grow(7, 4, targets=2, prefix="class", positive=positive, only=only, votes=2 if only is None else 1)
        given = {**attributes, "classlabels_int64s": [0, 1], "post_transform": transform}
        if only is not None:
            check(op, given, [x], n_out=2, **NEAR)
            check(op, {**attributes, "classlabels_strings": ["no", "yes"], "post_transform": transform}, [x], n_out=2, **NEAR)
            continue
        labels, scores = run(op, given, [x], n_out=2)  # ONNX Runtime takes the second class whenever its score is positive
        compare([scores], oracle(op, given, [x], 2)[1:], **NEAR)
        compare([labels], [scores.argmax(1)])


def test_tree_refused():
    op, x = "ai.onnx.ml.TreeEnsembleRegressor", values((3, 4))
    right = {**grow(2, 2), "n_targets": 1}
    refused(op, {**right, "nodes_modes": right["nodes_modes"][1:]}, [x], "nodes_modes")
    refused(op, {**right, "nodes_modes": ["BRANCH"] * len(right["nodes_modes"])}, [x], "mode")
    refused(op, {**right, "nodes_values": right["nodes_values"][1:]}, [x], "nodes_values")
    refused(op, {**right, "nodes_truenodeids": [99] * len(right["nodes_modes"])}, [x], "nowhere")
    refused(op, {**right, "nodes_nodeids": [0] * len(right["nodes_modes"])}, [x], "twice")
    refused(op, {**right, "target_nodeids": [99] * len(right["target_ids"])}, [x], "vote")
    refused(op, {**right, "target_ids": [1] * len(right["target_ids"])}, [x], "votes for 1")
    refused(op, {**right, "n_targets": 0}, [x], "n_targets")
    refused(op, {**right, "aggregate_function": "MEDIAN"}, [x], "aggregate_function")
    refused(op, right, [values((3, 1))], "feature")
    circle = {"nodes_treeids": [0, 0, 0], "nodes_nodeids": [0, 1, 2], "nodes_featureids": [0, 0, 0], "nodes_values": [9.0, 9.0, 9.0],
              "nodes_modes": ["BRANCH_LEQ"] * 3, "nodes_truenodeids": [1, 2, 1], "nodes_falsenodeids": [1, 2, 1], "target_treeids": [],
              "target_nodeids": [], "target_ids": [], "target_weights": [], "n_targets": 1}
    refused(op, circle, [x], "circle")


def ensemble(depth=3, targets=2, modes=range(6), seed=0, dtype=np.float32):
    """Attributes of one full tree of TreeEnsemble."""
    random = np.random.default_rng(seed)
    inner, leaves = 2 ** depth - 1, 2 ** depth
    kids = [(2 * i + 1, 2 * i + 2) for i in range(inner)]
    leaf = [k >= inner for pair in kids for k in pair]
    at = [k - inner if k >= inner else k for pair in kids for k in pair]
    return {"n_targets": targets, "tree_roots": [0], "nodes_featureids": random.integers(0, 4, inner).tolist(),
            "nodes_splits": np.round(random.uniform(-2, 2, inner)).astype(dtype), "nodes_modes": random.choice(list(modes), inner).astype(np.uint8),
            "nodes_truenodeids": at[::2], "nodes_falsenodeids": at[1::2], "nodes_trueleafs": [int(v) for v in leaf[::2]],
            "nodes_falseleafs": [int(v) for v in leaf[1::2]], "leaf_targetids": random.integers(0, targets, leaves).tolist(),
            "leaf_weights": random.uniform(-1, 1, leaves).astype(dtype)}


def test_tree_ensemble():
    op = "ai.onnx.ml.TreeEnsemble"
    for depth, targets, seed in itertools.product((1, 3, 5), (1, 2), (0, 1)):
        check(op, ensemble(depth, targets, seed=seed), [np.round(values((30, 4)))], evaluator=True, **NEAR)
    for dtype in (np.float64, np.float16):
        check(op, ensemble(dtype=dtype), [np.round(values((30, 4))).astype(dtype)], evaluator=True, rtol=1e-3, atol=1e-3)
    for how in (0, 2, 3):
        attributes = {**ensemble(targets=1), "aggregate_function": how}
        check(op, attributes, [np.round(values((30, 4)))], evaluator=True, **NEAR)
    members = {**ensemble(modes=(6,)), "membership_values": np.array([1, 2, np.nan, -1, np.nan] + [0, 1, np.nan] * 5, np.float32)}
    x = np.round(values((30, 4)))
    got, = run(op, members, [x])
    for row, result in zip(x, got):
        node, sets = 0, [{1, 2}, {-1}] + [{0, 1}] * 5
        while True:
            side = "true" if row[members["nodes_featureids"][node]] in sets[node] else "false"
            leaf, node = members[f"nodes_{side}leafs"][node], members[f"nodes_{side}nodeids"][node]
            if leaf:
                break
        want = np.zeros(2, np.float32)
        want[members["leaf_targetids"][node]] = members["leaf_weights"][node]
        compare([result], [want], **NEAR)


def test_tree_ensemble_refused():
    op, x, right = "ai.onnx.ml.TreeEnsemble", values((3, 4)), ensemble()
    refused(op, {**right, "tree_roots": [7]}, [x], "tree_roots")
    refused(op, {**right, "tree_roots": [-1]}, [x], "tree_roots")
    refused(op, {**right, "leaf_targetids": [2] * 8}, [x], "votes for 2")
    refused(op, {**right, "nodes_truenodeids": [9] * 7}, [x], "nowhere")
    refused(op, {**right, "nodes_modes": np.full(7, 7, np.uint8)}, [x], "mode")
    refused(op, {**right, "nodes_modes": np.full(7, 6, np.uint8)}, [x], "membership_values")
    refused(op, {**right, "nodes_modes": np.zeros(7, np.int32)}, [x], "uint8")
    refused(op, {**right, "leaf_weights": np.zeros(3, np.float32)}, [x], "leaf_weights")
    refused(op, {**right, "nodes_truenodeids": [0] * 7, "nodes_trueleafs": [0] * 7, "nodes_modes": np.zeros(7, np.uint8),
                 "nodes_splits": np.full(7, 9, np.float32)}, [x], "circle")
    refused(op, {**right, "aggregate_function": 4}, [x], "aggregate_function")
    refused(op, right, [x[0]], "rank")
