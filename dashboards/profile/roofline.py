"""Each operator or kernel against what the machine reaches: arithmetic intensity and rate, both from counted FLOPs and bytes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboards.data import RunData
from dashboards.label_places import NEAR, Place, place_labels
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
PANELS = [(480.0, 290.0), (1180.0, 290.0)]  # pixels beside another cell, and alone
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
    kernels = kernels.assign(intensity=kernels["flops"] / kernels["moved_bytes"], size=6 + 34 * np.sqrt(kernels["share"].astype(float)))
    line = _ceiling(roof(data, profile.cell["precision"]), kernels["intensity"])
    across, up = (_limits([*kernels[name], *(point[axis] for point in line)]) for axis, name in enumerate(("intensity", "flops_per_s")))
    places = _places(kernels, line, across, up)
    figure = go.Figure()
    if line:
        figure.add_trace(go.Scatter(x=[x for x, _ in line], y=[y for _, y in line], mode="lines", hoverinfo="skip", name="measured ceiling", line={"color": INK, "width": 2}))
    figure.add_trace(
        go.Scatter(
            x=kernels["intensity"], y=kernels["flops_per_s"], mode="markers+text", text=[text if place else "" for text, place in places],
            textposition=[place.position if place else "top center" for _, place in places], textfont={"size": 10}, name="operators",
            marker={"color": PHASE_COLOURS["block"], "opacity": 0.75, "size": kernels["size"], "line": {"color": "white", "width": 1}},
            customdata=np.stack([kernels["name"], kernels["share"], kernels["calls"]], axis=1),
            hovertemplate="<b>%{customdata[0]}</b><br>%{x:.3g} FLOP/byte, %{y:.3s}FLOP/s"
            "<br>%{customdata[1]:.1%} of the time, %{customdata[2]} calls<extra></extra>",
        )
    )
    figure.update_xaxes(type="log", title_text="FLOP per byte", dtick=1, range=across)
    figure.update_yaxes(type="log", title_text="FLOP/s", dtick=1, tickformat=".0s", range=up)
    return styled(figure, 380).update_layout(showlegend=False, margin={"t": 30, "r": 10, "b": 50})


def _ceiling(found: tuple[float, float] | None, intensity: pd.Series) -> list[tuple[float, float]]:
    """Corners of the line, from a third of the least to three times the largest intensity."""
    if found is None:
        return []
    ridge = found[0] / found[1]
    return [(x, min(x * found[1], found[0])) for x in (min(intensity.min(), ridge) / 3, ridge, max(intensity.max(), ridge) * 3)]


def _limits(values: list[float]) -> list[float]:
    """Decades, with room for the largest points."""
    decades = np.log10(np.array(values, dtype=float))
    room = 0.1 * max(np.ptp(decades), 1.0)
    return [float(decades.min() - room), float(decades.max() + room)]


def _places(kernels: pd.DataFrame, line: list[tuple[float, float]], across: list[float], up: list[float]) -> list[tuple[str, Place | None]]:
    """Texts of the points that take time, and where each stands beside its point; those without room have none."""
    def shares(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [tuple((np.log10(float(value)) - low) / (high - low) for value, (low, high) in zip(point, (across, up))) for point in points]

    texts = [shortened(short_name(name), 24) if share > 0.02 else "" for name, share in zip(kernels["name"], kernels["share"])]
    ends = shares(line)
    places = place_labels(shares(list(zip(kernels["intensity"], kernels["flops_per_s"]))), texts, PANELS, list(zip(ends, ends[1:])), list(kernels["size"] / 2), NEAR)
    return list(zip(texts, places))
