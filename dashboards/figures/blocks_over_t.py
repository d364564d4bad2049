"""Where along the trajectory the saving is made: blocks executed per sample at each evaluation's time."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.data import RunData
from dashboards.theme import styled

QUERY = """
SELECT cell.method_label, cell.solver, cell.grid, cell.steps, evaluation.t, evaluation.blocks_executed_mean AS blocks,
       cell.block_count
FROM evaluation JOIN cell ON cell.id = evaluation.cell
WHERE cell.run = :run AND cell.role <> 'null' AND cell.status = 'ok'
GROUP BY cell.method_label, cell.solver, cell.grid, cell.steps, cell.precision, evaluation.evaluation
ORDER BY min(cell.id), evaluation.evaluation
"""
TITLE = "Blocks executed over t"
EXPLANATION = (
    "Time runs from noise (left) to image (right). The area under a line is what the method computes; exits are indexed "
    "by t, so the saving of one schedule depends on the solver's grid. Drawn for the largest step count of each solver."
)


def _facets(data: RunData) -> list[tuple[str, pd.DataFrame]]:
    rows = data.query(QUERY)
    if rows.empty:
        return []
    rows = rows[rows["steps"] == rows.groupby("solver")["steps"].transform("max")]
    return [(f"{solver}, {grid}, {steps} steps", group) for (solver, grid, steps), group in rows.groupby(["solver", "grid", "steps"], sort=False)]


def draw(data: RunData) -> go.Figure | None:
    facets = _facets(data)
    if not facets:
        return None
    figure = make_subplots(rows=1, cols=len(facets), subplot_titles=[title for title, _ in facets], shared_yaxes=True, horizontal_spacing=0.05)
    shown = set()
    for column, (_, rows) in enumerate(facets, start=1):
        for method, group in rows.groupby("method_label", sort=False):
            figure.add_trace(
                go.Scatter(
                    x=group["t"], y=group["blocks"], mode="lines+markers", name=method, legendgroup=method,
                    showlegend=method not in shown, line={"color": data.look.colours[method], "shape": "hvh", "width": 2},
                    marker={"size": 5}, hovertemplate=f"<b>{method}</b><br>t = %{{x:.0f}}: %{{y:.2f}} blocks<extra></extra>",
                ),
                row=1, col=column,
            )
            shown.add(method)
        figure.update_xaxes(title_text="model time t", autorange="reversed", row=1, col=column)
    figure.update_yaxes(title_text="blocks per sample", rangemode="tozero", row=1, col=1)
    return styled(figure, 400)


def draw_paper(data: RunData) -> plt.Figure | None:
    facets = _facets(data)
    if not facets:
        return None
    figure, axes = plt.subplots(1, len(facets), figsize=(4.6 * len(facets), 3.2), squeeze=False, sharey=True, layout="constrained")
    for axis, (title, rows) in zip(axes[0], facets):
        for method, group in rows.groupby("method_label", sort=False):
            axis.step(group["t"], group["blocks"], where="mid", color=data.look.colours[method], label=method)
        axis.invert_xaxis()
        axis.set(title=title, xlabel="model time t")
        axis.grid(alpha=0.3)
    axes[0][0].set(ylabel="blocks per sample", ylim=(0, None))
    axes[0][0].legend(fontsize=7)
    return figure
