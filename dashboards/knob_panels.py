"""The panels of "Every method over its knob": which lines there are, what each panel shows, and where its labels stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboards.data import RunData
from dashboards.label_places import Place, place_labels
from dashboards.solver_sweep import measured
from dashboards.theme import BASELINE_COLOUR, Look

GRID_COLUMNS = 6
FACET = ["setting", "quality_n", "quality_origin", "series"]


@dataclass(frozen=True)
class Scale:
    """An axis, logarithmic or not: places on it are decades, or the values themselves."""

    is_log: bool

    def place(self, values):
        return np.log10(np.maximum(values, 1e-12)) if self.is_log else values

    def value(self, place: float) -> float:
        return 10**place if self.is_log else place

    def ticks(self, low: float, high: float) -> list[float] | None:
        """None: the drawing library's own."""
        return ticks_of(low, high) if self.is_log else None


TIME = Scale(True)


@dataclass(frozen=True)
class Line:
    name: str
    cells: pd.DataFrame  # in the order of the line
    labels: list[str]
    colour: str
    shades: list[str]  # of the points: those of their settings
    number: int  # of the family; decides on the marker
    width: float


@dataclass(frozen=True)
class Panel:
    title: str
    lines: list[Line]  # the first is `full` over steps
    over_steps: bool  # the panel of fronts
    scale: Scale  # of quality

    def limits(self, name: str) -> tuple[float, float]:
        """Places from and to, a tenth of the span around what is drawn with its intervals. A panel at one step count
        shows `full` at this count and only the way to the others."""
        shown = [self.lines[0].cells, *(line.cells for line in self.lines[1:])]
        if not self.over_steps:
            shown[0] = shown[0][shown[0]["steps"] == shown[1]["steps"].iloc[0]]
        cells = pd.concat(shown)
        scale = TIME if name == "milliseconds" else self.scale
        values = scale.place(pd.concat([cells[name], cells[f"{name}_low"], cells[f"{name}_high"]]).dropna())
        margin = max(0.12 * (values.max() - values.min()), 0.02 if scale.is_log else 0.02 * abs(values.max()) or 0.02)
        return float(values.min() - margin), float(values.max() + margin)

    def places(self, sizes: list[tuple[float, float]]) -> list[list[Place | None]]:
        """Where each line's labels go, in a panel of any of these sizes in pixels: clear of markers, lines and intervals."""
        (left, right), (bottom, top) = self.limits("milliseconds"), self.limits("quality")

        def shares(x: pd.Series, y: pd.Series) -> list[tuple[float, float]]:
            across, up = TIME.place(x.astype(float)), self.scale.place(y.astype(float))
            return list(zip((across - left) / (right - left), (up - bottom) / (top - bottom)))

        points, drawn = [], []
        for cells in (line.cells for line in self.lines):
            mine = shares(cells["milliseconds"], cells["quality"])
            points += mine
            drawn += zip(mine, mine[1:])
            drawn += zip(shares(cells["milliseconds_low"], cells["quality"]), shares(cells["milliseconds_high"], cells["quality"]))
            drawn += zip(shares(cells["milliseconds"], cells["quality_low"]), shares(cells["milliseconds"], cells["quality_high"]))
        known = [ends for ends in drawn if np.isfinite(ends).all()]
        places = iter(place_labels(points, [text for line in self.lines for text in line.labels], sizes, known))
        return [[next(places) for _ in line.labels] for line in self.lines]


def front(cells: pd.DataFrame, sign: int) -> pd.DataFrame:
    """Cells that no other of them beats in both time and quality (`sign` times it is best where least), from the fastest."""
    ordered = cells.assign(loss=sign * cells["quality"]).sort_values(["milliseconds", "loss"], kind="stable")
    return ordered[ordered["loss"] < ordered["loss"].cummin().shift(fill_value=np.inf)].drop(columns="loss")


def _along_the_knob(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.sort_values("milliseconds" if cells["knob_value"].isna().any() else "knob_value", kind="stable")


def knob_panels(data: RunData) -> list[Panel]:
    cells = measured(data)
    cells = cells[cells["quality"].notna() & cells["milliseconds"].notna()]
    if cells.empty:
        return []
    facets = list(cells.groupby(FACET, sort=False, dropna=False))
    several = [cells[name].nunique() > 1 for name in ("setting", "quality_n", "series")]
    panels, scale = [], Scale(data.quality.is_log)
    for (setting, n, _, series), facet in facets:
        place = [text for text, shown in zip((setting, f"N = {int(n)}", series), several) if shown]
        baseline = facet[facet["role"] == "baseline"].sort_values("steps")
        full = Line("full, over steps", baseline, [str(steps) for steps in baseline["steps"]], BASELINE_COLOUR, [BASELINE_COLOUR] * len(baseline), -1, 3.5)
        mine = facet[facet["role"] == "method"]
        if mine.empty or mine.groupby(["family", "steps"])["knob_text"].nunique().max() < 2:
            continue  # no knob was turned
        for steps, at in mine.groupby("steps"):
            lines = [_line(family, _along_the_knob(of), data.look, False) for family, of in at.groupby("family", sort=False)]
            panels.append(Panel(", ".join([*place, f"{steps} steps"]), [full, *lines], False, scale))
        if mine["steps"].nunique() > 1:
            lines = [_line(family, front(of, data.quality.sign), data.look, True) for family, of in mine.groupby("family", sort=False)]
            panels.append(Panel(", ".join([*place, "best over knob and steps (steps in brackets)"]), [full, *lines], True, scale))
    return panels


def _line(family: str, cells: pd.DataFrame, look: Look, over_steps: bool) -> Line:
    labels = [f"{cell.knob_text} [{cell.steps}]".strip() if over_steps else cell.knob_text for cell in cells.itertuples()]
    shades = [look.colours[label] for label in cells["method_label"]]
    return Line(family, cells, labels, look.family_colours[family], shades, list(look.family_colours).index(family), 1.8)


def dominated(baseline: pd.DataFrame, right: float, worst: float, sign: int) -> tuple[list[float], list[float]]:
    """Corners of the region where some step count of `full` is as fast and as good: a staircase, closed at the limits."""
    best = front(baseline, sign)
    x, y = [], []
    for cell, below in zip(best.itertuples(), [worst, *best["quality"]]):
        x += [cell.milliseconds, cell.milliseconds]
        y += [below, cell.quality]
    return ([*x, right, right, x[0]], [*y, y[-1], worst, worst]) if x else ([], [])


def layout(panels: list[Panel]) -> tuple[list[tuple[int, int, int]], int]:
    """(row, column, columns that it spans) of each panel, on a grid of six columns, counted from 1; and the number of rows.
    Panels of one step count stand two or three in a row, fronts have a row of their own."""
    knobs = sum(not panel.over_steps for panel in panels) // max(1, sum(panel.over_steps for panel in panels))
    narrow = min(6, GRID_COLUMNS // min(knobs, 2 if knobs in (2, 4) else 3))
    places, row, column = [], 1, 1
    for panel in panels:
        span = GRID_COLUMNS if panel.over_steps else narrow
        if column + span > GRID_COLUMNS + 1:
            row, column = row + 1, 1
        places.append((row, column, span))
        column += span
    return places, row


def ticks_of(low: float, high: float) -> list[float]:
    """Whole numbers on a log axis over these decades; more of them where the axis is short."""
    for digits in ((1, 2, 5), (1, 2, 3, 5, 7), (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9),
                   (1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3.1, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 8, 9)):
        candidates = (round(digit * 10.0**power, 9) for power in range(-4, 7) for digit in digits)
        inside = [tick for tick in candidates if low <= np.log10(tick) <= high]
        if len(inside) >= 3:
            break
    return inside
