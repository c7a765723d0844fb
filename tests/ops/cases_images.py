"""ImageDecoder: every kind of file that Pillow writes, to the bit as Pillow reads it, and files that are damaged."""
import io
import struct
import warnings
import zlib

import numpy as np
from optest import check, refused, run
from PIL import Image

rng = np.random.default_rng(5)
SIZES = [(1, 1), (5, 7), (33, 50)]
FORMATS = ("JPEG", "JPEG2000", "PNG", "TIFF", "WEBP")


def picture(mode, height, width):
    """Smooth in one direction, noisy in the other, so that lossy codecs have something to do."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    slope = np.linspace(0, 255, width)[None, :, None] + rng.integers(-40, 40, (height, 1, bands))
    pixels = np.clip(slope, 0, 255).astype(np.uint8)
    if mode == "1":
        return Image.fromarray((pixels[..., 0] > 127)).convert("1")
    if mode == "P":
        return picture("RGB", height, width).quantize(16)
    return Image.fromarray(pixels[..., 0] if bands == 1 else pixels, mode if bands > 1 and mode in ("CMYK", "LA") else None)


def encoded(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return np.frombuffer(out.getvalue(), np.uint8)


def pillow(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that transparency is left out
        return np.array(Image.open(io.BytesIO(data.tobytes())).convert("RGB"))


def same(data, expect=None, atol=0):
    """All three pixel formats; libraries of another version than Pillow's may differ by `atol`."""
    rgb = pillow(data) if expect is None else expect
    grey = (rgb.astype(np.int64) @ [19595, 38470, 7471] + 32768 >> 16).astype(np.uint8)[..., None]
    if atol:
        got = run("ImageDecoder", {}, [data])[0]
        assert got.shape == rgb.shape and np.abs(got.astype(int) - rgb).max() <= atol
        return
    check("ImageDecoder", {}, [data], expect=[rgb])
    check("ImageDecoder", {"pixel_format": "BGR"}, [data], expect=[rgb[..., ::-1]])
    check("ImageDecoder", {"pixel_format": "Grayscale"}, [data], expect=[grey])


def test_image_jpeg():
    for size in SIZES:
        for mode in ("L", "RGB", "CMYK"):
            same(encoded(picture(mode, *size), "JPEG", quality=80))
        for subsampling in range(3):
            same(encoded(picture("RGB", *size), "JPEG", subsampling=subsampling, quality=60))
        same(encoded(picture("RGB", *size), "JPEG", progressive=True))
        same(encoded(picture("RGB", *size), "JPEG", keep_rgb=True))
        same(encoded(picture("L", *size), "JPEG", restart_marker_blocks=2, optimize=True))


def test_image_jpeg_orientation_is_left_alone():
    exif = Image.Exif()
    exif[0x112] = 6
    same(encoded(picture("RGB", 5, 9), "JPEG", exif=exif))


def test_image_png():
    for size in SIZES:
        for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
            same(encoded(picture(mode, *size), "PNG"))
        for bits in (1, 2, 4):
            same(encoded(picture("RGB", *size).quantize(1 << bits), "PNG", bits=bits))
        same(encoded(picture("RGB", *size), "PNG", transparency=(1, 2, 3)))
        same(encoded(picture("L", *size), "PNG", transparency=7))
        same(encoded(picture("P", *size), "PNG", transparency=bytes([0, 128])))


def png(width, height, bits, kind, rows, interlaced=0):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)
    return np.frombuffer(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""), np.uint8)


def test_image_png_16_bits():
    """The upper 8 bits, of grey too (Pillow cuts grey off at 255 instead)."""
    for kind, bands in ((0, 1), (2, 3), (4, 2), (6, 4)):
        pixels = rng.integers(0, 65536, (5, 7, bands), dtype=np.uint16)
        data = png(7, 5, 16, kind, b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels))
        high = (pixels >> 8).astype(np.uint8)
        same(data, high[..., :3] if bands > 2 else high[..., :1].repeat(3, 2))


def test_image_png_interlaced():
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    for height, width in ((1, 1), (3, 2), (9, 13)):
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        parts = [pixels[y::down, x::across] for y, x, down, across in passes]
        rows = b"".join(b"\0" + row.tobytes() for part in parts if part.size for row in part)
        same(png(width, height, 8, 2, rows, 1), pixels)


def test_image_tiff():
    for size in SIZES:
        for mode in ("1", "L", "P", "RGB", "RGBA", "LA", "CMYK"):
            same(encoded(picture(mode, *size), "TIFF"))
        for compression in ("tiff_lzw", "tiff_deflate", "packbits", "tiff_adobe_deflate", "zstd", "lzma"):
            same(encoded(picture("RGB", *size), "TIFF", compression=compression))
        for compression in ("group3", "group4", "tiff_ccitt"):
            same(encoded(picture("1", *size), "TIFF", compression=compression))
        same(encoded(picture("RGB", *size), "TIFF", compression="jpeg", quality=70))
        same(encoded(picture("L", *size), "TIFF", compression="jpeg"))
        same(encoded(picture("RGB", *size), "TIFF", big_tiff=True))
        same(encoded(picture("RGB", *size), "TIFF", compression="tiff_lzw", strip_size=100))


def test_image_tiff_orientation():
    for way in range(1, 9):
        for mode in ("RGB", "P", "L"):
            same(encoded(picture(mode, 5, 8), "TIFF", tiffinfo={274: way}))


def tiff(fields, blocks, order="<"):
    """A file of SHORT and LONG fields {tag: [values]}; the strips or tiles are put behind the directory."""
    where, counts = (324, 325) if 322 in fields else (273, 279)
    fields = {**fields, where: [0] * len(blocks), counts: [len(b) for b in blocks]}
    start = 8 + 2 + 12 * len(fields) + 4
    lists = start + sum(4 * len(v) for v in fields.values() if len(v) > 1)
    fields[where] = [lists + sum(len(b) for b in blocks[:i]) for i in range(len(blocks))]
    entries, beyond = b"", b""
    for tag, content in sorted(fields.items()):
        entries += struct.pack(order + "HHI", tag, 4, len(content))
        if len(content) == 1:
            entries += struct.pack(order + "I", content[0])
        else:
            entries += struct.pack(order + "I", start + len(beyond))
            beyond += struct.pack(f"{order}{len(content)}I", *content)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return np.frombuffer(magic + struct.pack(order + "IH", 8, len(fields)) + entries + bytes(4) + beyond + b"".join(blocks), np.uint8)


def described(height, width, bits, photometric, **more):
    fields = {256: [width], 257: [height], 258: bits, 259: [1], 262: [photometric], 277: [len(bits)], 278: [height]}
    return {**fields, **{int(tag[1:]): value for tag, value in more.items()}}


def test_image_tiff_tiles_and_planes():
    pixels = rng.integers(0, 256, (21, 35, 3), dtype=np.uint8)
    padded = np.pad(pixels, ((0, 11), (0, 13), (0, 0)), constant_values=9)
    tiles = [padded[y:y + 16, x:x + 16] for y in (0, 16) for x in (0, 16, 32)]
    same(tiff(described(21, 35, [8] * 3, 2, t322=[16], t323=[16]), [t.tobytes() for t in tiles]), pixels)
    planes = [t[..., c].tobytes() for c in range(3) for t in tiles]
    same(tiff(described(21, 35, [8] * 3, 2, t284=[2], t322=[16], t323=[16]), planes), pixels)
    strips = [pixels[y:y + 8, :, c].tobytes() for c in range(3) for y in (0, 8, 16)]
    same(tiff(described(21, 35, [8] * 3, 2, t284=[2], t278=[8]), strips), pixels)


def test_image_tiff_samples():
    for order in "<>":
        pixels = rng.integers(0, 65536, (4, 5, 3), dtype=np.uint16)
        data = pixels.astype(order + "u2").tobytes()
        same(tiff(described(4, 5, [16] * 3, 2), [data], order), (pixels >> 8).astype(np.uint8))
        grey = pixels[..., :1].astype(order + "u2").tobytes()
        same(tiff(described(4, 5, [16], 1), [grey], order), (pixels[..., :1] >> 8).astype(np.uint8).repeat(3, 2))
    for bits in (1, 2, 4):
        row = rng.integers(0, 256, (3, 8 * bits // 8), dtype=np.uint8)
        for photometric in (0, 1):
            same(tiff(described(3, 8, [bits], photometric), [row.tobytes()]))
    premultiplied = rng.integers(0, 256, (6, 7, 4), dtype=np.uint8)
    premultiplied[0, :, 3] = 0
    for alpha in (0, 1, 2):
        same(tiff(described(6, 7, [8] * 4, 2, t338=[alpha]), [premultiplied.tobytes()]))


def test_image_tiff_other_colours():
    """libtiff converts YCbCr; its rounding is not Pillow's."""
    ycc = np.asarray(picture("RGB", 6, 8).convert("YCbCr"))
    same(tiff(described(6, 8, [8] * 3, 6, t530=[1, 1]), [ycc.tobytes()]), atol=3)
    refused("ImageDecoder", {}, [tiff(described(6, 8, [32], 1, t339=[3]), [bytes(6 * 8 * 4)])], "not unsigned integers")
    refused("ImageDecoder", {}, [tiff(described(6, 8, [24], 1), [bytes(6 * 8 * 3)])], "24 bits")


def test_image_webp():
    for size in SIZES:
        for mode in ("RGB", "RGBA"):
            same(encoded(picture(mode, *size), "WEBP", lossless=True, exact=True))
            same(encoded(picture(mode, *size), "WEBP", quality=70))
    frames = [picture("RGB", 9, 12) for _ in range(3)]
    same(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True))


def test_image_jpeg2000():
    for size in SIZES:
        for mode in ("L", "LA", "RGB", "RGBA"):
            same(encoded(picture(mode, *size), "JPEG2000"))
        same(encoded(picture("RGB", *size), "JPEG2000", no_jp2=True))
        same(encoded(picture("RGB", *size), "JPEG2000", tile_size=(16, 16)))
        same(encoded(picture("RGB", *size), "JPEG2000", irreversible=True), atol=1)
    deep = rng.integers(0, 65536, (9, 8), dtype=np.uint16)
    same(encoded(Image.fromarray(deep), "JPEG2000"), (deep >> 8).astype(np.uint8)[..., None].repeat(3, 2))


def test_image_sizes_are_limited():
    """Files of a few bytes that claim any size are refused before memory is asked for."""
    refused("ImageDecoder", {}, [png(1 << 20, 1 << 20, 8, 2, b"")], "1048576 x 1048576")
    jpeg = bytearray(encoded(picture("RGB", 8, 8), "JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at:at + 4] = b"\xff\xdc\xff\xdc"
    refused("ImageDecoder", {}, [np.frombuffer(bytes(jpeg), np.uint8)], "JPEG image has")
    refused("ImageDecoder", {}, [tiff(described(1 << 30, 4, [8], 1), [b"abcd"])], "TIFF image has")
    tall = tiff(described(4, 4, [8], 1, t322=[1 << 16], t323=[1 << 16]), [b"abcd"])
    refused("ImageDecoder", {}, [tall], "the TIFF image is damaged")
    codestream = bytearray(encoded(picture("RGB", 8, 8), "JPEG2000", no_jp2=True))
    codestream[8:16] = struct.pack(">II", 1 << 30, 1 << 30)
    refused("ImageDecoder", {}, [np.frombuffer(bytes(codestream), np.uint8)], "JPEG 2000 image")


def test_image_damaged():
    """Cut off: refused with the format's name. Zeros in the middle: refused or decoded, as the library sees it."""
    for form in FORMATS:
        data = encoded(picture("RGB", 33, 50), form)
        name = {"JPEG2000": "JPEG 2000", "WEBP": "WebP"}.get(form, form)
        for part in (13, len(data) // 3, len(data) // 2):
            refused("ImageDecoder", {}, [data[:part]], f"the {name} image is damaged: ")
    refused("ImageDecoder", {}, [np.zeros(0, np.uint8)], "the 0 bytes are no image of a known format")
    refused("ImageDecoder", {}, [np.zeros(50, np.uint8)], "the 50 bytes are no image of a known format")
