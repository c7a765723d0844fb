"""Trained models on real inputs: the answer a user sees must be ONNX Runtime's."""
from pathlib import Path

import numpy as np

import fetch
import inputs
import judge
from hone_cli import Failure, profile_options

PHOTO_SIDE = 224
LINE_WIDTHS = (16, 320, 2000)  # smallest, customary and largest width of a text line
PAGES = ((1, 3, 480, 640), (1, 3, 320, 256), (2, 3, 224, 416))
PAGE_RTOL = 2e-4  # the steep sigmoid at the edges of letters: ONNX Runtime differs from itself, unoptimized, by 7e-5
PHOTO_BATCH = 16  # of the plan's profile: the photographs arrive at once and are run in slices


def _greedy_text(probabilities, charset):
    """CTC: best class of each step, repetitions and blanks (class 0) removed."""
    best = probabilities.argmax(-1)
    kept = best[np.concatenate(([True], best[1:] != best[:-1])) & (best != 0)]
    return "".join(charset[i] for i in kept)


def _charset(oracle):
    """Blank first, space last."""
    return ["", *oracle.metadata("character").split("\n"), " "]


def _compare(oracle, made, feeds, rtol):
    expected = oracle.run(feeds)
    judge.outputs(expected, made, rtol)
    return expected


def recognizer(bench):
    """100 rendered lines at their own widths: the same text as ONNX Runtime (500 lines in the long run)."""
    first, count = (0, 500) if bench.long else (100, 100)
    fetch.fetch("textlines", bench.folder)
    lines, truth = inputs.read_lines(bench.folder / "textlines", first, count)
    shapes = [{"x": (1, 3, 48, width)} for width in LINE_WIDTHS]
    plan = bench.build("lines", profile_options([shapes]))
    charset, wrong, exact = _charset(bench.oracle), [], 0
    for index, (line, text) in enumerate(zip(lines, truth)):
        feeds = {"x": inputs.normalised(line[None], False)}
        expected, made = bench.oracle.run(feeds), bench.hone.run(plan, feeds)
        judge.outputs(expected, made, bench.model.rtol)
        read = [_greedy_text(next(iter(result.values()))[0], charset) for result in (expected, made)]
        exact += read[0].strip() == text.strip()
        if read[0] != read[1]:
            wrong.append(f"line {first + index} reads '{read[1]}', expected '{read[0]}'")
    if exact < 0.8 * count:
        raise Failure(f"the reference itself reads only {exact} of {count} lines: wrong preprocessing")
    if wrong:
        raise Failure(f"{len(wrong)} of {count} lines differ: {wrong[0]}")


def photographs(folder):
    """Every photograph as one centred 224x224 crop, NCHW, (x - 127) / 128."""
    from PIL import Image, ImageOps

    paths = sorted(Path(folder).glob("*.png"))
    crops = np.empty((len(paths), PHOTO_SIDE, PHOTO_SIDE, 3), np.float32)
    for crop, path in zip(crops, paths):
        with Image.open(path) as image:
            crop[:] = np.asarray(ImageOps.fit(image.convert("RGB"), (PHOTO_SIDE, PHOTO_SIDE), Image.BICUBIC))
    return np.ascontiguousarray(((crops - 127) / np.float32(128)).transpose(0, 3, 1, 2).astype(np.float32))


def classifier(bench):
    """The same top-1 class as ONNX Runtime on all photographs; run in slices of the profile's batch."""
    fetch.fetch("photos", bench.folder)
    images = photographs(bench.folder / "photos")
    shapes = [{"input": (batch, 3, PHOTO_SIDE, PHOTO_SIDE)} for batch in (1, PHOTO_BATCH, PHOTO_BATCH)]
    plan = bench.build("photos", profile_options([shapes]))
    made = bench.hone.run(plan, {"input": images})["logits"]
    expected = np.concatenate([bench.oracle.run({"input": images[i:i + 8]})["logits"] for i in range(0, len(images), 8)])
    if made.shape != expected.shape:
        raise Failure(f"logits have shape {made.shape}, expected {expected.shape}")
    agree = int((made.argmax(1) == expected.argmax(1)).sum())
    if agree != len(images):
        raise Failure(f"top-1 agrees on {agree} of {len(images)} photographs")
    judge.outputs({"logits": expected}, {"logits": made}, bench.model.rtol)


def _sentence_vectors(tokens, attention):
    weight = attention[..., None].astype(np.float64)
    mean = (tokens * weight).sum(1) / weight.sum(1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def embedder(bench, batch=16):
    """Cosine to ONNX Runtime's sentence vector > 0.99999 on 160 sentences (all in the long run)."""
    fetch.fetch("sentences", bench.folder)
    with np.load(bench.folder / "sentences.npz") as stored:
        ids, attention = stored["input_ids"], stored["attention_mask"]
    first, last = (0, len(ids)) if bench.long else (300, 460)
    plan = bench.build("sentences", ())
    for start in range(first, last, batch):
        rows = slice(start, min(start + batch, last))
        length = int(attention[rows].sum(1).max())
        feeds = {"input_ids": ids[rows, :length], "attention_mask": attention[rows, :length]}
        feeds["token_type_ids"] = np.zeros_like(feeds["input_ids"])
        results = bench.oracle.run(feeds), bench.hone.run(plan, feeds)
        a, b = (_sentence_vectors(result["last_hidden_state"], feeds["attention_mask"]) for result in results)
        worst = float(judge.cosines(a, b).min())
        if not worst > 0.99999:
            raise Failure(f"cosine {worst:.7f} in sentences {rows.start} to {rows.stop - 1}")


def detector(bench):
    """Pages with text: the same map, and the same pixels called text, as ONNX Runtime."""
    fetch.fetch("textlines", bench.folder)
    lines, _ = inputs.read_lines(bench.folder / "textlines", 100, 60)
    plan = bench.build("pages", ())
    for index, shape in enumerate(PAGES):
        pages = inputs.page(shape, lines, np.random.default_rng(index))
        feeds = {"x": inputs.normalised(pages, True)}
        made = bench.hone.run(plan, feeds)
        expected = _compare(bench.oracle, made, feeds, PAGE_RTOL)
        (name, a), = expected.items()
        if not 0.01 < (a > 0.3).mean() < 0.9:
            raise Failure(f"page {index}: the reference itself finds no text: wrong preprocessing")
        differ = int(((a > 0.3) != (made[name] > 0.3)).sum())
        if differ > 1e-5 * a.size:
            raise Failure(f"page {index}: {differ} of {a.size} pixels change sides")


def orientation(bench, count=40):
    """Upright and turned lines get ONNX Runtime's label."""
    from PIL import Image

    fetch.fetch("textlines", bench.folder)
    lines, _ = inputs.read_lines(bench.folder / "textlines", 200, count)
    fitted = np.full((2 * count, 48, 192, 3), 127.5, np.float32)
    for index, line in enumerate(lines):
        width = min(192, line.shape[1])
        small = np.asarray(Image.fromarray(line.astype(np.uint8)).resize((width, 48)), np.float32)
        fitted[2 * index, :, :width], fitted[2 * index + 1, :, :width] = small, small[::-1, ::-1]
    feeds = {"x": inputs.normalised(fitted, False)}
    made = bench.hone.run(bench.build("turned", ()), feeds)
    expected = _compare(bench.oracle, made, feeds, bench.model.rtol)
    (name, a), = expected.items()
    labels = a.argmax(1)
    if (labels == np.arange(2 * count) % 2).mean() < 0.8:
        raise Failure("the reference itself cannot tell turned lines: wrong preprocessing")
    if not np.array_equal(labels, made[name].argmax(1)):
        raise Failure(f"labels differ on {int((labels != made[name].argmax(1)).sum())} of {2 * count} lines")


CHECKS = {"ppocr_rec_trained": ("same_text", recognizer), "efficientnet_lite0_trained": ("same_top1", classifier),
          "minilm_trained": ("same_vectors", embedder), "ppocr_det_trained": ("same_text_pixels", detector),
          "ppocr_cls_trained": ("same_labels", orientation)}
