"""diffbench run that is asked to end, or whose ranks hang: what is finished stays, and --resume goes on."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from outcomes import assert_same, outcome, progress
from program import BINARY, ENVIRONMENT, command, diffbench, run_ok

# long enough to be met in each phase
LONG = ("--only", "^(full|duodiff)/ddim", "--set", "timing.min_rounds=40", "--set", "timing.max_rounds=40", "--set", "quality.samples=960")
CELLS = 2


def start(suite: Path, database: Path, *more: str, ranks: int = 0) -> subprocess.Popen:
    return subprocess.Popen(command("run", suite, "--db", database, *LONG, *more, ranks=ranks), env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)


def wait_for(phase: str, database: Path, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while progress(database)[0 if phase == "timing" else 1] == 0:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)


def pids(database: Path) -> list[int]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return [row[0] for row in connection.execute("SELECT pid FROM rank ORDER BY rank")]


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.fixture
def undisturbed(suite: Path) -> dict[str, tuple]:
    return outcome(run_ok("run", suite, "--db", suite.parent / "whole.db", "--json", *LONG))


@pytest.mark.parametrize(("phase", "number"), [("timing", signal.SIGINT), ("quality", signal.SIGTERM)])
def test_a_run_that_is_asked_to_end_says_how_to_go_on(suite: Path, undisturbed: dict, phase: str, number: int) -> None:
    database = suite.parent / "a file's.db"
    process = start(suite, database)
    wait_for(phase, database, process)
    process.send_signal(number)
    _, text = process.communicate(timeout=30)
    assert process.returncode == 1
    line = text.splitlines()[-1]
    said = f"diffbench: stopped by {signal.Signals(number).name}; what is finished is in {database}; to go on: "
    assert line.startswith(said) and "internal" not in line
    assert 0 < progress(database)[0 if phase == "timing" else 1]
    to_go_on = shlex.split(line.removeprefix(said))
    assert to_go_on[0] == str(BINARY) and to_go_on[-1] == "--resume"
    resumed = subprocess.run([*to_go_on, "--json"], env=ENVIRONMENT, capture_output=True, text=True, timeout=240)
    assert resumed.returncode == 0, resumed.stderr
    assert_same(undisturbed, outcome(resumed))


def test_one_rank_that_is_asked_to_end_ends_all(suite: Path) -> None:
    database = suite.parent / "r.db"
    process = start(suite, database, ranks=2)
    wait_for("quality", database, process)
    os.kill(pids(database)[1], signal.SIGTERM)
    _, text = process.communicate(timeout=30)
    assert process.returncode == 1 and "stopped by SIGTERM" in text and "--resume" in text
    # all times are there: what is left can be done by another number of ranks
    assert progress(database)[0] == CELLS * 40 * 2
    run_ok("run", suite, "--db", database, *LONG, "--resume", ranks=3)
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT status FROM run").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM rank").fetchall() == [(2,)]  # those that were timed


@pytest.mark.parametrize("phase", ["timing", "quality"])
def test_a_rank_that_hangs_is_named(suite: Path, undisturbed: dict, phase: str) -> None:
    database = suite.parent / "r.db"
    process = start(suite, database, "--patience", "6", ranks=2)
    wait_for(phase, database, process)
    hanging = pids(database)[1]
    os.kill(hanging, signal.SIGSTOP)
    began = time.monotonic()
    _, text = process.communicate(timeout=60)
    assert 5.5 < time.monotonic() - began < 50
    assert process.returncode == 1
    line = next(line for line in text.splitlines() if "has not answered" in line)
    assert f"rank 1 (host {os.uname().nodename}, process {hanging}: state T (stopped)" in line and "--resume" in line
    assert ("while timing " if phase == "timing" else "while sampling ") in line and "/ddim" in line or "/ddpm" in line
    deadline = time.monotonic() + 20  # mpirun has sent its SIGKILL, and does not wait for what it does
    while is_running(hanging):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    resumed = run_ok("run", suite, "--db", database, *LONG, "--resume", "--json", ranks=2)
    assert_same(undisturbed, outcome(resumed))


def test_a_slow_rank_is_not_taken_for_one_that_hangs(suite: Path) -> None:
    """one that stops for less than the patience"""
    database = suite.parent / "r.db"
    process = start(suite, database, "--patience", "20", ranks=2)
    wait_for("timing", database, process)
    pid = pids(database)[1]
    os.kill(pid, signal.SIGSTOP)
    time.sleep(1)
    os.kill(pid, signal.SIGCONT)
    process.communicate(timeout=120)
    assert process.returncode == 0


def test_a_patience_that_makes_no_sense_is_refused(suite: Path) -> None:
    result = diffbench("run", suite, "--db", suite.parent / "r.db", "--patience", "-1")
    assert result.returncode == 2 and "--patience" in result.stderr
    assert json.loads(run_ok("run", suite, "--db", suite.parent / "r.db", "--patience", "60", "--json").stdout)
