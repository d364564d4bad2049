"""Malformed input: exit 2, a first line that names the place, and nothing written."""

from __future__ import annotations

import pickle
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tensor_files
from program import diffbench, run_ok


def refused(result, *words: str) -> None:
    lines = result.stderr.strip().splitlines()
    assert result.returncode == 2, (result.returncode, result.stderr)
    assert 1 <= len(lines) <= 8 and result.stdout == ""
    for word in words:
        assert word in lines[0], lines[0]


SUITE_FAULTS = {
    "unknown key": ("[timing]", "[timing]\nmax_ruonds = 3", ["suite.toml:", "max_ruonds", "did you mean 'max_rounds'"]),
    "wrong type": ("min_rounds = 3", 'min_rounds = "3"', ["suite.toml:", "min_rounds", "integer"]),
    "unknown method": ('name = "fixed_exit"', 'name = "fixed_exits"', ["suite.toml:", "did you mean 'fixed_exit'"]),
    "unknown parameter": ("exit = 2", "exti = 2", ["suite.toml:", "did you mean 'exit'"]),
    "parameter out of range": ("exit = 2", "exit = 6", ["suite.toml:", "exit", "5 blocks"]),
    "unknown solver": ('name = "ddim"', 'name = "ddimm"', ["suite.toml:", "did you mean 'ddim'"]),
    "unknown grid": ('grid = "leading"', 'grid = "leadign"', ["suite.toml:", "did you mean 'leading'"]),
    "too many steps": ("steps = [4]", "steps = [4000]", ["suite.toml:", "4000"]),
    "missing model": ("/deep\"", "/gone\"", ["/gone", "no such"]),
    "missing extractor": ("[quality]", '[quality]\nextractor = "nowhere.pt"', ["nowhere.pt"]),
    "not TOML": ("[timing]", "[timing", ["suite.toml:", "TOML"]),
}


@pytest.mark.parametrize("fault", SUITE_FAULTS)
def test_malformed_suites(suite: Path, fault: str) -> None:
    old, new, words = SUITE_FAULTS[fault]
    text = suite.read_text()
    assert old in text
    suite.write_text(text.replace(old, new, 1))
    database = suite.parent / "never.db"
    refused(diffbench("run", suite, "--db", database), *words)
    assert not database.exists()


def sample(model: Path, *more: object):
    return diffbench("sample", "--model", model, "--num", 2, "--steps", 2, "--out", model.parent / "never.npz", *more)


def test_malformed_models_and_weights(models: Path) -> None:
    toml, weights = models / "deep/model.toml", models / "deep/weights.safetensors"
    good_toml, good_weights = toml.read_text(), weights.read_bytes()
    for old, new, word in [("heads = 2", "heads = 3", "heads"), ("width", "witdh", "did you mean 'width'"), ("channels", "chanels", "model.toml:4: [backbone] chanels: unknown key 'chanels'; did you mean 'channels'"), ("[noise]", "[nois]", "did you mean 'noise'"), ('"uvit"', '"unet"', "kind"), ("linear", "lineer", "linear")]:
        toml.write_text(good_toml.replace(old, new, 1))
        refused(sample(models / "deep"), "model.toml:", word)
    toml.write_text(good_toml)
    for damaged in (good_weights[:-5], good_weights[:20], b"", b"\xff" * 8 + good_weights[8:]):
        weights.write_bytes(damaged)
        refused(sample(models / "deep"), "weights.safetensors")
    tensors = {"norm.weight": np.zeros(3, np.float32), "stranger": np.zeros(1, np.float32)}
    tensor_files.write(weights, tensors)
    refused(sample(models / "deep"), "weights.safetensors", "missing", "stranger", "norm.weight is [3] instead of [32]")
    weights.unlink()
    refused(sample(models / "deep"), "model.toml:", "weights.safetensors")
    assert not (models / "never.npz").exists()


class Hostile:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        import os

        return os.system, (f"touch {self.marker}",)


def test_a_hostile_pickle_is_refused_and_never_run(models: Path) -> None:
    marker = models / "marker"
    with zipfile.ZipFile(models / "deep/evil.pth", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("evil/data.pkl", pickle.dumps({"norm.weight": Hostile(marker)}, protocol=2))
        archive.writestr("evil/version", "3\n")
    toml = models / "deep/model.toml"
    toml.write_text(toml.read_text().replace("weights.safetensors", "evil.pth"))
    refused(sample(models / "deep"), "evil.pth", "system")
    assert not marker.exists()


def test_wrong_databases(suite: Path) -> None:
    newer = suite.parent / "newer.db"
    run_ok("run", suite, "--db", newer, "--only", "full/ddim", "--set", "quality.samples=0")
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = newer.read_bytes()
    refused(diffbench("run", suite, "--db", newer), "newer.db")
    refused(diffbench("report", newer, "-o", suite.parent / "report"), "newer.db")
    assert newer.read_bytes() == before and not (suite.parent / "report").exists()
    text = suite.parent / "text.db"
    text.write_text("not a database at all")
    refused(diffbench("run", suite, "--db", text), "text.db")
    refused(diffbench("report", suite.parent / "gone.db", "-o", suite.parent / "report"), "gone.db")


def test_wrong_command_lines(models: Path) -> None:
    assert diffbench().returncode == 2
    refused(diffbench("smaple"), "smaple", "sample")
    refused(diffbench("run", "x.toml", "--resum"), "--resum", "--resume")
    refused(diffbench("run", "x.toml"), "x.toml")
    refused(sample(models / "deep", "--solver", "dimd"), "ddim")
    refused(sample(models / "deep", "--solver-param", "eta=2"), "eta")
    refused(sample(models / "deep", "--grid", "karas"), "leading")
    refused(sample(models / "deep", "--method", "fixed_exit"), "exit")
    refused(sample(models / "deep", "--precision", "fp8"), "fp8")
    refused(sample(models / "deep", "--device", "cuda:99"), "cuda:99")
    refused(diffbench("sample", "--model", models / "deep", "--num", 2, "--out", models / "x.gif"), "x.gif")
    refused(diffbench("list", "metods"), "metods", "methods")


def test_missing_data(models: Path) -> None:
    recipe = models / "recipe.toml"
    recipe.write_text(f'task = "denoiser"\nmodel = "deep/model.toml"\n[optimizer]\nsteps = 2\nbatch = 2\n')
    refused(diffbench("train", recipe, "--data", models / "gone", "--state", models / "state"), "gone")
    recipe.write_text(recipe.read_text() + "momentum = 1.0\n")
    refused(diffbench("train", recipe, "--state", models / "state"), "recipe.toml:6", "momentum")
    assert not (models / "state").exists()


def test_wrong_tensors(models: Path) -> None:
    noise = models / "noise.safetensors"
    tensor_files.write(noise, {"noise": np.zeros((2, 1, 28, 27), np.float32)})
    refused(sample(models / "deep", "--noise", noise), "noise.safetensors", "[2, 1, 28, 27]")
    tensor_files.write(noise, {"noise": np.full((2, 1, 28, 28), np.nan, np.float32)})
    refused(sample(models / "deep", "--noise", noise), "noise.safetensors", "finite")
    tensor_files.write(noise, {"noise": np.zeros((2, 1, 28, 28), np.float32)})
    refused(sample(models / "deep", "--noise", noise, "--solver", "ddpm"), "step_noise")
    labels = models / "labels.safetensors"
    tensor_files.write(labels, {"labels": np.array([0, 11], np.int64)})
    refused(sample(models / "deep", "--labels", labels), "labels.safetensors", "0 to 10")
    refused(sample(models / "deep", "--trace", models / "t.safetensors", "--batch", 1), "--trace")
    source = models / "in.safetensors"
    tensor_files.write(source, {"x": np.zeros((1, 1, 28, 28), np.float32)})
    refused(diffbench("eval", "--model", models / "deep", "--input", source, "--out", models / "o.safetensors"), "in.safetensors", "'t'")
    refused(diffbench("fid", source, source), "in.safetensors")
    assert not (models / "o.safetensors").exists()
