"""What the history page is made of, on files whose runs are known."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from dashboards.data import read_run
from dashboards.database import open_database, query
from dashboards.history.page import content
from dashboards.history.read import read_history
from dashboards.report import main
from dashboards.theme import BASELINE_COLOUR
from dashboards.source import Source

from history_database import add_run, empty_file, make_history, with_quality
from rows import add_extractor, add_quality, change


def with_data(database: Path, use, run: int | None = None):
    with open_database(str(database)) as connection:
        return use(read_run(connection, run or connection.execute("SELECT max(id) FROM run").fetchone()[0]))


def recorded(database: Path) -> dict:
    """What the page's script gets."""
    out = database.parent / "report"
    assert main([str(database), "-o", str(out)]) == 0
    page = (out / "history.html").read_text()
    return json.loads(re.search(r"^const recorded = (.*);$", page, re.M).group(1))


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def built(path: Path, build) -> Path:
    connection = empty_file(path)
    build(connection)
    connection.commit()
    connection.close()
    return path


def test_one_run_is_no_history(tmp_path: Path) -> None:
    database = make_history(tmp_path / "one.db", {"full/1": [100.0]})
    assert main([str(database), "-o", str(tmp_path / "report")]) == 0
    assert not (tmp_path / "report/history.html").exists() and "history.html" not in (tmp_path / "report/report.html").read_text()


@pytest.mark.parametrize("other", [{"suite": "another"}, {"status": "running"}])
def test_runs_of_another_suite_or_unfinished_are_no_history(tmp_path: Path, other: dict) -> None:
    def build(connection) -> None:
        add_run(connection, 1, {"full/1": 100.0}, **other)
        add_run(connection, 2, {"full/1": 100.0})

    assert with_data(built(tmp_path / "h.db", build), read_history) is None


def test_two_runs_are_a_history(tmp_path: Path) -> None:
    history = recorded(make_history(tmp_path / "two.db", {"full/1": [100.0, 150.0], "duodiff/1": [50.0, None]}))
    assert history["series"] == [[0, "full/1", "full", BASELINE_COLOUR], [0, "duodiff/1", "duodiff", BASELINE_COLOUR]]  # a baseline in this file
    latency = history["metrics"][0]
    assert latency["name"] == "latency" and latency["unit"] == "ms" and latency["steps"] == []
    assert unpacked(latency["value"]) == pytest.approx([100, 150, 50, np.nan], nan_ok=True)
    assert unpacked(latency["high"]) == pytest.approx([100.2, 150.3, 50.1, np.nan], nan_ok=True)
    assert history["machines"][0]["runs"][1] == [2, "2026-01-03T03:00:00Z", "00000002"]
    assert history["failures"] == [[1, 1, "failed: out of <memory>"]]


def test_a_step_names_the_runs_between_which_it_happened(tmp_path: Path) -> None:
    latencies = [100.0] * 10 + [None] + [110.0] * 9
    latency = recorded(make_history(tmp_path / "step.db", {"full/1": latencies, "full/2": [100.0] * 20, "full/3": [100.0] * 20}))["metrics"][0]
    assert latency["steps"] == [{"series": 0, "after": 9, "begins": 11, "old": pytest.approx(100), "new": pytest.approx(110), "kind": "regression", "note": ""}]
    assert latency["levels"] == [[0, 0, 9, pytest.approx(100)], [0, 11, 19, pytest.approx(110)]]  # and none of the series without a step


def test_machines_are_told_apart_by_what_they_are(tmp_path: Path) -> None:
    def build(connection) -> None:
        add_run(connection, 1, {"full/1": 100.0})
        add_run(connection, 2, {"full/1": 50.0}, cpu="fast")
        add_run(connection, 3, {"full/1": 101.0})  # on another host of the same kind
        add_run(connection, 4, {"full/1": 10.0}, gpus='["A", "A"]')
        add_run(connection, 5, {"full/1": 102.0}, cpu=None)

    history = with_data(built(tmp_path / "m.db", build), read_history)
    assert [(machine.label, list(machine.runs["id"])) for machine in history.machines] == [
        ("unknown CPU, 2 cores", [5]), ("a CPU, 2 cores, A, A", [4]), ("a CPU, 2 cores", [1, 3]), ("fast, 2 cores", [2])]
    assert history.numbers["latency"].value[2] == pytest.approx([100e6, 101e6]) and len(history.series) == 4


def test_a_machine_of_several_hosts_is_one_kind(tmp_path: Path) -> None:
    def build(connection) -> None:
        for run in (1, 2):
            add_run(connection, run, {"full/1": 100.0})
            connection.execute("INSERT INTO machine (run, host, cpu_model, core_count) VALUES (?, 'second', 'a CPU', 2)", (run,))

    assert [machine.label for machine in with_data(built(tmp_path / "m.db", build), read_history).machines] == ["2 × a CPU, 2 cores"]


def test_a_cell_that_became_another_one_is_marked(tmp_path: Path) -> None:
    def build(connection) -> None:
        for run in range(1, 13):
            add_run(connection, run, {"full/1": None if run == 6 else 100.0 if run < 7 else 120.0}, identity="old" if run < 7 else "new")

    history = recorded(built(tmp_path / "c.db", build))
    assert history["breaks"] == [[0, 6]] and history["metrics"][0]["breaks"] == []
    assert [(step["kind"], step["note"]) for step in history["metrics"][0]["steps"]] == [("change", "the cell became another one")]


def test_quality_on_another_footing_is_marked(tmp_path: Path) -> None:
    database = make_history(tmp_path / "f.db", {"full/1": [100.0] * 12})
    for run in range(1, 13):
        with_quality(database, run, 0, 60.0 if run < 7 else 40.0)
    change(database, "UPDATE quality SET n = 4096 WHERE cell >= 7000")
    fid = recorded(database)["metrics"][1]
    assert fid["name"] == "fid" and fid["breaks"] == [[0, 6]]
    assert [(step["kind"], step["note"]) for step in fid["steps"]] == [("change", "of other samples, extractor or reference")]


def test_runs_stand_in_the_order_of_their_start(tmp_path: Path) -> None:
    database = make_history(tmp_path / "o.db", {"full/1": [100.0, 110.0, 120.0]})
    change(database, "UPDATE run SET started_utc = '2025-01-01T00:00:00Z' WHERE id = 3")
    history = with_data(database, read_history)
    assert list(history.machines[0].runs["id"]) == [3, 1, 2] and history.numbers["latency"].value[0] == pytest.approx([120e6, 100e6, 110e6])


def test_numbers_are_those_of_cell_summary(tmp_path: Path) -> None:
    database = make_history(tmp_path / "s.db", {"full/1": [100.0, 110.0, None], "duodiff/1": [50.0, 60.0, 70.0]})
    with_quality(database, 2, 0, 61.5)
    change(database, "INSERT INTO estimate (cell, metric, value, confidence, n, rule) VALUES (3000, 'latency', 5, 0.95, 1, '')")  # of a failed cell
    with open_database(str(database)) as connection:
        data = read_run(connection, 3)
        history = read_history(data)
        summary = query(connection, "SELECT * FROM cell_summary ORDER BY key, run")
        for metric, numbers in history.numbers.items():
            column = data.metrics[metric]["summary_column"]
            for array, end in ((numbers.value, ""), (numbers.low, "_low"), (numbers.high, "_high")):
                by_key = dict(zip(history.series["key"], array))
                assert np.concatenate([by_key["duodiff/1"], by_key["full/1"]]) == pytest.approx(summary[column + end].astype(float).to_numpy(), nan_ok=True)
        assert set(history.numbers) == {"latency", "fid"}


def test_metrics_without_a_column_are_there_too(tmp_path: Path) -> None:
    database = make_history(tmp_path / "k.db", {"full/1": [100.0, 110.0]})
    change(database, "INSERT INTO metric VALUES ('kid', 'distance', 'lower', 'kernel distance', 'mmd', NULL, 'difference', 1e-4)")
    change(database, "INSERT INTO quality (cell, metric, value, n) VALUES (2000, 'kid', -0.5, 512)")
    page = with_data(database, lambda data: content(Source(data)))
    assert [metric["name"] for metric in page["metrics"]] == ["latency", "kid"]
    kid = json.loads(page["history"])["metrics"][1]
    assert kid["low"] is None and kid["unsought"] == 1 and unpacked(kid["value"]) == pytest.approx([np.nan, -0.5], nan_ok=True)


def test_each_extractor_is_a_metric_of_its_own(tmp_path: Path) -> None:
    database = make_history(tmp_path / "x.db", {"full/1": [100.0, 110.0]})
    with sqlite3.connect(database) as connection:
        for run, network in ((1, "old weights"), (2, "new weights")):
            add_extractor(connection, 1, "zoo", run)
            add_extractor(connection, 2, "cl_ip", run, sha256=network)
            add_extractor(connection, 3, "lpips.pt", run)
            add_quality(connection, run * 1000, "fid", 60.0 + run, 1.0)
            add_quality(connection, run * 1000, "fid", 0.5 + run, None, extractor=2)
            add_quality(connection, run * 1000, "lpips", 0.1, 0.01, extractor=3)
    history = recorded(database)
    by_name = {metric["name"]: metric for metric in history["metrics"]}
    assert list(by_name) == ["latency", "fid", "fid@cl_ip", "lpips@lpips.pt"]
    assert unpacked(by_name["fid"]["value"]) == pytest.approx([61, 62]) and by_name["fid"]["breaks"] == []
    other = by_name["fid@cl_ip"]
    assert unpacked(other["value"]) == pytest.approx([1.5, 2.5]) and other["breaks"] == [[0, 1]]  # of other weights
    assert other["title"] == "fid (cl_ip)" and other["definition"].startswith("distance to real images")


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    database = make_history(tmp_path / "n.db", {"full/1": [100.0, 110.0]})
    change(database, "UPDATE run SET git_sha = NULL WHERE id = 1")
    change(database, "UPDATE run SET git_dirty = 1 WHERE id = 2")
    assert [run[2] for run in recorded(database)["machines"][0]["runs"]] == ["unknown commit", "00000002+"]


def test_runs_without_a_number_are_no_history(tmp_path: Path) -> None:
    database = make_history(tmp_path / "e.db", {"full/1": [None, None]})
    assert with_data(database, lambda data: content(Source(data))) is None
