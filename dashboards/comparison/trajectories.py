"""What both runs computed, where it is not the same: blocks executed and exits at each evaluation, of cells with one identity."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.comparison.read import Comparison
from dashboards.data import RunData
from dashboards.plotly_text import shortened
from dashboards.theme import INK, styled

TITLE = "Blocks and exits over t, where they differ"
EXPLANATION = (
    "From noise (left) to image (right), of cells that are the same in both runs by weights and parameters. Left: blocks executed per sample, new in its method's colour. Right: "
    "how the share of rows that leave after each block changed; blue: more leave there now, red: fewer."
)
BLOCKS = """
SELECT cell.identity, cell.key, cell.method_label, evaluation.evaluation, evaluation.t, evaluation.blocks_executed_mean AS blocks
FROM evaluation_mean AS evaluation JOIN cell ON cell.id = evaluation.cell
WHERE cell.run = :run AND cell.status = 'ok' AND cell.identity <> '' ORDER BY cell.id, evaluation.evaluation
"""
EXITS = """
SELECT cell.identity, evaluation.evaluation, exit_count.block, 1.0 * exit_count.rows / evaluation.rows AS share
FROM exit_count JOIN evaluation USING (cell, evaluation) JOIN cell ON cell.id = exit_count.cell
WHERE cell.run = :run AND cell.status = 'ok' AND cell.identity <> ''
"""
SAME = 1e-9  # of sums of whole numbers over rows
MOST_CELLS = 12
OLD_COLOUR = "#BCC5CE"
WIDTHS = {"old": 7, "new": 2}  # old shows as a rim where both are the same
SCALE = [[0, "#B2182B"], [0.5, "#F7F7F7"], [1, "#2166AC"]]


def differing(comparison: Comparison) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Blocks (t, key, blocks_old, blocks_new) and exits (block, share_old, share_new) by identity and evaluation, of the cells in which either
    differs; a run without an evaluation has NaN blocks there, and exits 0."""
    blocks, exits = _both(comparison, BLOCKS, ["identity", "evaluation"]), _both(comparison, EXITS, ["identity", "evaluation", "block"])
    common = set(blocks.loc[blocks["blocks_old"].notna(), "identity"]) & set(blocks.loc[blocks["blocks_new"].notna(), "identity"])
    blocks, exits = blocks[blocks["identity"].isin(common)], exits[exits["identity"].isin(common)].fillna({"share_old": 0.0, "share_new": 0.0})
    other = ~((blocks["blocks_old"] - blocks["blocks_new"]).abs() <= SAME) | ((blocks["t_old"] - blocks["t_new"]).abs() > SAME)
    changed = set(blocks.loc[other, "identity"]) | set(exits.loc[(exits["share_old"] - exits["share_new"]).abs() > SAME, "identity"])
    return blocks[blocks["identity"].isin(changed)], exits[exits["identity"].isin(changed)]


def _both(comparison: Comparison, sql: str, on: list[str]) -> pd.DataFrame:
    """Of runs that are drawn: `data.for_plotly()`."""
    old, new = (data.query(sql) for data in (comparison.old.for_plotly(), comparison.new.for_plotly()))
    return new.merge(old, on=on, how="outer", suffixes=("_new", "_old"))


def draw(comparison: Comparison) -> tuple[go.Figure | None, int]:
    """And of how many cells that differ there was no room."""
    blocks, exits = differing(comparison)
    cells = list(blocks.groupby("identity", sort=False))
    if not cells:
        return None, 0
    shown, colours = cells[:MOST_CELLS], comparison.new.for_plotly().look.colours
    titles = [text for _, of in shown for text in (shortened(str(of["key_new"].dropna().iloc[0]), 80), "")]
    figure = make_subplots(rows=len(shown), cols=2, subplot_titles=titles, horizontal_spacing=0.08, vertical_spacing=0.35 / len(shown))
    for row, (identity, of) in enumerate(shown, start=1):
        for side, colour in (("old", OLD_COLOUR), ("new", colours[of["method_label_new"].dropna().iloc[0]])):
            figure.add_trace(
                go.Scatter(x=of[f"t_{side}"], y=of[f"blocks_{side}"], mode="lines+markers", name=side, showlegend=False,
                           line={"color": colour, "shape": "hvh", "width": WIDTHS[side]}, marker={"size": 5},
                           hovertemplate=f"{side}, t = %{{x:.4g}}: %{{y:.3f}} blocks<extra></extra>"), row=row, col=1)
        figure.update_xaxes(autorange="reversed", row=row, col=1)
        figure.update_yaxes(title_text="blocks", rangemode="tozero", row=row, col=1)
        _draw_exits(figure, of, exits[exits["identity"] == identity], row)
    for side, colour in (("old", OLD_COLOUR), ("new", INK)):
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="lines", name=side, line={"color": colour, "width": WIDTHS[side]}))
    figure.update_xaxes(title_text="model time t", row=len(shown))
    figure.update_annotations(font={"size": 13, "color": INK})
    return styled(figure, 110 + 240 * len(shown)), len(cells) - len(shown)


def _draw_exits(figure: go.Figure, blocks: pd.DataFrame, exits: pd.DataFrame, row: int) -> None:
    if exits.empty:
        return
    change = exits.assign(change=exits["share_new"] - exits["share_old"]).pivot_table(index="block", columns="evaluation", values="change", fill_value=0.0)
    times = blocks.set_index("evaluation")["t_new"].fillna(blocks.set_index("evaluation")["t_old"]).reindex(change.columns)
    names = [f"{t:.4g}" + "\u200b" * i for i, t in enumerate(times)]  # solvers may evaluate twice at one t
    most = max(float(np.abs(change.to_numpy()).max()), SAME)
    figure.add_trace(
        go.Heatmap(z=change.to_numpy(), x=names, y=list(change.index), zmin=-most, zmax=most, colorscale=SCALE, showscale=False, xgap=1, ygap=1,
                   hovertemplate="t = %{x}, after block %{y}: %{z:+.1%} of the rows<extra></extra>"), row=row, col=2)
    ticks = names[:: max(1, len(names) // 6)]
    figure.update_xaxes(type="category", tickvals=ticks, ticktext=[name.strip("\u200b") for name in ticks], tickangle=0, row=row, col=2)
    figure.update_yaxes(title_text="exit after block", dtick=max(1, len(change) // 6), row=row, col=2)
