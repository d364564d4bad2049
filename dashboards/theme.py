"""One look for every figure: colours stand for methods, markers for solvers, everywhere the same. Only where one line per
solver is the point do they change places: SERIES_COLOURS, and markers by method. Where a line is a method over its knob,
both are the method's."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib
import plotly.graph_objects as go

matplotlib.rcParams["text.parse_math"] = False  # words are shown as they are: a $ in a label is a dollar

# Okabe and Ito's palette, told apart with any colour vision; black is the baseline
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#8C8C00"]
BASELINE_COLOUR = "#222222"
# twelve markers: more than there are solvers, so that none stands for two
MARKERS = ["circle", "square", "diamond", "triangle-up", "cross", "star",
           "triangle-down", "x", "triangle-left", "triangle-right", "hourglass", "bowtie"]
PAPER_MARKERS = ["o", "s", "D", "^", "P", "*", "v", "X", "<", ">", "d", "p"]
# Tol's muted palette without its pale colours, for lines of which there are many
SERIES_COLOURS = ["#332288", "#CC6677", "#117733", "#3D9BD1", "#E09B00", "#882255", "#44AA99", "#AA4499", "#999933",
                  "#777777", "#1F2933", "#5B8FF9"]
FONT = "Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
GRID = "#E6E8EB"
LOG_TICKS = [round(digit * 10.0**power, 9) for power in range(-4, 7) for digit in (1, 2, 5)]  # whole numbers on them
INK = "#1F2933"


@dataclass(frozen=True)
class Look:
    """Colours by method label and by family (families.py), markers by solver."""

    colours: dict[str, str]
    family_colours: dict[str, str]
    markers: dict[str, str]
    paper_markers: dict[str, str]


def look_of(families: dict[str, str], baselines: set[str], solvers: list[str]) -> Look:
    """`families`: family by method label. Where there are more labels than colours, the labels of a family share one,
    in shades."""
    others = [label for label in families if label not in baselines]
    of_family = series_colours(list(dict.fromkeys(families[label] for label in others)))
    if len(others) <= len(COLOURS):
        colours = {label: COLOURS[i] for i, label in enumerate(others)}
    else:
        siblings = {family: [label for label in others if families[label] == family] for family in of_family}
        colours = {
            label: _lighter(of_family[family], 0.55 * i / max(1, len(labels) - 1))
            for family, labels in siblings.items() for i, label in enumerate(labels)
        }
    colours |= {label: BASELINE_COLOUR for label in families if label in baselines}
    return Look(
        colours,
        of_family,
        {solver: MARKERS[i % len(MARKERS)] for i, solver in enumerate(solvers)},
        {solver: PAPER_MARKERS[i % len(PAPER_MARKERS)] for i, solver in enumerate(solvers)},
    )


def _lighter(colour: str, towards_white: float) -> str:
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * towards_white):02X}" for part in parts)


def series_colours(series: list[str]) -> dict[str, str]:
    return {name: SERIES_COLOURS[i % len(SERIES_COLOURS)] for i, name in enumerate(series)}


def styled(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        template="plotly_white",
        height=height,
        font={"family": FONT, "size": 13, "color": INK},
        margin={"l": 70, "r": 24, "t": 48, "b": 64},
        legend={"orientation": "h", "y": -70 / (height - 112), "yanchor": "top", "x": 0, "title": None},  # under the axis' title
        hoverlabel={"font": {"family": FONT}},
        plot_bgcolor="white",
        paper_bgcolor="white",
    )
    figure.update_xaxes(gridcolor=GRID, zerolinecolor=GRID, linecolor="#9AA5B1", ticks="outside", tickcolor="#9AA5B1")
    figure.update_yaxes(gridcolor=GRID, zerolinecolor=GRID, linecolor="#9AA5B1", ticks="outside", tickcolor="#9AA5B1")
    return figure
