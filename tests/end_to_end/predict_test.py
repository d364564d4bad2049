"""diffbench predict as a user runs it; whether it is right: results/scale_out."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from program import ROOT, diffbench, run_ok


@pytest.fixture
def results(suite: Path) -> Path:
    database = suite.parent / "r.db"
    run_ok("run", suite, "--db", database, ranks=2)
    return database


def test_it_speaks_of_every_judged_cell_over_the_size_of_the_cluster(results: Path) -> None:
    text = run_ok("predict", results, "--cluster", ROOT / "docs/examples/cluster.toml", "--samples", 50_000).stdout
    assert "full/ddim" in text and "efficiency" in text and "EUR" in text
    document = json.loads(run_ok("predict", results, "--cluster", ROOT / "docs/examples/cluster.toml", "--json").stdout)
    cells = {}
    for row in document["cells"]:
        cells.setdefault(row["key"], []).append(row)
    assert len(cells) == 8 and all([row["ranks"] for row in rows] == [1, 2, 4, 8, 16, 32, 64] for rows in cells.values())
    for rows in cells.values():
        assert all(0 < row["efficiency"] <= 1.2 and row["price_per_1000_images"] > 0 for row in rows)
        assert rows[-1]["images_per_s"] > rows[0]["images_per_s"]
        with sqlite3.connect(results) as connection:  # one rank of that machine: as long as the batches took
            storing, = connection.execute(
                "SELECT storing_ns FROM sampling_work JOIN cell ON cell.id = cell WHERE key = ? AND rank = 0", [rows[0]["key"]]).fetchone()
            assert storing > 0
            took, samples = connection.execute(
                "SELECT sum(sampling_ns + features_ns), sum(sample_count) FROM sampling_work JOIN cell ON cell.id = cell WHERE key = ?",
                [rows[0]["key"]]).fetchone()
        assert rows[0]["images_per_s"] == pytest.approx(samples / took * 1e9, rel=0.1)
    chosen = json.loads(run_ok("predict", results, "--cluster", ROOT / "docs/examples/cluster.toml", "--only", "^full/ddim", "--ranks", "3,8", "--json").stdout)
    assert [(row["key"].split("/")[0], row["ranks"]) for row in chosen["cells"]] == [("full", 3), ("full", 8)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--ranks", "65"], "--ranks: 65"), (["--only", "nothing"], "has made quality samples"), (["--only", "("], "not a regular expression"),
     (["--samples", "0"], "--samples")],
)
def test_what_makes_no_sense_is_refused(results: Path, arguments: list[str], said: str) -> None:
    result = diffbench("predict", results, "--cluster", ROOT / "docs/examples/cluster.toml", *arguments)
    assert result.returncode == 2 and said in result.stderr and result.stderr.count("\n") == 1


def test_a_wrong_cluster_is_refused_with_its_line(results: Path, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[[node]]\ncount = 2\ndevices = 0\n")
    result = diffbench("predict", results, "--cluster", tmp_path / "c.toml")
    assert result.returncode == 2 and f"{tmp_path / 'c.toml'}:3: [node[0]] devices: must be between" in result.stderr
    assert "none.toml: cannot read this file" in diffbench("predict", results, "--cluster", tmp_path / "none.toml").stderr
