"""Quality against measured time under every solver: one panel per solver, one line per method over its step counts."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go
from matplotlib.ticker import LogLocator, NullFormatter
from plotly.subplots import make_subplots

from dashboards.data import RunData
from dashboards.intervals import paper_bars, plotly_bars
from dashboards.quality_axis import Quality
from dashboards.solver_sweep import hover_definitions, sweep
from dashboards.theme import LOG_TICKS, paper_legend, styled

QUERY = None  # the cells of dashboards/solver_sweep.py
TITLE = "Quality against time, by solver"
EXPLANATION = (
    "One panel per solver and grid, with a line per method over its step counts; left is faster, {down} is better by "
    "{quality}, and all panels have the same axes. What a method gains under a solver is the way from the black line, the full "
    "network, to its own; the grey lines are the full network under the other solvers. Bars are 95 % intervals."
)
COLUMNS = 4
OTHERS = "full, other solvers"
OTHERS_COLOUR = "#CBD2D9"


@dataclass(frozen=True)
class Panel:
    title: str
    solver: str
    cells: pd.DataFrame
    others: pd.DataFrame  # the baseline's cells under the other solvers

    def lines(self) -> list[tuple[str, pd.DataFrame]]:
        """By method, the baseline last: on top."""
        groups = list(self.cells.groupby("method_label", sort=False))
        return sorted(groups, key=lambda group: group[1]["role"].iloc[0] == "baseline")


def _panels(data: RunData) -> list[Panel]:
    cells = sweep(data)
    if cells is None:
        return []
    judged = cells[cells["quality"].notna() & cells["milliseconds"].notna()].sort_values("steps", kind="stable")
    panels = []
    settings = list(judged.groupby(["setting", "quality_n", "quality_origin"], sort=False))
    for (setting, n, _), facet in settings:
        for series in (of for of in cells["series"].unique() if of in set(facet["series"])):
            own, baselines = facet[facet["series"] == series], facet[facet["role"] == "baseline"]
            title = series.replace(" · ", "\n", 1) + (f"\n{setting}, N = {int(n)}" if len(settings) > 1 else "")
            panels.append(Panel(title, own["solver"].iloc[0], own, baselines[baselines["series"] != series]))
    return panels


def draw(data: RunData) -> go.Figure | None:
    panels = _panels(data)
    if not panels:
        return None
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = make_subplots(
        rows=rows, cols=columns, shared_xaxes=True, shared_yaxes=True, horizontal_spacing=0.02,
        vertical_spacing=0.26 / rows, subplot_titles=[panel.title.replace("\n", "<br>") for panel in panels],
    )
    shown, definitions = set(), hover_definitions(data, "throughput", "speedup", data.quality.metric)
    for number, panel in enumerate(panels):
        place = {"row": number // columns + 1, "col": number % columns + 1}
        for _, group in panel.others.groupby("series", sort=False):
            figure.add_trace(
                go.Scatter(x=group["milliseconds"], y=group["quality"], mode="lines", name=OTHERS, legendgroup=OTHERS, showlegend=OTHERS not in shown,
                           hoverinfo="skip", line={"color": OTHERS_COLOUR, "width": 1.2}),
                **place,
            )
            shown.add(OTHERS)
        for method, group in panel.lines():
            colour = data.look.colours[method]
            figure.add_trace(
                go.Scatter(
                    x=group["milliseconds"], y=group["quality"], mode="lines+markers", name=method, legendgroup=method,
                    showlegend=method not in shown, line={"color": colour, "width": 2},
                    marker={"color": colour, "symbol": data.look.markers[panel.solver], "size": 8, "line": {"color": "white", "width": 1}},
                    error_x=plotly_bars(group, "milliseconds", colour, width=2), error_y=plotly_bars(group, "quality", colour, width=2),
                    customdata=group[["steps", "speedup", "quality_interval", "quality_n", "milliseconds_interval", "speedup_interval", "series"]],
                    hovertemplate=f"<b>{method}</b>, %{{customdata[6]}}, %{{customdata[0]}} steps<br>%{{x:.4g}} ms per sample %{{customdata[4]}}"
                    f"<br>{data.quality.title} %{{y:.4g}} %{{customdata[2]}} of N = %{{customdata[3]:.0f}}"
                    f"<br>speed-up %{{customdata[1]:.3f}} %{{customdata[5]}}<br>{definitions}<extra></extra>",
                ),
                **place,
            )
            shown.add(method)
        figure.update_yaxes(title_text=_axis_title(panels, data.quality) if place["col"] == 1 else None, **place)
        if number + columns >= len(panels):
            figure.update_xaxes(title_text="time per sample, ms", showticklabels=True, **place)
    figure.update_xaxes(type="log", tickvals=LOG_TICKS, matches="x", title_font_size=13)
    figure.update_yaxes(title_font_size=13)
    if data.quality.is_log and _spread(panels, "quality") > 4:
        figure.update_yaxes(type="log", tickvals=LOG_TICKS)
    figure.update_annotations(font_size=13)
    return styled(figure, 150 + 330 * rows).update_layout(margin={"t": 70})  # titles of two lines, below plotly's buttons


def _spread(panels: list[Panel], name: str) -> float:
    values = pd.concat(panel.cells[name] for panel in panels)
    return float(values.max() / max(values.min(), 1e-12))


def _axis_title(panels: list[Panel], quality: Quality) -> str:
    sizes = {int(n) for panel in panels for n in panel.cells["quality_n"]}
    of = f" of N = {sizes.pop()}" if len(sizes) == 1 else ""
    return quality.axis_title.replace(quality.title, quality.title + of, 1)


def draw_paper(data: RunData) -> plt.Figure | None:
    panels = _panels(data)
    if not panels:
        return None
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(0.6 + 2.3 * columns, 0.6 + 2.6 * rows), squeeze=False, sharex=True, sharey=True, layout="constrained")
    for axis in axes.flat[len(panels) :]:
        axis.remove()
    lines = {}
    for number, (axis, panel) in enumerate(zip(axes.flat, panels)):
        for _, group in panel.others.groupby("series", sort=False):
            (lines[OTHERS],) = axis.plot(group["milliseconds"], group["quality"], lw=0.8, color=OTHERS_COLOUR, zorder=0)
        for method, group in panel.lines():
            lines[method] = axis.errorbar(
                group["milliseconds"], group["quality"], xerr=paper_bars(group, "milliseconds"), yerr=paper_bars(group, "quality"), lw=1.2, ms=4, elinewidth=0.6,
                capsize=1.5, marker=data.look.paper_markers[panel.solver], color=data.look.colours[method],
            )
        axis.set_title(panel.title, fontsize=8)
        axis.set(xscale="log")
        if number + columns >= len(panels):
            axis.set_xlabel("time per sample, ms", fontsize=8)
            axis.tick_params(labelbottom=True)
        if data.quality.is_log and _spread(panels, "quality") > 4:
            axis.set_yscale("log")
        for direction in (axis.xaxis, axis.yaxis):
            if direction.get_scale() == "log":
                direction.set_major_locator(LogLocator(subs=(1, 2, 5)))
                direction.set_major_formatter("{x:g}")
                direction.set_minor_formatter(NullFormatter())
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
    for axis in axes[:, 0]:
        axis.set_ylabel(_axis_title(panels, data.quality), fontsize=8)
    paper_legend(figure, lines)
    return figure
