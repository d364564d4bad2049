"""Speed-ups of the methods from machine to machine: where lines cross, the ranking changes."""

from __future__ import annotations

import textwrap

import pandas as pd
import plotly.graph_objects as go

from dashboards.fleet.read import Fleet, Setting
from dashboards.intervals import plotly_bars
from dashboards.plotly_text import for_plotly
from dashboards.theme import BASELINE_COLOUR, MARKERS, styled

EXPLANATION = (
    "Each line is a method over its full network, with 95 % intervals. Lines that cross are methods whose order depends on the machine; the tables "
    "below say where that is known."
)
COLUMNS = ["speedup", "speedup_low", "speedup_high", "speedup_interval"]
REACH = 0.12  # of the distance between two machines over which their points are spread, so that intervals do not lie on each other
HEIGHT = 460
CHARACTERS = 20  # of a line under the axis: six machines side by side have no room for more


def draw(fleet: Fleet, colours: dict[str, str]) -> go.Figure | None:
    """None where no method was timed against its full network. `colours`: by method label. A marker is a setting."""
    lines = [(setting, key, rows) for setting in fleet.settings for key in setting.keys if (rows := _speedups(fleet, key))["speedup"].notna().any() and key != setting.full]
    if not lines:
        return None
    figure = go.Figure()
    for place, (setting, key, rows) in enumerate(lines):
        shift = REACH * (place / max(1, len(lines) - 1) - 0.5)
        figure.add_trace(_line(fleet, setting, key, rows, shift, colours[fleet.names[key]]))
    figure.add_hline(y=1.0, line={"color": BASELINE_COLOUR, "width": 1, "dash": "dot"})
    figure.update_yaxes(title_text="speed-up over full (higher is better)")
    machines = range(len(fleet.machines))
    figure.update_xaxes(tickvals=list(machines), ticktext=[_wrapped(fleet.machines[number].label) for number in machines], tickangle=0, showgrid=False, zeroline=False, range=[-0.5, len(machines) - 0.5])
    return styled(figure, HEIGHT)


def _speedups(fleet: Fleet, key: str) -> pd.DataFrame:
    """A row for each machine, of NaN where the cell did not run."""
    return pd.concat([machine.cells[COLUMNS].reindex([key]) for machine in fleet.machines])


def _line(fleet: Fleet, setting: Setting, key: str, rows: pd.DataFrame, shift: float, colour: str) -> go.Scatter:
    name = for_plotly(fleet.names[key] + (f", {setting.title}" if len(fleet.settings) > 1 else ""))
    return go.Scatter(
        x=[place + shift for place in range(len(rows))], y=rows["speedup"].tolist(), mode="lines+markers", name=name, line={"color": colour, "width": 1.2},
        marker={"color": colour, "size": 8, "symbol": MARKERS[fleet.settings.index(setting) % len(MARKERS)]}, error_y=plotly_bars(rows, "speedup", colour),
        customdata=for_plotly([[machine.label, words] for machine, words in zip(fleet.machines, rows["speedup_interval"].fillna(""))]),
        hovertemplate=f"<b>{name}</b><br>%{{customdata[0]}}<br>speed-up %{{y:.3f}} %{{customdata[1]}}<extra></extra>",
    )


def _wrapped(label: str) -> str:
    """Each of its parts on lines of its own."""
    return "<br>".join(for_plotly(line) for part in label.replace(" and ", ", ").split(", ") for line in textwrap.wrap(part, CHARACTERS))
