"""diffbench calibrate --teacache, --magcache, --smoothcache: what it writes is what the methods read, and nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

import tensor_files
from program import diffbench, run_ok, write_uvit

STEPS = 6
FLAGS = {"tea_cache": ("--teacache",), "mag_cache": ("--magcache",), "layer_mask": ("--smoothcache", 0.4)}
PARAMETER = {"tea_cache": "calibration", "mag_cache": "calibration", "layer_mask": "mask"}
SKIPS = {"tea_cache": ["threshold=0.5"], "mag_cache": ["retention=0", "threshold=9"], "layer_mask": []}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_uvit(tmp_path_factory.mktemp("network"), depth=4, seed=3)


def calibrate(model: Path, method: str, out: Path, batch: int = 4) -> dict:
    run_ok("calibrate", *FLAGS[method], "--model", model, "--steps", STEPS, "--num", 6, "--batch", batch, "--out", out)
    return tomllib.loads(out.read_text())


def sample(model: Path, method: str, out: Path, *params: str, steps: int = STEPS):
    flags = [word for param in params for word in ("--param", param)]
    return diffbench("sample", "--model", model, "--steps", steps, "--num", 3, "--method", method, *flags, "--out", out)


@pytest.mark.parametrize("method", FLAGS)
def test_the_method_reads_what_calibrate_writes(method: str, model: Path, tmp_path: Path) -> None:
    written = calibrate(model, method, tmp_path / "c.toml")
    assert (written["method"], written["places"]) == (method, STEPS)
    done = sample(model, method, tmp_path / "own.safetensors", f"{PARAMETER[method]}={tmp_path / 'c.toml'}", *SKIPS[method])
    assert done.returncode == 0, done.stderr
    run_ok("sample", "--model", model, "--steps", STEPS, "--num", 3, "--method", "full", "--out", tmp_path / "full.safetensors")
    own, full = (tensor_files.read(tmp_path / f"{name}.safetensors")["samples"] for name in ("own", "full"))
    assert own.shape == full.shape and not np.array_equal(own, full)


def test_the_numbers_are_those_of_the_trajectories(model: Path, tmp_path: Path) -> None:
    assert len(calibrate(model, "tea_cache", tmp_path / "tea.toml")["coefficients"]) == 5
    ratios = calibrate(model, "mag_cache", tmp_path / "mag.toml")["ratios"]
    assert len(ratios) == STEPS and ratios[0] == 1.0 and all(0.2 < ratio < 5 for ratio in ratios)
    # whatever the batches: means over trajectories
    again = calibrate(model, "mag_cache", tmp_path / "again.toml", batch=2)["ratios"]
    assert again == pytest.approx(ratios, rel=1e-5)
    runs = calibrate(model, "layer_mask", tmp_path / "mask.toml")["runs"]
    assert len(runs) == STEPS and runs[0] == runs[-1] == "1" * len(runs[0]) and "0" in "".join(runs)
    everything = run_ok("calibrate", "--smoothcache", 0, "--model", model, "--steps", STEPS, "--num", 2, "--out", tmp_path / "all.toml")
    assert "0" not in "".join(tomllib.loads((tmp_path / "all.toml").read_text())["runs"]), everything.stdout


def refused(done) -> str:
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def test_refusals(model: Path, tmp_path: Path) -> None:
    calibrate(model, "layer_mask", tmp_path / "mask.toml")
    mask = f"mask={tmp_path / 'mask.toml'}"
    assert "for 6 times, none for 5" in refused(sample(model, "layer_mask", tmp_path / "x.npz", mask, steps=5))
    assert "is 'layer_mask', not 'tea_cache'" in refused(sample(model, "tea_cache", tmp_path / "x.npz", f"calibration={tmp_path / 'mask.toml'}"))
    other = write_uvit(tmp_path / "other", depth=4, seed=5)
    assert "another network" in refused(sample(other, "layer_mask", tmp_path / "x.npz", mask))
    assert "mag_cache needs one" in refused(sample(model, "mag_cache", tmp_path / "x.npz"))
    assert "front_blocks: in" in refused(sample(model, "db_cache", tmp_path / "x.npz"))
    assert "one at a time" in refused(diffbench("calibrate", "--teacache", "--magcache", "--model", model, "--out", tmp_path / "x.toml"))
    assert "--out" in refused(diffbench("calibrate", "--teacache", "--model", model))
    under = ("--model", model, "--out", tmp_path / "x.toml", "--guidance", 2, "--guidance-interval", "0,500")
    assert "--guidance-interval" in refused(diffbench("calibrate", "--magcache", *under))
    assert not list(tmp_path.glob("x.*"))
