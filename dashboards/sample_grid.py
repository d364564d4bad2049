"""The same seeds side by side: one strip of images per method and solver, as PNG inside the page."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from dashboards.data import RunData

QUERY = """
SELECT cell.method_label, cell.solver, cell.steps, sample.sample_index, sample.width, sample.height, sample.channels,
       sample.pixels
FROM sample JOIN cell ON cell.id = sample.cell WHERE cell.run = :run
ORDER BY cell.id, sample.sample_index
"""
GAP_PIXELS = 2


def strip_of(images: list[np.ndarray]) -> str:
    """Images next to each other as a PNG data URI; the page enlarges it without smoothing."""
    height = images[0].shape[0]
    gap = np.full((height, GAP_PIXELS, images[0].shape[2]), 255, np.uint8)
    strip = np.concatenate([part for image in images for part in (image, gap)][:-1], axis=1)
    buffer = io.BytesIO()
    Image.fromarray(strip[:, :, 0] if strip.shape[2] == 1 else strip).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def sample_strips(data: RunData) -> list[dict]:
    """One entry per solver and step count: its title and a strip per method."""
    rows = data.query(QUERY)
    groups = []
    for (solver, steps), of_solver in rows.groupby(["solver", "steps"], sort=False):
        strips = []
        for method, of_method in of_solver.groupby("method_label", sort=False):
            images = [
                np.frombuffer(row.pixels, np.uint8).reshape(row.height, row.width, row.channels)
                for row in of_method.itertuples()
            ]
            strips.append({"method": method, "colour": data.look.colours[method], "image": strip_of(images)})
        groups.append({"title": f"{solver}, {steps} steps", "strips": strips})
    return groups
