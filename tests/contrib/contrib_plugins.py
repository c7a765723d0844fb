"""Plugins of TensorRT under the domains in which exporters write them; what they compute is tested in tests/ops."""
import numpy as np
from onenode import check, refused

BOXES = np.array([[[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.4], [0.5, 0.5, 1, 1]]], np.float32)
SCORES = np.array([[[0.9], [0.8], [0.7]]], np.float32)
KEPT = [np.array([[2]], np.int32), np.array([[BOXES[0, 0], BOXES[0, 2], [0] * 4]], np.float32), np.array([[0.9, 0.7, 0]], np.float32)]


def test_efficient_nms():
    attributes = {"max_output_boxes": 3, "iou_threshold": 0.5, "score_threshold": 0.1, "background_class": -1, "box_coding": 0,
                  "score_activation": 0, "plugin_version": "1"}
    for domain in ("", "TRT", "trt.plugins"):
        check("EfficientNMS_TRT", attributes, [BOXES, SCORES], 4, expect=[*KEPT, np.zeros((1, 3), np.int32)], domain=domain)
    refused("EfficientNMS_TRT", {**attributes, "box_coding": 3}, [BOXES, SCORES], "box_coding is 3", 4, domain="TRT")


def test_batched_nms():
    attributes = {"shareLocation": 1, "backgroundLabelId": -1, "numClasses": 1, "topK": 10, "keepTopK": 3, "scoreThreshold": 0.1,
                  "iouThreshold": 0.5, "isNormalized": 1, "clipBoxes": 1, "plugin_version": "1"}
    for domain in ("", "TRT", "trt.plugins"):
        for op in ("BatchedNMS_TRT", "BatchedNMSDynamic_TRT"):
            check(op, attributes, [BOXES[:, :, None], SCORES], 4, expect=[*KEPT, np.array([[0, 0, -1]], np.float32)], domain=domain)
