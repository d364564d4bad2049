"""diffbench run --dry-run: everything is resolved, nothing runs that counts and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from program import diffbench, run_ok


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def dry(suite: Path, *more: object, ranks: int = 0) -> dict:
    return json.loads(run_ok("run", suite, "--dry-run", "--json", *more, cwd=suite.parent, ranks=ranks).stdout)


@pytest.mark.parametrize("ranks", [0, 2])
def test_it_prints_every_cell_and_writes_nothing(suite: Path, ranks: int) -> None:
    before = files(suite.parent)
    document = dry(suite, ranks=ranks)
    assert files(suite.parent) == before  # not even results.db, the default
    cells = {cell["key"]: cell for cell in document["cells"]}
    assert len(cells) == 10 and document["dry_run"] is True and document["ranks"] == max(ranks, 1)
    # 5 blocks; static_schedule runs 5 below t = 500 and 3 above, duodiff 3 of its own from 500 on
    full = cells["full/ddim/trailing/3/b4/fp32/offline"]
    assert (full["blocks"], full["blocks_full"], full["evaluations"], full["baseline"]) == (15, 15, 3, None)
    static = cells["static_schedule/ddim/trailing/3/b4/fp32/offline"]
    assert static["blocks"] == 3 + 3 + 5 and static["flops"] < static["flops_full"] == full["flops"]
    assert static["baseline"] == full["key"] and static["params"]["depths"] == [5, 3]
    assert cells["fixed_exit/ddim/trailing/3/b4/fp32/offline"]["blocks"] == 6
    null = cells["null/ddim/trailing/3/b4/fp32/offline"]
    assert (null["blocks"], null["flops"]) == (0, 0)
    for cell in cells.values():
        assert cell["repetition_s"] >= 0 and (cell["tensor_bytes"] > 0) == (cell["method"] != "null") and not cell["is_bound"]
        assert {"model", "weights"} <= {file["role"] for file in cell["files"]}
    weights = (suite.parent / "deep/weights.safetensors").stat().st_size
    shallow = (suite.parent / "deep/shallow/weights.safetensors").stat().st_size
    assert document["model_bytes"] > 0.9 * (weights + shallow)
    time = document["time"]
    assert 0 < time["timing_s"][0] <= time["timing_s"][1] and time["quality_s"] > 0
    assert time["total_s"][0] <= time["total_s"][1] and "estimate" not in time


def test_a_method_that_looks_at_samples_promises_nothing(suite: Path) -> None:
    suite.write_text(suite.read_text().replace('name = "fixed_exit"\nexit = 2', 'name = "random_exit"\nmean_depth = 3'))
    cells = [cell for cell in dry(suite)["cells"] if cell["method"] == "random_exit"]
    assert cells and all(cell["is_bound"] and cell["blocks"] is None and cell["decides"] == "row" for cell in cells)
    assert "at most 15" in run_ok("run", suite, "--dry-run", cwd=suite.parent).stdout


def test_the_table_says_what_is_estimated_and_how(suite: Path) -> None:
    text = run_ok("run", suite, "--dry-run", cwd=suite.parent).stdout
    for words in ("10 cells on 1 rank", "full/ddim/trailing/3/b4/fp32/offline", "15 of 15", "Estimated time:", "one evaluation of full"):
        assert words in text
    assert len(dry(suite, "--only", "fixed_exit/ddim/")["cells"]) == 2  # with its baseline


MISTAKES = {
    "a method's parameter": ("exit = 2", "exti = 2", ["suite.toml:", "exti", "did you mean 'exit'"]),
    "a method's value": ("exit = 2", "exit = 6", ["suite.toml:", "5 blocks"]),
    "a solver's parameter": ('grid = "trailing"', 'grid = "trailing"\netta = 1.0', ["suite.toml:", "etta", "eta"]),
    "a model": ("/deep\"", "/gone\"", ["/gone"]),
    "a shallow model": ("switch_t = 500", 'switch_t = 500\nshallow = "nowhere"', ["nowhere"]),
    "gates": ('name = "fixed_exit"\nexit = 2', 'name = "uncertainty_exit"\nthreshold = 0.1', ["heads.toml"]),
    "a calibration": ('name = "fixed_exit"\nexit = 2', 'name = "risk_controlled"\ncalibration = "gone.toml"', ["suite.toml:"]),
    "an extractor": ("[quality]", '[quality]\nextractor = "nowhere.pt"', ["nowhere.pt"]),
    "reference statistics": ("[quality]", '[quality]\nreference = "gone.npz"', ["gone.npz"]),
    "too many steps": ("steps = [4]", "steps = [4000]", ["suite.toml:", "4000"]),
    "the baseline": ('device = "cpu"', 'device = "cpu"\ncompare_with = "fulll"', ["did you mean 'full'"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_one_line(suite: Path, mistake: str) -> None:
    old, new, words = MISTAKES[mistake]
    assert old in suite.read_text()
    suite.write_text(suite.read_text().replace(old, new, 1))
    before = files(suite.parent)
    result = diffbench("run", suite, "--dry-run", cwd=suite.parent)
    assert result.returncode == 2 and result.stdout == "" and len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert all(word in result.stderr for word in words), result.stderr
    assert files(suite.parent) == before


def test_it_does_not_resume(suite: Path) -> None:
    result = diffbench("run", suite, "--dry-run", "--resume")
    assert result.returncode == 2 and "--resume" in result.stderr
