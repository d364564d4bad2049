"""THE table of pages, in the order of their nav. A page is a module with TITLE and content(source) -> the variables of its
template `templates/<name>.html.j2`, or None where the file holds nothing for it; the template extends base.html.j2.

    for name, html in render(Source(data)).items(): ...    # "report.html" and the others that exist
"""

from __future__ import annotations

from pathlib import Path

import jinja2
from plotly.offline import get_plotlyjs

from dashboards import report_page
from dashboards.comparison import page as comparison
from dashboards.fleet import page as fleet
from dashboards.history import page as history
from dashboards.profile import page as profile
from dashboards.quality import page as quality
from dashboards.source import Source

PAGES = {"report": report_page, "quality": quality, "history": history, "fleet": fleet, "comparison": comparison, "profile": profile}


def file_name(page: str) -> str:
    return f"{page}.html"


def render(source: Source) -> dict[str, str]:
    """HTML by file name, of the pages that have something to show."""
    contents = {name: of for name, module in PAGES.items() if (of := module.content(source)) is not None}
    nav = [{"name": name, "file": file_name(name), "title": PAGES[name].TITLE} for name in contents]
    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
    plotly_js = get_plotlyjs()
    return {
        file_name(name): templates.get_template(f"{name}.html.j2").render(
            run=source.data.run, page=name, title=PAGES[name].TITLE, nav=nav, plotly_js=plotly_js, **of)
        for name, of in contents.items()
    }
