"""diffbench over several hosts: the same samples as on one, and a network that is cut."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Iterator

import pytest

from hosts import Hosts, Refused
from outcomes import assert_same, outcome, progress
from program import run_ok

# long enough to be met in each phase
LONG = ("--only", "^(full|duodiff)/ddim", "--set", "timing.min_rounds=20", "--set", "timing.max_rounds=20", "--set", "quality.samples=480")
PATIENCE = 60  # seconds; a run whose network is cut ends after about 6


@pytest.fixture
def hosts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hosts]:
    try:
        with Hosts(request.param, tmp_path) as made:
            yield made
    except Refused as refused:
        pytest.skip(f"no hosts here: {refused}")


def rows(database: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("hosts", [2, 4], indirect=True)
def test_hosts_make_the_samples_of_one(suite: Path, hosts: Hosts) -> None:
    database = suite.parent / "hosts.db"
    of_hosts = outcome(hosts.run("run", suite, "--db", database, "--json"))
    assert_same(outcome(run_ok("run", suite, "--db", suite.parent / "one.db", "--json")), of_hosts)
    assert {status for status, *_ in of_hosts.values()} == {"ok"}
    assert rows(database, "SELECT rank, host FROM rank JOIN machine ON machine.id = rank.machine ORDER BY rank") == list(enumerate(hosts.names))


@pytest.mark.parametrize("hosts", [2], indirect=True)
@pytest.mark.parametrize("phase", ["timing", "quality"])
def test_a_run_whose_network_is_cut_ends_and_resumes(suite: Path, hosts: Hosts, phase: str) -> None:
    undisturbed = outcome(run_ok("run", suite, "--db", suite.parent / "one.db", "--json", *LONG))
    database = suite.parent / "cut.db"
    process = hosts.start("run", suite, "--db", database, *LONG)
    deadline = time.monotonic() + 120
    while progress(database)[0 if phase == "timing" else 1] == 0:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    hosts.cut(1)
    assert process.communicate(timeout=PATIENCE) and process.returncode != 0
    while hosts.processes():  # the ranks beyond the cut notice it by themselves
        assert time.monotonic() < deadline
        time.sleep(0.1)
    timings, shards = progress(database)
    assert (timings if phase == "timing" else shards) > 0
    assert rows(database, "SELECT 1 FROM timing GROUP BY cell, round, repetition HAVING count(*) <> 2") == []  # whole rounds, of both ranks
    assert rows(database, "SELECT status FROM run") == [("running",)]
    finished = rows(database, "SELECT cell, round, repetition, rank, duration_ns FROM timing WHERE discard_reason IS NULL")

    hosts.mend(1)
    assert_same(undisturbed, outcome(hosts.run("run", suite, "--db", database, *LONG, "--resume", "--json")))
    assert set(finished) <= set(rows(database, "SELECT cell, round, repetition, rank, duration_ns FROM timing"))
    assert rows(database, "SELECT DISTINCT count(*) FROM timing WHERE discard_reason IS NULL GROUP BY cell") == [(20 * 2,)]
