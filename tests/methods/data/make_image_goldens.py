"""Writes image_goldens/: small images of every kind that is read, and expected.npz with the pixels that Pillow makes of each.

    pip install -r requirements.txt && python make_image_goldens.py

`Image.open(F).convert("RGB")`, as pytorch-fid reads. Pillow's own libjpeg-turbo (3.x) and libwebp (1.6) are other versions
than Debian's: that both decode alike, bit for bit, is what the test shows.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

GOLDENS = Path(__file__).resolve().parent / "image_goldens"
WIDTH, HEIGHT = 37, 29  # no multiple of a JPEG block


def picture():
    """Slopes, an edge and noise, so that upsampling and rounding show."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    noise = np.random.default_rng(7).integers(0, 40, (HEIGHT, WIDTH, 3))
    planes = np.stack([x * 5, y * 7, (x + y) * 3 + 90 * (x > 20)], axis=2)
    return (planes + noise).clip(0, 255).astype(np.uint8)


def write_png(name, rows, bits, colour, chunks=()):
    """PNG of kinds that Pillow cannot write; `rows` are the packed bytes of each line."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [chunk(b"IHDR", header), *(chunk(*one) for one in chunks), chunk(b"IDAT", data), chunk(b"IEND", b"")]
    (GOLDENS / name).write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def make_png(rgb):
    image = Image.fromarray(rgb)
    grey = image.convert("L")
    alpha = Image.fromarray(rgb[:, :, 1])
    image.save(GOLDENS / "rgb.png")
    grey.save(GOLDENS / "grey.png")
    grey.convert("1").save(GOLDENS / "bits.png")
    Image.merge("RGBA", [*image.split(), alpha]).save(GOLDENS / "rgba.png")
    Image.merge("LA", [grey, alpha]).save(GOLDENS / "grey_alpha.png")
    image.quantize(200).save(GOLDENS / "palette.png")
    image.quantize(13).save(GOLDENS / "palette_of_four_bits.png")
    image.quantize(60).save(GOLDENS / "palette_alpha.png", transparency=bytes(range(60)))
    grey16 = rgb[:, :, 0].astype(np.uint16) * 3  # both sides of 255, where Pillow cuts off
    Image.fromarray(grey16).save(GOLDENS / "grey16.png")
    write_png("grey16_key.png", [row.astype(">u2").tobytes() for row in grey16], 16, 0, [(b"tRNS", struct.pack(">H", 9))])
    write_png("rgb16.png", [(row.astype(np.uint16) * 257 - 100).astype(">u2").tobytes() for row in rgb], 16, 2)
    write_png("grey_key.png", [row.tobytes() for row in rgb[:, :, 0]], 8, 0, [(b"tRNS", struct.pack(">H", 9))])
    quarter = np.pad(rgb[:, :, 0] >> 6, ((0, 0), (0, 3))).reshape(HEIGHT, -1, 4)
    packed = (quarter << np.array([6, 4, 2, 0], dtype=np.uint8)).sum(axis=2).astype(np.uint8)
    write_png("grey_of_two_bits.png", [row.tobytes() for row in packed], 2, 0)


def make_jpeg(rgb):
    image = Image.fromarray(rgb)
    for name, subsampling in [("444", 0), ("422", 1), ("420", 2)]:
        image.save(GOLDENS / f"colour_{name}.jpg", quality=75, subsampling=subsampling)
        image.save(GOLDENS / f"progressive_{name}.jpg", quality=90, subsampling=subsampling, progressive=True)
    image.save(GOLDENS / "coarse.jpeg", quality=10)
    image.save(GOLDENS / "restarts.jpg", quality=85, restart_marker_blocks=2)
    image.crop((0, 0, 1, 1)).save(GOLDENS / "one_pixel.jpg")
    image.convert("L").save(GOLDENS / "grey.jpg", quality=80)
    rotated = Image.Exif()
    rotated[0x0112] = 6  # orientation, which Image.open does not apply
    image.save(GOLDENS / "exif.jpg", exif=rotated)


def make_webp(rgb):
    image = Image.fromarray(rgb)
    image.save(GOLDENS / "lossy.webp", quality=60)
    image.save(GOLDENS / "lossless.webp", lossless=True)
    with_alpha = Image.merge("RGBA", [*image.split(), Image.fromarray(rgb[:, :, 1])])
    with_alpha.save(GOLDENS / "lossy_alpha.webp", quality=80)
    with_alpha.save(GOLDENS / "lossless_alpha.webp", lossless=True, exact=True)


def main():
    GOLDENS.mkdir(exist_ok=True)
    for old in GOLDENS.iterdir():
        old.unlink()
    rgb = picture()
    make_png(rgb)
    make_jpeg(rgb)
    make_webp(rgb)
    pixels = {file.name: np.asarray(Image.open(file).convert("RGB")) for file in sorted(GOLDENS.iterdir())}
    np.savez_compressed(GOLDENS / "expected.npz", **pixels)
    Image.fromarray(rgb).convert("CMYK").save(GOLDENS / "cmyk.jpg")  # refused
    Image.fromarray(rgb).save(GOLDENS / "animated.webp", save_all=True, append_images=[Image.fromarray(255 - rgb)])


if __name__ == "__main__":
    main()
