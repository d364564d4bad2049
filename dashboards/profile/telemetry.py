"""How the machine fared while it was profiled: power, clocks, heat and memory over time, with the seconds it was throttled."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboards.data import RunData
from dashboards.theme import INK, SERIES_COLOURS, styled

TITLE = "The machine meanwhile"
EXPLANATION = (
    "Readings of each device, ten a second, over the profiling pass. Power is of a whole board or package with everybody who "
    "uses it. Shaded: the driver held the clocks down, so times then are not the device's own."
)
QUERY = """
SELECT machine.host, telemetry.* FROM telemetry JOIN machine ON machine.id = telemetry.machine
WHERE machine.run = :run ORDER BY telemetry.machine, device, sampled_ns
"""
# column, axis title, factor
QUANTITIES = [
    ("power_w", "power, W", 1.0), ("clock_hz", "clock, GHz", 1e-9), ("memory_clock_hz", "memory clock, GHz", 1e-9),
    ("temperature_c", "°C", 1.0), ("memory_bytes", "memory, GB", 1e-9),
]
# NVML's clocks event reasons that slow a device down; idling, a set application clock and the display do not
THROTTLES = {0x4: "power cap", 0x8: "hardware slowdown", 0x10: "sync boost", 0x20: "heat (software)", 0x40: "heat (hardware)", 0x80: "power brake"}
THROTTLE_COLOUR = "#C0392B"


def read(data: RunData) -> pd.DataFrame:
    """Readings with `device` as "host device", `seconds` since the first one; empty where nothing was sampled."""
    rows = data.query(QUERY)
    if rows.empty:
        return rows
    hosts = rows["host"].nunique()
    rows["device"] = rows["host"] + " " + rows["device"] if hosts > 1 else rows["device"]
    return rows.assign(seconds=(rows["sampled_ns"] - rows["sampled_ns"].min()) * 1e-9)


def throttled(rows: pd.DataFrame) -> list[str]:
    """One sentence per device that was slowed down."""
    sentences = []
    for device, of in rows.groupby("device", sort=False) if len(rows) else ():
        bits = of["throttle_bits"].dropna().astype(int)
        reasons = [name for bit, name in THROTTLES.items() if (bits & bit).any()]
        if reasons:
            share = (bits & sum(THROTTLES)).astype(bool).mean()
            sentences.append(f"{device} was throttled in {share:.0%} of its readings: {', '.join(reasons)}")
    return sentences


def draw(rows: pd.DataFrame) -> go.Figure | None:
    """One panel per quantity that some device tells, a line per device."""
    told = [quantity for quantity in QUANTITIES if len(rows) and rows[quantity[0]].notna().any()]
    if not told:
        return None
    figure = make_subplots(rows=len(told), cols=1, shared_xaxes=True, vertical_spacing=0.12 / len(told))
    for i, (device, of) in enumerate(rows.groupby("device", sort=False)):
        colour = SERIES_COLOURS[i % len(SERIES_COLOURS)]
        for panel, (column, title, factor) in enumerate(told, start=1):
            figure.add_trace(
                go.Scatter(x=of["seconds"], y=of[column] * factor, name=device, legendgroup=device, showlegend=panel == 1,
                           mode="lines", line={"color": colour, "width": 1.5},
                           hovertemplate=f"<b>{device}</b><br>{title}: %{{y:.4g}} at %{{x:.1f}} s<extra></extra>"), row=panel, col=1)
        for begin, end in _spans(of):
            figure.add_vrect(begin, end, fillcolor=THROTTLE_COLOUR, opacity=0.12, line_width=0)
    for panel, (_, title, _) in enumerate(told, start=1):
        figure.update_yaxes(title_text=title, rangemode="tozero", row=panel, col=1)
    styled(figure, 130 + 120 * len(told))
    figure.update_xaxes(title_text="s since the first reading", row=len(told), col=1)
    return figure.update_layout(margin={"t": 20}, font={"color": INK})


def _spans(of: pd.DataFrame) -> list[tuple[float, float]]:
    """From the first reading of each stretch in which the device was throttled to the first one after it, in seconds."""
    slowed = (of["throttle_bits"].fillna(0).astype(int) & sum(THROTTLES)).astype(bool)
    starts = of.loc[slowed != slowed.shift(), "seconds"]
    ends = [*starts[1:], of["seconds"].iloc[-1]]
    return [(begin, end) for begin, end, is_slow in zip(starts, ends, slowed[starts.index]) if is_slow]
