"""Every repetition by round, relative to its cell's median, so that drift and neighbours on the machine are visible."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboards.data import RunData
from dashboards.theme import styled

QUERY = """
SELECT cell.method_label, cell.key, cell_repetition.round, cell_repetition.duration_ns, cell_timing.latency_ns
FROM cell_repetition JOIN cell ON cell.id = cell_repetition.cell JOIN cell_timing ON cell_timing.cell = cell.id
WHERE cell.run = :run AND cell.role <> 'null' AND cell.status = 'ok'
ORDER BY cell.id, cell_repetition.round
"""
TITLE = "Raw timings"
EXPLANATION = "Each repetition's time over the median of its cell, by round. A slope is drift, a column of high points a disturbance; paired ratios cancel both."


def draw(data: RunData) -> go.Figure | None:
    rows = data.query(QUERY)
    if rows.empty:
        return None
    figure = go.Figure()
    for method, group in rows.groupby("method_label", sort=False):
        figure.add_trace(
            go.Scatter(
                x=group["round"], y=group["duration_ns"] / group["latency_ns"], mode="markers", name=method,
                marker={"color": data.look.colours[method], "size": 6, "opacity": 0.65}, text=group["key"],
                customdata=group["duration_ns"] * 1e-6,
                hovertemplate="%{text}<br>round %{x}: %{customdata:.4g} ms, %{y:.3f} of the median<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="round", dtick=max(1, int(rows["round"].max()) // 20))
    figure.update_yaxes(title_text="time / median")
    return styled(figure, 340)
