"""The sound models that mutants are made from: node tests of the newest ONNX suite, and models written here of operators that it
does not test."""
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/conformance"))

import suites  # noqa: E402  (found in the folder of that group)

MESSAGES = {"sequence_type": onnx.SequenceProto, "optional_type": onnx.OptionalProto, "map_type": onnx.MapProto}


@dataclass
class Base:
    name: str
    model: onnx.ModelProto
    inputs: dict  # name -> message

    @property
    def operator(self):
        """What the mutants are about: the first node's operator, and whether it is spelled out as a function's nodes."""
        node = self.model.graph.node[0] if self.model.graph.node else None
        return f"{node.domain}.{node.op_type}" + (f" in {self.name}" if "_expanded" in self.name else "") if node else ""


def read(case):
    """The base of one test of the suite: its model and its first data set."""
    model = onnx.load(case.folder / "model.onnx")
    constant = {tensor.name for tensor in model.graph.initializer}
    infos = [info for info in model.graph.input if info.name not in constant]
    inputs = {}
    for index, info in enumerate(infos):
        path = case.data_sets()[0] / f"input_{index}.pb"
        if path.exists():
            inputs[info.name] = MESSAGES.get(info.type.WhichOneof("value"), TensorProto).FromString(path.read_bytes())
    return Base(case.name, model, inputs)


def of_suite():
    folder = ROOT / "build/conformance"
    folder.mkdir(parents=True, exist_ok=True)
    return [read(case) for case in suites.cases(suites.NEWEST, suites.prepare(suites.NEWEST, folder)) if case.kind == "node"]


# ---- ai.onnx.ml ------------------------------------------------------------------------------------------------------
X = np.array([[0.5, -1.0, 2.0], [1.5, 0.0, -0.5]], np.float32)
TREE = {"nodes_treeids": [0, 0, 0], "nodes_nodeids": [0, 1, 2], "nodes_featureids": [1, 0, 0], "nodes_values": [0.0, 0.0, 0.0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"], "nodes_truenodeids": [1, 0, 0], "nodes_falsenodeids": [2, 0, 0],
        "nodes_missing_value_tracks_true": [0, 0, 0]}
VECTORS = {"kernel_type": "RBF", "kernel_params": [0.5, 0.0, 3.0], "support_vectors": [0.5, 1.0, -1.0, 1.0, 0.0, 2.0],
           "coefficients": [1.0, -1.0], "rho": [0.25]}
# operator, attributes, inputs, outputs
LEARNED = (
    ("Scaler", {"offset": [0.5, 1.0, 1.5], "scale": [2.0, 1.0, 0.5]}, [X], 1),
    ("Normalizer", {"norm": "L2"}, [X], 1),
    ("Imputer", {"imputed_value_floats": [1.5, 2.5, 3.5], "replaced_value_float": float("nan")}, [X], 1),
    ("Imputer", {"imputed_value_int64s": [7], "replaced_value_int64": 1}, [np.array([[1, 2], [3, 1]])], 1),
    ("OneHotEncoder", {"cats_int64s": [3, 0, 2], "zeros": 1}, [np.array([3, 1, 2])], 1),
    ("OneHotEncoder", {"cats_strings": ["a", "", "b"]}, [np.array(["b", "x", ""], object)], 1),
    ("FeatureVectorizer", {"inputdimensions": [3, 2]}, [X, X[:, :2]], 1),
    ("CategoryMapper", {"cats_int64s": [1, 2, 3], "cats_strings": ["a", "b", "c"]}, [np.array(["b", "x"], object)], 1),
    ("CategoryMapper", {"cats_int64s": [1, 2, 3], "cats_strings": ["a", "b", "c"]}, [np.array([1, 9])], 1),
    ("LinearRegressor", {"coefficients": [1.0, 2.0, 3.0, -1.0, 0.5, 0.0], "intercepts": [0.5, -0.5], "targets": 2,
                         "post_transform": "SOFTMAX"}, [X], 1),
    ("LinearClassifier", {"coefficients": [1.0, 2.0, 3.0, -1.0, 0.5, 0.0], "intercepts": [0.5, -0.5], "classlabels_ints": [4, 7],
                          "multi_class": 0, "post_transform": "LOGISTIC"}, [X], 2),
    ("SVMRegressor", {**VECTORS, "n_supports": 2, "one_class": 0}, [X], 1),
    ("SVMClassifier", {**VECTORS, "vectors_per_class": [1, 1], "classlabels_strings": ["yes", "no"], "prob_a": [0.1], "prob_b": [0.2]},
     [X], 2),
    ("TreeEnsembleRegressor", {**TREE, "target_treeids": [0, 0], "target_nodeids": [1, 2], "target_ids": [0, 0],
                               "target_weights": [1.0, 2.0], "n_targets": 1, "aggregate_function": "SUM", "base_values": [0.5]}, [X], 1),
    ("TreeEnsembleClassifier", {**TREE, "class_treeids": [0, 0], "class_nodeids": [1, 2], "class_ids": [0, 1],
                                "class_weights": [1.0, 2.0], "classlabels_int64s": [5, 6], "post_transform": "SOFTMAX"}, [X], 2),
    ("ZipMap", {"classlabels_int64s": [1, 2, 3]}, [X], 1),
    ("ZipMap", {"classlabels_strings": ["a", "b", "c"]}, [X], 1),
)


def of_node(name, operator, attributes, inputs, n_out, domain, opset):
    names = [f"in{i}" for i in range(len(inputs))]
    node = helper.make_node(operator, names, [f"out{i}" for i in range(n_out)], domain=domain, **attributes)
    infos = [helper.make_tensor_value_info(name, TensorProto.STRING if array.dtype == object else
                                           helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
             for name, array in zip(names, inputs)]
    graph = helper.make_graph([node], name, infos, [helper.make_empty_tensor_value_info(output) for output in node.output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 26), helper.make_opsetid(domain, opset)], ir_version=10)
    return Base(name, model, {name: numpy_helper.from_array(array, name) for name, array in zip(names, inputs)})


def of_learned():
    return [of_node(f"{row[0]}_{index}", *row, "ai.onnx.ml", 5 if row[0] == "TreeEnsemble" else 1 if "Tree" not in row[0] else 3)
            for index, row in enumerate(LEARNED)] + [dictionary()]


def dictionary():
    """DictVectorizer, whose input is a map."""
    node = helper.make_node("DictVectorizer", ["x"], ["y"], domain="ai.onnx.ml", string_vocabulary=["a", "b", "c"])
    kind = onnx.TypeProto()
    kind.map_type.key_type = TensorProto.STRING
    kind.map_type.value_type.tensor_type.elem_type = TensorProto.FLOAT
    kind.map_type.value_type.tensor_type.shape.SetInParent()
    graph = helper.make_graph([node], "dictionary", [helper.make_value_info("x", kind)], [helper.make_empty_tensor_value_info("y")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 26), helper.make_opsetid("ai.onnx.ml", 1)], ir_version=10)
    value = onnx.MapProto(name="x", key_type=TensorProto.STRING, string_keys=[b"a", b"c", b"z"])
    value.values.elem_type = onnx.SequenceProto.TENSOR
    value.values.tensor_values.extend(numpy_helper.from_array(np.array(v, np.float32)) for v in (1.0, 2.0, 3.0))
    return Base("DictVectorizer", model, {"x": value})


def all_bases():
    return of_suite() + of_learned()
