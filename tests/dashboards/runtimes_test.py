"""The figure of runtimes: where each stands, what it is compared with, and that one runtime has no such figure."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from dashboards.data import read_run
from dashboards.database import open_database
from dashboards.figures import runtimes

from rows import add_cell_row, add_estimate, add_speedup, new_file


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "runtimes.db"
    connection = new_file(path)
    for base, runtime, speedup, best in ((1, "eager", 2.0, 1.2), (3, "openvino", 1.5, 1.5)):
        add_cell_row(connection, base, "full", runtime=runtime)
        add_cell_row(connection, base + 1, "fixed_exit", given={"exit": 2}, baseline=base, runtime=runtime)
        add_estimate(connection, base, "speedup", 1.0)
        add_estimate(connection, base, "runtime_speedup", best / speedup, best / speedup - 0.1, best / speedup + 0.1)
        add_speedup(connection, base + 1, speedup, speedup - 0.1, speedup + 0.1, theory=2.2)
        add_estimate(connection, base + 1, "runtime_speedup", best, best - 0.1, best + 0.1)
    connection.commit()
    connection.close()
    return path


def test_each_runtime_stands_against_its_own_full_and_against_the_fastest(database: Path) -> None:
    with open_database(str(database)) as connection:
        data = read_run(connection, 1)
        figure = runtimes.draw(data)
    points = {(trace.name, trace.xaxis): list(map(float, trace.x)) for trace in figure.data}
    assert points["eager", "x"] == [2.0] and points["openvino", "x"] == [1.5]
    assert points["promised by FLOPs", "x"] == [2.2]
    assert points["eager", "x2"] == pytest.approx([0.6, 1.2]) and points["openvino", "x2"] == pytest.approx([1.0, 1.5])
    rings = {trace.name: list(trace.marker.symbol) for trace in figure.data if trace.xaxis == "x2"}
    assert [symbol.endswith("-open") for symbol in rings["openvino"]] == [True, False]


def test_the_title_says_runtime_where_it_is_not_eager(database: Path) -> None:
    with open_database(str(database)) as connection:
        assert list(read_run(connection, 1).cells["compute"].unique()) == ["fp32", "fp32 on openvino"]


def test_one_runtime_has_no_such_figure(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE cell SET runtime = 'eager'")
    with open_database(str(database)) as connection:
        assert runtimes.draw(read_run(connection, 1)) is None and runtimes.draw_paper(read_run(connection, 1)) is None
