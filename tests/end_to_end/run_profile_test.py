"""`diffbench run --profile`: every operator is charged to the cell, step and block that caused it, on every rank."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from program import diffbench, run_ok

ARGUMENTS = ("--set", "timing.min_rounds=2", "--set", "timing.max_rounds=2", "--set", "quality.samples=0")


@pytest.fixture
def gated(suite: Path) -> Path:
    """the tiny suite with one adaptive method: `random_exit` leaves row by row, and carries rows along"""
    text = suite.read_text()
    start = text.index("[[solver]]")
    suite.write_text(text[:start] + '[[method]]\nname = "random_exit"\nmean_depth = 3\n' + text[start:])
    return suite


def profiled(suite: Path, *arguments: object, ranks: int = 0) -> sqlite3.Connection:
    database = suite.parent / "profiled.db"
    run_ok("run", suite, "--db", database, *ARGUMENTS, *arguments, ranks=ranks)
    return sqlite3.connect(database)


def one(connection: sqlite3.Connection, sql: str) -> float:
    return connection.execute(sql).fetchone()[0]


def test_all_activity_time_is_attributed_and_sums_agree(gated: Path) -> None:
    connection = profiled(gated, "--profile-shapes", ranks=2)
    assert connection.execute("SELECT rank, source, with_shapes FROM profile ORDER BY rank").fetchall() == [
        (0, "cpu_operator", 1), (1, "cpu_operator", 1)]
    assert one(connection, "SELECT count(DISTINCT cell) FROM scope") == one(connection, "SELECT count(*) FROM cell")
    attributed = one(connection, "SELECT sum(run_share) FROM profile_attribution WHERE attribution <> 'none'")
    assert attributed >= 0.999
    over_scopes = one(connection, "SELECT sum(activity_ns) FROM profile_time")
    over_activities = one(connection, "SELECT sum(end_ns - begin_ns) FROM activity WHERE scope IS NOT NULL")
    assert over_scopes == over_activities > 0
    # activities lie within their scopes, and never take longer than them
    assert one(connection, "SELECT count(*) FROM activity JOIN scope ON scope.id = activity.scope"
                           " WHERE activity.begin_ns < scope.begin_ns OR activity.end_ns > scope.end_ns") == 0
    assert one(connection, "SELECT max(flops_ceiling_share) FROM profile_kernel WHERE name = 'aten::mm'") > 0


def test_blocks_in_the_profile_are_those_of_the_trace(gated: Path) -> None:
    # what is watched are the samples of round 0, and one round makes the trace one of them alone
    connection = profiled(gated, "--profile", "--set", "timing.min_rounds=1", "--set", "timing.max_rounds=1")
    rows = connection.execute(
        """SELECT cell.method, evaluation.evaluation, evaluation.blocks_executed,
                  (SELECT ifnull(sum(scope.rows), 0) FROM scope JOIN string ON string.id = scope.name
                   WHERE scope.cell = cell.id AND scope.evaluation = evaluation.evaluation AND string.value = 'block'),
                  (SELECT count(*) FROM scope JOIN string ON string.id = scope.name
                   WHERE scope.cell = cell.id AND string.value = 'sampling')
           FROM evaluation JOIN cell ON cell.id = evaluation.cell WHERE cell.method <> 'null'""").fetchall()
    assert len({method for method, *_ in rows}) == 5
    for method, evaluation, traced, recorded, repetitions in rows:
        assert 1 <= repetitions <= 20
        assert recorded == pytest.approx(repetitions * traced), (method, evaluation)
    carried = connection.execute(
        "SELECT sum(scope.rows - scope.rows_inside) FROM scope JOIN cell ON cell.id = scope.cell"
        " WHERE cell.method = 'full' AND scope.rows_inside IS NOT NULL").fetchone()[0]
    assert carried == 0


def test_phases_of_a_cell_are_all_there(gated: Path) -> None:
    connection = profiled(gated, "--profile")
    phases = {
        method: set(names.split(","))
        for method, names in connection.execute(
            "SELECT cell.method, group_concat(DISTINCT scope.phase) FROM scope JOIN cell ON cell.id = scope.cell"
            " GROUP BY cell.method")}
    always = {"sampling", "evaluation", "solver"}
    assert phases["null"] == always
    assert phases["full"] == always | {"embed", "block", "head"}
    assert {"probe", "compact"} <= phases["random_exit"]


def test_a_profile_is_exported_and_reported(gated: Path, tmp_path: Path) -> None:
    connection = profiled(gated, "--profile")
    operators = one(connection, "SELECT count(*) FROM activity")
    run_ok("export", "chrome", gated.parent / "profiled.db", "-o", tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert sum(event.get("cat") == "cpu_op" for event in events) >= operators
    run_ok("report", gated.parent / "profiled.db", "-o", tmp_path / "report")
    assert (tmp_path / "report/profile.html").is_file()


def test_without_the_flag_nothing_is_recorded(gated: Path) -> None:
    connection = profiled(gated)
    assert one(connection, "SELECT (SELECT count(*) FROM profile) + (SELECT count(*) FROM scope)") == 0
    result = diffbench("export", "chrome", gated.parent / "profiled.db", "-o", gated.parent / "t.json")
    assert result.returncode == 2 and "profile" in result.stderr
    assert not (gated.parent / "t.json").exists()


def test_the_overhead_of_each_mode_is_stored_round_by_round(gated: Path) -> None:
    connection = profiled(gated, "--profile-overhead", "--only", "^full")
    modes = dict(connection.execute("SELECT mode, count(*) FROM profile_overhead GROUP BY mode"))
    cells = one(connection, "SELECT count(*) FROM cell")
    assert modes == {mode: 8 * cells for mode in ("off", "nvtx", "activities", "everything")}
    assert one(connection, "SELECT count(*) FROM scope") == 0
