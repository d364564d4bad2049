"""Every repetition by round, relative to its cell's median, so that drift and neighbours on the machine are visible."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboards.data import RunData
from dashboards.theme import styled

QUERY = """
SELECT cell.method_label, cell.key, counted.round, counted.duration_ns, estimate.value AS latency_ns,
       (SELECT ifnull('; ' || group_concat(DISTINCT disturbance), '') FROM timing
        WHERE timing.cell = cell.id AND timing.round = counted.round AND timing.repetition = counted.repetition) AS disturbance
FROM cell_repetition AS counted JOIN cell ON cell.id = counted.cell
JOIN estimate ON estimate.cell = cell.id AND estimate.metric = 'latency'
WHERE cell.run = :run AND cell.role <> 'null' AND cell.status = 'ok'
ORDER BY cell.id, counted.round, counted.repetition
"""
TITLE = "Raw timings"
EXPLANATION = "Each repetition's time over the median of its cell, by round. A slope is drift, a column of high points a disturbance; paired ratios cancel both. Crosses are repetitions that were seen to be disturbed; they count."


def draw(data: RunData) -> go.Figure | None:
    rows = data.query(QUERY)
    if rows.empty:
        return None
    figure = go.Figure()
    for method, group in rows.groupby("method_label", sort=False):
        figure.add_trace(
            go.Scatter(
                x=group["round"], y=group["duration_ns"] / group["latency_ns"], mode="markers", name=method,
                marker={"color": data.look.colours[method], "size": 6, "opacity": 0.65,
                        "symbol": ["x" if reason else "circle" for reason in group["disturbance"]]},
                text=group["key"], customdata=list(zip(group["duration_ns"] * 1e-6, group["disturbance"])),
                hovertemplate="%{text}<br>round %{x}: %{customdata[0]:.4g} ms, %{y:.3f} of the median%{customdata[1]}<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="round", dtick=max(1, int(rows["round"].max()) // 20))
    figure.update_yaxes(title_text="time / median")
    return styled(figure, 340)
