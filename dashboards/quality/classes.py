"""Quality within each class, as bars per method."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboards.data import RunData
from dashboards.intervals import interval_words, plotly_bars
from dashboards.plotly_text import plotly_text
from dashboards.quality.groups import Group
from dashboards.quality_axis import TITLES
from dashboards.theme import INK, styled

QUERY = """
SELECT quality_class.*, extractor.name AS extractor_name FROM quality_class JOIN cell ON cell.id = quality_class.cell
LEFT JOIN extractor ON extractor.run = cell.run AND extractor.place = quality_class.extractor
WHERE cell.run = :run AND cell.status = 'ok' ORDER BY quality_class.extractor, metric, cell, label
"""
MOST_CLASSES = 40


def class_figures(data: RunData, groups: list[Group]) -> list[dict]:
    """By metric and group: title, words and figure. Only classes where every method has as many samples."""
    rows = data.query(QUERY)
    found = []
    for (place, metric), of_metric in rows.groupby(["extractor", "metric"], sort=False):
        name = TITLES.get(metric, metric.replace("_", " ")) + (f" ({of_metric['extractor_name'].iloc[0]})" if place > 1 else "")
        for group in groups:
            mine = of_metric[of_metric["cell"].isin(group.cells["cell"])]
            uneven = mine.groupby("label")["n"].transform("nunique") > 1
            known = mine[~uneven]
            if known.empty:
                continue
            spread = known.groupby("label")["value"].agg(lambda values: values.max() - values.min())
            labels = sorted(spread.sort_values(ascending=False, kind="stable").index[:MOST_CLASSES])
            words = f"Shown are the {MOST_CLASSES} of {len(spread)} classes in which the methods lie furthest apart." if len(spread) > MOST_CLASSES else ""
            if uneven.any():
                words += f" Left out are {mine.loc[uneven, 'label'].nunique()} classes of which methods have unequal numbers of samples."
            found.append({"title": f"{name} by class, {group.title}", "words": words.strip(),
                          "figure": _bars(data, group, known[known["label"].isin(labels)], plotly_text(name))})
    return found


def _bars(data: RunData, group: Group, rows, name: str) -> go.Figure:
    figure = go.Figure()
    methods = group.cells.set_index("cell")["method_label"]
    for cell, of in rows.groupby("cell", sort=False):
        method = methods[cell]
        colour = data.look.colours[method]
        of = of.astype({end: float for end in ("value", "low", "high")})
        words = [interval_words(low, high, n, ".4g") for low, high, n in zip(of["low"], of["high"], of["n"])]
        figure.add_trace(go.Bar(
            x=[str(label) for label in of["label"]], y=of["value"], name=plotly_text(method), marker={"color": colour, "opacity": 0.6},  # bars of intervals are seen inside
           
            error_y=plotly_bars(of.rename(columns={"low": "value_low", "high": "value_high"}), "value", INK), customdata=list(zip(words, of["n"])),
            hovertemplate=f"<b>{plotly_text(method)}</b>, class %{{x}}<br>{name} %{{y:.4g}} %{{customdata[0]}} (N = %{{customdata[1]}})<extra></extra>"))
    figure.update_xaxes(title_text="class", type="category", categoryorder="array", categoryarray=[str(label) for label in sorted(rows["label"].unique())])
    figure.update_yaxes(title_text=name)
    return styled(figure, 420).update_layout(barmode="group", showlegend=True)
