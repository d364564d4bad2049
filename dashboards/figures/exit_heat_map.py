"""Which block the rows left after, at each time: one map per method whose exits depend on the sample."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.data import RunData
from dashboards.theme import INK, styled, with_dot

QUERY = """
SELECT cell.id AS cell, cell.decides, cell.method_label, cell.solver, cell.grid, cell.steps, evaluation.evaluation, evaluation.t,
       exit_count.block, 1.0 * exit_count.rows / evaluation.rows AS share, cell.block_count
FROM exit_count JOIN evaluation USING (cell, evaluation) JOIN cell ON cell.id = exit_count.cell
WHERE cell.run = :run AND cell.role = 'method' AND cell.status = 'ok'
ORDER BY cell.id, evaluation.evaluation
"""
TITLE = "Exits over t"
EXPLANATION = (
    "Share of rows that left the network after each block, from noise (left) to image (right), with their mean as a line. "
    "A phase transition of exits would be a line that jumps at some t, where rows leave early before it and late after. Of "
    "methods whose exits depend on the sample, where there are any, for each solver at its largest step count."
)
COLUMNS = 4
MOST_MAPS = 24
TITLE_ROOM = 20  # pixels for a second line, below plotly's buttons
# one scale for all, dark enough at a tenth to be seen
SCALE = [[0, "#F5F7FA"], [0.02, "#DCEAF5"], [0.25, "#7FB7DC"], [0.6, "#2171B5"], [1, "#08306B"]]


def shown_rows(data: RunData) -> pd.DataFrame:
    """Rows of the methods to draw: one cell per method, solver and grid (the first: other batches exit alike)."""
    rows = data.query(QUERY)
    if rows.empty:
        return rows
    spread = rows.groupby(["cell", "evaluation"])["block"].transform("nunique") > 1
    by_sample = set(rows.loc[spread | (rows["decides"] != "time"), "cell"])
    if by_sample:
        rows = rows[rows["cell"].isin(by_sample)]
    rows = rows[rows["steps"] == rows.groupby(["solver", "grid"])["steps"].transform("max")]
    return rows[rows["cell"] == rows.groupby(["method_label", "solver", "grid"])["cell"].transform("min")]


def draw(data: RunData) -> go.Figure | None:
    rows = shown_rows(data)
    if rows.empty:
        return None
    several = rows.groupby(["solver", "grid", "steps"]).ngroups > 1
    maps = list(rows.groupby("cell", sort=False))[:MOST_MAPS]
    columns = min(COLUMNS, len(maps))
    bands = -(-len(maps) // columns)
    titles = [
        with_dot(method, data.look.colours[method]) + (f"<br>{solver}, {grid}, {steps} steps" if several else "")
        for method, solver, grid, steps in (of.iloc[0][["method_label", "solver", "grid", "steps"]] for _, of in maps)
    ]
    figure = make_subplots(rows=bands, cols=columns, subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.025,
                           vertical_spacing=0.3 / bands)
    for number, (_, of) in enumerate(maps):
        place = {"row": number // columns + 1, "col": number % columns + 1}
        method = of["method_label"].iloc[0]
        table = of.pivot_table(index="block", columns="evaluation", values="share", fill_value=0.0)
        table = table.reindex(range(1, int(of["block_count"].max()) + 1), fill_value=0.0)
        times = [f"{t:.3g}" if t <= 1 else f"{t:.0f}" for t in of.drop_duplicates("evaluation")["t"]]
        names = [t + "\u200b" * i for i, t in enumerate(times)]  # solvers may evaluate twice at one t
        mean = (table.mul(table.index, axis=0)).sum()
        figure.add_trace(
            go.Heatmap(
                z=table.to_numpy(), x=names, y=list(table.index), zmin=0, zmax=1, colorscale=SCALE, xgap=1, ygap=1,
                showscale=number == 0, colorbar={"title": "rows", "tickformat": ".0%", "thickness": 12, "len": min(1.0, 300 / (110 + 250 * bands))},
                hovertemplate=f"<b>{method}</b><br>t = %{{x}}, after block %{{y}}: %{{z:.1%}} of the rows<extra></extra>",
            ),
            **place,
        )
        figure.add_trace(  # a white rim: methods may be as blue as the map
            go.Scatter(x=names, y=mean, mode="lines", showlegend=False, hoverinfo="skip", line={"color": "white", "width": 5}), **place)
        figure.add_trace(
            go.Scatter(x=names, y=mean, mode="lines+markers", name="mean exit", legendgroup=method, showlegend=False, line={"width": 2, "color": data.look.colours[method]},
                       marker={"size": 5, "line": {"color": "white", "width": 1}},
                       hovertemplate="t = %{x}: mean exit after block %{y:.2f}<extra></extra>"),
            **place,
        )
        ticks = names[:: max(1, len(names) // 6)]
        figure.update_xaxes(type="category", tickvals=ticks, ticktext=[name.strip("\u200b") for name in ticks], tickangle=0,
                            tickfont_size=11, **place)
        if number + columns >= len(maps):
            figure.update_xaxes(title_text="model time t", title_font_size=13, **place)
    figure.update_yaxes(title_text="exit after block", title_font_size=13, col=1)
    figure.update_annotations(font={"size": 13, "color": INK})
    return styled(figure, 110 + 250 * bands + TITLE_ROOM * several).update_layout(margin={"t": 48 + TITLE_ROOM * several})
