"""Throughput and latency of every cell, side by side."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.data import RunData, scenario_title
from dashboards.intervals import plotly_bars
from dashboards.theme import styled

QUERY = None
TITLE = "Throughput and latency"
EXPLANATION = "Medians over repetitions, each the time of the slowest rank, with 95 % intervals. The null method is left out: it prices the harness and is in the table."


def draw(data: RunData) -> go.Figure | None:
    cells = data.cells[(data.cells["status"] == "ok") & (data.cells["role"] != "null") & data.cells["images_per_s"].notna()]
    if cells.empty:
        return None
    facets = list(cells.groupby(["scenario", "batch", "compute"], sort=False))
    wide = cells.groupby(["solver", "grid", "steps"]).ngroups > 8  # a sweep over solvers: each plot has the width of the page
    rows, cols = (2 * len(facets), 1) if wide else (len(facets), 2)
    figure = make_subplots(
        rows=rows, cols=cols, horizontal_spacing=0.09, vertical_spacing=(0.32 / rows if wide else 0.16 / rows**0.5),
        subplot_titles=[f"{what}: {scenario_title(*key)}" for key, _ in facets for what in ("throughput", "latency")],
    )
    for row, (_, facet) in enumerate(facets, start=1):
        for method, group in facet.groupby("method_label", sort=False):
            steps = group["steps"].astype(str)
            names = [group["solver"], steps] if wide else group["solver"] + "<br>" + steps + " steps"
            for column, name, scale, unit in ((1, "images_per_s", 1.0, "images/s"), (2, "latency_ns", 1e-6, "ms")):
                place = {"row": 2 * row + column - 2, "col": 1} if wide else {"row": row, "col": column}
                scaled = group.assign(**{f"{name}{end}": group[f"{name}{end}"] * scale for end in ("", "_low", "_high")})
                figure.add_trace(
                    go.Bar(
                        x=names, y=scaled[name], name=method, legendgroup=method, showlegend=row == 1 and column == 1,
                        marker_color=data.look.colours[method],
                        error_y=plotly_bars(scaled, name, "#52606D"), customdata=group[[f"{name}_interval"]],
                        hovertemplate=f"<b>{method}</b>, %{{x}}<br>%{{y:.4g}} {unit} %{{customdata[0]}}<extra></extra>",
                    ),
                    **place,
                )
                figure.update_yaxes(title_text=unit, **place)
                if wide:
                    figure.update_xaxes(title_text="steps, by solver", tickfont_size=10, **place)
    figure.update_layout(barmode="group", bargap=0.25)
    return styled(figure, 130 + 340 * rows)
