"""Inputs for a model at given shapes: seeded, so that every run and machine sees the same values."""
import zlib
from pathlib import Path

import numpy as np

LOOP_STEPS = 3  # value of the scalar trip count of if_loop
IMAGENET = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)


def _generator(*key):
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


def smooth(shape, random):
    """Waves of at most two periods along every axis behind the channels; unit size, like a blurred photograph."""
    grid = np.meshgrid(*(np.linspace(0, 1, n, dtype=np.float64) for n in shape[2:]), indexing="ij")
    image = np.zeros(shape)
    for plane in np.ndindex(shape[:2]):
        for _ in range(3):
            turns, phase = random.uniform(-2, 2, len(grid)), random.uniform(0, 2 * np.pi)
            image[plane] += np.cos(2 * np.pi * sum(t * g for t, g in zip(turns, grid)) + phase)
    return (image * 0.8).astype(np.float32)


def mask(shape, padded):
    """Ones; if padded, each row but the first hides up to half of its tail, as in a batch of unequal sentences."""
    values = np.ones(shape, np.int64)
    if padded:
        for row in range(1, shape[0]):
            hidden = shape[1] * (1 + (row - 1) % 2) // 4
            values[row, shape[1] - hidden:] = 0
    return values


def page(shape, lines, random):
    """Text lines pasted on light paper, as RGB 0..255: array (N, height, width, 3)."""
    count, _, height, width = shape
    pages = np.full((count, height, width, 3), 235, np.float32)
    for sheet in pages:
        for top in range(0, height - 47, 56):
            line = lines[int(random.integers(len(lines)))][:, :width]
            left = int(random.integers(0, width - line.shape[1] + 1))
            sheet[top:top + 48, left:left + line.shape[1]] = line
    return pages


def normalised(pages, detector):
    """Pixels to NCHW floats: ImageNet statistics for the detector, (x / 255 - 0.5) / 0.5 for the others."""
    mean, std = IMAGENET if detector else (np.float32(0.5), np.float32(0.5))
    return np.ascontiguousarray(((pages / np.float32(255) - mean) / std).transpose(0, 3, 1, 2).astype(np.float32))


def read_lines(folder, first, count):
    """Text line images first .. first + count - 1 as float arrays (48, width, 3), and their texts."""
    from PIL import Image

    rows = [row.split("\t", 1) for row in Path(folder, "truth.tsv").read_text().splitlines()[first:first + count]]
    return [np.asarray(Image.open(Path(folder, name)), np.float32) for name, _ in rows], [text for _, text in rows]


def feeds(model, shapes, data_folder, variant="noise"):
    """{input: array}. `variant`: 'noise' (the default), 'smooth' (images only) or 'padded' (masks with hidden tails)."""
    made = {}
    for name, shape in shapes.items():
        random = _generator(model.name, name, shape, variant)
        if model.kind == "page":
            lines, _ = read_lines(Path(data_folder, "textlines"), 0, 40)
            made[name] = normalised(page(shape, lines, random), "det" in model.name)
        elif "mask" in name:
            made[name] = mask(shape, variant == "padded")
        elif name == "token_type_ids":
            made[name] = np.zeros(shape, np.int64)
        elif model.vocabulary:
            made[name] = random.integers(0, model.vocabulary, shape)
        elif shape == ():
            made[name] = np.array(LOOP_STEPS, np.int64)
        elif variant == "smooth" and model.name == "ssdlite320_mobilenet":
            made[name] = smooth((1, *shape), random)[0]
        elif variant == "smooth":
            made[name] = smooth(shape, random)
        else:
            made[name] = random.standard_normal(shape).astype(np.float32)
    return made
