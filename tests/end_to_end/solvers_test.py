"""Every solver on every grid through the real binary, against what diffusers and the solvers' authors' code computed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tensor_files
from program import run_ok

GOLDENS = Path(__file__).parents[1] / "methods" / "solvers"
STEPS = 10

MODEL = """[backbone]
kind = "gaussian_mixture"
image_size = 1
channels = 1
means = [{mean}]
stds = [{std}]
weights = [1.0]
[noise]
schedule = "{schedule}"
"""


def cases() -> dict[str, tuple[dict, dict]]:
    """one per solver, parameters, grid and kind of schedule"""
    chosen = {}
    for name in ("goldens.json", "author_goldens.json"):
        goldens = json.loads((GOLDENS / name).read_text())
        for case in goldens["cases"]:
            if case["steps"] == STEPS and case["schedule"] in ("linear", "vp_continuous"):
                params = ",".join(f"{key}={value}" for key, value in case["params"].items())
                chosen[f"{case['solver']}({params}) {case['grid']} {case['schedule']}"] = (goldens, case)
    return chosen


CASES = cases()


def test_there_is_a_case_for_every_solver_and_grid() -> None:
    listed = json.loads(run_ok("list", "solvers", "--json").stdout)
    covered = {(case["solver"], case["grid"]) for _, case in CASES.values()}
    assert covered == {(s["name"], grid) for s in listed for grid in {*s["grids"], *s["grids_on_vp_continuous"]}}


@pytest.mark.parametrize("name", CASES)
def test_fp64_trajectories_equal_the_references(tmp_path: Path, name: str) -> None:
    goldens, case = CASES[name]
    (tmp_path / "model.toml").write_text(MODEL.format(**goldens, schedule=case["schedule"]))
    # the numbers of a trajectory of the goldens are independent: here they are samples of one pixel
    count = len(goldens["start"])
    noise = {"noise": np.array(goldens["start"]).reshape(count, 1, 1, 1)}
    if case["noise"]:
        noise["step_noise"] = np.array(case["noise"]).reshape(-1, count, 1, 1, 1)
    tensor_files.write(tmp_path / "noise.safetensors", noise)
    params = [f"--solver-param={key}={json.dumps(value).strip(chr(34))}" for key, value in case["params"].items()]
    run_ok(
        *("sample", "--model", tmp_path, "--precision", "fp64", "--solver", case["solver"], *params),
        *("--grid", case["grid"], "--steps", STEPS, "--num", count, "--batch", count),
        *("--noise", tmp_path / "noise.safetensors", "--out", tmp_path / "out.safetensors"),
        *("--trace", tmp_path / "trace.safetensors"),
    )
    trace = tensor_files.read(tmp_path / "trace.safetensors")
    assert np.abs(trace["t"] - case["t"]).max() < 1e-9
    assert np.abs(trace["x"].reshape(-1, count) - case["x"]).max() < 1e-8
    samples = tensor_files.read(tmp_path / "out.safetensors")["samples"]
    assert np.abs(samples.ravel() - case["sample"]).max() < 1e-8
