"""Two folders of PNG files to measure tools on: waves, hard stripes and noise, the same for the same numbers.

    make_set(Path("a"), count=10000, size=64, seed=1)
"""

from pathlib import Path

import numpy as np
from PIL import Image


def picture(size: int, strength: float, generator: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[:size, :size, :1][:2]
    pitch, phase = generator.uniform(3, 9, 2), generator.uniform(0, 6, 3)
    values = 128 + strength * (np.sin(y / pitch[0] + phase) + np.cos(x / pitch[1] - phase))
    values = np.where((x + 2 * y) % generator.integers(11, 41) < 5, 255 - values, values)
    return (values + generator.normal(0, 12, (size, size, 1)) * (y % 8 == 0)).clip(0, 255).astype(np.uint8)


def make_set(folder: Path, count: int, size: int, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    for i in range(count):
        Image.fromarray(picture(size, 40 + 15 * seed, generator)).save(folder / f"{i:06}.png")
