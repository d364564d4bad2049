"""One look for every figure of every page: a colour is a method's (its settings are shades of it), a marker a solver's. Where a
line is a method over its knob, the marker is the method's too. What is neither has colours that no method has."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib
import matplotlib.pyplot as plt
import plotly.graph_objects as go

from dashboards.plotly_text import length_shown

matplotlib.rcParams["text.parse_math"] = False  # words are shown as they are: a $ in a label is a dollar

# of methods: Okabe and Ito's palette, told apart with any colour vision, and what is left beside it; black is the baseline
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#7A5195", "#8C8C00", "#56B4E9",
           "#A4133C", "#8B5A2B", "#008B8B", "#E0479E", "#5C3FD6", "#6BAA00", "#2F4B7C", "#B8860B"]
BASELINE_COLOUR = "#222222"
NULL_COLOUR = "#9AA5B1"  # it prices the harness, and is no method to be chosen
LIGHTEST = 0.45  # towards white, of the last shade of a method
# twelve markers: more than there are solvers, so that none stands for two
MARKERS = ["circle", "square", "diamond", "triangle-up", "cross", "star",
           "triangle-down", "x", "triangle-left", "triangle-right", "hourglass", "bowtie"]
PAPER_MARKERS = ["o", "s", "D", "^", "P", "*", "v", "X", "<", ">", "d", "p"]
# Tol's muted palette without its pale colours, for lines that are neither methods nor solvers, as devices
SERIES_COLOURS = ["#332288", "#CC6677", "#117733", "#3D9BD1", "#E09B00", "#882255", "#44AA99", "#AA4499", "#999933",
                  "#777777", "#1F2933", "#5B8FF9"]
FONT = "Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
GRID = "#E6E8EB"
LOG_TICKS = [round(digit * 10.0**power, 9) for power in range(-4, 7) for digit in (1, 2, 5)]  # whole numbers on them
INK = "#1F2933"
PAPER_ENTRY, PAPER_CHARACTER, PAPER_ROW = 0.5, 0.052, 0.155  # inches of a legend at 7 points: line, character, row
PAGE_WIDTH = 1200.0  # pixels of a figure's panels in a window of 1400
LEGEND_ROW, ENTRY_WIDTH, CHARACTER_WIDTH = 23, 52.0, 7.4  # pixels; an entry's line with its air
# of parts of a method's time
PHASE_COLOURS = {
    "sampling": "#52606D", "evaluation": "#829AB1", "embed": "#98C1D9", "block": "#5B7DA8", "probe": "#F2C14E",
    "compact": "#EE6C4D", "head": "#81B29A", "solver": "#9C89B8", "decode": "#A3A380", "carried": "#7FB7DC",
}


@dataclass(frozen=True)
class Look:
    """Colours by method label and by family (families.py), markers by solver."""

    colours: dict[str, str]
    family_colours: dict[str, str]
    markers: dict[str, str]
    paper_markers: dict[str, str]


def method_colour(number: int) -> str:
    """Of the method of this number; after the last one they begin again, darker, so that no two are the same."""
    turn, place = divmod(number, len(COLOURS))
    return mixed(COLOURS[place], 0.0, 1 - 0.7**turn)


def look_of(families: dict[str, str], baselines: set[str], nulls: set[str], solvers: list[str]) -> Look:
    """`families`: family by method label (families.py). The labels of a family share its colour, in shades from the first on."""
    others = [label for label in families if label not in baselines | nulls]
    of_family = {family: method_colour(i) for i, family in enumerate(dict.fromkeys(families[label] for label in others))}
    siblings = {family: [label for label in others if families[label] == family] for family in of_family}
    colours = {
        label: mixed(of_family[family], 255.0, LIGHTEST * i / max(1, len(labels) - 1))
        for family, labels in siblings.items() for i, label in enumerate(labels)
    }
    return Look(
        colours | dict.fromkeys(nulls, NULL_COLOUR) | dict.fromkeys(baselines, BASELINE_COLOUR),
        of_family,
        {solver: MARKERS[i % len(MARKERS)] for i, solver in enumerate(solvers)},
        {solver: PAPER_MARKERS[i % len(PAPER_MARKERS)] for i, solver in enumerate(solvers)},
    )


def mixed(colour: str, level: float, share: float) -> str:
    """With this share of a grey level: 255 is white."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + (level - part) * share):02X}" for part in parts)


def paper_legend(figure: plt.Figure, handles: dict[str, object]) -> None:
    """Below all axes, in as many columns as fit; further rows make the figure higher."""
    entry = PAPER_ENTRY + PAPER_CHARACTER * max(map(len, handles))
    columns = max(1, min(len(handles), int(figure.get_figwidth() / entry)))
    figure.set_figheight(figure.get_figheight() + PAPER_ROW * (-(-len(handles) // columns) - 1))
    figure.legend(handles.values(), handles.keys(), fontsize=7, ncols=columns, loc="outside lower center")


def with_dot(words: str, colour: str) -> str:
    """Plotly's text (plotly_text.py) with a method's colour in front of it, where a figure's own colours are other things."""
    return f"<span style='color:{colour}'>●</span> {words}"


def legend_rows(figure: go.Figure, width: float = PAGE_WIDTH) -> int:
    """How many rows the legend takes, by the length of its names; plotly gives traces without a group columns of one width."""
    shown = {trace.legendgroup or trace.name: trace for trace in figure.data if trace.showlegend is not False and trace.name}
    entries = [ENTRY_WIDTH + CHARACTER_WIDTH * length_shown(trace.name) for trace in shown.values()]
    if not all(trace.legendgroup for trace in shown.values()) and sum(entries) > width:
        return -(-len(entries) // max(1, int(width / max(entries))))
    rows, used = 1, 0.0
    for entry in entries:
        if used and used + entry > width:
            rows, used = rows + 1, 0.0
        used += entry
    return rows


def styled(figure: go.Figure, height: int) -> go.Figure:
    """`height` with one row of legend: more rows make the figure higher, not its panels smaller. The legend stands at the bottom,
    below the axes' titles however wide the page is."""
    figure.update_layout(
        template="plotly_white",
        height=height + LEGEND_ROW * (legend_rows(figure) - 1),
        font={"family": FONT, "size": 13, "color": INK},
        margin={"l": 70, "r": 24, "t": 48, "b": 64},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "title": None, "tracegroupgap": 4},
        hoverlabel={"font": {"family": FONT}},
        plot_bgcolor="white",
        paper_bgcolor="white",
    )
    figure.update_xaxes(gridcolor=GRID, zerolinecolor=GRID, linecolor="#9AA5B1", ticks="outside", tickcolor="#9AA5B1")
    figure.update_yaxes(gridcolor=GRID, zerolinecolor=GRID, linecolor="#9AA5B1", ticks="outside", tickcolor="#9AA5B1")
    return figure
