"""EfficientNMS_TRT and BatchedNMS_TRT, against their description in plain Python."""
import numpy as np
from optest import check, refused, values

EFFICIENT, BATCHED = "TRT.EfficientNMS_TRT", "TRT.BatchedNMS_TRT"


def overlap(a, b, extra):
    def area(low, high):
        sides = high - low + np.float32(extra)
        return sides[0] * sides[1] if (sides > 0).all() else np.float32(0)

    common = area(np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:]))
    joined = area(a[:2], a[2:]) + area(b[:2], b[2:]) - common
    return common / joined if joined > 0 else 0


def greedy(candidates, threshold, most, agnostic=False, extra=0):
    """`candidates`: (score, order, class, box)."""
    kept = []
    for score, order, label, box in sorted(candidates, key=lambda c: (-c[0], c[1])):
        if len(kept) < most and not any((agnostic or k[2] == label) and overlap(k[3], box, extra) > threshold for k in kept):
            kept.append((score, order, label, box))
    return kept


def padded(images, room, filler, classes, dtype=np.float32):
    n = len(images)
    out = [np.array([[len(kept)] for kept in images], np.int32), np.zeros((n, room, 4), dtype), np.zeros((n, room), dtype),
           np.full((n, room), filler, classes)]
    for i, kept in enumerate(images):
        for k, (score, _, label, box) in enumerate(kept):
            out[1][i, k], out[2][i, k], out[3][i, k] = box, score, label
    return out


def corners(boxes):
    return np.concatenate([boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2], -1)


def efficient(boxes, scores, anchors=None, score_threshold=0.25, iou_threshold=0.5, max_output_boxes=100, background_class=-1,
              score_activation=0, class_agnostic=0, box_coding=0):
    if anchors is not None and box_coding:
        boxes = np.concatenate([boxes[..., :2] * anchors[..., 2:] + anchors[..., :2], anchors[..., 2:] * np.exp(boxes[..., 2:])], -1)
    elif anchors is not None:
        boxes = boxes + anchors
    boxes = corners(boxes) if box_coding else boxes
    scores = 1 / (1 + np.exp(-scores)) if score_activation else scores
    images = []
    for b in range(len(scores)):
        candidates = [(s, (n, c), c, boxes[b, n, c % boxes.shape[2]] if boxes.ndim == 4 else boxes[b, n])
                      for (n, c), s in np.ndenumerate(scores[b]) if c != background_class and s >= score_threshold]
        images.append(greedy(candidates, iou_threshold, max_output_boxes, class_agnostic))
    return padded(images, max_output_boxes, 0, np.int32)


def boxes_for(shape, seed=0):
    low = values((*shape, 2), low=0, high=0.7, seed=seed)
    return np.concatenate([low, low + values((*shape, 2), low=0.05, high=0.4, seed=seed + 1)], -1)


def test_efficient():
    boxes, scores = boxes_for((2, 40)), values((2, 40, 3), low=0, high=1, seed=5)
    for attributes in ({}, {"score_threshold": 0.6}, {"iou_threshold": 0.2}, {"max_output_boxes": 7}, {"background_class": 1},
                       {"class_agnostic": 1, "iou_threshold": 0.3}, {"score_threshold": 0.99}, {"score_threshold": 2.0}):
        check(EFFICIENT, attributes, [boxes, scores], n_out=4, expect=efficient(boxes, scores, **attributes))
    raw = values((2, 40, 3), low=-3, high=3, seed=6)
    check(EFFICIENT, {"score_activation": 1}, [boxes, raw], n_out=4, expect=efficient(boxes, raw, score_activation=1))
    for each in (1, 3):
        apart = boxes_for((2, 40, each))
        check(EFFICIENT, {}, [apart, scores], n_out=4, expect=efficient(apart, scores))


def test_efficient_codings():
    scores = values((2, 20, 3), low=0, high=1, seed=5)
    centred = np.concatenate([values((2, 20, 2), low=0, high=1), values((2, 20, 2), low=0.1, high=0.5, seed=1)], -1)
    check(EFFICIENT, {"box_coding": 1}, [centred, scores], n_out=4, expect=efficient(centred, scores, box_coding=1))
    for anchors in (centred, centred[:1]):
        moves = values((2, 20, 4), low=-0.5, high=0.5, seed=2)
        check(EFFICIENT, {"box_coding": 1}, [moves, scores, anchors], n_out=4, expect=efficient(moves, scores, anchors, box_coding=1))
    anchors = boxes_for((1, 20))
    moves = values((2, 20, 4), low=-0.05, high=0.05, seed=2)
    check(EFFICIENT, {}, [moves, scores, anchors], n_out=4, expect=efficient(moves, scores, anchors))


def test_efficient_odd_values():
    half = [boxes_for((1, 10)).astype(np.float16), values((1, 10, 2), np.float16, 0, 1)]
    want = efficient(*(x.astype(np.float32) for x in half))
    check(EFFICIENT, {}, half, n_out=4, expect=[want[0], want[1].astype(np.float16), want[2].astype(np.float16), want[3]])
    boxes, scores = boxes_for((1, 3)), np.array([[[np.nan], [0.9], [np.inf]]], np.float32)
    check(EFFICIENT, {"max_output_boxes": 3}, [boxes, scores], n_out=4, expect=efficient(boxes, scores, max_output_boxes=3))
    check(EFFICIENT, {"max_output_boxes": 2}, [np.zeros((1, 0, 4), np.float32), np.zeros((1, 0, 3), np.float32)], n_out=4,
          expect=padded([[]], 2, 0, np.int32))
    flat = np.zeros((1, 2, 4), np.float32)
    check(EFFICIENT, {"max_output_boxes": 3}, [flat, np.ones((1, 2, 1), np.float32)], n_out=4,
          expect=efficient(flat, np.ones((1, 2, 1), np.float32), max_output_boxes=3))


def batched(boxes, scores, topK, keepTopK, scoreThreshold=0.0, iouThreshold=0.5, backgroundLabelId=-1, isNormalized=1, clipBoxes=1):
    images = []
    for b in range(len(scores)):
        found = []
        for c in range(scores.shape[2]):
            at = boxes[b, :, c % boxes.shape[2]]
            order = [n for n in np.argsort(-scores[b, :, c], kind="stable") if scores[b, n, c] >= scoreThreshold]
            candidates = [(scores[b, n, c], n, c, at[n]) for n in order[:topK]]
            found += [] if c == backgroundLabelId else greedy(candidates, iouThreshold, 10**6, extra=1 - isNormalized)
        found = sorted(found, key=lambda d: -d[0])[:keepTopK]
        images.append([(s, n, c, np.clip(box, 0, 1) if clipBoxes else box) for s, n, c, box in found])
    return padded(images, keepTopK, -1, np.float32)


def test_batched():
    scores = values((2, 40, 3), low=0, high=1, seed=5)
    for each in (1, 3):
        boxes = boxes_for((2, 40, each))
        for attributes in ({}, {"scoreThreshold": 0.5}, {"iouThreshold": 0.2}, {"backgroundLabelId": 0}, {"clipBoxes": 0}):
            for top, keep in ((40, 30), (10, 5), (40, 200)):
                sizes = {"topK": top, "keepTopK": keep}
                inputs = {"numClasses": 3, "shareLocation": int(each == 1), **sizes, **attributes}
                check(BATCHED, inputs, [boxes, scores], n_out=4, expect=batched(boxes, scores, **sizes, **attributes))
    pixels = np.round(boxes_for((2, 40, 1)) * 100)
    attributes = {"topK": 40, "keepTopK": 20, "isNormalized": 0, "clipBoxes": 0}
    check(BATCHED, attributes, [pixels, scores], n_out=4, expect=batched(pixels, scores, **attributes))


def test_refused():
    boxes, scores = boxes_for((2, 6)), values((2, 6, 3), low=0, high=1)
    refused(EFFICIENT, {"max_output_boxes": 0}, [boxes, scores], "max_output_boxes is 0", n_out=4)
    refused(EFFICIENT, {"box_coding": 2}, [boxes, scores], "box_coding is 2", n_out=4)
    refused(EFFICIENT, {}, [boxes[:, :5], scores], "number of boxes", n_out=4)
    refused(EFFICIENT, {}, [boxes[..., :3], scores], "numbers of a box", n_out=4)
    refused(EFFICIENT, {}, [boxes_for((2, 6, 2)), scores], "number of classes", n_out=4)
    refused(EFFICIENT, {}, [boxes, scores, boxes_for((3, 6))], "batch of anchors", n_out=4)
    refused(EFFICIENT, {}, [boxes.astype(np.float64), scores.astype(np.float64)], "float64", n_out=4)
    refused(BATCHED, {"topK": 3}, [boxes, scores], "keepTopK is 0", n_out=4)
    refused(BATCHED, {"topK": -2, "keepTopK": 3}, [boxes, scores], "topK is -2", n_out=4)
