"""Where along the trajectory the saving is made: blocks executed per sample at each evaluation's time."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.data import RunData
from dashboards.overlaps import rim_widths
from dashboards.theme import paper_legend, styled

QUERY = """
SELECT cell.method_label, cell.role, cell.solver, cell.grid, cell.steps, evaluation.evaluation, evaluation.t, evaluation.blocks_executed_mean AS blocks,
       cell.block_count
FROM evaluation_mean AS evaluation JOIN cell ON cell.id = evaluation.cell
WHERE cell.run = :run AND cell.role <> 'null' AND cell.status = 'ok'
GROUP BY cell.method_label, cell.solver, cell.grid, cell.steps, cell.precision, cell.runtime, evaluation.evaluation
ORDER BY min(cell.id), evaluation.evaluation
"""
TITLE = "Blocks executed over t"
EXPLANATION = (
    "Time runs from noise (left) to image (right). The area under a line is what the method computes; exits are indexed "
    "by t, so the saving of one schedule depends on the solver's grid. Where lines lie on each other, those below are wider and "
    "show as a rim. Drawn for the largest step count of each solver; many methods have a panel each."
)
COLUMNS = 5
MOST_LINES = 8  # of a panel: with more methods each has one of its own, beside the full network


@dataclass(frozen=True)
class Panel:
    title: str  # of lines
    methods: list[str]  # from the lowest line to the one on top
    rows: pd.DataFrame

    def lines(self) -> list[tuple[str, pd.DataFrame, float]]:
        """Method, its rows and the width of its line."""
        of = {method: self.rows[self.rows["method_label"] == method] for method in self.methods}
        places = pd.Index(sorted(self.rows["evaluation"].unique()))
        values = [rows.drop_duplicates("evaluation").set_index("evaluation")["blocks"].reindex(places).to_numpy(float) for rows in of.values()]
        return [(method, rows, width) for (method, rows), width in zip(of.items(), rim_widths(values, float(self.rows["block_count"].max())))]


def _panels(data: RunData) -> list[Panel]:
    rows = data.query(QUERY)
    if rows.empty:
        return []
    rows = rows[rows["steps"] == rows.groupby("solver")["steps"].transform("max")]
    families = data.cells.drop_duplicates("method_label").set_index("method_label")["family"]
    panels = []
    for (solver, grid, steps), of in rows.groupby(["solver", "grid", "steps"], sort=False):
        title, methods = f"{solver}, {grid}, {steps} steps", list(of["method_label"].unique())
        if len(methods) <= MOST_LINES:
            panels.append(Panel(title, methods, of))
            continue
        full = list(of.loc[of["role"] == "baseline", "method_label"].unique())
        others = [method for method in methods if method not in full]
        for family in families[others].unique():
            shown = full + [method for method in others if families[method] == family]
            panels.append(Panel(f"{family.replace(' (', chr(10) + '(', 1)}\n{title}", shown, of[of["method_label"].isin(shown)]))
    return panels


def _grid(panels: list[Panel]) -> tuple[int, int]:
    columns = min(COLUMNS, len(panels))
    return -(-len(panels) // columns), columns


def _title(panel: Panel, columns: int, line: str) -> str:
    text = panel.title.replace(", ", "\n", 1) if columns > 3 and "\n" not in panel.title else panel.title
    return text.replace("\n", line)


def draw(data: RunData) -> go.Figure | None:
    panels = _panels(data)
    if not panels:
        return None
    bands, columns = _grid(panels)
    titles = [_title(panel, columns, "<br>") for panel in panels]
    figure = make_subplots(rows=bands, cols=columns, subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.15 / (columns + 1),
                           vertical_spacing=0.4 / bands)
    shown = set()
    for number, panel in enumerate(panels):
        place = {"row": number // columns + 1, "col": number % columns + 1}
        for method, rows, width in panel.lines():
            figure.add_trace(
                go.Scatter(
                    x=rows["t"], y=rows["blocks"], mode="lines+markers", name=method, legendgroup=method,
                    showlegend=method not in shown, line={"color": data.look.colours[method], "shape": "hvh", "width": width},
                    marker={"size": 5}, hovertemplate=f"<b>{method}</b><br>t = %{{x:.0f}}: %{{y:.2f}} blocks<extra></extra>",
                ),
                **place,
            )
            shown.add(method)
        figure.update_xaxes(autorange="reversed", title_text="model time t" if number + columns >= len(panels) else None, **place)
    figure.update_xaxes(title_font_size=13)
    figure.update_yaxes(range=[0, 1.06 * float(max(panel.rows["block_count"].max() for panel in panels))], title_font_size=13)
    figure.update_yaxes(title_text="blocks per sample", col=1)
    if columns > 3:
        figure.update_annotations(font_size=12)
    styled(figure, 100 + 300 * bands)
    return figure.update_layout(margin={"t": 34 + 16 * max(title.count("<br>") + 1 for title in titles)})


def draw_paper(data: RunData) -> plt.Figure | None:
    panels = _panels(data)
    if not panels:
        return None
    bands, columns = _grid(panels)
    width = 4.6 if columns <= 3 else 2.4
    figure, axes = plt.subplots(bands, columns, figsize=(width * columns, 3.2 * bands), squeeze=False, sharey=True, layout="constrained")
    for axis in axes.flat[len(panels) :]:
        axis.remove()
    handles = {}
    for axis, panel in zip(axes.flat, panels):
        for method, rows, line_width in panel.lines():
            (handles[method],) = axis.step(rows["t"], rows["blocks"], where="mid", color=data.look.colours[method], lw=0.6 * line_width)
        axis.invert_xaxis()
        axis.set_title(_title(panel, columns, "\n"), fontsize=None if columns <= 3 else 8)
        axis.set(xlabel="model time t", ylim=(0, 1.06 * panel.rows["block_count"].max()))
        axis.grid(alpha=0.3)
    for axis in axes[:, 0]:
        axis.set_ylabel("blocks per sample")
    paper_legend(figure, handles)
    return figure
