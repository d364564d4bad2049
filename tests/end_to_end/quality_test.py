"""What a run says of quality, from the feature rows that it stored."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from program import ROOT, diffbench, run_ok

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


def values(database: Path, run: int = 1) -> dict[tuple[str, str], tuple[float, ...]]:
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT cell.key, name, value, low, high FROM cell_quality JOIN cell ON cell.id = cell WHERE cell.run = ?", [run]
        )
        return {(key, name): tuple(numbers) for key, name, *numbers in rows}


MORE = ("kid", "prdc", "cmmd", "fid_infinity", "feature_distance", "label_agreement")


def test_metrics_asked_for_later_are_those_of_the_run(suite: Path) -> None:
    later, at_once = suite.parent / "later.db", suite.parent / "at_once.db"
    run_ok("run", suite, "--db", later, *ONLY_DDIM)
    run_ok("run", suite, "--db", at_once, *ONLY_DDIM, "--set", f"quality.metrics={json.dumps(['fid', *MORE])}")
    document = json.loads(run_ok("judge", later, "--metrics", ",".join(MORE), "--json").stdout)
    assert {value["metric"] for value in document["values"]} >= {"kid", "precision", "coverage", "fid_infinity"}
    assert values(later).keys() == values(at_once).keys()
    for key, expected in values(at_once).items():
        assert values(later)[key] == pytest.approx(expected, rel=1e-12), key
    with sqlite3.connect(later) as connection:
        curve = connection.execute("SELECT n, value FROM quality_curve WHERE cell = 1 ORDER BY n").fetchall()
        assert [n for n, _ in curve] == [25, 49, 73, 92, 96] or curve[-1][0] == 96
        assert {label for (label,) in connection.execute("SELECT label FROM quality_class")} == set(range(10))


def test_pixels_are_kept_where_they_are_asked_for(suite: Path) -> None:
    database = suite.parent / "r.db"
    run_ok("run", suite, "--db", database, *ONLY_DDIM)
    refused = diffbench("judge", database, "--metrics", "psnr")
    assert refused.returncode == 1 and 'keep = "images"' in refused.stderr
    run_ok("run", suite, "--db", database, *ONLY_DDIM, "--set", "quality.keep=images")
    run_ok("judge", f"{database}@2", "--metrics", "psnr,ssim,rmse")
    run_ok("run", suite, "--db", database, *ONLY_DDIM, "--set", 'quality.metrics=["psnr","ssim","rmse"]')
    pixel = {key: value for key, value in values(database, 2).items() if not key[1].startswith("fid")}
    assert pixel == values(database, 3)
    with sqlite3.connect(database) as connection:
        runs = "SELECT DISTINCT run FROM image_shard JOIN cell ON cell.id = cell"
        assert connection.execute(runs).fetchall() == [(2,)]


def test_what_cannot_be_computed_is_refused_before_anything_runs(suite: Path) -> None:
    database = suite.parent / "r.db"
    reference = np.load(REFERENCE)
    np.savez(suite.parent / "sums.npz", mu=reference["mu"], sigma=reference["sigma"])
    for change, words in {
        ("quality.metrics=kdi",): "did you mean 'kid'?",
        ("quality.metrics=kid", "quality.reference=sums.npz"): "sums.npz holds their statistics only",
        ("quality.metrics=lpips",): "names no network",
        ("quality.metrics=lpips", "quality.lpips=no.pt"): "no.pt: no such file",
        ("quality.metrics=sfid",): "mu_s and sigma_s",
        ("quality.mode=clean",): "clean_fid",
        ("quality.keep=all",): "'images'",
        ("quality.to_uint8=floor",): "valid: round truncate edm",
    }.items():
        refused = diffbench("run", suite, "--db", database, *(word for setting in change for word in ("--set", setting)))
        assert refused.returncode == 2 and words in refused.stderr, (change, refused.stderr)
        assert len(refused.stderr.splitlines()) == 1
    assert not database.exists()


def test_a_second_network_has_values_of_its_own(suite: Path) -> None:
    database = suite.parent / "r.db"
    text = suite.read_text() + '\n[[quality.also]]\nextractor = "again.pt"\nreference = "again.npz"\n'
    (suite.parent / "again.pt").write_bytes((REFERENCE.parent / "extractor.pt").read_bytes())
    (suite.parent / "again.npz").write_bytes(REFERENCE.read_bytes())
    suite.write_text(text)
    run_ok("run", suite, "--db", database, *ONLY_DDIM)
    found = values(database)
    for (key, name), numbers in found.items():
        if not name.endswith("@again.pt"):
            assert found[key, f"{name}@again.pt"] == pytest.approx(numbers, rel=1e-9)  # the same network under another name
    assert {name for _, name in found} == {"fid", "fid_difference", "fid@again.pt", "fid_difference@again.pt"}
