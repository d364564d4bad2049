"""scripts/slurm/diffbench.sbatch and srun, on real daemons of Slurm."""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path
from typing import Iterator

import pytest

from outcomes import progress
from program import BINARY, ROOT, command, run_ok
from slurm import Cluster, Refused

SCRIPT = ROOT / "scripts/slurm/diffbench.sbatch"
RANKS = 2  # cores of the node, which has no GPU
# long enough that a signal meets it
LONG = ("--only", "^(full|duodiff)/ddim", "--set", "timing.min_rounds=50", "--set", "timing.max_rounds=50", "--set", "quality.samples=960")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    try:
        with Cluster() as started:
            started.environment["DIFFBENCH"] = str(BINARY)
            yield started
    except Refused as refused:
        pytest.skip(f"no Slurm here: {refused}")


def rows(database: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return connection.execute(sql).fetchall()


def samples(database: Path) -> list[tuple]:
    return rows(database, "SELECT key, status, metric, round(value, 9), n, sample_checksum FROM quality JOIN cell ON cell.id = quality.cell ORDER BY key, metric")


def test_srun_makes_ranks_of_one_run(cluster: Cluster, suite: Path) -> None:
    database = suite.parent / "srun.db"
    done = cluster.call("srun", "-n", RANKS, "--mpi=pmix", *command("run", suite, "--db", database))
    assert done.returncode == 0, done.stderr
    assert rows(database, "SELECT run, rank FROM rank ORDER BY rank") == [(1, rank) for rank in range(RANKS)]
    run_ok("run", suite, "--db", suite.parent / "alone.db")
    assert samples(database) == samples(suite.parent / "alone.db") != []


def test_ranks_that_mpi_cannot_join_do_not_run_apart(cluster: Cluster, suite: Path) -> None:
    """Debian's Open MPI has no PMI-2: rather than two runs of one rank each there is none."""
    done = cluster.call("srun", "-n", RANKS, "--mpi=pmi2", *command("run", suite, "--db", suite.parent / "pmi2.db"))
    assert done.returncode != 0 and "PMI" in done.stderr and not (suite.parent / "pmi2.db").exists()


def test_the_script_runs_the_smoke_suite_with_a_rank_per_core(cluster: Cluster, tmp_path: Path) -> None:
    done = cluster.call("sbatch", "--wait", "--output=log", SCRIPT, "smoke", "results.db", cwd=tmp_path)
    assert done.returncode == 0, (tmp_path / "log").read_text()
    assert rows(tmp_path / "results.db", "SELECT status FROM run") == [("ok",)]
    assert rows(tmp_path / "results.db", "SELECT count(*) FROM rank") == [(RANKS,)]
    assert {status for status, in rows(tmp_path / "results.db", "SELECT status FROM cell")} == {"ok"}


def test_a_job_that_runs_out_of_time_is_queued_again_and_resumes(cluster: Cluster, suite: Path) -> None:
    database, log = suite.parent / "limit.db", suite.parent / "log"
    submitted = cluster.call("sbatch", f"--output={log}", SCRIPT, suite, database, *LONG, cwd=suite.parent)
    job = re.search(r"\d+", submitted.stdout).group()
    until = time.monotonic() + 120
    while progress(database)[0] == 0:
        assert time.monotonic() < until, log.read_text() if log.exists() else submitted
        time.sleep(0.01)
    cluster.call("scancel", "--signal=TERM", "--batch", job)  # what Slurm does 60 s before the limit
    while not rows(database, "SELECT 1 FROM run WHERE status = 'ok'"):
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.2)
    assert "queued again" in log.read_text() and rows(database, "SELECT count(*) FROM run") == [(1,)]
    run_ok("run", suite, "--db", suite.parent / "alone.db", *LONG)
    assert samples(database) == samples(suite.parent / "alone.db") != []


def test_the_script_says_what_it_wants(cluster: Cluster, tmp_path: Path) -> None:
    done = cluster.call("sbatch", "--wait", "--output=log", SCRIPT, "smoke", cwd=tmp_path)
    assert done.returncode == 2 and (tmp_path / "log").read_text().startswith("usage: sbatch")
