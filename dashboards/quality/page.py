"""quality.html: what several metrics say of the methods, and what they rest on. Each part is there where the run has what it shows."""

from __future__ import annotations

from dashboards.figures import speed_quality
from dashboards.page_parts import figure_html
from dashboards.quality.budgets import budget_tables
from dashboards.quality.classes import class_figures
from dashboards.quality.curves import curve_figures
from dashboards.quality.groups import groups
from dashboards.quality.neighbours import neighbours
from dashboards.quality.rank_table import rank_tables
from dashboards.quality.sample_differences import difference_sheets
from dashboards.source import Source

TITLE = "Quality"


def content(source: Source) -> dict | None:
    data, of = source.data, groups(source.data)
    figures = []
    for quality in (of for of in data.qualities if of.name != data.quality.name):  # that one is in the report
        figure = speed_quality.draw(data.judged_by(quality).for_plotly())
        if figure is not None:
            figures.append({"title": f"Speed against {quality.title}", "figure": figure})
    parts = {
        "ranks": rank_tables(data, of), "budgets": budget_tables(data), "speeds": _as_html(figures, "speed"), "sheets": difference_sheets(data, of),
        "classes": _as_html(class_figures(data, of), "class"), "curves": _as_html(curve_figures(data, of), "curve"), "neighbours": neighbours(data, of),
    }
    return parts if any(parts.values()) else None


def _as_html(figures: list[dict], name: str) -> list[dict]:
    return [figure | {"html": figure_html(figure["figure"], f"{name}_{number}")} for number, figure in enumerate(figures)]
