"""The same suite across machines: which runs and cells are compared, what is known, what it costs."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Callable

import pytest

from dashboards.data import read_run
from dashboards.database import ReportError, open_database
from dashboards.fleet.page import content
from dashboards.fleet.prices import read_prices
from dashboards.fleet.rankings import speed_ranking
from dashboards.fleet.read import Fleet, read_fleet
from dashboards.report import main
from dashboards.source import Source

from fleet_database import MACHINES, add_machine, make_fleet, make_large_fleet
from rows import change

LARGE, SMALL = "large, 2 cores", "small, 2 cores"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return make_fleet(tmp_path / "fleet.db")


def with_fleet(database: Path, use: Callable, prices: str | None = None):
    with open_database(str(database)) as connection:
        data = read_run(connection, connection.execute("SELECT max(id) FROM run").fetchone()[0])
        return use(Source(data, None, read_prices(prices) if prices else None))


def fleet_of(database: Path, use: Callable[[Fleet], object]) -> object:
    return with_fleet(database, lambda source: use(read_fleet(source.data, source.prices)))


def page_of(database: Path, prices: str | None = None) -> dict | None:
    return with_fleet(database, content, prices)


def values(page: dict, title: str) -> dict[str, list[tuple[str, str]]]:
    table = next(table for table in page["tables"] if table["title"] == title)
    return {row["method"]: row["values"] for row in table["groups"][0]["rows"]}


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_one_machine_has_no_page(file: Path) -> None:
    change(file, "UPDATE machine SET cpu_model = 'large'")
    assert page_of(file) is None
    assert main([str(file), "-o", str(file.parent / "report")]) == 0 and not (file.parent / "report/fleet.html").exists()


def test_each_machine_is_there_by_its_latest_finished_run(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        add_machine(connection, 3, "large", 110.0, {"duodiff": 1.8}, host="another host of this kind")
        add_machine(connection, 4, "small", 1.0, {}, status="running")
        connection.execute("UPDATE run SET suite_name = 'another' WHERE id = 1")
        connection.execute("DELETE FROM run WHERE id = 4")
    assert fleet_of(file, lambda fleet: [(machine.label, machine.data.run["id"]) for machine in fleet.machines]) == [(LARGE, 3), (SMALL, 2)]


def test_the_page_says_how_fast_each_cell_is_everywhere(file: Path) -> None:
    page = page_of(file)
    assert page["labels"] == [SMALL, LARGE]
    assert values(page, "images/s") == {"full": [("10", "[9.9, 10.1]"), ("100", "[99, 101]")], "duodiff": [("15", "[14.85, 15.15]"), ("180", "[178.2, 181.8]")],
                                        "fixed_exit": [("12", "[11.88, 12.12]"), ("220", "[217.8, 222.2]")]}
    assert values(page, "images/s per watt")["duodiff"] == [("", ""), ("3.6", "")]  # 0.5 J / 1.8; the small one has no meter
    assert [table["title"] for table in page["tables"]] == ["images/s", "images/s per watt"]  # no prices


def test_a_thousand_images_cost_what_an_hour_does(file: Path, tmp_path: Path) -> None:
    prices = write(tmp_path / "p.csv", f'machine,price_per_hour,currency\n"{LARGE}",3.6,EUR\nhost2,0.36,USD\n')
    assert values(page_of(file, prices), "cost of 1,000 images")["full"] == [("0.01 USD", "[0.0099, 0.0101]"), ("0.01 EUR", "[0.0099, 0.0101]")]
    only = write(tmp_path / "one.csv", "machine,price_per_hour,currency\nhost2,0.36,USD\n")
    assert values(page_of(file, only), "cost of 1,000 images")["full"][1] == ("", "")


PRICE_FAULTS = {
    "machine,price\na,1\n": ":1: the columns must be",
    "machine,price_per_hour,currency\nhost1,x,EUR\n": ":2: price_per_hour 'x' is no number above 0",
    "machine,price_per_hour,currency\nhost1,-1,EUR\n": "no number above 0",
    "machine,price_per_hour,currency\nhost1\n": "price_per_hour 'None'",
    "machine,price_per_hour,currency\nhost1,1,EUR\nhost1,2,EUR\n": ":3: 'host1' has a price already",
    "machine,price_per_hour,currency\nhost9,1,EUR\n": "no machine 'host9' in this file; it has 'small, 2 cores', 'host2'",
}


@pytest.mark.parametrize("text", PRICE_FAULTS)
def test_a_wrong_table_of_prices_is_refused(file: Path, tmp_path: Path, text: str, capsys: pytest.CaptureFixture) -> None:
    prices = write(tmp_path / "p.csv", text)
    assert main([str(file), "-o", str(tmp_path / "report"), "--prices", prices]) == 2
    error = capsys.readouterr().err
    assert PRICE_FAULTS[text] in error and error.count("\n") == 1 and prices in error and not (tmp_path / "report").exists()


def test_prices_without_a_second_machine_are_refused(file: Path, tmp_path: Path) -> None:
    change(file, "UPDATE machine SET cpu_model = 'large'")
    prices = write(tmp_path / "p.csv", "machine,price_per_hour,currency\nhost1,1,EUR\n")
    with pytest.raises(ReportError, match="holds this suite on one"):
        page_of(file, prices)
    with pytest.raises(ReportError, match="not a table of prices"):
        read_prices(str(tmp_path / "gone.csv"))


def test_ranks_are_as_far_as_intervals_tell(file: Path) -> None:
    def ranks(fleet: Fleet) -> list[dict]:
        return [{key: ranking.words(key) for key in ranking.cells} for ranking in (speed_ranking(machine, fleet.settings[0]) for machine in fleet.machines)]

    assert fleet_of(file, ranks) == [{"full/ddim": "3", "duodiff/ddim": "1", "fixed_exit/ddim": "2"}, {"full/ddim": "3", "duodiff/ddim": "2", "fixed_exit/ddim": "1"}]
    change(file, "UPDATE estimate SET low = 1.3, high = 1.6 WHERE metric = 'speedup' AND cell = 201")
    change(file, "UPDATE estimate SET low = 0.9, high = 1.5 WHERE metric = 'speedup' AND cell = 202")
    assert fleet_of(file, ranks)[0] == {"full/ddim": "2–3", "duodiff/ddim": "1–2", "fixed_exit/ddim": "1–3"}
    change(file, "UPDATE estimate SET low = NULL, high = NULL, n = 3 WHERE metric = 'speedup' AND cell > 200")
    assert set(fleet_of(file, ranks)[0].values()) == {"1–3"}


def test_where_rankings_differ_it_says_what_arrives(file: Path) -> None:
    page = page_of(file)
    difference, = page["rankings"][0]["differences"]
    assert difference["words"] == f"duodiff is faster than fixed_exit on {SMALL}. On {LARGE}: the other way round."
    assert difference["why"] == [
        f"{SMALL}: 50% of what duodiff promises (2.00 times) arrives; 13% of what fixed_exit promises (2.50 times) arrives; full reaches 10% of the arithmetic ceiling",
        f"{LARGE}: 80% of what duodiff promises (2.00 times) arrives; 80% of what fixed_exit promises (2.50 times) arrives; full reaches 50% of the arithmetic ceiling"]
    change(file, "UPDATE estimate SET low = 1.1, high = 1.6 WHERE metric = 'speedup' AND cell = 202")  # no longer known
    assert page_of(file)["rankings"][0]["differences"] == []


def test_what_is_not_known_of_a_machine_is_left_out(file: Path) -> None:
    change(file, "DELETE FROM ceiling")
    change(file, "DELETE FROM estimate WHERE metric = 'realised_fraction'")
    page = page_of(file)
    assert page["rankings"][0]["differences"][0]["why"] == [f"{label}: neither realised fraction nor ceiling is known" for label in (SMALL, LARGE)]
    assert {machine["ceilings"] for machine in page["machines"]} == {"not measured (--profile does)"}


@pytest.mark.parametrize("column, value", [("model_fingerprint", "'other weights'"), ("given_params", "'{\"exit\": 3}'"), ("given_solver_params", "'{\"order\": 3}'")])
def test_a_cell_with_other_weights_or_parameters_is_not_the_same(file: Path, column: str, value: str) -> None:
    change(file, f"UPDATE cell SET {column} = {value} WHERE id = 102")
    page = page_of(file)
    assert values(page, "images/s")["fixed_exit"][1] == ("", "") and page["machines"][1]["cells"] == "2 of 3, 1 with other weights or parameters left out"


def test_failed_cells_have_no_speed(file: Path) -> None:
    change(file, "UPDATE cell SET status = 'failed', reason = 'r' WHERE id = 101")
    page = page_of(file)
    assert values(page, "images/s")["duodiff"][1] == ("", "") and page["rankings"][0]["rows"][1]["ranks"][1] == {"rank": "–", "value": ""}


def test_six_machines_are_all_there(tmp_path: Path) -> None:
    page = page_of(make_large_fleet(tmp_path / "six.db"))
    assert page["labels"] == [", ".join([name, "2 cores", *gpus]) for name, gpus in reversed(MACHINES.items())]
    assert all(len(row["values"]) == 6 for table in page["tables"] for group in table["groups"] for row in group["rows"])
    assert page["difference_count"] == 1 and page_of(make_large_fleet(tmp_path / "one.db", 1)) is None
