"""The scopes of a cell as a flame graph that hangs down: width is time per sample, so that two cells can be compared."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import plotly.graph_objects as go

from dashboards.profile.cell_profile import IDLE, CellProfile
from dashboards.theme import INK, PHASE_COLOURS, styled

TITLE = "Flame graph"
EXPLANATION = (
    "Time per sample from the whole sampling (top) through phases and blocks to operators or kernels (bottom); all "
    "evaluations are laid on top of each other. Grey is time in which nothing was recorded to run."
)
IDLE_COLOUR = "#CBD2D9"
PALE_COLOURS = (IDLE_COLOUR, *(PHASE_COLOURS[phase] for phase in ("embed", "probe", "head", "decode", "carried")))  # on which white cannot be read
SMALLEST = 0.002  # of the whole: narrower pieces are not drawn, their room stays empty


@dataclass
class Node:
    name: str
    phase: str
    ns: float = 0.0
    calls: int = 0
    children: dict[str, "Node"] = field(default_factory=dict)


def tree(profile: CellProfile) -> Node:
    root = Node("", "")
    for path, phase, ns, calls in profile.paths[["path", "phase", "ns", "calls"]].itertuples(index=False):
        node = root
        node.ns += ns
        for depth, name in enumerate(path):
            leaf = depth == len(path) - 1
            key = ("leaf " if leaf else "scope ") + name
            node = node.children.setdefault(key, Node(name, phase if leaf else name.split(" ")[0]))
            node.ns += ns
            node.calls += calls
    return root


def _order(node: Node) -> tuple:
    phases = list(PHASE_COLOURS)
    number = re.search(r" (\d+)$", node.name)
    if node.name.split(" ")[0] in phases and node.name != IDLE:
        return (phases.index(node.name.split(" ")[0]), int(number.group(1)) if number else 0, 0.0)
    return (len(phases) + (node.name == IDLE), 0, -node.ns)  # operators by time, what was between last


def boxes(profile: CellProfile) -> list[tuple[int, float, Node]]:
    """(depth, where it begins in ns, node), from the outside in and left to right."""
    root, drawn = tree(profile), []

    def lay(node: Node, depth: int, left: float) -> None:
        for child in sorted(node.children.values(), key=_order):
            if child.ns >= SMALLEST * root.ns:
                drawn.append((depth, left, child))
                lay(child, depth + 1, left)
            left += child.ns

    lay(root, 0, 0.0)
    return drawn


def draw(profile: CellProfile) -> go.Figure | None:
    drawn = boxes(profile)
    if not drawn:
        return None
    scale, total = profile.scale(), profile.paths["ns"].sum()
    colours = [IDLE_COLOUR if node.name == IDLE else PHASE_COLOURS.get(node.phase, "#9AA5B1") for *_, node in drawn]
    faint = [not node.children and node.name != IDLE for *_, node in drawn]  # operators, in the colour of their phase
    dark_text = [INK if pale or colour in PALE_COLOURS else "white" for pale, colour in zip(faint, colours)]
    figure = go.Figure(
        go.Bar(
            x=[node.ns * scale for *_, node in drawn], base=[left * scale for _, left, _ in drawn],
            y=[depth for depth, *_ in drawn], orientation="h", width=0.94, text=[short_name(node.name) for *_, node in drawn],
            textposition="inside", insidetextanchor="middle", textangle=0, constraintext="inside",
            textfont={"size": 11, "color": dark_text},
            marker={"color": colours, "opacity": [0.45 if pale else 1.0 for pale in faint], "line": {"color": "white", "width": 0.7}},
            customdata=[[node.name, node.ns / total, node.calls / profile.samples] for *_, node in drawn],
            hovertemplate="<b>%{customdata[0]}</b><br>%{x:.4g} ms per sample, %{customdata[1]:.1%}"
            "<br>%{customdata[2]:.3g} activities per sample<extra></extra>",
        )
    )
    depth = max(depth for depth, *_ in drawn) + 1
    figure.update_xaxes(title_text="ms per sample", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", visible=False)
    styled(figure, 90 + 34 * depth)
    return figure.update_layout(margin={"l": 10, "r": 10, "t": 30, "b": 50}, bargap=0, showlegend=False, uniformtext={"mode": "hide", "minsize": 9})


def short_name(name: str) -> str:
    """A block's number suffices under its phase, and nearly every operator is LibTorch's."""
    number = name.rpartition(" ")[2]
    return number if number.isdigit() else name.removeprefix("aten::")
