"""FID against measured time of every method over its knob, with the full network at fewer steps as the line to beat."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.ticker import FixedLocator, NullLocator
from plotly.subplots import make_subplots

from dashboards.data import RunData
from dashboards.intervals import paper_bars, plotly_bars
from dashboards.label_places import PLACES, place_labels
from dashboards.solver_sweep import hover_definitions, measured
from dashboards.theme import BASELINE_COLOUR, MARKERS, PAPER_MARKERS, Look, styled

QUERY = None  # the cells of dashboards/solver_sweep.py, in the families of dashboards/families.py
TITLE = "Every method over its knob"
EXPLANATION = (
    "Left is faster, down is closer to the real images; every FID is of the same number of samples from the same seeds. A "
    "line is one method over its knob (threshold, schedule, switch time, exit, interval), whose values are written at the "
    "points. The bold black line is the full network at other step counts, the line to beat: in the shaded area some step "
    "count of it is at least as fast and at least as good. The last panel of a solver joins, for each method, what none of "
    "its own settings beats over knob and steps. Bars are 95 % intervals; one of time needs six repetitions."
)
SHADE = "rgba(34, 34, 34, 0.06)"
GRID_COLUMNS = 6
COLUMN_WIDTH, PANEL_HEIGHT = 190.0, 380.0  # pixels of a panel, for placing labels
FACET = ["setting", "fid_n", "fid_extractor_sha", "fid_reference_sha", "series"]


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

    def limits(self, name: str) -> tuple[float, float]:
        """Decades from and to, a tenth of the span around what is drawn with its intervals. A panel at one step count
        shows `full` at this count and only the way to the others."""
        shown = [self.lines[0].cells, *(line.cells for line in self.lines[1:])]
        if not self.over_steps:
            shown[0] = shown[0][shown[0]["steps"] == shown[1]["steps"].iloc[0]]
        cells = pd.concat(shown)
        values = np.log10(pd.concat([cells[name], cells[f"{name}_low"], cells[f"{name}_high"]]).dropna().clip(lower=1e-12))
        margin = max(0.12 * (values.max() - values.min()), 0.02)
        return float(values.min() - margin), float(values.max() + margin)

    def places(self, width: float, height: float) -> list[list[str | None]]:
        """Where each line's labels go, in a panel of that many pixels."""
        (left, right), (bottom, top) = self.limits("milliseconds"), self.limits("fid")
        points = [
            ((np.log10(cell.milliseconds) - left) / (right - left) * width, (np.log10(cell.fid) - bottom) / (top - bottom) * height)
            for line in self.lines for cell in line.cells.itertuples()
        ]
        places = iter(place_labels(points, [text for line in self.lines for text in line.labels], width, height))
        return [[next(places) for _ in line.labels] for line in self.lines]


def front(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells that no other of them beats in both time and FID, from the fastest."""
    ordered = cells.sort_values(["milliseconds", "fid"], kind="stable")
    return ordered[ordered["fid"] < ordered["fid"].cummin().shift(fill_value=np.inf)]


def _along_the_knob(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.sort_values("milliseconds" if cells["knob_value"].isna().any() else "knob_value", kind="stable")


def _panels(data: RunData) -> list[Panel]:
    cells = measured(data)
    cells = cells[cells["fid"].notna() & cells["milliseconds"].notna()]
    if cells.empty:
        return []
    facets = list(cells.groupby(FACET, sort=False, dropna=False))
    several = [cells[name].nunique() > 1 for name in ("setting", "fid_n", "series")]
    panels = []
    for (setting, n, _, _, series), facet in facets:
        place = [text for text, shown in zip((setting, f"N = {int(n)}", series), several) if shown]
        baseline = facet[facet["role"] == "baseline"].sort_values("steps")
        full = Line("full, over steps", baseline, [str(steps) for steps in baseline["steps"]], BASELINE_COLOUR, [BASELINE_COLOUR] * len(baseline), -1, 3.5)
        mine = facet[facet["role"] == "method"]
        if mine.empty or mine.groupby(["family", "steps"])["knob_text"].nunique().max() < 2:
            continue  # no knob was turned
        for steps, at in mine.groupby("steps"):
            lines = [_line(family, _along_the_knob(of), data.look, False) for family, of in at.groupby("family", sort=False)]
            panels.append(Panel(", ".join([*place, f"{steps} steps"]), [full, *lines], False))
        if mine["steps"].nunique() > 1:
            lines = [_line(family, front(of), data.look, True) for family, of in mine.groupby("family", sort=False)]
            panels.append(Panel(", ".join([*place, "best over knob and steps (steps in brackets)"]), [full, *lines], True))
    return panels


def _line(family: str, cells: pd.DataFrame, look: Look, over_steps: bool) -> Line:
    labels = [f"{cell.knob_text} [{cell.steps}]".strip() if over_steps else cell.knob_text for cell in cells.itertuples()]
    shades = [look.colours[label] for label in cells["method_label"]]
    return Line(family, cells, labels, look.family_colours[family], shades, list(look.family_colours).index(family), 1.8)


def dominated(baseline: pd.DataFrame, right: float, top: float) -> tuple[list[float], list[float]]:
    """Corners of the region where some step count of `full` is as fast and as good: a staircase, closed at the limits."""
    best = front(baseline)
    x, y = [], []
    for cell, below in zip(best.itertuples(), [top, *best["fid"]]):
        x += [cell.milliseconds, cell.milliseconds]
        y += [below, cell.fid]
    return ([*x, right, right, x[0]], [*y, y[-1], top, top]) if x else ([], [])


def _layout(panels: list[Panel]) -> tuple[list[tuple[int, int, int]], int]:
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


def _ticks(low: float, high: float) -> list[float]:
    """Whole numbers on a log axis over these decades; more of them where the axis is short."""
    for digits in ((1, 2, 5), (1, 2, 3, 5, 7), (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9),
                   (1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3.1, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 8, 9)):
        ticks = (round(digit * 10.0**power, 9) for power in range(-4, 7) for digit in digits)
        inside = [tick for tick in ticks if low <= np.log10(tick) <= high]
        if len(inside) >= 3:
            break
    return inside


def draw(data: RunData) -> go.Figure | None:
    panels = _panels(data)
    if not panels:
        return None
    places, rows = _layout(panels)
    specs: list[list[dict | None]] = [[None] * GRID_COLUMNS for _ in range(rows)]
    for row, column, span in places:
        specs[row - 1][column - 1] = {"colspan": span}
    figure = make_subplots(rows=rows, cols=GRID_COLUMNS, specs=specs, horizontal_spacing=0.045, vertical_spacing=0.2 / rows,
                           subplot_titles=[panel.title for panel in panels])
    shown, definitions = set(), hover_definitions(data, "throughput", "fid")
    for panel, (row, column, span) in zip(panels, places):
        place = {"row": row, "col": column}
        (left, right), (bottom, top) = panel.limits("milliseconds"), panel.limits("fid")
        x, y = dominated(panel.lines[0].cells, 10**right, 10**top)
        figure.add_trace(
            go.Scatter(x=x, y=y, mode="lines", fill="toself", fillcolor=SHADE, line={"width": 0}, hoverinfo="skip",
                       name="full is as fast and as good", legendgroup="shade", showlegend=panel is panels[0]), **place)
        for line, labels in zip(panel.lines, panel.places(COLUMN_WIDTH * span, PANEL_HEIGHT)):
            figure.add_trace(_trace(line, labels, line.name not in shown, definitions), **place)
            shown.add(line.name)
        figure.update_xaxes(title_text="measured time per sample, ms", range=[left, right], tickvals=_ticks(left, right), **place)
        figure.update_yaxes(title_text=_fid_title(panels) if column == 1 else None, range=[bottom, top], tickvals=_ticks(bottom, top), **place)
    figure.update_xaxes(type="log", title_font_size=13)
    figure.update_yaxes(type="log", title_font_size=13)
    styled(figure, 170 + 490 * rows)
    return figure.update_layout(legend={"y": -0.15 / rows, "yanchor": "top"})


def _fid_title(panels: list[Panel]) -> str:
    sizes = {int(n) for panel in panels for line in panel.lines for n in line.cells["fid_n"]}
    return f"FID of N = {sizes.pop()}" if len(sizes) == 1 else "FID"


def _trace(line: Line, places: list[str | None], in_legend: bool, definitions: str) -> go.Scatter:
    return go.Scatter(
        x=line.cells["milliseconds"], y=line.cells["fid"], mode="lines+markers+text", name=line.name, legendgroup=line.name,
        showlegend=in_legend, text=[text if place else "" for text, place in zip(line.labels, places)],
        textposition=[place or "top right" for place in places], textfont={"size": 10, "color": line.colour},
        line={"color": line.colour, "width": line.width},
        marker={"color": line.shades, "symbol": MARKERS[line.number % len(MARKERS)] if line.number >= 0 else "circle", "size": 9,
                "line": {"color": "white", "width": 1}},
        error_x=plotly_bars(line.cells, "milliseconds", line.colour, 0.8, 2), error_y=plotly_bars(line.cells, "fid", line.colour, 0.8, 2),
        customdata=line.cells[["method_label", "steps", "fid_interval", "fid_n", "speedup", "milliseconds_interval", "speedup_interval"]],
        hovertemplate="<b>%{customdata[0]}</b>, %{customdata[1]} steps<br>%{x:.4g} ms per sample %{customdata[5]}, speed-up "
        "%{customdata[4]:.3f} %{customdata[6]}<br>FID %{y:.4g} %{customdata[2]} of N = %{customdata[3]:.0f}"
        f"<br>{definitions}<extra></extra>",
    )


def draw_paper(data: RunData) -> plt.Figure | None:
    panels = _panels(data)
    if not panels:
        return None
    places, rows = _layout(panels)
    figure = plt.figure(figsize=(9.2, 3.7 * rows + 0.7), layout="constrained")
    grid = figure.add_gridspec(rows, GRID_COLUMNS)
    handles = {}
    for panel, (row, column, span) in zip(panels, places):
        axis = figure.add_subplot(grid[row - 1, column - 1 : column - 1 + span])
        (left, right), (bottom, top) = panel.limits("milliseconds"), panel.limits("fid")
        axis.set(xscale="log", yscale="log", xlim=(10**left, 10**right), ylim=(10**bottom, 10**top), xlabel="measured time per sample, ms")
        axis.set_title(panel.title, fontsize=9)
        axis.fill(*dominated(panel.lines[0].cells, 10**right, 10**top), color="#222222", alpha=0.06, lw=0)
        for line, labels in zip(panel.lines, panel.places(COLUMN_WIDTH * span, PANEL_HEIGHT)):
            handles[line.name] = axis.errorbar(
                line.cells["milliseconds"], line.cells["fid"], xerr=paper_bars(line.cells, "milliseconds"), yerr=paper_bars(line.cells, "fid"),
                lw=line.width * 0.6, ms=4, elinewidth=0.5, capsize=1.2, color=line.colour,
                marker=PAPER_MARKERS[line.number % len(PAPER_MARKERS)] if line.number >= 0 else "o")
            for cell, text, where in zip(line.cells.itertuples(), line.labels, labels):
                if where:
                    right_of, above = PLACES[where]
                    axis.annotate(
                        text, (cell.milliseconds, cell.fid), (3 * right_of, 3 * above), textcoords="offset points", fontsize=5.5,
                        color=line.colour, ha=("center", "left", "right")[right_of], va=("center", "bottom", "top")[above])
        for direction, ticks in ((axis.xaxis, _ticks(left, right)), (axis.yaxis, _ticks(bottom, top))):
            direction.set_major_locator(FixedLocator(ticks))
            direction.set_major_formatter("{x:g}")
            direction.set_minor_locator(NullLocator())
        axis.grid(alpha=0.3)
        if column == 1:
            axis.set_ylabel(_fid_title(panels))
    figure.legend(handles.values(), handles.keys(), fontsize=7, ncols=3, loc="outside lower center")
    return figure
