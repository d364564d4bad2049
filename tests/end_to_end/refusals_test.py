"""More malformed input, on the command line and in files; a refusal leaves the folder exactly as it was."""

from __future__ import annotations

import io
import os
import sqlite3
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tensor_files
from program import ENVIRONMENT, command, diffbench, run_ok


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def refused(folder: Path, *arguments: object, words: list[str], ranks: int = 0) -> None:
    before = tree(folder)
    result = diffbench(*arguments, cwd=folder, ranks=ranks)
    lines = result.stderr.strip().splitlines()
    assert result.returncode == 2, (result.returncode, result.stderr)
    assert result.stdout == "" and lines and (ranks or len(lines) <= 8), result.stderr
    for word in words:
        assert word in lines[0], lines[0]
    after = tree(folder)
    assert after == before, sorted(set(after) ^ set(before))


COMMAND_LINES = {
    "unknown subcommand": (["evla"], ["evla", "eval"]),
    "unknown flag": (["sample", "--model", "deep", "--out", "x.npz", "--stpes", "3"], ["--stpes", "--steps"]),
    "a second suite": (["run", "suite.toml", "other.toml"], ["other.toml"]),
    "a flag without its value": (["run", "suite.toml", "--db"], ["--db"]),
    "a missing required flag": (["sample", "--model", "deep"], ["--out"]),
    "not a number": (["sample", "--model", "deep", "--out", "x.npz", "--steps", "many"], ["--steps"]),
    "a negative number": (["sample", "--model", "deep", "--out", "x.npz", "--num", "-3"], ["--num"]),
    "no samples": (["sample", "--model", "deep", "--out", "x.npz", "--num", "0"], ["--num"]),
    "no batch": (["sample", "--model", "deep", "--out", "x.npz", "--batch", "0"], ["--batch"]),
    "no steps": (["sample", "--model", "deep", "--out", "x.npz", "--steps", "0"], ["--steps", "'0' is not a whole number from 1 on"]),
    "a negative seed": (["sample", "--model", "deep", "--out", "x.npz", "--seed", "-1"], ["--seed", "'-1'"]),
    "too many steps": (["sample", "--model", "deep", "--out", "x.npz", "--steps", "1001"], ["1001"]),
    "unknown model": (["sample", "--model", "fashion_mnits", "--out", "x.npz"], ["--model", "fashion_mnits"]),
    "unknown method": (["sample", "--model", "deep", "--out", "x.npz", "--method", "ful"], ["ful", "full"]),
    "unknown method parameter": (["sample", "--model", "deep", "--out", "x.npz", "--method", "fixed_exit", "--param", "exti=2"], ["exti", "exit"]),
    "a parameter without its value": (["sample", "--model", "deep", "--out", "x.npz", "--param", "exit"], ["--param", "exit"]),
    "output in a folder that is not there": (["sample", "--model", "deep", "--out", "gone/x.npz", "--num", "1"], ["gone"]),
    "trace in a folder that is not there": (["sample", "--model", "deep", "--out", "x.npz", "--num", "1", "--trace", "gone/t.safetensors"], ["gone"]),
    "output over a file": (["sample", "--model", "deep", "--out", "suite", "--num", "1"], ["--out"]),
    "an empty input": (["eval", "--model", "deep", "--input", "empty.safetensors", "--out", "o.safetensors"], ["empty.safetensors"]),
    "a missing input": (["eval", "--model", "deep", "--input", "gone.safetensors", "--out", "o.safetensors"], ["gone.safetensors"]),
    "an exit beyond 32 bits": (["sample", "--model", "deep", "--out", "x.npz", "--method", "fixed_exit", "--param", "exit=4294967299"], ["exit", "4294967299"]),
    "exit 0": (["eval", "--model", "deep", "--input", "in.safetensors", "--out", "o.safetensors", "--exit", "0"], ["--exit"]),
    "exit too large": (["eval", "--model", "deep", "--input", "in.safetensors", "--out", "o.safetensors", "--exit", "6"], ["--exit", "5"]),
    "exit negative": (["eval", "--model", "deep", "--input", "in.safetensors", "--out", "o.safetensors", "--exit=-1"], ["--exit"]),
    "a set that is not there": (["fid", "gone.npz", "a.npz"], ["gone.npz"]),
    "an unknown metric": (["fid", "a.npz", "a.npz", "--metrics", "fdi"], ["fdi", "fid"]),
    "a set of one row": (["fid", "one.npz", "a.npz"], ["one.npz"]),
    "features that are not numbers": (["fid", "nan.npz", "a.npz"], ["nan.npz"]),
    "unequal widths": (["fid", "a.npz", "narrow.npz"], ["A has 4, B has 3"]),
    "a damaged archive": (["fid", "a.npz", "damaged.npz"], ["damaged.npz"]),
    "an unknown extractor": (["fid", "images.npz", "a.npz", "--extractor", "fashion_mnits"], ["fashion_mnits"]),
    "images and no extractor": (["fid", "images.npz", "a.npz"], ["--extractor"]),
    "logits that are not there": (["fid", "a.npz", "a.npz", "--metrics", "is"], ["a.npz"]),
    "images smaller than SSIM's window": (["fid", "small.npz", "small.npz", "--metrics", "ssim"], ["ssim", "window is 11 x 11 pixels, the images are 10 x 28"]),
    "lpips of no network": (["fid", "images.npz", "images.npz", "--metrics", "lpips"], ["lpips", "--lpips"]),
    "a network for lpips, and no lpips": (["fid", "images.npz", "images.npz", "--metrics", "psnr", "--lpips", "n.pt"], ["--lpips n.pt", "--metrics"]),
    "a network for lpips that is not there": (["fid", "images.npz", "images.npz", "--metrics", "lpips", "--lpips", "gone.pt"], ["gone.pt"]),
    "unknown list": (["list", "solver"], ["solver", "solvers"]),
    "a resume of nothing": (["run", "suite.toml", "--db", "new.db", "--resume"], ["new.db"]),
    "a database in a folder that is not there": (["run", "suite.toml", "--db", "gone/r.db"], ["gone"]),
    "a database that is a folder": (["run", "suite.toml", "--db", "deep"], ["deep"]),
    "a database of another program": (["run", "suite.toml", "--db", "other.db"], ["other.db"]),
    "a setting of nothing": (["run", "suite.toml", "--set", "timing.max_ruonds=3"], ["max_ruonds", "max_rounds"]),
    "a setting of the wrong type": (["run", "suite.toml", "--set", "timing.max_rounds=many"], ["max_rounds"]),
    "a setting without its value": (["run", "suite.toml", "--set", "seed"], ["--set", "seed"]),
    "no regular expression": (["run", "suite.toml", "--only", "("], ["--only"]),
    "an expression that matches nothing": (["run", "suite.toml", "--only", "nowhere"], ["--only", "nowhere"]),
    "an unknown shipped suite": (["run", "smok"], ["smok"]),
    "a recipe that is not there": (["train", "gone.toml", "--state", "state"], ["gone.toml"]),
    "a report of nothing": (["report", "gone.db", "-o", "report"], ["gone.db"]),
    "a report of another program": (["report", "other.db", "-o", "report"], ["other.db"]),
}


@pytest.fixture
def folder(suite: Path) -> Path:
    """The models and the suite, with files that something is wrong with."""
    place = suite.parent
    random = np.random.default_rng(0)
    features = random.standard_normal((20, 4))
    np.savez(place / "a.npz", features=features)
    np.savez(place / "one.npz", features=features[:1])
    np.savez(place / "nan.npz", features=np.where(features > 1, np.nan, features))
    np.savez(place / "narrow.npz", features=features[:, :3])
    np.savez(place / "images.npz", arr_0=random.integers(0, 256, (4, 28, 28, 1), dtype=np.uint8))
    np.savez(place / "small.npz", arr_0=random.integers(0, 256, (4, 10, 28, 1), dtype=np.uint8))
    (place / "damaged.npz").write_bytes((place / "a.npz").read_bytes()[:200])
    (place / "suite").write_text("a file")
    (place / "empty.safetensors").write_bytes(b"")
    tensor_files.write(place / "in.safetensors", {"x": np.zeros((1, 1, 28, 28), np.float32), "t": np.zeros(1, np.float32)})
    with sqlite3.connect(place / "other.db") as connection:
        connection.execute("CREATE TABLE unrelated (id INTEGER)")
    connection.close()
    return place


@pytest.mark.parametrize("case", COMMAND_LINES)
def test_wrong_command_lines_leave_nothing_behind(folder: Path, case: str) -> None:
    arguments, words = COMMAND_LINES[case]
    refused(folder, *arguments, words=words)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    header, size = io.BytesIO(), 2**30
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (size // 16, 4)})
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("features.npy", "w") as entry:
            entry.write(header.getvalue())
            for _ in range(size // 2**24):
                entry.write(bytes(2**24))
    process = subprocess.Popen(command("fid", "bomb.npz", "bomb.npz"), env=ENVIRONMENT, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 2 and usage.ru_maxrss < size // 1024 // 2, usage.ru_maxrss
    assert "bomb.npz: its arrays need more memory than a file of" in message and len(message.strip().splitlines()) == 1, message


def test_no_subcommand_shows_the_usage(folder: Path) -> None:
    before = tree(folder)
    result = diffbench(cwd=folder)
    assert result.returncode == 2 and "Usage:" in result.stderr and result.stdout == ""
    assert tree(folder) == before


EDITS: dict[str, tuple[str, str, list[str]]] = {
    "an unknown section": ("[timing]", "[timign]", ["suite.toml:", "timign", "timing"]),
    "no solver": ("[[solver]]", "[[solvers]]", ["suite.toml:", "solvers", "solver"]),
    "a list with a double": ("steps = [3]", "steps = [3, 3]", ["suite.toml:", "steps"]),
    "an empty list": ("steps = [3]", "steps = []", ["suite.toml:", "steps"]),
    "no steps": ("steps = [3]", "steps = [0]", ["suite.toml:", "steps"]),
    "a negative seed": ("seed = 5", "seed = -5", ["suite.toml:", "seed"]),
    "a missing name": ('name = "tiny"\n', "", ["suite.toml", "name"]),
    "two methods of one label": ('name = "null"', 'name = "full"', ["suite.toml:", "full"]),
    "an unknown device": ('device = "cpu"', 'device = "gpu"', ["suite.toml:", "device"]),
    "an unknown precision": ('device = "cpu"', 'precision = "fp8"', ["suite.toml:", "precision"]),
    "an unknown metric": ("[quality]", '[quality]\nmetrics = ["fdi"]', ["suite.toml:", "fdi"]),
    "a baseline that is not there": ('device = "cpu"', 'compare_with = "fulll"', ["suite.toml:", "fulll"]),
    "a shallow model that is not there": ("switch_t = 500", 'switch_t = 500\nshallow = "nowhere"', ["nowhere"]),
    "a solver parameter out of range": ('name = "ddim"', 'name = "ddim"\neta = 7.0', ["suite.toml:", "eta"]),
}


ON_TWO_RANKS = ["an unknown section", "a shallow model that is not there"]


@pytest.mark.parametrize(("case", "ranks"), [(case, 0) for case in EDITS] + [(case, 2) for case in ON_TWO_RANKS])
def test_malformed_suites_leave_nothing_behind(suite: Path, case: str, ranks: int) -> None:
    old, new, words = EDITS[case]
    assert old in suite.read_text()
    suite.write_text(suite.read_text().replace(old, new, 1))
    refused(suite.parent, "run", suite, "--db", "never.db", words=words, ranks=ranks)


def tensors_of(models: Path) -> dict[str, np.ndarray]:
    return tensor_files.read(models / "deep/weights.safetensors")


WEIGHTS: dict[str, tuple[Callable[[dict], dict], list[str]]] = {
    "one missing": (lambda all_: {name: value for name, value in all_.items() if name != "norm.bias"}, ["norm.bias"]),
    "one surplus": (lambda all_: all_ | {"stranger": np.zeros(2, np.float32)}, ["stranger"]),
    "one misshapen": (lambda all_: all_ | {"norm.bias": np.zeros(31, np.float32)}, ["norm.bias", "[31]", "[32]"]),
    "one transposed": (lambda all_: all_ | {"in_blocks.0.mlp.fc1.weight": np.zeros((32, 128), np.float32)}, ["in_blocks.0.mlp.fc1.weight"]),
    "one of integers": (lambda all_: all_ | {"norm.bias": np.zeros(32, np.int64)}, ["norm.bias"]),
}


@pytest.mark.parametrize("case", WEIGHTS)
def test_wrong_weights_are_named(models: Path, case: str) -> None:
    change, words = WEIGHTS[case]
    path = models / "deep/weights.safetensors"
    tensor_files.write(path, change(tensors_of(models)))
    refused(models, "sample", "--model", "deep", "--num", 1, "--steps", 1, "--out", "x.npz", words=["weights.safetensors", *words])


def test_a_header_that_promises_too_much(models: Path) -> None:
    path = models / "deep/weights.safetensors"
    good = path.read_bytes()
    arguments = ["sample", "--model", "deep", "--num", 1, "--steps", 1, "--out", "x.npz"]
    for size in (2**63, 2**40, len(good), 0):
        path.write_bytes(size.to_bytes(8, "little") + good[8:])
        refused(models, *arguments, words=["weights.safetensors"])
    for old, new in ((b"data_offsets", b"data_offzets"), (b'"F32"', b'"Q99"'), (b"[1, 51, 32]", b"[1, -5, 32]")):
        assert old in good
        path.write_bytes(good.replace(old, new, 1))
        refused(models, *arguments, words=["weights.safetensors"])


WRONG_TENSORS = {
    "x too narrow": ("x", np.zeros((2, 1, 28, 27), np.float32)),
    "x without rows": ("x", np.zeros((0, 1, 28, 28), np.float32)),
    "x of three channels": ("x", np.zeros((2, 3, 28, 28), np.float32)),
    "a t too many": ("t", np.zeros(3, np.float32)),
    "a y too many": ("y", np.zeros(3, np.int64)),
    "y above the null label": ("y", np.full(2, 11)),
    "y below 0": ("y", np.full(2, -1)),
    "y of fractions": ("y", np.full(2, 1.5, np.float32)),
}


@pytest.mark.parametrize("case", WRONG_TENSORS)
def test_eval_refuses_wrong_tensors(models: Path, case: str) -> None:
    name, value = WRONG_TENSORS[case]
    good = {"x": np.zeros((2, 1, 28, 28), np.float32), "t": np.zeros(2, np.float32), "y": np.zeros(2, np.int64)}
    tensor_files.write(models / "in.safetensors", good | {name: value})
    refused(models, "eval", "--model", "deep", "--input", "in.safetensors", "--out", "o.safetensors", words=["in.safetensors", name])


def test_a_changed_suite_is_not_resumed(suite: Path) -> None:
    database = suite.parent / "r.db"
    run_ok("run", suite, "--db", database, "--only", "full/ddim", "--set", "quality.samples=0")
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE run SET status = 'running', finished_utc = NULL")
    connection.close()
    suite.write_text(suite.read_text().replace("seed = 5", "seed = 6"))
    refused(suite.parent, "run", suite, "--db", database, "--only", "full/ddim", "--set", "quality.samples=0", "--resume", words=["r.db"])
