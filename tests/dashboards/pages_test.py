"""The table of pages: each is self-contained, and all that exist know each other."""

from __future__ import annotations

import re
from pathlib import Path

from dashboards.pages import PAGES, file_name
from dashboards.report import main

from history_database import make_history
from rows import change

TEMPLATES = Path(__file__).resolve().parents[2] / "dashboards" / "templates"


def links(page: Path) -> list[tuple[str, bool]]:
    """Of the nav: file, and whether it is the page itself."""
    nav = re.search(r"<nav>(.*?)</nav>", page.read_text())
    return [(file, bool(here)) for file, here in re.findall(r'<a href="([^"]+)"( aria-current="page")?>', nav.group(1))] if nav else []


def test_each_page_has_a_template() -> None:
    assert {file.name for file in TEMPLATES.glob("*.html.j2")} == {f"{name}.html.j2" for name in PAGES} | {"base.html.j2"}


def test_a_page_alone_has_no_nav(database: Path) -> None:
    change(database, "DELETE FROM quality")
    change(database, "DELETE FROM sample")
    out = database.parent / "report"
    assert main([str(database), "-o", str(out)]) == 0
    assert [path.name for path in out.glob("*.html")] == ["report.html"] and links(out / "report.html") == []


def test_pages_that_exist_link_to_each_other_and_need_no_network(tmp_path: Path) -> None:
    database = make_history(tmp_path / "h.db", {"full/1": [100.0, 101.0]})
    assert main([str(database), "-o", str(tmp_path / "report")]) == 0
    for name in ("report", "history"):
        path = tmp_path / "report" / file_name(name)
        assert links(path) == [(file_name(of), of == name) for of in ("report", "history")]
        ours = re.sub(r"<script>.*?</script>", "", path.read_text(), count=1, flags=re.S)  # plotly.js itself
        assert not re.search(r'(?:src|href)="(?!data:|#|report\.html|history\.html)', ours)


def test_a_page_of_an_earlier_report_goes(tmp_path: Path) -> None:
    database = make_history(tmp_path / "h.db", {"full/1": [100.0, 101.0]})
    out = tmp_path / "report"
    assert main([str(database), "-o", str(out)]) == 0 and (out / "history.html").exists()
    (out / "notes.html").write_text("the user's own")
    change(database, "DELETE FROM run WHERE id = 1")
    assert main([str(database), "-o", str(out)]) == 0
    assert not (out / "history.html").exists() and (out / "notes.html").exists() and links(out / "report.html") == []
