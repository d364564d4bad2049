from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from dashboards.data import read_run
from dashboards.database import open_database
from dashboards.figures import FIGURES
from dashboards.report import main
from dashboards.statistics import bootstrap_median, median_interval
from dashboards.verdict import verdict


def report(database: Path) -> str:
    out = database.parent / "report"
    assert main([str(database), "-o", str(out)]) == 0
    return (out / "report.html").read_text()


def text_of_rows(page: str) -> list[list[str]]:
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    rows = re.findall(r"<tr.*?</tr>", body, re.S)
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.S)] for row in rows]


def test_the_table_shows_the_numbers(database: Path) -> None:
    rows = {row[0]: row for row in text_of_rows(report(database))}
    # medians over 1.00 .. 1.07 of the duration: 1.035
    assert rows["full"][4] == "104 ms" and rows["half"][4] == "41.4 ms"
    assert rows["half"][5].startswith("241.5 [")  # 10 images in 41.4 ms
    assert rows["half"][6] == "2.500 [2.500, 2.500]"  # every round's ratio is the same
    assert rows["half"][7:10] == ["2.000", "1.50", "50.0%"]  # theory, (2.5 - 1) / (2 - 1), blocks
    assert rows["half"][10:] == ["5 [4.8, 5.2]", "512"]
    assert rows["null"][6:11] == ["–"] * 5


def test_a_failed_cell_keeps_its_row_and_reason(database: Path) -> None:
    page = report(database)
    assert text_of_rows(page)[-1][-1] == "failed: samples are &lt;not&gt; finite"
    assert "1 of 4 cells did not finish" in page


def test_the_page_needs_no_network(database: Path) -> None:
    page = report(database)
    ours = re.sub(r"<script>.*?</script>", "", page, count=1, flags=re.S)  # plotly.js itself
    assert len(ours) < len(page) - 1_000_000
    assert not re.search(r'(?:src|href)="(?!data:|#)', ours)
    assert ours.count("data:image/png;base64") == 2
    assert "name = &#34;&lt;demo&gt;&#34;" in page  # what users write is escaped


def test_definitions_are_on_hover(database: Path) -> None:
    assert page_titles(report(database)) >= {"distance to real images [Frechet]", "how much faster [ratio]"}


def page_titles(page: str) -> set[str]:
    return set(re.findall(r'title="([^"]+)"', page))


def test_every_figure_is_drawn_and_survives_an_empty_run(database: Path) -> None:
    sweeps = {"solver_quality", "saving_by_solver", "method_sweep"}  # one solver, one step count, no knob: tested elsewhere
    with open_database(str(database)) as connection:
        data = read_run(connection, 1)
        assert {name for name, module in FIGURES.items() if module.draw(data) is None} == sweeps
    empty = database.parent / "empty.db"
    with sqlite3.connect(database) as source, sqlite3.connect(empty) as target:
        source.backup(target)
    with sqlite3.connect(empty) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM cell")
    page = report(empty)
    assert "No method was measured" in page


def test_paper_figures_are_written(database: Path) -> None:
    report(database)
    names = {path.name for path in (database.parent / "report/figures").iterdir()}
    assert names == {f"{figure}.{kind}" for figure in ("speed_quality", "speedups", "where_saving_goes", "blocks_over_t") for kind in ("svg", "pdf")}


def test_the_verdict_names_what_is_good_enough(database: Path) -> None:
    with open_database(str(database)) as connection:
        assert "No method came within 10%" in verdict(read_run(connection, 1))  # FID 5 against 4
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE quality SET value = 4.3, low = 4.1, high = 4.5 WHERE cell = 2")
    with open_database(str(database)) as connection:
        assert "the fastest is half on ddim, 2 steps: 2.50 times" in verdict(read_run(connection, 1))


@pytest.mark.parametrize("fault", ["missing", "text", "newer", "no run", "other run"])
def test_wrong_databases_end_with_exit_code_2(database: Path, capsys, fault: str) -> None:
    arguments = [str(database), "-o", str(database.parent / "report")]
    if fault == "missing":
        database.unlink()
    elif fault == "text":
        database.write_text("text " * 1000)
    elif fault == "newer":
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA user_version = 99")
    elif fault == "no run":
        with sqlite3.connect(database) as connection:
            connection.execute("DELETE FROM run")
    else:
        arguments += ["--run", "7"]
    assert main(arguments) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (database.parent / "report").exists()


def test_median_intervals_are_the_published_ranks() -> None:
    assert median_interval(np.arange(1, 6)) is None
    assert median_interval(np.arange(1, 7)) == (1, 6)
    assert median_interval(np.arange(1, 21)) == (6, 15)


def test_the_bootstrap_covers_the_median() -> None:
    random = np.random.default_rng(0)
    inside = 0
    for trial in range(200):
        low, high = bootstrap_median(random.lognormal(size=25), seed=trial)
        inside += low <= 1.0 <= high
    assert inside >= 180  # 95 % nominal, four standard errors of slack
