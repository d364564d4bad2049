"""diffbench run --part I/N on machines that share nothing but the suite, and diffbench merge of what they made."""

from __future__ import annotations

import itertools
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from program import diffbench, run_ok

QUALITY = "SELECT key, metric, extractor, value, low, high, n, quality.sample_checksum FROM quality JOIN cell ON cell.id = cell ORDER BY 1, 2, 3"


def rows(database: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return connection.execute(sql).fetchall()


def assert_close(one: list[tuple], other: list[tuple]) -> None:
    assert len(one) == len(other) > 0
    for left, right in zip(one, other, strict=True):
        for a, b in zip(left, right, strict=True):
            assert a == pytest.approx(b, rel=1e-9, abs=1e-12) if isinstance(a, float) else a == b, (left, right)


@pytest.fixture
def parts(suite: Path) -> list[Path]:
    """tmp_path/part1.db to part3.db of suite, with a metric that --set asks for and one that looks at pixels"""
    files = [suite.parent / f"part{part}.db" for part in (1, 2, 3)]
    for part, file in enumerate(files, start=1):
        # part 2 on two ranks: how many a machine has is its own affair
        run_ok("run", suite, "--db", file, "--part", f"{part}/3", *ASKED, ranks=2 if part == 2 else 0)
    return files


ASKED = ("--set", 'quality.metrics=["fid", "kid", "psnr"]')


def test_parts_give_what_one_run_gives(suite: Path, parts: list[Path]) -> None:
    whole = suite.parent / "whole.db"
    run_ok("run", suite, "--db", whole, *ASKED)
    # a part has its share of the samples and judges nothing; times are measured by the first alone
    assert [rows(file, "SELECT count(*) FROM timing")[0][0] > 0 for file in parts] == [True, False, False]
    assert [rows(file, "SELECT count(*) FROM quality")[0][0] for file in parts] == [0, 0, 0]
    shards = [{shard for shard, in rows(file, "SELECT DISTINCT shard FROM feature_shard")} for file in parts]
    assert shards == [{0, 3}, {1, 4}, {2, 5}]

    seen = set()
    for number, order in enumerate(itertools.permutations(parts)):
        joined = suite.parent / f"joined{number}.db"
        document = json.loads(run_ok("merge", *order, "-o", joined, "--json").stdout)
        assert document["runs"] == 1 and document["joined"] == [{"run": 1, "suite": "tiny", "parts": 3, "missing": []}]
        assert_close(rows(joined, QUALITY), rows(whole, QUALITY))
        assert rows(joined, "SELECT cell, round, duration_ns FROM timing") == rows(parts[0], "SELECT cell, round, duration_ns FROM timing")
        assert rows(joined, "SELECT count(*) FROM image_shard") == [(0,)]  # keep = "features": as after any run
        seen.add(rows(joined, "SELECT uid, status FROM run")[0])
    assert len(seen) == 1  # the same run, whatever came first
    run_ok("report", suite.parent / "joined0.db", "-o", suite.parent / "report")
    assert run_ok("merge", suite.parent / "joined0.db", parts[1], whole, "-o", suite.parent / "history.db")
    assert rows(suite.parent / "history.db", "SELECT count(*) FROM run") == [(2,)]


def test_what_is_missing_is_said_and_can_come_later(suite: Path, parts: list[Path]) -> None:
    history = suite.parent / "history.db"
    first = diffbench("merge", parts[2], parts[0], "-o", history, "--json")
    assert first.returncode == 0 and "run 1 (tiny): of 3 parts missing: 2" in first.stderr
    assert json.loads(first.stdout)["joined"][0]["missing"] == [2]
    assert rows(history, "SELECT count(*) FROM quality") == [(0,)]
    # the same part once more changes nothing; the last one completes the run
    again = json.loads(run_ok("merge", parts[0], "-o", history, "--json").stdout)
    assert (again["runs"], again["repeated"]) == (1, 1)
    last = json.loads(run_ok("merge", history, parts[1], parts[1], "-o", history, "--json").stdout)
    assert last["joined"][0]["missing"] == [] and last["runs"] == 1
    assert rows(history, "SELECT part, part_count FROM part") == [(1, 3), (2, 3), (3, 3)]
    assert rows(history, "SELECT count(*) FROM feature_shard")[0][0] == 48
    late = json.loads(run_ok("merge", history, *parts, "-o", history, "--json").stdout)
    assert (late["runs"], late["joined"]) == (1, [])


def test_parts_that_do_not_belong_together_are_refused(suite: Path, parts: list[Path]) -> None:
    output = suite.parent / "out.db"

    def refused(*files: Path) -> str:
        result = diffbench("merge", *files, "-o", output)
        assert result.returncode == 2 and not output.exists() and result.stderr.count("\n") == 1, result.stderr
        return result.stderr

    other = suite.parent / "other.db"
    run_ok("run", suite, "--db", other, "--part", "2/3", *ASKED)
    text = refused(parts[0], parts[1], other)
    assert "part 2 of 3" in text and "made at another time" in text and str(parts[1]) in text and str(other) in text

    weights = suite.parent / "deep/weights.safetensors"
    before = weights.read_bytes()
    weights.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    other.unlink()
    run_ok("run", suite, "--db", other, "--part", "2/3", *ASKED)
    weights.write_bytes(before)
    text = refused(parts[0], other)
    assert f"{other}: part 2 of 3: belongs to another run than {parts[0]}: part 1 of 3" in text and "sha256" in text or "fingerprint" in text

    unfinished = suite.parent / "unfinished.db"
    shutil.copy(parts[2], unfinished)
    with sqlite3.connect(unfinished) as connection:
        connection.execute("UPDATE run SET status = 'running', finished_utc = NULL")
    assert f"{unfinished}: part 3 of 3 of suite tiny has not finished" in refused(parts[0], unfinished)
    # another suite's part is another run, not an error
    run_ok("run", suite, "--db", suite.parent / "seed.db", "--part", "2/3", "--set", "seed=6")
    document = json.loads(run_ok("merge", parts[0], suite.parent / "seed.db", "-o", output, "--json").stdout)
    assert document["runs"] == 2 and [one["missing"] for one in document["joined"]] == [[2, 3], [1, 3]]


def test_an_unfinished_part_goes_on(suite: Path, parts: list[Path]) -> None:
    with sqlite3.connect(parts[1]) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM feature_shard WHERE shard = 4")
        connection.execute("DELETE FROM image_shard WHERE shard = 4")
        connection.execute("UPDATE run SET status = 'running', finished_utc = NULL")
    wrong = diffbench("run", suite, "--db", parts[1], "--part", "3/3", *ASKED, "--resume")
    assert wrong.returncode == 2 and "no unfinished run" in wrong.stderr
    run_ok("run", suite, "--db", parts[1], "--part", "2/3", *ASKED, "--resume")  # on one rank now
    assert {shard for shard, in rows(parts[1], "SELECT DISTINCT shard FROM feature_shard")} == {1, 4}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--part", "4/3"], "--part: 4/3: wanted is I/N with 1 <= I <= N, as in 3/8"),
        (["--part", "0/3"], "wanted is I/N"),
        (["--part", "1/3x"], "wanted is I/N"),
        (["--part", "two"], "wanted is I/N"),
        (["--part", "2/3", "--set", "quality.samples=0"], "judges no quality"),
        (["--part", "2/3", "--profile"], "measures no times, and no profile"),
    ],
)
def test_a_part_that_makes_no_sense_is_refused(suite: Path, arguments: list[str], said: str) -> None:
    result = diffbench("run", suite, "--db", suite.parent / "r.db", *arguments)
    assert result.returncode == 2 and said in result.stderr and result.stderr.count("\n") == 1
    assert not (suite.parent / "r.db").exists()
