#!/usr/bin/env python3
"""Prints src/frontend/onnx/onnx_attrs.def from the schemas of the packages onnx and (com.microsoft) onnxruntime: which
operator has which attributes of which kind, in which opsets. Run it when a new opset is out, or when onnx_map.def has a new
operator of com.microsoft."""
import re
from dataclasses import dataclass
from pathlib import Path

from onnx import defs
from onnxruntime.capi.onnxruntime_pybind11_state import get_all_operator_schema

MAP = Path(__file__).resolve().parents[1] / "src/frontend/onnx/onnx_map.def"
IGNORED = ("consumed_inputs", "output_sequence")  # of before opset 7, without influence on results
UNRELEASED = ("LayerNormalization", "SimplifiedLayerNormalization")  # of the default domain, by ONNX Runtime alone
HEAD = """/* Attributes of operators: operator, attribute, kind, first and last opset that has it (0: still has it), 1 when it is
 * required. Made by scripts/make_onnx_attrs.py from the schemas of ONNX opset {newest} and of ONNX Runtime; sorted. */"""


# Plugins of TensorRT, which come in several domains and without schemas.
PLUGINS = {
    "EfficientNMS_TRT": {"background_class": "INT", "box_coding": "INT", "class_agnostic": "INT", "iou_threshold": "FLOAT",
                         "max_output_boxes": "INT", "plugin_namespace": "STRING", "plugin_version": "STRING",
                         "score_activation": "INT", "score_threshold": "FLOAT"},
    "BatchedNMS_TRT": {"backgroundLabelId": "INT", "caffeSemantics": "INT", "clipBoxes": "INT", "iouThreshold": "FLOAT",
                       "isNormalized": "INT", "keepTopK": "INT", "numClasses": "INT", "plugin_namespace": "STRING",
                       "plugin_version": "STRING", "scoreBits": "INT", "scoreThreshold": "FLOAT", "shareLocation": "INT",
                       "topK": "INT"},
}


@dataclass
class Plugin:
    """What this script reads of a schema."""
    name: str
    attributes: dict
    domain: str = ""
    since_version: int = 1


@dataclass
class Attribute:
    name: str
    type: str
    required: bool = False


def plugins(mapped):
    for name in mapped:
        kinds = PLUGINS.get(name.split(".")[-1].replace("Dynamic", ""), {})
        if kinds:
            yield Plugin(name, {attribute: Attribute(attribute, kind) for attribute, kind in kinds.items()})


def schemas():
    mapped = set(re.findall(r'HN_ONNX\("([^"]+)"', MAP.read_text()))
    yield from plugins(mapped)
    yield from defs.get_all_schemas_with_history()
    for schema in get_all_operator_schema():
        contributed = schema.domain == "com.microsoft" and f"{schema.domain}.{schema.name}" in mapped
        if contributed or (schema.domain == "" and schema.name in UNRELEASED and schema.since_version == 1):
            yield schema


def main():
    newest = defs.onnx_opset_version()
    history = {}
    for schema in schemas():
        name = f"{schema.domain}.{schema.name}".lstrip(".")
        history.setdefault(name, []).append(schema)
    print(HEAD.format(newest=newest))
    for name in sorted(history):
        rows = {}
        versions = sorted(history[name], key=lambda schema: schema.since_version)
        for schema, following in zip(versions, versions[1:] + [None]):
            last = following.since_version - 1 if following else 0
            for attribute in schema.attributes.values():
                if attribute.name in IGNORED:
                    continue
                kind = str(attribute.type).rsplit(".", 1)[-1]
                key = (attribute.name, kind, int(attribute.required))
                if key in rows and rows[key][-1][1] == schema.since_version - 1:
                    rows[key][-1][1] = last
                else:
                    rows.setdefault(key, []).append([schema.since_version, last])
        for (attribute, kind, required), ranges in sorted(rows.items()):
            for first, last in ranges:
                print(f'HN_ONNX_ATTR("{name}", "{attribute}", {kind}, {first}, {last}, {required})')


main()
