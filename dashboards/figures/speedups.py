"""Speed-up measured against speed-up promised by the FLOPs: how much of the saving arrives."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go

from dashboards.data import RunData
from dashboards.intervals import paper_bars, plotly_bars
from dashboards.theme import paper_legend, styled

QUERY = None
TITLE = "Promised and measured speed-up"
EXPLANATION = (
    "Across: the speed-up that the FLOPs of the executed blocks promise against the full network. Up: the measured one, the median of ratios of "
    "neighbouring repetitions, with its 95 % interval. On the diagonal everything promised arrives."
)


def _usable(data: RunData) -> pd.DataFrame:
    cells = data.cells
    return cells[(cells["role"] == "method") & cells["speedup"].notna() & cells["theoretical_speedup"].notna()]


def draw(data: RunData) -> go.Figure | None:
    cells = _usable(data)
    if cells.empty:
        return None
    figure = go.Figure()
    top = float(max(cells["theoretical_speedup"].max(), cells["speedup_high"].max(), cells["speedup"].max())) * 1.05
    figure.add_trace(
        go.Scatter(x=[1, top], y=[1, top], mode="lines", name="all of it arrives", hoverinfo="skip",
                   line={"color": "#9AA5B1", "dash": "dash", "width": 1.5})
    )
    shown = set()
    for (method, solver), group in cells.groupby(["method_label", "solver"], sort=False):
        figure.add_trace(
            go.Scatter(
                x=group["theoretical_speedup"], y=group["speedup"], mode="markers", name=f"{method} · {solver}",
                showlegend=(method, solver) not in shown,
                marker={"color": data.look.colours[method], "symbol": data.look.markers[solver], "size": 10,
                        "line": {"color": "white", "width": 1}},
                error_y=plotly_bars(group, "speedup", data.look.colours[method]),
                customdata=group[["scenario", "batch", "steps", "realised_fraction", "speedup_interval", "realised_fraction_interval"]],
                hovertemplate=f"<b>{method}</b>, {solver}, %{{customdata[2]}} steps, %{{customdata[0]}} batch %{{customdata[1]}}"
                "<br>promised %{x:.3f}, measured %{y:.3f} %{customdata[4]}<br>realised fraction %{customdata[3]:.2f} %{customdata[5]}<extra></extra>",
            )
        )
        shown.add((method, solver))
    figure.update_xaxes(title_text="theoretical speed-up (FLOPs)")
    figure.update_yaxes(title_text="measured speed-up")
    return styled(figure, 480)


def draw_paper(data: RunData) -> plt.Figure | None:
    cells = _usable(data)
    if cells.empty:
        return None
    figure, axis = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
    handles = {}
    for (method, solver), group in cells.groupby(["method_label", "solver"], sort=False):
        handles[f"{method}, {solver}"] = axis.errorbar(
            group["theoretical_speedup"], group["speedup"], yerr=paper_bars(group, "speedup"), ls="none", ms=5, capsize=2,
            marker=data.look.paper_markers[solver], color=data.look.colours[method])
    axis.axline((1, 1), slope=1, ls="--", color="#9AA5B1", lw=1)
    axis.set(xlabel="theoretical speed-up (FLOPs)", ylabel="measured speed-up")
    axis.grid(alpha=0.3)
    paper_legend(figure, handles)
    return figure
