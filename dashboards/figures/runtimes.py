"""Does the saving survive a fast network: each method's speed-up on each runtime beside its theory, and best against best."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.data import RunData, scenario_title
from dashboards.intervals import paper_bars, plotly_bars
from dashboards.theme import INK, MARKERS, PAPER_MARKERS, styled

QUERY = None
TITLE = "What survives a fast network"
EXPLANATION = (
    "Left: each method against the full network on the same runtime; a bar of ink is what the FLOPs promise. Right: against the full network on "
    "whichever runtime is fastest for it, so a method's best runtime can be compared with the best that doing nothing gives; rings are the full network "
    "itself. Medians over rounds with 95 % intervals. For each solver at its largest step count."
)
PANELS = {"speedup": "against full on the same runtime", "runtime_speedup": "against the fastest full"}
ROW_PIXELS = 34


def _facets(data: RunData) -> list[tuple[str, pd.DataFrame]]:
    cells = data.cells[data.cells["role"].isin(("method", "baseline")) & data.cells["speedup"].notna()]
    if cells["runtime"].nunique() < 2:
        return []
    cells = cells[cells["steps"] == cells.groupby(["solver", "grid"])["steps"].transform("max")]
    return [
        (f"{scenario_title(scenario, batch, precision)}; {solver}, {grid}, {steps} steps", group)
        for (scenario, batch, precision, solver, grid, steps), group in cells.groupby(
            ["scenario", "batch", "precision", "solver", "grid", "steps"], sort=False)
    ]


def _rows(group: pd.DataFrame) -> list[str]:
    """Method labels from the bottom up: the first of the suite on top."""
    return list(reversed(list(group["method_label"].unique())))


def _level(rows: list[str], cells: pd.DataFrame, runtime: int, runtimes: int) -> list[float]:
    """Runtimes of a method stand below each other in its row."""
    return [rows.index(label) + 0.6 * (0.5 - (runtime + 0.5) / runtimes) for label in cells["method_label"]]


def draw(data: RunData) -> go.Figure | None:
    facets = _facets(data)
    if not facets:
        return None
    runtimes = list(data.cells["runtime"].unique())
    heights = [ROW_PIXELS * len(_rows(group)) + 40 for _, group in facets]
    # the facet's words stand over its left panel, what each panel compares with at its axis
    titles = [words for title, _ in facets for words in (title, "")]
    figure = make_subplots(rows=len(facets), cols=2, row_heights=[h / sum(heights) for h in heights], subplot_titles=titles,
                           shared_yaxes=True, horizontal_spacing=0.03, vertical_spacing=90 / (sum(heights) + 90 * len(facets)))
    for row, (_, group) in enumerate(facets, start=1):
        rows = _rows(group)
        for column, metric in enumerate(PANELS, start=1):
            for number, runtime in enumerate(runtimes):
                cells = group[(group["runtime"] == runtime) & group[metric].notna()]
                if metric == "speedup":
                    cells = cells[cells["role"] == "method"]
                colours = [data.look.colours[label] for label in cells["method_label"]]
                open_ring = [MARKERS[number] + "-open" if role == "baseline" else MARKERS[number] for role in cells["role"]]
                figure.add_trace(go.Scatter(
                    x=cells[metric], y=_level(rows, cells, number, len(runtimes)), mode="markers", name=runtime, legendgroup=runtime,
                    showlegend=row == 1 and column == 2, marker={"symbol": open_ring, "color": colours, "size": 9}, error_x=plotly_bars(cells, metric, "#7B8794"),
                    customdata=cells[["method_label", "theoretical_speedup", "realised_fraction", f"{metric}_interval"]],
                    hovertemplate=f"<b>%{{customdata[0]}}</b> on {runtime}<br>%{{x:.3f}} %{{customdata[3]}}<br>promised %{{customdata[1]:.2f}}, "
                    "realised %{customdata[2]:.2f}<extra></extra>"), row=row, col=column)
            if metric == "speedup":
                promised = group[group["role"] == "method"].drop_duplicates("method_label")
                figure.add_trace(go.Scatter(
                    x=promised["theoretical_speedup"], y=[rows.index(label) for label in promised["method_label"]], mode="markers", name="promised by FLOPs",
                    showlegend=row == 1, hoverinfo="skip", marker={"symbol": "line-ns", "size": 20, "line": {"color": INK, "width": 2}}), row=row, col=column)
            figure.update_xaxes(row=row, col=column, rangemode="tozero", title_text=f"speed-up {PANELS[metric]}")
            figure.update_yaxes(row=row, col=column, tickvals=list(range(len(rows))), ticktext=rows, range=[-0.6, len(rows) - 0.4])
    return styled(figure, sum(heights) + 90 * len(facets) + 60)


def draw_paper(data: RunData) -> plt.Figure | None:
    facets = _facets(data)
    if not facets:
        return None
    runtimes = list(data.cells["runtime"].unique())
    heights = [0.3 * len(_rows(group)) + 0.9 for _, group in facets]
    figure, axes = plt.subplots(len(facets), 2, figsize=(7.2, sum(heights)), height_ratios=heights, squeeze=False, sharey="row", layout="constrained")
    for pair, (title, group) in zip(axes, facets):
        rows = _rows(group)
        for axis, (metric, words) in zip(pair, PANELS.items()):
            for number, runtime in enumerate(runtimes):
                cells = group[(group["runtime"] == runtime) & group[metric].notna() & ((group["role"] == "method") | (metric != "speedup"))]
                axis.errorbar(cells[metric], _level(rows, cells, number, len(runtimes)), xerr=paper_bars(cells, metric), ls="none", ms=4,
                              capsize=1.5, marker=PAPER_MARKERS[number], color=f"C{number}", label=runtime)
            if metric == "speedup":
                promised = group[group["role"] == "method"].drop_duplicates("method_label")
                axis.plot(promised["theoretical_speedup"], [rows.index(label) for label in promised["method_label"]], "|", ms=12, color=INK, label="FLOPs")
            axis.set_yticks(range(len(rows)), rows)
            axis.set_title(f"{title}\n{words}" if metric == "speedup" else words, fontsize=7)
            axis.set_xlim(left=0)
            axis.grid(alpha=0.3, axis="x")
    axes[0][0].legend(fontsize=7)
    return figure
