"""diffbench run: ranks, resume after kill -9, and what stands in the database."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from outcomes import assert_same, outcome, progress
from program import ENVIRONMENT, command, diffbench, run_ok


def test_the_number_of_ranks_does_not_change_the_samples(suite: Path) -> None:
    results = {}
    for ranks in (0, 1, 2, 4):
        results[ranks] = outcome(run_ok("run", suite, "--db", suite.parent / f"r{ranks}.db", "--json", ranks=ranks))
    assert {status for status, *_ in results[0].values()} == {"ok"}
    assert len({checksum for _, checksum, *_ in results[0].values()}) > 4
    for ranks in (1, 2, 4):
        assert_same(results[0], results[ranks])


def test_every_number_of_the_table_is_in_the_database(suite: Path) -> None:
    database = suite.parent / "r.db"
    cells = json.loads(run_ok("run", suite, "--db", database, "--json").stdout)["cells"]
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT status FROM run").fetchall() == [("ok",)]
    for cell in cells:
        row = connection.execute(
            "SELECT latency_ns, images_per_s, speedup, fid FROM cell_summary WHERE key = ?", [cell["key"]]
        ).fetchone()
        assert row == (cell["latency_ns"], cell["images_per_s"], cell["speedup"], cell["fid"])
        if cell["method"] == "static_schedule":
            assert 0.6 < cell["blocks_ratio"] < 1.0 and cell["theoretical_speedup"] > 1.0
    images = connection.execute("SELECT count(*) FROM sample").fetchone()[0]
    assert images == 4 * 4 * 2  # images x methods with quality x solvers


@pytest.mark.parametrize("phase", ["timing", "quality"])
def test_a_killed_run_resumes_to_the_same_result(suite: Path, phase: str) -> None:
    database = suite.parent / "killed.db"
    undisturbed = outcome(run_ok("run", suite, "--db", suite.parent / "whole.db", "--json", ranks=2))
    process = subprocess.Popen(
        command("run", suite, "--db", database, ranks=2), env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while progress(database)[0 if phase == "timing" else 1] == 0 and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        pids = [row[0] for row in connection.execute("SELECT pid FROM rank ORDER BY rank")]
    os.kill(pids[1], signal.SIGKILL)
    assert process.wait(timeout=60) != 0
    before = progress(database)
    assert before[1] < 48  # 8 judged cells x 6 shards: something is left to do

    resumed = run_ok("run", suite, "--db", database, "--resume", "--json", ranks=2)
    assert_same(undisturbed, outcome(resumed))
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT status FROM run").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM feature_shard").fetchone()[0] == 48
        counted = "SELECT count(*) FROM timing WHERE discard_reason IS NULL GROUP BY cell"
        assert {row[0] for row in connection.execute(counted)} == {3 * 2}  # rounds x ranks, none twice

    again = diffbench("run", suite, "--db", database, "--resume", ranks=2)
    assert again.returncode == 2 and "no unfinished run" in again.stderr


def test_a_resume_on_other_ranks_is_refused(suite: Path) -> None:
    database = suite.parent / "r.db"
    process = subprocess.Popen(command("run", suite, "--db", database), env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while progress(database)[0] == 0:
        assert process.poll() is None
        time.sleep(0.002)
    process.kill()
    process.wait()
    result = diffbench("run", suite, "--db", database, "--resume", ranks=2)
    assert result.returncode == 2 and "started on 1 ranks" in result.stderr


def test_only_and_set_choose_what_runs(suite: Path) -> None:
    result = run_ok("run", suite, "--db", suite.parent / "r.db", "--json", "--only", "fixed_exit/ddim", "--set", "quality.samples=0")
    cells = json.loads(result.stdout)["cells"]
    assert [cell["method"] for cell in cells] == ["full", "fixed_exit"]
    assert all(cell["fid"] is None and cell["speedup"] for cell in cells)


def test_the_shipped_smoke_suite_runs_and_reports(tmp_path: Path) -> None:
    run_ok("run", "smoke", "--db", tmp_path / "r.db")
    run_ok("report", tmp_path / "r.db", "-o", tmp_path / "report")
    page = (tmp_path / "report/report.html").read_text()
    ours = re.sub(r"<script>.*?</script>", "", page, count=1, flags=re.S)  # without plotly.js itself
    assert "static_schedule" in ours and 'src="http' not in ours and 'href="http' not in ours
    assert (tmp_path / "report/figures/speed_quality.svg").stat().st_size > 1000
