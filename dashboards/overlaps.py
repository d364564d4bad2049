"""Lines that lie on each other, so that each is seen: whatever lies under others is wider than they are and shows as their rim.

    widths = rim_widths([full, early, late], reach=13.0)    # in the order of drawing; [7.0, 4.5, 2.0] where all three meet
"""

from __future__ import annotations

import numpy as np

WIDTH = 2.0  # pixels of a line with nothing on it
RIM = 2.5  # of what is added below each line, both sides together
WIDEST = 14.0
TOUCHING = 0.012  # of the axis: lines that are nearer look like one


def rim_widths(lines: list[np.ndarray], reach: float) -> list[float]:
    """By line: its values at the same places as the others', NaN where it has none; `reach` is the length of the axis."""
    depths: list[int] = []  # of lines above, from the last one on
    for number in reversed(range(len(lines))):
        above = [depth for other, depth in zip(lines[:number:-1], depths) if (np.abs(lines[number] - other) <= TOUCHING * reach).any()]
        depths.append(1 + max(above) if above else 0)
    rim = min(RIM, (WIDEST - WIDTH) / max([1, *depths]))
    return [WIDTH + rim * depth for depth in reversed(depths)]
