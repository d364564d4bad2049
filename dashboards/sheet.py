"""python -m dashboards.sheet samples.npz -o sheet.png [--columns 10] [--scale 2]: a sample sheet for a model card."""

from __future__ import annotations

import argparse
import sys

import numpy as np
from PIL import Image


def sheet(images: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """uint8 [N, H, W, C] tiled row by row, white between and after."""
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    page = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, np.uint8)
    for index, image in enumerate(images):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        page[top : top + height, left : left + width] = image
    return page


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dashboards.sheet", description=__doc__)
    parser.add_argument("samples", help=".npz with uint8 NHWC arr_0, as `diffbench sample` writes it")
    parser.add_argument("-o", "--out", required=True)
    parser.add_argument("--columns", type=int, default=10)
    parser.add_argument("--scale", type=int, default=2)
    options = parser.parse_args(arguments)
    try:
        images = np.load(options.samples)["arr_0"]
    except (OSError, ValueError, KeyError) as error:
        print(f"dashboards.sheet: {options.samples}: no images under arr_0: {error}", file=sys.stderr)
        return 2
    page = sheet(images, options.columns).repeat(options.scale, axis=0).repeat(options.scale, axis=1)
    Image.fromarray(page[:, :, 0] if page.shape[2] == 1 else page).save(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
