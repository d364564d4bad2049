"""The same seeds under each method, and how far each image is from the full network's: |method - full|, amplified."""

from __future__ import annotations

import numpy as np

from dashboards.data import RunData
from dashboards.quality.groups import Group
from dashboards.sample_grid import strip_of

QUERY = """
SELECT sample.cell, sample_index, width, height, channels, pixels FROM sample JOIN cell ON cell.id = sample.cell
WHERE cell.run = :run ORDER BY sample.cell, sample_index
"""
MOST_AMPLIFIED = 32


def difference_sheets(data: RunData, groups: list[Group]) -> list[dict]:
    """By group that has the full network's images and a method's: title, factor, and strips of samples and differences."""
    images: dict[int, dict[int, np.ndarray]] = {}
    for row in data.query(QUERY).itertuples():
        images.setdefault(row.cell, {})[row.sample_index] = np.frombuffer(row.pixels, np.uint8).reshape(row.height, row.width, row.channels)
    found = []
    for group in groups:
        names = {cell: name for cell, name in zip(group.cells["cell"], group.cells["method_label"]) if cell in images and cell != group.full}
        if group.full not in images or not names:
            continue
        full = images[group.full]
        seeds = [seed for seed in full if all(seed in images[cell] and images[cell][seed].shape == full[seed].shape for cell in names)]
        if not seeds:
            continue
        changed = {cell: [np.abs(images[cell][seed].astype(np.int16) - full[seed]) for seed in seeds] for cell in names}
        factor = amplification(max(int(image.max()) for of in changed.values() for image in of))
        full_name = group.cells.set_index("cell")["method_label"].get(group.full, "full")
        found.append({
            "title": group.title, "factor": factor, "seeds": seeds,
            "strips": [_strip(data, full_name, full_name, [full[seed] for seed in seeds])] + [strip for cell, name in names.items() for strip in (
                _strip(data, name, name, [images[cell][seed] for seed in seeds]),
                _strip(data, name, f"|{name} − full| × {factor}", [(image * factor).astype(np.uint8) for image in changed[cell]]))],
        })
    return found


def amplification(largest: int) -> int:
    """The largest power of two that leaves all differences within a byte: the same for a whole sheet."""
    factor = MOST_AMPLIFIED
    while factor > 1 and factor * largest > 255:
        factor //= 2
    return factor


def _strip(data: RunData, name: str, words: str, images: list[np.ndarray]) -> dict:
    return {"method": words, "colour": data.look.colours[name], "image": strip_of(images)}
