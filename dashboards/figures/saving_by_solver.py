"""The same method under every solver: what its schedule promises on that solver's times, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter
from plotly.subplots import make_subplots

from dashboards.data import RunData
from dashboards.intervals import paper_bars, plotly_bars
from dashboards.predicted_blocks import planned_depths
from dashboards.solver_sweep import hover_definitions, sweep
from dashboards.theme import paper_legend, styled

QUERY = """
SELECT evaluation.cell, evaluation.t
FROM evaluation JOIN cell ON cell.id = evaluation.cell
WHERE cell.run = :run AND cell.role <> 'null' AND cell.status = 'ok'
ORDER BY evaluation.cell, evaluation.evaluation
"""
TITLE = "The same saving under every solver"
EXPLANATION = (
    "Dashes are promises, dots are measurements. Speed-up: the dash is what the FLOPs of the executed blocks promise, the dot "
    "the measured median with its 95 % interval (cut at the frame). Blocks: the dash is the schedule S(t) averaged over the times of that "
    "solver's grid, the dot what the network executed; the dotted line is S(t) averaged over all of t, which is what a "
    "schedule promises before a solver is chosen. Exits go by t, so a grid that spends its evaluations near the image saves less."
)
PREDICTED = "predicted blocks: mean of S(t) over the times of the grid / blocks of the network"
COLUMNS = 5
BAND_PIXELS = 420  # of a row of solvers: titles, speed-ups over blocks, and the steps below them
REACH = 0.36  # of the width between two step counts that the methods of one step count take


@dataclass(frozen=True)
class Panels:
    cells: pd.DataFrame  # method cells with `predicted`, `anywhere`, `panel` and their place `x`
    steps: list[int]  # ticks 0, 1, ..
    names: list[str]


def _with_predictions(data: RunData, cells: pd.DataFrame) -> pd.DataFrame:
    """Adds `predicted` and `anywhere`: the share of blocks on the baseline's times, and over all of t; NaN where the depth
    is not a function of t."""
    evaluations = data.query(QUERY)
    times_of = {cell: group["t"].to_numpy() for cell, group in evaluations.groupby("cell")}
    planned = planned_depths(data)
    cells = cells.assign(predicted=np.nan, anywhere=np.nan)
    for index, cell in cells.iterrows():
        t, depth = times_of.get(cell["baseline_cell"]), planned.get(cell["cell"])
        if t is not None and depth is not None:
            cells.loc[index, ["predicted", "anywhere"]] = np.array([np.mean(depth.at(t)), depth.over_all_times()]) / cell["block_count"]
    return cells


def _panels(data: RunData) -> Panels | None:
    cells = sweep(data)
    if cells is None:
        return None
    cells = cells[(cells["role"] == "method") & cells["theoretical_speedup"].notna()]
    if cells.empty:
        return None
    cells = _with_predictions(data, cells)
    settings = cells["setting"].nunique()
    cells["panel"] = cells["series"].str.replace(" · ", "\n") + ("\n" + cells["setting"] if settings > 1 else "")
    steps = sorted(int(count) for count in cells["steps"].unique())
    methods = list(cells["method_label"].unique())
    shift = {m: (i - (len(methods) - 1) / 2) * REACH / max(1, len(methods) - 1) for i, m in enumerate(methods)}
    cells["x"] = [steps.index(count) + shift[method] for count, method in zip(cells["steps"], cells["method_label"])]
    return Panels(cells, steps, list(cells["panel"].unique()))


def draw(data: RunData) -> go.Figure | None:
    panels = _panels(data)
    if panels is None:
        return None
    columns = min(COLUMNS, len(panels.names))
    bands = -(-len(panels.names) // columns)
    titles = [panels.names[band * columns + c].replace("\n", "<br>") if row == 0 and band * columns + c < len(panels.names) else ""
              for band in range(bands) for row in (0, 1) for c in range(columns)]
    figure = make_subplots(
        rows=2 * bands, cols=columns, horizontal_spacing=0.02, subplot_titles=titles, shared_yaxes=True,
    )
    hovers = [hover_definitions(data, "speedup", "theoretical_speedup"),
              hover_definitions(data, "blocks_ratio") + f"<br><span style='font-size:11px'>{PREDICTED}</span>"]
    shown: set[str] = set()
    for number, name in enumerate(panels.names):
        top, column = 2 * (number // columns) + 1, number % columns + 1
        where = name.replace("\n", " ")
        for method, group in panels.cells[panels.cells["panel"] == name].groupby("method_label", sort=False):
            colour = data.look.colours[method]
            text = f"<b>{method}</b>, {where}, %{{customdata[0]}} steps<br>"
            for row, value, promise, words in (
                (top, "speedup", "theoretical_speedup", "speed-up: promised %{customdata[1]:.3f}, measured %{customdata[2]:.3f}"
                 " %{customdata[3]}"),
                (top + 1, "blocks_ratio", "predicted", "blocks: predicted %{customdata[1]:.1%}, executed %{customdata[2]:.1%};"
                 " over all of t %{customdata[3]:.1%}"),
            ):
                more = ["speedup_interval"] if value == "speedup" else ["anywhere"]
                hover = {"customdata": group[["steps", promise, value, *more]],
                         "hovertemplate": f"{text}{words}<br>{hovers[row - top]}<extra></extra>"}
                if row > top and group["anywhere"].notna().any():
                    figure.add_trace(
                        go.Scatter(x=[-0.5, len(panels.steps) - 0.5], y=[group["anywhere"].iloc[0]] * 2, mode="lines", opacity=0.8,
                                   line={"color": colour, "dash": "dot", "width": 1.2}, showlegend=False, hoverinfo="skip"),
                        row=row, col=column,
                    )
                figure.add_trace(
                    go.Scatter(x=group["x"], y=group[promise], mode="markers", showlegend=False, legendgroup=method,
                               marker={"symbol": "line-ew", "size": 17, "line": {"width": 2.5, "color": colour}}, **hover),
                    row=row, col=column,
                )
                bars = {} if row > top else {"error_y": plotly_bars(group, "speedup", colour, 1.2)}
                figure.add_trace(
                    go.Scatter(x=group["x"], y=group[value], mode="markers", name=method, legendgroup=method,
                               showlegend=method not in shown, marker={"color": colour, "size": 7}, **bars, **hover),
                    row=row, col=column,
                )
                shown.add(method)
        figure.update_xaxes(title_text="steps", title_standoff=4, row=top + 1, col=column)
    return _finish(figure, panels, bands, columns)


def _finish(figure: go.Figure, panels: Panels, bands: int, columns: int) -> go.Figure:
    for name, symbol, line in (("promised", "line-ew", 2.5), ("measured", "circle", 0)):
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", name=name, showlegend=True, hoverinfo="skip",
                                    marker={"symbol": symbol, "size": 9, "color": "#52606D", "line": {"width": line, "color": "#52606D"}}))
    figure.add_trace(go.Scatter(x=[None], y=[None], mode="lines", name="S(t) over all of t", showlegend=True,
                                line={"color": "#52606D", "dash": "dot", "width": 1.2}))
    styled(figure, 120 + BAND_PIXELS * bands)
    ticks = list(range(len(panels.steps)))
    figure.update_xaxes(tickvals=ticks, ticktext=[str(s) for s in panels.steps], range=[-0.5, len(ticks) - 0.5],
                        showgrid=False, zeroline=False)
    speeds, shares = _ranges(panels.cells)
    for band in range(bands):
        top = 1 - band / bands
        upper, lower = ([top - end / bands for end in ends] for ends in ((0.51, 0.1), (0.88, 0.55)))
        figure.update_yaxes(range=speeds, domain=upper, row=2 * band + 1)
        figure.update_yaxes(range=shares, domain=lower, tickformat=".0%", row=2 * band + 2)
        figure.update_xaxes(showticklabels=False, row=2 * band + 1)
        for title in figure.layout.annotations[band * columns : (band + 1) * columns]:
            title.update(y=upper[1], font_size=12)
        figure.update_yaxes(title_text="speed-up", row=2 * band + 1, col=1)
        figure.update_yaxes(title_text="blocks executed", row=2 * band + 2, col=1)
    return figure.update_layout(margin={"t": 20})


def _ranges(cells: pd.DataFrame) -> list[list[float]]:
    """Of speed-ups and of shares, the same in every panel. An interval may widen its range by half the span of the points,
    no more: one disturbed cell would flatten all others. Hovering has its ends."""
    ranges = []
    for points, ends in ((["speedup", "theoretical_speedup"], ["speedup_low", "speedup_high"]), (["blocks_ratio", "predicted", "anywhere"], [])):
        low, high = cells[points].min().min(), cells[points].max().max()
        span = high - low
        if ends:
            low = max(low - span / 2, min(low, cells[ends].min().min()))
            high = min(high + span / 2, max(high, cells[ends].max().max()))
        room = 0.08 * (high - low) + 0.01
        ranges.append([float(low - room), float(high + room)])
    return ranges


def draw_paper(data: RunData) -> plt.Figure | None:
    panels = _panels(data)
    if panels is None:
        return None
    columns = min(COLUMNS, len(panels.names))
    bands = -(-len(panels.names) // columns)
    figure, axes = plt.subplots(2 * bands, columns, figsize=(1 + 1.5 * columns, 0.4 + 3.2 * bands), squeeze=False, layout="constrained")
    speeds, shares = _ranges(panels.cells)
    handles = {}
    for number in range(columns * bands):
        upper, lower = axes[number // columns * 2 : number // columns * 2 + 2, number % columns]
        if number >= len(panels.names):
            upper.remove(), lower.remove()
            continue
        for method, group in panels.cells[panels.cells["panel"] == panels.names[number]].groupby("method_label", sort=False):
            colour = data.look.colours[method]
            upper.errorbar(group["x"], group["speedup"], yerr=paper_bars(group, "speedup"), fmt="o", ms=3, lw=1, capsize=1.5, color=colour)
            upper.scatter(group["x"], group["theoretical_speedup"], marker="_", s=60, color=colour)
            handles[method] = lower.scatter(group["x"], group["blocks_ratio"], s=9, color=colour)
            lower.scatter(group["x"], group["predicted"], marker="_", s=60, color=colour)
            lower.axhline(group["anywhere"].iloc[0], ls=":", lw=0.9, color=colour)
        upper.set_title(panels.names[number], fontsize=8)
        lower.set_xlabel("steps", fontsize=8)
        for axis, limits in ((upper, speeds), (lower, shares)):
            axis.set(xlim=(-0.5, len(panels.steps) - 0.5), ylim=limits)
            axis.set_xticks(range(len(panels.steps)), [str(s) for s in panels.steps] if axis is lower else [])
            axis.tick_params(labelsize=7, labelleft=number % columns == 0)
            axis.grid(alpha=0.3, axis="y")
        lower.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        if number % columns == 0:
            upper.set_ylabel("speed-up", fontsize=8)
            lower.set_ylabel("blocks executed", fontsize=8)
    grey = {"color": "#52606D"}
    handles |= {"promised": Line2D([], [], ls="", marker="_", ms=9, **grey), "measured": Line2D([], [], ls="", marker="o", ms=3.5, **grey),
                "S(t) over all of t": Line2D([], [], ls=":", lw=1, **grey)}
    paper_legend(figure, handles)
    return figure
