"""One look for every figure: colours stand for methods, markers for solvers, everywhere the same. Only where one line per
solver is the point do they change places: SERIES_COLOURS, and markers by method."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

# Okabe and Ito's palette, told apart with any colour vision; black is the baseline
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#8C8C00"]
BASELINE_COLOUR = "#222222"
# twelve markers: more than there are solvers, so that none stands for two
MARKERS = ["circle", "square", "diamond", "triangle-up", "cross", "star",
           "triangle-down", "x", "triangle-left", "triangle-right", "hourglass", "bowtie"]
PAPER_MARKERS = ["o", "s", "D", "^", "P", "*", "v", "X", "<", ">", "d", "p"]
# Tol's muted palette without its pale yellow, for lines of which there are many
SERIES_COLOURS = ["#332288", "#CC6677", "#117733", "#88CCEE", "#E09B00", "#882255", "#44AA99", "#AA4499", "#999933",
                  "#777777", "#1F2933", "#5B8FF9"]
FONT = "Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
GRID = "#E6E8EB"
LOG_TICKS = [round(digit * 10.0**power, 9) for power in range(-4, 7) for digit in (1, 2, 5)]  # whole numbers on them
INK = "#1F2933"


@dataclass(frozen=True)
class Look:
    """Colours by method label, markers by solver."""

    colours: dict[str, str]
    markers: dict[str, str]
    paper_markers: dict[str, str]


def look_of(methods: list[str], baselines: set[str], solvers: list[str]) -> Look:
    others = [method for method in methods if method not in baselines]
    colours = {method: COLOURS[i % len(COLOURS)] for i, method in enumerate(others)}
    colours |= {method: BASELINE_COLOUR for method in methods if method in baselines}
    return Look(
        colours,
        {solver: MARKERS[i % len(MARKERS)] for i, solver in enumerate(solvers)},
        {solver: PAPER_MARKERS[i % len(PAPER_MARKERS)] for i, solver in enumerate(solvers)},
    )


def series_colours(series: list[str]) -> dict[str, str]:
    return {name: SERIES_COLOURS[i % len(SERIES_COLOURS)] for i, name in enumerate(series)}


def styled(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        template="plotly_white",
        height=height,
        font={"family": FONT, "size": 13, "color": INK},
        margin={"l": 70, "r": 24, "t": 48, "b": 64},
        legend={"orientation": "h", "y": -0.22, "x": 0, "title": None},
        hoverlabel={"font": {"family": FONT}},
        plot_bgcolor="white",
        paper_bgcolor="white",
    )
    figure.update_xaxes(gridcolor=GRID, zerolinecolor=GRID, linecolor="#9AA5B1", ticks="outside", tickcolor="#9AA5B1")
    figure.update_yaxes(gridcolor=GRID, zerolinecolor=GRID, linecolor="#9AA5B1", ticks="outside", tickcolor="#9AA5B1")
    return figure
