"""What a run says of quality, from the feature rows that it stored."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from program import ROOT, run_ok

REFERENCE = ROOT / "methods/zoo/fashion_mnist/reference.npz"
ONLY_DDIM = ("--only", "(fixed_exit|duodiff)/ddim", "--set", "timing.max_rounds=1", "--set", "timing.min_rounds=1")


def rows_of(connection: sqlite3.Connection, cell: int) -> np.ndarray:
    shards = connection.execute("SELECT width, features FROM feature_shard WHERE cell = ? ORDER BY first_sample", [cell])
    return np.concatenate([np.frombuffer(features, np.float32).reshape(-1, width) for width, features in shards])


def test_the_interval_of_a_run_is_that_of_fid(suite: Path) -> None:
    database = suite.parent / "r.db"
    run_ok("run", suite, "--db", database, *ONLY_DDIM)
    with sqlite3.connect(database) as connection:
        stored = connection.execute("SELECT cell, value, low, high, n, rule FROM quality WHERE metric = 'fid'").fetchall()
        assert len(stored) == 3
        for cell, value, low, high, n, rule in stored:
            features = rows_of(connection, cell)
            assert len(features) == n == 96
            np.savez(suite.parent / "features.npz", features=features)
            arguments = ("fid", suite.parent / "features.npz", REFERENCE, "--interval", "--json")
            fid = json.loads(run_ok(*arguments).stdout)["fid"]
            assert (fid["value"], fid["low"], fid["high"]) == pytest.approx((value, low, high), rel=1e-6)
            assert (fid["rule"], fid["groups"]) == (rule, 20)


def test_differences_are_paired_and_zero_for_the_same_samples(suite: Path) -> None:
    database = suite.parent / "r.db"
    text = suite.read_text().replace('name = "fixed_exit"\nexit = 2\n', 'name = "fixed_exit"\nexit = 5\n')
    suite.write_text(text)  # every block: the samples of `full`
    run_ok("run", suite, "--db", database, *ONLY_DDIM)
    with sqlite3.connect(database) as connection:
        gaps = dict(
            (method, gap)
            for method, *gap in connection.execute(
                "SELECT method, value, low, high, rule FROM quality JOIN cell ON cell.id = cell WHERE metric = 'fid_difference'"
            )
        )
        fids = dict(connection.execute("SELECT method, value FROM quality JOIN cell ON cell.id = cell WHERE metric = 'fid'"))
        assert gaps.keys() == {"fixed_exit", "duodiff"}
        assert gaps["duodiff"][0] == pytest.approx(fids["duodiff"] - fids["full"], rel=1e-9)
        assert gaps["duodiff"][1] < gaps["duodiff"][0] < gaps["duodiff"][2]
        assert gaps["fixed_exit"][:3] == pytest.approx([0, 0, 0], abs=1e-3)
        assert gaps["duodiff"][3].startswith("paired jackknife over 20 groups")
        files = connection.execute("SELECT DISTINCT role, path FROM artifact WHERE role IN ('extractor', 'reference')").fetchall()
        assert sorted(Path(path).name for _, path in files) == ["extractor.pt", "reference.npz"]


def test_a_last_piece_of_one_sample_is_judged(suite: Path) -> None:
    database = suite.parent / "r.db"
    result = run_ok("run", suite, "--db", database, *ONLY_DDIM, "--set", "quality.samples=33", "--json")
    assert {cell["n"] for cell in json.loads(result.stdout)["cells"]} == {33}
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT min(sample_count), count(*) FROM feature_shard").fetchone() == (1, 9)
        rules = {row for row in connection.execute("SELECT low, rule FROM quality")}
        assert rules == {(None, "none: 33 samples, an interval needs 2 in each of 20 groups")}
