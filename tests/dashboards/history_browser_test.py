"""The history page in a real browser: filters, hovers and clicks do what they promise."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Iterator

import pytest

from dashboards.report import main

from browser import Browser, Page
from history_database import add_run, empty_file, make_history, make_large

HOSTILE = 't<400 & "x"/ddim %{x} <b>b</b>'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as started:
        yield started


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 runs on one machine and 2 on another, of 15 cells: one slower from run 13 on, one failed in run 5, and one with a name that attacks the page."""
    path = tmp_path_factory.mktemp("browser") / "history.db"
    connection = empty_file(path)
    for run in range(1, 25):
        cells: dict[str, float | None] = {f"full/{i}": 100.0 + i for i in range(13)} | {"duodiff/1": 50.0 if run < 13 else 55.0, HOSTILE: 70.0}
        if run == 5:
            cells["full/3"] = None
        add_run(connection, run, cells)
    for run in (25, 26):
        add_run(connection, run, {"full/0": 10.0}, cpu="another CPU")
    add_run(connection, 27, {"full/0": 100.0})  # the latest run is on the first machine
    connection.commit()
    connection.close()
    assert main([str(path), "-o", str(path.parent / "report")]) == 0
    return path.parent / "report/history.html"


@pytest.fixture
def page(browser: Browser, history: Path) -> Page:
    opened = browser.open(history)
    opened.wait_for("document.querySelectorAll('#plot .scatterlayer .trace').length > 0")
    return opened


def keys(page: Page, table: str) -> list[str]:
    return page.value(f"[...document.querySelectorAll('#{table} td.key')].map((cell) => cell.textContent)")


def lines(page: Page) -> list[str]:
    """What the legend names."""
    return page.value("[...document.querySelectorAll('#plot .legendtext')].map((text) => text.textContent)")


def test_at_first_the_series_with_the_newest_step_is_on_top(page: Page) -> None:
    assert keys(page, "steps") == ["duodiff/1"] and keys(page, "series")[0] == "duodiff/1" and len(keys(page, "series")) == 15
    assert page.value("document.querySelector('#state').textContent") == "12 of 15 series that match are drawn, of 16 in all."
    step = page.value("document.querySelector('#steps tbody tr').innerText").split("\t")
    assert step == ["2026-01-14 03:00", "0000000c (run 12) … 0000000d (run 13)", "duodiff/1", "a CPU, 2 cores", "+10 %", "50 → 55 ms", "regression"]
    assert "latency: 1 regression in 15 series; the newest begins at 0000000d" in page.value("document.querySelector('#found').textContent")


def test_two_runs_cannot_have_a_step(browser: Browser, tmp_path: Path) -> None:
    database = make_history(tmp_path / "two.db", {"full/1": [100.0, 200.0]})
    assert main([str(database), "-o", str(tmp_path / "report")]) == 0
    page = browser.open(tmp_path / "report/history.html")
    page.wait_for("document.querySelectorAll('#plot .scatterlayer .trace').length > 0")
    assert page.value("document.querySelector('#found').textContent") == "latency: too few runs to call a step, which takes 4."
    assert keys(page, "steps") == [] and keys(page, "series") == ["full/1"]
    page.choose("#up", "relative")
    assert page.value("[...document.querySelector('#plot').data[0].y]") == pytest.approx([100, 200])


def test_a_filter_keeps_what_matches(page: Page) -> None:
    page.type_into("#filter", "duo|^full/1$")
    page.wait_for("document.querySelectorAll('#series td.key').length === 2")
    assert keys(page, "series") == ["duodiff/1", "full/1"] and lines(page) == ["duodiff/1", "full/1"]


def test_words_that_are_no_expression_are_words(page: Page) -> None:
    page.type_into("#filter", '"X"/DDIM %{x} <b>b</b')
    assert keys(page, "series") == [HOSTILE]
    page.value("document.querySelector('#filter').value = ''")
    page.type_into("#filter", "(")
    assert keys(page, "series") == [] and page.value("document.querySelector('#found').textContent") == "latency: no series matches."


def test_a_hostile_name_is_text_in_tables_legend_and_hover(page: Page) -> None:
    page.type_into("#filter", "ddim")
    page.wait_for("document.querySelectorAll('#series td.key').length === 1")
    assert keys(page, "series") == [HOSTILE] and lines(page) == [HOSTILE]
    hover(page)
    assert HOSTILE in page.value("document.querySelector('#plot .hoverlayer').textContent")


def hover(page: Page, point: int = 3) -> None:
    """Over a point of the first line that has points."""
    x, y = page.value(f"(() => {{ const box = document.querySelectorAll('#plot .scatterlayer .trace .points path')[{point}].getBoundingClientRect();"
                      " return [box.x + box.width / 2, box.y + box.height / 2]; })()")
    page.move_to(x, y)
    page.wait_for("document.querySelector('#plot .hoverlayer').textContent !== ''")


def test_a_hover_tells_value_interval_and_run(page: Page) -> None:
    page.type_into("#filter", "^full/7$")
    page.wait_for("document.querySelectorAll('#series td.key').length === 1")
    hover(page)
    words = page.value("document.querySelector('#plot .hoverlayer').textContent")
    assert "full/7" in words and "latency: 107 ms [106.8, 107.2]" in words and "00000004 (run 4), 2026-01-05 03:00" in words


def test_a_hover_where_a_level_begins_tells_the_step(page: Page) -> None:
    page.type_into("#filter", "duodiff")
    page.wait_for("document.querySelectorAll('#series td.key').length === 1")
    hover(page, 12)
    assert "regression: +10 %, from 50 ms to 55 ms" in page.value("document.querySelector('#plot .hoverlayer').textContent")


def test_a_failed_cell_is_a_gap_with_its_reason(page: Page) -> None:
    page.type_into("#filter", "^full/3$")
    page.wait_for("document.querySelectorAll('#series td.key').length === 1")
    line = page.value("(() => { const of = document.querySelector('#plot').data.find((trace) => trace.mode === 'lines+markers'); return [[...of.x], [...of.y]]; })()")
    assert line[0][:6] == [0, 1, 2, 3, 5, 5] and line[1][3:6] == [pytest.approx(103), None, pytest.approx(103)]
    assert page.value("document.querySelector('#plot').data.some((trace) => (trace.hovertext || []).some((text) => text.includes('failed: out of &lt;memory&gt;')))")
    assert "23 of 25, 1 failed" in page.value("document.querySelector('#series tbody').innerText")


def test_another_machine_is_another_series_and_breaks_the_line(page: Page) -> None:
    page.type_into("#filter", "^full/0$")
    page.wait_for("document.querySelectorAll('#series td.key').length === 1")
    page.click("#machines label:nth-of-type(2) input")
    page.wait_for("document.querySelectorAll('#series td.key').length === 2")
    drawn = page.value("document.querySelector('#plot').data.filter((trace) => trace.mode === 'lines+markers').map((trace) => [...trace.y])")
    assert [len(of) for of in drawn] == [26, 2] and drawn[0][24] is None  # runs 25 and 26 lie between
    assert "another CPU" in page.value("document.querySelector('#series').innerText")


def test_methods_time_and_clicks(page: Page) -> None:
    page.click("#methods label:nth-of-type(1) input")  # full
    page.wait_for("document.querySelectorAll('#series td.key').length === 2")
    page.choose("#across", "time")
    assert page.value("document.querySelector('#plot').layout.xaxis.type") == "date"
    page.click("#methods label:nth-of-type(1) input")
    page.click("#steps tbody tr")
    page.wait_for("document.querySelectorAll('#plot .legendtext').length === 1")
    assert lines(page) == ["duodiff/1"] and page.value("document.querySelectorAll('#plot .scatterlayer .trace').length") == 3  # levels, line and step
    page.choose("#up", "relative")
    assert page.value("document.querySelector('#plot').data.at(-1).y[0]") == pytest.approx(110)
    page.click("#clear")
    page.type_into("#filter", "full/[48]$")
    page.wait_for("document.querySelectorAll('#series td.key').length === 2")
    assert page.value("document.querySelector('#plot').data.filter((trace) => trace.mode === 'lines+markers').map((trace) => trace.y[7])") == pytest.approx([100, 100])


def test_a_year_of_six_hundred_series_stays_quick_and_small(browser: Browser, tmp_path: Path) -> None:
    database = make_large(tmp_path / "large.db")
    began = time.monotonic()
    assert main([str(database), "-o", str(tmp_path / "report")]) == 0
    assert time.monotonic() - began < 90  # of a busy machine; README.md has what a quiet one needs
    path = tmp_path / "report/history.html"
    assert path.stat().st_size < 30e6  # plotly.js is 5 of them
    page = browser.open(path)
    page.wait_for("document.querySelectorAll('#plot .scatterlayer .trace').length > 0")
    assert page.value("document.querySelector('#found').textContent") == "latency: 12 regressions in 600 series; the newest 12 begin at 00000065 (run 101), 2026-04-12 03:00."
    assert len(keys(page, "steps")) == 12 and "12 of 600 series that match are drawn, of 600 in all." in page.value("document.querySelector('#state').textContent")
    began = time.monotonic()
    page.type_into("#filter", "duodiff.*/5[0-9]/")
    page.wait_for("document.querySelectorAll('#series td.key').length < 600")
    assert time.monotonic() - began < 10
