#!/usr/bin/env python3
"""Prints src/frontend/onnx/onnx_attrs.def from the schemas of the onnx package: which operator has which attributes of
which kind, in which opsets. Run it when a new opset is out."""
from onnx import defs

OLDEST = 7
HEAD = """/* Attributes of the standard operators: operator, attribute, kind, first and last opset that has it (0: still has it),
 * 1 when it is required. Made by scripts/make_onnx_attrs.py from the schemas of ONNX opset {newest}; sorted. */"""


def main():
    newest = defs.onnx_opset_version()
    history = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            history.setdefault(schema.name, []).append(schema)
    print(HEAD.format(newest=newest))
    for name in sorted(history):
        rows = {}
        versions = sorted(history[name], key=lambda schema: schema.since_version)
        for schema, following in zip(versions, versions[1:] + [None]):
            last = following.since_version - 1 if following else 0
            if last and last < OLDEST:
                continue
            for attribute in schema.attributes.values():
                kind = str(attribute.type).rsplit(".", 1)[-1]
                key = (attribute.name, kind, int(attribute.required))
                first = max(schema.since_version, OLDEST)
                if key in rows and rows[key][-1][1] == first - 1:
                    rows[key][-1][1] = last
                else:
                    rows.setdefault(key, []).append([first, last])
        for (attribute, kind, required), ranges in sorted(rows.items()):
            for first, last in ranges:
                print(f'HN_ONNX_ATTR("{name}", "{attribute}", {kind}, {first}, {last}, {required})')


main()
