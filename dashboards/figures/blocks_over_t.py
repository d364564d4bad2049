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
FROM evaluation_mean AS evaluation JOIN cell ON cell.id = evaluation.cell
WHERE cell.run = :run AND cell.role <> 'null' AND cell.status = 'ok'
GROUP BY cell.method_label, cell.solver, cell.grid, cell.steps, cell.precision, evaluation.evaluation
ORDER BY min(cell.id), evaluation.evaluation
"""
TITLE = "Blocks executed over t"
EXPLANATION = (
    "Time runs from noise (left) to image (right). The area under a line is what the method computes; exits are indexed "
    "by t, so the saving of one schedule depends on the solver's grid. Drawn for the largest step count of each solver."
)
COLUMNS = 5


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
    columns = min(COLUMNS, len(facets))
    bands = -(-len(facets) // columns)
    figure = make_subplots(
        rows=bands, cols=columns, subplot_titles=[title.replace(", ", "<br>", 1) if columns > 3 else title for title, _ in facets],
        shared_yaxes=True, horizontal_spacing=0.15 / (columns + 1), vertical_spacing=0.4 / bands,
    )
    shown = set()
    for number, (_, rows) in enumerate(facets):
        place = {"row": number // columns + 1, "col": number % columns + 1}
        for method, group in rows.groupby("method_label", sort=False):
            figure.add_trace(
                go.Scatter(
                    x=group["t"], y=group["blocks"], mode="lines+markers", name=method, legendgroup=method,
                    showlegend=method not in shown, line={"color": data.look.colours[method], "shape": "hvh", "width": 2},
                    marker={"size": 5}, hovertemplate=f"<b>{method}</b><br>t = %{{x:.0f}}: %{{y:.2f}} blocks<extra></extra>",
                ),
                **place,
            )
            shown.add(method)
        figure.update_xaxes(title_text="model time t", autorange="reversed", **place)
    figure.update_yaxes(rangemode="tozero")
    figure.update_yaxes(title_text="blocks per sample", col=1)
    if columns > 3:
        figure.update_annotations(font_size=12)
    styled(figure, 100 + 300 * bands)
    return figure.update_layout(legend={"y": -0.27 / bands, "yanchor": "top"}, margin={"t": 60})


def draw_paper(data: RunData) -> plt.Figure | None:
    facets = _facets(data)
    if not facets:
        return None
    columns = min(COLUMNS, len(facets))
    bands = -(-len(facets) // columns)
    width = 4.6 if columns <= 3 else 2.4
    figure, axes = plt.subplots(bands, columns, figsize=(width * columns, 3.2 * bands), squeeze=False, sharey=True, layout="constrained")
    for axis in axes.flat[len(facets) :]:
        axis.remove()
    for axis, (title, rows) in zip(axes.flat, facets):
        for method, group in rows.groupby("method_label", sort=False):
            axis.step(group["t"], group["blocks"], where="mid", color=data.look.colours[method], label=method)
        axis.invert_xaxis()
        axis.set_title(title.replace(", ", "\n", 1) if columns > 3 else title, fontsize=None if columns <= 3 else 9)
        axis.set(xlabel="model time t", ylim=(0, None))
        axis.grid(alpha=0.3)
    for axis in axes[:, 0]:
        axis.set_ylabel("blocks per sample")
    axes[0][0].legend(fontsize=7)
    return figure
