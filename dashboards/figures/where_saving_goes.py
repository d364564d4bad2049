"""What each method promised, what arrived, and which losses the trace names: a table with a bar per method."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.data import RunData, scenario_title
from dashboards.intervals import interval_words, paper_bars, plotly_bars
from dashboards.theme import INK, PHASE_COLOURS, styled, with_dot

# Per row and evaluation. A block's FLOPs: those of the network without probes, over the blocks that rows needed.
QUERY = """
SELECT evaluation.cell,
       sum(rows * probe_flops_per_row) / nullif(sum(rows * (flops_per_row + probe_flops_per_row)), 0) AS probe_share,
       sum(rows * blocks_carried_mean) / nullif(sum(rows * blocks_executed_mean), 0) AS carried_share,
       sum(rows * blocks_carried_mean) / nullif(sum(1.0 * rows * cell.block_count), 0) AS carried_of_full,
       1.0 * sum(compaction_count) * cell.batch / cell.traced_samples AS compactions_per_batch
FROM evaluation_mean AS evaluation JOIN cell ON cell.id = evaluation.cell
WHERE cell.run = :run AND cell.role = 'method' AND cell.status = 'ok'
GROUP BY evaluation.cell
"""
TITLE = "Where the saving goes"
EXPLANATION = (
    "Bars: time per sample in shares of the full network's. Blocks is what the executed blocks and the head cost by their "
    "FLOPs; probes decide about exits; carried rows had left but ran along because moving the others would have cost more; "
    "the rest of the measured time is in no FLOP count: compaction, launches, and kernels that are less efficient on "
    "fewer rows. Theory = 1 / (blocks + probes), measured = 1 / the whole bar, with its 95 % interval; realised is the "
    "part of theory's gain that arrived, (measured - 1) / (theory - 1), where theory gains at least 2 %. Compactions are per batch over the whole "
    "trajectory. For each solver at its largest step count."
)
PARTS = {"blocks": PHASE_COLOURS["block"], "probes": PHASE_COLOURS["probe"], "carried rows": PHASE_COLOURS["carried"], "rest of the measured time": "#CBD2D9"}
COLUMNS = {"theory": 0.0, "measured": 1.3, "realised": 2.65, "probes": 3.65, "carried": 4.55, "compactions": 5.75}  # and where they stand
LEAST_GAIN = 0.02  # of theory: a fraction of less is noise over nothing
ROW_PIXELS = 25


def losses(data: RunData) -> pd.DataFrame:
    """Cells of methods with a measured speed-up, with the parts of their time in shares of the full network's."""
    cells = data.cells[(data.cells["role"] == "method") & data.cells["speedup"].notna() & data.cells["theoretical_speedup"].notna()]
    cells = cells[cells["steps"] == cells.groupby(["solver", "grid"])["steps"].transform("max")]
    cells = cells.merge(data.query(QUERY), on="cell", how="left").copy()
    executed = 1 / cells["theoretical_speedup"]
    probes = executed * cells["probe_share"].fillna(0.0).astype(float)
    # a carried block costs what another block does: the FLOPs of one are those of the blocks over their number
    cells["blocks"] = executed - probes
    cells["probes"] = probes
    cells["carried rows"] = cells["carried_of_full"].fillna(0.0).astype(float)
    cells["total"] = 1 / cells["speedup"].astype(float)
    cells["total_low"], cells["total_high"] = 1 / cells["speedup_high"].astype(float), 1 / cells["speedup_low"].astype(float)
    counted = cells[["blocks", "probes", "carried rows"]].sum(axis=1)
    cells["rest of the measured time"] = (cells["total"] - counted).clip(lower=0.0)
    return cells


def _groups(data: RunData) -> list[tuple[str, pd.DataFrame]]:
    cells = losses(data)
    if cells.empty:
        return []
    keys = ["scenario", "batch", "compute", "solver", "grid", "steps"]
    return [
        (f"{scenario_title(scenario, batch, compute)}; {solver}, {grid}, {steps} steps", group)
        for (scenario, batch, compute, solver, grid, steps), group in cells.groupby(keys, sort=False)
    ]


def _texts(cell: pd.Series) -> list[str]:
    def share(value: float) -> str:
        return "–" if pd.isna(value) or value == 0 else f"{value:.1%}"

    interval = interval_words(cell["speedup_low"], cell["speedup_high"], cell["speedup_n"], ".2f")
    compactions = cell["compactions_per_batch"]
    return [
        f"{cell['theoretical_speedup']:.2f}", f"{cell['speedup']:.2f} {interval}",
        "–" if pd.isna(cell["realised_fraction"]) or abs(cell["theoretical_speedup"] - 1) < LEAST_GAIN else f"{cell['realised_fraction']:.2f}",
        share(cell["probe_share"]), share(cell["carried_share"]),
        "–" if pd.isna(compactions) or compactions == 0 else f"{compactions:.3g}",
    ]


def draw(data: RunData) -> go.Figure | None:
    groups = _groups(data)
    if not groups:
        return None
    heights = [len(group) + 2 for _, group in groups]
    figure = make_subplots(
        rows=len(groups), cols=2, column_widths=[0.46, 0.54], row_heights=heights, horizontal_spacing=0.0,
        shared_yaxes=True, vertical_spacing=min(0.9 / len(groups), 70 / (ROW_PIXELS * sum(heights))),
        subplot_titles=[text for title, _ in groups for text in ("", title)],
    )
    for row, (_, group) in enumerate(groups, start=1):
        names = [_unique(name, i) for i, name in enumerate(group["method_label"])]
        texts = [_texts(cell) for _, cell in group.iterrows()]
        figure.add_trace(
            go.Scatter(x=[x for _ in names for x in COLUMNS.values()], y=[name for name in names for _ in COLUMNS],
                       mode="text", text=[text for cell in texts for text in cell], textfont={"size": 12, "color": INK},
                       showlegend=False, hoverinfo="skip"), row=row, col=1)
        for number, (part, colour) in enumerate(PARTS.items()):
            last = number == len(PARTS) - 1
            figure.add_trace(
                go.Bar(x=group[part], y=names, orientation="h", name=part, legendgroup=part, showlegend=row == 1, marker_color=colour,
                       hovertemplate=f"<b>%{{y}}</b><br>{part}: %{{x:.1%}} of the full network's time<extra></extra>"), row=row, col=2)
            if last:
                figure.add_trace(
                    go.Scatter(x=group["total"], y=names, mode="markers", name="measured, with interval", legendgroup="measured",
                               showlegend=row == 1, marker={"color": INK, "symbol": "line-ns-open", "size": 11, "line": {"width": 2}},
                               error_x=plotly_bars(group, "total", INK, 1.2, 4), customdata=group[["speedup", "speedup_interval"]],
                               hovertemplate="<b>%{y}</b><br>measured: %{x:.1%} of the full network's time, "
                               "%{customdata[0]:.3f} times its speed %{customdata[1]}<extra></extra>"),
                    row=row, col=2)
        figure.update_xaxes(range=[-0.5, 6.5], tickvals=list(COLUMNS.values()), ticktext=list(COLUMNS), tickangle=0, side="top",
                            showgrid=False, zeroline=False, row=row, col=1)
        figure.update_yaxes(autorange="reversed", showgrid=False, tickvals=names, row=row, col=1,
                            ticktext=[with_dot(name, data.look.colours[name]) for name in group["method_label"]])
        figure.update_yaxes(autorange="reversed", showgrid=False, showticklabels=False, row=row, col=2)
        figure.add_vline(x=1, line={"color": INK, "width": 1, "dash": "dot"}, row=row, col=2)
        figure.update_xaxes(rangemode="tozero", tickformat=".0%", row=row, col=2)
    figure.update_xaxes(title_text="time per sample, share of the full network's", row=len(groups), col=2)
    figure.update_layout(barmode="stack", bargap=0.35)
    styled(figure, 150 + ROW_PIXELS * sum(heights) + 60 * len(groups))
    figure.update_xaxes(ticks="", linecolor="white", col=1)
    return figure.update_layout(legend={"traceorder": "normal"}, margin={"t": 80})


def _unique(name: str, row: int) -> str:
    return name + "\u200b" * row  # two rows of one label, as two models may have, are two categories


def draw_paper(data: RunData) -> plt.Figure | None:
    groups = _groups(data)
    if not groups:
        return None
    figure, axes = plt.subplots(
        len(groups), 2, figsize=(8.8, 0.9 * len(groups) + 0.2 * sum(len(g) for _, g in groups) + 0.6), squeeze=False,
        sharey="row", layout="constrained", width_ratios=[1, 0.8], height_ratios=[len(g) + 1 for _, g in groups])
    for (axis, table), (title, group) in zip(axes, groups):
        at = range(len(group))
        left = pd.Series(0.0, index=group.index)
        for part, colour in PARTS.items():
            axis.barh(at, group[part], left=left, color=colour, height=0.65, label=part)
            left += group[part]
        axis.errorbar(group["total"], at, xerr=paper_bars(group, "total"), fmt="|", color=INK, ms=8, lw=1, capsize=2, label="measured, with interval")
        axis.axvline(1, color=INK, lw=0.8, ls=":")
        axis.set_yticks(at, list(group["method_label"]), fontsize=7)
        axis.invert_yaxis()
        table.set(xlim=(-0.5, 6.5))
        table.set_axis_off()
        for (name, x), *texts in zip(COLUMNS.items(), *(_texts(cell) for _, cell in group.iterrows())):
            table.text(x, 1.01, name, transform=table.get_xaxis_transform(), ha="center", va="bottom", fontsize=7)
            for row, text in zip(at, texts):
                table.text(x, row, text, ha="center", va="center", fontsize=7)
        axis.set_title(title, fontsize=9)
        axis.xaxis.set_major_formatter("{x:.0%}")
    axes[-1][0].set_xlabel("time per sample, share of the full network's")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=7, ncols=5, loc="outside lower center")
    return figure
