"""Ratios new / old with their intervals against the band of changes that do not matter."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboards.comparison.read import IMPROVEMENTS, REGRESSIONS, Comparison
from dashboards.plotly_text import for_plotly, shortened
from dashboards.theme import styled
from dashboards.units import name_words

TITLE = "Ratios with their intervals"
EXPLANATION = (
    "New over old. A row's grey band is the smallest effect that matters: an interval beyond it is a finding, one within it says that nothing "
    "changed that matters, and one across its edge decides nothing. Whether right is good depends on the metric."
)
MOST_ROWS = 60  # what matters most; the table has them all
COLOURS = {**dict.fromkeys(REGRESSIONS, "#C0392B"), **dict.fromkeys(IMPROVEMENTS, "#117733"), "undecided": "#E09B00", "same": "#52606D",
           "not_comparable": "#9AA5B1"}
LONGEST = 70  # characters of a row's name


def draw(comparison: Comparison) -> go.Figure | None:
    known = comparison.cells[comparison.cells["ratio"].notna()]
    if known.empty:
        return None
    cells = for_plotly(known.head(MOST_ROWS).reset_index(drop=True))
    cells["interval"] = ["" if pd.isna(low) else f"[{low:.4f}, {high:.4f}]" for low, high in zip(cells["low"], cells["high"])]
    rows = [str(row) for row in range(len(cells))]  # names may repeat once they are cut
    figure = go.Figure()
    band = cells[cells["smallest_effect"] > 0]
    figure.add_trace(go.Bar(
        x=(1 + band["smallest_effect"]) - 1 / (1 + band["smallest_effect"]), base=1 / (1 + band["smallest_effect"]), y=[rows[i] for i in band.index], orientation="h",
        width=0.9, marker={"color": "#E4E7EB", "line": {"width": 0}}, hoverinfo="skip", name="does not matter"))
    for verdict, of in cells.groupby("verdict", sort=False):
        figure.add_trace(go.Scatter(
            x=of["ratio"], y=[rows[i] for i in of.index], mode="markers", name=verdict.replace("_", " "),
            marker={"color": COLOURS[verdict], "size": 8},
            error_x={"type": "data", "symmetric": False, "array": of["high"] - of["ratio"], "arrayminus": of["ratio"] - of["low"], "color": COLOURS[verdict],
                     "thickness": 1.6, "width": 3},
            customdata=of[["key", "metric", "interval", "reason"]],
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}: %{x:.4f} %{customdata[2]}<br>%{customdata[3]}<extra></extra>"))
    figure.add_vline(1, line={"color": "#52606D", "width": 1})
    names = [f"{shortened(key, LONGEST)} · {name_words(metric)}" for key, metric in zip(cells["key"], cells["metric"])]
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=rows[::-1], tickvals=rows, ticktext=names, tickfont={"size": 11}, automargin=True,
                        range=[-0.5, len(cells) - 0.5])
    figure.update_xaxes(title_text="new / old")
    return styled(figure, 130 + 22 * len(cells))
