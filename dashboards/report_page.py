"""report.html: the table of one run, its figures, samples and environment."""

from __future__ import annotations

from dashboards.environment_table import environment_rows
from dashboards.figures import FIGURES
from dashboards.page_parts import figure_html
from dashboards.quality_axis import Quality
from dashboards.sample_grid import sample_strips
from dashboards.source import Source
from dashboards.summary_table import footnotes, headings, table_rows
from dashboards.verdict import verdict

TITLE = "Report"


def explanation(text: str, quality: Quality) -> str:
    """With what stands on the axis of quality."""
    return text.replace("{down}", quality.direction).replace("{quality}", quality.title)


def content(source: Source) -> dict:
    data = source.data
    figures, drawn = [], data.for_plotly()
    for name, module in FIGURES.items():
        figure = module.draw(drawn)
        if figure is not None:
            figures.append({"title": module.TITLE, "explanation": explanation(module.EXPLANATION, data.quality), "html": figure_html(figure, name)})
    return {
        "verdict": verdict(data), "columns": headings(data), "rows": table_rows(data), "footnotes": footnotes(data), "figures": figures,
        "samples": sample_strips(data), "environment": environment_rows(data), "metrics": data.metrics,
    }
