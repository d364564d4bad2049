"""A metric over the number of samples, and what it is extrapolated to: a line in 1 / N that ends at infinitely many."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboards.data import RunData
from dashboards.intervals import interval_words, plotly_bars
from dashboards.plotly_text import plotly_text
from dashboards.quality.groups import Group
from dashboards.quality_axis import Quality, rows_of
from dashboards.theme import styled

QUERY = """
SELECT quality_curve.* FROM quality_curve JOIN cell ON cell.id = quality_curve.cell
WHERE cell.run = :run AND cell.status = 'ok' ORDER BY quality_curve.extractor, metric, cell, n
"""


def curve_figures(data: RunData, groups: list[Group]) -> list[dict]:
    """By extrapolated metric and group: title and figure."""
    rows, found = data.query(QUERY), []
    for quality in data.qualities:
        of_metric, ends = rows_of(rows, quality), rows_of(data.values, quality).set_index("cell")
        for group in groups:
            mine = of_metric[of_metric["cell"].isin(group.cells["cell"]) & of_metric["cell"].isin(ends.index)]
            if len(mine):
                found.append({"title": f"{quality.title} from fewer samples, {group.title}", "figure": _curves(data, group, mine, ends, quality)})
    return found


def slope(n: np.ndarray, values: np.ndarray, end: float) -> float:
    """Of the line through (0, end) that lies nearest to values over 1 / n."""
    across = 1.0 / n
    return float(across @ (values - end) / (across @ across))


def _curves(data: RunData, group: Group, rows: pd.DataFrame, ends: pd.DataFrame, quality: Quality) -> go.Figure:
    figure, methods = go.Figure(), group.cells.set_index("cell")["method_label"]
    title = plotly_text(quality.title)
    for cell, of in rows.groupby("cell", sort=False):
        method, end = plotly_text(methods[cell]), ends.loc[[cell]]
        colour, value = data.look.colours[methods[cell]], float(end["value"].iloc[0])
        n, values = of["n"].to_numpy(float), of["value"].to_numpy(float)
        far = 1.0 / n.min()
        common = {"name": method, "legendgroup": method}
        figure.add_trace(go.Scatter(x=[0.0, far], y=[value, value + slope(n, values, value) * far], mode="lines", hoverinfo="skip", showlegend=False,
                                    line={"color": colour, "width": 1, "dash": "dot"}, **common))
        figure.add_trace(go.Scatter(x=1.0 / n, y=values, mode="markers", marker={"color": colour, "size": 8}, customdata=n,
                                    hovertemplate=f"<b>{method}</b><br>N = %{{customdata:.0f}}: %{{y:.4g}}<extra></extra>", **common))
        words = interval_words(end["low"].iloc[0], end["high"].iloc[0], end["n"].iloc[0], ".4g")
        figure.add_trace(go.Scatter(
            x=[0.0], y=[value], mode="markers", showlegend=False, marker={"color": colour, "size": 11, "symbol": "diamond", "line": {"color": "white", "width": 1}},
            error_y=plotly_bars(end.rename(columns={"low": "value_low", "high": "value_high"}), "value", colour),
            hovertemplate=f"<b>{method}</b><br>{title} %{{y:.4g}} {words}<extra></extra>", **common))
    sizes = sorted({int(n) for n in rows["n"]})
    shown = [n for i, n in enumerate(sizes) if i == 0 or 1 / sizes[i - 1] - 1 / n > 0.06 / sizes[0]]  # words of ticks do not meet
    figure.update_xaxes(title_text="number of samples N, on a scale of 1 / N", tickvals=[0.0, *(1 / n for n in shown)], ticktext=["∞", *map(str, shown)])
    figure.update_yaxes(title_text=f"value at N, and {title} (◆)")
    return styled(figure, 440)
