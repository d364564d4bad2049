"""Who is on the front at which budget: each number of steps of the full network sets one, the time that it takes.

A setting is within a budget where it is not known to take longer (by the intervals of images per second); the full network at
fewer steps is one. On the front are those within that no other within is known to beat by the metric on the axes: two settings
of one full network by the intervals of their paired differences to it, others by their own. Of unequal N nothing is known.
"""

from __future__ import annotations

import pandas as pd

from dashboards.data import RunData
from dashboards.intervals import interval_words, number_words
from dashboards.quality_axis import COMPETES, DIFFERENCE, rows_of

BUDGET = ["device", "ranks", "scenario", "batch", "compute", "solver", "grid"]  # within one solver and grid: what is compared


def budget_tables(data: RunData) -> list[dict]:
    """For the template: title, the metric, and rows by budget with their front; tables with one budget and one setting say nothing."""
    cells = data.cells[(data.cells["status"] == "ok") & (data.cells["role"] != "null") & data.cells["images_per_s"].notna() & data.cells["quality"].notna()]
    differences = rows_of(data.values, data.quality, DIFFERENCE).set_index("cell")[["low", "high"]]
    tables = []
    for key, of in cells.groupby(BUDGET, sort=False, dropna=False):
        budgets = of[of["role"] == "baseline"].sort_values("images_per_s", ascending=False)
        rows = [_row(budget, _within(budget, of), differences, data) for _, budget in budgets.iterrows()]
        if sum(row["within"] for row in rows) > len(rows):
            tables.append({"title": f"{key[5]}, {key[6]}, {key[4]}, batch {key[3]}", "metric": data.quality.title, "rows": rows})
    return tables


def _within(budget: pd.Series, cells: pd.DataFrame) -> pd.DataFrame:
    least = budget["images_per_s_low"] if pd.notna(budget["images_per_s_low"]) else budget["images_per_s"]
    return cells[cells["images_per_s_high"].fillna(cells["images_per_s"]) >= least]


def _row(budget: pd.Series, within: pd.DataFrame, differences: pd.DataFrame, data: RunData) -> dict:
    front = [cell for _, cell in within.iterrows() if not any(_beats(other, cell, differences, data.quality.sign) for _, other in within.iterrows())]
    front.sort(key=lambda cell: data.quality.sign * cell["quality"])
    return {
        "budget": f"{budget['method_label']} at {budget['steps']} steps, {number_words(1e3 / budget['images_per_s'], '.4g')} ms",
        "within": len(within), "front": [_entry(cell, data) for cell in front],
    }


def _entry(cell: pd.Series, data: RunData) -> dict:
    value = f"{number_words(cell['quality'], '.4g')} {interval_words(cell['quality_low'], cell['quality_high'], cell['quality_n'], '.4g')}"
    return {
        "method": f"{cell['method_label']}, {cell['steps']} steps", "colour": data.look.colours[cell["method_label"]],
        "value": f"{value}, {number_words(1e3 / cell['images_per_s'], '.4g')} ms",
    }


def _beats(one: pd.Series, other: pd.Series, differences: pd.DataFrame, sign: int) -> bool:
    """`one` is known to be better."""
    if any(one[name] != other[name] for name in COMPETES):
        return False
    if _full(one) == _full(other):
        (a_low, a_high), (b_low, b_high) = (_difference(cell, differences) for cell in (one, other))
    else:
        (a_low, a_high), (b_low, b_high) = ((cell["quality_low"], cell["quality_high"]) for cell in (one, other))
    return bool(a_high < b_low if sign > 0 else a_low > b_high)  # False where there is no interval


def _full(cell: pd.Series) -> int:
    return int(cell["cell"] if pd.isna(cell["baseline_cell"]) else cell["baseline_cell"])


def _difference(cell: pd.Series, differences: pd.DataFrame) -> tuple[float, float]:
    if _full(cell) == cell["cell"]:
        return 0.0, 0.0
    if cell["cell"] in differences.index:
        return tuple(differences.loc[cell["cell"], ["low", "high"]].astype(float))
    return float("nan"), float("nan")
