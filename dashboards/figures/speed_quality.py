"""Speed against quality, with intervals and the Pareto front: the figure that papers print."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go
from matplotlib.ticker import LogLocator, NullFormatter
from plotly.subplots import make_subplots

from dashboards.data import RunData, scenario_title
from dashboards.intervals import paper_bars, plotly_bars
from dashboards.theme import LOG_TICKS, paper_legend, styled

QUERY = None
TITLE = "Speed against quality"
EXPLANATION = (
    "Right is faster, {down} is better by {quality}. One marker per method, solver and step count; bars are 95 % "
    "intervals, none where there are too few repetitions for one; the dashed line joins what nothing else beats in both. Only values of the same number of samples share a panel."
)
FACET = ["scenario", "batch", "compute", "quality_n", "quality_origin"]


def _usable(data: RunData) -> pd.DataFrame:
    cells = data.cells
    return cells[(cells["status"] == "ok") & (cells["role"] != "null") & cells["quality"].notna() & cells["images_per_s"].notna()]


def _facets(data: RunData) -> list[tuple[str, pd.DataFrame]]:
    return [
        (f"{scenario_title(scenario, batch, compute)}; {data.quality.title} of N = {int(n)}", cells)
        for (scenario, batch, compute, n, _), cells in _usable(data).groupby(FACET, sort=False)
    ]


def draw(data: RunData) -> go.Figure | None:
    facets = _facets(data)
    if not facets:
        return None
    figure = make_subplots(rows=1, cols=len(facets), subplot_titles=[title for title, _ in facets], horizontal_spacing=0.08)
    shown = set()
    for column, (_, cells) in enumerate(facets, start=1):
        front = cells[cells["on_pareto_front"]].sort_values("images_per_s")
        figure.add_trace(
            go.Scatter(
                x=front["images_per_s"], y=front["quality"], mode="lines", name="Pareto front", showlegend=column == 1,
                line={"color": "#9AA5B1", "dash": "dash", "width": 1.5}, hoverinfo="skip",
            ),
            row=1, col=column,
        )
        for (method, solver), group in cells.groupby(["method_label", "solver"], sort=False):
            group = group.sort_values("steps")
            figure.add_trace(
                go.Scatter(
                    x=group["images_per_s"], y=group["quality"], mode="lines+markers", name=f"{method} · {solver}",
                    showlegend=(method, solver) not in shown, legendgroup=f"{method} {solver}",
                    marker={"color": data.look.colours[method], "symbol": data.look.markers[solver], "size": 10,
                            "line": {"color": "white", "width": 1}},
                    line={"color": data.look.colours[method], "width": 1},
                    error_x=plotly_bars(group, "images_per_s", data.look.colours[method]),
                    error_y=plotly_bars(group, "quality", data.look.colours[method]),
                    customdata=group[["steps", "speedup", "quality_n", "images_per_s_interval", "quality_interval", "speedup_interval"]],
                    hovertemplate=f"<b>{method}</b>, {solver}, %{{customdata[0]}} steps<br>%{{x:.4g}} images/s %{{customdata[3]}}"
                    f"<br>{data.quality.title} %{{y:.3g}} %{{customdata[4]}} (N = %{{customdata[2]}})<br>speed-up %{{customdata[1]:.3f}} %{{customdata[5]}}<extra></extra>",
                ),
                row=1, col=column,
            )
            shown.add((method, solver))
        figure.update_xaxes(title_text="throughput, images/s", row=1, col=column)
        figure.update_yaxes(title_text=data.quality.axis_title if column == 1 else None, row=1, col=column)
    spread = [cells["quality"].max() / max(cells["quality"].min(), 1e-12) for _, cells in facets]
    if data.quality.is_log and max(spread) > 8:
        figure.update_yaxes(type="log", tickvals=LOG_TICKS)
    return styled(figure, 520)


def draw_paper(data: RunData) -> plt.Figure | None:
    facets = _facets(data)
    if not facets:
        return None
    figure, axes = plt.subplots(1, len(facets), figsize=(5.2 * len(facets), 4.2), squeeze=False, layout="constrained")
    handles = {}
    for axis, (title, cells) in zip(axes[0], facets):
        for (method, solver), group in cells.groupby(["method_label", "solver"], sort=False):
            group = group.sort_values("steps")
            handles[f"{method}, {solver}"] = axis.errorbar(
                group["images_per_s"], group["quality"], xerr=paper_bars(group, "images_per_s"), yerr=paper_bars(group, "quality"), lw=0.8, ms=5, capsize=2,
                marker=data.look.paper_markers[solver], color=data.look.colours[method],
            )
        front = cells[cells["on_pareto_front"]].sort_values("images_per_s")
        (handles["Pareto front"],) = axis.plot(front["images_per_s"], front["quality"], "--", color="#9AA5B1", lw=1, zorder=0)
        if data.quality.is_log and cells["quality"].max() > 8 * cells["quality"].min():
            axis.set_yscale("log")
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter("{x:g}")
            axis.yaxis.set_minor_formatter(NullFormatter())
        axis.set(title=title, xlabel="images/s", ylabel=data.quality.axis_title)
        axis.grid(alpha=0.3)
    paper_legend(figure, handles)
    return figure
