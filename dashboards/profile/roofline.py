"""Each operator or kernel against what the machine reaches: arithmetic intensity and rate, both from counted FLOPs and bytes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboards.data import RunData
from dashboards.label_places import place_labels
from dashboards.plotly_text import shortened
from dashboards.profile.cell_profile import CellProfile
from dashboards.profile.flame_graph import short_name
from dashboards.theme import INK, PHASE_COLOURS, styled

TITLE = "Roofline"
EXPLANATION = (
    "Across: FLOPs per byte that must move at least; up: FLOP/s. The line is the ceiling measured on this machine with a large "
    "copy (slope) and a large matrix product (flat). A point grows with its share of the time. Points far under the line "
    "wait for something else than arithmetic or memory; points above the slope work on data that stays in a cache."
)
PANEL = (480.0, 260.0)  # pixels beside another cell: where labels find room there, they do everywhere
CEILING = "SELECT quantity, precision, avg(value) AS value FROM ceiling WHERE run = :run GROUP BY quantity, precision"


def roof(data: RunData, precision: str) -> tuple[float, float] | None:
    """FLOP/s and bytes/s that the machine reached; None unless both were measured."""
    rows = data.query(CEILING)
    flops = rows.loc[(rows["quantity"] == "flops_per_s") & (rows["precision"] == precision), "value"]
    bandwidth = rows.loc[rows["quantity"] == "bytes_per_s", "value"]
    return None if flops.empty or bandwidth.empty else (float(flops.iloc[0]), float(bandwidth.mean()))


def draw(data: RunData, profile: CellProfile) -> go.Figure | None:
    kernels = profile.kernels.astype({"flops": float, "moved_bytes": float, "flops_per_s": float})
    kernels = kernels[(kernels["flops"] > 0) & (kernels["moved_bytes"] > 0)]
    if kernels.empty:
        return None
    intensity = kernels["flops"] / kernels["moved_bytes"]
    texts, places = _labels(intensity, kernels)
    figure = go.Figure()
    ceiling = roof(data, profile.cell["precision"])
    if ceiling:
        ridge = ceiling[0] / ceiling[1]
        ends = [min(intensity.min(), ridge) / 3, ridge, max(intensity.max(), ridge) * 3]
        figure.add_trace(
            go.Scatter(x=ends, y=[min(x * ceiling[1], ceiling[0]) for x in ends], mode="lines", hoverinfo="skip",
                       name="measured ceiling", line={"color": INK, "width": 2}))
    figure.add_trace(
        go.Scatter(
            x=intensity, y=kernels["flops_per_s"], mode="markers+text", text=texts, textposition=places, textfont={"size": 10}, name="operators",
            marker={"color": PHASE_COLOURS["block"], "opacity": 0.75, "size": 6 + 34 * np.sqrt(kernels["share"].astype(float)),
                    "line": {"color": "white", "width": 1}},
            customdata=np.stack([kernels["name"], kernels["share"], kernels["calls"]], axis=1),
            hovertemplate="<b>%{customdata[0]}</b><br>%{x:.3g} FLOP/byte, %{y:.3s}FLOP/s"
            "<br>%{customdata[1]:.1%} of the time, %{customdata[2]} calls<extra></extra>",
        )
    )
    figure.update_xaxes(type="log", title_text="FLOP per byte", dtick=1)
    figure.update_yaxes(type="log", title_text="FLOP/s", dtick=1, tickformat=".0s")
    return styled(figure, 380).update_layout(showlegend=False, margin={"t": 30, "r": 10, "b": 50})


def _labels(intensity: pd.Series, kernels: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Texts beside the points that take time, and where they stand; as on a panel of PANEL pixels."""
    names = [shortened(short_name(name), 24) if share > 0.02 else "" for name, share in zip(kernels["name"], kernels["share"])]
    across, up = (np.log10(values.astype(float)) for values in (intensity, kernels["flops_per_s"]))
    points = [((x - across.min() + 1) / (np.ptp(across) + 2) * PANEL[0], (y - up.min() + 1) / (np.ptp(up) + 2) * PANEL[1]) for x, y in zip(across, up)]
    places = place_labels(points, names, *PANEL)
    return [name if place else "" for name, place in zip(names, places)], [place or "top center" for place in places]
