"""Every suite that is shipped runs from a clone: what it names is there, and the program accepts every cell of it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from program import ROOT, diffbench, run_ok

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
    result = run_ok("run", suite, "--dry-run", "--json", cwd=tmp_path)
    cells = json.loads(result.stdout)["cells"]
    methods = {method.get("label", method["name"]) for method in tomllib.loads(suite.read_text())["method"]}
    assert {cell["label"] for cell in cells} == methods
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_a_misspelt_parameter_of_a_suite_is_refused(suite: Path, tmp_path: Path) -> None:
    lines = suite.read_text().splitlines()
    spoilt = next(i for i, line in enumerate(lines) if re.match(r"(threshold|switch_t|mean_depth|exit) = ", line))
    lines[spoilt] = "x" + lines[spoilt]
    copy = tmp_path / suite.name
    copy.write_text("\n".join(lines) + "\n")
    result = diffbench("run", copy, "--dry-run", cwd=tmp_path)
    assert result.returncode == 2 and "did you mean" in result.stderr, result.stderr
    assert lines[spoilt].split()[0] in result.stderr and len(result.stderr.strip().splitlines()) == 1
