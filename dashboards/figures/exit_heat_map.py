"""Which block the rows left after, at each time: one map per method that exits."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.data import RunData
from dashboards.theme import styled

QUERY = """
SELECT cell.method_label, cell.solver, cell.steps, evaluation.evaluation, evaluation.t, exit_count.block,
       1.0 * exit_count.rows / evaluation.rows AS share, cell.block_count
FROM exit_count JOIN evaluation USING (cell, evaluation) JOIN cell ON cell.id = exit_count.cell
WHERE cell.run = :run AND cell.role = 'method' AND cell.status = 'ok'
GROUP BY cell.method_label, cell.solver, cell.steps, evaluation.evaluation, exit_count.block
ORDER BY min(cell.id), evaluation.evaluation
"""
TITLE = "Exits over t"
EXPLANATION = "Share of rows that left the network after each block, from noise (left) to image (right), for the first solver at its largest step count."


def draw(data: RunData) -> go.Figure | None:
    rows = data.query(QUERY)
    if rows.empty:
        return None
    rows = rows[rows["solver"] == rows["solver"].iloc[0]]
    rows = rows[rows["steps"] == rows["steps"].max()]
    methods = list(rows["method_label"].unique())
    figure = make_subplots(rows=1, cols=len(methods), subplot_titles=methods, shared_yaxes=True, horizontal_spacing=0.03)
    for column, method in enumerate(methods, start=1):
        table = rows[rows["method_label"] == method].pivot_table(index="block", columns="evaluation", values="share", fill_value=0.0)
        table = table.reindex(range(1, int(rows["block_count"].max()) + 1), fill_value=0.0)
        times = rows.drop_duplicates("evaluation").set_index("evaluation")["t"]
        figure.add_trace(
            go.Heatmap(
                z=table.to_numpy(), x=[f"{times[e]:.0f}" for e in table.columns], y=list(table.index), zmin=0, zmax=1,
                colorscale=[[0, "#F5F7FA"], [1, data.look.colours[method]]], showscale=False, xgap=1, ygap=1,
                hovertemplate=f"<b>{method}</b><br>t = %{{x}}, after block %{{y}}: %{{z:.0%}} of the rows<extra></extra>",
            ),
            row=1, col=column,
        )
        figure.update_xaxes(title_text="model time t", type="category", nticks=6, row=1, col=column)
    figure.update_yaxes(title_text="exit after block", row=1, col=1)
    return styled(figure, 380)
