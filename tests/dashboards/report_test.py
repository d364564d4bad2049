from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from dashboards.data import read_run
from dashboards.database import open_database
from dashboards.figures import FIGURES
from dashboards.report import main
from dashboards.summary_table import headings, table_rows

from rows import add_estimate, change


def report(database: Path) -> str:
    out = database.parent / "report"
    assert main([str(database), "-o", str(out)]) == 0
    return (out / "report.html").read_text()


def text_of_rows(page: str) -> list[list[str]]:
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    rows = re.findall(r"<tr.*?</tr>", body, re.S)
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.S)] for row in rows]


def table(database: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """By method and heading: what is shown, without its markup, and the hover."""
    with open_database(str(database)) as connection:
        data = read_run(connection, 1)
        titles = [title for title, *_ in headings(data)]
        shown = [{t: (re.sub(r"</?small>", "", str(c["text"])).strip(), c["hover"]) for t, c in zip(titles, row["cells"])} for row in table_rows(data)]
    return {row["method"][0].removesuffix(" †"): row for row in shown}


def test_the_table_shows_the_numbers(database: Path) -> None:
    rows = {row[0]: row for row in text_of_rows(report(database))}
    # medians over 1.00 .. 1.07 of the duration: 1.035
    assert rows["full"][4] == "104 ms [100, 107]" and rows["half"][4] == "41.4 ms [40, 42.8]"
    assert rows["half"][5] == "241.5 [233.6, 250]"  # 10 images in 41.4 ms, from 42.8 to 40
    assert rows["half"][6] == "2.500 [2.400, 2.600]" and rows["full"][6] == "1.000"  # by definition: no interval to miss
    assert rows["half"][7:10] == ["2.000", "1.50 [1.40, 1.60]", "50.0%"]  # theory, (2.5 - 1) / (2 - 1), blocks
    assert rows["half"][10:13] == ["5 [4.8, 5.2]", "+1 [+0.9, +1.1]", "512"]
    assert rows["half"][13:] == ["8", "80"]  # repetitions, and samples: eight rounds of ten
    assert rows["null"][6:12] == ["–"] * 6


def test_large_numbers_have_no_exponent(database: Path) -> None:
    change(database, "UPDATE estimate SET value = 67321, low = 999.6, high = 1e12 WHERE cell = 2 AND metric = 'throughput'")
    assert table(database)["half"]["images/s"][0] == "67320 [999.6, 1e+12]"


def test_nothing_is_computed_again(database: Path) -> None:
    """Raw rows that say something else than the estimates: the page shows the estimates."""
    change(database, "UPDATE estimate SET value = 7, low = 6, high = 8, n = 11 WHERE cell = 2 AND metric = 'speedup'")
    change(database, "UPDATE estimate SET value = 0.5 WHERE cell = 2 AND metric IN ('theoretical_speedup', 'realised_fraction', 'blocks_ratio')")
    row = table(database)["half"]
    assert row["speed-up"][0] == "7.000 [6.000, 8.000]" and "n = 11, 95%, by hand" in row["speed-up"][1]
    assert (row["theory"][0], row["realised"][0], row["blocks"][0]) == ("0.500", "0.50 [1.40, 1.60]", "50.0%")


def test_too_few_repetitions_have_no_interval_and_no_bar(database: Path) -> None:
    change(database, "UPDATE estimate SET low = NULL, high = NULL, n = 5 WHERE metric IN ('speedup', 'latency', 'throughput')")
    row = table(database)["half"]
    assert row["speed-up"][0] == "2.500 n &lt; 6" and row["latency"][0] == "41.4 ms n &lt; 6" and row["images/s"][0] == "241.5 n &lt; 6"
    with open_database(str(database)) as connection:
        data = read_run(connection, 1)
        speeds = next(t for t in FIGURES["speedups"].draw(data).data if t.name == "half · ddim")
        assert speeds.error_y.array[0] != speeds.error_y.array[0]  # NaN: plotly draws nothing, not a bar of length 0
        assert speeds.customdata[0][4] == "n < 6"
        assert FIGURES["speedups"].draw(data.for_plotly()).data[1].customdata[0][4] == "n &lt; 6"
    assert "Cells with 5 repetitions have no interval" in report(database)


def test_what_the_numbers_have_to_be_read_with_stands_below(database: Path) -> None:
    for cell, converged in ((1, 1), (2, 0), (3, 1)):
        change(database, f"INSERT INTO warmup_end VALUES ({cell}, 'timing', 0, {converged}, '{'windows_agree' if converged else 'max_seconds'}')")
    change(database, "UPDATE timing SET disturbance = 'steal time 2.5 % of the repetition' WHERE cell = 1 AND round = 0")
    change(database, "UPDATE timing SET disturbance = 'steal time 30.0 % of the repetition' WHERE cell = 1 AND round = 1")
    change(database, "UPDATE timing SET disturbance = 'clock throttled' WHERE cell = 2 AND round = 7")
    change(database, "UPDATE timing SET disturbance = 'not counted', discard_reason = 'lost' WHERE cell = 3 AND round = 0")
    page = report(database)
    assert "The warm-up of 1 of 3 cells ended before two windows agreed, so that their times may hold some of it: half/2." in page
    assert "3 of 23 repetitions were disturbed and count: steal time … % of the repetition: 2; clock throttled: 1." in page  # one was discarded
    rows = {row[0]: row for row in text_of_rows(page)}
    assert "half †" in rows and "full" in rows
    row = table(database)
    assert row["full"]["disturbed"] == ("2 of 8", "steal time … % of the repetition: 2") and row["null"]["disturbed"][0] == "–"


def test_columns_without_a_number_are_left_out(database: Path) -> None:
    assert not {"decoder", "memory", "J/image", "disturbed"} & set(table(database)["half"])
    with sqlite3.connect(database) as connection:
        add_estimate(connection, 2, "decode_share", 0.25, 0.2, 0.3)
        add_estimate(connection, 2, "peak_memory", 1.5 * 2**30)
        add_estimate(connection, 2, "device_memory", 100 * 2**20)
    row = table(database)
    assert row["half"]["decoder"][0] == "25.0% [20.0%, 30.0%]" and row["full"]["decoder"][0] == "–"
    assert row["half"]["memory"][0] == "1.5 GiB device 100 MiB" and row["full"]["memory"][0] == "–"


def test_the_environment_says_what_the_machine_was(database: Path) -> None:
    change(database, "UPDATE machine SET usable_core_count = 1, turbo = 'off', smt = 'on', huge_pages = 'madvise', clock_source = 'tsc',"
                     " allocator = 'freed memory kept', settings = '{\"OMP_NUM_THREADS\":\"2\"}', build_type = 'Release', governor = 'performance'")
    change(database, "UPDATE rank SET torch_threads = 1, omp_threads = 2, binding = '0-3,8'")
    change(database, f"INSERT INTO artifact VALUES (2, 'gates', 'a/gates.toml', '{'ab' * 32}')")
    page = re.sub(r"<[^>]+>", " ", report(database).partition("Environment</summary>")[2])
    for words in ("2 cores (1 usable)", "governor performance, turbo off, SMT on, huge pages madvise, clock source tsc, load 0.50 at the start",
                  "freed memory kept", "OMP_NUM_THREADS=2", "Release", "cpu, 1 threads (LibTorch 1, OpenMP 2), may run on cores 0-3,8",
                  "a/gates.toml, sha256 abababababab, read by 1 cells", "run demo.toml"):
        assert words in page, words


def test_a_machine_that_tells_nothing_is_no_error(database: Path) -> None:
    change(database, "UPDATE machine SET cpu_model = NULL, core_count = NULL, memory_bytes = NULL, load_average_1min = NULL")
    assert "unknown CPU, unknown cores, unknown memory, no GPU" in report(database)


def test_a_failed_cell_keeps_its_row_and_reason(database: Path) -> None:
    page = report(database)
    assert text_of_rows(page)[-1][-1] == "failed: samples are &lt;not&gt; finite"
    assert "1 of 4 cells did not finish" in page


def test_the_page_needs_no_network(database: Path) -> None:
    page = report(database)
    ours = re.sub(r"<script>.*?</script>", "", page, count=1, flags=re.S)  # plotly.js itself
    assert len(ours) < len(page) - 1_000_000
    assert not re.search(r'(?:src|href)="(?!data:|#|report\.html|quality\.html)', ours)
    assert ours.count("data:image/png;base64") == 2
    assert "name = &#34;&lt;demo&gt;&#34;" in page  # what users write is escaped


def test_definitions_are_on_hover(database: Path) -> None:
    assert page_titles(report(database)) >= {"distance to real images [as published]", "how much faster [ratio]"}


def page_titles(page: str) -> set[str]:
    return set(re.findall(r'title="([^"]+)"', page))


def test_every_figure_is_drawn_and_survives_an_empty_run(database: Path) -> None:
    sweeps = {"solver_quality", "saving_by_solver", "method_sweep", "runtimes"}  # one solver, step count, runtime, no knob: tested elsewhere
    with open_database(str(database)) as connection:
        data = read_run(connection, 1)
        assert {name for name, module in FIGURES.items() if module.draw(data) is None} == sweeps
    empty = database.parent / "empty.db"
    with sqlite3.connect(database) as source, sqlite3.connect(empty) as target:
        source.backup(target)
    with sqlite3.connect(empty) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM cell")
    assert "No method was measured" in report(empty)


def test_paper_figures_are_written(database: Path) -> None:
    report(database)
    names = {path.name for path in (database.parent / "report/figures").iterdir()}
    assert names == {f"{figure}.{kind}" for figure in ("speed_quality", "speedups", "where_saving_goes", "blocks_over_t") for kind in ("svg", "pdf")}


@pytest.mark.parametrize("fault", ["missing", "text", "newer", "older", "no run", "other run"])
def test_wrong_databases_end_with_exit_code_2(database: Path, capsys, fault: str) -> None:
    arguments = [str(database), "-o", str(database.parent / "report")]
    if fault == "missing":
        database.unlink()
    elif fault == "text":
        database.write_text("text " * 1000)
    elif fault == "newer":
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA user_version = 99")
    elif fault == "older":
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA user_version = 3")
    elif fault == "no run":
        with sqlite3.connect(database) as connection:
            connection.execute("DELETE FROM run")
    else:
        arguments += ["--run", "7"]
    assert main(arguments) == 2
    message = capsys.readouterr().err.strip()
    assert len(message.splitlines()) == 1
    assert (fault == "older") == message.endswith("schema 3 is older; read it with the diffbench that wrote it")
    assert not (database.parent / "report").exists()
