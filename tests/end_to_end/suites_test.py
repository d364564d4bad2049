"""Every suite that is shipped runs from a clone: what it names is there, and the program accepts every cell of it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from program import ROOT, diffbench

SUITES = sorted((ROOT / "harness" / "suites").glob("*.toml"))
ZOO = ROOT / "methods" / "zoo"


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_models_of_a_suite_are_in_the_zoo_with_their_weights(suite: Path) -> None:
    text = tomllib.loads(suite.read_text())
    models = {text.get("run", {}).get("model", "fashion_mnist"), *(m["model"] for m in text["method"] if "model" in m)}
    for name in models:
        model = tomllib.loads((ZOO / name / "model.toml").read_text())
        assert (ZOO / name / model["weights"]["file"]).is_file(), f"{suite.name} names {name}, whose weights are missing"


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_every_cell_of_a_suite_is_accepted(suite: Path, tmp_path: Path) -> None:
    # a regular expression that matches nothing is refused only after the whole suite has been read and multiplied out
    result = diffbench("run", suite, "--db", tmp_path / "results.db", "--only", "no such cell")
    assert result.returncode == 2 and "no such cell" in result.stderr, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
