"""FID against measured time under every solver: one line per solver over its step counts, one panel per method."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go
from matplotlib.ticker import LogLocator, NullFormatter
from plotly.subplots import make_subplots

from dashboards.data import RunData
from dashboards.intervals import paper_bars, plotly_bars
from dashboards.solver_sweep import colours_of, hover_definitions, sweep
from dashboards.theme import LOG_TICKS, MARKERS, PAPER_MARKERS, styled

QUERY = None  # the cells of dashboards/solver_sweep.py
TITLE = "Quality against time, by solver"
EXPLANATION = (
    "One line per solver and grid, over its step counts; left is faster, down is closer to the real images. One panel and "
    "marker per method; the faint lines repeat the baseline, so what a method gains under a solver is the way from the "
    "faint line to the strong one. Bars are 95 % intervals."
)


def _panels(data: RunData) -> tuple[list[tuple[str, str, pd.DataFrame, pd.DataFrame]], dict[str, str]]:
    """(title, method, its cells, the baseline's cells to repeat faintly) per panel, and the colours of the lines."""
    cells = sweep(data)
    if cells is None:
        return [], {}
    judged = cells[cells["fid"].notna() & cells["milliseconds"].notna()].sort_values("steps", kind="stable")
    panels = []
    settings = list(judged.groupby(["setting", "fid_n"], sort=False))
    for (setting, n), facet in settings:
        baseline = facet[facet["role"] == "baseline"]
        for method in sorted(data.look.colours, key=lambda label: label not in set(baseline["method_label"])):
            own = facet[facet["method_label"] == method]
            if not own.empty:
                title = method if len(settings) == 1 else f"{method}\n{setting}, N = {int(n)}"
                panels.append((title, method, own, baseline if own["role"].iloc[0] != "baseline" else own[:0]))
    return panels, colours_of(cells)


def _markers(data: RunData, names: list[str]) -> dict[str, str]:
    """By method, in the order of the run: a method whose panel is missing does not move the others."""
    return {method: names[i % len(names)] for i, method in enumerate(data.look.colours)}


def draw(data: RunData) -> go.Figure | None:
    panels, colours = _panels(data)
    if not panels:
        return None
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure = make_subplots(
        rows=rows, cols=columns, shared_xaxes=True, shared_yaxes=True, horizontal_spacing=0.025,
        vertical_spacing=0.14 / rows, subplot_titles=[title.replace("\n", "<br>") for title, *_ in panels],
    )
    markers, shown, definitions = _markers(data, MARKERS), set(), hover_definitions(data, "throughput", "speedup", "fid")
    for number, (_, method, cells, baseline) in enumerate(panels):
        place = {"row": number // columns + 1, "col": number % columns + 1}
        for series, group in baseline.groupby("series", sort=False):
            figure.add_trace(
                go.Scatter(x=group["milliseconds"], y=group["fid"], mode="lines", showlegend=False, hoverinfo="skip",
                           legendgroup=series, opacity=0.3, line={"color": colours[series], "width": 1.5}),
                **place,
            )
        for series, group in cells.groupby("series", sort=False):
            figure.add_trace(
                go.Scatter(
                    x=group["milliseconds"], y=group["fid"], mode="lines+markers", name=series, legendgroup=series,
                    showlegend=series not in shown, line={"color": colours[series], "width": 2},
                    marker={"color": colours[series], "symbol": markers[method], "size": 9, "line": {"color": "white", "width": 1}},
                    error_x=plotly_bars(group, "milliseconds", colours[series], width=2), error_y=plotly_bars(group, "fid", colours[series], width=2),
                    customdata=group[["steps", "speedup", "fid_interval", "fid_n", "milliseconds_interval", "speedup_interval"]],
                    hovertemplate=f"<b>{method}</b>, {series}, %{{customdata[0]}} steps<br>%{{x:.4g}} ms per sample %{{customdata[4]}}"
                    "<br>FID %{y:.4g} %{customdata[2]} of N = %{customdata[3]:.0f}"
                    f"<br>speed-up %{{customdata[1]:.3f}} %{{customdata[5]}}<br>{definitions}<extra></extra>",
                ),
                **place,
            )
            shown.add(series)
        figure.update_yaxes(title_text=_fid_title(panels) if place["col"] == 1 else None, **place)
        if number + columns >= len(panels):
            figure.update_xaxes(title_text="measured time per sample, ms", showticklabels=True, **place)
    figure.update_xaxes(type="log", tickvals=LOG_TICKS, matches="x")
    if _spread(panels, "fid") > 4:
        figure.update_yaxes(type="log", tickvals=LOG_TICKS)
    styled(figure, 160 + 360 * rows)
    return figure.update_layout(legend={"y": -0.2 / rows, "yanchor": "top"})


def _spread(panels: list, name: str) -> float:
    values = pd.concat(cells[name] for _, _, cells, _ in panels)
    return float(values.max() / max(values.min(), 1e-12))


def _fid_title(panels: list) -> str:
    sizes = {int(n) for _, _, cells, _ in panels for n in cells["fid_n"]}
    return f"FID of N = {sizes.pop()} (lower is better)" if len(sizes) == 1 else "FID (lower is better)"


def draw_paper(data: RunData) -> plt.Figure | None:
    panels, colours = _panels(data)
    if not panels:
        return None
    figure, axes = plt.subplots(
        1, len(panels), figsize=(3.4 * len(panels), 3.8), squeeze=False, sharex=True, sharey=True, layout="constrained"
    )
    markers, lines = _markers(data, PAPER_MARKERS), {}
    for axis, (title, method, cells, baseline) in zip(axes[0], panels):
        for series, group in baseline.groupby("series", sort=False):
            axis.plot(group["milliseconds"], group["fid"], lw=1, alpha=0.3, color=colours[series])
        for series, group in cells.groupby("series", sort=False):
            lines[series] = axis.errorbar(
                group["milliseconds"], group["fid"], xerr=paper_bars(group, "milliseconds"), yerr=paper_bars(group, "fid"), lw=1.2, ms=4.5, elinewidth=0.6,
                capsize=1.5, marker=markers[method], color=colours[series],
            )
        axis.set(title=title, xlabel="measured time per sample, ms", xscale="log")
        if _spread(panels, "fid") > 4:
            axis.set_yscale("log")
        for direction in (axis.xaxis, axis.yaxis):
            if direction.get_scale() == "log":
                direction.set_major_locator(LogLocator(subs=(1, 2, 5)))
                direction.set_major_formatter("{x:g}")
                direction.set_minor_formatter(NullFormatter())
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel(_fid_title(panels))
    figure.legend(lines.values(), lines.keys(), fontsize=7, ncols=min(5, len(lines)), loc="outside lower center")
    return figure
