"""`diffbench ab`: two programs that take turns, what it keeps, and what becomes of them when one is killed."""

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

from program import BINARY, ENVIRONMENT, command, diffbench

UNDECIDED = 4
AB = ("--only", "full/ddim|fixed_exit/ddim", "--set", "run.batch=[8]")


def ab(suite: Path, *arguments: object, program: Path = BINARY, ranks: int = 0) -> subprocess.CompletedProcess:
    return diffbench("ab", program, suite, "--db", suite.parent / "ab.db", *AB, *arguments, ranks=ranks)


@pytest.mark.parametrize("ranks", [0, 2])
def test_ab_keeps_both_runs_and_their_pairing(suite: Path, ranks: int) -> None:
    result = ab(suite, "--minutes", 0.05, "--json", ranks=ranks)
    assert result.returncode in (0, 1, UNDECIDED), result.stderr
    document = json.loads(result.stdout)
    assert document["rule"]["paired"] and {row["key"].split("/")[0] for row in document["cells"]} == {"full", "fixed_exit"}
    with sqlite3.connect(suite.parent / "ab.db") as connection:
        assert connection.execute("SELECT old_run, new_run FROM pairing").fetchall() == [(document["old"]["run"], document["new"]["run"])]
        rounds = connection.execute("SELECT cell.key, count(DISTINCT timing.round), max(cell.ranks) FROM timing JOIN cell ON cell.id = cell GROUP BY cell.id").fetchall()
        assert all(count > 3 and ranks_of == max(ranks, 1) for _, count, ranks_of in rounds), rounds
    assert sorted(path.name for path in suite.parent.glob("ab.db*")) == ["ab.db"]
    again = diffbench("compare", f"{suite.parent}/ab.db@{document['old']['run']}", f"{suite.parent}/ab.db@{document['new']['run']}", "--json")
    assert json.loads(again.stdout)["cells"] == document["cells"] and again.returncode == result.returncode


def test_both_programs_start_again_and_go_on_with_the_next_round(suite: Path) -> None:
    result = ab(suite, "--minutes", 0.25, "--starts", 3, "--json")
    assert result.returncode in (0, 1, UNDECIDED), result.stderr
    starts = re.search(r"both programs started (\d+) times", result.stderr)
    assert starts and 2 <= int(starts[1]) <= 3, result.stderr
    with sqlite3.connect(suite.parent / "ab.db") as connection:
        assert connection.execute("SELECT status, count(*) FROM run GROUP BY status").fetchall() == [("ok", 2)]
        for rounds, most, repetitions in connection.execute("SELECT count(DISTINCT round), max(round), count(*) FROM timing GROUP BY cell"):
            assert rounds == most + 1 == repetitions


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_child_ends_ab_with_3_and_both_programs(suite: Path, victim: int) -> None:
    process = subprocess.Popen(command("ab", BINARY, suite, "--db", suite.parent / "ab.db", "--minutes", 5, *AB), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.time() + 60
    while len(children_of(process.pid)) < 2 and time.time() < deadline:
        time.sleep(0.2)
    time.sleep(2)
    children = children_of(process.pid)
    os.kill(children[victim], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3 and "the other program is gone" in errors, errors
    assert not any(is_alive(child) for child in children)
    assert list(suite.parent.glob("ab.db*")) == []


def test_killing_ab_ends_its_children(suite: Path) -> None:
    process = subprocess.Popen(command("ab", BINARY, suite, "--db", suite.parent / "ab.db", "--minutes", 5, *AB), env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.time() + 60
    while len(children_of(process.pid)) < 2 and time.time() < deadline:
        time.sleep(0.2)
    children = children_of(process.pid)
    process.kill()
    process.wait()
    for _ in range(100):
        if not any(is_alive(child) for child in children):
            return
        time.sleep(0.1)
    pytest.fail("children outlived ab")


def test_ab_refuses_what_is_no_program_and_a_suite_that_is_none(suite: Path) -> None:
    for arguments, words in ((("ab", suite, suite), "neither a program nor a build folder"), (("ab", "/bin/false", suite), "before its first turn"), (("ab", BINARY, suite.parent / "none.toml"), "none.toml: cannot read this file")):
        result = diffbench(*arguments, "--db", suite.parent / "ab.db")
        assert words in result.stderr and result.returncode == 2, result.stderr
