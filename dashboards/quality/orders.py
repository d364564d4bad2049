"""Which of two methods is better, metric by metric, as far as intervals on the same seeds tell.

A method against the full network is known where the interval of their paired difference leaves out 0. Two methods of one full
network are known where the intervals of their differences to it lie apart; by metrics that compare with the full network's own
samples (PSNR, ..) where their values' intervals do. Values of unequal n or origin tell nothing of each other.

    order = order_of(group, data, quality)
    order.better("a", "b")     # True: a is known to be better
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from dashboards.data import RunData
from dashboards.quality.groups import Group
from dashboards.quality_axis import DIFFERENCE, Quality, rows_of
from dashboards.rankings import Ranking

MOST_NAMED = 8  # pairs in a list


@dataclass(frozen=True)
class Order(Ranking):
    """`losses` are of what decides."""

    quality: Quality  # that speaks of the cells
    values: pd.DataFrame  # by cell: rows of view cell_quality


def order_of(group: Group, data: RunData, quality: Quality) -> Order | None:
    """None where fewer than two cells of the group have a value."""
    values, differences = (rows_of(data.values, quality, ending).set_index("cell") for ending in ("", DIFFERENCE))
    cells = [cell for cell in group.cells["cell"] if cell in values.index]
    if len(cells) < 2 or quality.better == "none":
        return None
    deciding = (differences if len(differences) else values).reindex(cells)[["low", "high", "n", "origin"]]
    if len(differences) and group.full in cells:  # its difference to itself
        deciding.loc[group.full, ["low", "high"]] = 0.0
        deciding.loc[group.full, ["n", "origin"]] = values.loc[group.full, ["n", "origin"]].tolist()
    if quality.sign < 0:
        deciding = deciding.assign(low=-deciding["high"], high=-deciding["low"])
    return Order(cells, deciding, quality, values)


def contradictions(orders: list[Order], names: dict[int, str]) -> list[str]:
    """Each pair of methods that two metrics order oppositely, in words."""
    found, cells = [], dict.fromkeys(cell for order in orders for cell in order.cells)
    for one, other in combinations(cells, 2):
        of_both = [order for order in orders if one in order.cells and other in order.cells]
        sides = [[order.quality.title for order in of_both if order.better(*pair)] for pair in ((one, other), (other, one))]
        if all(sides):
            found.append(f"{names[one]} is better than {names[other]} by {', '.join(sides[0])}, but worse by {', '.join(sides[1])}.")
    return found


def untold(order: Order, names: dict[int, str]) -> str:
    """The pairs that the metric's intervals cannot tell apart; empty where they all are."""
    pairs = [(a, b) for a, b in combinations(order.cells, 2) if not order.better(a, b) and not order.better(b, a)]
    if not pairs:
        return ""
    count = len(order.cells) * (len(order.cells) - 1) // 2
    more = [f"{len(pairs) - MOST_NAMED} more"] if len(pairs) > MOST_NAMED else []
    listed = "; ".join([*(f"{names[a]} and {names[b]}" for a, b in pairs[:MOST_NAMED]), *more])
    return f"{order.quality.title} cannot tell apart {len(pairs)} of {count} pairs: {listed}. Which of them is better is not known, whatever their values."
